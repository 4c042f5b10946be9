"""Everything is checked again at the moment of sending: the chart, the gap, the person, what the text reveals.

A snapshot that is hours old decides nothing. What cannot be read again holds the message; it is never sent on trust.
"""

from __future__ import annotations

from datetime import timedelta

from launch.ports import AuditSink, Clock
from smartapp.measures.statuses import ClinicalStatus
from smartapp.messages.channels.by_hand import CHANNELS as BY_HAND
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.outcomes import Allow, Cancel, Check, Hold
from smartapp.messages.policy import classify_message
from smartapp.messages.record import PORTAL, Message
from smartapp.persistence.practice import GapRemarks
from smartapp.services.backend import Backend
from smartapp.services.chart import ChartService, ChartView
from smartapp.services.routed import Router, decisive, dormancy
from smartapp.services.snapshot import Snapshot

_LOOK_AGAIN, _A_MOMENT = timedelta(minutes=10), timedelta(minutes=1)
_OPEN = (ClinicalStatus.OVERDUE, ClinicalStatus.DUE, ClinicalStatus.DUE_SOON)
_BY_STAFF = (PORTAL, *BY_HAND)
"""What only a person delivers where the app may not write to the EHR itself. Text messages and e-mail leave without
one: they need consent and hour as the EHR has them now."""
_SETTLED = (ClinicalStatus.UP_TO_DATE, ClinicalStatus.EXCLUDED, ClinicalStatus.NOT_APPLICABLE)


class Recheck:
    """The last question before a send; see :data:`smartapp.messages.worker.Recheck`."""

    def __init__(
        self,
        *,
        backend: Backend,
        chart: ChartService,
        remarks: GapRemarks,
        opt_outs: OptOuts,
        router: Router,
        audit: AuditSink,
        clock: Clock,
    ) -> None:
        self._backend = backend
        self._chart = chart
        self._remarks = remarks
        self._opt_outs = opt_outs
        self._router = router
        self._audit = audit
        self._clock = clock

    def __call__(self, message: Message) -> Check:
        """Whether the message may go now. Raises ``AppError`` where the EHR cannot be asked: tried again later."""
        check = self._check(message)
        self._audit.record(
            "message.recheck",
            "success" if isinstance(check, Allow) else "refused",
            actor="system",
            tenant=message.tenant,
            patient=message.patient,
            detail={"message": message.id} | ({} if isinstance(check, Allow) else {"reason": check.reason}),
        )
        return check

    def _check(self, message: Message) -> Check:
        asked = self._opt_outs.check(message)
        if not isinstance(asked, Allow):
            return asked
        if not may_leave(message):
            return Cancel("recheck.portal-only")
        if self._router.is_behind(message):
            return Hold("routing.frequency", self._clock() + _A_MOMENT)
        return self._unread(message) if self._backend.ehr_of(message) is None else self._by_chart(message)

    def _by_chart(self, message: Message) -> Check:
        snapshot = self._read(message)
        if snapshot.patient.deceased:
            return Cancel("recheck.deceased")
        if snapshot.patient.merged:
            return Cancel("recheck.merged")
        view = self._chart.evaluate(snapshot)
        due = Allow() if message.measure is None else self._gap(message, view)
        return self._routed(message, view) if isinstance(due, Allow) else due

    def _unread(self, message: Message) -> Check:
        if message.channel not in _BY_STAFF:
            return Hold("recheck.no-backend")
        # Nobody but a person can deliver, and a person sees the chart: the message goes to staff, in its time.
        free = self._router.free_at(message)
        return Hold("routing.frequency", free) if free > self._clock() else Allow()

    def _routed(self, message: Message, view: ChartView) -> Check:
        """Whether the person may get it, over this channel, now: the routing rules, by the chart as it is."""
        patient, dormant = view.snapshot.patient, dormancy(view.memberships)
        contact = view.snapshot.contact
        decision = self._router.decide(message, patient, dormant=dormant, today=view.as_of, contact=contact)
        if decision.channel not in (None, message.channel):
            # What was approved was approved for one channel. Another one is for a person to decide.
            return Hold(f"routing.{decisive(decision, message.channel)[0]}")
        if message.channel != PORTAL and contact.addresses.get(decision.channel or "portal", "") != message.address:
            return Hold(f"routing.address-{message.channel}")
        if decision.action == "send":
            missed = self._may_have_missed(message, view)
            return Hold("recheck.consents-unread", self._clock() + _LOOK_AGAIN) if missed else Allow()
        return Hold(f"routing.{decisive(decision, message.channel)[0]}", decision.not_before)

    def _may_have_missed(self, message: Message, view: ChartView) -> bool:
        """Whether there could be an opt-out that the EHR did not tell of just now: its answer failed or was cut.

        An EHR that keeps no consents, or does not let us read them, is not waited for: the page says so.
        """
        if view.snapshot.contact.consents_read not in ("failed", "cut"):
            return False
        port = self._backend.port_for(message)
        return port is not None and port.should_answer("Consent")

    def _gap(self, message: Message, view: ChartView) -> Check:
        if any(one.measure == message.measure for one in self._remarks.active(message.tenant, message.patient)):
            return Cancel("recheck.dismissed")
        results = view.results
        status = next((r.clinical_status for measure, r in results if measure.id == message.measure), None)
        if status in _OPEN:
            return Allow()
        if status in _SETTLED:
            return Cancel("recheck.closed")
        return Hold("recheck.stale", self._clock() + _LOOK_AGAIN)

    def _read(self, message: Message) -> Snapshot:
        ehr = self._backend.ehr_of(message)
        assert ehr is not None
        return self._chart.read_now(self._backend.context(ehr, message.patient.removeprefix("Patient/")))


def may_leave(message: Message) -> bool:
    """Whether the content policy lets the text go over the message's channel, judged anew."""
    if message.channel == PORTAL:
        return True
    parts = {"subject": message.subject, "body": message.text}
    verdict = classify_message(parts, language=message.language, names=message.names)
    return message.channel in verdict.channels
