"""Registered apps: what a registration must hold, and where registrations are kept (RFC 7591)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .database import Database
from .scopes import PLAIN, parse
from .settings import Entropy
from .tickets import opaque

METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
GRANTS = ("authorization_code", "refresh_token", "client_credentials")
APP_SCOPE = (
    "launch launch/patient launch/encounter openid fhirUser profile offline_access online_access patient/*.rs user/*.rs"
)
BACKEND_SCOPE = "system/*.rs system/Communication.crs system/CommunicationRequest.crs system/Task.crs"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class BadRegistration(ValueError):
    """The metadata of a client is not acceptable; the message says which member and why."""


@dataclass(frozen=True)
class Client:
    """A registered app. ``secret_hash`` is the SHA-256 of a random secret; ``jwks`` wins over ``jwks_uri``.

    ``worklist_url`` is the launch address for launches without a patient; ``launch_url`` where there is none.
    """

    client_id: str
    name: str
    auth: str = "none"
    redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] = ("authorization_code", "refresh_token")
    scope: str = APP_SCOPE
    launch_url: str | None = None
    worklist_url: str | None = None
    jwks_uri: str | None = None
    jwks: dict[str, Any] | None = field(default=None, hash=False)
    secret_hash: str | None = None

    @property
    def origins(self) -> list[str]:
        """The origins of the app's own pages, which may frame the authorization pages."""
        parts = [urlsplit(uri) for uri in self.redirect_uris]
        return sorted({f"{part.scheme}://{part.netloc}" for part in parts})

    def has_secret(self, secret: str) -> bool:
        """Whether this is the client's secret, compared in constant time."""
        return self.secret_hash is not None and hmac.compare_digest(self.secret_hash, hash_secret(secret))


def hash_secret(secret: str) -> str:
    """What is stored of a client secret; enough for 256 random bits, not for a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


def app(
    client_id: str,
    url: str,
    *,
    auth: str = "none",
    secret: str | None = None,
    jwks_uri: str | None = None,
    name: str = "Care gaps and outreach",
    scope: str = APP_SCOPE,
) -> Client:
    """The registration of an app at ``url``: launched at ``/launch``, answered at ``/callback``.

    The worklist opens the app's population view, which the second launch address names.
    """
    return checked(
        Client(
            client_id=client_id,
            name=name,
            auth=auth,
            redirect_uris=(f"{url}/callback",),
            scope=scope,
            launch_url=f"{url}/launch",
            worklist_url=f"{url}/launch?view=population",
            jwks_uri=jwks_uri,
            secret_hash=hash_secret(secret) if secret else None,
        )
    )


def backend(client_id: str, jwks_uri: str, *, name: str = "Outreach worker") -> Client:
    """The registration of a backend service with its public keys at ``jwks_uri``."""
    return checked(
        Client(
            client_id=client_id,
            name=name,
            auth="private_key_jwt",
            grants=("client_credentials",),
            scope=BACKEND_SCOPE,
            jwks_uri=jwks_uri,
        )
    )


def from_metadata(data: Mapping[str, Any], entropy: Entropy) -> tuple[Client, str | None]:
    """A client out of RFC 7591 metadata, and its new secret where it uses one. Raises BadRegistration."""
    auth = data.get("token_endpoint_auth_method", "client_secret_basic")
    secret = opaque(entropy) if str(auth).startswith("client_secret") else None
    grants = _texts(data, "grant_types", ["authorization_code"])
    texts = {
        name: _text(data, name)
        for name in ("client_name", "scope", "launch_url", "worklist_url", "jwks_uri", "client_id")
    }
    jwks = data.get("jwks")
    if jwks is not None and (not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list)):
        raise BadRegistration("jwks: not a JWK Set")
    default = BACKEND_SCOPE if "client_credentials" in grants else APP_SCOPE
    made = Client(
        client_id=texts["client_id"] or f"app-{entropy(8).hex()}",
        name=texts["client_name"] or "An app without a name",
        auth=str(auth),
        redirect_uris=tuple(_texts(data, "redirect_uris", [])),
        grants=tuple(grants),
        scope=texts["scope"] or default,
        launch_url=texts["launch_url"],
        worklist_url=texts["worklist_url"],
        jwks_uri=texts["jwks_uri"],
        jwks=jwks,
        secret_hash=hash_secret(secret) if secret else None,
    )
    return checked(made), secret


def checked(client: Client) -> Client:
    """The client, if its registration makes sense. Raises BadRegistration."""
    if client.auth not in METHODS:
        raise BadRegistration(f"token_endpoint_auth_method: one of {', '.join(METHODS)}")
    if not client.grants or any(grant not in GRANTS for grant in client.grants):
        raise BadRegistration(f"grant_types: out of {', '.join(GRANTS)}")
    if client.auth == "private_key_jwt" and not (client.jwks or client.jwks_uri):
        raise BadRegistration("jwks or jwks_uri: needed with private_key_jwt")
    if client.auth.startswith("client_secret") and not client.secret_hash:
        raise BadRegistration("secret: needed with a client_secret method")
    if "client_credentials" in client.grants and client.auth != "private_key_jwt":
        raise BadRegistration("grant_types: client_credentials needs private_key_jwt")
    if "authorization_code" in client.grants and not client.redirect_uris:
        raise BadRegistration("redirect_uris: needed with authorization_code")
    for uri in (*client.redirect_uris, *filter(None, (client.launch_url, client.worklist_url, client.jwks_uri))):
        if not _acceptable(uri):
            raise BadRegistration(f"{uri[:200]}: https, or http on loopback, without fragment or user")
    unknown = [text for text in client.scope.split() if text not in PLAIN and parse(text) is None]
    if unknown:
        raise BadRegistration(f"scope: {unknown[0][:100]} is not a SMART scope that this server knows")
    return client


class Clients:
    """Where registrations are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, client: Client) -> None:
        """Add a registration, or replace the one with the same id."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO client VALUES (?, ?)", (client.client_id, json.dumps(asdict(client)))
            )

    def get(self, client_id: str | None) -> Client | None:
        """The registration with this id, if there is one."""
        with self._database.read() as connection:
            row = connection.execute("SELECT body FROM client WHERE id = ?", (client_id,)).fetchone()
        return None if row is None else _restore(json.loads(row[0]))

    def launchable(self) -> list[Client]:
        """The apps that can be launched from a chart, by name."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT body FROM client").fetchall()
        found = [_restore(json.loads(row[0])) for row in rows]
        return sorted((client for client in found if client.launch_url), key=lambda client: client.name)


def _restore(body: dict[str, Any]) -> Client:
    return Client(**{**body, "redirect_uris": tuple(body["redirect_uris"]), "grants": tuple(body["grants"])})


def _acceptable(uri: str) -> bool:
    try:
        part = urlsplit(uri)
        host, _ = part.hostname, part.port
    except ValueError:
        return False
    secure = part.scheme == "https" or (part.scheme == "http" and host in _LOOPBACK)
    return secure and bool(host) and not part.fragment and "@" not in part.netloc and uri.isprintable()


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 4000):
        raise BadRegistration(f"{name}: not a text")
    return value


def _texts(data: Mapping[str, Any], name: str, default: list[str]) -> list[str]:
    value = data.get(name, default)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadRegistration(f"{name}: not a list of texts")
    return value
