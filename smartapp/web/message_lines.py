"""Messages in the page's words: where each is, why, and what can be done next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from smartapp.messages.ledger import Event
from smartapp.messages.policy import ALLUSION, Span, Verdict
from smartapp.messages.record import Message
from smartapp.messages.routing import UNTOLD, RoutingDecision
from smartapp.messages.states import EDITABLE, NEXT, State
from smartapp.services.routed import Practice
from smartapp.web.labels import day_text
from smartapp.web.message_words import APPROVED_FOR, CHANNEL_TEXT, EVENTS, READ, state_words, why_text
from smartapp.web.previews import Preview, previews

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
    """One message in a word. ``day`` is when it was sent, else when it came to where it is; ``under_way``: it could
    still be sent, or was.
    """

    id: str
    about: str
    state: str
    tone: str
    measure: str = ""
    day: str = ""
    under_way: bool = False


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
    can_reroute: bool
    reroute_text: str
    read_title: str
    approve_text: str
    where_text: str
    routing: RoutingLine
    untold: str
    previews: Sequence[Preview]
    history: Sequence[HistoryLine]


def message_lines(messages: Iterable[Message], titles: Mapping[str, str]) -> list[MessageLine]:
    """Messages as lines of the chart."""
    return [
        MessageLine(
            m.id,
            about(m, titles),
            *state_words(m.state, m.channel)[:2],
            measure=m.measure or "",
            day=day_text((m.sent_at or m.updated_at).date()),
            under_way=m.state is not State.CANCELLED,
        )
        for m in messages
    ]


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
    words, tone, following = state_words(message.state, message.channel)
    why = why_text(message)
    moved = routing.channel is not None and routing.channel != message.channel
    return MessageView(
        id=message.id,
        about=about(message, titles),
        version=message.version,
        subject=message.subject,
        body=message.text,
        state=words,
        state_code=message.state.value,
        tone=tone,
        next_text=why if why and message.state is State.HELD else f"{following} {why}".strip(),
        channel_text=_channels(verdict),
        marked=_marked(message.text, verdict),
        spans=_spans(verdict),
        notice=NOTICE,
        editable=message.state in EDITABLE and may_decide,
        can_approve=message.state in (State.DRAFT, State.FOR_REVIEW) and may_decide and not forbidden,
        can_cancel=State.CANCELLED in NEXT[message.state] and message.state is not State.SENDING and may_decide,
        can_reroute=message.state is State.HELD and moved and may_decide,
        reroute_text=CHANNEL_TEXT[routing.channel or "portal"],
        read_title=READ[message.channel],
        approve_text=f"Approve and queue {APPROVED_FOR[message.channel]}",
        where_text=_where(message),
        routing=_routing(routing),
        untold=next((one.text for one in routing.reasons if one.code == UNTOLD), ""),
        previews=previews(message, verdict, practice, proxy_reads=not forbidden),
        history=[
            HistoryLine(
                e.at.isoformat(),
                f"{e.at:%d %b %Y %H:%M} UTC",
                EVENTS.get(e.reason or "") or state_words(e.after, e.channel)[0],
            )
            for e in history
        ],
    )


def about(message: Message, titles: Mapping[str, str]) -> str:
    return titles.get(message.measure or "", message.purpose)


def _where(message: Message) -> str:
    """Where it goes, in one line: the channel and the address on file."""
    return f"Goes {CHANNEL_TEXT[message.channel]}" + (f" to {message.address}." if message.address else ".")


def _channels(verdict: Verdict) -> str:
    if verdict.channels == ("portal",):
        return "Patient portal only. No SMS, e-mail, call or letter may carry this text."
    return "Neutral: could leave by " + ", ".join(verdict.channels) + "."


def _spans(verdict: Verdict) -> list[SpanLine]:
    words: dict[str, dict[str, None]] = {}
    for span in verdict.because:
        # What a message is about reveals something also where no word of it does.
        found = f"“{span.text}”" if span.text else f"being about {(span.concept or '').replace('-', ' ')}"
        words.setdefault(_reveals(span), {})[found] = None
    return [SpanLine(reveals, ", ".join(said)) for reveals, said in words.items()]


def _routing(decision: RoutingDecision) -> RoutingLine:
    text, tone = {
        "send": (f"Goes {CHANNEL_TEXT[decision.channel or 'portal']}", "good"),
        "hold": ("Would wait", "warn"),
        "none": ("May not be sent", "bad"),
    }[decision.action]
    if decision.action == "hold" and decision.not_before is not None:
        text = f"Would wait until {day_text(decision.not_before.date())} {decision.not_before:%H:%M} UTC"
    return RoutingLine(text, tone, [(reason.code, reason.text) for reason in decision.reasons])


def _reveals(span: Span) -> str:
    if span.concept == ALLUSION:
        return "may allude to something"
    return f"reveals {REVEALS.get(span.disclosure, span.disclosure)}"


def _marked(text: str, verdict: Verdict) -> list[MarkedPart]:
    parts, place = [], 0
    for span in sorted((s for s in verdict.because if s.part == "body"), key=lambda s: (s.start, -s.end)):
        if span.start < place:
            continue
        parts.append(MarkedPart(text[place : span.start], ""))
        parts.append(MarkedPart(text[span.start : span.end], _reveals(span)))
        place = span.end
    return [part for part in [*parts, MarkedPart(text[place:], "")] if part.text]
