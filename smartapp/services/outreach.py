"""Draft a message for a gap, have it approved, and check everything again before it is sent.

A text is classified here and nowhere else before it is kept; nothing that a user can press sends it over a channel
that its content does not permit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from launch.context import LaunchContext
from smartapp.day_words import day_text
from smartapp.errors import InputError, NotFoundError
from smartapp.measures.model import Measure
from smartapp.messages.drafting import Draft
from smartapp.messages.ledger import Event
from smartapp.messages.policy import Verdict
from smartapp.messages.queue import MessageQueue, Route
from smartapp.messages.record import PORTAL, Message, NewMessage, first_draft
from smartapp.messages.routing import RoutingDecision
from smartapp.messages.sequence_runs import SequenceRuns, re_engagement
from smartapp.messages.states import State
from smartapp.services.chart import ChartView
from smartapp.services.patient_line import PatientLine
from smartapp.services.routed import Practice, Router, dormancy
from smartapp.services.snapshot import Snapshot
from smartapp.services.wordings import Wordings


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom a draft is, about what, and who asks. ``key`` is the same where the same is asked twice."""

    tenant: str
    ehr: str
    patient: str
    measure: str | None
    sender: str
    key: str
    campaign: str | None = None
    launch: str | None = None


class OutreachService:
    """Messages of one launch's patient. Every method checks that the message is this patient's."""

    def __init__(
        self, *, queue: MessageQueue, practice: Practice, router: Router, wordings: Wordings, runs: SequenceRuns
    ) -> None:
        self._queue = queue
        self._router = router
        self._practice = practice
        self._wordings = wordings
        self._runs = runs

    def draft(self, launch: LaunchContext, measure: Measure, view: ChartView) -> Message:
        """A first text for a gap, by the channel that the rules choose for it.

        Asking again while it is under way gives the same draft, not a second one. A patient who is dormant, or of whom
        that cannot be told, is asked back first, without a word of the gap (R17): that begins the sequence which the
        worker carries on. Raises :class:`InputError` ``messages.asked-back`` (409) while it is under way.
        """
        patient, key = f"Patient/{launch.patient}", self._key(launch, measure)
        there = next((one for one in self.of_patient(launch) if one.idempotency_key == key), None)
        if there is not None:
            return there
        line = view.snapshot.patient
        dormant = dormancy(view.memberships) is not False
        asks_back = dormant and not self._runs.care_may_follow(launch.tenant, launch.ehr, patient)
        enrolled = self._asked_already(launch, patient) if asks_back else None
        if enrolled is not None:
            return enrolled
        draft = self._wordings.for_gap(launch.tenant, measure, line, dormant=asks_back)
        asked = Asked(launch.tenant, launch.ehr, patient, measure.id, launch.user.reference, key, launch=launch.handle)
        new = self.by_its_channel(self.message_of(draft, asked, line), draft.short, view)
        with self._runs.writing() as tx:
            drafted = self._queue.submit(new, actor=launch.user.reference, connection=tx)
            if asks_back:
                self._runs.begin(
                    re_engagement(),
                    tenant=launch.tenant,
                    ehr=launch.ehr,
                    patient=patient,
                    measure=measure.id,
                    message_id=drafted.id,
                    actor=launch.user.reference,
                    connection=tx,
                )
        return drafted

    def _asked_already(self, launch: LaunchContext, patient: str) -> Message | None:
        """The invitation of somebody who was enrolled with others and that was not sent yet.

        Raises :class:`InputError` ``messages.asked-back`` (409) once an invitation was sent.
        """
        run = self._runs.latest(launch.tenant, launch.ehr, patient)
        if run is None or run.progress.status != "running":
            return None
        under_way = next((one for one in self.of_patient(launch) if one.id == run.message_id), None)
        if under_way is None or under_way.state in (State.SENT, State.REPLIED):
            raise InputError(
                "messages.asked-back",
                f"This patient is being asked back already; the next step is due on {day_text(run.progress.due)}.",
                status=409,
            )
        return under_way if under_way.campaign else None

    def message_of(self, draft: Draft, asked: Asked, patient: PatientLine) -> NewMessage:
        """What is asked to be sent where a draft is, to the portal; it may name the patient and the practice."""
        return NewMessage(
            tenant=asked.tenant,
            ehr=asked.ehr,
            patient=asked.patient,
            purpose=draft.purpose,
            subject=draft.subject,
            text=draft.body,
            language=draft.language,
            template=draft.template,
            measure=asked.measure,
            sender=asked.sender,
            idempotency_key=asked.key,
            campaign=asked.campaign,
            launch=asked.launch,
            names=tuple(name for name in (patient.name, self._practice.name) if name),
        )

    def by_its_channel(
        self, new: NewMessage, short: str | None, view: ChartView, *, by_voice: bool = False
    ) -> NewMessage:
        """The message on the channel that the rules choose; ``short`` is its text for a phone.

        ``by_voice``: by a call where that is open, whatever the patient prefers.
        """
        probe = first_draft(new, "", new.sender, view.snapshot.read_at)
        if by_voice:
            preferring = replace(view.snapshot.contact, preference="voice")
            view = replace(view, snapshot=replace(view.snapshot, contact=preferring))
        route = self._router.route_of(self._decision(probe, view, short), view.snapshot.contact)
        if route.channel == PORTAL:
            return new
        text = short if route.channel == "sms" and short else new.text
        return replace(new, channel=route.channel, address=route.address, portal_only=False, text=text)

    def _decision(self, message: Message, view: ChartView, short: str | None = None) -> RoutingDecision:
        return self._router.decide(
            message,
            view.snapshot.patient,
            dormant=dormancy(view.memberships),
            today=view.as_of,
            contact=view.snapshot.contact,
            short=short,
        )

    def verdict(self, message: Message, snapshot: Snapshot) -> Verdict:
        """What the text reveals, and to which channels that leaves it."""
        return self._router.verdict(message, snapshot.patient)

    def routing(self, message: Message, view: ChartView) -> RoutingDecision:
        """How a message would go if it were sent now, and why."""
        return self._decision(message, view)

    def refuse_forbidden(self, message: Message, snapshot: Snapshot, today: date) -> None:
        """Raise :class:`AppError` ``messages.forbidden`` where a message may not be sent to its patient at all."""
        self._router.refuse_forbidden(message, snapshot.patient, today=today, contact=snapshot.contact)

    @property
    def practice(self) -> Practice:
        """Who the messages come from."""
        return self._practice

    def get(self, launch: LaunchContext, message_id: str) -> Message:
        """One message of this launch's patient; :class:`NotFoundError` for any other."""
        message = self._queue.get(message_id, tenant=launch.tenant)
        if message.patient != f"Patient/{launch.patient}" or message.ehr != launch.ehr:
            raise NotFoundError("messages.unknown", "There is no such message.")
        return message

    def of_patient(self, launch: LaunchContext) -> Sequence[Message]:
        """The messages of this launch's patient, the newest first."""
        return self._queue.find(tenant=launch.tenant, patient=f"Patient/{launch.patient}", ehr=launch.ehr)

    def history(self, launch: LaunchContext, message_id: str) -> Sequence[Event]:
        """Where a message was, in order."""
        return self._queue.events(tenant=launch.tenant, message_id=self.get(launch, message_id).id)

    def edit(
        self, launch: LaunchContext, message_id: str, *, version: int, subject: str, body: str, view: ChartView
    ) -> Message:
        """Change the text, and with it the channel that it may go by; an approval is void from then on."""
        message = self.get(launch, message_id)
        self._unchanged(message, version)
        changed = replace(message, subject=subject, text=body)
        return self._queue.edit(
            message_id,
            tenant=launch.tenant,
            actor=launch.user.reference,
            subject=subject,
            text=body,
            route=self._router.route_of(self._decision(changed, view), view.snapshot.contact),
            launch=launch.handle,
        )

    def reroute(self, launch: LaunchContext, message_id: str, *, version: int, view: ChartView) -> Message:
        """Put a message on the channel that the rules choose by now; it has to be approved again."""
        message = self.get(launch, message_id)
        self._unchanged(message, version)
        return self._queue.edit(
            message_id,
            tenant=launch.tenant,
            actor=launch.user.reference,
            text=message.text,
            route=self._router.route_of(self._decision(message, view), view.snapshot.contact),
            launch=launch.handle,
            reason="messages.rerouted",
        )

    def approve(self, launch: LaunchContext, message_id: str, *, version: int, view: ChartView) -> Message:
        """Approve the text that the user saw and queue it: one transaction with its event and audit entry.

        Where the rules choose another channel by now it is put there and left for the user to read again. Raises
        :class:`AppError` ``messages.forbidden`` where it may not be sent to this patient at all.
        """
        message = self.get(launch, message_id)
        self.refuse_forbidden(message, view.snapshot, view.as_of)
        if message.state in (State.DRAFT, State.FOR_REVIEW) and not self.is_on_its_way(message, view):
            return self.reroute(launch, message_id, version=version, view=view)
        return self._queue.approve(
            message.id, tenant=launch.tenant, actor=launch.user.reference, version=version, launch=launch.handle
        )

    def is_on_its_way(self, message: Message, view: ChartView) -> bool:
        """Whether the message is on the channel, and to the address, that the rules choose for it now."""
        decision = self._decision(message, view)
        if decision.channel is None:
            return message.channel == PORTAL
        return self._router.route_of(decision, view.snapshot.contact) == Route(message.channel, message.address)

    def cancel(self, launch: LaunchContext, message_id: str) -> Message:
        """Take a message back that is not sent yet."""
        message = self.get(launch, message_id)
        return self._queue.cancel(message.id, tenant=launch.tenant, actor=launch.user.reference, launch=launch.handle)

    def _key(self, launch: LaunchContext, measure: Measure) -> str:
        """The same for one gap until its message is over, so that a double click makes one draft."""
        over = sum(
            1
            for message in self.of_patient(launch)
            if message.measure == measure.id
            and message.state in (State.CANCELLED, State.SENT, State.REPLIED, State.DEAD_LETTER)
        )
        return f"gap:{launch.ehr}:{launch.patient}:{measure.id}:{over}"

    def _unchanged(self, message: Message, version: int) -> None:
        if message.version != version:
            raise InputError(
                "messages.changed", "Somebody changed this text meanwhile. Reload to see theirs.", status=409
            )
