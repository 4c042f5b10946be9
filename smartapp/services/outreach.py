"""Draft a message for a gap, have it approved, and check everything again before it is sent.

A text is classified here and nowhere else before it is kept; nothing that a user can press sends it over a channel
that its content does not permit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from launch.context import LaunchContext
from smartapp.errors import InputError, NotFoundError
from smartapp.measures.model import Measure
from smartapp.messages.drafting import Draft, draft_for_gap
from smartapp.messages.ledger import Event
from smartapp.messages.policy import Verdict
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import Message, NewMessage
from smartapp.messages.routing import RoutingDecision
from smartapp.messages.states import State
from smartapp.services.chart import ChartView
from smartapp.services.patient_line import PatientLine
from smartapp.services.routed import Practice, Router, dormancy
from smartapp.services.snapshot import Snapshot

_NO_NUMBER = "555-0100"
_AT_NO_NUMBER = re.compile(rf",?\s+(?:(?:at|al)\s+)?{_NO_NUMBER}")
"""A number that belongs to nobody, and the words around it: taken out again before anybody sees the text."""


class OutreachService:
    """Messages of one launch's patient. Every method checks that the message is this patient's."""

    def __init__(self, *, queue: MessageQueue, practice: Practice, router: Router) -> None:
        self._queue = queue
        self._router = router
        self._practice = practice

    def draft(self, launch: LaunchContext, measure: Measure, snapshot: Snapshot, *, dormant: bool) -> Message:
        """A first text for a gap. Asking again while it is under way gives the same draft, not a second one.

        A ``dormant`` patient is asked back first, without a word of the gap (R17).
        """
        draft = self._text_for(measure, snapshot, dormant=dormant)
        return self._queue.submit(
            NewMessage(
                tenant=launch.tenant,
                ehr=launch.ehr,
                patient=f"Patient/{launch.patient}",
                purpose=draft.purpose,
                subject=draft.subject,
                text=draft.body,
                language=draft.language,
                template=draft.template,
                measure=measure.id,
                sender=launch.user.reference,
                idempotency_key=self._key(launch, measure),
                launch=launch.handle,
            ),
            actor=launch.user.reference,
        )

    def _text_for(self, measure: Measure, snapshot: Snapshot, *, dormant: bool) -> Draft:
        """The template's words for this gap, in the patient's language where a person has approved the translation."""

        def draft(language: str) -> Draft:
            return draft_for_gap(
                measure.id,
                title=measure.clinical.plain_title or measure.title,
                patient_name=snapshot.patient.name,
                practice_name=self._practice.name,
                practice_phone=self._practice.phone or _NO_NUMBER,
                language=language,
                dormant=dormant,
            )

        first = draft(snapshot.patient.language or "en")
        chosen = draft("en") if first.needs else first
        # A practice that has not set its number yet can be answered in the portal all the same.
        return chosen if self._practice.phone else replace(chosen, body=_AT_NO_NUMBER.sub("", chosen.body))

    def verdict(self, message: Message, snapshot: Snapshot) -> Verdict:
        """What the text reveals, and to which channels that leaves it."""
        return self._router.verdict(message, snapshot.patient)

    def routing(self, message: Message, view: ChartView) -> RoutingDecision:
        """How a message would go if it were sent now, and why."""
        dormant = dormancy(view.memberships)
        return self._router.decide(message, view.snapshot.patient, dormant=dormant, today=view.as_of)

    def refuse_forbidden(self, message: Message, patient: PatientLine, today: date) -> None:
        """Raise :class:`AppError` ``messages.forbidden`` where a message may not be sent to its patient at all."""
        self._router.refuse_forbidden(message, patient, today=today)

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

    def edit(self, launch: LaunchContext, message_id: str, *, version: int, subject: str, body: str) -> Message:
        """Change the text; an approval is void from then on."""
        self._unchanged(self.get(launch, message_id), version)
        return self._queue.edit(
            message_id,
            tenant=launch.tenant,
            actor=launch.user.reference,
            subject=subject,
            text=body,
            launch=launch.handle,
        )

    def approve(
        self, launch: LaunchContext, message_id: str, *, version: int, patient: PatientLine, today: date
    ) -> Message:
        """Approve the text that the user saw and queue it: one transaction with its event and audit entry.

        Raises :class:`AppError` ``messages.forbidden`` where it may not be sent to this ``patient`` at all.
        """
        message = self.get(launch, message_id)
        self._router.refuse_forbidden(message, patient, today=today)
        return self._queue.approve(
            message.id, tenant=launch.tenant, actor=launch.user.reference, version=version, launch=launch.handle
        )

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
