"""Whether a message may go to its patient, by what is on file of both: the routing rules brought together with a chart.

Asked when a message is shown, when it is approved, and once more right before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast

from launch.ports import Clock
from smartapp.errors import AppError
from smartapp.groups.engagement import DORMANT
from smartapp.measures.model import Measure
from smartapp.messages.channels.opt_out_words import with_opt_out
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.contact import NOTHING_READ, Contact
from smartapp.messages.policy import ALL_CHANNELS, Channel, Context, Verdict, classify_message
from smartapp.messages.queue import MessageQueue, Route
from smartapp.messages.record import PORTAL, Message
from smartapp.messages.routing import (
    Confidential,
    MessageFacts,
    Recipient,
    RoutingDecision,
    Rules,
    built_in_rules,
    route,
)
from smartapp.messages.routing.decision import Kind, free_from
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
    """Decides with the practice's rules and what is known: opt-outs, what was sent and answered before, and how the
    patient may be reached by the EHR's own records. Where those were not read, consent is unknown and nothing leaves
    the portal.
    """

    def __init__(
        self,
        *,
        queue: MessageQueue,
        opt_outs: OptOuts,
        measures: Mapping[str, Measure],
        practice: Practice,
        clock: Clock,
        channels: Collection[str] = ALL_CHANNELS,
        reengaged: Callable[[str, str, str], bool] | None = None,
        reviewed: Callable[[str, str, str], bool] | None = None,
        rules: Rules | None = None,
    ) -> None:
        """``channels`` are those that the practice has set up.

        ``reengaged`` tells by (tenant, EHR, patient) whether the patient was asked back in full or has come back;
        ``reviewed`` by (tenant, template as a message names it, language) whether a person approved the translation.
        """
        self._queue = queue
        self._opt_outs = opt_outs
        self._measures = measures
        self._practice = practice
        self._clock = clock
        self._reengaged = reengaged or (lambda tenant, ehr, patient: False)
        self._reviewed = reviewed or (lambda tenant, template, language: True)
        rules = rules or built_in_rules()
        self._rules = replace(rules, order=tuple(one for one in rules.order if one in channels))

    def verdict(self, message: Message, patient: PatientLine) -> Verdict:
        """What the text reveals, by itself and by what it is about: a neutral text of private care is private."""
        measure = self._measures.get(message.measure or "")
        about = (measure.clinical.sensitive,) if measure is not None and measure.clinical.sensitive else ()
        return self._judged(message, patient, about)

    def _judged(self, message: Message, patient: PatientLine, about: tuple[str, ...]) -> Verdict:
        return classify_message(
            {"subject": message.subject, "body": message.text},
            language=message.language,
            names=(patient.name, self._practice.name, *message.names),
            context=Context(clinic=self._practice.name, sensitive=about),
        )

    def decide(
        self,
        message: Message,
        patient: PatientLine,
        *,
        dormant: bool | None,
        today: date,
        contact: Contact = NOTHING_READ,
        short: str | None = None,
    ) -> RoutingDecision:
        """How a message goes now, and why. ``today`` is the practice's day, by which the patient's age is told.

        ``short`` is what a text message would carry instead of the message's text.
        """
        before = self._before(message)
        facts = MessageFacts(
            verdict=self.verdict(message, patient),
            kind=_kind(message),
            purpose=message.purpose,
            body=message.text,
            provider_name=self._practice.name,
            # An invitation that somebody wrote care into is about care.
            care_specific=message.purpose != _REACTIVATION or bool(self._judged(message, patient, ()).disclosure),
            translation_reviewed=self._is_reviewed(message),
            texts={"sms": with_opt_out(short or message.text, message.language)},
        )
        recipient = Recipient(
            deceased=patient.deceased,
            merged=patient.merged,
            age=patient.age_on(today),
            proxy_access=contact.others_may_read,
            dormant=dormant,
            reengaged=any(one.purpose == _REACTIVATION and one.state is State.REPLIED for one in before)
            or (dormant is not False and self._reengaged(message.tenant, message.ehr, message.patient)),
            consent={channel: contact.consent(channel) for channel in ALL_CHANNELS},
            sources={channel: contact.source(channel) for channel in ALL_CHANNELS},
            no_outreach=contact.no_outreach,
            untold=contact.untold,
            opted_out=self._opted_out(message, contact),
            part_2_by=contact.part_2_by,
            marketing_authorization=bool(contact.marketing_by),
            confidential=None
            if contact.confidential is None
            else Confidential(frozenset(contact.confidential), contact.confidential_by),
            preference=contact.preference,
            addresses=self._right_addresses(message, contact),
            state=contact.state,
        )
        counted = (*before, *self._just_called(message))
        sent = [(one.sent_at, cast(Channel, one.channel)) for one in counted if one.sent_at is not None]
        return route(facts, recipient, sent=sent, now=self._clock(), rules=self._rules)

    def route_of(self, decision: RoutingDecision, contact: Contact) -> Route:
        """The channel and address that a decision means; the portal where it names none."""
        if decision.channel is None or decision.channel == PORTAL:
            return Route()
        return Route(decision.channel, contact.addresses.get(decision.channel, ""))

    def free_at(self, message: Message) -> datetime:
        """The first moment at which the caps on frequency allow this message, by what was sent from here."""
        counted = (*self._before(message), *self._just_called(message))
        moments = [one.sent_at for one in counted if one.sent_at is not None]
        return free_from(self._rules.caps.get("any"), moments, self._clock())

    def is_behind(self, message: Message) -> bool:
        """Whether another message to this patient was taken to be sent before this one and is not settled yet.

        Workers take messages at the same moment: until the first is sent, no cap would count it.
        """
        sending = self._queue.find(
            tenant=message.tenant, patient=message.patient, ehr=message.ehr, states=(State.SENDING,)
        )
        return any((one.updated_at, one.id) < (message.updated_at, message.id) for one in sending)

    def _before(self, message: Message) -> Sequence[Message]:
        return self._queue.find(
            tenant=message.tenant,
            patient=message.patient,
            ehr=message.ehr,
            states=(State.SENT, State.REPLIED),
            limit=_LOOKED_BACK,
        )

    def _just_called(self, message: Message) -> Sequence[Message]:
        """Calls by which somebody reached the patient, that can still be taken back: they count as sent."""
        if "voice" not in self._rules.order:
            return ()
        found = self._queue.find(tenant=message.tenant, patient=message.patient, ehr=message.ehr, calls=True)
        return [one for one in found if one.sent_at is not None and one.id != message.id]

    def _right_addresses(self, message: Message, contact: Contact) -> Mapping[Channel, str]:
        """Those on file but for a number that is known to be somebody else's."""
        return {
            channel: address
            for channel, address in contact.addresses.items()
            if channel not in ("sms", "voice") or not self._opt_outs.is_wrong(tenant=message.tenant, address=address)
        }

    def _is_reviewed(self, message: Message) -> bool:
        if message.language == "en" or not message.template:
            return True  # the practice's own language, or a person's own words
        return self._reviewed(message.tenant, message.template, message.language)

    def _opted_out(self, message: Message, contact: Contact) -> frozenset[Channel]:
        """Here, by reply or link, or in the EHR: the portal is closed by a refusal, the others by want of consent."""
        here = {
            channel
            for channel in ALL_CHANNELS
            if self._opt_outs.is_out(
                tenant=message.tenant,
                patient=message.patient,
                channel=channel,
                address=contact.addresses.get(channel, ""),
            )
        }
        return frozenset(here | ({"portal"} if contact.consent("portal") == "refused" else set()))

    def refuse_forbidden(
        self, message: Message, patient: PatientLine, *, today: date, contact: Contact = NOTHING_READ
    ) -> None:
        """Raise :class:`AppError` ``messages.forbidden`` (409) for a message that may not be sent at all.

        What only has to wait is not refused: it is approved, and the worker holds it.
        """
        decision = self.decide(message, patient, dormant=False, today=today, contact=contact)
        if decision.action == "none":
            raise AppError("messages.forbidden", f"This message may not be sent. {decisive(decision)[1]}", status=409)


_DELAYING = ("translation", "re-engage-first", "no-hour", "frequency", "quiet-hours", "better-day")


def decisive(decision: RoutingDecision, channel: str = "") -> tuple[str, str]:
    """The code and the sentence of the reason that a decision hangs on.

    ``channel`` is the one that a message was approved for: if it is closed by now, that is the reason.
    """
    telling = [one for one in decision.reasons if one.code != "no-channel"]
    closed = [one for one in telling if channel and decision.channel != channel and one.code.endswith(f"-{channel}")]
    if closed:
        return closed[0].code, closed[0].text
    by_portal = [one for one in telling if one.code in ("opted-out-portal", "no-portal", "confidential-portal")]
    delaying = [one for one in telling if one.code in _DELAYING]
    chosen = (by_portal or delaying or telling)[0]
    return chosen.code, chosen.text


def _kind(message: Message) -> Kind:
    template = (message.template or "").partition("@")[0]
    try:
        return built_in().get(template).kind if template else "treatment"
    except AppError:
        return "marketing"  # nobody knows what it was for, so it needs what the strictest kind needs
