"""What is kept on the server of a sign-in under way and of a live launch, and how it is sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from launch.context import LaunchContext
from launch.ports import Vault, View


@dataclass(frozen=True, slots=True)
class Pending:
    """An authorization that was begun. ``launched`` tells an EHR launch from a standalone one;
    ``cookie`` is the digest of the cookie's secret; ``asked`` the clinical scopes that the view needs.
    """

    ehr: str
    view: View
    launched: bool
    nonce: str
    verifier: str
    cookie: str
    asked: tuple[str, ...]
    token_url: str
    jwks_url: str | None
    revocation_url: str | None
    iss_expected: bool
    expires_at: datetime

    def seal(self, vault: Vault, key: str) -> bytes:
        """Encrypted, bound to the key it is stored under."""
        return _seal(vault, asdict(self), b"launch|pending|" + key.encode())

    @classmethod
    def open(cls, vault: Vault, key: str, sealed: bytes) -> Pending:
        """Read back what ``seal`` wrote under the same key."""
        plain = _open(vault, sealed, b"launch|pending|" + key.encode())
        plain["expires_at"] = datetime.fromisoformat(plain["expires_at"])
        return cls(**{**plain, "asked": tuple(plain["asked"])})


@dataclass(frozen=True, slots=True)
class Tokens:
    """A launch's tokens and where they are renewed and revoked.

    ``patient`` is the chart that the EHR had open when it gave them: also a launch for a population may
    come from a chart, and the EHR then names that patient again with every refresh.
    """

    access_token: str
    expires_at: datetime
    refresh_token: str | None
    token_url: str
    revocation_url: str | None
    patient: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """The sealed record of a live launch; ``tokens`` is None on an open server."""

    context: LaunchContext
    cookie: str
    tokens: Tokens | None

    def seal(self, vault: Vault) -> bytes:
        """Encrypted, bound to the tenant and the handle."""
        tokens = asdict(self.tokens) if self.tokens else None
        plain = {"context": self.context.to_dict(), "cookie": self.cookie, "tokens": tokens}
        return _seal(vault, plain, _bound_to(self.context.tenant, self.context.handle))

    @classmethod
    def open(cls, vault: Vault, tenant: str, handle: str, sealed: bytes) -> Session:
        """Read back what ``seal`` wrote for the same tenant and handle."""
        plain = _open(vault, sealed, _bound_to(tenant, handle))
        tokens = plain["tokens"]
        if tokens is not None:
            expires_at = datetime.fromisoformat(tokens["expires_at"])
            # Launches that were begun before this member was kept have the chart's patient alone.
            tokens = Tokens(**{"patient": plain["context"]["patient"], **tokens, "expires_at": expires_at})
        return cls(LaunchContext.from_dict(plain["context"]), plain["cookie"], tokens)


def _bound_to(tenant: str, handle: str) -> bytes:
    return json.dumps(["launch", tenant, handle]).encode()


def _seal(vault: Vault, plain: Mapping[str, Any], context: bytes) -> bytes:
    return vault.encrypt(json.dumps(plain, default=datetime.isoformat).encode(), context)


def _open(vault: Vault, sealed: bytes, context: bytes) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(vault.decrypt(sealed, context))
    return plain
