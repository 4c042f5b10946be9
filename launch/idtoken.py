"""Verifying an ID token: who signed it, for whom, in answer to which request, and until when.

OpenID Connect Core 1.0, 3.1.3.7, with SMART App Launch 2.2.0, "Scopes for requesting identity
data". The algorithms come from the registration, the keys from the registered issuer's JWKS;
whatever the token says of keys (``jwk``, ``jku``, ``x5c``, ``x5u``) is not looked at.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import threading
import warnings
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from launch.errors import LaunchError
from launch.fetch import Fetcher
from launch.issuers import RegisteredEhr
from launch.jsontext import JsonError, parse_json
from launch.ports import Clock

MAX_TOKEN = 65_536
LEEWAY_S = 30
"""Seconds by which two clocks may differ."""
_JWKS_LIFE = timedelta(hours=1)
_JWKS_BYTES = 500_000
_JWKS_DEADLINE_S = 5.0
_MAX_KEYS = 50
_MIN_RSA_BITS = 2048
_KEY_TYPE = {"RS": "RSA", "ES": "EC"}

Key = RSAKey | ECKey


class _Registry(jws.JWSRegistry):
    """Limits that fit the size cap of the whole token; unknown headers are ignored (RFC 7515, 4)."""

    max_header_length = MAX_TOKEN
    max_payload_length = MAX_TOKEN


class JwksCache:
    """The signing keys of issuers, kept for an hour; safe for threads."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._kept: dict[str, tuple[datetime, list[dict[str, Any]]]] = {}
        self._lock = threading.Lock()

    def key(self, jwks_url: str, algorithm: str, kid: str | None) -> Key:
        """The one key that may have signed; fetched once again if the ``kid`` is not known.

        Raises LaunchError ``launch.bad-id-token`` if there is none, or more than one without a
        ``kid`` to tell them apart.
        """
        now = self._clock()
        with self._lock:
            kept = self._kept.get(jwks_url)
        if kept is not None and now < kept[0]:
            found = _candidates(kept[1], algorithm, kid)
            if len(found) == 1:
                return found[0]
        keys = self._fetch(jwks_url)
        with self._lock:
            self._kept[jwks_url] = (now + _JWKS_LIFE, keys)
        found = _candidates(keys, algorithm, kid)
        if len(found) != 1:
            raise _bad("is signed with a key that the EHR does not publish")
        return found[0]

    def _fetch(self, url: str) -> list[dict[str, Any]]:
        answer = self._fetcher.get(url, deadline_s=_JWKS_DEADLINE_S, max_bytes=_JWKS_BYTES)
        if answer.status != 200:
            raise LaunchError("launch.bad-jwks", "The EHR did not give its signing keys.", status=502)
        keys = answer.json_object().get("keys")
        return [key for key in keys if isinstance(key, dict)][:_MAX_KEYS] if isinstance(keys, list) else []


def _candidates(keys: Iterable[dict[str, Any]], algorithm: str, kid: str | None) -> list[Key]:
    found = []
    for jwk in keys:
        if jwk.get("kty") != _KEY_TYPE[algorithm[:2]]:
            continue
        if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
            continue
        if kid is None or jwk.get("kid") == kid:
            key = _imported(jwk)
            if key is not None:
                found.append(key)
    return found


def _imported(jwk: dict[str, Any]) -> Key | None:
    public: dict[str, Any] = {name: jwk[name] for name in ("kty", "kid", "n", "e", "crv", "x", "y") if name in jwk}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a weak key is refused below, not warned of
            key = import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey):
        return key if key.public_key.key_size >= _MIN_RSA_BITS else None
    return key if isinstance(key, ECKey) else None


class IdTokenVerifier:
    """Turns an ID token into claims that may be believed."""

    def __init__(self, jwks: JwksCache, clock: Clock) -> None:
        self._jwks = jwks
        self._clock = clock

    def claims(self, ehr: RegisteredEhr, jwks_url: str | None, id_token: str | None, nonce: str) -> dict[str, Any]:
        """The verified claims of an ID token answered to a request with this ``nonce``.

        Raises LaunchError ``launch.bad-id-token`` for whatever does not hold, and the errors of
        fetching the keys.
        """
        if not id_token:
            raise _bad("is missing")
        if jwks_url is None:
            raise _bad("cannot be checked, because the EHR names no signing keys")
        if len(id_token) > MAX_TOKEN or not id_token.isascii():
            raise _bad("is too large or not text")
        header = _header(id_token)
        algorithm = header.get("alg")
        if algorithm not in ehr.id_token_algorithms:
            raise _bad("is signed in a way that is not allowed for this EHR")
        if "crit" in header or "b64" in header:
            raise _bad("asks for an extension we do not know")
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise _bad("names its key wrongly")
        key = self._jwks.key(jwks_url, algorithm, kid)
        try:
            registry = _Registry(algorithms=[algorithm], strict_check_header=False)
            signed = jws.deserialize_compact(id_token, key, registry=registry)
            claims = parse_json(signed.payload)
        except (JoseError, JsonError, ValueError) as error:
            raise _bad("has a signature or content that does not hold") from error
        if not isinstance(claims, dict):
            raise _bad("holds no claims")
        self._check(ehr, claims, nonce)
        return claims

    def _check(self, ehr: RegisteredEhr, claims: dict[str, Any], nonce: str) -> None:
        now = self._clock().timestamp()
        if claims.get("iss") != ehr.issuer:
            raise _bad("is from another issuer")
        # One audience, ours. A token that is also meant for others could be used by them here.
        if claims.get("aud") not in (ehr.client_id, [ehr.client_id]):
            raise _bad("is meant for another app")
        if claims.get("azp", ehr.client_id) != ehr.client_id:
            raise _bad("was issued to another app")
        found = claims.get("nonce")
        if not isinstance(found, str) or not hmac.compare_digest(found.encode(), nonce.encode()):
            raise _bad("does not answer this sign-in")
        if not _is_number(claims.get("exp")) or claims["exp"] <= now - LEEWAY_S:
            raise _bad("has expired")
        for name in ("nbf", "iat"):
            if name in claims and not (_is_number(claims[name]) and claims[name] <= now + LEEWAY_S):
                raise _bad("is not valid yet")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise _bad("names no subject")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _header(token: str) -> dict[str, Any]:
    segment = token.partition(".")[0]
    try:
        header = parse_json(base64.b64decode(segment + "=" * (-len(segment) % 4), "-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _bad("cannot be read") from error
    if not isinstance(header, dict):
        raise _bad("cannot be read")
    return header


def _bad(why: str) -> LaunchError:
    return LaunchError("launch.bad-id-token", f"The EHR's proof of who you are {why}.", status=502)
