"""One run over a list of patients: read each chart, a few at a time, then compute them all.

What fails for one patient is said of that patient and stops nobody else. What ends the launch, or cannot be
recorded, ends the reading: what was read until then is shown, the rest is said to be unread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date

from launch.context import LaunchContext
from launch.ports import Clock
from smartapp.errors import AppError
from smartapp.facts.events import Coverage
from smartapp.measures.statuses import ClinicalStatus
from smartapp.persistence.charts import ChartStore
from smartapp.reading.panel import Member, Panel
from smartapp.services.panel_documents import (
    MemberGap,
    MemberLine,
    PanelList,
    PanelProgress,
    pack,
    unpack_list,
    unpack_progress,
)
from smartapp.services.panel_engine import PanelEngine, Results
from smartapp.services.snapshot import Snapshot, unpack_snapshot
from smartapp.services.snapshot import pack as pack_snapshot

log = logging.getLogger("smartapp.population")

PROGRESS, LIST = "panel:progress", "panel:list"
_SAID = (ClinicalStatus.OVERDUE, ClinicalStatus.DUE, ClinicalStatus.DUE_SOON, ClinicalStatus.CANNOT_TELL)
_UNEXPECTED = ("reading.unexpected", "This chart could not be read.", 500)

Error = tuple[str, str, int]
ReadChart = Callable[[LaunchContext], Snapshot]
ReadPanel = Callable[[LaunchContext], Panel]


class _Superseded(Exception):  # not an error: the user chose another list, or began again
    pass


def chart_name(run: str, index: int) -> str:
    """The name of one patient's facts among a launch's documents: no identifier of the patient's."""
    return f"panel:{run}:{index}"


def launch_of(launch: LaunchContext, patient_id: str) -> LaunchContext:
    """The launch as it is for one patient of the list: the same user and permissions, one patient."""
    return replace(launch, patient=patient_id, encounter=None, fhir_context=(), need_patient_banner=True)


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of one member's chart: requests that it took, and the error if there is one."""

    index: int
    requests: int = 0
    error: Error | None = None


