"""The page of messages in its own words: shelves with counts, rows with their reason and what can be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from smartapp.messages.calls import can_be_undone
from smartapp.messages.record import Message
from smartapp.messages.states import NEXT, State
from smartapp.services.message_desk import SHELVES, Sheet, Shelf, is_staff_task
from smartapp.web.call_lines import CallLine
from smartapp.web.guards import CLINICIAN, COORDINATOR
from smartapp.web.labels import moment_text
from smartapp.web.message_lines import about, waits_until
from smartapp.web.message_words import ATTEST, FOR_A_CLINICIAN, state_words, why_text

_SHELF_TEXT: Mapping[Shelf, str] = {
    "drafts": "Drafts",
    "review": "For review",
    "calls": "Calls to make",
    "queued": "Queued",
    "held": "Held",
    "sent": "Sent",
    "failed": "Failed",
    "replied": "Answered",
    "discarded": "Discarded",
}
_EMPTY: Mapping[Shelf, str] = {
    "drafts": "No drafts. Messages are drafted from the care that is due, in the patient's chart.",
    "review": "Nothing waits for somebody to read it.",
    "calls": "There is nobody to call.",
    "queued": "Nothing is waiting to be sent.",
    "held": "Nothing is held back.",
    "sent": "Nothing was sent yet.",
    "failed": "Nothing has failed.",
    "replied": "Nobody has answered yet.",
    "discarded": "Nothing was discarded.",
}
_DONE: Mapping[str, tuple[str, str]] = {
    # one message, several
    "approved": ("Approved and queued.", "{n} approved and queued."),
    "discarded": ("Discarded. Nothing was sent.", "{n} discarded. Nothing was sent."),
    "undone": ("Taken back. Nothing was sent.", ""),
    "released": ("Queued again. Everything is checked anew before it is sent.", ""),
    "attested": ("Kept as sent, by your word.", ""),
    "reached": ("Reached. It is kept as sent in a quarter of an hour; until then you can undo it below.", ""),
    "no-answer": ("No answer. The call comes back on another day; everything is checked anew before that.", ""),
    "wrong-number": ("Wrong number: nobody is called or texted there any more. It is under “Held”; undo it there.", ""),
    "not-called": ("Undone. The call is to be made.", ""),
}
_LEFT: Mapping[str, str] = {
    "messages.changed": "its text was changed meanwhile: read it again",
    "messages.wrong-state": "it is somewhere else by now",
    "messages.second-person": "this practice wants somebody other than its author to approve it",
    "messages.unknown": "it is not on this list",
    "messages.forbidden": "it may not be sent to this patient; the message's own page says why",
    "messages.rerouted": "it would go another way by now; open it and read it again",
    "messages.chart-unread": "the patient's chart was not read",
}


@dataclass(frozen=True, slots=True)
class ShelfTab:
    id: Shelf
    text: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Who:
    """A patient on a list of several: ``facts`` tell two of one name apart."""

    name: str = ""
    facts: str = ""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message. ``choice`` is what its tick box sends; empty where nothing can be decided."""

    id: str
    choice: str
    who: str
    who_facts: str
    patient: str
    about: str
    state: str
    state_code: str
    tone: str
    why: str
    subject: str
    body: str
    at: str
    at_text: str
    can_undo: bool
    can_release: bool
    can_attest: bool
    attest_text: str
    call: CallLine | None


@dataclass(frozen=True, slots=True)
class MessagesPage:
    shelf: Shelf
    tabs: Sequence[ShelfTab]
    rows: Sequence[MessageRow]
    empty: str
    can_approve: bool
    can_discard: bool
    notices: Sequence[tuple[str, str]]
    page: int
    pages: int


