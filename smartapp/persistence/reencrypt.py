"""Sealing every lasting row again under the newest data key, after ``keys rotate``.

Pending authorizations and launches are left out: none outlives the day.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, Table, and_, select, update

from smartapp.persistence import tables
from smartapp.persistence.engine import reading, writing
from smartapp.persistence.registrations import ehr_context, secret_context
from smartapp.persistence.vault import DatabaseVault, context_of

_BATCH = 200


def _by_id(row: Any, table: str) -> bytes:
    return context_of(row.tenant, table, "sealed", str(row.id))


_PLACES: tuple[tuple[Table, Callable[[Any], bytes]], ...] = (
    (tables.ehr, lambda row: ehr_context(row.name)),
    (tables.secret, lambda row: secret_context(row.name)),
    (tables.audit_entry, lambda row: context_of(row.tenant, "audit_entry", "sealed", str(row.seq))),
    (tables.gap_remark, lambda row: _by_id(row, "gap_remark")),
    (tables.message, lambda row: _by_id(row, "message")),
    (tables.template_approval, lambda row: _by_id(row, "template_approval")),
    (tables.sequence_run, lambda row: _by_id(row, "sequence_run")),
)


def reencrypt(engine: Engine, vault: DatabaseVault, signing_context: bytes | None = None) -> int:
    """Seal again what is not yet under the newest key; return how many rows.

    Works in small transactions while the app runs, and can be run again after an interruption.
    ``signing_context`` is the context under which the launch seals its signing keys. Raises
    ``VaultError`` at a row that does not open.
    """
    places = list(_PLACES)
    if signing_context is not None:
        context = signing_context
        places.append((tables.key_document, lambda _row: context))
    return sum(_table(engine, vault, table, context_of_row) for table, context_of_row in places)


def _table(engine: Engine, vault: DatabaseVault, table: Table, context_of_row: Callable[[Any], bytes]) -> int:
    key = tuple(table.primary_key.columns)
    with reading(engine) as connection:
        stale = [
            tuple(row[:-1])
            for row in connection.execution_options(yield_per=1000).execute(select(*key, table.c.sealed))
            if not vault.is_current(row.sealed)
        ]
    for start in range(0, len(stale), _BATCH):
        with writing(engine) as connection:
            for values in stale[start : start + _BATCH]:
                this = and_(*(column == value for column, value in zip(key, values, strict=True)))
                row = connection.execute(select(table).where(this).with_for_update()).one_or_none()
                if row is not None and not vault.is_current(row.sealed):
                    context = context_of_row(row)
                    sealed = vault.encrypt(vault.decrypt(row.sealed, context), context)
                    connection.execute(update(table).where(this).values(sealed=sealed))
    return len(stale)
