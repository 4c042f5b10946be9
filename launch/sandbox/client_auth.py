"""Which client is speaking at the token, introspection and revocation endpoints, proven.

RFC 6749 section 2.3, RFC 7523, and SMART App Launch 2.2 (Asymmetric Client Authentication): RS384 or
ES384, iss = sub = client_id, aud = the token URL, at most five minutes of life, every jti once.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

import requests
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from urllib3.exceptions import HTTPError

from .clients import Client, Clients
from .database import Database
from .oauth_errors import OAuthError
from .settings import Clock

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS384", "ES384"]
LONGEST_LIFE = 300
SKEW = 10
_LARGEST_JWKS = 100_000

FetchJwks = Callable[[str], Any]


def fetch_jwks(url: str) -> Any:
    """The JSON at a registered JWKS address: no redirects, bounded in time and size. Raises OAuthError."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the machine has no business with a key on loopback
            answer = session.get(url, timeout=(2, 4), allow_redirects=False, stream=True)
            if answer.status_code != 200:
                raise OAuthError("invalid_client", "The client's JWKS could not be read.", 401)
            body = answer.raw.read(_LARGEST_JWKS + 1, decode_content=True)
        if len(body) > _LARGEST_JWKS:
            raise OAuthError("invalid_client", "The client's JWKS is too large.", 401)
        return json.loads(body)
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise OAuthError("invalid_client", "The client's JWKS could not be read.", 401) from error


class ClientAuthentication:
    """Finds the client of a request and demands the proof that its registration names."""

    def __init__(self, clients: Clients, database: Database, clock: Clock, token_url: str, fetch: FetchJwks) -> None:
        self._clients = clients
        self._database = database
        self._clock = clock
        self._token_url = token_url
        self._fetch = fetch

    def client_of(self, form: Mapping[str, str], authorization: str | None) -> Client:
        """The authenticated client. Raises OAuthError ``invalid_client`` (401) in every other case.

        A public client proves nothing here: PKCE and the single-use code or refresh token do.
        """
        methods = [
            name
            for name, used in (
                ("client_secret_basic", authorization is not None),
                ("client_secret_post", "client_secret" in form),
                ("private_key_jwt", "client_assertion" in form or "client_assertion_type" in form),
            )
            if used
        ]
        if len(methods) > 1:
            raise OAuthError("invalid_request", "More than one way of client authentication was used.")
        method = methods[0] if methods else "none"
        if method == "private_key_jwt":
            client = self._by_assertion(form)
        elif method == "client_secret_basic":
            client_id, secret = _basic(authorization or "")
            client = self._by_secret(client_id, secret)
        elif method == "client_secret_post":
            client = self._by_secret(form.get("client_id", ""), form["client_secret"])
        else:
            client = self._known(form.get("client_id", ""))
        if client.auth != method:
            raise _refused("The client is registered for another way of authentication.")
        if form.get("client_id", client.client_id) != client.client_id:
            raise _refused("client_id does not match the authentication.")
        return client

    def _known(self, client_id: str) -> Client:
        client = self._clients.get(client_id)
        if client is None:
            raise _refused("The client is not registered.")
        return client

    def _by_secret(self, client_id: str, secret: str) -> Client:
        client = self._known(client_id)
        if not client.has_secret(secret):
            raise _refused("The client secret is wrong.")
        return client

    def _by_assertion(self, form: Mapping[str, str]) -> Client:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _refused("client_assertion_type is not jwt-bearer.")
        compact = form.get("client_assertion", "")
        try:
            unverified = jws.extract_compact(compact.encode())
            claims = json.loads(unverified.payload)
            header = unverified.headers()
        except (JoseError, ValueError) as error:
            raise _refused("The client assertion is not a JWT.") from error
        if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
            raise _refused("The client assertion has no subject.")
        client = self._known(claims["sub"])
        if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
            raise _refused("The client assertion must be RS384 or ES384 and name its kid.")
        if "jku" in header and header["jku"] != client.jwks_uri:
            raise _refused("The client assertion names a JWKS that is not registered.")
        document: Any = client.jwks if client.jwks is not None else self._fetch(client.jwks_uri or "")
        try:
            key = KeySet.import_key_set(document).get_by_kid(header["kid"])
            verified = jwt.decode(compact, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _refused("The client assertion is not signed with a registered key.") from error
        self._check_claims(client, verified)
        return client

    def _check_claims(self, client: Client, claims: Mapping[str, Any]) -> None:
        now = self._clock().timestamp()
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise _refused("iss and sub of the client assertion must be the client_id.")
        if claims.get("aud") not in (self._token_url, [self._token_url]):
            raise _refused("aud of the client assertion must be the token URL.")
        expires, jti = claims.get("exp"), claims.get("jti")
        if not isinstance(expires, int | float) or isinstance(expires, bool) or expires < now - SKEW:
            raise _refused("The client assertion has expired.")
        if expires > now + LONGEST_LIFE + SKEW:
            raise _refused("The client assertion lives longer than five minutes.")
        for name in ("nbf", "iat"):
            if name in claims and not (isinstance(claims[name], int | float) and claims[name] <= now + SKEW):
                raise _refused(f"{name} of the client assertion lies ahead.")
        if not isinstance(jti, str) or not jti or len(jti) > 200:
            raise _refused("The client assertion has no jti.")
        with self._database.write() as connection:
            connection.execute("DELETE FROM assertion WHERE expires < ?", (now - SKEW,))
            added = connection.execute(
                "INSERT OR IGNORE INTO assertion VALUES (?, ?, ?)", (client.client_id, jti, expires)
            ).rowcount
        if not added:
            raise _refused("The client assertion was used before.")


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _refused("The Authorization header is malformed.") from error
    if scheme.lower() != "basic" or not colon:
        raise _refused("The Authorization header is malformed.")
    return unquote_plus(name), unquote_plus(secret)


def _refused(why: str) -> OAuthError:
    return OAuthError("invalid_client", why, 401)
