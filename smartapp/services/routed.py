"""Whether a message may go to its patient, by what is on file of both: the routing rules brought together with a chart.

Asked when a message is shown, when it is approved, and once more right before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from launch.ports import Clock
from smartapp.errors import AppError
from smartapp.groups.engagement import DORMANT
from smartapp.measures.model import Measure
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.policy import ALL_CHANNELS, Channel, Context, Verdict, classify_message
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import Message
from smartapp.messages.routing import MessageFacts, Recipient, RoutingDecision, Rules, built_in_rules, route
from smartapp.messages.routing.decision import Kind
from smartapp.messages.states import State
from smartapp.messages.templates import built_in
from smartapp.services.chart import Membership
from smartapp.services.patient_line import PatientLine

_REACTIVATION = "reactivation"
_LOOKED_BACK = 20


@dataclass(frozen=True, slots=True)
class Practice:
    """Who the messages come from, as patients know them."""

    name: str
    phone: str


def dormancy(memberships: Iterable[Membership]) -> bool | None:
    """Whether the patient is dormant (R17); None where it cannot be told. False where a practice has no such group."""
    return next((one.truth for one in memberships if one.group.id == DORMANT), False)


class Router:
    """Decides with the practice's rules and what is known here: opt-outs, and what was sent and answered before.

    Consent to a channel outside the portal is not read from the EHR, so it is unknown, and nothing leaves the portal.
    """

    def __init__(
        self,
        *,
        queue: MessageQueue,
        opt_outs: OptOuts,
        measures: Mapping[str, Measure],
        practice: Practice,
        clock: Clock,
        rules: Rules | None = None,
    ) -> None:
        self._queue = queue
        self._opt_outs = opt_outs
        self._measures = measures
        self._practice = practice
        self._clock = clock
        self._rules = rules or built_in_rules()

    def verdict(self, message: Message, patient: PatientLine) -> Verdict:
        """What the text reveals, by itself and by what it is about: a neutral text of private care is private."""
        measure = self._measures.get(message.measure or "")
        about = (measure.clinical.sensitive,) if measure is not None and measure.clinical.sensitive else ()
        return self._judged(message, patient, about)

    def _judged(self, message: Message, patient: PatientLine, about: tuple[str, ...]) -> Verdict:
        return classify_message(
            {"subject": message.subject, "body": message.text},
            language=message.language,
            names=(patient.name, self._practice.name),
            context=Context(clinic=self._practice.name, sensitive=about),
        )

    def decide(self, message: Message, patient: PatientLine, *, dormant: bool | None, today: date) -> RoutingDecision:
        """How a message goes now, and why. ``today`` is the practice's day, by which the patient's age is told."""
        before = self._queue.find(
            tenant=message.tenant,
            patient=message.patient,
            ehr=message.ehr,
            states=(State.SENT, State.REPLIED),
            limit=_LOOKED_BACK,
        )
        facts = MessageFacts(
            verdict=self.verdict(message, patient),
            kind=_kind(message),
            purpose=message.purpose,
            body=message.text,
            provider_name=self._practice.name,
            # An invitation that somebody wrote care into is about care.
            care_specific=message.purpose != _REACTIVATION or bool(self._judged(message, patient, ()).disclosure),
        )
        recipient = Recipient(
            deceased=patient.deceased,
            merged=patient.merged,
            age=patient.age_on(today),
            dormant=dormant,
            reengaged=any(one.purpose == _REACTIVATION and one.state is State.REPLIED for one in before),
            opted_out=frozenset(
                channel
                for channel in ALL_CHANNELS
                if self._opt_outs.is_out(tenant=message.tenant, patient=message.patient, channel=channel)
            ),
            preference="portal",
        )
        sent = [(one.sent_at, cast(Channel, one.channel)) for one in before if one.sent_at is not None]
        return route(facts, recipient, sent=sent, now=self._clock(), rules=self._rules)

    def refuse_forbidden(self, message: Message, patient: PatientLine, *, today: date) -> None:
        """Raise :class:`AppError` ``messages.forbidden`` (409) for a message that may not be sent at all.

        What only has to wait is not refused: it is approved, and the worker holds it.
        """
        decision = self.decide(message, patient, dormant=False, today=today)
        if decision.action == "none":
            raise AppError("messages.forbidden", f"This message may not be sent. {decisive(decision)[1]}", status=409)


def decisive(decision: RoutingDecision) -> tuple[str, str]:
    """The code and the sentence of the reason that a decision hangs on."""
    telling = [one for one in decision.reasons if one.code != "no-channel"]
    by_portal = [one for one in telling if one.code in ("opted-out-portal", "no-portal", "confidential-portal")]
    delaying = [one for one in telling if one.code in ("re-engage-first", "frequency", "translation")]
    chosen = (by_portal or delaying or telling)[0]
    return chosen.code, chosen.text


def _kind(message: Message) -> Kind:
    template = (message.template or "").partition("@")[0]
    try:
        return built_in().get(template).kind if template else "treatment"
    except AppError:
        return "marketing"  # nobody knows what it was for, so it needs what the strictest kind needs
