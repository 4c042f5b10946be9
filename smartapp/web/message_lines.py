"""Messages in the page's words: where each is, why, and what can be done next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from smartapp.day_words import day_text
from smartapp.messages.languages import written_in
from smartapp.messages.ledger import Event
from smartapp.messages.policy import ALLUSION, NOTICE, Span, Verdict
from smartapp.messages.record import PORTAL, Message
from smartapp.messages.routing import UNTOLD, RoutingDecision
from smartapp.messages.states import EDITABLE, NEXT, State
from smartapp.services.routed import Practice
from smartapp.web.labels import moment_text
from smartapp.web.message_words import (
    ABOUT,
    APPROVED_FOR,
    CHANNEL_TEXT,
    EVENTS,
    FOR_A_CLINICIAN,
    READ,
    REVEALS,
    channels_text,
    state_words,
    why_text,
)
from smartapp.web.previews import Preview, previews
from smartapp.web.routing_lines import RoutingLine, routing_line

_CAN_GO = EDITABLE | {State.SENDING}
"""Of a message that was sent or discarded nobody asks how it would go now."""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message in a word. ``day`` is when it was sent, else when it came to where it is; ``under_way``: it could
    still be sent, or was; ``unsent``: it is there to be worked on, so that there is no second one for the same care.
    """

    id: str
    about: str
    state: str
    tone: str
    measure: str = ""
    day: str = ""
    under_way: bool = False
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A piece of the text; ``mark`` says what it reveals, empty where it reveals nothing. ``maybe``: it only may."""

    text: str
    mark: str
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class SpanLine:
    """One kind of disclosure and the words that make it."""

    reveals: str
    words: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: str
    at_text: str
    text: str
    who: str = ""


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
    hints: str
    notice: str
    editable: bool
    can_approve: bool
    can_cancel: bool
    can_reroute: bool
    reroute_text: str
    read_title: str
    approve_text: str
    where_text: str
    can_go: bool
    routing: RoutingLine | None
    untold: str
    previews: Sequence[Preview]
    history: Sequence[HistoryLine]


def message_lines(messages: Iterable[Message], titles: Mapping[str, str], zone: tzinfo = UTC) -> list[MessageLine]:
    """Messages as lines of the chart."""
    return [
        MessageLine(
            m.id,
            about(m, titles),
            *state_words(m.state, m.channel)[:2],
            measure=m.measure or "",
            day=day_text((m.sent_at or m.updated_at).astimezone(zone).date()),
            under_way=m.state is not State.CANCELLED,
            unsent=m.state in EDITABLE and m.state is not State.DEAD_LETTER,
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
    now: datetime,
    zone: tzinfo = UTC,
    who: Sequence[str] = (),
) -> MessageView:
    """One message with what its text reveals marked in it. ``may_decide``: whether the user's role may approve.

    ``who`` made each of the history's changes, in words; empty where that is not known.
    """
    forbidden = routing.action == "none"
    words, tone, following = state_words(message.state, message.channel, waits_until=waits_until(message, now, zone))
    if not may_decide and message.state in (State.DRAFT, State.FOR_REVIEW):
        following = FOR_A_CLINICIAN
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
        channel_text=channels_text(verdict.channels),
        marked=_marked(message.text, verdict),
        spans=_spans(verdict),
        hints=_hints(verdict),
        notice=NOTICE[written_in(message.language)] if message.channel == PORTAL else "",
        editable=message.state in EDITABLE and may_decide,
        can_approve=message.state in (State.DRAFT, State.FOR_REVIEW) and may_decide and not forbidden,
        can_cancel=State.CANCELLED in NEXT[message.state] and message.state is not State.SENDING and may_decide,
        can_reroute=message.state is State.HELD and moved and may_decide,
        reroute_text=CHANNEL_TEXT[routing.channel or "portal"],
        read_title="What was taken back" if message.state is State.CANCELLED else READ[message.channel],
        approve_text=f"Approve and queue {APPROVED_FOR[message.channel]}",
        where_text=_where(message),
        can_go=message.state in _CAN_GO,
        routing=routing_line(routing, message.channel, zone) if message.state in _CAN_GO else None,
        untold=next((one.text for one in routing.reasons if one.code == UNTOLD), ""),
        previews=previews(message, verdict, practice, proxy_reads=not forbidden),
        history=[
            HistoryLine(
                e.at.isoformat(),
                moment_text(e.at, zone),
                EVENTS.get(e.reason or "") or state_words(e.after, e.channel)[0],
                name,
            )
            for e, name in zip(history, who or [""] * len(history), strict=True)
        ],
    )


def about(message: Message, titles: Mapping[str, str]) -> str:
    """The care in the page's words, else what the message is for."""
    return titles.get(message.measure or "", ABOUT.get(message.purpose, message.purpose))


def waits_until(message: Message, now: datetime, zone: tzinfo) -> str:
    """The moment before which a queued message is not sent; empty where that is over."""
    later = message.not_before is not None and message.not_before > now
    return moment_text(message.not_before, zone) if later and message.not_before else ""


def _where(message: Message) -> str:
    """Where it goes or went, in one line: the channel and the address on file."""
    verb = "Goes" if message.state in _CAN_GO else "Sent"
    return f"{verb} {CHANNEL_TEXT[message.channel]}" + (f" to {message.address}." if message.address else ".")


def _hints(verdict: Verdict) -> str:
    """What is said of sentences whose words are harmless each. They are marked in the text: nobody reads them twice."""
    if not any(span.concept == ALLUSION and span.part == "body" for span in verdict.because):
        return ""
    return "What is underlined may hint at something private when read together, though no single word tells it."


def _spans(verdict: Verdict) -> list[SpanLine]:
    words: dict[str, dict[str, None]] = {}
    for span in verdict.because:
        if span.concept == ALLUSION and span.part == "body":
            continue
        # What a message is about reveals something also where no word of it does.
        found = f"“{span.text}”" if span.text else f"being about {(span.concept or '').replace('-', ' ')}"
        if span.part == "subject":
            found += " in the subject"
        words.setdefault(_reveals(span), {})[found] = None
    return [SpanLine(reveals, ", ".join(said)) for reveals, said in words.items()]


def _reveals(span: Span) -> str:
    if span.concept == ALLUSION:
        return "may hint at something private"
    return f"reveals {REVEALS.get(span.disclosure, span.disclosure)}"


def _marked(text: str, verdict: Verdict) -> list[MarkedPart]:
    parts, place = [], 0
    for span in sorted((s for s in verdict.because if s.part == "body"), key=lambda s: (s.start, -s.end)):
        if span.start < place:
            continue
        parts.append(MarkedPart(text[place : span.start], ""))
        parts.append(MarkedPart(text[span.start : span.end], _reveals(span), span.concept == ALLUSION))
        place = span.end
    return [part for part in [*parts, MarkedPart(text[place:], "")] if part.text]
