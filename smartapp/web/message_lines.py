"""Messages in the page's words: where each is, why, and what can be done next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from smartapp.messages.ledger import Event
from smartapp.messages.policy import Verdict
from smartapp.messages.queue import STAFF_TASK
from smartapp.messages.record import Message
from smartapp.messages.routing import RoutingDecision
from smartapp.messages.states import EDITABLE, NEXT, State
from smartapp.services.routed import Practice
from smartapp.web.labels import day_text
from smartapp.web.previews import Preview, previews

STATES: Mapping[State, tuple[str, str, str]] = {
    # state: words, tone, what comes next
    State.DRAFT: ("Draft", "none", "Read the text and approve it. Nothing leaves before that."),
    State.FOR_REVIEW: ("For review", "warn", "Somebody has to read the text and approve it."),
    State.QUEUED: ("Queued", "info", "It is delivered to the portal within moments. Until then you can take it back."),
    State.HELD: ("Held", "warn", "It waits; the reason is below."),
    State.SENDING: ("Being sent", "info", "It is on its way and can no longer be changed."),
    State.SENT: ("Delivered to the portal", "good", "It is in the patient's portal inbox."),
    State.FAILED: ("Failed", "bad", "It could not be delivered. Edit it or discard it."),
    State.DEAD_LETTER: ("Failed for good", "bad", "It was tried several times. Edit it or discard it."),
    State.CANCELLED: ("Discarded", "none", "It was taken back. Nothing was sent."),
    State.REPLIED: ("Answered", "good", "The patient answered in the portal."),
}

REASONS: Mapping[str, str] = {
    STAFF_TASK: "The EHR takes no messages from apps: somebody pastes the text into the portal.",
    "messages.edited": "The text was changed after it was approved.",
    "messages.lost": "The worker stopped; it is tried again.",
    "messages.due": "The time it waited for has come.",
    "messages.held-by-staff": "Somebody held it back.",
    "messages.undone": "Somebody took it back.",
    "messages.attested": "Somebody put it into the portal by hand and said so.",
    "messages.expired": "Its time was over before it could be sent.",
    "messages.opted-out": "The patient does not want messages.",
    "messages.maybe-sent": "It may have gone out: nobody can tell, so it is not sent again.",
    "messages.portal-only": "Its content may not leave the portal.",
    "messages.unexpected": "An unexpected fault; it is tried again.",
    "recheck.closed": "The gap is closed by now.",
    "recheck.stale": "The chart could not be read again before sending.",
    "recheck.deceased": "The patient has died.",
    "recheck.dismissed": "The gap was set aside meanwhile.",
    "recheck.merged": "The patient's record was merged into another one.",
    "routing.minor": "A young patient's private matter: nobody attested that only they can read it.",
    "routing.proxy": "A private matter that a proxy could read in the portal.",
    "routing.part-2": "Substance use care is not written about without consent (42 CFR Part 2).",
    "routing.marketing": "Marketing needs the patient's own authorization.",
    "routing.re-engage-first": "Not seen for a year, or it cannot be told: the patient is asked back first.",
    "routing.frequency": "Enough was sent to this patient lately.",
    "routing.opted-out-portal": "The patient does not want messages in the portal.",
    "recheck.portal-only": "Its content may not leave the portal.",
}
_DELIVERY = "The receiver did not take it ({code})."

REVEALS: Mapping[str, str] = {
    "diagnosis": "a diagnosis",
    "medication": "a medicine",
    "result": "a result",
    "procedure": "a procedure or test",
    "service": "a kind of care",
    "social": "a social circumstance",
    "unknown": "something that could not be judged",
}

NOTICE = "You have a new message in your patient portal."


@dataclass(frozen=True, slots=True)
class MessageLine:
    id: str
    about: str
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A piece of the text; ``mark`` says what it reveals, empty where it reveals nothing."""

    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class SpanLine:
    """One kind of disclosure and the words that make it."""

    reveals: str
    words: str


