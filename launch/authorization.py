"""The authorization request: what the browser is sent to the EHR with. Pure.

SMART App Launch 2.2.0, "Obtain authorization code", with PKCE S256 (RFC 7636) for every EHR
whatever its metadata says, and a ``state`` and ``nonce`` that nobody can guess.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from launch.discovery import Metadata
from launch.errors import LaunchError
from launch.issuers import RegisteredEhr
from launch.ports import Entropy

LONG_URL = 2000
"""Characters of a request above which it is posted where the EHR takes that.

SMART 2.2.0 (after OpenID Connect Core, 3.1.2.1) obliges servers to take both methods and leaves the choice to the
client; RFC 6749, 3.1, obliges them to GET alone. So GET is the rule, and POST for those that declare ``authorize-post``
where a server may stop reading: IIS refuses a query of more than 2,048 characters unless told otherwise. With all
measures the scopes alone take 1,600. For a server that has that limit and no POST there is the syntax ``v2-plain``.
"""


def token_text(entropy: Entropy, size: int = 32) -> str:
    """``size`` random bytes as base64url without padding; 32 bytes make 43 characters."""
    return base64.urlsafe_b64encode(entropy(size)).rstrip(b"=").decode()


def digest(text: str) -> str:
    """A SHA-256 fingerprint under which a secret may be looked up or compared."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one authorization must know again at its callback; each 256 bits."""

    state: str
    nonce: str
    verifier: str
    cookie: str

    @classmethod
    def new(cls, entropy: Entropy) -> Secrets:
        """Fresh secrets; none is derived from another."""
        return cls(*(token_text(entropy) for _ in range(4)))


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Where to send the browser: by GET with everything in ``url``, or by a form to ``url``."""

    method: Literal["GET", "POST"]
    url: str
    fields: tuple[tuple[str, str], ...] = ()


def authorization_request(
    ehr: RegisteredEhr,
    metadata: Metadata,
    secrets: Secrets,
    *,
    redirect_uri: str,
    scope: str,
    launch: str | None,
) -> AuthorizationRequest:
    """The request for one sign-in; ``launch`` is None for a standalone launch.

    Raises LaunchError ``launch.bad-metadata`` if the EHR has no authorization endpoint.
    """
    if metadata.authorization is None or metadata.token is None:
        raise LaunchError("launch.bad-metadata", "The EHR does not say where to sign in.", status=502)
    url: str = prepare_grant_uri(
        metadata.authorization,
        client_id=ehr.client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope=scope,
        state=secrets.state,
        launch=launch,
        aud=ehr.fhir_base,
        nonce=secrets.nonce,
        code_challenge=create_s256_code_challenge(secrets.verifier),
        code_challenge_method="S256",
    )
    if len(url) > LONG_URL and "authorize-post" in metadata.capabilities:
        own_query = len(parse_qsl(urlsplit(metadata.authorization).query, keep_blank_values=True))
        fields = parse_qsl(urlsplit(url).query, keep_blank_values=True)[own_query:]
        return AuthorizationRequest("POST", metadata.authorization, tuple(fields))
    return AuthorizationRequest("GET", url)
