"""Opt-outs: honoured at once, over every channel, without signing in.

An opt-out names a patient, or only a phone or mailbox (that is all a reply shows), and one channel
or all. Whoever replies STOP has said it for every channel until the practice records otherwise.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from smartapp.errors import NotFoundError
from smartapp.messages.ledger import Ledger, insert_for
from smartapp.messages.outcomes import Allow, Cancel, Check
from smartapp.messages.record import Message, address_key, from_row
from smartapp.messages.states import NEXT, State
from smartapp.persistence.engine import reading
from smartapp.persistence.tables import message, opt_out

EVERY_CHANNEL = "*"
_WRONG = "wrong-number"
"""In the place of a channel: the number is not the patient's. It is no opt-out of anybody."""
REASON = "messages.opted-out"
_ID_LENGTH = 32
_MAC_LENGTH = 24


class OptOuts:
    """Who does not want to hear from us, and what that stops."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def check(self, about: Message) -> Check:
        """Part of the check before a send: ``Cancel`` if the patient or the address has opted out."""
        keys = self._keys(about.tenant, about.patient, about.address)
        return Cancel(REASON) if self._is_out(about.tenant, keys, about.channel) else Allow()

    def is_out(self, *, tenant: str, patient: str, channel: str, address: str = "") -> bool:
        """Whether nothing may be sent to this patient (at this address) over this channel."""
        return self._is_out(tenant, self._keys(tenant, patient, address), channel)

    def add(
        self,
        *,
        tenant: str,
        actor: str,
        source: str,
        patient: str = "",
        address: str = "",
        channel: str = EVERY_CHANNEL,
    ) -> int:
        """Record an opt-out and cancel at once what was on its way; return how many messages that was.

        With an address alone it holds for the address, and for every patient we wrote to there.
        ``source`` is how we know: ``reply``, ``link``, ``staff``, ``portal``.
        """
        ledger = self._ledger
        with ledger.writing() as tx:
            people = {patient} if patient else self._at(tx, tenant, address)
            keys = {key for person in people for key in self._keys(tenant, person, address)}
            keys |= set(self._keys(tenant, "", address))
            for key in sorted(keys):
                row = {"tenant": tenant, "person_key": key, "channel": channel}
                added = insert_for(tx)(opt_out).values(**row, at=ledger.clock(), source=source)
                tx.execute(added.on_conflict_do_nothing())
            stopped = self._cancel(tx, tenant, keys, channel)
            ledger.audit.record_in(
                tx,
                "message.opt-out",
                "success",
                actor=actor,
                tenant=tenant,
                patient=next(iter(people)) if len(people) == 1 else None,
                detail={"source": source, "channel": channel, "stopped": str(stopped)},
            )
            return stopped

    def remove(self, *, tenant: str, actor: str, patient: str, address: str = "", channel: str = EVERY_CHANNEL) -> None:
        """The patient wants to hear from us again, and somebody recorded it."""
        ledger = self._ledger
        with ledger.writing() as tx:
            keys = self._keys(tenant, patient, address)
            tx.execute(
                delete(opt_out).where(
                    opt_out.c.tenant == tenant, opt_out.c.person_key.in_(keys), opt_out.c.channel == channel
                )
            )
            ledger.audit.record_in(
                tx,
                "message.opt-in",
                "success",
                actor=actor,
                tenant=tenant,
                patient=patient,
                detail={"channel": channel},
            )

    def is_wrong(self, *, tenant: str, address: str) -> bool:
        """Whether somebody who called this number was told that it is not the patient's."""
        return bool(address) and self._is_out(tenant, self._keys(tenant, "", address), _WRONG)

    def mark_wrong(self, connection: Connection, *, tenant: str, address: str) -> None:
        """Nobody calls this number or sends text messages to it again; in the caller's transaction."""
        row = {"tenant": tenant, "person_key": address_key(self._ledger.vault, tenant, address), "channel": _WRONG}
        added = insert_for(connection)(opt_out).values(**row, at=self._ledger.clock(), source="call")
        connection.execute(added.on_conflict_do_nothing())

    def unmark_wrong(self, connection: Connection, *, tenant: str, address: str) -> None:
        """It is the patient's number after all; in the caller's transaction."""
        key = address_key(self._ledger.vault, tenant, address)
        same = (opt_out.c.tenant == tenant) & (opt_out.c.person_key == key) & (opt_out.c.channel == _WRONG)
        connection.execute(delete(opt_out).where(same))

    def link_token(self, about: Message) -> str:
        """What makes the one-click link of a message: its id and a keyed digest of it, 56 hex digits."""
        return about.id + self._link_mac(about.id)

    def by_link(self, token: str) -> Message:
        """The message whose link was followed, in whatever tenant.

        Raises :class:`NotFoundError` for anything but a link of ours.
        """
        message_id, mac = token[:_ID_LENGTH], token[_ID_LENGTH:]
        if token.isascii() and hmac.compare_digest(mac, self._link_mac(message_id)):
            with reading(self._ledger.engine) as connection:
                row = connection.execute(select(message).where(message.c.id == message_id)).one_or_none()
            if row is not None:
                return from_row(row, self._ledger.vault)
        raise NotFoundError("messages.unknown-link", "This link is not known here.")

    def _link_mac(self, message_id: str) -> str:
        return self._ledger.vault.fingerprint("opt-out-link", message_id)[:_MAC_LENGTH]

    def _keys(self, tenant: str, patient: str, address: str) -> list[str]:
        vault = self._ledger.vault
        keys = [vault.fingerprint("patient", tenant, patient)] if patient else []
        return [*keys, address_key(vault, tenant, address)] if address else keys

    def _is_out(self, tenant: str, keys: Sequence[str], channel: str) -> bool:
        wanted = select(opt_out.c.at).where(
            opt_out.c.tenant == tenant,
            opt_out.c.person_key.in_(keys),
            opt_out.c.channel.in_((channel,) if channel == _WRONG else (channel, EVERY_CHANNEL)),
        )
        with reading(self._ledger.engine) as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    def _at(self, tx: Connection, tenant: str, address: str) -> set[str]:
        key = address_key(self._ledger.vault, tenant, address)
        rows = tx.execute(select(message).where(message.c.tenant == tenant, message.c.address_key == key))
        return {from_row(row, self._ledger.vault).patient for row in rows}

    def _cancel(self, tx: Connection, tenant: str, keys: set[str], channel: str) -> int:
        """What is being sent at this moment is not stopped: it is the worker's, who has checked already."""
        waiting = [
            state.value for state, after in NEXT.items() if State.CANCELLED in after and state is not State.SENDING
        ]
        wanted = select(message).where(
            message.c.tenant == tenant,
            message.c.state.in_(waiting),
            message.c.patient_key.in_(keys) | message.c.address_key.in_(keys),
        )
        if channel != EVERY_CHANNEL:
            wanted = wanted.where(message.c.channel == channel)
        rows = tx.execute(wanted.order_by(message.c.id).with_for_update()).all()  # as workers lock several
        for row in rows:
            stopped = from_row(row, self._ledger.vault)
            self._ledger.move(tx, stopped, State.CANCELLED, wanted="stopped", reason=REASON)
        return len(rows)
