"""The queue as it is looked at: messages by where they are and whose, and how they came there. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from smartapp.errors import NotFoundError
from smartapp.messages.ledger import Event, Ledger
from smartapp.messages.record import Message, address_key, from_row
from smartapp.messages.states import State
from smartapp.persistence.engine import reading
from smartapp.persistence.tables import message, message_event

STAFF_TASK = "messages.staff-task"
"""The reason of a held message that a person is to paste into the portal and attest, or to say on the phone."""

NO_ANSWER, REACHED, WRONG_NUMBER = "calls.no-answer", "calls.reached", "calls.wrong-number"
"""What staff said of a call: :mod:`smartapp.messages.calls`."""

_CALLS = (
    (message.c.channel == "voice")
    & (message.c.state == State.HELD.value)
    & message.c.reason.in_((STAFF_TASK, NO_ANSWER, REACHED))
)


class QueueReader:
    """Of one tenant, where a method does not say that it is of all."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def unanswered(self, *, since: datetime, reason: str, limit: int) -> Sequence[Message]:
        """Of all tenants, the newest first: what was sent since then, and what is held for ``reason``.

        What was answered is among them: whoever said thank you may still say stop.
        """
        sent = message.c.state.in_((State.SENT.value, State.REPLIED.value)) & (message.c.sent_at >= since)
        held = (message.c.state == State.HELD.value) & (message.c.reason == reason) & message.c.server_id.is_not(None)
        wanted = select(message).where(or_(sent, held)).order_by(message.c.updated_at.desc()).limit(limit)
        with reading(self._ledger.engine) as connection:
            return [from_row(row, self._ledger.vault) for row in connection.execute(wanted)]

    def get(self, message_id: str, *, tenant: str) -> Message:
        """One message of this tenant, or :class:`NotFoundError`."""
        with reading(self._ledger.engine) as connection:
            wanted = select(message).where(message.c.id == message_id, message.c.tenant == tenant)
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFoundError("messages.unknown", "There is no such message.")
        return from_row(row, self._ledger.vault)

    def find(
        self,
        *,
        tenant: str,
        states: Collection[State] = (),
        patient: str | None = None,
        patients: Collection[str] | None = None,
        ehr: str | None = None,
        address: str = "",
        limit: int = 100,
        offset: int = 0,
        before: datetime | None = None,
        calls: bool | None = None,
        connection: Connection | None = None,
    ) -> Sequence[Message]:
        """The tenant's messages, newest first; ``before`` continues after the last one's ``created_at``.

        ``patients`` are the references of those who are asked about, None for all; ``ehr`` where they are patients;
        ``address`` the phone or mailbox that was written to; ``calls`` True: only the calls that staff make, False:
        none of them. ``connection`` is the caller's transaction, if there is one.
        """
        who = patients if patient is None else (patient,)
        wanted = select(message).where(*self._of(tenant, who, ehr))
        if states:
            wanted = wanted.where(message.c.state.in_([state.value for state in states]))
        if address:
            wanted = wanted.where(message.c.address_key == address_key(self._ledger.vault, tenant, address))
        if before is not None:
            wanted = wanted.where(message.c.created_at < before)
        if calls is not None:
            wanted = wanted.where(_CALLS if calls else ~_CALLS)
        if calls:  # those that are to be made now come first
            wanted = wanted.order_by(message.c.reason.desc())
        wanted = wanted.order_by(message.c.created_at.desc(), message.c.id).limit(limit).offset(offset)
        with self._reading(connection) as source:
            return [from_row(row, self._ledger.vault) for row in source.execute(wanted)]

    def counts(
        self, *, tenant: str, patients: Collection[str] | None = None, ehr: str | None = None
    ) -> dict[State, int]:
        """How many messages are in each state; of all patients, or of those named."""
        wanted = select(message.c.state, func.count()).where(*self._of(tenant, patients, ehr)).group_by(message.c.state)
        with reading(self._ledger.engine) as connection:
            found = {State(state): count for state, count in connection.execute(wanted)}
        return {state: found.get(state, 0) for state in State}

    def count_calls(self, *, tenant: str, patients: Collection[str] | None = None, ehr: str | None = None) -> int:
        """How many of the held messages are calls that staff make."""
        wanted = select(func.count()).select_from(message).where(*self._of(tenant, patients, ehr), _CALLS)
        with reading(self._ledger.engine) as connection:
            return connection.execute(wanted).scalar_one()

    def reached(self, *, before: datetime, limit: int = 200) -> Sequence[Message]:
        """Of all tenants: calls of which somebody said before then that they reached the patient."""
        wanted = select(message).where(_CALLS, message.c.reason == REACHED, message.c.updated_at <= before).limit(limit)
        with reading(self._ledger.engine) as connection:
            return [from_row(row, self._ledger.vault) for row in connection.execute(wanted)]

    def _of(self, tenant: str, patients: Collection[str] | None, ehr: str | None) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = [message.c.tenant == tenant]
        if ehr is not None:
            wanted.append(message.c.ehr == ehr)
        if patients is not None:
            keys = [self._ledger.vault.fingerprint("patient", tenant, one) for one in patients]
            wanted.append(message.c.patient_key.in_(keys))
        return wanted

    def events(
        self,
        *,
        tenant: str,
        message_id: str | None = None,
        since: datetime | None = None,
        connection: Connection | None = None,
    ) -> Sequence[Event]:
        """Changes of state, oldest first: of one message, or of all since a time.

        ``connection`` is the caller's transaction, for who holds the message's row.
        """
        table = message_event
        wanted = select(table).where(table.c.tenant == tenant).order_by(table.c.id)
        if message_id is not None:
            wanted = wanted.where(table.c.message_id == message_id)
        if since is not None:
            wanted = wanted.where(table.c.at >= since)
        with self._reading(connection) as source:
            return [_event(row) for row in source.execute(wanted)]

    def _reading(self, connection: Connection | None) -> AbstractContextManager[Connection]:
        return reading(self._ledger.engine) if connection is None else nullcontext(connection)


def _event(row: Any) -> Event:
    return Event(
        message_id=row.message_id,
        at=row.at,
        before=None if row.from_state is None else State(row.from_state),
        after=State(row.to_state),
        reason=row.reason,
        channel=row.channel,
        purpose=row.purpose,
        group=row.group_name,
        campaign=row.campaign,
        variant=row.variant,
    )
