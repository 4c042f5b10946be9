"""What was granted to whom, and the tokens that stand for it.

A grant is one decision of one person (or one backend's registration). Access and refresh tokens belong to
it; refresh tokens rotate, and a second use of one ends the whole grant (RFC 9700, 4.14.2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .database import Database
from .scopes import Scope, data_scopes
from .settings import Clock, Entropy
from .staff import by_practitioner
from .tickets import digest, opaque

TokenKind = Literal["access", "refresh"]


@dataclass(frozen=True)
class Token:
    """A live token: its grant, its scopes (a refresh may have narrowed them), its end in seconds since 1970."""

    kind: TokenKind
    grant_id: str
    client_id: str
    scope: str
    expires: float
    grant: Mapping[str, Any]

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The data scopes."""
        return data_scopes(self.scope.split())

    @property
    def patient(self) -> str | None:
        """The patient in context."""
        patient: str | None = self.grant.get("patient")
        return patient

    @property
    def user(self) -> str | None:
        """The user, as ``Practitioner/id``; None for a backend service."""
        user: str | None = self.grant.get("user")
        return user

    @property
    def groups(self) -> frozenset[str] | None:
        """The ids of the Groups that may be seen; None: all of them (a backend service)."""
        if self.user is None:
            return None
        member = by_practitioner(self.user.removeprefix("Practitioner/"))
        return member.groups if member else frozenset()


class Grants:
    """Issues, finds, rotates and revokes."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    def open(self, client_id: str, body: Mapping[str, Any]) -> str:
        """A new grant; its id."""
        grant_id = self._entropy(16).hex()
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO consent_grant (id, client, body) VALUES (?, ?, ?)",
                (grant_id, client_id, json.dumps(body)),
            )
        return grant_id

    def issue(self, kind: TokenKind, grant_id: str, scope: str, seconds: float) -> str:
        """A new token under a grant."""
        handle = opaque(self._entropy)
        now = self._clock().timestamp()
        with self._database.write() as connection:
            connection.execute("DELETE FROM token WHERE expires < ?", (now - 86400,))
            connection.execute(
                "INSERT INTO token (hash, kind, grant_id, scope, expires) VALUES (?, ?, ?, ?, ?)",
                (digest(handle), kind, grant_id, scope, now + seconds),
            )
        return handle

    def find(self, kind: TokenKind, handle: str) -> Token | None:
        """The live token behind a handle; None for unknown, expired, used or revoked."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT t.grant_id, g.client, t.scope, t.expires, g.body FROM token t "
                "JOIN consent_grant g ON g.id = t.grant_id "
                "WHERE t.hash = ? AND t.kind = ? AND t.expires > ? AND t.used = 0 AND g.revoked = 0",
                (digest(handle), kind, self._clock().timestamp()),
            ).fetchone()
        if row is None:
            return None
        grant_id, client_id, scope, expires, body = row
        return Token(kind, grant_id, client_id, scope, expires, json.loads(body))

    def use_refresh(self, handle: str, client_id: str) -> Token | None:
        """Use a refresh token up. A second use revokes its grant; None for whatever is not alive."""
        token = self.find("refresh", handle)
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT t.grant_id, t.used FROM token t JOIN consent_grant g ON g.id = t.grant_id "
                "WHERE t.hash = ? AND t.kind = 'refresh' AND g.client = ?",
                (digest(handle), client_id),
            ).fetchone()
            if row is None:
                return None
            if row[1]:
                connection.execute("UPDATE consent_grant SET revoked = 1 WHERE id = ?", (row[0],))
                return None
            if token is not None:
                connection.execute("UPDATE token SET used = 1 WHERE hash = ?", (digest(handle),))
        return token

    def revoke_grant(self, grant_id: str) -> None:
        """End a grant and with it all of its tokens."""
        with self._database.write() as connection:
            connection.execute("UPDATE consent_grant SET revoked = 1 WHERE id = ?", (grant_id,))

    def revoke_token(self, handle: str, client_id: str) -> None:
        """Revoke a client's own token: an access token alone, a refresh token with all of its grant (RFC 7009)."""
        kinds: tuple[TokenKind, ...] = ("refresh", "access")
        for kind in kinds:
            token = self.find(kind, handle)
            if token is None or token.client_id != client_id:
                continue
            if kind == "refresh":
                self.revoke_grant(token.grant_id)
            else:
                with self._database.write() as connection:
                    connection.execute("UPDATE token SET used = 1 WHERE hash = ?", (digest(handle),))

    def end_session(self, session: str) -> None:
        """End the refresh tokens that live only as long as a user's session (``online_access``)."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE consent_grant SET revoked = 1 WHERE json_extract(body, '$.session') = ?", (session,)
            )
