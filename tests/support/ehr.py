"""A running sandbox EHR for tests, and an app that speaks to it over HTTP."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from launch.sandbox.clients import Client, checked, hash_secret
from launch.sandbox.ehr import Ehr
from launch.sandbox.server import create_sandbox, running
from launch.sandbox.settings import SandboxSettings

REDIRECT = "http://localhost:8000/callback"
SECRET = "a secret of the tests, long enough to be one"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
RSA = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS384"}, auto_kid=True)
EC = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384"}, auto_kid=True)
TOKEN_SECONDS = 600


class TestClock:
    """A clock that stands still until it is told otherwise."""

    __test__ = False

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class TestEntropy:
    """Different bytes each time, and the same ones in every run."""

    __test__ = False

    def __init__(self) -> None:
        self._count = itertools.count()

    def __call__(self, length: int) -> bytes:
        return hashlib.shake_256(str(next(self._count)).encode()).digest(length)


def clients() -> list[Client]:
    """A public app, one with a secret, one with a key, and a backend service with two keys."""
    keys: dict[str, Any] = {"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]}
    one = {
        "redirect_uris": (REDIRECT,),
        "launch_url": "http://localhost:8000/launch",
        "worklist_url": "http://localhost:8000/launch?view=all",
    }
    return [
        checked(Client("app", "Test app", **one)),
        checked(
            Client(
                "app-secret", "Test app with a secret", "client_secret_basic", secret_hash=hash_secret(SECRET), **one
            )
        ),
        checked(Client("app-key", "Test app with a key", "private_key_jwt", jwks=keys, **one)),
        checked(
            Client(
                "backend",
                "Test backend",
                "private_key_jwt",
                grants=("client_credentials",),
                scope="system/*.rs system/Communication.crs system/CommunicationRequest.c system/Task.c",
                jwks=keys,
            )
        ),
    ]


@dataclass
class App:
    """An app's side of the protocol, one step a method, so that a test can do any step wrongly."""

    base: str
    clock: TestClock
    ehr: Ehr
    http: requests.Session
    _jti: Iterator[int] = field(default_factory=itertools.count)

    @property
    def fhir(self) -> str:
        return f"{self.base}/fhir"

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.http.get(self.base + path, allow_redirects=False, timeout=10, **kwargs)

    def post(self, path: str, data: Any = None, **kwargs: Any) -> requests.Response:
        return self.http.post(self.base + path, data=data, allow_redirects=False, timeout=10, **kwargs)

    def sign_in(self, user: str = "amara.cole") -> None:
        assert self.post("/login", {"user": user}).status_code == 303

    def launch(self, patient: str | None = "pt-1001", client: str = "app", **extra: str) -> str:
        """The launch parameter that the EHR hands to the app's launch URL."""
        path = "/worklist/launch" if patient is None else f"/patients/{patient}/launch"
        answer = self.get(path, params={"app": client, **extra})
        assert answer.status_code == 302, answer.text
        handed = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
        assert handed["iss"] == self.fhir
        return handed["launch"]

    def request(self, **changes: str | None) -> dict[str, str]:
        """The parameters of a sound authorization request; None leaves one out."""
        sound: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": REDIRECT,
            "scope": "launch openid fhirUser patient/*.rs",
            "state": "st-123",
            "nonce": "no-456",
            "aud": self.fhir,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**sound, **changes}.items() if value is not None}

    def authorize(self, **changes: str | None) -> dict[str, str]:
        """What the redirect URI is given."""
        answer = self.get("/auth/authorize", params=self.request(**changes))
        return self.answered(answer)

    def answered(self, answer: requests.Response) -> dict[str, str]:
        assert answer.status_code == 302, answer.text
        location = urlsplit(answer.headers["Location"])
        assert answer.headers["Location"].startswith(f"{REDIRECT}?")
        return dict(parse_qsl(location.query))

    def exchange(self, code: str, **changes: str | None) -> requests.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": "app",
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.post("/auth/token", {name: value for name, value in form.items() if value is not None})

    def tokens(self, scope: str, patient: str | None = "pt-1001", user: str = "amara.cole") -> dict[str, Any]:
        """The token response of a launch from the EHR."""
        self.sign_in(user)
        code = self.authorize(scope=scope, launch=self.launch(patient))["code"]
        answer = self.exchange(code)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh(self, token: str, **more: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "app", **more}
        return self.post("/auth/token", form)

    def assertion(self, client: str = "backend", key: RSAKey | ECKey = RSA, **changes: Any) -> dict[str, str]:
        """client_assertion and its type; ``changes`` to claims, None leaves one out."""
        now = int(self.clock().timestamp())
        claims = {
            "iss": client,
            "sub": client,
            "aud": f"{self.base}/auth/token",
            "exp": now + 240,
            "iat": now,
            "jti": f"jti-{next(self._jti)}",
            **changes,
        }
        algorithm = "RS384" if isinstance(key, RSAKey) else "ES384"
        header = {"alg": algorithm, "kid": key.kid}
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(
                header,
                {name: value for name, value in claims.items() if value is not None},
                key,
                algorithms=[algorithm],
            ),
        }

    def backend(self, scope: str, **changes: Any) -> requests.Response:
        return self.post(
            "/auth/token", {"grant_type": "client_credentials", "scope": scope, **self.assertion(**changes)}
        )

    def read(self, token: str, path: str, **params: Any) -> requests.Response:
        """GET below the FHIR base with a bearer token."""
        return self.get(
            f"/fhir/{path}" + (f"?{urlencode(params, doseq=True)}" if params else ""),
            headers={"Authorization": f"Bearer {token}"},
        )

    def search(self, token: str, kind: str, **params: Any) -> list[dict[str, Any]]:
        """All resources of a search, all pages read."""
        answer = self.read(token, kind, **params)
        found: list[dict[str, Any]] = []
        while True:
            assert answer.status_code == 200, answer.text
            bundle = answer.json()
            found += [entry["resource"] for entry in bundle.get("entry", [])]
            following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
            if not following:
                assert len(found) == bundle["total"]
                return found
            answer = self.read(token, following[0].removeprefix(f"{self.fhir}/"))

    def create(self, token: str, resource: dict[str, Any], **headers: str) -> requests.Response:
        return self.http.post(
            f"{self.fhir}/{resource['resourceType']}",
            json=resource,
            headers={"Authorization": f"Bearer {token}", **headers},
            timeout=10,
        )


@contextmanager
def sandbox(data: Path, **changes: Any) -> Iterator[App]:
    """A sandbox with a few generated patients on a free port, and an app to speak to it."""
    clock = TestClock()
    settings = SandboxSettings(
        "http://127.0.0.1:0", data, **{"count": 12, "access_token_seconds": TOKEN_SECONDS, **changes}
    )
    with (
        running(settings, lambda bound: create_sandbox(bound, clock, TestEntropy(), clients=clients())) as (base, ehr),
        requests.Session() as http,
    ):
        yield App(base, clock, ehr, http)
