"""Calls that staff make: what came of each, said by the one who called, and taken back until it is kept as sent.

A call is a held message by voice that was handed to staff. That somebody was reached is kept as sent a little later,
so that a slip can be undone before a sequence goes on by it; nobody answering puts it off as the caps on calls allow,
and then everything is checked anew; a wrong number is not written to or called again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.ledger import Event, Ledger
from smartapp.messages.queue import MessageQueue
from smartapp.messages.queue_reader import NO_ANSWER, REACHED, STAFF_TASK, WRONG_NUMBER
from smartapp.messages.record import Message
from smartapp.messages.routing.decision import free_from
from smartapp.messages.routing.rules import Cap
from smartapp.messages.states import State, WrongStateError

Outcome = Literal["reached", "no-answer", "wrong-number"]
OUTCOMES: dict[Outcome, str] = {"reached": REACHED, "no-answer": NO_ANSWER, "wrong-number": WRONG_NUMBER}
"""What may come of a call, and the reason under which the message is held by it."""

UNDO_FOR = timedelta(minutes=15)
"""How long it can be taken back that somebody was reached."""

UNDONE = "calls.undone"
_A_DAY = timedelta(days=1)
_MANY = 1000


class Calls:
    """Every method names its ``actor`` and ``tenant`` and is one transaction with its audit entry."""

    def __init__(self, ledger: Ledger, queue: MessageQueue, opt_outs: OptOuts, cap: Cap) -> None:
        """``cap`` is how many calls a patient may get; an attempt is one."""
        self._ledger = ledger
        self._queue = queue
        self._opt_outs = opt_outs
        self._cap = cap

    def note(self, message_id: str, outcome: Outcome, *, tenant: str, actor: str, launch: str | None = None) -> Message:
        """What came of a call. Raises ``WrongStateError`` for a message that is not, or no longer, to be called."""
        ledger, now = self._ledger, self._ledger.clock()
        with ledger.writing() as tx:
            current = ledger.locked(tx, message_id, tenant)
            if not is_to_be_made(current):
                raise WrongStateError(current.state, "called")
            changes: dict[str, Any] = {"reason": OUTCOMES[outcome]}
            if outcome == "reached":
                changes |= {"attested_by": actor, "sent_at": now}
            elif outcome == "no-answer":
                tries = [*tries_of(self._queue.events(tenant=tenant, message_id=message_id, connection=tx)), now]
                changes |= {"not_before": max(free_from(self._cap, tries, now), now + _A_DAY)}
            else:
                self._opt_outs.mark_wrong(tx, tenant=tenant, address=current.address)
            kept = self._keep(tx, current, **changes)
            ledger.record(tx, "call", kept, actor=actor, launch=launch, detail={"outcome": outcome})
            return kept

    def undo(self, message_id: str, *, tenant: str, actor: str, launch: str | None = None) -> Message:
        """It was a slip: the call is to be made as before. Raises ``WrongStateError`` once that is kept."""
        ledger = self._ledger
        with ledger.writing() as tx:
            current = ledger.locked(tx, message_id, tenant)
            if not can_be_undone(current):
                raise WrongStateError(current.state, "undone")
            if current.reason == WRONG_NUMBER and not self._is_wrong_by_another(tx, current):
                self._opt_outs.unmark_wrong(tx, tenant=tenant, address=current.address)
            said = next(name for name, reason in OUTCOMES.items() if reason == current.reason)
            kept = self._keep(tx, current, reason=UNDONE, not_before=None, attested_by="", sent_at=None)
            ledger.record(tx, "call-undone", kept, actor=actor, launch=launch, detail={"outcome": said})
            again = replace(kept, reason=STAFF_TASK)
            ledger.store(tx, again)
            return again

    def settle(self) -> int:
        """Keep as sent whom somebody reached some time ago; how many. A chore of the worker."""
        since = self._ledger.clock() - UNDO_FOR
        kept = 0
        for one in self._queue.reached(before=since):
            with self._ledger.writing() as tx:
                current = self._ledger.locked(tx, one.id, one.tenant)
                if (current.state, current.reason, current.updated_at) != (one.state, one.reason, one.updated_at):
                    continue  # undone at this very moment
                moved = self._ledger.move(
                    tx, current, State.SENT, wanted="attested", reason="messages.attested",
                    delivered_as="attestation",
                )  # fmt: skip
                self._ledger.record(tx, "attest", moved, actor=current.attested_by)
                kept += 1
        return kept

    def tries(self, message_id: str, *, tenant: str) -> Sequence[datetime]:
        """When nobody answered, of what was not taken back."""
        return tries_of(self._queue.events(tenant=tenant, message_id=message_id))

    def _is_wrong_by_another(self, tx: Connection, current: Message) -> bool:
        """Whether the same was said of this number after another call: that is not taken back."""
        others = self._queue.find(
            tenant=current.tenant, address=current.address, states=(State.HELD,), limit=_MANY, connection=tx
        )
        return any(one.reason == WRONG_NUMBER and one.id != current.id for one in others)

    def _keep(self, tx: Connection, current: Message, **changes: Any) -> Message:
        kept = replace(current, updated_at=self._ledger.clock(), **changes)
        self._ledger.store(tx, kept)
        self._ledger.event(tx, kept, current.state)
        return kept


def tries_of(events: Sequence[Event]) -> Sequence[datetime]:
    """When nobody answered, by a message's events in their order."""
    found: list[datetime] = []
    last = ""
    for event in events:
        if event.reason == NO_ANSWER:
            found.append(event.at)
        elif event.reason == UNDONE and last == NO_ANSWER:
            found.pop()
        last = event.reason or ""
    return found


def is_to_be_made(message: Message) -> bool:
    """Whether staff are to call the patient and say the text."""
    return (message.channel, message.state, message.reason) == ("voice", State.HELD, STAFF_TASK)


def can_be_undone(message: Message) -> bool:
    """Whether what was said of a call can still be taken back."""
    return (message.channel, message.state) == ("voice", State.HELD) and message.reason in OUTCOMES.values()
