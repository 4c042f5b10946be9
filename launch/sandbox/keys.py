"""The issuer's signing key: made once, kept in the sandbox's own database, published as a JWKS."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from .database import Database

ALGORITHM = "RS256"


class SigningKey:
    """Signs ID tokens with RS256 (SMART App Launch 2.2: id_token SHALL be signed with RS256).

    The key's randomness is the cryptography library's own: it takes none from outside.
    """

    def __init__(self, database: Database) -> None:
        with database.write() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'signing-key'").fetchone()
            if row is None:
                self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
                stored = json.dumps(self._key.as_dict(private=True))
                connection.execute("INSERT INTO meta VALUES ('signing-key', ?)", (stored,))
            else:
                self._key = RSAKey.import_key(json.loads(row[0]))

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWS over the claims."""
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid, "typ": "JWT"}, claims, self._key)

    def public(self) -> dict[str, Any]:
        """The JWKS document, public parts only."""
        return {"keys": [self._key.as_dict(private=False)]}
