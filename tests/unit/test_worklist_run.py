"""One run over a list: bounded, told patient by patient, stopped where the launch ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from support.launch_fakes import MemoryAudit
from support.reading_world import NOW, launch_at

from launch.context import LaunchContext
from launch.errors import LaunchError
from smartapp.audit.trail import AuditError
from smartapp.errors import NotFoundError
from smartapp.facts.events import Coverage, Facts
from smartapp.measures.statuses import ClinicalStatus
from smartapp.reading.panel import Member, Panel, PatientGroup
from smartapp.reading.results import ReadingError
from smartapp.services.panel_engine import Results
from smartapp.services.patient_line import PatientLine
from smartapp.services.population import PATIENCE, PopulationService
from smartapp.services.snapshot import ReadLine, Snapshot

ALL, MINE = PatientGroup("all", "All", 3), PatientGroup("mine", "Mine", 1)
LAUNCH = replace(launch_at("http://ehr.invalid/fhir", "user/*.rs", None), kind="population")
TODAY = date(2026, 6, 15)


class Documents:
    """A launch's documents, until it has ended."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.ended = False
        self._lock = threading.Lock()

    def put(self, handle: str, tenant: str, name: str, document: bytes) -> None:
        with self._lock:
            if self.ended:
                raise NotFoundError("launch.ended", "This launch has ended.")
            self.kept[f"{tenant}/{handle}/{name}"] = document

    def get(self, handle: str, tenant: str, name: str) -> bytes | None:
        return self.kept.get(f"{tenant}/{handle}/{name}")

    def remove(self, handle: str, tenant: str, prefix: str) -> None:
        with self._lock:
            for name in [one for one in self.kept if one.startswith(f"{tenant}/{handle}/{prefix}")]:
                del self.kept[name]

    def charts(self) -> list[str]:
        return sorted(one for one in self.kept if one.rsplit(":", 1)[-1].isdigit())


class Lists:
    """The EHR's two lists: everybody, and the first one of them."""

    def __init__(self, patients: list[str]) -> None:
        self._patients = patients

    def groups(self, launch: LaunchContext) -> tuple[PatientGroup, ...]:
        return (ALL, MINE)

    def members(self, launch: LaunchContext, group: PatientGroup) -> Panel:
        ids = self._patients if group.id == "all" else self._patients[:1]
        return Panel(group, tuple(Member(one, f"Called {one}") for one in ids), {"no longer on the list": 1})


@dataclass
class World:
    """A service over fakes; ``broken`` is what reading a patient raises."""

    members: list[str]
    broken: dict[str, Exception] = field(default_factory=dict)
    before_read: Callable[[str], None] = lambda patient: None
    coverage: dict[str, Coverage] = field(default_factory=dict)
    answers_as: dict[str, str] = field(default_factory=dict)
    today: date = TODAY
    now: Any = NOW
    store: Documents = field(default_factory=Documents)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    asked_for: list[str] = field(default_factory=list)
    launches: list[LaunchContext] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(2)
        self._lock = threading.Lock()
        made = iter(range(1000))
        self.service = PopulationService(
            groups=Lists(self.members),
            read_chart=self.read,
            engine=self,
            store=self.store,  # type: ignore[arg-type]
            remarks=None,  # type: ignore[arg-type]
            audit=self.audit,
            lanes=SimpleNamespace(of=lambda ehr: self.pool),  # type: ignore[arg-type]
            clock=lambda: self.now,
            entropy=lambda n: next(made).to_bytes(n, "big"),
            monotonic=time.monotonic,
            sleep=time.sleep,
            today=lambda: self.today,
            charts_at_once=3,
        )

    # One chart.

    def read(self, launch: LaunchContext) -> Snapshot:
        patient = launch.patient
        assert patient is not None
        with self._lock:
            self.asked_for.append(patient)
            self.launches.append(launch)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.before_read(patient)
            if patient in self.broken:
                raise self.broken[patient]
        finally:
            with self._lock:
                self.at_once -= 1
        who = self.answers_as.get(patient, patient)
        line = PatientLine(who, f"Name of {who}", "1960-05-06", "female", f"MRN {who}", deceased=False, language=None)
        reads = (ReadLine("Patient", "patient/Patient.r", 4, 1, "complete", 1),)
        return Snapshot(line, Facts(who, coverage=self.coverage), reads, (), NOW, 1)

    # The engine.

    def results(self, charts: Iterable[Snapshot], size: int) -> Iterator[tuple[Snapshot, Results]]:
        for chart in charts:
            measure = SimpleNamespace(id="M")
            due = SimpleNamespace(reasons=())
            result = SimpleNamespace(clinical_status=ClinicalStatus.DUE, due_date=self.today, clinical=due, caveats=())
            yield chart, ((measure, result),)  # type: ignore[misc]

    def run(self, group: str = "all") -> None:
        self.service.groups(LAUNCH)
        self.service.open(LAUNCH, group)
        self.service.wait(LAUNCH, 20)

    def lines(self) -> dict[str, str]:
        found = self.service.listed(LAUNCH)
        assert found is not None
        return {line.patient_id: line.unread for line in found.lines}


