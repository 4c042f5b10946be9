"""Open one chart: read what the enabled rules need, keep the facts under the launch, evaluate them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from launch.context import LaunchContext
from launch.ports import Clock, Monotonic, Sleep
from smartapp.audit.logs import Safe
from smartapp.criteria.evaluate import Outcome, Period
from smartapp.criteria.requirements import Requirement
from smartapp.errors import AppError, InputError, NotFoundError
from smartapp.facts.events import Coverage
from smartapp.facts.instants import end_of_day, start_of_day
from smartapp.facts.normalise import facts_from_resources
from smartapp.groups.model import Group
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult, evaluate_measure
from smartapp.messages.contact import Known, Meanings, contact_from_resources
from smartapp.persistence.charts import ChartStore
from smartapp.reading.results import SearchReport
from smartapp.services.enabled import CONSENTS, PROXIES, Enabled
from smartapp.services.lanes import Lanes
from smartapp.services.patient_line import patient_line
from smartapp.services.snapshot import Progress, ReadLine, Snapshot, pack, unpack_progress, unpack_snapshot

log = logging.getLogger("smartapp.chart")

_POLL_S = 0.02

_TELL_EVERY_S = 0.25
"""Progress that nobody can see is not worth a write to the disk."""

_PATIENCE = timedelta(seconds=90)
"""A read that has said nothing for so long died with its process; another may begin."""


def _known(coverage: Coverage | None) -> Known:
    return "not-asked" if coverage is None else coverage.value


def _silent(_done: int, _total: int, _what: str) -> None:
    """Nobody waits for this read."""


class ChartRead(Protocol):
    """What a reader brings back: see :mod:`smartapp.reading`."""

    @property
    def resources(self) -> Sequence[dict[str, Any]]: ...
    @property
    def coverage(self) -> Mapping[str, Coverage]: ...
    @property
    def searches(self) -> Sequence[SearchReport]: ...


class Reader(Protocol):
    """Reads one patient's chart within one launch."""

    def read_chart(
        self, launch: LaunchContext, needs: Sequence[Requirement], progress: Callable[[int, int, str], None]
    ) -> ChartRead: ...


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether the patient is in a group: true, false or unknown, with what was found."""

    group: Group
    truth: bool | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ChartView:
    """Everything that the page says, still in the language of rules."""

    snapshot: Snapshot
    as_of: date
    results: tuple[tuple[Measure, MeasureResult], ...]
    memberships: tuple[Membership, ...]
    outcome: Outcome
    computed_milliseconds: float


class ChartService:
    """The chart of a launch, from the first read to the evaluated page; safe for threads and processes."""

    def __init__(
        self,
        *,
        enabled: Enabled,
        reader: Reader,
        store: ChartStore,
        lanes: Lanes,
        clock: Clock,
        monotonic: Monotonic,
        sleep: Sleep,
        zone: ZoneInfo,
        meanings: Meanings | None = None,
    ) -> None:
        """``meanings`` are the practice's consent codes (None: the built-in ones)."""
        self.enabled = enabled
        self._meanings = meanings
        self.zone = zone
        self._reader = reader
        self._store = store
        self._lanes = lanes
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep

    def today(self) -> date:
        """The practice's calendar day."""
        return self._clock().astimezone(self.zone).date()

    def begin(self, launch: LaunchContext) -> None:
        """Start reading unless a read is under way. Raises :class:`NotFoundError` for a launch without a patient."""
        if launch.patient is None:
            raise NotFoundError("chart.no-patient", "No chart is open in this launch.")
        now = self._clock()
        under_way = self.progress(launch)
        if under_way and not under_way.finished and now - under_way.started_at < _PATIENCE:
            return
        self._say(launch, Progress(0, 0, "Asking the EHR", now))
        self._lanes.of(launch.ehr).submit(self._read, launch, now)

    def progress(self, launch: LaunchContext) -> Progress | None:
        """How far the latest read is; None where none was begun."""
        document = self._store.get(launch.handle, launch.tenant, "progress")
        return None if document is None else unpack_progress(document)

    def wait(self, launch: LaunchContext, seconds: float) -> Progress:
        """The progress once the read has ended, or as it is after so many seconds.

        Raises ``AppError`` ``launch.ended`` (401) where the launch has ended meanwhile, as at a refused refresh.
        """
        end = self._monotonic() + seconds
        while True:
            found = self.progress(launch)
            if found is None:  # a read was begun, and what is kept of it went with the launch
                raise AppError(
                    "launch.ended", "The EHR has ended this session. Please launch the app again.", status=401
                )
            if found.finished or self._monotonic() >= end:
                return found
            self._sleep(_POLL_S)

    def snapshot(self, launch: LaunchContext) -> Snapshot | None:
        """What was read last in this launch; None before the first read has ended."""
        document = self._store.get(launch.handle, launch.tenant, "chart")
        return None if document is None else unpack_snapshot(document)

    def evaluate(self, snapshot: Snapshot) -> ChartView:
        """Evaluate all enabled measures and groups as of today.

        The measurement period is today's calendar year, as the measures of 2026 are published for.
        """
        today = self.today()
        period = Period(start_of_day(date(today.year, 1, 1)), end_of_day(date(today.year, 12, 31)))
        started = self._monotonic()
        as_of = end_of_day(today)
        strict, kleene = self.enabled.program.run_both(snapshot.facts, period, as_of)
        deceased = snapshot.patient.deceased
        results = tuple(
            (measure, evaluate_measure(measure, strict, kleene, period_end=period.end, as_of=as_of, deceased=deceased))
            for measure in self.enabled.measures
            if "chart" in measure.views
        )
        memberships = tuple(Membership(group, kleene.truth(group.rule), kleene) for group in self.enabled.groups)
        elapsed = (self._monotonic() - started) * 1000
        return ChartView(snapshot, today, results, memberships, kleene, elapsed)

    def measure(self, measure_id: str) -> Measure:
        """An enabled measure by its id; :class:`NotFoundError` otherwise."""
        for measure in self.enabled.measures:
            if measure.id == measure_id:
                return measure
        raise NotFoundError("chart.no-measure", "This measure is not enabled here.")

    def _read(self, launch: LaunchContext, started_at: datetime) -> None:
        latest = Progress(0, 0, "Asking the EHR", started_at)
        told = self._monotonic()

        def progress(done: int, total: int, what: str) -> None:
            nonlocal latest, told
            latest = replace(latest, done=done, total=total, text=what)
            now = self._monotonic()
            if now >= told + _TELL_EVERY_S:
                told = now
                self._say(launch, latest)

        try:
            self._store.put(launch.handle, launch.tenant, "chart", pack(self.read_now(launch, progress)))
            self._say(launch, replace(latest, finished=True))
        except AppError as error:
            self._fail(launch, latest, (error.code, error.message, error.status))
        except Exception as error:
            log.error("reading failed unexpectedly: %s", Safe(type(error).__name__))
            self._fail(launch, latest, ("reading.unexpected", "The chart could not be read. Please try again.", 500))

    def read_now(self, launch: LaunchContext, progress: Callable[[int, int, str], None] = _silent) -> Snapshot:
        """Read the chart and return its facts, keeping nothing. Raises what the reader raises."""
        started = self._monotonic()
        read = self._reader.read_chart(launch, self.enabled.requirements, progress)
        patient_id = launch.patient
        assert patient_id is not None
        patient = next(
            (r for r in read.resources if (r.get("resourceType"), r.get("id")) == ("Patient", patient_id)), None
        )
        if patient is None:
            raise InputError("reading.no-patient", "The EHR did not return this patient's record.", status=502)
        coverage = {key: value for key, value in read.coverage.items() if key not in (CONSENTS, PROXIES)}
        clinical = [one for one in read.resources if one.get("resourceType") not in ("Consent", "RelatedPerson")]
        normalised = facts_from_resources(patient_id, clinical, coverage=coverage, base=launch.fhir_base)
        return Snapshot(
            patient=patient_line(patient),
            facts=normalised.facts,
            reads=tuple(ReadLine.of(report) for report in read.searches),
            skipped=tuple(f"{one.reference}: {one.reason}" for one in normalised.skipped),
            read_at=self._clock(),
            ehr_milliseconds=round((self._monotonic() - started) * 1000),
            contact=contact_from_resources(
                read.resources,
                today=self.today(),
                consents_read=_known(read.coverage.get(CONSENTS)),
                proxies_read=_known(read.coverage.get(PROXIES)),
                meanings=self._meanings,
            ),
        )

    def _say(self, launch: LaunchContext, progress: Progress) -> None:
        self._store.put(launch.handle, launch.tenant, "progress", pack(progress))

    def _fail(self, launch: LaunchContext, latest: Progress, error: tuple[str, str, int]) -> None:
        try:
            self._say(launch, replace(latest, finished=True, error=error))
        except AppError:
            log.info("the launch ended while its chart was read")
