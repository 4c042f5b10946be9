"""The messages that staff look after: by where they are, decided on many at a time.

A desk is of the patients that a launch shows: the one of a chart, or those of the list that is open. A message of
anybody else is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from launch.context import LaunchContext
from smartapp.errors import AppError, NotFoundError
from smartapp.messages.calls import Calls, Outcome
from smartapp.messages.queue import MessageQueue
from smartapp.messages.queue_reader import STAFF_TASK
from smartapp.messages.record import Message
from smartapp.messages.states import State, WrongStateError

Shelf = Literal["drafts", "review", "calls", "queued", "held", "sent", "failed", "replied", "discarded"]
SHELVES: Mapping[Shelf, tuple[State, ...]] = {
    "drafts": (State.DRAFT,),
    "review": (State.FOR_REVIEW,),
    "calls": (State.HELD,),
    "queued": (State.QUEUED, State.SENDING),
    "held": (State.HELD,),
    "sent": (State.SENT,),
    "failed": (State.FAILED, State.DEAD_LETTER),
    "replied": (State.REPLIED,),
    "discarded": (State.CANCELLED,),
}
"""Where messages lie. Every state is on one shelf; of the held, the calls that staff make have their own."""

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a shelf: pages count from 1. ``counts`` are of all shelves."""

    shelf: Shelf
    counts: Mapping[Shelf, int]
    messages: Sequence[Message]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Decided:
    """How many messages a decision was taken on, and why it was not on the others."""

    done: int
    refused: tuple[AppError, ...]


class MessageDesk:
    """What staff see and do. Whether a message may go at all is asked by the worker, right before it is sent."""

    def __init__(self, queue: MessageQueue, calls: Calls) -> None:
        self._queue = queue
        self._calls = calls

    def sheet(self, launch: LaunchContext, patients: Collection[str], shelf: Shelf | None, page: int) -> Sheet:
        """One page of a shelf; without a shelf the first one that holds anything.

        ``patients`` are references. Raises :class:`NotFoundError` for a page beyond the last.
        """
        states = self._queue.counts(tenant=launch.tenant, patients=patients, ehr=launch.ehr)
        counts = {name: sum(states[state] for state in held) for name, held in SHELVES.items()}
        counts["calls"] = self._queue.count_calls(tenant=launch.tenant, patients=patients, ehr=launch.ehr)
        counts["held"] -= counts["calls"]
        chosen = shelf or "drafts"
        if shelf is None:
            chosen = next((name for name, count in counts.items() if count), chosen)
        pages = max(1, -(-counts[chosen] // PER_PAGE))
        if page > pages:
            raise NotFoundError("messages.no-page", "There are not that many messages here any more.")
        found = self._queue.find(
            tenant=launch.tenant,
            states=SHELVES[chosen],
            patients=patients,
            ehr=launch.ehr,
            calls=chosen == "calls" if chosen in ("calls", "held") else None,
            limit=PER_PAGE,
            offset=(page - 1) * PER_PAGE,
        )
        return Sheet(chosen, counts, found, page, pages)

    def get(self, launch: LaunchContext, patients: Collection[str], message_id: str) -> Message:
        """One message on this desk; :class:`NotFoundError` for any other."""
        found = self._queue.get(message_id, tenant=launch.tenant)
        if found.patient not in patients or found.ehr != launch.ehr:
            raise NotFoundError("messages.unknown", "There is no such message.")
        return found

    def approve(
        self,
        launch: LaunchContext,
        patients: Collection[str],
        chosen: Sequence[tuple[str, int]],
        check: Callable[[Message], None],
    ) -> Decided:
        """Approve the texts that were on the page, by id and version; each is decided on its own.

        ``check`` raises ``AppError`` for a message that may not be sent to its patient at all.
        """

        def one(message_id: str, version: int) -> None:
            found = self.get(launch, patients, message_id)
            check(found)
            self._queue.approve(
                found.id, tenant=launch.tenant, actor=launch.user.reference, version=version, launch=launch.handle
            )

        return self._each(chosen, one)

    def discard(self, launch: LaunchContext, patients: Collection[str], chosen: Sequence[tuple[str, int]]) -> Decided:
        """Take messages back that are not sent yet."""
        return self._each(chosen, lambda id_, _: self.undo(launch, patients, id_))

    def undo(self, launch: LaunchContext, patients: Collection[str], message_id: str) -> Message:
        """Take one message back. Raises ``WrongStateError`` once it is being sent."""
        found = self.get(launch, patients, message_id)
        return self._queue.cancel(found.id, tenant=launch.tenant, actor=launch.user.reference, launch=launch.handle)

    def release(self, launch: LaunchContext, patients: Collection[str], message_id: str) -> Message:
        """Try a held or failed message again; everything is checked anew before it is sent."""
        found = self.get(launch, patients, message_id)
        return self._queue.release(found.id, tenant=launch.tenant, actor=launch.user.reference)

    def attest(self, launch: LaunchContext, patients: Collection[str], message_id: str) -> Message:
        """The user says that they have put the text into the portal; only for what was handed to staff."""
        found = self.get(launch, patients, message_id)
        if not is_staff_task(found):
            raise WrongStateError(found.state, "attested")
        return self._queue.attest(found.id, tenant=launch.tenant, actor=launch.user.reference)

    def called(self, launch: LaunchContext, patients: Collection[str], message_id: str, outcome: Outcome) -> Message:
        """The user has called the patient of a message, and says what came of it."""
        found = self.get(launch, patients, message_id)
        return self._calls.note(
            found.id, outcome, tenant=launch.tenant, actor=launch.user.reference, launch=launch.handle
        )

    def not_called(self, launch: LaunchContext, patients: Collection[str], message_id: str) -> Message:
        """Take back what was said of a call."""
        found = self.get(launch, patients, message_id)
        return self._calls.undo(found.id, tenant=launch.tenant, actor=launch.user.reference, launch=launch.handle)

    def tries(self, message: Message) -> Sequence[datetime]:
        """When nobody answered a call."""
        return self._calls.tries(message.id, tenant=message.tenant)

    def _each(self, chosen: Sequence[tuple[str, int]], act: Callable[[str, int], object]) -> Decided:
        refused: list[AppError] = []
        for message_id, version in chosen:
            try:
                act(message_id, version)
            except AppError as error:
                refused.append(error)
        return Decided(len(chosen) - len(refused), tuple(refused))


def is_staff_task(message: Message) -> bool:
    """Whether somebody is to paste the text into the portal and attest it."""
    return message.state is State.HELD and message.reason == STAFF_TASK
