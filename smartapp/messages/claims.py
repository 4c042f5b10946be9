"""The queue as workers use it: claim one, and say what became of it.

A claim is a lease with a token of its own. Whether its owner is still alive is judged by watching
the token stay the same on the watcher's own monotonic clock, never by comparing wall clocks: a
clock that is set two hours forward or back neither frees a live message nor hides a lost one.
Whoever lost the lease can no longer write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from launch.ports import Monotonic, Outcome
from smartapp.messages.ledger import Ledger, insert_for, said_of
from smartapp.messages.queue_reader import STAFF_TASK
from smartapp.messages.record import SEALED, Message, from_row
from smartapp.messages.states import State
from smartapp.persistence.engine import reading
from smartapp.persistence.tables import channel_pace, message
from smartapp.persistence.vault import VaultError

_MINE = select(message).where(
    message.c.id == bindparam("claimed"),
    message.c.lease == bindparam("lease"),
    message.c.state == State.SENDING.value,
)
_SENDING = (
    select(message.c.id, message.c.lease)
    .where(message.c.id.in_(bindparam("claimed", expanding=True)), message.c.state == State.SENDING.value)
    .order_by(message.c.id)  # whoever locks several does so in the same order
    .with_for_update()
)
_QUEUED = (
    select(message)
    .where(message.c.state == State.QUEUED.value, message.c.not_before <= bindparam("now"))
    .order_by(message.c.not_before)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_WAITING = select(channel_pace.c.name).where(
    channel_pace.c.next_free_at > bindparam("now"), channel_pace.c.next_free_at <= bindparam("until")
)
WORKER = "system"
_LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Pace:
    """``attempts`` before a message is set aside; back-off in seconds; ``per_minute`` by channel, 0 for no limit."""

    attempts: int = 8
    first_delay: float = 30.0
    longest_delay: float = 3600.0
    per_minute: Mapping[str, int] = field(default_factory=dict)
    repeatable: frozenset[str] = frozenset({"portal"})
    """Channels whose receiver recognises a second delivery; a lost message of another is for a person to judge."""


class Claims:
    """The worker's half of the queue. Every method is one transaction."""

    def __init__(self, ledger: Ledger, monotonic: Monotonic, *, lease: float = 120.0, pace: Pace | None = None) -> None:
        self._ledger = ledger
        self._monotonic = monotonic
        self._lease = lease
        self._pace = pace or Pace()
        self._watched: dict[tuple[str, str], float] = {}

    def claim(self, channels: Sequence[str]) -> Message | None:
        """Take the message that has waited longest, for this worker alone; None if nothing is due.

        On PostgreSQL rows that others are taking are passed over; on SQLite the write lock keeps
        claims apart. A message that waited past its end comes back cancelled instead of taken.
        """
        return next(iter(self.claim_some(channels, 1)), None)

    def claim_some(self, channels: Sequence[str], most: int) -> list[Message]:
        """As :meth:`claim`, for at most so many; one at a time where a channel has a rate."""
        if any(self._pace.per_minute.get(channel, 0) for channel in channels):
            most = 1
        with self._ledger.writing() as tx:
            while rows := self._next(tx, channels, most):
                opened = [current for row in rows if (current := self._opened(tx, row)) is not None]
                if opened:
                    return self._taken(tx, opened)
        return []

    def _next(self, tx: Connection, channels: Sequence[str], most: int) -> Sequence[Any]:
        free, paused = self._pacing(tx, channels)
        wanted = _QUEUED.where(message.c.channel.in_(free))
        for channel, ehr in paused:
            wanted = wanted.where(or_(message.c.channel != channel, message.c.ehr != ehr))
        return tx.execute(wanted, {"now": self._ledger.clock(), "most": most}).all()

    def _taken(self, tx: Connection, opened: Sequence[Message]) -> list[Message]:
        ledger, now = self._ledger, self._ledger.clock()
        over = [one for one in opened if one.expires_at is not None and one.expires_at <= now]
        expired = ledger.move_all(
            tx, [(one, {"reason": "messages.expired"}) for one in over], State.CANCELLED, wanted="sent"
        )
        mine = [one for one in opened if one not in over]
        for one in mine:
            if rate := self._pace.per_minute.get(one.channel, 0):
                self._set_pace(tx, one.channel, timedelta(seconds=60 / rate))
        changes = [(one, {"lease": ledger.entropy(16).hex(), "attempts": one.attempts + 1}) for one in mine]
        taken = ledger.move_all(tx, changes, State.SENDING, wanted="sent")
        ledger.audit.record_all_in(tx, [said_of("expire", one, actor=WORKER) for one in expired])
        return taken + expired

    def _opened(self, tx: Connection, row: Any) -> Message | None:
        """The message of a row; one that does not open is set aside, so that it cannot stop the others."""
        try:
            return from_row(row, self._ledger.vault)
        except VaultError as error:
            broken = {"state": State.FAILED.value, "reason": error.code, "lease": None}
            tx.execute(update(message).where(message.c.id == row.id).values(**broken))
            self._ledger.audit.record_in(
                tx, "message.fail", "failed", actor=WORKER, tenant=row.tenant,
                detail={"message": row.id, "reason": error.code},
            )  # fmt: skip
            return None

    def still_mine(self, claimed: Message) -> Message | None:
        """The message read again, if this claim still holds; None if it was taken over."""
        with reading(self._ledger.engine) as connection:
            row = connection.execute(_MINE, _lease_of(claimed)).one_or_none()
        return None if row is None else from_row(row, self._ledger.vault)

    def sent(self, claimed: Message, delivered_as: str, server_id: str) -> bool:
        """It is with its receiver, who calls it ``server_id``. False if the claim was lost meanwhile."""
        return not self.sent_all([(claimed, delivered_as, server_id)])

    def sent_all(self, delivered: Sequence[tuple[Message, str, str]]) -> Sequence[Message]:
        """As :meth:`sent`, for several in one transaction; those whose claim was lost meanwhile."""
        now = self._ledger.clock()
        return self._finish_all(
            [
                (one, {"delivered_as": delivered_as, "server_id": server_id, "sent_at": now})
                for one, delivered_as, server_id in delivered
            ],
            State.SENT,
            "sent",
        )

    @property
    def repeatable(self) -> frozenset[str]:
        """Channels whose receiver recognises a second delivery."""
        return self._pace.repeatable

    def for_staff(self, claimed: Message, task_id: str | None) -> bool:
        """A person is to paste the text and attest; until then it is held."""
        return self._finish(
            claimed, State.HELD, "handed-to-staff", STAFF_TASK,
            not_before=None, delivered_as="Task" if task_id else None, server_id=task_id,
        )  # fmt: skip

    def hold(self, claimed: Message, reason: str, until: Any = None) -> bool:
        """Not now. Looking does not count as an attempt."""
        return self._finish(
            claimed, State.HELD, "hold", reason, not_before=until, attempts=claimed.attempts - 1, outcome="refused"
        )

    def cancel(self, claimed: Message, reason: str) -> bool:
        """Never."""
        return self._finish(claimed, State.CANCELLED, "cancel", reason, outcome="refused")

    def void(self, claimed: Message) -> bool:
        """What was approved is not what would be sent: back to a person."""
        return self._finish(
            claimed, State.FOR_REVIEW, "void", "messages.edited", approver="", approved_digest=None, outcome="refused"
        )

    def failed(self, claimed: Message, reason: str) -> bool:
        """It cannot be sent as it is."""
        return self._finish(claimed, State.FAILED, "fail", reason, outcome="failed")

    def retry(self, claimed: Message, reason: str, after: float | None = None) -> bool:
        """Try again later, or set aside after the last attempt.

        The wait doubles from attempt to attempt, with a random half, and is never shorter than what
        the receiver asked for (``after``, seconds; at most six hours are believed).
        """
        if claimed.attempts >= self._pace.attempts:
            return self._finish(claimed, State.DEAD_LETTER, "dead-letter", reason, outcome="failed")
        full = min(self._pace.longest_delay, self._pace.first_delay * 2 ** (claimed.attempts - 1))
        chance = int.from_bytes(self._ledger.entropy(4), "big") / 2**32
        wait = timedelta(seconds=full / 2 + chance * full / 2)
        if after is not None and after > 0:
            asked = min(timedelta(seconds=min(after, 10**6)), _LONGEST_PAUSE)
            wait = max(wait, asked)
            self._pause(claimed, asked)
        return self._finish(
            claimed, State.QUEUED, "retry", reason, not_before=self._ledger.clock() + wait, outcome="failed"
        )

    def tend(self) -> int:
        """Queue what was held until now, and take over from workers that died; return how many moved.

        To be called now and then, for as long as the worker lives: a lost message is recognised by
        having been watched for a whole lease.
        """
        return self._wake() + self._recover()

    def _wake(self) -> int:
        ledger, moved = self._ledger, 0
        due = (message.c.state == State.HELD.value) & (message.c.not_before <= ledger.clock())
        while True:
            with ledger.writing() as tx:
                wanted = select(message).where(due).limit(100).with_for_update(skip_locked=True)
                rows = tx.execute(wanted).all()
                for row in rows:
                    held = self._opened(tx, row)
                    if held is not None:
                        ledger.move(tx, held, State.QUEUED, wanted="released", reason="messages.due")
                moved += len(rows)
            if len(rows) < 100:
                return moved

    def _recover(self) -> int:
        now = self._monotonic()
        with reading(self._ledger.engine) as connection:
            wanted = select(message.c.id, message.c.lease).where(message.c.state == State.SENDING.value)
            there = {(row.id, row.lease) for row in connection.execute(wanted)}
        self._watched = {key: self._watched.get(key, now) for key in there}
        lost = [key for key, since in self._watched.items() if now - since >= self._lease]
        return sum(self._take_over(*key) for key in lost)

    def _take_over(self, message_id: str, lease: str) -> bool:
        ledger = self._ledger
        with ledger.writing() as tx:
            same = (message.c.id == message_id) & (message.c.lease == lease)
            row = tx.execute(select(message).where(same).with_for_update()).one_or_none()
            lost = None if row is None else self._opened(tx, row)
        if lost is None:
            return False
        if lost.channel not in self._pace.repeatable:
            return self._finish(lost, State.FAILED, "lost", "messages.maybe-sent", outcome="failed")
        if lost.attempts >= self._pace.attempts:
            return self._finish(lost, State.DEAD_LETTER, "dead-letter", "messages.lost", outcome="failed")
        return self._finish(lost, State.QUEUED, "lost", "messages.lost", not_before=ledger.clock(), outcome="failed")

    def _finish(
        self,
        claimed: Message,
        to: State,
        action: str,
        reason: str | None = None,
        *,
        outcome: Outcome = "success",
        **changes: Any,
    ) -> bool:
        if changes.keys() & set(SEALED) or "approved_digest" in changes:
            return self._write_whole(claimed, to, action, {"reason": reason, **changes}, outcome=outcome)
        return not self._finish_all([(claimed, {"reason": reason, **changes})], to, action, outcome=outcome)

    def _finish_all(
        self,
        moves: Sequence[tuple[Message, Mapping[str, Any]]],
        to: State,
        action: str,
        *,
        outcome: Outcome = "success",
    ) -> Sequence[Message]:
        """Move the messages that are still this worker's, with events and audit entries; the others are returned.

        What a message says is not read again: while it is being sent nobody else may write it.
        """
        if not moves:
            return []
        ledger = self._ledger
        with ledger.writing() as tx:
            there = {row.id: row.lease for row in tx.execute(_SENDING, {"claimed": [one.id for one, _ in moves]})}
            held = [(one, {**changes, "lease": None}) for one, changes in moves if there.get(one.id) == one.lease]
            moved = ledger.move_all(tx, held, to, wanted=action)
            said = []
            for (claimed, _), now in zip(held, moved, strict=True):
                detail = {"attempt": str(claimed.attempts)}
                detail |= {"reason": now.reason} if now.reason else {}
                detail |= {"as": f"{now.delivered_as}/{now.server_id}"} if now.server_id else {}
                said.append(said_of(action, now, actor=WORKER, outcome=outcome, detail=detail))
            ledger.audit.record_all_in(tx, said)
        kept = {one.id for one in moved}
        return [one for one, _ in moves if one.id not in kept]

    def _write_whole(
        self, claimed: Message, to: State, action: str, changes: dict[str, Any], *, outcome: Outcome
    ) -> bool:
        """What changes the sealed half of a message: the one way that writes it whole."""
        ledger = self._ledger
        with ledger.writing() as tx:
            row = tx.execute(_MINE.with_for_update(), _lease_of(claimed)).one_or_none()
            if row is None:
                return False
            current = from_row(row, ledger.vault)
            moved = ledger.move(tx, current, to, wanted=action, lease=None, **changes)
            detail = {"attempt": str(claimed.attempts), "reason": moved.reason or ""}
            ledger.record(tx, action, moved, actor=WORKER, outcome=outcome, detail=detail)
            return True

    # --- rate of a channel, over all workers -----------------------------------------------------------

    def _pacing(self, tx: Connection, channels: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """The channels whose turn it is, and the (channel, EHR) pairs that asked us to wait."""
        now, limited = self._ledger.clock(), [c for c in channels if self._pace.per_minute.get(c, 0)]
        if limited:  # others wait here until this turn is taken
            tx.execute(select(channel_pace).where(channel_pace.c.name.in_(limited)).with_for_update())
        # One further off than any pause was written before the clock was set back: not believed.
        names = set(tx.execute(_WAITING, {"now": now, "until": now + _LONGEST_PAUSE}).scalars())
        pairs = [(pair[0], pair[2]) for pair in (name.partition("@") for name in names) if pair[1]]
        return [channel for channel in channels if channel not in names], pairs

    def _pause(self, claimed: Message, wait: timedelta) -> None:
        with self._ledger.writing() as tx:
            self._set_pace(tx, f"{claimed.channel}@{claimed.ehr}", wait)

    def _set_pace(self, tx: Connection, name: str, wait: timedelta) -> None:
        values = {"name": name, "next_free_at": self._ledger.clock() + wait}
        added = insert_for(tx)(channel_pace).values(**values)
        tx.execute(added.on_conflict_do_update(index_elements=["name"], set_=values))


def _lease_of(claimed: Message) -> dict[str, Any]:
    return {"claimed": claimed.id, "lease": claimed.lease}
