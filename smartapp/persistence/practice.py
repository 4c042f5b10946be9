"""What the practice decided: its settings, and its remarks on gaps.

Each change and its audit entry are one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, or_, select, update

from launch.ports import Clock, Entropy
from smartapp.audit.trail import AuditTrail
from smartapp.errors import NotFoundError
from smartapp.persistence.engine import reading, writing
from smartapp.persistence.tables import gap_remark, practice_setting
from smartapp.persistence.vault import DatabaseVault, context_of

_KEYS_A_QUERY = 500


class PracticeSettings:
    """Named JSON values of a tenant: enabled measures and groups, users' roles, rules of contact."""

    def __init__(self, engine: Engine, audit: AuditTrail, clock: Clock) -> None:
        self._engine = engine
        self._audit = audit
        self._clock = clock

    def get(self, tenant: str, name: str, default: Any = None) -> Any:
        """The value as last committed; ``default`` if the practice never set one."""
        table = practice_setting
        wanted = select(table.c.value).where(table.c.tenant == tenant, table.c.name == name)
        with reading(self._engine) as connection:
            value = connection.execute(wanted).scalar()
        return default if value is None else json.loads(value)

    def put(self, tenant: str, name: str, value: Any, *, actor: str) -> None:
        """Set a value (anything JSON can hold; no patient data)."""
        table = practice_setting
        with writing(self._engine) as connection:
            connection.execute(delete(table).where(table.c.tenant == tenant, table.c.name == name))
            connection.execute(
                insert(table).values(
                    tenant=tenant, name=name, value=json.dumps(value), updated_at=self._clock(), updated_by=actor
                )
            )
            self._audit.record_in(
                connection,
                "practice.setting",
                "success",
                actor=actor,
                tenant=tenant,
                detail={"name": name, "value": json.dumps(value)},
            )


@dataclass(frozen=True, slots=True)
class GapRemark:
    """Why a gap is not to be shown for a while.

    ``code`` is a DEQM gap reason code; ``patient`` a relative reference; ``undone_at`` set when
    somebody took the remark back.
    """

    id: str
    tenant: str
    patient: str
    measure: str
    group_id: str
    code: str
    note: str
    actor: str
    created_at: datetime
    expires_at: datetime | None
    undone_at: datetime | None


class GapRemarks:
    """Dismissals of gaps, each with its reason, its author and its end."""

    def __init__(self, engine: Engine, vault: DatabaseVault, audit: AuditTrail, clock: Clock, entropy: Entropy) -> None:
        self._engine = engine
        self._vault = vault
        self._audit = audit
        self._clock = clock
        self._entropy = entropy

    def add(
        self,
        *,
        tenant: str,
        patient: str,
        measure: str,
        group_id: str,
        code: str,
        note: str,
        actor: str,
        expires_at: datetime | None,
        launch: str | None = None,
    ) -> GapRemark:
        """Keep a remark and its audit entry."""
        remark = GapRemark(
            self._entropy(16).hex(),
            tenant,
            patient,
            measure,
            group_id,
            code,
            note,
            actor,
            self._clock(),
            expires_at,
            None,
        )
        hidden = json.dumps({"patient": patient, "note": note, "actor": actor}).encode()
        with writing(self._engine) as connection:
            connection.execute(
                insert(gap_remark).values(
                    id=remark.id,
                    tenant=tenant,
                    patient_key=self._vault.fingerprint("patient", tenant, patient),
                    measure=measure,
                    group_id=group_id,
                    code=code,
                    sealed=self._vault.encrypt(hidden, context_of(tenant, "gap_remark", "sealed", remark.id)),
                    created_at=remark.created_at,
                    expires_at=expires_at,
                )
            )
            self._record(connection, "gap.remark", remark, actor, launch)
        return remark

    def active(self, tenant: str, patient: str) -> Sequence[GapRemark]:
        """The patient's remarks that are neither over nor undone, oldest first."""
        table = gap_remark
        wanted = (
            select(table)
            .where(
                table.c.tenant == tenant,
                table.c.patient_key == self._vault.fingerprint("patient", tenant, patient),
                table.c.undone_at.is_(None),
                or_(table.c.expires_at.is_(None), table.c.expires_at > self._clock()),
            )
            .order_by(table.c.created_at, table.c.id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(wanted).all()
        return [self._opened(row) for row in rows]

    def set_aside(self, tenant: str, patients: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """The measures that are set aside at present, by patient (relative references), of many patients at once.

        Nothing is unsealed: whom a remark is about is found by its fingerprint.
        """
        table = gap_remark
        by_key = {self._vault.fingerprint("patient", tenant, patient): patient for patient in patients}
        keys = list(by_key)
        found: dict[str, set[str]] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(keys), _KEYS_A_QUERY):
                wanted = select(table.c.patient_key, table.c.measure).where(
                    table.c.tenant == tenant,
                    table.c.patient_key.in_(keys[start : start + _KEYS_A_QUERY]),
                    table.c.undone_at.is_(None),
                    or_(table.c.expires_at.is_(None), table.c.expires_at > self._clock()),
                )
                for key, measure in connection.execute(wanted):
                    found.setdefault(by_key[key], set()).add(measure)
        return {patient: frozenset(measures) for patient, measures in found.items()}

    def undo(self, remark_id: str, *, tenant: str, patient: str, actor: str, launch: str | None = None) -> GapRemark:
        """Take a remark back. Raises :class:`NotFoundError` if this patient of this tenant has no such one."""
        table = gap_remark
        with writing(self._engine) as connection:
            row = connection.execute(
                update(table)
                .where(
                    table.c.id == remark_id,
                    table.c.tenant == tenant,
                    table.c.patient_key == self._vault.fingerprint("patient", tenant, patient),
                    table.c.undone_at.is_(None),
                )
                .values(undone_at=self._clock())
                .returning(table)
            ).one_or_none()
            if row is None:
                raise NotFoundError("gap.no-remark", "There is no such remark on this patient's gaps.")
            remark = self._opened(row)
            self._record(connection, "gap.remark-undone", remark, actor, launch)
        return remark

    def _record(self, connection: Any, action: str, remark: GapRemark, actor: str, launch: str | None) -> None:
        self._audit.record_in(
            connection,
            action,
            "success",
            actor=actor,
            tenant=remark.tenant,
            launch=launch,
            patient=remark.patient,
            detail={"measure": remark.measure, "code": remark.code, "remark": remark.id},
        )

    def _opened(self, row: Any) -> GapRemark:
        place = context_of(row.tenant, "gap_remark", "sealed", row.id)
        hidden = json.loads(self._vault.decrypt(row.sealed, place))
        return GapRemark(
            row.id,
            row.tenant,
            hidden["patient"],
            row.measure,
            row.group_id,
            row.code,
            hidden["note"],
            hidden["actor"],
            row.created_at,
            row.expires_at,
            row.undone_at,
        )
