"""The channel of a message, or why it waits, or why it is never sent.

In this order: the person, the content policy, consent and opt-out, a confidential-communication request,
the documented preference; then re-engagement before care (R17), frequency and the hour. Each step only
takes channels away; each says why. Nothing is guessed from age or sex (R76).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from smartapp.messages.policy import Channel, Verdict
from smartapp.messages.routing.rules import Cap, Rules
from smartapp.messages.routing.timing import next_allowed, preferred_time

Consent = Literal["given", "refused", "unknown"]
Kind = Literal["treatment", "operations", "marketing"]
PART_2 = "42 CFR Part 2"
UNTOLD = "consents-unread"
"""The code of the reason that an opt-out on file could have been missed."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Confidential:
    """A request under 45 CFR 164.522(b): only by these channels. ``source`` names the record."""

    channels: frozenset[Channel]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """What is on file of the person, as the caller read it; whatever is not known is None or empty.

    ``consent`` is by channel; ``addresses`` those that the patient gave (a shared or a proxy's address is
    not one). ``reengaged``: the re-engagement sequence is over, or the patient has come back. ``sources`` say by
    channel where its consent stands; ``part_2_by`` names the consent under 42 CFR Part 2, ``no_outreach`` the record
    by which the patient wants none; ``untold`` says why such a record could have been missed.
    """

    deceased: bool = False
    merged: bool = False
    age: int | None = None
    proxy_access: bool = False
    proxy_free_attested: bool = False
    part_2_by: str = ""
    dormant: bool | None = None
    reengaged: bool = False
    portal_account: bool = True
    consent: Mapping[Channel, Consent] = field(default_factory=dict)
    sources: Mapping[Channel, str] = field(default_factory=dict)
    no_outreach: str = ""
    untold: str = ""
    opted_out: frozenset[Channel] = frozenset()
    marketing_authorization: bool = False
    confidential: Confidential | None = None
    preference: Channel | None = None
    addresses: Mapping[Channel, str] = field(default_factory=dict)
    zone: str | None = None
    state: str | None = None
    answers_on: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What is to be sent. ``care_specific``: it speaks of, or is due to, particular care.

    ``texts`` is the text of each channel where it differs from the body; ``urgent`` (a reminder of
    tomorrow's visit) does not wait for a better weekday; ``has_address``: a marketing mail carries the
    practice's postal address.
    """

    verdict: Verdict
    kind: Kind
    purpose: str
    body: str
    provider_name: str
    care_specific: bool = True
    urgent: bool = False
    translation_reviewed: bool = True
    has_address: bool = False
    texts: Mapping[Channel, str] = field(default_factory=dict)

    def text(self, channel: Channel) -> str:
        return self.texts.get(channel, self.body)


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code, and a sentence for the staff's page."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """``channel`` to send by from ``not_before`` on; or ``hold`` until then or for a person; or ``none``, never."""

    action: Literal["send", "hold", "none"]
    channel: Channel | None
    not_before: datetime | None
    reasons: tuple[Reason, ...]


def route(
    message: MessageFacts,
    recipient: Recipient,
    *,
    sent: Sequence[tuple[datetime, Channel]],
    now: datetime,
    rules: Rules,
) -> RoutingDecision:
    """Decide how a message goes. ``sent`` are the moments and channels of what was sent before, all campaigns.

    ``now`` and all moments are aware. To be asked again at the moment of sending.
    """
    never = _never(message, recipient, rules)
    if never is not None:
        return RoutingDecision("none", None, None, (never,))
    reasons: list[Reason] = []
    channels = [c for c in rules.order if _open(c, message, recipient, rules, reasons)]
    if not channels:
        return RoutingDecision("none", None, None, (*reasons, Reason("no-channel", "No channel is left.")))
    if not message.translation_reviewed:
        reasons.append(Reason("translation", "The translation has not been reviewed by a person."))
        return RoutingDecision("hold", None, None, tuple(reasons))
    # R17.
    if recipient.dormant is not False and message.care_specific and not recipient.reengaged:
        text = "Has not been seen for a year, or that is not known: asked back first."
        return RoutingDecision("hold", None, None, (*reasons, Reason("re-engage-first", text)))
    channel = recipient.preference if recipient.preference in channels else channels[0]
    if recipient.preference and channel != recipient.preference:
        reasons.append(
            Reason("preference-closed", f"Prefers {CHANNEL_NAMES[recipient.preference]}, which this may not use.")
        )
    reasons.append(Reason("channel", _why(channel, recipient)))
    if PART_2 in message.verdict.sensitive:
        reasons.append(
            Reason("part-2-consent", f"Substance use care, by the patient's consent: {recipient.part_2_by}.")
        )
    if recipient.untold:
        reasons.append(Reason(UNTOLD, f"Not known whether messages are wanted: {recipient.untold}."))
    free = _free(channel, sent, now, rules)
    if free > now:
        reasons.append(Reason("frequency", "Enough was sent lately, by all campaigns together."))
    moment = free
    if channel in rules.quiet:
        moment_or_none = _hour(message, recipient, free, rules, reasons)
        if moment_or_none is None:
            return RoutingDecision("hold", channel, None, tuple(reasons))
        moment = moment_or_none
    return RoutingDecision("hold" if moment > now else "send", channel, moment, tuple(reasons))


CHANNEL_NAMES: Mapping[Channel, str] = {
    "portal": "the portal", "sms": "text message", "email": "e-mail", "voice": "call", "letter": "letter",
}  # fmt: skip
"""What a channel is called where staff read of it."""


def _never(message: MessageFacts, recipient: Recipient, rules: Rules) -> Reason | None:
    """Why a message is sent by no channel at all, the portal included."""
    if recipient.deceased:
        return Reason("deceased", "The patient has died.")
    if recipient.merged:
        return Reason("merged", "This record was merged into another one.")
    if recipient.no_outreach:
        return Reason("no-outreach", f"Wants no messages at all: {recipient.no_outreach}.")
    if message.kind == "marketing" and not recipient.marketing_authorization:
        return Reason("marketing", "Marketing needs the patient's own authorization (45 CFR 164.508).")
    if PART_2 in message.verdict.sensitive and not recipient.part_2_by:
        return Reason("part-2", "Substance use care is not written about without consent (42 CFR Part 2).")
    return _read_by_others(recipient, rules) if message.verdict.sensitive else None


def _read_by_others(recipient: Recipient, rules: Rules) -> Reason | None:
    """Why a sensitive text is not even for the portal: a parent or proxy could read it (45 CFR 164.502(g))."""
    youngest, oldest = rules.own_say
    if recipient.proxy_free_attested:
        return None
    if recipient.age is None or youngest <= recipient.age <= oldest:
        return Reason("minor", "A young patient's private matter: nobody attested that only they can read it.")
    if recipient.age < youngest or recipient.proxy_access:
        return Reason("proxy", "A private matter that a proxy, if there is one, could read in the portal.")
    return None


def _open(channel: Channel, message: MessageFacts, recipient: Recipient, rules: Rules, reasons: list[Reason]) -> bool:
    """Whether one channel is left; why not is added to ``reasons``."""
    closed = (
        _closed_by_policy(channel, message, rules)
        or _closed_by_consent(channel, recipient)
        or _closed_by_request(channel, recipient)
    )
    if closed:
        reasons.append(closed)
    return closed is None


def _closed_by_policy(channel: Channel, message: MessageFacts, rules: Rules) -> Reason | None:
    # A consent under Part 2 lets it be written, not be seen by others, whatever the text says by itself.
    part_2 = channel != "portal" and PART_2 in message.verdict.sensitive
    if part_2 or channel not in message.verdict.channels:
        told = f"substance use care ({PART_2})" if part_2 else ", ".join(message.verdict.disclosure)
        return Reason(f"policy-{channel}", f"Not by {CHANNEL_NAMES[channel]}: the text tells of {told}.")
    text = message.text(channel)
    if channel == "sms" and len(text) > rules.sms_characters:
        return Reason("sms-length", f"Longer than {rules.sms_characters} characters.")
    if channel == "voice" and len(text.split()) > rules.voice_words:
        return Reason("voice-length", "Longer than a minute when spoken.")
    if channel in ("sms", "voice") and message.provider_name.casefold() not in text.casefold():
        return Reason(f"{channel}-provider", "Does not say who is writing (47 CFR 64.1200(a)(9)(iv)).")
    if channel == "email" and message.kind == "marketing" and not message.has_address:
        return Reason("email-address", "Marketing mail without a postal address (15 USC 7704(a)(5)).")
    return None


def _closed_by_consent(channel: Channel, recipient: Recipient) -> Reason | None:
    if channel in recipient.opted_out:
        return Reason(f"opted-out-{channel}", f"Has opted out of being reached by {CHANNEL_NAMES[channel]}.")
    if channel == "portal":
        return None if recipient.portal_account else Reason("no-portal", "Has no portal account.")
    consent = recipient.consent.get(channel, "unknown")
    if consent != "given":
        source = recipient.sources.get(channel, "")
        return Reason(
            f"consent-{channel}",
            f"Consent to be reached by {CHANNEL_NAMES[channel]} is {consent}{': ' if source else ''}{source}.",
        )
    if not recipient.addresses.get(channel):
        return Reason(f"address-{channel}", f"No address of their own is on file for: {CHANNEL_NAMES[channel]}.")
    return None


def _closed_by_request(channel: Channel, recipient: Recipient) -> Reason | None:
    if recipient.confidential is not None and channel not in recipient.confidential.channels:
        source = f": {recipient.confidential.source}" if recipient.confidential.source else ""
        return Reason(f"confidential-{channel}", f"Asked to be reached another way (45 CFR 164.522(b)){source}.")
    return None


def _why(channel: Channel, recipient: Recipient) -> str:
    """Why this channel and no other."""
    preferred = ", which the patient prefers" if channel == recipient.preference else ""
    source = recipient.sources.get(channel, "") if channel != "portal" else ""
    return f"By {CHANNEL_NAMES[channel]}{preferred}{f'; consent: {source}' if source else ''}."


def _free(channel: Channel, sent: Sequence[tuple[datetime, Channel]], now: datetime, rules: Rules) -> datetime:
    """The first moment at which the caps allow one more, over all channels and over this one."""
    by_channel = [moment for moment, by in sent if by == channel]
    everywhere = [moment for moment, _ in sent]
    return max(free_from(rules.caps.get("any"), everywhere, now), free_from(rules.caps.get(channel), by_channel, now))


def _hour(
    message: MessageFacts, recipient: Recipient, free: datetime, rules: Rules, reasons: list[Reason]
) -> datetime | None:
    """The hour to write at; None where none is allowed. What moved it is added to ``reasons``."""
    zone, state = recipient.zone, recipient.state
    first = next_allowed(free, zone, state, rules)
    if first is None:
        reasons.append(Reason("no-hour", "No hour is allowed wherever this person could be."))
        return None
    if first != free:
        reasons.append(Reason("quiet-hours", "Outside the hours at which this person may be written to."))
    if message.urgent:
        return first
    best = preferred_time(free, zone, state, rules, weekdays=recipient.answers_on)
    if best is not None and best > first:
        reasons.append(Reason("better-day", "A better day of the week is near."))  # R60
    return best


def free_from(cap: Cap | None, sent: Sequence[datetime], now: datetime) -> datetime:
    """The first moment from ``now`` at which one more message keeps within the cap."""
    if cap is None:
        return now
    latest = sorted(sent)
    free = now
    for most, span in ((cap.day, _DAY), (cap.week, _WEEK)):
        recent = [moment for moment in latest if moment > now - span]
        if len(recent) >= most:
            free = max(free, recent[len(recent) - most] + span)
    return free
