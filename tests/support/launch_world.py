"""A whole launch in memory: the app's blueprint, one fake EHR, a browser, a frozen clock."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

import responses
from flask import Flask, jsonify
from flask.testing import FlaskClient
from support.fake_ehr import CLIENT, FakeEhr
from support.launch_fakes import (
    CountingEntropy,
    FrozenClock,
    MemoryAudit,
    MemoryKeyStore,
    MemorySecrets,
    MemoryStore,
    MemoryVault,
    plain,
)
from werkzeug.test import TestResponse

from launch.build import Launch, Ports, build_launch
from launch.context import LaunchContext
from launch.cookies import launch_cookie
from launch.errors import AppError, CookiesBlocked
from launch.fetch import Fetcher
from launch.issuers import RegisteredEhr, StaticRegistry
from launch.keys import generate_keys
from launch.launcher import LaunchSettings
from launch.ports import View
from launch.scopes import Scope
from launch.transport import new_session
from launch.views import launch_blueprint

APP = "https://app.invalid"
LAB = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
SCOPES: dict[View, tuple[Scope, ...]] = {
    "chart": (
        Scope("patient", "Condition", "rs"),
        Scope("patient", "Observation", "rs", (("category", LAB),)),
        Scope("patient", "Patient", "r"),
    ),
    "population": (Scope("user", "Observation", "rs"), Scope("user", "Patient", "rs")),
}

_own_keys = cache(generate_keys)


class Ticks:
    """A monotonic clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.on_sleep: Any = None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.on_sleep is not None:
            self.on_sleep()


class World:
    """Everything a launch test touches."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.clock = FrozenClock()
        self.ticks = Ticks()
        self.store = MemoryStore()
        self.audit = MemoryAudit()
        self.vault = MemoryVault()
        self.key_store = MemoryKeyStore()
        self.ehr = FakeEhr(mock, self.clock)
        self.settings = LaunchSettings(public_url=APP)
        self.entropy = CountingEntropy()
        self.launch: Launch
        self.register(self.registered())

    def registered(self, **changes: Any) -> RegisteredEhr:
        values: dict[str, Any] = {
            "name": "ehr",
            "fhir_base": self.ehr.base,
            "client_id": CLIENT,
            "tenant": "clinic",
            "frame_ancestors": (self.ehr.origin,),
        }
        return RegisteredEhr(**{**values, **changes})

    def register(self, *ehrs: RegisteredEhr) -> None:
        """Build the app anew with these EHRs; the stores stay."""
        ports = Ports(
            clock=self.clock,
            store=self.store,
            vault=self.vault,
            audit=self.audit,
            registry=StaticRegistry(ehrs),
            secrets=MemorySecrets(shared="s3cret:with/odd+letters"),
            key_store=self.key_store,
            derived_scopes=SCOPES.__getitem__,
            entropy=self.entropy,
            monotonic=self.ticks,
            sleep=self.ticks.sleep,
        )
        fetcher = Fetcher(new_session(), self.ticks)
        self.launch = build_launch(self.settings, ports, fetcher, generate=lambda: plain(_own_keys()))
        self.app = Flask("launch-test")
        self.app.register_blueprint(launch_blueprint(self.launch))
        self.app.register_error_handler(AppError, _shown)
        self.client = self.browser()

    def browser(self) -> FlaskClient:
        """A browser without cookies."""
        return self.app.test_client()

    def get(self, path: str, client: FlaskClient | None = None, **params: str) -> TestResponse:
        query = f"?{urlencode(params)}" if params else ""
        return (client or self.client).get(path + query, base_url=APP)

    def begin(self, client: FlaskClient | None = None, **params: str) -> TestResponse:
        """The EHR opens the app."""
        return self.get("/launch", client, **{"iss": self.ehr.base, "launch": "xyz", **params})

    def back(self, client: FlaskClient | None = None, begun: TestResponse | None = None) -> dict[str, str]:
        """Begin, sign in at the EHR, and return what it sends the browser back with."""
        begun = begun or self.begin(client)
        assert begun.status_code == 302, begun.text
        return self.ehr.authorize(begun.location)

    def callback(self, client: FlaskClient | None = None, **params: str) -> TestResponse:
        return self.get("/callback", client, **params)

    def signed_in(self, client: FlaskClient | None = None) -> TestResponse:
        return self.callback(client, **self.back(client))

    def open(self, response: TestResponse, client: FlaskClient | None = None) -> LaunchContext:
        """The context that the browser's cookie opens after a successful callback."""
        assert response.status_code == 303, response.text
        handle = handle_of(response)
        cookie = (client or self.client).get_cookie(launch_cookie(handle), domain="app.invalid")
        assert cookie is not None
        return self.launch.sessions.load(handle, cookie.value)

    def context(self) -> LaunchContext:
        """A whole launch."""
        return self.open(self.signed_in())


def handle_of(response: TestResponse) -> str:
    assert response.location.startswith("/l/")
    return response.location.split("/")[2]


def _shown(error: AppError) -> Any:
    body = {"error": error.code, "message": error.message}
    if isinstance(error, CookiesBlocked):
        body["fresh_launch"] = error.fresh_launch
    return jsonify(body), error.status


def failed(response: TestResponse, code: str, status: int) -> None:
    """A response is the error it should be, and gives no session."""
    assert (response.json["error"], response.status_code) == (code, status)  # type: ignore[index]
    assert not any("__Host-launch-" in one for one in response.headers.getlist("Set-Cookie"))
