"""The launch's ports in memory: a clock that stands still, chance that repeats, stores in dicts."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from launch.errors import AppError
from launch.ports import LaunchRow, Outcome

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class FrozenClock:
    """A clock that moves when told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class CountingEntropy:
    """Bytes that never repeat and are the same in every run."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self, size: int) -> bytes:
        with self._lock:
            self._count += 1
            return hashlib.shake_256(str(self._count).encode()).digest(size)


class MemoryVault:
    """Real AES-256-GCM under a fixed key; the context is the additional data."""

    def __init__(self) -> None:
        self._cipher = AESGCM(bytes(range(32)))
        self._entropy = CountingEntropy()

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        nonce = self._entropy(12)
        return nonce + self._cipher.encrypt(nonce, plain, context)

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        return self._cipher.decrypt(sealed[:12], sealed[12:], context)


class MemoryStore:
    """A SessionStore in dicts under one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.pending: dict[str, tuple[bytes, datetime]] = {}
        self.launches: dict[str, LaunchRow] = {}
        self.leases: dict[str, tuple[str, datetime]] = {}

    def add_pending(self, key: str, sealed: bytes, expires_at: datetime) -> None:
        with self._lock:
            self.pending[key] = (sealed, expires_at)

    def take_pending(self, key: str) -> bytes | None:
        with self._lock:
            found = self.pending.pop(key, None)
        return found[0] if found else None

    def add_launch(self, row: LaunchRow) -> None:
        with self._lock:
            if row.handle in self.launches:
                raise KeyError(row.handle)
            self.launches[row.handle] = row

    def get_launch(self, handle: str) -> LaunchRow | None:
        with self._lock:
            return self.launches.get(handle)

    def replace_launch(self, row: LaunchRow, expected_version: int) -> bool:
        with self._lock:
            stored = self.launches.get(row.handle)
            if stored is None or stored.version != expected_version:
                return False
            self.launches[row.handle] = row
            return True

    def touch_launch(self, handle: str, seen_at: datetime) -> None:
        with self._lock:
            row = self.launches.get(handle)
            if row is not None and row.seen_at < seen_at:
                self.launches[handle] = replace(row, seen_at=seen_at)

    def end_launch(self, handle: str) -> bool:
        with self._lock:
            self.leases.pop(handle, None)
            return self.launches.pop(handle, None) is not None

    def claim_refresh(self, handle: str, owner: str, now: datetime, until: datetime) -> bool:
        with self._lock:
            held = self.leases.get(handle)
            if handle not in self.launches or (held is not None and held[1] > now):
                return False
            self.leases[handle] = (owner, until)
            return True

    def release_refresh(self, handle: str, owner: str) -> None:
        with self._lock:
            if self.leases.get(handle, ("", START))[0] == owner:
                del self.leases[handle]

    def overdue(self, now: datetime, idle_since: datetime, most: int) -> list[str]:
        with self._lock:
            rows = sorted(self.launches.values(), key=lambda row: row.seen_at)
        return [row.handle for row in rows if row.expires_at <= now or row.seen_at < idle_since][:most]

    def purge(self, now: datetime, idle_since: datetime) -> int:
        with self._lock:
            over = [key for key, (_, expires_at) in self.pending.items() if expires_at <= now]
            done = [row.handle for row in self.launches.values() if row.expires_at <= now or row.seen_at < idle_since]
            for key in over:
                del self.pending[key]
            for handle in done:
                del self.launches[handle]
            return len(over) + len(done)


@dataclass(frozen=True)
class Entry:
    """One line of the audit trail."""

    action: str
    outcome: Outcome
    actor: str
    tenant: str
    launch: str | None
    patient: str | None
    detail: Mapping[str, str]


@dataclass
class MemoryAudit:
    """An audit trail in a list; ``down`` makes every entry fail."""

    entries: list[Entry] = field(default_factory=list)
    down: bool = False

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
        if self.down:
            raise AppError("audit.down", "The audit trail cannot be written.", status=503)
        self.entries.append(Entry(action, outcome, actor, tenant, launch, patient, dict(detail or {})))


class MemorySecrets:
    """Client secrets by reference."""

    def __init__(self, **secrets: str) -> None:
        self._secrets = secrets

    def secret(self, reference: str) -> str:
        try:
            return self._secrets[reference]
        except KeyError:
            raise AppError("config.no-secret", "A client secret is missing.", status=500) from None


class MemoryKeyStore:
    """One sealed document."""

    def __init__(self) -> None:
        self.sealed: bytes | None = None

    def load_keys(self) -> bytes | None:
        return self.sealed

    def store_keys(self, sealed: bytes, replacing: bytes | None) -> bool:
        if self.sealed != replacing:
            return False
        self.sealed = sealed
        return True


def plain(value: Any) -> Any:
    """A deep copy of JSON-like data."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value
