"""Reading the lists of patients from servers that are odd, or worse."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.hostile_ehr import HostileEhr, Reply, hostile_ehr, outcome, searchset
from support.reading_world import NOW, World, launch_at

from launch.context import LaunchContext
from launch.fetch import Fetcher
from launch.transport import new_session
from smartapp.errors import AppError
from smartapp.reading.panel import Member, PanelReader, PatientGroup

GROUP = PatientGroup("g1", "All", 2)


@pytest.fixture
def ehr() -> Iterator[HostileEhr]:
    with hostile_ehr() as running:
        yield running


@pytest.fixture
def world(ehr: HostileEhr) -> World:
    return World(ehr.base)


@pytest.fixture
def reader(world: World) -> Iterator[PanelReader]:
    session = new_session()
    yield PanelReader(
        Fetcher(session, time.monotonic),
        world.access_token,
        world,  # type: ignore[arg-type]
        clock=lambda: NOW,
        monotonic=time.monotonic,
        sleep=world.slept.append,
        limits=world.limits,
        most_members=3,
    )
    session.close()


def launch(ehr: HostileEhr, scopes: str = "user/*.rs") -> LaunchContext:
    return replace(launch_at(ehr.base, scopes, None), kind="population")


def group(id_: str = "g1", *members: Any, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Group", "id": id_, "type": "person", "actual": True, "name": "All", "quantity": 2} | {
        **({"member": list(members)} if members else {}),
        **more,
    }


def member(reference: str, **more: Any) -> dict[str, Any]:
    return {"entity": {"reference": reference}, **more}


def test_only_lists_of_persons_in_use_are_offered(ehr: HostileEhr, world: World, reader: PanelReader) -> None:
    ehr.on(
        "Group",
        Reply(
            searchset(
                group("b", name="  My \n patients "),
                group("definition", actual=False),
                group("devices", type="device"),
                group("ended", active=False),
                group("means-something-else", modifierExtension=[{"url": "x", "valueBoolean": True}]),
                group("rules", implicitRules="http://rules.invalid"),
                group("../../Patient/p2"),
                group("a", name=None, quantity="many"),
                {"resourceType": "Patient", "id": "p1"},
                None,
                next_=None,
            )
        ),
    )
    assert reader.groups(launch(ehr)) == (PatientGroup("a", "List a", None), PatientGroup("b", "My patients", 2))
    assert world.entries[-1][:2] == ("population.groups", "success")
    # The members of all lists are not asked for only to name them.
    assert ehr.asked[0].params["_summary"] == "true"
    assert "patient" not in ehr.asked[0].path.lower()


def test_a_server_that_takes_no_parameters_is_asked_without(ehr: HostileEhr, reader: PanelReader) -> None:
    ehr.on("Group", Reply(outcome(), 400), Reply(searchset(group())))
    assert [one.id for one in reader.groups(launch(ehr))] == ["g1"]
    assert set(ehr.asked[-1].params) == {"_count"}


def test_all_pages_are_read_and_each_list_once(ehr: HostileEhr, reader: PanelReader) -> None:
    ehr.on(
        "Group",
        Reply(searchset(group("a"), next_=f"{ehr.base}/Group?page=2")),
        Reply(searchset(group("b"), group("a"))),
    )
    assert [one.id for one in reader.groups(launch(ehr))] == ["a", "b"]


@pytest.mark.parametrize(
    ("reply", "code", "why"),
    [
        (Reply(outcome(), 403), "reading.refused", "reading.refused"),
        (Reply(outcome(), 500), "reading.failed", "reading.failed"),
        (Reply(b"<html>", 200), "reading.failed", "fetch.not-json"),
        (Reply({"resourceType": "Patient", "id": "p2"}), "reading.failed", "reading.failed"),
        (Reply(searchset(next_="http://elsewhere.invalid/fhir/Group")), "reading.failed", "fetch.elsewhere"),
        (Reply(searchset({"resourceType": "Group", "id": "g1"}, outcome())), "reading.failed", "reading.failed"),
    ],
)
def test_what_cannot_be_read_is_an_error_and_never_no_list(
    ehr: HostileEhr, world: World, reader: PanelReader, reply: Reply, code: str, why: str
) -> None:
    ehr.on("Group", reply)
    with pytest.raises(AppError) as caught:
        reader.groups(launch(ehr))
    assert caught.value.code == code
    action, result, more = world.entries[-1]
    assert (action, result) == ("population.groups", "refused" if code == "reading.refused" else "failed")
    assert more["detail"]["code"] == why


def test_a_list_without_end_is_an_error(ehr: HostileEhr, reader: PanelReader) -> None:
    ehr.on("Group", Reply(searchset(group("a"), next_=f"{ehr.base}/Group?page=2")))
    with pytest.raises(AppError, match=r"reading\.failed"):
        reader.groups(launch(ehr))
    assert len(ehr.asked) <= 3


def test_without_the_scope_the_ehr_is_not_asked(ehr: HostileEhr, world: World, reader: PanelReader) -> None:
    only_patients = launch(ehr, "user/Patient.rs")
    for ask in (lambda: reader.groups(only_patients), lambda: reader.members(only_patients, GROUP)):
        with pytest.raises(AppError, match=r"reading\.refused"):
            ask()
    assert ehr.asked == []
    assert {one[1] for one in world.entries} == {"refused"}


def test_nothing_is_handed_out_that_cannot_be_recorded(ehr: HostileEhr, world: World, reader: PanelReader) -> None:
    ehr.on("Group", Reply(group("g1", member("Patient/p1"))))
    world.audit_is_down = True
    with pytest.raises(OSError):
        reader.members(launch(ehr), GROUP)


def test_members_are_patients_of_this_ehr_each_once(ehr: HostileEhr, reader: PanelReader) -> None:
    ehr.on(
        "Group",
        Reply(
            group(
                "g1",
                {"entity": {"reference": f"{ehr.base}/Patient/p1", "display": " Ada  Berg"}},
                member("Patient/p2", period={"end": "2026-06-15"}),
                member("Patient/p1"),
                member("Patient/left", inactive=True),
                member("Patient/over", period={"end": "2026-05"}),
                member("Patient/p3", period={"end": "no day"}),
                member("Practitioner/d1"),
                member("http://elsewhere.invalid/fhir/Patient/p9"),
                member("Patient/../Group"),
                member("Patient/p4", modifierExtension=[]),
                {"entity": {"identifier": {"value": "1"}}},
                "Patient/p5",
                member("Patient/p6"),
            )
        ),
    )
    panel = reader.members(launch(ehr), GROUP)
    assert panel.members == (Member("p1", "Ada Berg"), Member("p2"), Member("p3"))
    assert panel.left_out == {
        "no longer on the list": 2,
        "not a patient of this EHR": 5,
        "beyond the first 3": 1,
    }


@pytest.mark.parametrize(
    ("reply", "code", "status"),
    [
        (Reply(outcome(), 404), "population.no-group", 404),
        (Reply(outcome(), 403), "reading.refused", 403),
        (Reply(group("g2", member("Patient/p1"))), "reading.failed", 502),
        (Reply(group("g1", member("Patient/p1"), actual=False)), "reading.failed", 502),
        (Reply(group("g1", meta={"tag": [{"code": "SUBSETTED"}]})), "reading.failed", 502),
        (Reply(searchset()), "reading.failed", 502),
    ],
)
def test_another_answer_than_the_list_is_refused(
    ehr: HostileEhr, reader: PanelReader, reply: Reply, code: str, status: int
) -> None:
    ehr.on("Group", reply)
    with pytest.raises(AppError) as caught:
        reader.members(launch(ehr), GROUP)
    assert (caught.value.code, caught.value.status) == (code, status)
