"""The audit trail: one chained entry for every read, refusal, decision and send.

Each entry's HMAC-SHA-256 covers the entry and the HMAC before it; a sealed head covers the number
and the HMAC of the last one. So a changed, removed, inserted or cut-off entry is found by
:meth:`AuditTrail.verify` (45 CFR 164.312(b) and (c); NIST SP 800-92, 5.1). The keys are in the vault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import Connection, Engine, insert, select, update

from launch.ports import Clock, Outcome
from smartapp.audit.together import Together
from smartapp.errors import AppError
from smartapp.persistence.engine import StorageError, preparing, reading, writing
from smartapp.persistence.tables import audit_entry, audit_head, ehr, message
from smartapp.persistence.vault import DatabaseVault, VaultError, context_of

_HEAD = select(audit_head).with_for_update()
_INSERT = insert(audit_entry)
_MOVE_HEAD = update(audit_head)
_WRITTEN_WITH_ENTRIES = (audit_entry.c.seq, ehr.c.name, message.c.id)
_START = bytes(32)
_DETAIL_LENGTH = 500


class AuditError(AppError):
    """The entry was not written, so what it would have recorded must not happen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the trail as it is read back."""

    seq: int
    at: datetime
    tenant: str
    actor: str
    action: str
    outcome: Outcome
    launch: str | None
    patient: str | None
    detail: Mapping[str, str]


class _Said(TypedDict):
    """What an entry says, before it has a place in the chain."""

    tenant: str
    actor: str
    action: str
    outcome: Outcome
    launch: str | None
    patient: str | None
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What :meth:`AuditTrail.verify` found: ``broken_at`` is the number of the first entry that is wrong."""

    entries: int
    broken_at: int | None
    problem: str | None

    @property
    def intact(self) -> bool:
        """Whether every entry is there as it was written."""
        return self.problem is None


