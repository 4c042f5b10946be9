"""One EHR behind ``responses``: metadata, keys, tokens and a user, each to be bent by a test.

Hosts end in ``.invalid``; what nobody registered cannot be called.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import responses
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from requests import PreparedRequest
from support.launch_fakes import FrozenClock

Key = RSAKey | ECKey
CLIENT = "app-client"


@cache
def rsa_key(number: int = 0) -> RSAKey:
    """An RSA key made once for all tests."""
    return RSAKey.generate_key(2048, {"kid": f"rsa-{number}", "use": "sig"})


@cache
def ec_key(number: int = 0) -> ECKey:
    """A P-384 key made once for all tests."""
    return ECKey.generate_key("P-384", {"kid": f"ec-{number}", "use": "sig"})


def sign(header: Mapping[str, Any], payload: bytes, key: Any) -> str:
    """A compact JWS with whatever header and payload a test wants."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = 10_000_000
    return jws.serialize_compact(dict(header), payload, key, registry=registry)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class FakeEhr:
    """An EHR at ``https://<name>.invalid``; install its answers into a ``responses`` mock.

    The tests change ``metadata``, ``answer`` (the token answer), ``claims`` and ``header`` (of
    the ID token), or replace an answer of the mock altogether. ``requests`` lists what came.
    """

    def __init__(self, mock: responses.RequestsMock, clock: FrozenClock, name: str = "ehr") -> None:
        self.mock = mock
        self.clock = clock
        self.origin = f"https://{name}.invalid"
        self.base = f"{self.origin}/fhir"
        self.key: Key = rsa_key()
        self.keys: list[Key] = [self.key]
        self.nonces: dict[str, str] = {}
        self.challenges: dict[str, str] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": self.key.kid}
        self.claims: dict[str, Any] = {}
        self.id_token: Callable[[dict[str, Any]], Any] | None = None
        self.answer: dict[str, Any] = {}
        self.refresh_answer: dict[str, Any] = {}
        self.count = 0
        self.metadata: dict[str, Any] = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.origin}/auth/authorize",
            "token_endpoint": f"{self.origin}/auth/token",
            "revocation_endpoint": f"{self.origin}/auth/revoke",
            "introspection_endpoint": f"{self.origin}/auth/introspect",
            "jwks_uri": f"{self.origin}/auth/jwks",
            "capabilities": ["launch-ehr", "permission-v2", "permission-online", "sso-openid-connect"],
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code"],
        }
        self._install()

    def _install(self) -> None:
        answers: list[tuple[str, str, Callable[[PreparedRequest], Any]]] = [
            ("GET", f"{self.base}/.well-known/smart-configuration", lambda _: self.metadata),
            ("GET", f"{self.origin}/auth/jwks", lambda _: self.jwks()),
            ("POST", f"{self.origin}/auth/token", self._token),
            ("POST", f"{self.origin}/auth/revoke", lambda _: {}),
            ("GET", f"{self.base}/Practitioner/doc-1", lambda _: practitioner("doc-1", "Ada", "Lind")),
            ("GET", f"{self.base}/PractitionerRole", lambda _: {"resourceType": "Bundle", "entry": []}),
        ]
        for method, url, answer in answers:
            self.on(method, url, answer)

    def on(self, method: str, url: str, answer: Callable[[PreparedRequest], Any]) -> None:
        """Answer an address with JSON, or with a (status, headers, body) tuple."""

        def respond(request: PreparedRequest) -> tuple[int, dict[str, str], str | bytes]:
            made = answer(request)
            if isinstance(made, tuple):
                return made
            return (200, {"Content-Type": "application/json"}, json.dumps(made))

        self.mock.remove(method, url)
        self.mock.add_callback(method, url, callback=respond)

    def jwks(self) -> dict[str, Any]:
        return {"keys": [dict(key.as_dict(private=False)) for key in self.keys]}

    def requests(self, path: str) -> list[PreparedRequest]:
        """The requests that reached a path of this EHR."""
        sent = [call.request for call in self.mock.calls]
        return [one for one in sent if urlsplit(str(one.url))[1:3] == (self.origin[8:], path)]

    def token_requests(self) -> list[dict[str, str]]:
        """The forms that were posted to the token endpoint."""
        return [form_of(one) for one in self.requests("/auth/token")]

    def authorize(self, url: str) -> dict[str, str]:
        """The user signs in: remember the request, hand out a code."""
        assert url.startswith(f"{self.origin}/auth/authorize?")
        return self.authorize_fields(dict(parse_qsl(urlsplit(url).query)))

    def authorize_fields(self, fields: dict[str, str]) -> dict[str, str]:
        self.count += 1
        code = f"code-{self.count}"
        self.nonces[code] = fields["nonce"]
        self.challenges[code] = fields["code_challenge"]
        return {"code": code, "state": fields["state"]}

    def _token(self, request: PreparedRequest) -> Any:
        form = form_of(request)
        if form["grant_type"] == "refresh_token":
            self.count += 1
            fresh = {"access_token": f"at-{self.count}", "refresh_token": f"rt-{self.count}"}
            return {"token_type": "Bearer", "expires_in": 300, **fresh, **self.refresh_answer}
        if form["grant_type"] == "client_credentials":
            self.count += 1
            return {"token_type": "Bearer", "expires_in": 300, "access_token": f"bt-{self.count}", **self.answer}
        challenge = self.challenges.get(form["code"])
        if challenge != b64(hashlib.sha256(form["code_verifier"].encode()).digest()):
            return (400, {}, json.dumps({"error": "invalid_grant"}))
        made = {
            "token_type": "Bearer",
            "expires_in": 300,
            "access_token": f"at-{form['code']}",
            "refresh_token": f"rt-{form['code']}",
            "patient": "pat-1",
            "need_patient_banner": True,
            "id_token": self.make_id_token(self.nonces[form["code"]]),
            **self.answer,
        }
        return {name: value for name, value in made.items() if value is not Ellipsis}

    def make_id_token(self, nonce: str) -> Any:
        now = int(self.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self.base,
            "aud": CLIENT,
            "sub": "user-1",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            "fhirUser": f"{self.base}/Practitioner/doc-1",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not Ellipsis}
        if self.id_token is not None:
            return self.id_token(claims)
        return sign(self.header, json.dumps(claims).encode(), self.key)


def practitioner(ident: str, given: str, family: str) -> dict[str, Any]:
    """A Practitioner with one name."""
    return {
        "resourceType": "Practitioner",
        "id": ident,
        "name": [{"given": [given], "family": family}],
    }


def practitioner_role(practitioner_reference: str, system: str, code: str, **more: Any) -> dict[str, Any]:
    """A PractitionerRole with one code."""
    return {
        "resourceType": "PractitionerRole",
        "id": "role-1",
        "practitioner": {"reference": practitioner_reference},
        "code": [{"coding": [{"system": system, "code": code}]}],
        **more,
    }


def form_of(request: PreparedRequest) -> dict[str, str]:
    """The form of a request; each field once."""
    body = request.body or b""
    fields = parse_qs(body.decode() if isinstance(body, bytes) else body, strict_parsing=True)
    assert all(len(values) == 1 for values in fields.values())
    return {name: values[0] for name, values in fields.items()}
