"""What the token endpoint answers: section D of the security cases, and services without a user."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import import_key
from support.fake_ehr import FakeEhr, form_of
from support.launch_world import LAB, World, failed

from launch.answers import life_seconds
from launch.errors import LaunchError
from launch.scopes import Scope

MISSING: Any = ...


def test_d01_no_patient_is_an_error_and_no_guess(world: World) -> None:
    world.ehr.answer["patient"] = MISSING
    failed(world.signed_in(), "launch.no-patient", 502)
    assert world.store.launches == {}
    revoked = {form_of(one)["token"] for one in world.ehr.requests("/auth/revoke")}
    assert revoked == {"rt-code-1", "at-code-1"}


def test_a_population_launch_never_falls_back_to_a_patient(world: World) -> None:
    world.ehr.answer |= {"patient": "pat-1", "encounter": "enc-1", "fhirContext": [{"reference": "Task/1"}]}
    context = world.open(world.callback(**world.back(begun=world.begin(view="population"))))
    assert (context.kind, context.view, context.patient, context.encounter) == ("population", "population", None, None)
    assert context.fhir_context == ()
    assert not context.need_patient_banner


def test_d03_a_type_that_was_not_granted_is_named(world: World) -> None:
    world.ehr.answer["scope"] = "openid fhirUser launch patient/Condition.r patient/Condition.s patient/Patient.r"
    context = world.context()
    assert context.granted == (Scope("patient", "Condition", "rs"), Scope("patient", "Patient", "r"))
    assert context.scopes.missing == (Scope("patient", "Observation", "rs", (("category", LAB),)),)


def test_d04_what_was_not_asked_for_is_not_used(world: World) -> None:
    world.ehr.answer["scope"] = "patient/*.cruds user/*.cruds openid"
    context = world.context()
    assert context.granted == context.asked
    assert context.scopes.missing == ()


def test_no_scope_in_the_answer_grants_what_was_asked_and_an_empty_one_nothing(world: World) -> None:
    assert world.context().granted != ()
    world.ehr.answer["scope"] = ""
    context = world.context()
    assert context.granted == ()
    assert context.scopes.missing == context.asked


@pytest.mark.parametrize(
    ("kind", "good"),
    [("bearer", True), ("Bearer", True), ("BEARER", True)]
    + [(kind, False) for kind in ("mac", "", None, 5, "bearer ", MISSING)],
)
def test_d05_the_token_type(world: World, kind: Any, good: bool) -> None:
    world.ehr.answer["token_type"] = kind
    response = world.signed_in()
    if good:
        assert world.open(response).patient == "pat-1"
    else:
        failed(response, "launch.bad-token", 502)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (3600, 3600),
        (60.5, 60.5),
        ("3600", 3600),
        (None, 3600),
        (10**12, 86400),
        (10**400, 86400),
        ("9" * 400, 86400),
        *((odd, 300) for odd in (0, -1, "", "-5", "1h", "\u0661", True, [], {}, float("nan"))),
        (float("inf"), 86400),
    ],
)
def test_d06_an_odd_life_is_capped(value: Any, seconds: float) -> None:
    assert life_seconds(value) == seconds


@pytest.mark.parametrize("value", [10**400, -1, "soon", None, [], 1.5])
def test_d06_an_odd_life_breaks_nothing(world: World, value: Any) -> None:
    world.ehr.answer["expires_in"] = value
    assert world.context().patient == "pat-1"


def test_d06_a_life_no_double_holds(world: World) -> None:
    def answer(request: Any) -> Any:
        return (200, {}, json.dumps(world.ehr._token(request)).replace(": 300,", ": 1e400,"))

    world.ehr.on("POST", f"{world.ehr.origin}/auth/token", answer)
    assert world.context().patient == "pat-1"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((400, {}, '{"error":"invalid_grant"}'), "launch.token-refused"),
        ((400, {}, '{"error":"<b>"}'), "launch.token-refused"),
        ((400, {}, '{"access_token":"a","token_type":"bearer"}'), "launch.token-refused"),
        ((200, {}, '{"error":"invalid_grant"}'), "launch.token-refused"),
        ((400, {}, "<html>"), "fetch.not-json"),
        ((429, {}, '{"error":"slow_down"}'), "launch.token-failed"),
        ((201, {}, '{"access_token":"a","token_type":"bearer"}'), "launch.token-failed"),
        ((500, {}, "<html>"), "launch.token-failed"),
        ((200, {}, "<html>"), "fetch.not-json"),
        ((200, {}, '{"access_token":"a","token_ty'), "fetch.not-json"),
        ((200, {}, "[]"), "fetch.not-json"),
        ((200, {}, ""), "fetch.not-json"),
        ((200, {}, "{}"), "launch.bad-token"),
        ((200, {}, '{"token_type":"bearer"}'), "launch.bad-token"),
        ((200, {}, b" " * 600_000), "fetch.too-large"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 50_000_000)), "fetch.too-large"),
        # D09
        ((302, {"Location": "https://evil.invalid/token"}, ""), "fetch.redirected"),
        ((307, {"Location": "https://evil.invalid/token"}, ""), "fetch.redirected"),
        ((308, {"Location": "/auth/token2"}, ""), "fetch.redirected"),
    ],
)
def test_d07_d09_an_answer_that_is_none(world: World, answer: Any, code: str) -> None:
    world.ehr.on("POST", f"{world.ehr.origin}/auth/token", lambda _: answer)
    failed(world.signed_in(), code, 502)
    assert world.store.launches == {}
    assert len(world.ehr.token_requests()) == 1
    assert world.audit.entries[-1].outcome == "failed"


def test_d07_no_answer_in_time(world: World) -> None:
    def hang(_: Any) -> Any:
        raise requests.ReadTimeout

    world.ehr.on("POST", f"{world.ehr.origin}/auth/token", hang)
    failed(world.signed_in(), "fetch.timeout", 504)


@pytest.mark.parametrize("name", ["patient", "encounter"])
@pytest.mark.parametrize(
    "value",
    [
        *("../x", "a?b", "a/b", "a%2fb", "", " ", "p 1", "x" * 65, ".", "..", "a\n", "é"),
        *(["pat-1"], 5, True, {"id": "p"}, "Patient/pat-1"),
    ],
)
def test_d08_a_patient_that_is_no_fhir_id_reaches_no_address(world: World, name: str, value: Any) -> None:
    world.ehr.answer[name] = value
    failed(world.signed_in(), "launch.bad-context", 502)
    assert not any("Patient" in str(call.request.url) for call in world.mock.calls)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("access_token", value) for value in ("", "a b", "a\r\nX: y", "é", 5, None, MISSING, "x" * 20_000)),
        *(("refresh_token", value) for value in ("", "a b", 5)),
        *(("scope", value) for value in (5, ["a"], "x" * 70_000)),
    ],
)
def test_tokens_that_would_not_fit_a_header_are_refused(world: World, name: str, value: Any) -> None:
    world.ehr.answer[name] = value
    failed(world.signed_in(), "launch.bad-token", 502)


def test_the_context_of_a_launch(world: World) -> None:
    world.ehr.answer |= {
        "encounter": "enc-1",
        "need_patient_banner": False,
        "smart_style_url": "https://ehr.invalid/style.json",
        "intent": "review-gaps",
        "fhirContext": [
            {"reference": "Task/1", "role": "https://ehr.invalid/role"},
            {"canonical": "https://x.invalid/q", "type": "Questionnaire", "reference": 5},
            "odd",
        ],
    }
    context = world.context()
    assert (context.encounter, context.need_patient_banner) == ("enc-1", False)
    assert (context.style_url, context.intent) == ("https://ehr.invalid/style.json", "review-gaps")
    assert [(one.reference, one.canonical, one.type, one.role) for one in context.fhir_context] == [
        ("Task/1", None, None, "https://ehr.invalid/role"),
        (None, "https://x.invalid/q", "Questionnaire", "launch"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "attribute", "read"),
    [
        ("need_patient_banner", MISSING, "need_patient_banner", True),
        ("need_patient_banner", "no", "need_patient_banner", True),
        ("smart_style_url", "javascript:alert(1)", "style_url", None),
        ("smart_style_url", 5, "style_url", None),
        ("intent", "<b>", "intent", None),
        ("intent", 5, "intent", None),
        ("fhirContext", "odd", "fhir_context", ()),
    ],
)
def test_a_wish_that_cannot_be_read_is_dropped(world: World, name: str, value: Any, attribute: str, read: Any) -> None:
    world.ehr.answer[name] = value
    assert getattr(world.context(), attribute) == read


def test_d10_tokens_are_in_no_answer_of_ours(world: World) -> None:
    response = world.signed_in()
    said = response.text + str(response.headers)
    cookies = [cookie.value for cookie in world.client._cookies.values()]  # type: ignore[attr-defined]
    said += "".join(str(base64.urlsafe_b64decode(value + "==")) for value in cookies)
    (row,) = world.store.launches.values()
    for secret in ("at-code-1", "rt-code-1", "pat-1", "doc-1"):
        assert secret not in said
        assert secret.encode() not in row.sealed


def test_introspection(world: World) -> None:
    url = f"{world.ehr.origin}/auth/introspect"
    token_url = f"{world.ehr.origin}/auth/token"
    ehr = world.registered()
    for said, active in (({"active": True, "scope": "a"}, True), ({"active": "true"}, False), ({}, False)):
        world.ehr.on("POST", url, lambda _, said=said: said)
        assert world.launch.tokens.introspect(ehr, token_url, url, "at-1") == {**said, "active": active}
    assert form_of(world.ehr.requests("/auth/introspect")[0])["token"] == "at-1"
    world.ehr.on("POST", url, lambda _: (401, {}, "{}"))
    with pytest.raises(LaunchError) as failure:
        world.launch.tokens.introspect(ehr, token_url, url, "at-1")
    assert failure.value.code == "launch.introspection-failed"


class TestBackendServices:
    """SMART Backend Services: the app's own token, without a user."""

    scopes = (Scope("system", "Patient", "rs"), Scope("system", "Communication", "c"))

    def test_an_assertion_buys_a_token_that_is_kept(self, world: World) -> None:
        ehr = world.registered(backend_client_id="worker")
        token = world.launch.backend.token(ehr, self.scopes)
        assert token.granted == tuple(sorted(self.scopes))
        assert world.launch.backend.token(ehr, self.scopes) is token
        (form,) = world.ehr.token_requests()
        assert (form["grant_type"], form["scope"]) == (
            "client_credentials",
            "system/Communication.c system/Patient.rs",
        )
        assert "client_id" not in form
        public = next(one for one in world.launch.keys.public_jwks()["keys"] if one["kty"] == "EC")
        claims = jwt.decode(form["client_assertion"], import_key(public), algorithms=["ES384"]).claims
        assert (claims["iss"], claims["sub"], claims["aud"]) == (
            "worker",
            "worker",
            f"{world.ehr.origin}/auth/token",
        )

    def test_it_is_renewed_a_minute_early_and_after_a_401(self, world: World) -> None:
        ehr = world.registered(backend_client_id="worker")
        first = world.launch.backend.token(ehr, self.scopes)
        world.clock.forward(seconds=240)
        second = world.launch.backend.token(ehr, self.scopes)
        assert second.access_token != first.access_token
        world.launch.backend.forget(world.registered(name="other", fhir_base="https://other.invalid/fhir"))
        assert world.launch.backend.token(ehr, self.scopes) is second
        world.launch.backend.forget(ehr)
        assert world.launch.backend.token(ehr, self.scopes).access_token != second.access_token

    def test_h20_a_slow_ehr_keeps_no_other_waiting(self, world: World) -> None:
        other = FakeEhr(world.mock, world.clock, "other")
        slow = world.registered(backend_client_id="worker")
        quick = world.registered(name="other", fhir_base=other.base, backend_client_id="worker")
        token = world.launch.backend.token
        got: list[str] = []

        def answer(request: Any) -> Any:
            asking = threading.Thread(target=lambda: got.append(token(quick, self.scopes).access_token))
            asking.start()
            asking.join(5)
            return world.ehr._token(request)

        world.ehr.on("POST", f"{world.ehr.origin}/auth/token", answer)
        world.launch.backend.token(slow, self.scopes)
        assert got == ["bt-1"]

    def test_only_what_was_granted_of_what_was_asked(self, world: World) -> None:
        world.ehr.answer["scope"] = "system/*.rs"
        token = world.launch.backend.token(world.registered(backend_client_id="worker"), self.scopes)
        assert token.granted == (Scope("system", "Patient", "rs"),)

    def test_it_needs_a_registration_and_an_endpoint(self, world: World) -> None:
        with pytest.raises(LaunchError) as refused:
            world.launch.backend.token(world.registered(), self.scopes)
        assert refused.value.code == "launch.no-backend"
        del world.ehr.metadata["token_endpoint"]
        with pytest.raises(LaunchError) as failure:
            world.launch.backend.token(world.registered(backend_client_id="worker"), self.scopes)
        assert failure.value.code == "launch.bad-metadata"
