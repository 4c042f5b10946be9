"""The launch against the sandbox EHR over HTTP: two programs that know each other only by the standard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.ehr import EC, RSA, SECRET, App, sandbox
from support.launch_fakes import (
    MemoryAudit,
    MemoryKeyStore,
    MemorySecrets,
    MemoryStore,
    MemoryVault,
)
from werkzeug.test import TestResponse

from launch.build import Launch, Ports, build_launch
from launch.context import LaunchContext
from launch.cookies import launch_cookie
from launch.errors import AppError
from launch.fetch import Fetcher
from launch.issuers import RegisteredEhr, StaticRegistry
from launch.launcher import LaunchSettings
from launch.ports import View
from launch.scopes import Scope
from launch.transport import new_session
from launch.views import launch_blueprint

PUBLIC = "http://localhost:8000"
LAB = ("category", "http://terminology.hl7.org/CodeSystem/observation-category|laboratory")
SCOPES: dict[View, tuple[Scope, ...]] = {
    "chart": (Scope("patient", "Observation", "rs", (LAB,)), Scope("patient", "Patient", "r")),
    "population": (Scope("user", "Observation", "rs", (LAB,)), Scope("user", "Patient", "rs")),
}


@pytest.fixture(scope="module")
def module_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with sandbox(tmp_path_factory.mktemp("launches")) as running:
        yield running


@pytest.fixture
def ehr(module_ehr: App) -> Iterator[App]:
    yield module_ehr
    module_ehr.http.cookies.clear()


class Gaps:
    """Our app, registered at the running sandbox."""

    def __init__(self, ehr: App, **changes: Any) -> None:
        self.ehr = ehr
        registered = RegisteredEhr(
            **{"name": "sandbox", "fhir_base": ehr.fhir, "issuer": f"{ehr.base}/auth", "client_id": "app", **changes}
        )
        self.registered = registered
        self.audit = MemoryAudit()
        ports = Ports(
            clock=ehr.clock,
            store=MemoryStore(),
            vault=MemoryVault(),
            audit=self.audit,
            registry=StaticRegistry([registered]),
            secrets=MemorySecrets(secret=SECRET),
            key_store=MemoryKeyStore(),
            derived_scopes=SCOPES.__getitem__,
        )
        keys = [dict(key.as_dict(private=True)) for key in (RSA, EC)]
        self.http = new_session()
        fetcher = Fetcher(self.http, time.monotonic)
        self.launch: Launch = build_launch(LaunchSettings(PUBLIC), ports, fetcher, generate=lambda: keys)
        self.fetcher = fetcher
        flask = Flask("gaps")
        flask.testing = True  # errors come out as they are
        flask.register_blueprint(launch_blueprint(self.launch))
        self.browser: FlaskClient = flask.test_client()

    def follow(self, path: str) -> TestResponse:
        """Begin at a path of ours, let the EHR answer, and come back."""
        begun = self.browser.get(path, base_url=PUBLIC)
        assert begun.status_code == 302, begun.text
        answer = self.ehr.get(begun.location.removeprefix(self.ehr.base))
        assert answer.status_code == 302, answer.text
        back = answer.headers["Location"]
        assert back.startswith(f"{PUBLIC}/callback?")
        return self.browser.get(back.removeprefix(PUBLIC), base_url=PUBLIC)

    def open(self, response: TestResponse) -> LaunchContext:
        assert response.status_code == 303, response.text
        handle = response.location.split("/")[2]
        cookie = self.browser.get_cookie(launch_cookie(handle), domain="localhost")
        assert cookie is not None
        return self.launch.sessions.load(handle, cookie.value)

    def from_chart(self, patient: str | None = "pt-1001") -> LaunchContext:
        """What the EHR's own launch address opens."""
        query = {"iss": self.ehr.fhir, "launch": self.ehr.launch(patient, self.registered.client_id)}
        if patient is None:
            query["view"] = "population"
        return self.open(self.follow(f"/launch?{urlencode(query)}"))

    def search(self, context: LaunchContext, what: str) -> int:
        token = self.launch.sessions.access_token(context.handle)
        headers = {"Authorization": f"Bearer {token}"}
        return self.fetcher.get(f"{context.fhir_base}/{what}", headers).status


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"client_id": "app-secret", "auth": "client_secret_basic", "secret": "secret"},
        {"client_id": "app-key", "auth": "private_key_jwt", "signing": "RS384"},
        {"client_id": "app-key", "auth": "private_key_jwt", "signing": "ES384"},
    ],
)
def test_a_chart_launch_with_each_kind_of_client(ehr: App, changes: dict[str, str]) -> None:
    ehr.sign_in()
    gaps = Gaps(ehr, **changes)
    context = gaps.from_chart()
    assert (context.kind, context.patient) == ("ehr", "pt-1001")
    assert (context.user.reference, context.user.role) == ("Practitioner/prac-amara-cole", "clinician")
    assert context.user.name
    assert context.encounter
    assert context.granted == context.asked
    assert context.scopes.missing == ()
    assert context.style_url == f"{ehr.base}/smart-style/v1.json"
    assert gaps.search(context, "Patient/pt-1001") == 200
    gaps.http.close()


def test_a_coordinators_worklist_opens_the_population(ehr: App) -> None:
    ehr.sign_in("sam.rivers")
    gaps = Gaps(ehr)
    context = gaps.from_chart(patient=None)
    assert (context.kind, context.view, context.patient) == ("population", "population", None)
    assert context.user.role == "coordinator"
    assert gaps.search(context, "Patient?_count=1") == 200
    gaps.http.close()


def test_a_token_is_renewed_and_revoked(ehr: App) -> None:
    ehr.sign_in()
    gaps = Gaps(ehr)
    context = gaps.from_chart()
    first = gaps.launch.sessions.access_token(context.handle)
    ehr.clock.forward(570)
    second = gaps.launch.sessions.access_token(context.handle)
    assert first != second
    assert second == gaps.launch.sessions.access_token(context.handle)
    assert second is not None
    assert ehr.read(second, "Patient/pt-1001").status_code == 200
    assert gaps.launch.sessions.end(context.handle, "logout")
    assert gaps.audit.entries[-1].detail["revoked"] == "yes"
    assert ehr.read(second, "Patient/pt-1001").status_code == 401
    gaps.http.close()


def test_a_callback_that_is_replayed_gets_nothing(ehr: App) -> None:
    ehr.sign_in()
    gaps = Gaps(ehr)
    gaps.browser.get("/launch", query_string={"iss": ehr.fhir, "launch": ehr.launch()}, base_url=PUBLIC)
    with pytest.raises(AppError, match=r"launch\.unknown-state"):
        gaps.browser.get("/callback", query_string={"code": "c", "state": "s"}, base_url=PUBLIC)
    gaps.http.close()


def test_the_backend_service_gets_its_own_token(ehr: App) -> None:
    gaps = Gaps(ehr, backend_client_id="backend")
    wanted = (Scope("system", "Communication", "c"), Scope("system", "Observation", "rs", (LAB,)))
    token = gaps.launch.backend.token(gaps.registered, wanted)
    assert token.granted == wanted
    assert ehr.read(token.access_token, "Observation?_count=1&category=laboratory").status_code == 200
    gaps.http.close()