@dataclass(frozen=True, slots=True)
class RoutingLine:
    """How the message would go now: a word with its tone, and each reason by its code."""

    text: str
    tone: str
    reasons: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: str
    at_text: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message as its page shows it."""

    id: str
    about: str
    version: int
    subject: str
    body: str
    state: str
    state_code: str
    tone: str
    next_text: str
    channel_text: str
    marked: Sequence[MarkedPart]
    spans: Sequence[SpanLine]
    notice: str
    editable: bool
    can_approve: bool
    can_cancel: bool
    routing: RoutingLine
    previews: Sequence[Preview]
    history: Sequence[HistoryLine]


def message_lines(messages: Iterable[Message], titles: Mapping[str, str]) -> list[MessageLine]:
    """Messages as lines of the chart."""
    return [MessageLine(m.id, about(m, titles), *STATES[m.state][:2]) for m in messages]


def message_view(
    message: Message,
    verdict: Verdict,
    history: Sequence[Event],
    titles: Mapping[str, str],
    *,
    routing: RoutingDecision,
    practice: Practice,
    may_decide: bool,
) -> MessageView:
    """One message with what its text reveals marked in it. ``may_decide``: whether the user's role may approve."""
    forbidden = routing.action == "none"
    words, tone, following = STATES[message.state]
    why = why_text(message.reason)
    return MessageView(
        id=message.id,
        about=about(message, titles),
        version=message.version,
        subject=message.subject,
        body=message.text,
        state=words,
        state_code=message.state.value,
        tone=tone,
        next_text=f"{following} {why}" if why else following,
        channel_text=_channels(verdict),
        marked=_marked(message.text, verdict),
        spans=_spans(verdict),
        notice=NOTICE,
        editable=message.state in EDITABLE and may_decide,
        can_approve=message.state in (State.DRAFT, State.FOR_REVIEW) and may_decide and not forbidden,
        can_cancel=State.CANCELLED in NEXT[message.state] and message.state is not State.SENDING and may_decide,
        routing=_routing(routing),
        previews=previews(message, verdict, practice, proxy_reads=not forbidden),
        history=[HistoryLine(e.at.isoformat(), f"{e.at:%d %b %Y %H:%M} UTC", STATES[e.after][0]) for e in history],
    )


def why_text(reason: str | None) -> str:
    """Why a message is where it is, in words; empty where its state says it all."""
    if reason is None:
        return ""
    return REASONS.get(reason) or _DELIVERY.format(code=reason)


def about(message: Message, titles: Mapping[str, str]) -> str:
    return titles.get(message.measure or "", message.purpose)


def _channels(verdict: Verdict) -> str:
    if verdict.channels == ("portal",):
        return "Patient portal only. No SMS, e-mail, call or letter may carry this text."
    return "Neutral: could leave by " + ", ".join(verdict.channels) + "."


def _spans(verdict: Verdict) -> list[SpanLine]:
    words: dict[str, dict[str, None]] = {}
    for span in verdict.because:
        # What a message is about reveals something also where no word of it does.
        found = f"“{span.text}”" if span.text else f"being about {(span.concept or '').replace('-', ' ')}"
        words.setdefault(_reveals(span.disclosure), {})[found] = None
    return [SpanLine(reveals, ", ".join(said)) for reveals, said in words.items()]


def _routing(decision: RoutingDecision) -> RoutingLine:
    text, tone = {
        "send": (f"Goes by the {decision.channel}", "good"),
        "hold": ("Would wait", "warn"),
        "none": ("May not be sent", "bad"),
    }[decision.action]
    if decision.action == "hold" and decision.not_before is not None:
        text = f"Would wait until {day_text(decision.not_before.date())} {decision.not_before:%H:%M} UTC"
    return RoutingLine(text, tone, [(reason.code, reason.text) for reason in decision.reasons])


def _reveals(disclosure: str) -> str:
    return f"reveals {REVEALS.get(disclosure, disclosure)}"


def _marked(text: str, verdict: Verdict) -> list[MarkedPart]:
    parts, place = [], 0
    for span in sorted((s for s in verdict.because if s.part == "body"), key=lambda s: (s.start, -s.end)):
        if span.start < place:
            continue
        parts.append(MarkedPart(text[place : span.start], ""))
        parts.append(MarkedPart(text[span.start : span.end], _reveals(span.disclosure)))
        place = span.end
    return [part for part in [*parts, MarkedPart(text[place:], "")] if part.text]
