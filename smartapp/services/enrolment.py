"""Ask many patients of a list back at once: who can enter the sequence, why the others cannot, and undo before a send.

Nobody is enrolled who was not previewed, and everybody is looked at again when it is confirmed. The first message goes
by itself only in a wording that somebody approved, as every step does, and not before it can be undone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from launch.context import LaunchContext
from launch.ports import Clock, Entropy
from smartapp.errors import AppError, InputError, NotAllowedError, NotFoundError
from smartapp.messages.approvals import Approvals
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import Message, NewMessage, first_draft
from smartapp.messages.sequence_runs import SequenceRuns
from smartapp.messages.sequences import Sequence, Stop, built_in_sequences, observe
from smartapp.messages.states import State
from smartapp.persistence.charts import ChartStore
from smartapp.services.chart import ChartService, ChartView
from smartapp.services.outreach import Asked, OutreachService
from smartapp.services.population import PopulationService
from smartapp.services.reengagement import is_booked
from smartapp.services.routed import decisive, dormancy
from smartapp.services.wordings import Wordings

UNDO_FOR = timedelta(minutes=15)
"""How long the first messages wait at least, so that enrolling can be undone."""

AGAIN_AFTER = timedelta(days=365)
MOST = 100
_DOCUMENT = "enrolled"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One patient who was chosen. ``code`` with its ``why`` says why they cannot be enrolled; both empty if they can.

    ``by_itself``: the first message goes in a wording that was approved; else somebody reads it first.
    """

    patient_id: str
    name: str
    code: str = ""
    why: str = ""
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """Everybody who was chosen, and the batch that a confirmation names."""

    sequence: Sequence
    batch: str
    candidates: tuple[Candidate, ...]

    @property
    def able(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if not one.code)

    @property
    def others(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if one.code)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of a batch. ``messages`` are the ids of the first messages, ``waiting`` how many can be undone."""

    batch: str
    sequence: str
    messages: tuple[str, ...]
    refused: int
    not_before: datetime
    waiting: int = 0
    for_review: int = 0


class Enrolment:
    """Of one launch's list. Every patient is one of it; nobody else can be enrolled."""

    def __init__(
        self,
        *,
        population: PopulationService,
        chart: ChartService,
        outreach: OutreachService,
        wordings: Wordings,
        approvals: Approvals,
        queue: MessageQueue,
        runs: SequenceRuns,
        store: ChartStore,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._population = population
        self._chart = chart
        self._outreach = outreach
        self._wordings = wordings
        self._approvals = approvals
        self._queue = queue
        self._runs = runs
        self._store = store
        self._clock = clock
        self._entropy = entropy

    def preview(self, launch: LaunchContext, sequence_id: str, patients: Many[str]) -> Preview:
        """Who of these patients can be enrolled, by the charts that this launch has read; nothing is changed.

        Raises :class:`NotFoundError` for an unknown sequence or anybody who is not on the list that is open.
        """
        sequence = self._sequence(sequence_id)
        self._count(patients)
        batch = self._entropy(8).hex()
        return Preview(sequence, batch, tuple(self._look_at(launch, sequence, batch, one)[0] for one in patients))

    def enrol(self, launch: LaunchContext, sequence_id: str, batch: str, patients: Many[str]) -> Enrolled:
        """Enrol those who still can be. The same batch a second time changes nothing."""
        sequence = self._sequence(sequence_id)
        self._count(patients)
        known = self._known(launch)
        if known is not None and known.batch == batch:
            return self._now(launch, known)
        free = self._clock() + UNDO_FOR
        made: list[str] = []
        for patient in patients:
            candidate, new = self._look_at(launch, sequence, batch, patient)
            if new is None:
                if (before := self._made_before(launch, sequence, batch, patient)) is not None:
                    made.append(before)
                continue
            try:
                made.append(self._begin(launch, sequence, candidate, replace(new, not_before=free)).id)
            except InputError:
                continue  # somebody else was faster
        done = Enrolled(batch, sequence.id, tuple(made), len(patients) - len(made), free)
        self._keep(launch, done)
        return self._now(launch, done)

    def last(self, launch: LaunchContext) -> Enrolled | None:
        """The batch that this launch enrolled last, as its messages stand now."""
        known = self._known(launch)
        return None if known is None else self._now(launch, known)

    def undo(self, launch: LaunchContext, batch: str) -> tuple[int, int]:
        """Take back everybody of the batch whose first message was not sent yet; how many, and how many were not.

        Raises :class:`NotFoundError` where this launch has not enrolled that batch.
        """
        known = self._known(launch)
        if known is None or known.batch != batch:
            raise NotFoundError("sequences.no-batch", "There is nothing to undo here any more.")
        undone = 0
        for message_id in known.messages:
            try:
                found = self._queue.cancel(
                    message_id, tenant=launch.tenant, actor=launch.user.reference, launch=launch.handle
                )
            except AppError:
                continue  # it is being sent, or was
            undone += 1
            self._end(launch, known.sequence, found)
        return undone, len(known.messages) - undone

    def _look_at(
        self, launch: LaunchContext, sequence: Sequence, batch: str, patient_id: str
    ) -> tuple[Candidate, NewMessage | None]:
        line, snapshot = self._population.chart(launch, patient_id)
        candidate = Candidate(patient_id, line.name)
        if snapshot is None:
            return replace(candidate, code="unread", why="The chart was not read."), None
        view = self._chart.evaluate(snapshot)
        found = self._why_not(launch, sequence, view)
        if found is None:
            new, language = self._first(launch, sequence, batch, view)
            probe = first_draft(new, "", new.sender, self._clock())
            decision = self._outreach.routing(probe, view)
            if decision.action != "none":
                approved = self._approvals.of(launch.tenant, sequence.steps[0].template, language)
                return replace(candidate, by_itself=approved is not None), new
            found = decisive(decision)
        return replace(candidate, code=found[0], why=found[1]), None

    def _why_not(self, launch: LaunchContext, sequence: Sequence, view: ChartView) -> tuple[str, str] | None:
        """Why the sequence is not for a patient, whatever it may send."""
        patient = f"Patient/{view.snapshot.facts.patient_id}"
        run = self._runs.latest(launch.tenant, launch.ehr, patient, sequence.id)
        if run is not None and run.progress.status == "running":
            return "running", "In this sequence already."
        undone = run is not None and run.progress.stopped_by is Stop.DISCARDED
        if run is not None and not undone and self._clock() - run.created_at < AGAIN_AFTER:
            return "lately", "Was in this sequence within the past year."
        dormant = dormancy(view.memberships)
        if dormant is None:
            return "untold", "It cannot be told whether they were seen within the past year."
        if not dormant:
            return "seen", "Seen within the past year."
        return ("booked", "Has a visit booked.") if is_booked(view, self._clock()) else None

    def _first(self, launch: LaunchContext, sequence: Sequence, batch: str, view: ChartView) -> tuple[NewMessage, str]:
        """The message of the first step, and the language of its wording."""
        line = view.snapshot.patient
        patient = f"Patient/{view.snapshot.facts.patient_id}"
        draft = self._wordings.of(launch.tenant, sequence.steps[0].template, line)
        key = _key(batch, patient)
        asked = Asked(launch.tenant, launch.ehr, patient, None, launch.user.reference, key, sequence.id, launch.handle)
        new = self._outreach.by_its_channel(self._outreach.message_of(draft, asked, line), draft.short, view)
        return new, draft.language

    def _begin(self, launch: LaunchContext, sequence: Sequence, candidate: Candidate, new: NewMessage) -> Message:
        """Raises :class:`InputError` ``sequences.running`` (409) where somebody else was faster, keeping nothing."""
        actor = launch.user.reference
        approval = self._approvals.of(launch.tenant, sequence.steps[0].template, new.language)
        with self._runs.writing() as tx:
            written = self._queue.submit(new, actor=actor, review=True, connection=tx)
            run = self._runs.begin(
                sequence,
                tenant=launch.tenant,
                ehr=launch.ehr,
                patient=new.patient,
                measure=None,
                message_id=written.id,
                actor=actor,
                connection=tx,
            )
            if run.message_id != written.id:
                raise InputError("sequences.running", "This patient is in the sequence already.", status=409)
            if not candidate.by_itself or approval is None:
                return written
            try:
                return self._queue.approve(
                    written.id, tenant=launch.tenant, actor=approval.approver, version=written.version, connection=tx
                )
            except NotAllowedError:
                return written  # the practice wants a second person, and the wording's approver is the first

    def _made_before(self, launch: LaunchContext, sequence: Sequence, batch: str, patient_id: str) -> str | None:
        """The first message of a patient whom this batch enrolled before it was cut off."""
        patient = f"Patient/{patient_id}"
        run = self._runs.latest(launch.tenant, launch.ehr, patient, sequence.id)
        if run is None or run.message_id is None:
            return None
        first = self._queue.get(run.message_id, tenant=launch.tenant)
        return first.id if first.idempotency_key == _key(batch, patient) else None

    def _end(self, launch: LaunchContext, sequence_id: str, cancelled: Message) -> None:
        run = self._runs.latest(launch.tenant, launch.ehr, cancelled.patient, sequence_id)
        if run is not None and run.message_id == cancelled.id:
            stopped = observe(self._sequence(sequence_id), run.progress, {Stop.DISCARDED})
            self._runs.keep(run, stopped, message_id=None)

    def _sequence(self, sequence_id: str) -> Sequence:
        found = built_in_sequences().get(sequence_id)
        if found is None:
            raise NotFoundError("sequences.unknown", "There is no such sequence.")
        return found

    def _count(self, patients: Many[str]) -> None:
        if not patients:
            raise InputError("sequences.none-chosen", "Tick at least one patient first.")
        if len(patients) > MOST:
            raise InputError("sequences.too-many", f"At most {MOST} patients are enrolled at once.")

    def _now(self, launch: LaunchContext, known: Enrolled) -> Enrolled:
        states = [self._queue.get(one, tenant=launch.tenant).state for one in known.messages]
        return replace(
            known,
            waiting=sum(state in (State.QUEUED, State.FOR_REVIEW, State.HELD) for state in states),
            for_review=sum(state is State.FOR_REVIEW for state in states),
        )

    def _known(self, launch: LaunchContext) -> Enrolled | None:
        document = self._store.get(launch.handle, launch.tenant, _DOCUMENT)
        if document is None:
            return None
        held = json.loads(document)
        return Enrolled(
            held["batch"],
            held["sequence"],
            tuple(held["messages"]),
            held["refused"],
            datetime.fromisoformat(held["not_before"]),
        )

    def _keep(self, launch: LaunchContext, done: Enrolled) -> None:
        held = {
            "batch": done.batch,
            "sequence": done.sequence,
            "messages": done.messages,
            "refused": done.refused,
            "not_before": done.not_before.isoformat(),
        }
        self._store.put(launch.handle, launch.tenant, _DOCUMENT, json.dumps(held).encode())


def _key(batch: str, patient: str) -> str:
    return f"enrol:{batch}:{patient}"
