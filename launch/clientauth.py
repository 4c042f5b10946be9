"""How the app shows an EHR's token endpoint who it is.

Public client: its id. Secret: HTTP Basic. ``private_key_jwt``: an assertion signed for this one
request (RFC 7523; SMART App Launch 2.2.0, "Client Authentication: Asymmetric").
"""

from __future__ import annotations

from urllib.parse import quote_plus

from authlib.common.urls import add_params_to_qs
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE

from launch.authorization import token_text
from launch.issuers import RegisteredEhr
from launch.keys import SigningKeys
from launch.ports import Clock, Entropy, SecretSource

ASSERTION_LIFE_S = 240
"""Seconds; SMART allows at most five minutes, and clocks differ."""


class Authenticator:
    """Adds a client's credentials to the body and headers of a back-channel request."""

    def __init__(self, keys: SigningKeys, secrets: SecretSource, clock: Clock, entropy: Entropy) -> None:
        self._keys = keys
        self._secrets = secrets
        self._clock = clock
        self._entropy = entropy

    def for_user(self, ehr: RegisteredEhr, token_url: str, url: str, body: str) -> tuple[str, dict[str, str]]:
        """Body and headers with the credentials of the registered client.

        ``url`` is where the request goes, ``token_url`` the audience of an assertion.
        """
        if ehr.auth == "private_key_jwt":
            return self._asserted(ehr, ehr.client_id, token_url, body), {}
        secret = self._secrets.secret(ehr.secret) if ehr.secret else None
        method = "client_secret_basic" if secret else "none"
        # RFC 6749, 2.3.1: both halves of HTTP Basic are form-encoded first.
        client = ehr.client_id if secret is None else quote_plus(ehr.client_id)
        auth = ClientAuth(client, None if secret is None else quote_plus(secret), method)
        _, headers, signed = auth.prepare("POST", url, {}, body)
        return signed, headers

    def for_backend(self, ehr: RegisteredEhr, client_id: str, token_url: str, body: str) -> tuple[str, dict[str, str]]:
        """Body and headers for a backend service, which always signs an assertion."""
        return self._asserted(ehr, client_id, token_url, body), {}

    def _asserted(self, ehr: RegisteredEhr, client_id: str, token_url: str, body: str) -> str:
        key = self._keys.signing_key(ehr.signing)
        assertion = sign_jwt_bearer_assertion(
            key,
            issuer=client_id,
            subject=client_id,
            audience=token_url,
            issued_at=int(self._clock().timestamp()),
            expires_in=ASSERTION_LIFE_S,
            claims={"jti": token_text(self._entropy)},
            header={"alg": ehr.signing, "kid": key.kid},
        )
        added: str = add_params_to_qs(
            body, [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)]
        )
        return added
