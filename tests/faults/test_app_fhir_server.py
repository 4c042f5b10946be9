"""Security cases H01, H02, H11 to H22, H29: the FHIR server misleads, breaks off, stalls or never ends."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.hostile_ehr import Reply, outcome, searchset
from support.raw_http import hang, trickle
from support.running_app import READ_WITHIN_S, Browser, Page, RunningApp, running_app
from support.smart_ehr import Asked, Recorder, SmartEhr, serving
from support.smart_patients import PHI, condition

KINDS = (
    "Condition", "Encounter", "Procedure", "MedicationRequest", "ServiceRequest", "DiagnosticReport", "DeviceRequest",
    "Appointment",
)  # fmt: skip
"""What a chart reads here, one search each (two of Condition), Observation aside."""


def partial(chart: Page) -> str:
    """What the page says could not be read."""
    found = chart.tree.first("div", data_partial="*")
    return found.text if found else ""


def status_of(chart: Page, measure: str) -> str:
    card = chart.tree.first("article", data_measure=measure)
    assert card is not None
    return card.attributes["data-status"]


def reads(chart: Page) -> dict[str, list[str]]:
    """What the page says of each search: found, requests, how it went."""
    table = chart.tree.first("div", aria_label="Searches sent")
    assert table is not None
    return {row.children[0].text: [cell.text for cell in row.children[1:]] for row in table.find("tr")[1:]}


def test_h01_a_next_link_elsewhere_is_not_followed(visitor: Browser, smart: SmartEhr, elsewhere: Recorder) -> None:
    host = urlsplit(elsewhere.origin).netloc
    own = urlsplit(smart.origin).netloc
    links = [
        f"{elsewhere.origin}/fhir?page=2", f"http://{own}@{host}/fhir?page=2", f"//{host}/fhir?page=2",
        f"{smart.base}/../../x?page=2", f"http://{own}.evil.invalid/fhir?page=2", f"ftp://{own}/fhir?page=2",
        f"{smart.origin}/fhirx?page=2", f"{smart.base}\\@{host}/x",
    ]  # fmt: skip
    for kind, link in zip(KINDS, links, strict=True):
        smart.on(kind, Reply(searchset(next_=link)))
    chart = visitor.open(smart)
    assert chart.patient == "p1" and elsewhere.asked == []
    assert not any("page=2" in one.query or one.path.startswith(("/x", "/fhirx")) for one in smart.asked)
    ways = reads(chart)
    assert {ways[kind][2] for kind in KINDS if kind != "Condition"} == {"cut"} and "not read to the end" in partial(
        chart
    )


def test_h02_redirects_are_not_followed(visitor: Browser, smart: SmartEhr, elsewhere: Recorder) -> None:
    for kind, status in zip(KINDS, (301, 302, 303, 307, 308, 302, 307, 300), strict=True):
        smart.on(kind, Reply(b"", status, {"Location": f"{elsewhere.origin}/fhir/{kind}"}))
    chart = visitor.open(smart)
    assert elsewhere.asked == [] and partial(chart).count("could not be read") >= 4
    smart.on("Patient", Reply(b"", 302, {"Location": f"{elsewhere.origin}/fhir/Patient/p1"}))
    page = visitor.open(smart)
    assert page.status == 502 and page.error == "reading.failed" and elsewhere.asked == []


def test_h11_absurd_json_is_said_and_harmless(visitor: Browser, smart: SmartEhr) -> None:
    bundle = b'{"resourceType":"Bundle","type":"searchset",'
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    twice = json.dumps(searchset(condition())).replace('"id": "c1"', '"id": "c1", "id": "c2"')
    smart.on("Condition", Reply(twice.encode()))
    smart.on("Encounter", Reply(deep))
    smart.on("Procedure", Reply(bundle + b'"entry":' + b"[" * 100_000 + b"]" * 100_000))
    smart.on("DiagnosticReport", Reply(bundle + b'"total":' + b"9" * 100_000 + b"}"))
    chart = visitor.open(smart)
    said = partial(chart)
    assert chart.patient == "p1" and "Condition" in said and "Procedures: could not be read" in said
    assert status_of(chart, "CMS122") == "cannot-tell"
    smart.on("Patient", Reply(deep))
    assert visitor.open(smart).error == "reading.failed"


def test_h12_an_endless_bundle_is_cut(visitor: Browser, smart: SmartEhr) -> None:
    filler = "x" * 600_000
    numbers = count()

    def page(_: Asked) -> Reply:
        number = next(numbers)
        more = {"note": [{"text": filler}], "code": {"text": "x"}}
        return Reply(searchset(condition(f"c{number}", **more), next_=f"{smart.base}/Condition?page={number}"))

    smart.on("Condition", page)
    started = time.monotonic()
    chart = visitor.open(smart)
    assert chart.patient == "p1" and time.monotonic() - started < READ_WITHIN_S
    assert next(numbers) <= 103 and "Condition" in partial(chart) and "not read to the end" in partial(chart)
    assert status_of(chart, "CMS122") == "cannot-tell"


BROKEN: dict[str, Reply] = {
    "Condition": Reply(outcome(), 403),
    "Encounter": Reply(outcome(), 404),
    "Procedure": Reply(b"", 410),
    "MedicationRequest": Reply(b"oops", 500),
    "ServiceRequest": Reply(b"<html><body>Sign in</body></html>", 200, {"Content-Type": "text/html"}),
    "DiagnosticReport": Reply(json.dumps(searchset(condition())).encode()[:-20]),
    "DeviceRequest": Reply(outcome()),
    "Appointment": Reply(searchset(outcome("fatal"))),
}


def test_h13_what_failed_is_never_none(visitor: Browser, smart: SmartEhr) -> None:
    for kind, reply in BROKEN.items():
        smart.on(kind, reply)
    chart = visitor.open(smart)
    ways, said = reads(chart), partial(chart)
    assert chart.status == 200 and "could not be read" in said and "not granted by the EHR" in said
    for kind in KINDS[1:]:
        assert ways[kind][2] == "failed", kind
    assert {way[2] for what, way in ways.items() if what.startswith("Condition")} == {"refused"}
    for measure in ("CMS122", "CMS130", "CMS125"):
        assert status_of(chart, measure) == "cannot-tell"
    assert "oops" not in chart.text and "Sign in" not in chart.text


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500])
def test_h13_without_the_patient_there_is_no_chart(visitor: Browser, smart: SmartEhr, status: int) -> None:
    smart.on("Patient", Reply(outcome(), status))
    page = visitor.open(smart)
    assert page.status in (401, 403, 502) and page.error and page.patient is None
    assert page.tree.find("article", class_="gap") == []


def test_h14_a_gzip_bomb_does_not_go_off(visitor: Browser, smart: SmartEhr) -> None:
    bomb = gzip.compress(b'{"resourceType":"Bundle","x":"' + b"a" * 100_000_000, 1)
    assert len(bomb) < 1_000_000
    smart.on("Condition", Reply(bomb, 200, {"Content-Encoding": "gzip"}))
    smart.on("Procedure", Reply(gzip.compress(gzip.compress(b"{}")), 200, {"Content-Encoding": "gzip, gzip"}))
    started = time.monotonic()
    chart = visitor.open(smart)
    assert time.monotonic() - started < READ_WITHIN_S and chart.patient == "p1"
    assert status_of(chart, "CMS122") == "cannot-tell" and "Procedures: could not be read" in partial(chart)


def test_h15_a_token_refused_between_pages_is_renewed_once(visitor: Browser, smart: SmartEhr) -> None:
    def first(asked: Asked) -> Reply:
        smart.valid.clear()
        return Reply(searchset(condition(), next_=f"{smart.base}/Condition?page=2"))

    smart.on("Condition", first, smart.usual)
    chart = visitor.open(smart)
    assert chart.patient == "p1"
    assert len([one for one in smart.of("token") if one.params["grant_type"] == "refresh_token"]) == 1


def test_h15_a_server_that_refuses_every_token_ends_in_a_new_launch(visitor: Browser, smart: SmartEhr) -> None:
    for kind in (*KINDS, "Patient", "Observation"):
        smart.on(kind, Reply(outcome(), 401))
    page = visitor.open(smart)
    assert page.status in (401, 403) and page.error
    assert len([one for one in smart.of("token") if one.params["grant_type"] == "refresh_token"]) == 1
    assert max(len(smart.of(kind)) for kind in (*KINDS[1:], "Patient")) <= 3


RETRY_AFTER = ("-1", "abc", "1e400", "99999999999", "Wed, 21 Oct 2099 07:28:00 GMT", "NaN", "", "\u0663")


def calls_of_each_search(smart: SmartEhr, kind: str) -> list[int]:
    asked: dict[bytes, int] = {}
    for one in smart.of(kind):
        asked[one.body] = asked.get(one.body, 0) + 1
    return list(asked.values())


@pytest.mark.parametrize("status", [429, 503])
def test_h18_h19_a_busy_server_is_asked_six_times_at_most(
    app: RunningApp, visitor: Browser, smart: SmartEhr, status: int
) -> None:
    app.waits.clear()
    for kind, odd in zip(KINDS, RETRY_AFTER, strict=True):
        smart.on(kind, Reply(b"", status, {"Retry-After": odd.encode("utf-8").decode("latin-1")}))
    chart = visitor.open(smart)
    assert chart.patient == "p1" and "could not be read" in partial(chart)
    for kind in KINDS:
        assert max(calls_of_each_search(smart, kind)) <= 6, kind
    assert max(app.waits) <= 5, "no wait is longer than five seconds, whatever the server wishes"
    assert status_of(chart, "CMS122") == "cannot-tell"


def test_h19_a_patient_that_is_always_busy_is_said(visitor: Browser, smart: SmartEhr) -> None:
    smart.on("Patient", Reply(b"", 503))
    page = visitor.open(smart)
    assert page.status == 502 and page.error == "reading.failed" and len(smart.of("Patient")) <= 6


def test_h20_a_server_that_hangs_ends_in_time(
    new_visitor: Callable[[], Browser], new_ehr: Callable[..., SmartEhr]
) -> None:
    silent, dripping = new_ehr(), new_ehr()
    silent.on("Condition", hang(40))
    dripping.on("Condition", trickle(40))
    started = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        for chart in pool.map(lambda ehr: new_visitor().open(ehr), (silent, dripping)):
            assert chart.patient == "p1" and status_of(chart, "CMS122") == "cannot-tell"
            assert "could not be read" in partial(chart)
    assert time.monotonic() - started < 20


def test_h20_a_server_that_hangs_stops_nobody_else(tmp_path: Path) -> None:
    readers = 10  # more than there are at a time
    with running_app(tmp_path, measures=("CMS122",), groups=(), fetch_deadline=12) as app:
        silent, well = SmartEhr(app.clock, "silent"), SmartEhr(app.clock, "well")
        with serving(silent), serving(well), ThreadPoolExecutor(readers) as pool:
            app.register(silent)
            app.register(well)
            silent.on("Condition", hang(13))
            visitors = [Browser(app.url) for _ in range(readers + 1)]
            pages = pool.map(lambda one: one.follow(one.sign_in(silent)), visitors[1:])
            assert all(page.tree.first("section", data_progress="*") is not None for page in pages)
            asked = time.monotonic()
            assert visitors[0].open(well).patient == "p1"
            waited = time.monotonic() - asked
            assert waited < 9, f"another tenant waited {waited:.1f} s"
            for one in visitors:
                one.close()


def test_h21_paging_in_a_circle_or_for_ever_stops(visitor: Browser, smart: SmartEhr) -> None:
    numbers = count()
    smart.on("Condition", Reply(searchset(condition(), next_=f"{smart.base}/Condition?page=1")))
    smart.on("Procedure", lambda _: Reply(searchset(next_=f"{smart.base}/Procedure?page={next(numbers)}")))
    chart = visitor.open(smart)
    assert "Procedures: not read to the end" in partial(chart) and "Condition" in partial(chart)
    assert max(calls_of_each_search(smart, "Condition")) <= 4 and next(numbers) <= 101


def test_h22_every_page_is_read_and_nothing_twice(visitor: Browser, smart: SmartEhr) -> None:
    def paged(asked: Asked) -> Reply:
        number = int(asked.params.get("page", "0"))
        mine: list[Any] = [condition(f"c{n}", icd="I10") for n in range(number * 3, number * 3 + 4)]
        if number == 3:
            return Reply(searchset(*mine, condition("c99")))
        return Reply(searchset(*mine, next_=f"{smart.base}/Condition?page={number + 1}"))

    smart.on("Condition", paged)
    chart = visitor.open(smart)
    ways = [way for what, way in reads(chart).items() if what.startswith("Condition")]
    assert [way[0] for way in ways] == ["14", "14"] and {way[2] for way in ways} == {"complete"}
    assert status_of(chart, "CMS122") == "up-to-date"  # the diabetes stands on the last page


def test_h29_reading_writes_nothing_and_names_nobody_in_addresses(visitor: Browser, smart: SmartEhr) -> None:
    visitor.open(smart)
    for one in smart.asked:
        reading = one.method == "GET" or (one.method == "POST" and one.path.endswith("/_search"))
        assert reading or one.kind == "token", (one.method, one.path)
        address = f"{one.path}?{one.query}"
        assert not any(phi in address for phi in PHI)
        if one.kind not in ("Patient", "authorize"):
            assert "p1" not in address.replace(smart.base, "").split("?")[-1]
