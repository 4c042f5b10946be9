"""What the launch needs from outside: time, chance, secrets, a store, an audit trail.

``create_app`` supplies an implementation of each. Every protocol states the atomicity that the
launch relies on, because two requests of one browser, and two worker processes, arrive together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from launch.issuers import RegisteredEhr
    from launch.scopes import Scope

Clock = Callable[[], datetime]
"""The time now: aware, in UTC."""

Entropy = Callable[[int], bytes]
"""So many bytes that nobody can predict (``os.urandom`` outside tests)."""

Monotonic = Callable[[], float]
"""Seconds from an arbitrary start, never set back (``time.monotonic`` outside tests)."""

Sleep = Callable[[float], None]
"""Wait so many seconds (``time.sleep`` outside tests)."""

View = Literal["chart", "population"]
"""What a launch is for: one patient's chart, or the practice's population."""

DerivedScopes = Callable[[View], "tuple[Scope, ...]"]
"""The clinical scopes a view needs, in SMART v2 form; the launch asks for no more."""


class Vault(Protocol):
    """Authenticated encryption under keys that are not in the database."""

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        """Seal ``plain``, bound to ``context`` (which is not stored with it)."""
        ...

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        """Open what ``encrypt`` sealed under the same context.

        Raises an exception when the bytes or the context are not those that were sealed.
        """
        ...


@dataclass(frozen=True, slots=True)
class LaunchRow:
    """One live launch as the store keeps it: what must be searchable in clear, the rest sealed.

    ``version`` starts at 1 and rises by one with each ``replace_launch``.
    ``seen_at`` is the last request; ``expires_at`` the absolute end, which never moves.
    """

    handle: str
    tenant: str
    ehr: str
    sealed: bytes
    version: int
    seen_at: datetime
    expires_at: datetime


class SessionStore(Protocol):
    """Server-side state shared by all worker processes. Every method is one transaction."""

    def add_pending(self, key: str, sealed: bytes, expires_at: datetime) -> None:
        """Keep an authorization that was begun, under a digest of its ``state``."""
        ...

    def take_pending(self, key: str) -> bytes | None:
        """Remove and return a pending authorization; None if there is none.

        Of any number of concurrent calls with one key exactly one gets the bytes.
        """
        ...

    def add_launch(self, row: LaunchRow) -> None:
        """Keep a new launch. Raises if the handle is taken."""
        ...

    def get_launch(self, handle: str) -> LaunchRow | None:
        """The launch as last committed, by any process; None if unknown or ended."""
        ...

    def replace_launch(self, row: LaunchRow, expected_version: int) -> bool:
        """Store ``row`` if the stored version is ``expected_version``; say whether it was.

        Compare and swap in one statement. ``row.version`` is ``expected_version + 1``.
        The lease of ``claim_refresh`` is left as it is.
        """
        ...

    def touch_launch(self, handle: str, seen_at: datetime) -> None:
        """Set ``seen_at`` unless it is later already; does not change the version."""
        ...

    def end_launch(self, handle: str) -> bool:
        """Remove the launch and everything kept under its handle; True if it was there.

        Of concurrent calls exactly one returns True.
        """
        ...

    def claim_refresh(self, handle: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take the right to refresh this launch's tokens until ``until``.

        True for exactly one owner while the lease runs (an earlier lease counts as free once
        its ``until`` <= ``now``); False for the others and for an unknown handle.
        """
        ...

    def release_refresh(self, handle: str, owner: str) -> None:
        """Give the lease back if ``owner`` still holds it."""
        ...

    def overdue(self, now: datetime, idle_since: datetime, most: int) -> Sequence[str]:
        """Handles of at most ``most`` launches that expired by ``now`` or were not seen since
        ``idle_since``, those that are over longest first.
        """
        ...

    def purge(self, now: datetime, idle_since: datetime) -> int:
        """Remove pending authorizations and launches that expired by ``now``, and launches not
        seen since ``idle_since``, with everything under their handles; return how many.
        """
        ...


Outcome = Literal["success", "refused", "failed"]


class AuditSink(Protocol):
    """The append-only audit trail. If recording raises, the operation does not happen."""

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
        """Write one entry durably before returning.

        ``action`` is dotted (``launch.begin``); ``actor`` the user's FHIR reference, or
        ``unknown`` before sign-in, or ``system``; ``launch`` the handle; ``patient`` a relative
        reference (``Patient/123``); ``detail`` short, never a token or clinical content.
        """
        ...


class EhrRegistry(Protocol):
    """The EHRs an administrator registered. Looking up sends nothing anywhere."""

    def by_fhir_base(self, fhir_base: str) -> RegisteredEhr | None:
        """The EHR registered under exactly this FHIR base (no trailing slash)."""
        ...

    def by_name(self, name: str) -> RegisteredEhr | None:
        """The EHR registered under exactly this name."""
        ...

    def all(self) -> Sequence[RegisteredEhr]:
        """Every registered EHR, by name."""
        ...


class SecretSource(Protocol):
    """Where client secrets are, by reference (such as ``env:EHR_SECRET``)."""

    def secret(self, reference: str) -> str:
        """The secret behind a reference. Raises ``AppError`` if there is none."""
        ...


class KeyStore(Protocol):
    """One sealed document: the app's own signing keys."""

    def load_keys(self) -> bytes | None:
        """The sealed keys as last committed; None before the first."""
        ...

    def store_keys(self, sealed: bytes, replacing: bytes | None) -> bool:
        """Store if what is stored is still ``replacing``; say whether it was. One statement."""
        ...
