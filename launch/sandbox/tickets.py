"""Opaque, short-lived handles: launches, authorizations under way, codes, sessions, pages of a search.

Only the SHA-256 of a handle is stored, so the database opens nothing by itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Literal

from .database import Database
from .settings import Clock, Entropy

Kind = Literal["launch", "authorization", "code", "staff", "portal", "page"]


def opaque(entropy: Entropy) -> str:
    """A handle of 256 random bits in 43 characters that are safe in a URL."""
    return base64.urlsafe_b64encode(entropy(32)).rstrip(b"=").decode()


def digest(handle: str) -> str:
    """What is stored of a handle."""
    return hashlib.sha256(handle.encode()).hexdigest()


class Tickets:
    """Issues handles and gives back what was kept under them."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    def issue(self, kind: Kind, body: dict[str, Any], seconds: float) -> str:
        """A new handle that lives for some seconds."""
        handle = opaque(self._entropy)
        now = self._clock().timestamp()
        with self._database.write() as connection:
            connection.execute("DELETE FROM ticket WHERE expires < ?", (now - 3600,))
            connection.execute(
                "INSERT INTO ticket (hash, kind, body, expires) VALUES (?, ?, ?, ?)",
                (digest(handle), kind, json.dumps(body), now + seconds),
            )
        return handle

    def look(self, kind: Kind, handle: str | None) -> dict[str, Any] | None:
        """What is kept under a handle that is alive and unused; None otherwise."""
        if not handle:
            return None
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT body FROM ticket WHERE hash = ? AND kind = ? AND expires > ? AND used = 0",
                (digest(handle), kind, self._clock().timestamp()),
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def take(self, kind: Kind, handle: str) -> tuple[dict[str, Any] | None, bool]:
        """Use a handle up: (what was kept, whether this was its first use). Dead or unknown: (None, False)."""
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT body, used FROM ticket WHERE hash = ? AND kind = ? AND expires > ?",
                (digest(handle), kind, self._clock().timestamp()),
            ).fetchone()
            if row is None:
                return None, False
            connection.execute("UPDATE ticket SET used = 1 WHERE hash = ?", (digest(handle),))
        return json.loads(row[0]), not row[1]

    def update(self, handle: str, body: dict[str, Any]) -> None:
        """Change what is kept under a handle."""
        with self._database.write() as connection:
            connection.execute("UPDATE ticket SET body = ? WHERE hash = ?", (json.dumps(body), digest(handle)))

    def drop(self, handle: str) -> None:
        """Forget a handle."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM ticket WHERE hash = ?", (digest(handle),))