class AuditTrail:
    """The :class:`launch.ports.AuditSink` of the app, and its reader and verifier."""

    def __init__(self, engine: Engine, vault: DatabaseVault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock
        self._together = Together(self._write_alone)

    def prepare(self) -> None:
        """Seal the head of an empty trail; leave an existing one alone.

        Raises :class:`AuditError` if there is no head though the app was used: there are entries, or what is never
        written without one. So a trail that was removed as a whole is not begun anew without a word.
        """
        with writing(self._engine) as connection:
            preparing(connection)
            if connection.execute(select(audit_head.c.id)).first() is not None:
                return
            if any(connection.execute(select(column).limit(1)).first() is not None for column in _WRITTEN_WITH_ENTRIES):
                raise AuditError(
                    "audit.no-head",
                    "The audit trail was removed, or its head was: restore the database from a backup.",
                    status=503,
                )
            connection.execute(insert(audit_head).values(id=1, seq=0, mac=_START, seal=self._seal(0, _START)))

    def record(
        self,
        action: str,
        outcome: Outcome,
        *,
        actor: str,
        tenant: str,
        launch: str | None = None,
        patient: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Write one entry, durably; it shares its transaction only with entries of the same moment.

        Raises :class:`AuditError` when there is no actor or the entry cannot be written: then the
        caller's operation must not happen.
        """
        try:
            self._together(
                _said(action, outcome, actor=actor, tenant=tenant, launch=launch, patient=patient, detail=detail)
            )
        except StorageError:
            raise AuditError(
                "audit.unavailable",
                "What you asked for cannot be recorded at the moment, so it was not done. Please try again shortly.",
                status=503,
            ) from None

    def record_in(
        self,
        connection: Connection,
        action: str,
        outcome: Outcome,
        *,
        actor: str,
        tenant: str,
        launch: str | None = None,
        patient: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Write one entry in the caller's writing transaction: with the decision, or not at all.

        The head's row is locked until that transaction ends, so write the entry last.
        """
        self._write(
            connection,
            [_said(action, outcome, actor=actor, tenant=tenant, launch=launch, patient=patient, detail=detail)],
        )

    def record_all_in(self, connection: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
        """As :meth:`record_in`, for several of one transaction: the keyword arguments of each, in their order."""
        if entries:
            self._write(connection, [_said(**one) for one in entries])

    def _write_alone(self, said: Sequence[_Said]) -> None:
        with writing(self._engine) as connection:
            self._write(connection, said)

    def _write(self, connection: Connection, said: Sequence[_Said]) -> None:
        head = connection.execute(_HEAD).one_or_none()
        if head is None or head.seal != self._seal(head.seq, head.mac):
            raise AuditError("audit.no-head", "The audit trail's head is missing or was altered.", status=503)
        mac, rows = head.mac, []
        for seq, one in enumerate(said, head.seq + 1):
            entry = Entry(seq=seq, at=self._clock(), **one)
            mac = self._mac(mac, entry)
            rows.append(self._row(entry, mac))
        connection.execute(_INSERT, rows)
        seq = head.seq + len(rows)
        connection.execute(_MOVE_HEAD, {"seq": seq, "mac": mac, "seal": self._seal(seq, mac)})

    def _row(self, entry: Entry, mac: bytes) -> dict[str, Any]:
        hidden = json.dumps({"actor": entry.actor, "patient": entry.patient, "detail": dict(entry.detail)})
        return {
            "seq": entry.seq,
            "at": entry.at,
            "tenant": entry.tenant,
            "action": entry.action,
            "outcome": entry.outcome,
            "launch": entry.launch,
            "actor_key": self._vault.fingerprint("actor", entry.tenant, entry.actor),
            "patient_key": None
            if entry.patient is None
            else self._vault.fingerprint("patient", entry.tenant, entry.patient),
            "sealed": self._vault.encrypt(hidden.encode(), _context(entry.tenant, entry.seq)),
            "mac": mac,
        }

    def entries(
        self,
        *,
        tenant: str | None = None,
        patient: str | None = None,
        actor: str | None = None,
        launch: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[Entry]:
        """The entries that match, oldest first.

        ValueError where ``patient`` or ``actor`` come without their ``tenant``: nobody would be found.
        """
        if tenant is None and (patient is not None or actor is not None):
            raise ValueError("a patient or an actor is looked up within a tenant")
        wanted = select(audit_entry).order_by(audit_entry.c.seq)
        if tenant is not None:
            wanted = wanted.where(audit_entry.c.tenant == tenant)
        if patient is not None:
            key = self._vault.fingerprint("patient", str(tenant), patient)
            wanted = wanted.where(audit_entry.c.patient_key == key)
        if actor is not None:
            wanted = wanted.where(audit_entry.c.actor_key == self._vault.fingerprint("actor", str(tenant), actor))
        if launch is not None:
            wanted = wanted.where(audit_entry.c.launch == launch)
        if since is not None:
            wanted = wanted.where(audit_entry.c.at >= since)
        with reading(self._engine) as connection:
            for row in connection.execution_options(yield_per=1000).execute(wanted):
                yield self._opened(row)

    def verify(self) -> Verdict:
        """Walk the whole chain; say which entry is the first that is not as it was written."""
        with reading(self._engine, snapshot=True) as connection:
            head = connection.execute(select(audit_head)).one_or_none()
            before, count = _START, 0
            rows = connection.execution_options(yield_per=1000).execute(select(audit_entry).order_by(audit_entry.c.seq))
            for row in rows:
                if row.seq != count + 1:
                    return Verdict(count, count + 1, f"entry {count + 1} is missing")
                problem = self._problem(before, row)
                if problem:
                    return Verdict(count, row.seq, f"entry {row.seq} {problem}")
                before, count = row.mac, row.seq
        if head is None or head.seal != self._seal(head.seq, head.mac):
            return Verdict(count, count + 1, "the head is missing or was altered")
        if head.seq > count:
            return Verdict(count, count + 1, f"entries after {count} were cut off: there were {head.seq}")
        if head.seq < count or head.mac != before:
            return Verdict(count, head.seq + 1, f"the head ends at entry {head.seq}, and there are {count}")
        return Verdict(count, None, None)

    def _problem(self, before: bytes, row: Any) -> str | None:
        try:
            entry = self._opened(row)
        except (VaultError, ValueError, KeyError, TypeError):
            return "cannot be opened"
        keys = (self._vault.fingerprint("actor", entry.tenant, entry.actor), row.patient_key)
        if entry.patient is not None:
            keys = (keys[0], self._vault.fingerprint("patient", entry.tenant, entry.patient))
        if row.mac != self._mac(before, entry) or keys != (row.actor_key, row.patient_key):
            return "was altered"
        return None

    def _opened(self, row: Any) -> Entry:
        hidden = json.loads(self._vault.decrypt(row.sealed, _context(row.tenant, row.seq)))
        return Entry(
            seq=row.seq,
            at=row.at,
            tenant=row.tenant,
            actor=hidden["actor"],
            action=row.action,
            outcome=row.outcome,
            launch=row.launch,
            patient=hidden["patient"],
            detail=hidden["detail"],
        )

    def _mac(self, before: bytes, entry: Entry) -> bytes:
        """Over the plain content, so that re-encryption leaves the chain as it is."""
        content = [
            entry.seq,
            entry.at.isoformat(timespec="microseconds"),
            entry.tenant,
            entry.actor,
            entry.action,
            entry.outcome,
            entry.launch,
            entry.patient,
            sorted(entry.detail.items()),
        ]
        return self._vault.audit_mac(b"entry", before, json.dumps(content).encode())

    def _seal(self, seq: int, mac: bytes) -> bytes:
        return self._vault.audit_mac(b"head", str(seq).encode(), mac)


def _said(
    action: str,
    outcome: Outcome,
    *,
    actor: str,
    tenant: str,
    launch: str | None,
    patient: str | None,
    detail: Mapping[str, str] | None,
) -> _Said:
    if not actor or not actor.strip():
        raise AuditError("audit.no-actor", "An audit entry needs an actor.", status=500)
    return _Said(
        tenant=_clean(tenant),
        actor=_clean(actor),
        action=_clean(action),
        outcome=outcome,
        launch=None if launch is None else _clean(launch),
        patient=None if patient is None else _clean(patient),
        detail={_clean(key): _clean(value)[:_DETAIL_LENGTH] for key, value in (detail or {}).items()},
    )


def _context(tenant: str, seq: int) -> bytes:
    return context_of(tenant, "audit_entry", "sealed", str(seq))


def _clean(value: str) -> str:
    """Control characters become spaces: an entry is one line wherever it is printed."""
    return "".join(c if c.isprintable() else " " for c in value)
