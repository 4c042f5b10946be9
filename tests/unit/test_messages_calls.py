"""Calls that staff make: what came of each, taken back until it is kept, and no number that is somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.outbox import DOCTOR, NURSE, Outbox, ledger_of, new_message, open_outbox

from smartapp.errors import InputError
from smartapp.messages.calls import UNDO_FOR, Calls, Outcome
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.ledger import Ledger
from smartapp.messages.record import Message
from smartapp.messages.routing.rules import Cap
from smartapp.messages.states import State, WrongStateError
from smartapp.services.routed import Practice
from smartapp.web.call_lines import CallLine, call_line

PRACTICE = Practice("Harbor Street Family Practice", "413-555-0100")
NUMBER = "413-555-0184"
SCRIPT = "Hello, this is Harbor Street Family Practice. Please call us back at 413-555-0100."


class Phone:
    def __init__(self, box: Outbox) -> None:
        self.box = box
        ledger = ledger_of(box.storage)
        self.opt_outs = OptOuts(ledger)
        self.calls = Calls(ledger, box.queue, self.opt_outs, Cap(1, 3))

    def to_make(self, **changes: Any) -> Message:
        """A call that was approved and handed to staff."""
        voice = {"channel": "voice", "portal_only": False, "address": NUMBER, "text": SCRIPT, "measure": None}
        asked = self.box.queue.submit(new_message(**{**voice, **changes}), actor=DOCTOR, approve=True)
        self.hand_over(asked)
        return self.read(asked)

    def hand_over(self, asked: Message) -> None:
        claimed = self.box.claims.claim(["voice"])
        assert claimed is not None
        assert claimed.id == asked.id
        assert self.box.claims.for_staff(claimed, "task-1")

    def read(self, message: Message) -> Message:
        return self.box.queue.get(message.id, tenant="clinic")

    def note(self, message: Message, outcome: Outcome) -> Message:
        return self.calls.note(message.id, outcome, tenant="clinic", actor=NURSE)

    def undo(self, message: Message) -> Message:
        return self.calls.undo(message.id, tenant="clinic", actor=NURSE)

    def shelf(self) -> list[str]:
        found = self.box.queue.find(tenant="clinic", states=[State.HELD], calls=True)
        assert len(found) == self.box.queue.count_calls(tenant="clinic")
        return [one.id for one in found]

    def line(self, message: Message) -> CallLine | None:
        tries = self.calls.tries(message.id, tenant="clinic")
        return call_line(self.read(message), tries, PRACTICE, may_call=True, not_now=False)


@pytest.fixture
def phone(tmp_path: Path) -> Phone:
    return Phone(open_outbox(tmp_path))


def audited(phone: Phone) -> list[tuple[str, str, str]]:
    return [
        (one.action, one.actor, one.detail.get("outcome", ""))
        for one in phone.box.storage.audit.entries()
        if "call" in one.action or one.action == "message.attest"
    ]


def test_somebody_who_was_reached_is_kept_as_sent_a_little_later(phone: Phone) -> None:
    message = phone.to_make()
    assert phone.shelf() == [message.id]
    phone.note(message, "reached")
    assert phone.shelf() == [message.id]  # still to be seen, and to be undone
    phone.box.clock.pass_time(UNDO_FOR.seconds - 1)
    assert phone.calls.settle() == 0
    said_at = phone.read(message).sent_at
    phone.box.clock.pass_time(1)
    assert phone.calls.settle() == 1
    kept = phone.read(message)
    assert (kept.state, kept.reason, kept.attested_by) == (State.SENT, "messages.attested", NURSE)
    assert (kept.delivered_as, kept.sent_at) == ("attestation", said_at)
    assert phone.shelf() == []
    with pytest.raises(WrongStateError):
        phone.undo(message)
    assert audited(phone) == [("message.call", NURSE, "reached"), ("message.attest", NURSE, "")]


@pytest.mark.parametrize("outcome", ["reached", "no-answer", "wrong-number"])
def test_a_slip_is_undone_and_leaves_nothing_behind(phone: Phone, outcome: Outcome) -> None:
    message = phone.to_make()
    phone.note(message, outcome)
    phone.undo(message)
    again = phone.read(message)
    assert replace(again, updated_at=message.updated_at) == message
    assert not phone.opt_outs.is_wrong(tenant="clinic", address=NUMBER)
    assert phone.calls.tries(message.id, tenant="clinic") == []
    phone.box.clock.pass_time(172_800)
    assert phone.calls.settle() == 0
    assert phone.box.claims.tend() == 0
    assert audited(phone) == [("message.call", NURSE, outcome), ("message.call-undone", NURSE, outcome)]
    assert phone.box.storage.audit.verify().intact


def test_nobody_answering_puts_it_off_for_a_day_and_for_the_week_after_three(phone: Phone) -> None:
    message = phone.to_make()
    for number in (1, 2, 3):
        assert phone.note(message, "no-answer").not_before is not None
        assert phone.box.claims.tend() == 0
        waits = timedelta(days=1) if number < 3 else timedelta(days=5)
        phone.box.clock.pass_time(waits.total_seconds() - 1)
        assert phone.box.claims.tend() == 0
        phone.box.clock.pass_time(1)
        assert phone.box.claims.tend() == 1  # to the worker, who checks everything anew
        phone.hand_over(message)
    line = phone.line(message)
    assert line is not None
    assert line.said.startswith("No answer 3 times, last on ")
    assert line.can_call


def test_a_wrong_number_is_nobodys_for_calls_and_text_messages_and_stops_no_other(phone: Phone) -> None:
    message = phone.to_make()
    phone.note(message, "wrong-number")
    assert phone.shelf() == []
    assert (phone.read(message).state, phone.read(message).reason) == (State.HELD, "calls.wrong-number")
    assert phone.opt_outs.is_wrong(tenant="clinic", address="+1 (413) 555-0184")
    assert not phone.opt_outs.is_wrong(tenant="other", address=NUMBER)
    assert not phone.opt_outs.is_wrong(tenant="clinic", address="")
    assert not phone.opt_outs.is_out(tenant="clinic", patient=message.patient, channel="portal", address=NUMBER)


@pytest.mark.parametrize("outcome", ["reached", "no-answer", "wrong-number"])
def test_only_what_is_to_be_called_is_called_and_once(phone: Phone, outcome: Outcome) -> None:
    message = phone.to_make()
    phone.note(message, outcome)
    for again in ("reached", "no-answer", "wrong-number"):
        with pytest.raises(WrongStateError):
            phone.note(message, again)  # type: ignore[arg-type]
    for other in (phone.box.queued(), phone.box.queue.submit(new_message(), actor=NURSE)):
        with pytest.raises(WrongStateError):
            phone.note(other, outcome)
        with pytest.raises(WrongStateError):
            phone.undo(other)


def test_a_slip_does_not_clear_a_number_that_another_call_found_wrong(phone: Phone) -> None:
    first, second = phone.to_make(), phone.to_make()
    phone.note(first, "wrong-number")
    phone.note(second, "wrong-number")
    phone.undo(second)
    assert phone.opt_outs.is_wrong(tenant="clinic", address=NUMBER)
    phone.undo(first)
    assert not phone.opt_outs.is_wrong(tenant="clinic", address=NUMBER)


def test_a_call_that_reached_somebody_is_neither_made_again_nor_said_to_be_undone(phone: Phone) -> None:
    message = phone.to_make()
    phone.note(message, "reached")
    queue, who = phone.box.queue, {"tenant": "clinic", "actor": NURSE}
    acts: list[Callable[[], object]] = [
        lambda: queue.release(message.id, **who),
        lambda: queue.cancel(message.id, **who),
        lambda: queue.edit(message.id, text=SCRIPT, **who),
    ]
    for act in acts:
        with pytest.raises(InputError, match="Take that back first") as refused:
            act()
        assert refused.value.code == "calls.reached"
    phone.undo(message)
    assert queue.cancel(message.id, **who).state is State.CANCELLED


def test_who_did_not_answer_is_counted_while_nobody_else_can_note_it(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, locked = phone.to_make(), []
    events = phone.box.queue.events
    lock = Ledger.locked

    def noted(*args: Any, **named: Any) -> Message:
        locked.append("row")
        return lock(*args, **named)

    def read(**named: Any) -> Any:
        locked.append("events")
        return events(**named)

    monkeypatch.setattr(Ledger, "locked", noted)
    monkeypatch.setattr(phone.box.queue, "events", read)
    phone.note(message, "no-answer")
    assert locked == ["row", "events"]


def test_an_opt_out_takes_a_call_off_the_list(phone: Phone) -> None:
    message = phone.to_make()
    phone.note(message, "no-answer")
    phone.opt_outs.add(tenant="clinic", actor=NURSE, source="staff", patient=message.patient)
    assert phone.read(message).state is State.CANCELLED
    assert phone.shelf() == []


def test_the_script_is_neutral_or_there_is_none(phone: Phone) -> None:
    line = phone.line(phone.to_make())
    assert line is not None
    assert (line.number, line.href, line.script) == (NUMBER, "tel:+14135550184", SCRIPT)
    assert line.machine == "Hello, this is Harbor Street Family Practice. Please call us back at 413-555-0100."
    telling = phone.line(phone.to_make(text="Hello, this is about your HIV test."))
    assert telling is not None
    assert (telling.script, telling.machine, telling.can_call) == ("", "", False)
    assert phone.line(phone.box.queued()) is None
