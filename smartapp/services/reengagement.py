"""The sequences that are under way, carried on by the worker from day to day: the next step, or the reason to stop.

A step whose wording somebody in the practice approved is sent in that person's name; any other waits for review. The
chart is read anew before each step; what cannot be read is looked at again later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from launch.ports import Clock
from smartapp.audit.logs import Safe
from smartapp.errors import AppError
from smartapp.facts.instants import instant
from smartapp.measures.statuses import ClinicalStatus
from smartapp.messages.approvals import Approvals
from smartapp.messages.channels.opt_outs import REASON as OPTED_OUT
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import Message
from smartapp.messages.sequence_runs import ACTOR, Run, SequenceRuns
from smartapp.messages.sequences import (
    Progress,
    Sequence,
    Step,
    Stop,
    built_in_sequences,
    due_step,
    observe,
    sent,
    settle,
)
from smartapp.messages.states import State
from smartapp.services.backend import Backend
from smartapp.services.chart import ChartService, ChartView
from smartapp.services.outreach import Asked, OutreachService
from smartapp.services.patient_line import PatientLine
from smartapp.services.routed import dormancy
from smartapp.services.wordings import Wordings

_log = logging.getLogger(__name__)
_LATER = timedelta(minutes=10)
_CLOSED = (ClinicalStatus.UP_TO_DATE, ClinicalStatus.EXCLUDED)
_BOOKED = frozenset({"booked", "pending", "arrived", "checked-in", "fulfilled"})
_OVER = {State.SENT, State.REPLIED}
_BEYOND_A_PERSON = {
    "recheck.deceased": Stop.DECEASED,
    "recheck.closed": Stop.GAP_CLOSED,
    OPTED_OUT: Stop.OPTED_OUT,
}


class Reengagement:
    """A chore of the worker: :meth:`carry_on` is called now and then."""

    def __init__(
        self,
        *,
        runs: SequenceRuns,
        queue: MessageQueue,
        outreach: OutreachService,
        wordings: Wordings,
        approvals: Approvals,
        opt_outs: OptOuts,
        backend: Backend,
        chart: ChartService,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._queue = queue
        self._outreach = outreach
        self._wordings = wordings
        self._approvals = approvals
        self._opt_outs = opt_outs
        self._backend = backend
        self._chart = chart
        self._clock = clock

    def carry_on(self) -> int:
        """Look at the runs whose time has come; how many there were."""
        runs = self._runs.take_due()
        for run in runs:
            try:
                self._look_at(run)
            except AppError as error:
                # It was put off when it was taken: another look comes by itself.
                _log.warning("sequence %s: %s", Safe(run.id), error)
        return len(runs)

    def _look_at(self, run: Run) -> None:
        sequence = built_in_sequences().get(run.progress.sequence)
        if sequence is None or sequence.version != run.progress.version:
            self._runs.keep(run, observe_discarded(run.progress), message_id=None)
            return
        now, progress, message_id = self._clock(), run.progress, run.message_id
        message = None if message_id is None else self._queue.get(message_id, tenant=run.tenant)
        if message is not None and message.state is State.CANCELLED:
            stop = _BEYOND_A_PERSON.get(message.reason or "", Stop.DISCARDED)
            self._runs.keep(run, observe(sequence, progress, {stop}), message_id=None)
            return
        if message is not None and message.state not in _OVER:
            return  # somebody has to approve it, or its hour has to come
        if message is not None:
            progress = sent(sequence, progress, message.sent_at or now)
            message_id = None
        view = self._read(run) if now >= progress.due else None
        progress = observe(sequence, progress, set(self._events(run, message, view)))
        progress = settle(sequence, progress, now)
        step = due_step(sequence, progress, now)
        if step is not None:
            message_id = self._written(run, progress, step, view).id
        self._runs.keep(run, progress, message_id=message_id)

    def _events(self, run: Run, message: Message | None, view: ChartView | None) -> Iterator[Stop]:
        """What has happened since it began, of what may end it."""
        if message is not None and message.state is State.REPLIED:
            yield Stop.REPLIED
        if self._opt_outs.is_out(tenant=run.tenant, patient=run.patient, channel="portal"):
            yield Stop.OPTED_OUT
        if view is None:
            return
        if view.snapshot.patient.deceased:
            yield Stop.DECEASED
        if view.snapshot.contact.no_outreach:
            yield Stop.OPTED_OUT
        if dormancy(view.memberships) is False or is_booked(view, self._clock()):
            yield Stop.APPOINTMENT_MADE
        if any(m.id == run.measure and r.clinical_status in _CLOSED for m, r in view.results):
            yield Stop.GAP_CLOSED

    def _written(self, run: Run, progress: Progress, step: Step, view: ChartView | None) -> Message:
        """The step's message: queued where its wording was approved for this, else for review."""
        patient = view.snapshot.patient if view is not None else _unread(run)
        draft = self._wordings.of(run.tenant, step.template, patient)
        key = f"sequence:{run.id}:{progress.next_step}"
        asked = Asked(run.tenant, run.ehr, run.patient, run.measure, run.author, key, campaign=progress.sequence)
        new = self._outreach.message_of(draft, asked, patient)
        if view is not None:
            new = self._outreach.by_its_channel(new, draft.short, view, by_voice=step.task)
        approval = self._approvals.of(run.tenant, step.template, draft.language)
        written = self._queue.submit(new, actor=ACTOR, review=True)
        # A call that no list of calls takes is for a person to make: it is not sent to the portal instead.
        alone = view is not None and (not step.task or new.channel == "voice")
        if approval is None or not alone or written.state is not State.FOR_REVIEW:
            return written
        return self._queue.approve(written.id, tenant=run.tenant, actor=approval.approver, version=written.version)

    def _read(self, run: Run) -> ChartView | None:
        """The chart as it is; None where only people can read it."""
        ehr = self._backend.ehr_by_name(run.ehr, run.tenant)
        if ehr is None:
            return None
        launch = self._backend.context(ehr, run.patient.removeprefix("Patient/"))
        return self._chart.evaluate(self._chart.read_now(launch))


def is_booked(view: ChartView, now: datetime) -> bool:
    """Whether the patient has a visit to come."""
    after = instant(now)
    return any(
        event.kind == "Appointment" and event.status in _BOOKED and event.start is not None and event.start > after
        for event in view.snapshot.facts.events
    )


def observe_discarded(progress: Progress) -> Progress:
    """A run of a sequence that there is no more, or in another version, ends: nobody knows what was to come."""
    gone = Sequence(progress.sequence, progress.version, (), frozenset(), 0)
    return observe(gone, progress, {Stop.DISCARDED})


def _unread(run: Run) -> PatientLine:
    return PatientLine(run.patient.removeprefix("Patient/"), "", None, None, "", deceased=False, language=None)
