"""The population of a launch: which lists the user may see, one of them read and computed, and its patients' charts.

A patient is shown only if the list that this launch has read names them; that list is one that the EHR shows this
user (Groups may be restricted by user: FHIR Bulk Data Access 2.0.0, "Security Considerations").
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

from launch.context import LaunchContext
from launch.fhirids import is_fhir_id
from launch.ports import AuditSink, Clock, Entropy, Monotonic, Sleep
from smartapp.errors import NotFoundError
from smartapp.persistence.charts import ChartStore
from smartapp.persistence.practice import GapRemarks
from smartapp.reading.panel import Member, Panel, PatientGroup
from smartapp.services.lanes import Lanes
from smartapp.services.panel_documents import (
    MemberLine,
    PanelList,
    PanelProgress,
    pack,
    unpack_groups,
    unpack_list,
    unpack_progress,
    unpack_text,
)
from smartapp.services.panel_engine import PanelEngine
from smartapp.services.panel_run import LIST, PROGRESS, PanelRun, ReadChart, chart_name, computed_lines
from smartapp.services.snapshot import Snapshot, unpack_snapshot

_GROUPS, _NAME = "panel:groups", "panel:name"
_POLL_S = 0.02

PATIENCE = timedelta(seconds=180)
"""A run that has given no sign of life for so long died with its process; another may begin."""


class Groups(Protocol):
    """Reads the lists of patients: :class:`smartapp.reading.panel.PanelReader`."""

    def groups(self, launch: LaunchContext) -> tuple[PatientGroup, ...]: ...
    def members(self, launch: LaunchContext, group: PatientGroup) -> Panel: ...


class PopulationService:
    """The lists of one launch's user, for as long as the launch lives; safe for threads and processes."""

    def __init__(
        self,
        *,
        groups: Groups,
        read_chart: ReadChart,
        engine: PanelEngine,
        store: ChartStore,
        remarks: GapRemarks,
        audit: AuditSink,
        lanes: Lanes,
        clock: Clock,
        entropy: Entropy,
        monotonic: Monotonic,
        sleep: Sleep,
        today: Callable[[], date],
        charts_at_once: int = 3,
    ) -> None:
        """``read_chart`` reads one patient's facts within a launch that names the patient."""
        self._groups = groups
        self._read_chart = read_chart
        self._engine = engine
        self._store = store
        self._remarks = remarks
        self._audit = audit
        self._lanes = lanes
        self._clock = clock
        self._entropy = entropy
        self._monotonic = monotonic
        self._sleep = sleep
        self._today = today
        self._at_once = charts_at_once
        self._lock = threading.Lock()

    # --- which list -----------------------------------------------------------------------------------

    def groups(self, launch: LaunchContext) -> tuple[PatientGroup, ...]:
        """Ask the EHR which lists it shows this user, and remember them: no other can be opened.

        Raises what :class:`smartapp.reading.panel.PanelReader` raises.
        """
        found = self._groups.groups(launch)
        self._put(launch, _GROUPS, pack(found))
        return found

    def offered(self, launch: LaunchContext) -> tuple[PatientGroup, ...]:
        """The lists as the EHR showed them last in this launch."""
        document = self._get(launch, _GROUPS)
        return () if document is None else unpack_groups(document)

    def open(self, launch: LaunchContext, group_id: str) -> None:
        """Start reading one of the lists that were offered.

        Raises :class:`NotFoundError` for any other, before the EHR is asked. A list that is being read already is
        not begun a second time; another one takes its place.
        """
        group = next((one for one in self.offered(launch) if one.id == group_id), None)
        if group is None:
            self._refuse(launch, "population.open")
            raise NotFoundError("population.no-group", "There is no such list of patients here.")
        with self._lock:
            if (known := self.progress(launch)) and self._lives(known) and known.group.id == group.id:
                return
            now = self._clock()
            begun = PanelProgress(
                run=self._entropy(8).hex(),
                group=group,
                done=0,
                total=0,
                failed=0,
                text="Asking the EHR who is on the list",
                started_at=now,
                heard_at=now,
            )
            self._put(launch, PROGRESS, pack(begun))
        run = PanelRun(
            launch,
            begun,
            read_panel=lambda asking: self._groups.members(asking, group),
            read_chart=self._read_chart,
            engine=self._engine,
            store=self._store,
            clock=self._clock,
            today=self._today,
            at_once=self._at_once,
        )
        self._lanes.of(launch.ehr).submit(run.go)

    # --- how far --------------------------------------------------------------------------------------

    def progress(self, launch: LaunchContext) -> PanelProgress | None:
        """How far the latest run is; None where none was begun, or its process died."""
        document = self._get(launch, PROGRESS)
        found = None if document is None else unpack_progress(document)
        return found if found is not None and (found.finished or self._lives(found)) else None

    def wait(self, launch: LaunchContext, seconds: float) -> None:
        """Return once the run has ended, or after so many seconds."""
        end = self._monotonic() + seconds
        while (found := self.progress(launch)) is not None and not found.finished and self._monotonic() < end:
            self._sleep(_POLL_S)

    # --- the list -------------------------------------------------------------------------------------

    def listed(self, launch: LaunchContext) -> PanelList | None:
        """The list that was read last, as it is today; None before the first was read."""
        document = self._get(launch, LIST)
        if document is None:
            return None
        found = unpack_list(document)
        return found if found.as_of == self._today() else self._computed_again(launch, found)

    def set_aside(self, launch: LaunchContext, found: PanelList) -> Mapping[str, frozenset[str]]:
        """The measures that somebody has set aside, by patient id."""
        asides = self._remarks.set_aside(launch.tenant, [f"Patient/{line.patient_id}" for line in found.lines])
        return {reference.removeprefix("Patient/"): measures for reference, measures in asides.items()}

    def chart(self, launch: LaunchContext, patient_id: str) -> tuple[MemberLine, Snapshot | None]:
        """One patient of this launch's list: the line and the facts it rests on, None where they were not read.

        Raises :class:`NotFoundError` for anybody else; the EHR is not asked.
        """
        found = self.listed(launch)
        line = None if found is None else found.member(patient_id)
        if found is None or line is None:
            self._refuse(launch, "population.patient", f"Patient/{patient_id}" if is_fhir_id(patient_id) else None)
            raise NotFoundError("population.not-on-list", "This patient is not on the list that is open.")
        document = None if line.unread else self._get(launch, chart_name(found.run, line.index))
        if document is None:
            return line, None
        snapshot = unpack_snapshot(document)
        if snapshot.facts.patient_id != line.patient_id:
            raise NotFoundError("population.not-on-list", "This patient's chart is not there. Read the list again.")
        return line, snapshot

    def record_view(self, launch: LaunchContext, found: PanelList, shown: int) -> None:
        """Record that a page of the list was shown."""
        self._audit.record(
            "population.view",
            "success",
            actor=launch.user.reference,
            tenant=launch.tenant,
            launch=launch.handle,
            detail={"group": found.group.id, "shown": str(shown), "patients": str(len(found.lines))},
        )

    # --- the name that is looked for ------------------------------------------------------------------

    def look_for(self, launch: LaunchContext, name: str) -> None:
        """Remember what name is looked for: it is a patient's, so it stands in no address (ASVS 5.0, 14.2.1)."""
        self._put(launch, _NAME, pack(name))

    def looked_for(self, launch: LaunchContext) -> str:
        """The name that is looked for in this launch; empty for none."""
        document = self._get(launch, _NAME)
        return "" if document is None else unpack_text(document)

    def _computed_again(self, launch: LaunchContext, found: PanelList) -> PanelList:
        """The same charts as of another day: after midnight other things are due."""
        readable = [line for line in found.lines if not line.unread]
        documents = [self._get(launch, chart_name(found.run, line.index)) for line in readable]
        if any(document is None for document in documents):
            return found  # a new run has just taken its place
        lines = computed_lines(
            self._engine,
            (unpack_snapshot(document) for document in documents if document is not None),
            [Member(line.patient_id, line.name) for line in readable],
            [line.index for line in readable],
        )
        again = [*lines, *(line for line in found.lines if line.unread)]
        again.sort(key=lambda line: line.index)
        changed = replace(found, as_of=self._today(), lines=tuple(again))
        self._put(launch, LIST, pack(changed))
        return changed

    def _lives(self, progress: PanelProgress) -> bool:
        return not progress.finished and self._clock() - progress.heard_at < PATIENCE

    def _refuse(self, launch: LaunchContext, action: str, patient: str | None = None) -> None:
        self._audit.record(
            action,
            "refused",
            actor=launch.user.reference,
            tenant=launch.tenant,
            launch=launch.handle,
            patient=patient,
        )

    def _get(self, launch: LaunchContext, name: str) -> bytes | None:
        return self._store.get(launch.handle, launch.tenant, name)

    def _put(self, launch: LaunchContext, name: str, document: bytes) -> None:
        self._store.put(launch.handle, launch.tenant, name, document)
