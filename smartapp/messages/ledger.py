"""The one way a message is written: its row, the event and the audit entry, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from launch.ports import Clock, Entropy, Outcome
from smartapp.audit.trail import AuditTrail
from smartapp.errors import NotFoundError
from smartapp.messages.record import Message, from_row, to_row
from smartapp.messages.states import State, check
from smartapp.persistence.engine import writing
from smartapp.persistence.tables import message, message_event
from smartapp.persistence.vault import DatabaseVault

# Built once: to build a statement of forty columns anew costs more than to run it.
_UPDATE = update(message).where(message.c.id == bindparam("_id"))
# What changes on the way of a message that nobody edits: its sealed half is neither sealed nor sent again.
_MOVING = (
    "state", "reason", "updated_at", "not_before", "attempts", "lease", "delivered_as", "server_id", "sent_at",
)  # fmt: skip
_MOVE = update(message).where(message.c.id == bindparam("_id")).values({name: bindparam(name) for name in _MOVING})
_INSERT_EVENT = insert(message_event)


def insert_for(connection: Connection) -> Callable[[Table], postgresql.Insert | sqlite.Insert]:
    """The INSERT that knows ON CONFLICT, of this connection's database."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


@dataclass(frozen=True, slots=True)
class Event:
    """One change of state, for the staff's page and for metrics."""

    message_id: str
    at: datetime
    before: State | None
    after: State
    reason: str | None
    channel: str
    purpose: str
    group: str | None
    campaign: str | None
    variant: str | None


class Ledger:
    """What the people's half and the worker's half of the queue share."""

    def __init__(
        self, engine: Engine, vault: DatabaseVault, audit: AuditTrail, *, clock: Clock, entropy: Entropy
    ) -> None:
        self.engine = engine
        self.vault = vault
        self.audit = audit
        self.clock = clock
        self.entropy = entropy

    @contextmanager
    def writing(self, connection: Connection | None = None) -> Iterator[Connection]:
        """The caller's transaction if there is one, else one of our own."""
        if connection is not None:
            yield connection
            return
        with writing(self.engine) as own:
            yield own

    def locked(self, connection: Connection, message_id: str, tenant: str | None = None) -> Message:
        """Read a message that nobody else changes until the transaction ends.

        Raises :class:`NotFoundError` if the tenant has no such message.
        """
        wanted = select(message).where(message.c.id == message_id)
        if tenant is not None:
            wanted = wanted.where(message.c.tenant == tenant)
        row = connection.execute(wanted.with_for_update()).one_or_none()
        if row is None:
            raise NotFoundError("messages.unknown", "There is no such message.")
        return from_row(row, self.vault)

    def move(
        self,
        connection: Connection,
        current: Message,
        to: State,
        *,
        wanted: str,
        reason: str | None = None,
        **changes: Any,
    ) -> Message:
        """Write a message's new state, its other changes and the event.

        Raises ``WrongStateError`` if the state machine has no such step.
        """
        check(current.state, to, wanted)
        moved = replace(current, state=to, reason=reason, updated_at=self.clock(), **changes)
        if changes.keys() <= set(_MOVING):
            connection.execute(_MOVE, _columns(moved))
        else:
            self.store(connection, moved)
        self.event(connection, moved, current.state)
        return moved

    def move_all(
        self,
        connection: Connection,
        moves: Sequence[tuple[Message, Mapping[str, Any]]],
        to: State,
        *,
        wanted: str,
    ) -> list[Message]:
        """As :meth:`move`, for several at once whose changes leave their sealed half alone."""
        for current, _ in moves:
            check(current.state, to, wanted)
        now = self.clock()
        moved = [
            replace(current, state=to, updated_at=now, **{"reason": None, **changes}) for current, changes in moves
        ]
        if moved:
            connection.execute(_MOVE, [_columns(one) for one in moved])
            befores = [current.state for current, _ in moves]
            self.events_of(connection, list(zip(moved, befores, strict=True)))
        return moved

    def store(self, connection: Connection, changed: Message) -> None:
        """Write a message's columns as they are now."""
        connection.execute(_UPDATE, {"_id": changed.id, **to_row(changed, self.vault)})

    def event(self, connection: Connection, moved: Message, before: State | None) -> None:
        """Note a change of state."""
        connection.execute(_INSERT_EVENT, self._event_row(moved, before))

    def events_of(self, connection: Connection, moves: Sequence[tuple[Message, State | None]]) -> None:
        """Note many changes of state: each message as it is now, and the state before."""
        if moves:
            connection.execute(_INSERT_EVENT, [self._event_row(moved, before) for moved, before in moves])

    def _event_row(self, moved: Message, before: State | None) -> dict[str, Any]:
        return {
            "message_id": moved.id,
            "tenant": moved.tenant,
            "at": self.clock(),
            "from_state": None if before is None else before.value,
            "to_state": moved.state.value,
            "reason": moved.reason,
            "channel": moved.channel,
            "purpose": moved.purpose,
            "group_name": moved.group,
            "campaign": moved.campaign,
            "variant": moved.variant,
        }

    def record(
        self,
        connection: Connection,
        action: str,
        about: Message,
        *,
        actor: str,
        outcome: Outcome = "success",
        launch: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Write the audit entry of what was done to a message; the last thing in a transaction."""
        self.audit.record_all_in(
            connection, [said_of(action, about, actor=actor, outcome=outcome, launch=launch, detail=detail)]
        )


def said_of(
    action: str,
    about: Message,
    *,
    actor: str,
    outcome: Outcome = "success",
    launch: str | None = None,
    detail: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The audit entry of what was done to a message, as :meth:`AuditTrail.record_all_in` takes it."""
    return {
        "action": f"message.{action}",
        "outcome": outcome,
        "actor": actor,
        "tenant": about.tenant,
        "launch": launch,
        "patient": about.patient,
        "detail": {"message": about.id, "channel": about.channel, "purpose": about.purpose, **(detail or {})},
    }


def _columns(moved: Message) -> dict[str, Any]:
    return {"_id": moved.id, **{name: getattr(moved, name) for name in _MOVING}, "state": moved.state.value}