class PanelRun:
    """Reads and computes one list within one launch. Used once, by one thread, which may be any."""

    def __init__(
        self,
        launch: LaunchContext,
        begun: PanelProgress,
        *,
        read_panel: ReadPanel,
        read_chart: ReadChart,
        engine: PanelEngine,
        store: ChartStore,
        clock: Clock,
        today: Callable[[], date],
        at_once: int,
    ) -> None:
        self._launch = launch
        self._latest = begun
        self._read_panel = read_panel
        self._read_chart = read_chart
        self._engine = engine
        self._store = store
        self._clock = clock
        self._today = today
        self._at_once = at_once
        self._stop: Error | None = None
        self._over = threading.Event()

    def go(self) -> None:
        """Read, compute, keep the list and say that it is there; never raises."""
        before = self._before()
        try:
            panel = self._read_panel(self._launch)
            self._say(total=len(panel.members), text="Reading the charts")
            reads = self._read_all(panel)
            self._check_worth(reads)
            self._say(text="Working out what is due")
            self._put(LIST, pack(self._computed(panel, reads)))
            self._say(finished=True, text="Done")
            if before is not None:
                self._store.remove(self._launch.handle, self._launch.tenant, f"panel:{before}:")
        except _Superseded:
            self._give_up(None)
        except AppError as error:
            self._give_up((error.code, error.message, error.status))
        except Exception as error:
            log.error("reading a list failed unexpectedly: %s", type(error).__name__)
            self._give_up(("population.unexpected", "The list could not be read. Please try again.", 500))

    def _read_all(self, panel: Panel) -> list[_Read]:
        reads: list[_Read] = []
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="panel-chart") as pool:
            futures: list[Future[_Read]] = [
                pool.submit(self._read_one, index, member) for index, member in enumerate(panel.members)
            ]
            try:
                for future in as_completed(futures):
                    reads.append(future.result())
                    self._say(done=len(reads), failed=sum(read.error is not None for read in reads))
            finally:
                self._over.set()
        return sorted(reads, key=lambda read: read.index)

    def _read_one(self, index: int, member: Member) -> _Read:
        if self._stop is not None or self._over.is_set() or self._is_superseded():
            return _Read(index, error=self._stop or _UNEXPECTED)
        try:
            chart = self._read_chart(launch_of(self._launch, member.patient_id))
            self._put(chart_name(self._latest.run, index), pack_snapshot(chart))
        except AppError as error:
            said = (error.code, error.message, error.status)
            if not error.code.startswith("reading."):
                self._stop = said  # the launch is over, or the reading cannot be recorded: nobody else is read
            return _Read(index, error=said)
        except Exception as error:
            log.error("reading one chart of a list failed unexpectedly: %s", type(error).__name__)
            return _Read(index, error=_UNEXPECTED)
        return _Read(index, sum(line.requests for line in chart.reads))

    def _check_worth(self, reads: list[_Read]) -> None:
        if self._stop is not None and all(read.error is not None for read in reads):
            code, message, status = self._stop
            raise AppError(code, message, status=status)

    def _computed(self, panel: Panel, reads: list[_Read]) -> PanelList:
        lines = [
            unread_line(index, member, read.error[1])
            for (index, member), read in zip(enumerate(panel.members), reads, strict=True)
            if read.error is not None
        ]
        readable = [read.index for read in reads if read.error is None]
        lines += computed_lines(self._engine, self._charts(readable), [panel.members[i] for i in readable], readable)
        return PanelList(
            run=self._latest.run,
            group=panel.group,
            as_of=self._today(),
            started_at=self._latest.started_at,
            finished_at=self._clock(),
            requests=sum(read.requests for read in reads),
            lines=tuple(sorted(lines, key=lambda line: line.index)),
            left_out=panel.left_out,
        )

    def _charts(self, indexes: list[int]) -> Iterator[Snapshot]:
        for index in indexes:
            document = self._store.get(self._launch.handle, self._launch.tenant, chart_name(self._latest.run, index))
            if document is None:
                raise _Superseded
            yield unpack_snapshot(document)

    def _say(self, **changes: object) -> None:
        """Say how far we are, unless another run has taken our place."""
        if self._is_superseded():
            raise _Superseded
        self._latest = replace(self._latest, heard_at=self._clock(), **changes)  # type: ignore[arg-type]
        self._put(PROGRESS, pack(self._latest))

    def _is_superseded(self) -> bool:
        known = self._store.get(self._launch.handle, self._launch.tenant, PROGRESS)
        return known is not None and unpack_progress(known).run != self._latest.run

    def _put(self, name: str, document: bytes) -> None:
        self._store.put(self._launch.handle, self._launch.tenant, name, document)

    def _before(self) -> str | None:
        """The run whose list is shown until ours is there."""
        document = self._store.get(self._launch.handle, self._launch.tenant, LIST)
        return None if document is None else unpack_list(document).run

    def _give_up(self, error: Error | None) -> None:
        """Forget what was read in vain, and say why it ended, if anybody is still there to hear it."""
        try:
            self._store.remove(self._launch.handle, self._launch.tenant, f"panel:{self._latest.run}:")
            if error is not None:
                self._say(finished=True, error=error)
        except (AppError, _Superseded):
            log.info("a list was read for a launch that has ended or moved on")


def computed_lines(
    engine: PanelEngine, charts: Iterator[Snapshot], members: list[Member], indexes: list[int]
) -> Iterator[MemberLine]:
    """The lines of charts that were read. A chart that is not the member's own is nobody's."""
    for (chart, results), member, index in zip(engine.results(charts, len(members)), members, indexes, strict=True):
        if chart.facts.patient_id != member.patient_id:
            yield unread_line(index, member, "The EHR answered with another record than the patient's.")
            continue
        yield MemberLine(
            index=index,
            patient_id=member.patient_id,
            name=chart.patient.name,
            birth_date=chart.patient.birth_date,
            identifier=chart.patient.identifier,
            read_at=chart.read_at,
            partial=any(found is not Coverage.COMPLETE for found in chart.facts.coverage.values()),
            gaps=_gaps(results),
        )


def unread_line(index: int, member: Member, why: str) -> MemberLine:
    """The line of a patient whose chart is not there: nothing is told of them."""
    return MemberLine(index, member.patient_id, member.display or "Name not read", unread=why)


def _gaps(results: Results) -> tuple[MemberGap, ...]:
    return tuple(
        MemberGap(
            measure.id,
            result.clinical_status,
            result.due_date,
            result.clinical.reasons if result.clinical_status in _SAID else (),
            result.caveats if result.clinical_status in _SAID else (),
        )
        for measure, result in results
    )
