"""A call as staff make it: the number, what to say, what came of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from smartapp.messages.calls import UNDO_FOR, can_be_undone, is_to_be_made
from smartapp.messages.channels.sms import plain_number
from smartapp.messages.languages import written_in
from smartapp.messages.queue_reader import NO_ANSWER, REACHED, STAFF_TASK, WRONG_NUMBER
from smartapp.messages.record import Message
from smartapp.services.recheck import may_leave
from smartapp.services.routed import Practice
from smartapp.web.labels import moment_text
from smartapp.web.previews import call_back


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call. ``script`` is what to tell the patient, ``machine`` all that an answering machine may hear; both empty
    where the text is not neutral. ``state`` with its ``tone`` is what came of it in a word, ``said`` in a sentence.
    """

    state: str
    tone: str
    number: str
    href: str
    script: str
    machine: str
    said: str
    can_call: bool
    can_undo: bool


_STATE = {
    STAFF_TASK: ("To call", "info"),
    NO_ANSWER: ("No answer", "warn"),
    REACHED: ("Reached", "good"),
    WRONG_NUMBER: ("Wrong number", "bad"),
}


def call_line(
    message: Message,
    tries: Sequence[datetime],
    practice: Practice,
    *,
    may_call: bool,
    not_now: bool,
    zone: tzinfo = UTC,
) -> CallLine | None:
    """The line of a message that staff say on the phone; None for any other."""
    to_be_made = is_to_be_made(message)
    if not to_be_made and not can_be_undone(message):
        return None
    # What is said on a phone is judged here too: whatever was approved, a telling text is not shown as a script.
    neutral = may_leave(message)
    number = plain_number(message.address)
    state, tone = _STATE[message.reason or ""]
    return CallLine(
        state=state,
        tone=tone,
        number=message.address,
        href=f"tel:{number}" if number and to_be_made else "",
        script=message.text if neutral else "",
        machine=call_back(practice, written_in(message.language)) if neutral else "",
        said=_said(message, tries, zone),
        can_call=to_be_made and neutral and may_call and not not_now,
        can_undo=may_call and can_be_undone(message),
    )


def _said(message: Message, tries: Sequence[datetime], zone: tzinfo) -> str:
    if message.reason == REACHED:
        return f"Reached. It is kept as sent {UNDO_FOR.seconds // 60} minutes after; until then you can undo it."
    if not tries:
        return ""
    last = moment_text(tries[-1], zone)
    times = "once" if len(tries) == 1 else f"{len(tries)} times"
    again = message.not_before
    later = f" Again from {moment_text(again, zone)}." if message.reason == NO_ANSWER and again else ""
    return f"No answer {times}, last on {last}.{later}"
