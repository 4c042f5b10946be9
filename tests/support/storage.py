"""A real database of a test's own, with its vault and audit trail, under a clock that the test sets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from smartapp.audit.trail import AuditTrail
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import upgrade
from smartapp.persistence.vault import DatabaseVault, master_key

SECRET = "3f9c1e7ab2d84f60915c7de2b8a4f1036d5e9b27c0f8a1d4e6b39275c8d0fa14"
OTHER_SECRET = "b8a4f1036d5e9b27c0f8a1d4e6b39275c8d0fa143f9c1e7ab2d84f60915c7de2"


class SetClock:
    """A clock that stands still until it is moved; also a monotonic one that never goes back."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)) -> None:
        self.now = now
        self.elapsed = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.elapsed

    def pass_time(self, seconds: float) -> None:
        """Time goes by: both clocks advance."""
        self.now += timedelta(seconds=seconds)
        self.elapsed += seconds

    def set_by(self, seconds: float) -> None:
        """Somebody sets the wall clock; no time passes."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Storage:
    engine: Engine
    vault: DatabaseVault
    audit: AuditTrail
    clock: SetClock

    @property
    def path(self) -> Path:
        assert self.engine.url.database
        return Path(self.engine.url.database)


def open_storage(url: str | Path, *, secrets: tuple[str, ...] = (SECRET,), clock: SetClock | None = None) -> Storage:
    """Open (and bring up to date) the database at a SQLAlchemy address or in a folder."""
    engine = open_engine(f"sqlite:///{url / 'app.db'}" if isinstance(url, Path) else url)
    upgrade(engine)
    clock = clock or SetClock()
    masters = [master_key(secret) for secret in secrets]
    vault = DatabaseVault(engine, masters, entropy=os.urandom, clock=clock, monotonic=clock.monotonic)
    vault.prepare()
    audit = AuditTrail(engine, vault, clock)
    audit.prepare()
    return Storage(engine, vault, audit, clock)
