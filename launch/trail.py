"""The launch's entries in the audit trail, refusals included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from launch.errors import AppError
from launch.issuers import RegisteredEhr
from launch.ports import AuditSink, Outcome

NOBODY = "unknown"
"""The actor before anybody has signed in."""


class Trail:
    """Records what is done before a user is known; a launch's own entries are its sessions'."""

    def __init__(self, audit: AuditSink) -> None:
        self._audit = audit

    def record(
        self, action: str, ehr: RegisteredEhr | None, detail: Mapping[str, str], outcome: Outcome = "success"
    ) -> None:
        """One entry; ``-`` stands for the tenant of an EHR that is not registered."""
        self._audit.record(
            action,
            outcome,
            actor=NOBODY,
            tenant=ehr.tenant if ehr else "-",
            detail={"ehr": ehr.name if ehr else "-", **detail},
        )

    @contextmanager
    def attempt(self, action: str, ehr: RegisteredEhr | None) -> Iterator[None]:
        """Record an AppError raised inside as a refusal (ours) or a failure (the EHR's)."""
        try:
            yield
        except AppError as error:
            self.record(action, ehr, {"code": error.code}, "failed" if error.status >= 500 else "refused")
            raise
