"""A message as it is asked for and as it is kept, and how its private half is sealed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from smartapp.errors import InputError
from smartapp.messages.states import State
from smartapp.persistence.vault import DatabaseVault, context_of

PORTAL = "portal"
CHANNELS = (PORTAL, "sms", "email", "voice", "letter")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What somebody asks to be sent, to one patient over one channel.

    ``patient`` and ``sender`` are relative references; ``address`` a phone number or e-mail address
    where the channel needs one; ``launch`` the handle it was drafted in. ``idempotency_key`` is the
    caller's: asking again with the same key makes no second message. ``names`` are the people and places on file
    that the text may name without telling anything. Times are aware.
    """

    tenant: str
    ehr: str
    patient: str
    purpose: str
    text: str
    idempotency_key: str
    channel: str = PORTAL
    portal_only: bool = True
    subject: str = ""
    sender: str = ""
    address: str = ""
    language: str = "en"
    category: str = "notification"
    template: str | None = None
    measure: str | None = None
    group: str | None = None
    campaign: str | None = None
    variant: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    launch: str | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise InputError("messages.channel", f"The channel must be one of {', '.join(CHANNELS)}.")
        if self.portal_only and self.channel != PORTAL:
            raise InputError("messages.portal-only", "This text may go to the patient portal only.")
        for name in ("tenant", "ehr", "patient", "purpose", "idempotency_key"):
            if not getattr(self, name).strip():
                raise InputError("messages.incomplete", f"A message needs its {name.replace('_', ' ')}.")
        if not self.text.strip():
            raise InputError("messages.empty", "A message needs a text.")

    def digest(self, vault: DatabaseVault) -> str:
        """What two requests with one idempotency key must have in common: all but where they came from."""
        values = {f.name: str(getattr(self, f.name)) for f in fields(self) if f.name != "launch"}
        return vault.fingerprint("message-request", json.dumps(values, sort_keys=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it is kept; ``version`` rises with each change of its text.

    ``approver`` is empty until it is approved and again after it was edited. ``reason`` is the
    stable code of why it is where it is.
    """

    id: str
    tenant: str
    ehr: str
    patient: str
    state: State
    reason: str | None
    channel: str
    portal_only: bool
    purpose: str
    category: str
    language: str
    subject: str
    text: str
    sender: str
    address: str
    author: str
    approver: str
    attested_by: str
    template: str | None
    measure: str | None
    group: str | None
    campaign: str | None
    variant: str | None
    idempotency_key: str
    version: int
    approved_digest: str | None
    attempts: int
    lease: str | None
    delivered_as: str | None
    server_id: str | None
    created_at: datetime
    updated_at: datetime
    not_before: datetime | None
    expires_at: datetime | None
    sent_at: datetime | None
    seen_at: datetime | None = None
    names: tuple[str, ...] = ()

    def approval_digest(self, vault: DatabaseVault) -> str:
        """What an approval is of: this text, to this patient, over this channel. Anything else voids it."""
        parts = (self.patient, self.channel, self.address, self.sender, self.category, self.subject, self.text)
        return vault.fingerprint("message-approval", self.tenant, self.id, str(self.version), *parts)


def first_draft(new: NewMessage, message_id: str, author: str, now: datetime) -> Message:
    """The draft that a request becomes."""
    return Message(
        id=message_id,
        tenant=new.tenant,
        ehr=new.ehr,
        patient=new.patient,
        state=State.DRAFT,
        reason=None,
        channel=new.channel,
        portal_only=new.portal_only,
        purpose=new.purpose,
        category=new.category,
        language=new.language,
        subject=new.subject,
        text=new.text,
        sender=new.sender,
        address=new.address,
        author=author,
        approver="",
        attested_by="",
        template=new.template,
        measure=new.measure,
        group=new.group,
        campaign=new.campaign,
        variant=new.variant,
        idempotency_key=new.idempotency_key,
        version=1,
        approved_digest=None,
        attempts=0,
        lease=None,
        delivered_as=None,
        server_id=None,
        created_at=now,
        updated_at=now,
        not_before=new.not_before,
        expires_at=new.expires_at,
        sent_at=None,
        names=new.names,
    )


SEALED = ("patient", "subject", "text", "sender", "address", "author", "approver", "attested_by", "category", "names")
"""The fields of a message that nobody can read in the database."""

_RENAMED = {"group": "group_name"}
CLEAR = tuple(f.name for f in fields(Message) if f.name not in SEALED)


def to_row(message: Message, vault: DatabaseVault) -> dict[str, Any]:
    """The columns of a message; what is private is sealed in its place."""
    row = {_RENAMED.get(name, name): getattr(message, name) for name in CLEAR}
    row["state"] = message.state.value
    hidden = json.dumps({name: getattr(message, name) for name in SEALED})
    row["sealed"] = vault.encrypt(hidden.encode(), _context(message.tenant, message.id))
    row["patient_key"] = vault.fingerprint("patient", message.tenant, message.patient)
    row["address_key"] = address_key(vault, message.tenant, message.address) if message.address else None
    return row


def address_key(vault: DatabaseVault, tenant: str, address: str) -> str:
    """By what messages and opt-outs of one phone or mailbox are found, however it is written."""
    plain = "".join(address.split()).casefold()
    if "@" not in plain:
        digits = re.sub(r"[^0-9]", "", plain)
        plain = digits.removeprefix("1") if len(digits) == 11 else digits
    return vault.fingerprint("address", tenant, plain)


def from_row(row: Any, vault: DatabaseVault) -> Message:
    """The message of a row. Raises ``VaultError`` if its sealed part is not its own."""
    hidden = json.loads(vault.decrypt(row.sealed, _context(row.tenant, row.id)))
    clear = {name: getattr(row, _RENAMED.get(name, name)) for name in CLEAR}
    clear["state"] = State(clear["state"])
    hidden["names"] = tuple(hidden.get("names", ()))  # rows of earlier versions have none
    return Message(**clear, **hidden)


def _context(tenant: str, message_id: str) -> bytes:
    return context_of(tenant, "message", "sealed", message_id)
