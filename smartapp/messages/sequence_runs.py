"""Where each patient is in a sequence: :mod:`smartapp.messages.sequences` decides, this remembers."""

from __future__ import annotations

import json
from collections.abc import Sequence as Many
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from smartapp.messages.ledger import Ledger
from smartapp.messages.sequences import Progress, Sequence, Stop, built_in_sequences, start
from smartapp.persistence.engine import reading
from smartapp.persistence.tables import sequence_run
from smartapp.persistence.vault import context_of

RE_ENGAGEMENT = "re-engagement"
ACTOR = "system"
_LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Run:
    """One patient's way through one sequence. ``message_id`` is the message of the step that is under way.

    ``measure`` is the gap that it began with, ``author`` who began it.
    """

    id: str
    tenant: str
    ehr: str
    patient: str
    progress: Progress
    message_id: str | None
    measure: str | None
    author: str
    created_at: datetime


class SequenceRuns:
    """The runs of all patients. Every change is one transaction, with its audit entry."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction for a first message and the run that it begins: both, or neither.

        The audit entry of the message makes others wait, so that two who begin with one patient see each other.
        """
        return self._ledger.writing()

    def begin(
        self,
        sequence: Sequence,
        *,
        tenant: str,
        ehr: str,
        patient: str,
        measure: str | None,
        message_id: str,
        actor: str,
        connection: Connection | None = None,
    ) -> Run:
        """A patient enters a sequence with the message ``message_id``; who is in it already stays where they are.

        ``connection`` is the transaction in which the message was written, if it is the caller's.
        """
        now = self._ledger.clock()
        with self._ledger.writing(connection) as tx:
            there = self._latest(tx, tenant, ehr, patient, sequence.id)
            if there is not None and there.progress.status == "running":
                return there
            run = Run(
                self._ledger.entropy(16).hex(),
                tenant,
                ehr,
                patient,
                start(sequence, now),
                message_id,
                measure,
                actor,
                now,
            )
            tx.execute(insert(sequence_run).values(**self._row(run, look_at=now)))
            self._record(tx, "sequence.begin", run, actor)
            return run

    def latest(self, tenant: str, ehr: str, patient: str, sequence: str = RE_ENGAGEMENT) -> Run | None:
        """The patient's newest run of a sequence."""
        with reading(self._ledger.engine) as connection:
            return self._latest(connection, tenant, ehr, patient, sequence)

    def care_may_follow(self, tenant: str, ehr: str, patient: str) -> bool:
        """Whether the patient was asked back in full, or has come back (R17)."""
        run = self.latest(tenant, ehr, patient)
        return run is not None and run.progress.care_specific_allowed

    def take_due(self, most: int = 20) -> Many[Run]:
        """Running runs that are to be looked at, for this worker alone for ten minutes."""
        now = self._ledger.clock()
        table = sequence_run
        wanted = (
            select(table)
            .where(table.c.status == "running", table.c.look_at <= now)
            .order_by(table.c.look_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        with self._ledger.writing() as tx:
            runs = [self._opened(row) for row in tx.execute(wanted)]
            for run in runs:
                tx.execute(update(table).where(table.c.id == run.id).values(look_at=now + _LEASE))
            return runs

    def keep(self, run: Run, progress: Progress, *, message_id: str | None) -> Run:
        """Write how far a run is; it is looked at again when its next step is due, or soon while one is under way."""
        now = self._ledger.clock()
        changed = replace(run, progress=progress, message_id=message_id)
        look_at = now + _LEASE if message_id is not None else max(progress.due, now)
        with self._ledger.writing() as tx:
            row = self._row(changed, look_at=look_at)
            tx.execute(update(sequence_run).where(sequence_run.c.id == run.id).values(**row))
            if progress.status != run.progress.status:
                self._record(tx, f"sequence.{progress.status}", changed, ACTOR)
        return changed

    def _latest(self, connection: Connection, tenant: str, ehr: str, patient: str, sequence: str) -> Run | None:
        table = sequence_run
        key = self._ledger.vault.fingerprint("patient", tenant, patient)
        wanted = (
            select(table)
            .where(
                table.c.tenant == tenant, table.c.ehr == ehr, table.c.patient_key == key, table.c.sequence == sequence
            )
            .order_by(table.c.created_at.desc())
            .limit(1)
        )
        row = connection.execute(wanted).one_or_none()
        return None if row is None else self._opened(row)

    def _row(self, run: Run, *, look_at: datetime) -> dict[str, Any]:
        ledger, progress = self._ledger, run.progress
        hidden = json.dumps({"patient": run.patient, "author": run.author}).encode()
        return {
            "id": run.id,
            "tenant": run.tenant,
            "ehr": run.ehr,
            "patient_key": ledger.vault.fingerprint("patient", run.tenant, run.patient),
            "sequence": progress.sequence,
            "version": progress.version,
            "status": progress.status,
            "next_step": progress.next_step,
            "due": progress.due,
            "look_at": look_at,
            "stopped_by": None if progress.stopped_by is None else progress.stopped_by.value,
            "message_id": run.message_id,
            "measure": run.measure,
            "created_at": run.created_at,
            "updated_at": ledger.clock(),
            "sealed": ledger.vault.encrypt(hidden, context_of(run.tenant, "sequence_run", "sealed", run.id)),
        }

    def _opened(self, row: Any) -> Run:
        place = context_of(row.tenant, "sequence_run", "sealed", row.id)
        hidden = json.loads(self._ledger.vault.decrypt(row.sealed, place))
        stopped = None if row.stopped_by is None else Stop(row.stopped_by)
        progress = Progress(row.sequence, row.version, row.status, row.next_step, row.due, stopped)
        return Run(
            row.id, row.tenant, row.ehr, hidden["patient"], progress, row.message_id, row.measure, hidden["author"],
            row.created_at,
        )  # fmt: skip

    def _record(self, tx: Connection, action: str, run: Run, actor: str) -> None:
        detail = {"sequence": run.progress.sequence, "step": str(run.progress.next_step)}
        detail |= {"by": run.progress.stopped_by.value} if run.progress.stopped_by else {}
        self._ledger.audit.record_in(
            tx, action, "success", actor=actor, tenant=run.tenant, patient=run.patient, detail=detail
        )


def re_engagement() -> Sequence:
    """The sequence that asks dormant patients back."""
    return built_in_sequences()[RE_ENGAGEMENT]
