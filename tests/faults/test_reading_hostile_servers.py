"""A chart is read from servers that lie, break, stall and never end (security.md, section H)."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from support.hostile_ehr import PATIENT, Asked, HostileEhr, Reply, hostile_ehr, outcome, searchset
from support.reading_world import Need, World

from launch.errors import LaunchError
from smartapp.facts.events import Coverage
from smartapp.reading.results import Limits, ReadingError

ENCOUNTERS = Need("enc", "Encounter")
PROCEDURES = Need("proc", "Procedure")


def encounter(id_: str, patient: str = "Patient/p1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Encounter", "id": id_, "subject": {"reference": patient}, **more}


@pytest.fixture
def ehr() -> Iterator[HostileEhr]:
    with hostile_ehr() as server:
        yield server


@pytest.fixture
def world(ehr: HostileEhr) -> World:
    return World(ehr.base)


def ids(read: Any, kind: str = "Encounter") -> list[str]:
    return sorted(one["id"] for one in read.resources if one["resourceType"] == kind)


def why(read: Any, what: str = "Encounter") -> str:
    return next(one.why for one in read.searches if one.what == what)


# --- whole charts -----------------------------------------------------------------------------------


def test_a_chart_is_read(ehr: HostileEhr, world: World) -> None:
    ehr.on("Encounter", Reply(searchset(encounter("e1"), encounter("e2"))))
    read = world.read([ENCOUNTERS, PROCEDURES])
    assert ids(read) == ["e1", "e2"] and ids(read, "Patient") == ["p1"]
    assert read.coverage == {"enc": Coverage.COMPLETE, "proc": Coverage.COMPLETE}
    assert [(one.what, one.resources, one.requests) for one in read.lines] == [
        ("Patient", 1, 1),
        ("Encounter", 2, 1),
        ("Procedure", 0, 1),
    ]
    assert world.progress[0] == (0, 3, "Patient") and world.progress[-1][:2] == (3, 3)


def test_nothing_of_the_patient_stands_in_an_address_but_the_id_in_their_own(ehr: HostileEhr, world: World) -> None:
    read = world.read([ENCOUNTERS, PROCEDURES])
    addresses = {(one.method, one.path) for one in ehr.asked}
    assert addresses == {
        ("GET", "/fhir/Patient/p1"),
        ("POST", "/fhir/Encounter/_search"),
        ("POST", "/fhir/Procedure/_search"),
    }
    assert {one.url for one in read.searches} == {
        "Patient/{id}",
        "Encounter?patient&_count",
        "Procedure?patient&_count",
    }


@pytest.mark.parametrize("status", [400, 404, 405, 415, 501])
def test_a_server_without_search_by_post_is_asked_by_get_and_remembered(
    ehr: HostileEhr, world: World, status: int
) -> None:
    def only_get(asked: Asked) -> Reply:
        return Reply(searchset(encounter("e1"))) if asked.method == "GET" else Reply(outcome(), status)

    ehr.on("Encounter", only_get)
    world.limits = Limits(seconds=8, workers=1)
    read = world.read([ENCOUNTERS])
    assert ids(read) == ["e1"] and read.coverage["enc"] is Coverage.COMPLETE


def test_a_server_that_knows_search_by_post_is_believed_when_it_refuses_one(ehr: HostileEhr, world: World) -> None:
    world.limits = Limits(seconds=8, workers=1)
    ehr.on("Procedure", Reply(outcome(), 403))
    read = world.read([ENCOUNTERS, PROCEDURES])
    assert read.coverage["proc"] is Coverage.REFUSED
    assert [one.method for one in ehr.of("Procedure")] == ["POST"]


def test_after_one_refused_post_only_get_is_used(ehr: HostileEhr, world: World) -> None:
    for kind in ("Encounter", "Procedure"):
        ehr.on(kind, lambda asked: Reply(searchset()) if asked.method == "GET" else Reply(outcome(), 405))
    world.limits = Limits(seconds=8, workers=1)
    world.read([ENCOUNTERS, PROCEDURES])
    assert [one.method for one in ehr.asked[1:]] == ["POST", "GET", "GET"]


def test_a_server_that_refuses_the_narrow_form_is_asked_a_wider_one(ehr: HostileEhr, world: World) -> None:
    def no_category(asked: Asked) -> Reply:
        return Reply(outcome(), 400) if "category" in asked.params else Reply(searchset())

    ehr.on("Condition", no_category)
    read = world.read([Need("c", "Condition", ("problem-list-item",))])
    assert read.coverage["c"] is Coverage.COMPLETE
    assert next(one.url for one in read.searches if one.what.startswith("Condition")) == "Condition?patient&_count"


def test_each_read_and_each_refusal_is_audited(ehr: HostileEhr, world: World) -> None:
    ehr.on("Procedure", Reply(outcome(), 403))
    world.read([ENCOUNTERS, PROCEDURES])
    assert world.entries[0][:2] == ("chart.read", "success")
    told = {(action, how, more["detail"]["what"]) for action, how, more in world.entries[1:]}
    assert told == {
        ("chart.search", "success", "Patient"),
        ("chart.search", "success", "Encounter"),
        ("chart.search", "refused", "Procedure"),
    }
    assert {(m["actor"], m["tenant"], m["launch"], m["patient"]) for _, _, m in world.entries} == {
        ("Practitioner/9", "t1", "h1", "Patient/p1")
    }


def test_what_cannot_be_audited_is_not_read(ehr: HostileEhr, world: World) -> None:
    world.audit_is_down = True
    with pytest.raises(OSError, match="disk"):
        world.read([ENCOUNTERS])
    assert ehr.asked == []


def test_reading_without_a_patient_is_refused(world: World) -> None:
    with pytest.raises(ReadingError, match="no-patient"):
        world.read([ENCOUNTERS], patient=None)


# --- H01, H02: elsewhere ----------------------------------------------------------------------------


def test_a_next_link_to_another_host_is_not_followed_and_gets_no_token(ehr: HostileEhr, world: World) -> None:
    with hostile_ehr() as thief:
        port = ehr.base.split(":")[2].split("/")[0]
        for link in (
            f"{thief.base}/Encounter?page=2",
            f"http://127.0.0.1:{port}@{thief.base[7:]}/Encounter",
            f"//{thief.base[7:]}/Encounter",
            f"{ehr.base}/../admin",
            f"{ehr.base}/%2e%2e/admin",
            f"{ehr.base}/%252e%252e/admin",
            f"{ehr.base}extra/Encounter",
            "https" + ehr.base[4:] + "/Encounter",
            ehr.base.replace("127.0.0.1", "localhost") + "/Encounter",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "",
        ):
            ehr.asked.clear()
            ehr.on("Encounter", Reply(searchset(encounter("e1"), next_=link)))
            read = world.read([ENCOUNTERS])
            assert len(ehr.asked) == 2, link
            assert read.coverage["enc"] is Coverage.CUT, link
            assert why(read) == "fetch.elsewhere"
        assert thief.asked == []


def test_two_different_next_links_are_not_trusted(ehr: HostileEhr, world: World) -> None:
    page = searchset(encounter("e1"), next_=f"{ehr.base}/Encounter?page=2")
    page["link"].append({"relation": "next", "url": f"{ehr.base}/Encounter?page=3"})
    ehr.on("Encounter", Reply(page))
    read = world.read([ENCOUNTERS])
    assert read.coverage["enc"] is Coverage.CUT and len(ehr.of("Encounter")) == 1


def test_a_redirect_is_not_followed(ehr: HostileEhr, world: World) -> None:
    with hostile_ehr() as thief:
        ehr.on("Encounter", Reply(b"", 302, {"Location": f"{thief.base}/Encounter"}))
        read = world.read([ENCOUNTERS])
        assert read.coverage["enc"] is Coverage.FAILED and why(read) == "fetch.redirected"
        assert thief.asked == []


# --- H04 to H06: whose ------------------------------------------------------------------------------


def test_only_this_patients_resources_are_kept(ehr: HostileEhr, world: World) -> None:
    ehr.on(
        "Encounter",
        Reply(
            searchset(
                encounter("mine"),
                encounter("absolute", f"{ehr.base}/Patient/p1"),
                encounter("other", "Patient/p2"),
                encounter("elsewhere", "https://other.invalid/fhir/Patient/p1"),
                {"resourceType": "Encounter", "id": "nobody's"},
                {"resourceType": "Encounter", "id": "odd", "subject": "Patient/p1"},
                {"resourceType": "Condition", "id": "unasked", "subject": {"reference": "Patient/p1"}},
            )
        ),
    )
    read = world.read([ENCOUNTERS])
    assert ids(read) == ["absolute", "mine"] and ids(read, "Condition") == []
    assert next(one.dropped for one in read.searches if one.what == "Encounter") == 5
    assert any(more["detail"].get("dropped") == "5" for _, _, more in world.entries)


@pytest.mark.parametrize(
    "resource",
    [{**PATIENT, "id": "p2"}, {"resourceType": "Person", "id": "p1"}, {}, {**PATIENT, "id": ["p1"]}],
)
def test_another_record_in_place_of_the_patients_ends_the_read(
    ehr: HostileEhr, world: World, resource: dict[str, Any]
) -> None:
    ehr.on("Patient", Reply(resource))
    with pytest.raises(ReadingError, match="wrong-patient"):
        world.read([ENCOUNTERS])


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(outcome(), 403), "reading.refused"),
        (Reply(outcome(), 404), "reading.failed"),
        (Reply(b"<html>", 200), "reading.failed"),
        (Reply(outcome(), 500), "reading.failed"),
    ],
)
def test_without_the_patient_there_is_no_chart(ehr: HostileEhr, world: World, reply: Reply, code: str) -> None:
    ehr.on("Patient", reply)
    with pytest.raises(ReadingError) as error:
        world.read([ENCOUNTERS])
    assert error.value.code == code
    outcome_, more = world.entries[-1][1:]
    assert (outcome_, more["detail"]["code"]) == ("refused" if code.endswith("refused") else "failed", code)


def test_without_the_scope_for_the_patient_nothing_is_asked_of_them(ehr: HostileEhr, world: World) -> None:
    with pytest.raises(ReadingError, match=r"reading\.refused"):
        world.read([ENCOUNTERS], scopes="patient/Encounter.rs")
    assert ehr.of("Patient") == []


def test_a_patient_that_does_not_come_in_time_ends_the_read(ehr: HostileEhr, world: World) -> None:
    ehr.on("Patient", Reply(headers={"Content-Length": "50"}, drip=lambda out: time.sleep(1)))
    world.limits = Limits(seconds=0.5)
    with pytest.raises(ReadingError, match=r"reading\.failed") as error:
        world.read([])
    assert error.value.status == 504


def test_what_was_not_granted_is_refused_without_a_request(ehr: HostileEhr, world: World) -> None:
    read = world.read([ENCOUNTERS, PROCEDURES], scopes="patient/Patient.r patient/Procedure.rs")
    assert read.coverage == {"enc": Coverage.REFUSED, "proc": Coverage.COMPLETE}
    assert ehr.of("Encounter") == []
    assert why(read) == "reading.not-granted"
    assert ("refused", {"what": "Encounter", "why": "reading.not-granted"}) in [
        (how, more["detail"]) for _, how, more in world.entries
    ]


# --- H13: one type fails ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "status", "reason"),
    [
        (Reply(outcome(), 403), Coverage.REFUSED, "reading.http-403"),
        (Reply(outcome(), 404), Coverage.FAILED, "reading.http-404"),
        (Reply(outcome(), 410), Coverage.FAILED, "reading.http-410"),
        (Reply(outcome(), 500), Coverage.FAILED, "reading.http-500"),
        (Reply(outcome(), 400), Coverage.FAILED, "reading.http-400"),
        (Reply(b"<html>Please sign in</html>"), Coverage.FAILED, "fetch.not-json"),
        (Reply(b'{"resourceType":"Bundle","type":"search'), Coverage.FAILED, "fetch.not-json"),
        (Reply(b'{"a":1,"a":2}'), Coverage.FAILED, "fetch.not-json"),
        (Reply(b"[" * 100_000), Coverage.FAILED, "fetch.not-json"),
        (Reply(b"[]"), Coverage.FAILED, "fetch.not-json"),
        (Reply(b""), Coverage.FAILED, "fetch.not-json"),
        (Reply(outcome()), Coverage.FAILED, "reading.not-a-searchset"),
        (Reply({**searchset(), "type": "history"}), Coverage.FAILED, "reading.not-a-searchset"),
        (Reply(PATIENT), Coverage.FAILED, "reading.not-a-searchset"),
        (Reply(searchset(outcome("fatal"))), Coverage.FAILED, "reading.bad-bundle"),
        (Reply({**searchset(), "entry": {}}), Coverage.FAILED, "reading.bad-bundle"),
        (Reply({**searchset(), "entry": [None]}), Coverage.FAILED, "reading.bad-bundle"),
        (Reply(searchset({"resourceType": "Encounter"})), Coverage.FAILED, "reading.bad-bundle"),
    ],
)
def test_what_could_not_be_read_is_never_none(
    ehr: HostileEhr, world: World, reply: Reply, status: Coverage, reason: str
) -> None:
    ehr.on("Encounter", reply)
    read = world.read([ENCOUNTERS, PROCEDURES])
    assert (read.coverage["enc"], why(read)) == (status, reason)
    assert read.coverage["proc"] is Coverage.COMPLETE


def test_what_came_before_a_failure_is_kept(ehr: HostileEhr, world: World) -> None:
    ehr.on("Encounter", Reply(searchset(encounter("e1"), next_=f"{ehr.base}/Encounter?page=2")), Reply(b"", 500))
    read = world.read([ENCOUNTERS])
    assert ids(read) == ["e1"] and read.coverage["enc"] is Coverage.FAILED


def test_a_warning_among_the_results_is_no_failure(ehr: HostileEhr, world: World) -> None:
    ehr.on("Encounter", Reply(searchset(encounter("e1"), outcome("warning"))))
    assert world.read([ENCOUNTERS]).coverage["enc"] is Coverage.COMPLETE


# --- H12, H14, H20, H21: without end ----------------------------------------------------------------


def test_an_endless_bundle_is_cut(ehr: HostileEhr, world: World) -> None:
    numbers = count()

    def page(asked: Asked) -> Reply:
        n = next(numbers)
        return Reply(searchset(encounter(f"e{n}", note="x" * 10_000), next_=f"{ehr.base}/Encounter?page={n}"))

    ehr.on("Encounter", page)
    world.limits = Limits(seconds=20, pages=30)
    read = world.read([ENCOUNTERS])
    assert (read.coverage["enc"], why(read)) == (Coverage.CUT, "reading.too-many-pages")
    world.limits = Limits(seconds=20, resources=7)
    read = world.read([ENCOUNTERS])
    assert (read.coverage["enc"], why(read)) == (Coverage.CUT, "reading.too-much")
    world.limits = Limits(seconds=20, chart_bytes=40_000)
    read = world.read([ENCOUNTERS])
    assert (read.coverage["enc"], why(read)) == (Coverage.CUT, "reading.too-much")


def test_a_page_that_is_too_large_is_not_read_to_its_end(ehr: HostileEhr, world: World) -> None:
    def endless(out: Any) -> None:
        for _ in range(10_000):
            out.write(b" " * 65_536)

    ehr.on("Encounter", Reply(headers={"Content-Length": str(10_000 * 65_536)}, drip=endless))
    world.limits = Limits(seconds=8, page_bytes=500_000)
    assert why(world.read([ENCOUNTERS])) == "fetch.too-large"


def test_a_gzip_bomb_does_not_go_off(ehr: HostileEhr, world: World) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    ehr.on("Encounter", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    world.limits = Limits(seconds=8, page_bytes=1_000_000)
    assert why(world.read([ENCOUNTERS])) == "fetch.too-large"


def test_a_paging_loop_ends(ehr: HostileEhr, world: World) -> None:
    ehr.on("Encounter", Reply(searchset(encounter("e1"), next_=f"{ehr.base}/Encounter?page=1")))
    read = world.read([ENCOUNTERS])
    assert (read.coverage["enc"], why(read)) == (Coverage.CUT, "reading.paging-loop")
    assert ids(read) == ["e1"] and len(ehr.of("Encounter")) == 2


def test_one_byte_a_second_ends_in_time_and_the_rest_is_read(ehr: HostileEhr, world: World) -> None:
    def drip(out: Any) -> None:
        for _ in range(200):
            out.write(b" ")
            out.flush()
            time.sleep(0.1)

    ehr.on("Encounter", Reply(headers={"Content-Length": "200"}, drip=drip))
    ehr.on("Condition", Reply(headers={"Content-Length": "50"}, drip=lambda out: time.sleep(20)))
    world.limits = Limits(seconds=1.0, seconds_a_call=0.7)
    begun = time.monotonic()
    read = world.read([ENCOUNTERS, PROCEDURES, Need("cond", "Condition")])
    assert time.monotonic() - begun < 10  # the deadline is one second, the answers take twenty
    assert read.coverage == {"enc": Coverage.FAILED, "proc": Coverage.COMPLETE, "cond": Coverage.FAILED}
    assert why(read) == "fetch.timeout"


# --- H15: tokens ------------------------------------------------------------------------------------


def test_a_token_that_expires_between_pages_is_renewed_once(ehr: HostileEhr, world: World) -> None:
    def page(asked: Asked) -> Reply:
        if "page" not in asked.params:
            return Reply(searchset(encounter("e1"), next_=f"{ehr.base}/Encounter?page=2"))
        return Reply(searchset(encounter("e2"))) if asked.token == "Bearer token-2" else Reply(outcome(), 401)

    ehr.on("Encounter", page)
    read = world.read([ENCOUNTERS])
    assert ids(read) == ["e1", "e2"] and read.coverage["enc"] is Coverage.COMPLETE
    assert world.refused == ["token-1"]


def test_all_threads_share_one_renewal(ehr: HostileEhr, world: World) -> None:
    kinds = ["Encounter", "Procedure", "Condition", "Immunization", "Coverage", "ServiceRequest", "Flag"]
    for kind in kinds:
        ehr.on(kind, lambda asked: Reply(searchset()) if asked.token == "Bearer token-2" else Reply(outcome(), 401))
    read = world.read([Need(kind, kind) for kind in kinds])
    assert set(read.coverage.values()) == {Coverage.COMPLETE} and world.refused == ["token-1"]


def test_a_server_that_refuses_every_token_is_asked_twice(ehr: HostileEhr, world: World) -> None:
    world.tokens = ["token-1", "token-2", "token-3"]
    ehr.on("Encounter", Reply(outcome(), 401))
    read = world.read([ENCOUNTERS])
    assert (read.coverage["enc"], why(read)) == (Coverage.REFUSED, "reading.http-401")
    assert len(ehr.of("Encounter")) == 2 and world.refused == ["token-1"]


def test_a_launch_that_has_ended_ends_the_read(ehr: HostileEhr, world: World) -> None:
    def ended(handle: str, rejected: str | None) -> str | None:
        if rejected:
            raise LaunchError("launch.ended", "Please launch the app again.", status=401)
        return "token-1"

    world.access_token = ended  # type: ignore[method-assign]
    ehr.on("Encounter", Reply(outcome(), 401))
    with pytest.raises(LaunchError, match=r"launch\.ended"):
        world.read([ENCOUNTERS])


def test_an_open_server_gets_no_token(ehr: HostileEhr, world: World) -> None:
    world.tokens = [None]
    ehr.on("Procedure", Reply(outcome(), 401))
    read = world.read([ENCOUNTERS, PROCEDURES])
    assert {one.token for one in ehr.asked} == {None}
    assert read.coverage == {"enc": Coverage.COMPLETE, "proc": Coverage.REFUSED}


# --- H18, H19: busy servers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        ("1", [1.0]),
        ("0", [0.0]),
        ("999999999999999999999", [5.0]),
        ("-5", [0.5]),
        ("soon", [0.5]),
        ("1e9", [0.5]),
        ("", [0.5]),
        ("Mon, 15 Jun 2026 12:00:02 GMT", [2.0]),
        ("Mon, 15 Jun 2020 12:00:02 GMT", [0.0]),
        ("Mon, 15 Jun 2120 12:00:02 GMT", [5.0]),
        ("Mon, 99 Jun 2026 12:00:02 GMT", [0.5]),
    ],
)
def test_retry_after_is_kept_within_reason(ehr: HostileEhr, world: World, retry_after: str, waits: list[float]) -> None:
    busy = Reply(outcome(), 429, {"Retry-After": retry_after} if retry_after else {})
    ehr.on("Encounter", busy, Reply(searchset(encounter("e1"))))
    world.limits = Limits(seconds=60)
    read = world.read([ENCOUNTERS])
    assert ids(read) == ["e1"] and world.slept == waits


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_stays_busy_is_asked_six_times(ehr: HostileEhr, world: World, status: int) -> None:
    ehr.on("Encounter", Reply(outcome(), status))
    world.limits = Limits(seconds=60)
    read = world.read([ENCOUNTERS])
    assert len(ehr.of("Encounter")) == 6
    assert (read.coverage["enc"], why(read)) == (Coverage.FAILED, f"reading.http-{status}")
    assert next(one.requests for one in read.searches if one.what == "Encounter") == 6


def test_nobody_waits_longer_than_the_chart_may_take(ehr: HostileEhr, world: World) -> None:
    ehr.on("Encounter", Reply(outcome(), 503, {"Retry-After": "4"}))
    world.limits = Limits(seconds=3)
    assert world.read([ENCOUNTERS]).coverage["enc"] is Coverage.FAILED
    assert world.slept == []


# --- H22: pages -------------------------------------------------------------------------------------


def test_all_pages_are_read_and_duplicates_counted_once(ehr: HostileEhr, world: World) -> None:
    ehr.on(
        "Encounter",
        Reply(searchset(encounter("e1"), encounter("e2"), next_="Encounter?page=2")),
        Reply(searchset(encounter("e2"), encounter("e3"), next_=f"{ehr.base}?_getpages=77")),
        Reply(searchset(encounter("e1"), encounter("e4"))),
    )
    ehr.routes[""] = ehr.routes["/fhir"] = ehr.routes["Encounter"]
    read = world.read([ENCOUNTERS])
    assert ids(read) == ["e1", "e2", "e3", "e4"] and read.coverage["enc"] is Coverage.COMPLETE


def test_a_medicine_by_reference_comes_with_its_order(ehr: HostileEhr, world: World) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/x"},
    }

    def answer(asked: Asked) -> Reply:
        if "_include" not in asked.params:
            return Reply(searchset(order))
        return Reply(searchset(order, {"resourceType": "Medication", "id": "x"}))

    ehr.on("MedicationRequest", answer)
    read = world.read([Need("med", "MedicationRequest")])
    assert ids(read, "Medication") == ["x"]


def test_nothing_is_written_or_fetched_by_reference(ehr: HostileEhr, world: World) -> None:
    ehr.on(
        "Encounter",
        Reply(searchset(encounter("e1", diagnosis=[{"condition": {"reference": f"{ehr.base}/Condition/c9"}}]))),
    )
    ehr.on("Patient", Reply({**PATIENT, "photo": [{"url": f"{ehr.base}/Binary/photo"}]}))
    world.read([ENCOUNTERS])
    assert {one.kind for one in ehr.asked} == {"Patient", "Encounter"}
    assert {one.method for one in ehr.asked} == {"GET", "POST"}
    assert all(one.path.endswith("/_search") for one in ehr.asked if one.method == "POST")
    assert json.loads(Reply(PATIENT).bytes()) == PATIENT
