"""The states of a message and the only ways from one to another.

Drafted, reviewed and queued by people; claimed, sent, held or given back by the worker. A message
counts as sent only with the id its receiver gave it, or with the attestation of a person.
"""

from __future__ import annotations

from enum import StrEnum

from smartapp.errors import AppError


class State(StrEnum):
    """Where a message is. ``QUEUED`` is approved and waiting; ``HELD`` waits for a time or a person."""

    DRAFT = "draft"
    FOR_REVIEW = "for-review"
    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DEAD_LETTER = "dead-letter"
    CANCELLED = "cancelled"
    REPLIED = "replied"


NEXT: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.FOR_REVIEW, State.QUEUED, State.CANCELLED}),
    State.FOR_REVIEW: frozenset({State.QUEUED, State.CANCELLED}),
    State.QUEUED: frozenset({State.SENDING, State.HELD, State.FOR_REVIEW, State.CANCELLED}),
    State.HELD: frozenset({State.QUEUED, State.FOR_REVIEW, State.SENT, State.CANCELLED}),
    State.SENDING: frozenset(
        {State.SENT, State.QUEUED, State.HELD, State.FOR_REVIEW, State.FAILED, State.DEAD_LETTER, State.CANCELLED}
    ),
    State.SENT: frozenset({State.REPLIED}),
    State.FAILED: frozenset({State.QUEUED, State.FOR_REVIEW, State.SENT, State.CANCELLED}),
    State.DEAD_LETTER: frozenset({State.QUEUED, State.FOR_REVIEW, State.SENT, State.CANCELLED}),
    State.CANCELLED: frozenset(),
    State.REPLIED: frozenset(),
}

EDITABLE = frozenset({State.DRAFT, State.FOR_REVIEW, State.QUEUED, State.HELD, State.FAILED, State.DEAD_LETTER})
"""Where the text may still be changed: not while it is being sent, and not after."""


class WrongStateError(AppError):
    """The message is no longer where this could be done to it."""

    def __init__(self, state: State, wanted: str) -> None:
        super().__init__(
            "messages.wrong-state",
            f"This message is {state.value.replace('-', ' ')}; it can no longer be {wanted}.",
            status=409,
        )


def check(before: State, after: State, wanted: str) -> None:
    """Raise :class:`WrongStateError` unless a message may go from ``before`` to ``after``."""
    if after not in NEXT[before]:
        raise WrongStateError(before, wanted)