@pytest.fixture
def make() -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def new(*members: str, **more: Any) -> World:
        world = World(list(members), **more)
        made.append(world)
        return world

    yield new
    for world in made:
        world.pool.shutdown()


Make = Callable[..., World]
OVER = LaunchError("launch.ended", "This session has ended.", status=401)
NOT_RECORDED = AuditError("audit.unavailable", "This cannot be recorded.", status=503)
REFUSED = ReadingError("reading.refused", "The EHR refused to show this patient's record.", status=403)


def test_all_charts_are_read_a_few_at_a_time(make: Make) -> None:
    together = threading.Barrier(3, timeout=10)
    world = make("p1", "p2", "p3", "p4", "p5", "p6", before_read=lambda patient: together.wait() and None)
    world.run()
    assert world.lines() == dict.fromkeys(["p1", "p2", "p3", "p4", "p5", "p6"], "")
    assert world.most_at_once == 3
    found = world.service.listed(LAUNCH)
    assert found is not None
    assert (found.requests, found.left_out, found.as_of) == (24, {"no longer on the list": 1}, TODAY)
    progress = world.service.progress(LAUNCH)
    assert progress is not None
    assert (progress.done, progress.total, progress.failed, progress.finished) == (6, 6, 0, True)


def test_each_chart_is_read_as_a_launch_for_that_patient_with_the_users_own_scopes(make: Make) -> None:
    world = make("p1")
    world.run()
    (launch,) = world.launches
    assert (launch.patient, launch.handle, launch.user, launch.granted) == (
        "p1", LAUNCH.handle, LAUNCH.user, LAUNCH.granted,
    )  # fmt: skip
    assert LAUNCH.patient is None


def test_what_fails_for_one_is_said_of_that_one(make: Make) -> None:
    world = make("p1", "p2", "p3", broken={"p2": REFUSED, "p3": ValueError("p3's secret")})
    world.run()
    assert world.lines() == {"p1": "", "p2": REFUSED.message, "p3": "This chart could not be read."}
    found = world.service.listed(LAUNCH)
    assert found is not None and found.lines[1].name == "Called p2" and found.lines[1].gaps == ()
    assert found.lines[0].gaps[0].status is ClinicalStatus.DUE
    progress = world.service.progress(LAUNCH)
    assert progress is not None and progress.failed == 2


@pytest.mark.parametrize("error", [OVER, NOT_RECORDED])
def test_where_the_launch_ends_or_nothing_can_be_recorded_nobody_else_is_read(make: Make, error: Exception) -> None:
    patients = [f"p{i}" for i in range(20)]
    world = make(*patients, broken=dict.fromkeys(patients[3:], error))
    world.run()
    assert len(world.asked_for) < 10
    lines = world.lines()
    assert [lines[one] for one in patients[:3]] == ["", "", ""]
    assert set(list(lines.values())[3:]) == {error.message}  # type: ignore[attr-defined]


def test_where_nothing_could_be_read_at_all_there_is_no_list(make: Make) -> None:
    world = make("p1", "p2", broken={"p1": OVER, "p2": OVER})
    world.run()
    assert world.service.listed(LAUNCH) is None
    progress = world.service.progress(LAUNCH)
    assert progress is not None and progress.error == ("launch.ended", OVER.message, 401)
    assert world.store.charts() == []


def test_a_launch_that_ends_meanwhile_leaves_nothing_behind(make: Make) -> None:
    world = make("p1", "p2", "p3")

    def sign_out(patient: str) -> None:
        world.store.ended = True
        world.store.kept.clear()

    world.before_read = sign_out
    world.service.groups(LAUNCH)
    world.service.open(LAUNCH, "all")
    world.pool.shutdown(wait=True)
    assert world.store.kept == {}


def test_another_chart_than_the_members_is_nobodys(make: Make) -> None:
    world = make("p1", "p2", answers_as={"p2": "p1"})
    world.run()
    assert world.lines()["p2"] == "The EHR answered with another record than the patient's."
    found = world.service.listed(LAUNCH)
    assert found is not None and found.lines[1].name == "Called p2"
    line, chart = world.service.chart(LAUNCH, "p2")
    assert line.unread and chart is None


def test_a_partly_read_chart_is_marked(make: Make) -> None:
    world = make("p1", coverage={"Procedure": Coverage.REFUSED})
    world.run()
    found = world.service.listed(LAUNCH)
    assert found is not None and found.lines[0].partial