def messages_page(
    sheet: Sheet,
    not_now: Mapping[str, str],
    names: Mapping[str, Who],
    titles: Mapping[str, str],
    calls: Mapping[str, CallLine],
    *,
    role: str,
    outcome: tuple[str, int, tuple[str, ...]],
    now: datetime,
    zone: tzinfo = UTC,
) -> MessagesPage:
    """The page.

    ``not_now`` says by id why staff are not to deliver a message now; ``names`` are of patients by reference where
    there are several; ``titles`` of measures; ``calls`` of messages that staff say on the phone; ``outcome`` is the
    form's.
    """
    states = SHELVES[sheet.shelf]
    decides = role == CLINICIAN and bool(sheet.messages)
    return MessagesPage(
        shelf=sheet.shelf,
        tabs=[
            ShelfTab(shelf, _SHELF_TEXT[shelf], count, shelf == sheet.shelf)
            for shelf, count in sheet.counts.items()
            if count or shelf not in ("calls", "replied", "discarded") or shelf == sheet.shelf
        ],
        rows=[
            _row(
                message,
                (names.get(message.patient, Who()), about(message, titles)),
                role,
                not_now.get(message.id, ""),
                calls.get(message.id),
                when=(now, zone),
            )
            for message in sheet.messages
        ],
        empty=_EMPTY[sheet.shelf],
        can_approve=decides and states in ((State.DRAFT,), (State.FOR_REVIEW,)),
        can_discard=decides and any(State.CANCELLED in NEXT[state] for state in states),
        notices=_notices(*outcome),
        page=sheet.page,
        pages=sheet.pages,
    )


def _row(
    message: Message,
    named: tuple[Who, str],
    role: str,
    not_now: str,
    call: CallLine | None,
    *,
    when: tuple[datetime, tzinfo],
) -> MessageRow:
    """One row; ``named`` are the patient and what the message is about, ``when`` is now and the zone."""
    state, tone, following = state_words(message.state, message.channel, waits_until=waits_until(message, *when))
    waiting = State.CANCELLED in NEXT[message.state] and message.state is not State.SENDING
    may_decide = role == CLINICIAN
    if not may_decide and message.state in (State.DRAFT, State.FOR_REVIEW):
        following = FOR_A_CLINICIAN
    moved = message.sent_at or message.updated_at
    until = message.not_before if message.state is State.HELD else None
    why = [why_text(message) or following]
    if until is not None:
        why.append(f"It is looked at again on {moment_text(until, when[1])}.")
    if not_now:
        why = [f"Not now: {not_now}"]
    return MessageRow(
        id=message.id,
        choice=f"{message.id}:{message.version}" if may_decide and waiting else "",
        who=named[0].name,
        who_facts=named[0].facts,
        patient=message.patient.removeprefix("Patient/"),
        about=named[1],
        state=state,
        state_code=message.state.value,
        tone=tone,
        why=" ".join(why),
        subject=message.subject,
        body=message.text,
        at=moved.isoformat(),
        at_text=moment_text(moved, when[1]),
        can_undo=may_decide and waiting and message.state is not State.DRAFT,
        can_release=may_decide and bool(message.approver) and _may_be_tried_again(message),
        can_attest=role in (CLINICIAN, COORDINATOR) and is_staff_task(message) and not not_now and call is None,
        attest_text=ATTEST[message.channel],
        call=call,
    )


def _may_be_tried_again(message: Message) -> bool:
    if message.state is State.HELD:
        return not is_staff_task(message) and not can_be_undone(message)
    # One that may have gone out is not sent twice by a press of a button on a list.
    return message.state in (State.FAILED, State.DEAD_LETTER) and message.reason != "messages.maybe-sent"


def _notices(done: str, count: int, left: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if done in _DONE and count:
        one, several = _DONE[done]
        found.append(("good", one if count == 1 or not several else several.format(n=count)))
    for code, times in Counter(code for code in left if code in _LEFT).items():
        found.append(("warn", f"{times} left as {'it is' if times == 1 else 'they are'}: {_LEFT[code]}."))
    return found
