"""The worker: takes one message at a time, asks once more whether it may go, sends it, says so.

It is given a message by its id and reads it again right before it sends. Whatever goes wrong with
one message is that message's own affair: the next is taken.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import assert_never

from launch.errors import AppError
from launch.ports import Monotonic
from smartapp.audit.logs import Safe
from smartapp.messages.claims import Claims
from smartapp.messages.outcomes import Allow, Cancel, Check, ForStaff, Hold, Refused, Result, Retry, Sent
from smartapp.messages.record import Message
from smartapp.messages.states import State
from smartapp.persistence.engine import StorageError
from smartapp.persistence.vault import DatabaseVault

_log = logging.getLogger(__name__)

Deliver = Callable[[Message], Result]
"""Sends one message over its channel. May raise ``AppError`` for what may work later."""

Recheck = Callable[[Message], Check]
"""Whether eligibility, consent, gap, policy and hours still permit it, as of now."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds: ``idle`` between looks when nothing is due, ``tend`` between looks for lost and due messages.

    ``unavailable`` is waited when the database or the audit trail cannot be used, ``chores`` between
    rounds of the housekeeping. At most ``most`` messages are taken at once, and only so many that a round of them takes
    about ``round`` seconds: while a message is in a worker's hands nobody can take it back.
    """

    idle: float = 1.0
    tend: float = 10.0
    unavailable: float = 5.0
    chores: float = 60.0
    most: int = 1
    round: float = 1.0


class Worker:
    """Delivers over the channels it was given a way for; any number of them may run at once."""

    def __init__(
        self,
        claims: Claims,
        deliver: Mapping[str, Deliver],
        recheck: Recheck,
        *,
        vault: DatabaseVault,
        monotonic: Monotonic,
        rhythm: Rhythm | None = None,
        chores: Sequence[Callable[[], object]] = (),
    ) -> None:
        """``chores`` are done now and then: removing what expired."""
        self._claims = claims
        self._deliver = dict(deliver)
        self._recheck = recheck
        self._vault = vault
        self._monotonic = monotonic
        self._rhythm = rhythm or Rhythm()
        self._chores = tuple(chores)
        self._size = 1
        self._tended_at = float("-inf")
        self._chores_at = float("-inf")

    def run_once(self) -> bool:
        """Take and handle one message, or some where that is quick; whether there were any.

        Raises ``StorageError`` when the database cannot be reached: nothing was lost, call again later.
        """
        return self._round() > 0

    def _round(self) -> int:
        if self._monotonic() - self._tended_at >= self._rhythm.tend:
            self._tended_at = self._monotonic()
            self._claims.tend()
        if self._monotonic() - self._chores_at >= self._rhythm.chores:
            self.do_chores()
        began = self._monotonic()
        claimed = self._claims.claim_some(tuple(self._deliver), self._size)
        delivered: list[tuple[Message, str, str]] = []
        try:
            for one in claimed:
                if one.state is State.SENDING:
                    self._handle(one, delivered)
        finally:
            # What the receiver recognises as delivered is written down together: one wait for the disk.
            for lost in self._claims.sent_all(delivered):
                _log.warning("message %s: taken over by another worker meanwhile", Safe(lost.id))
        self._fit(len(claimed), self._monotonic() - began)
        return len(claimed)

    def _fit(self, count: int, seconds: float) -> None:
        """Take twice as many next time where a full round was quick, half as many where it was slow."""
        if seconds > self._rhythm.round:
            self._size = max(1, self._size // 2)
        elif count == self._size and seconds < self._rhythm.round / 4:
            self._size = min(self._rhythm.most, self._size * 2)

    def run_forever(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; the message in hand is finished first."""
        while not stop.is_set():
            try:
                worked = self.run_once()
            except AppError as error:
                # Nothing can be claimed, or nothing recorded: then nothing is sent.
                _log.warning("cannot work at the moment (%s); waiting", error)
                stop.wait(self._rhythm.unavailable)
                continue
            if not worked:
                stop.wait(self._rhythm.idle)

    def drain(self, most: int = 100_000) -> int:
        """Handle what is due now, at most so many messages; return how many."""
        count = 0
        while count < most and (handled := self._round()):
            count += handled
        return count

    def do_chores(self) -> None:
        """Do the housekeeping now; what fails in it is logged and tried again next time."""
        self._chores_at = self._monotonic()
        for chore in self._chores:
            try:
                chore()
            except Exception:
                _log.exception("a chore failed")

    def _handle(self, claimed: Message, delivered: list[tuple[Message, str, str]]) -> None:
        try:
            self._attempt(claimed, delivered)
        except StorageError:
            raise
        except AppError as error:
            _log.warning("message %s: %s", Safe(claimed.id), error)
            self._claims.retry(claimed, error.code)
        except Exception:
            _log.exception("message %s: unexpected", Safe(claimed.id))
            self._claims.retry(claimed, "messages.unexpected")

    def _attempt(self, claimed: Message, delivered: list[tuple[Message, str, str]]) -> None:
        if claimed.approved_digest != claimed.approval_digest(self._vault):
            self._claims.void(claimed)
            return
        check = self._recheck(claimed)
        match check:
            case Hold(reason, until):
                self._claims.hold(claimed, reason, until)
            case Cancel(reason):
                self._claims.cancel(claimed, reason)
            case Allow():
                self._send(claimed, delivered)
            case _:
                assert_never(check)

    def _send(self, claimed: Message, delivered: list[tuple[Message, str, str]]) -> None:
        together = self._size > 1 and claimed.channel in self._claims.repeatable
        # The receiver of such a channel recognises a second delivery; any other is asked for only by its owner.
        message = claimed if together else self._claims.still_mine(claimed)
        if message is None:  # the check took so long that another worker has it
            return
        result = self._deliver[message.channel](message)
        if together and isinstance(result, Sent):
            delivered.append((message, result.delivered_as, result.server_id))
        else:
            self._settle(message, result)

    def _settle(self, message: Message, result: Result) -> None:
        match result:
            case Sent(delivered_as, server_id):
                kept = self._claims.sent(message, delivered_as, server_id)
            case ForStaff(task_id):
                kept = self._claims.for_staff(message, task_id)
            case Retry(reason, after):
                kept = self._claims.retry(message, reason, after)
            case Refused(reason):
                kept = self._claims.failed(message, reason)
            case _:
                assert_never(result)
        if not kept:
            _log.warning("message %s: taken over by another worker meanwhile", Safe(message.id))


def run_until_signalled(worker: Worker) -> None:
    """Run in the main thread until SIGTERM or SIGINT; the message in hand is finished first."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        worker.run_forever(stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