def test_only_a_list_that_was_offered_can_be_opened(make: Make) -> None:
    world = make("p1")
    for group in ("all", "other", ""):  # nothing was offered yet
        with pytest.raises(NotFoundError, match=r"population\.no-group"):
            world.service.open(LAUNCH, group)
    world.service.groups(LAUNCH)
    with pytest.raises(NotFoundError):
        world.service.open(LAUNCH, "other")
    assert world.asked_for == []
    assert {(one.action, one.outcome) for one in world.audit.entries} == {("population.open", "refused")}


def test_only_patients_of_the_list_that_is_open_are_shown(make: Make) -> None:
    world = make("p1", "p2")
    with pytest.raises(NotFoundError, match=r"population\.not-on-list"):
        world.service.chart(LAUNCH, "p1")  # no list is open
    world.run("mine")
    line, chart = world.service.chart(LAUNCH, "p1")
    assert (line.patient_id, chart and chart.facts.patient_id) == ("p1", "p1")
    for other in ("p2", "P1", "../p1", "' OR 1=1", ""):
        with pytest.raises(NotFoundError, match=r"population\.not-on-list"):
            world.service.chart(LAUNCH, other)
    assert world.asked_for == ["p1"]
    refusals = [one for one in world.audit.entries if one.outcome == "refused"]
    assert len(refusals) == 6 and refusals[1].patient == "Patient/p2" and refusals[3].patient is None


def test_another_list_takes_the_place_of_the_first_and_of_its_charts(make: Make) -> None:
    world = make("p1", "p2", "p3")
    world.run()
    assert len(world.store.charts()) == 3
    world.run("mine")
    assert world.lines() == {"p1": ""}
    assert len(world.store.charts()) == 1
    with pytest.raises(NotFoundError):
        world.service.chart(LAUNCH, "p2")


def test_a_list_that_is_chosen_meanwhile_ends_the_run_before(make: Make) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(patient: str) -> None:
        if not go_on.is_set():
            begun.set()
            go_on.wait(10)

    world = make(*(f"p{i}" for i in range(30)), before_read=slow)
    world.service.groups(LAUNCH)
    world.service.open(LAUNCH, "all")
    assert begun.wait(10)
    world.service.open(LAUNCH, "mine")
    go_on.set()
    world.service.wait(LAUNCH, 20)
    world.pool.shutdown(wait=True)
    assert world.lines() == {"p0": ""}
    assert len(world.asked_for) < 10
    assert len(world.store.charts()) == 1


def test_a_list_that_is_being_read_is_not_begun_twice(make: Make) -> None:
    go_on = threading.Event()
    world = make("p1", before_read=lambda patient: go_on.wait(10) and None)
    world.service.groups(LAUNCH)
    for _ in range(3):
        world.service.open(LAUNCH, "all")
    go_on.set()
    world.service.wait(LAUNCH, 20)
    assert world.asked_for == ["p1"]


def test_a_run_whose_process_died_may_be_begun_again(make: Make) -> None:
    world = make("p1", before_read=lambda patient: None)
    world.service.groups(LAUNCH)
    world.pool.shutdown(wait=True)
    with pytest.raises(RuntimeError):
        world.service.open(LAUNCH, "all")  # it is said to have begun, and nobody runs it
    assert world.service.progress(LAUNCH) is not None
    world.now = NOW + PATIENCE + timedelta(seconds=1)
    assert world.service.progress(LAUNCH) is None


def test_what_was_read_before_stays_until_the_new_read_has_ended(make: Make) -> None:
    world = make("p1")
    world.run()
    go_on = threading.Event()
    world.before_read = lambda patient: go_on.wait(10) and None
    world.broken = {"p1": OVER}
    world.service.open(LAUNCH, "all")
    assert world.lines() == {"p1": ""}
    go_on.set()
    world.service.wait(LAUNCH, 20)
    assert world.lines() == {"p1": ""}
    assert world.service.chart(LAUNCH, "p1")[1] is not None
    progress = world.service.progress(LAUNCH)
    assert progress is not None and progress.error is not None


def test_after_midnight_the_same_charts_are_computed_for_the_new_day(make: Make) -> None:
    world = make("p1", "p2", broken={"p2": REFUSED})
    world.run()
    world.today = TODAY + timedelta(days=1)
    found = world.service.listed(LAUNCH)
    assert found is not None
    assert (found.as_of, found.lines[0].gaps[0].due_date) == (world.today, world.today)
    assert world.lines() == {"p1": "", "p2": REFUSED.message}
    assert world.asked_for.count("p1") == 1
    assert world.service.listed(LAUNCH) == found


def test_no_name_and_no_id_stands_in_a_documents_name(make: Make) -> None:
    world = make("p1", "p2")
    world.run()
    world.service.look_for(LAUNCH, "Name of p1")
    assert world.service.looked_for(LAUNCH) == "Name of p1"
    assert not any("p1" in name or "p2" in name for name in world.store.kept)
