"""Coming back from the EHR: section B of the security cases."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

import pytest
from joserfc import jwt
from joserfc.jwk import import_key
from support.fake_ehr import FakeEhr, form_of
from support.launch_world import APP, World, failed, handle_of


def test_a_whole_launch(world: World) -> None:
    response = world.signed_in()
    context = world.open(response)
    assert (context.kind, context.view) == ("ehr", "chart")
    assert (context.patient, context.encounter) == ("pat-1", None)
    assert (context.tenant, context.ehr, context.fhir_base) == ("clinic", "ehr", world.ehr.base)
    assert (context.user.reference, context.user.name) == ("Practitioner/doc-1", "Ada Lind")
    assert context.user.role == "clinician"
    assert context.granted == context.asked
    assert context.need_patient_banner
    actions = [(one.action, one.outcome) for one in world.audit.entries]
    assert actions == [("launch.begin", "success"), ("launch.start", "success")]
    started = world.audit.entries[-1]
    assert (started.actor, started.tenant) == ("Practitioner/doc-1", "clinic")
    assert (started.launch, started.patient) == (context.handle, "Patient/pat-1")
    (form,) = world.ehr.token_requests()
    assert form.keys() == {"grant_type", "code", "redirect_uri", "code_verifier", "client_id"}
    assert form["redirect_uri"] == f"{APP}/callback"


def test_b14_after_sign_in_no_code_is_in_the_address(world: World) -> None:
    response = world.signed_in()
    assert response.status_code == 303
    assert response.location == f"/l/{handle_of(response)}/"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"
    cookies = response.headers.getlist("Set-Cookie")
    assert any(one.startswith("__Host-signin-") and "Max-Age=0" in one for one in cookies)


@pytest.mark.parametrize(
    "path",
    [
        "/callback",
        "/callback?code=c",
        "/callback?code=c&state=",
        "/callback?code=c&state=a&state=b",
        "/callback?code=c&state=" + "x" * 300,
        "/callback?error=access_denied",
    ],
)
def test_b01_b02_without_one_state_nothing_happens(world: World, path: str) -> None:
    failed(world.get(path), "launch.bad-state", 400)
    assert len(world.mock.calls) == 0
    assert world.audit.entries[-1].outcome == "refused"


def test_b02_a_state_nobody_was_given(world: World) -> None:
    world.back()
    failed(world.callback(code="code-1", state="A" * 43), "launch.unknown-state", 400)
    assert world.ehr.token_requests() == []


def test_b03_a_callback_works_once(world: World) -> None:
    params = world.back()
    assert world.callback(**params).status_code == 303
    failed(world.callback(**params), "launch.unknown-state", 400)
    assert len(world.ehr.token_requests()) == 1


def test_b04_a_state_lives_ten_minutes(world: World) -> None:
    params = world.back()
    world.clock.forward(minutes=10)
    failed(world.callback(**params), "launch.state-expired", 400)
    assert world.ehr.token_requests() == []


def test_b05_an_attackers_callback_opens_nothing_in_another_browser(world: World) -> None:
    attacker, victim = world.browser(), world.browser()
    params = world.back(attacker)
    world.begin(victim)
    failed(world.callback(victim, **params), "launch.cookies-blocked", 400)
    assert world.ehr.token_requests() == []


def test_b05_another_sign_ins_cookie_does_not_serve(world: World) -> None:
    params = world.back()
    (cookie,) = (one for one in world.client._cookies.values())  # type: ignore[attr-defined]
    world.client.set_cookie(cookie.key, "A" * 43, domain="app.invalid", path="/", secure=True, samesite="None")
    failed(world.callback(**params), "launch.wrong-browser", 400)
    assert world.ehr.token_requests() == []


def test_b06_e09_without_the_cookie_a_fresh_launch_is_offered_once(world: World) -> None:
    params = world.back()
    blocked = world.browser()
    response = world.callback(blocked, **params)
    failed(response, "launch.cookies-blocked", 400)
    assert response.json["fresh_launch"] == "/launch/standalone?ehr=ehr&view=chart"  # type: ignore[index]
    failed(world.callback(**params), "launch.unknown-state", 400)
    assert world.ehr.token_requests() == []
    again = world.get(response.json["fresh_launch"])  # type: ignore[index]
    assert world.open(world.callback(**world.ehr.authorize(again.location))).kind == "standalone"


@pytest.mark.parametrize("methods", [["plain"], ["none"], [], None])
def test_b07_s256_whatever_the_metadata_says(world: World, methods: Any) -> None:
    world.ehr.metadata["code_challenge_methods_supported"] = methods
    assert world.context().patient == "pat-1"  # the fake EHR checks the verifier by S256
    assert len(world.ehr.token_requests()[0]["code_verifier"]) >= 43


def test_b08_b10_an_answer_of_another_issuer_is_sent_to_neither(world: World) -> None:
    other = FakeEhr(world.mock, world.clock, "other")
    params = world.back()
    failed(world.callback(**params, iss=other.base), "launch.mixed-up", 400)
    assert world.ehr.token_requests() == other.token_requests() == []


def test_b10_an_ehr_that_does_not_name_itself_is_told_by_its_own_address(world: World) -> None:
    world.register(world.registered(own_callback=True))
    begun = world.begin()
    assert f"redirect_uri={quote(APP + '/callback/ehr', safe='')}&" in begun.location
    params = world.ehr.authorize(begun.location)
    assert world.open(world.get("/callback/ehr", **params)).patient == "pat-1"
    assert world.ehr.token_requests()[0]["redirect_uri"] == f"{APP}/callback/ehr"


@pytest.mark.parametrize(("own", "address"), [(True, "/callback"), (True, "/callback/other"), (False, "/callback/ehr")])
def test_b10_a_code_that_comes_to_another_address_is_sent_nowhere(world: World, own: bool, address: str) -> None:
    world.register(world.registered(own_callback=own))
    failed(world.get(address, **world.back()), "launch.mixed-up", 400)
    assert world.ehr.token_requests() == []


def test_b08_the_issuer_twice_is_none(world: World) -> None:
    params = world.back()
    path = f"/callback?code={params['code']}&state={params['state']}&iss={world.ehr.base}&iss=x"
    failed(world.get(path), "launch.mixed-up", 400)


def test_b09_an_issuer_that_was_promised_must_come(world: World) -> None:
    world.ehr.metadata["authorization_response_iss_parameter_supported"] = True
    failed(world.callback(**world.back()), "launch.mixed-up", 400)
    assert world.ehr.token_requests() == []
    assert world.open(world.callback(**world.back(), iss=world.ehr.base)).patient == "pat-1"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("access_denied", "declined"),
        ("invalid_scope", "permissions"),
        ("<script>alert(1)</script>", "with an error"),
    ],
)
@pytest.mark.parametrize("code", [True, False])
def test_b11_an_error_is_told_in_our_words(world: World, error: str, told: str, code: bool) -> None:
    params = world.back()
    if not code:
        del params["code"]
    response = world.callback(**params, error=error, error_description="<b>secret</b>")
    failed(response, "launch.denied", 403)
    assert told in response.text
    assert "<" not in response.text
    assert world.ehr.token_requests() == []


@pytest.mark.parametrize("codes", ["", "code=", "code=a&code=b", "code=" + "x" * 9000])
def test_b11_an_answer_without_one_code(world: World, codes: str) -> None:
    params = world.back()
    failed(world.get(f"/callback?state={params['state']}&{codes}"), "launch.bad-code", 400)
    assert world.ehr.token_requests() == []


def test_b12_a_stolen_code_in_ones_own_sign_in_gives_no_session(world: World) -> None:
    stolen = world.back(world.browser())["code"]
    own = world.back()["state"]
    failed(world.callback(code=stolen, state=own), "launch.token-refused", 502)
    assert world.store.launches == {}


@pytest.mark.parametrize(("algorithm", "kind"), [("RS384", "RSA"), ("ES384", "EC")])
def test_b13_k06_the_client_assertion(world: World, algorithm: str, kind: str) -> None:
    world.register(world.registered(auth="private_key_jwt", signing=algorithm))
    assertions = []
    for _ in range(2):
        assert world.signed_in().status_code == 303
        form = world.ehr.token_requests()[-1]
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assertions.append(form["client_assertion"])
    (public,) = (one for one in world.get("/.well-known/jwks.json").json["keys"] if one["kty"] == kind)  # type: ignore[index]
    decoded = [jwt.decode(one, import_key(public), algorithms=[algorithm]) for one in assertions]
    for one in decoded:
        assert one.header["kid"] == public["kid"]
        now = int(world.clock().timestamp())
        assert one.claims["iss"] == one.claims["sub"] == "app-client"
        assert one.claims["aud"] == f"{world.ehr.origin}/auth/token"
        assert now < one.claims["exp"] <= now + 300
    assert decoded[0].claims["jti"] != decoded[1].claims["jti"]


def test_a_secret_goes_form_encoded_into_http_basic(world: World) -> None:
    world.register(world.registered(auth="client_secret_basic", secret="shared"))
    world.context()
    (request,) = world.ehr.requests("/auth/token")
    import base64

    sent = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
    assert sent == "app-client:s3cret%3Awith%2Fodd%2Bletters"
    assert "s3cret" not in str(request.body)
    assert "client_id" not in str(request.body)


def test_an_ehr_that_was_removed_meanwhile_gets_no_code(world: World) -> None:
    params = world.back()
    client = world.client
    world.register(world.registered(name="renamed"))
    response = world.get("/callback", _same_cookies(world, client), **params)
    failed(response, "launch.unknown-issuer", 403)
    assert world.ehr.token_requests() == []


def test_an_ehr_whose_token_endpoint_was_moved_meanwhile_gets_no_code(world: World) -> None:
    params = world.back()
    client = world.client
    world.register(world.registered(endpoints={"token": "https://new.invalid/token"}))
    response = world.get("/callback", _same_cookies(world, client), **params)
    failed(response, "launch.unknown-issuer", 403)
    assert world.ehr.token_requests() == []


def _same_cookies(world: World, client: Any) -> Any:
    browser = world.browser()
    for cookie in client._cookies.values():
        browser.set_cookie(cookie.key, cookie.value, domain="app.invalid", path="/", secure=True, samesite="None")
    return browser


def test_d10_l05_tokens_codes_and_verifiers_are_in_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    params = world.back()
    world.callback(**params)
    verifier = world.ehr.token_requests()[0]["code_verifier"]
    for secret in (verifier, params["code"], f"at-{params['code']}"):
        assert secret not in caplog.text


def test_cookies_of_abandoned_sign_ins_are_dropped_first(world: World) -> None:
    first = world.signed_in()
    for _ in range(45):
        world.begin()
    last = world.signed_in()
    names = [cookie.key for cookie in world.client._cookies.values()]  # type: ignore[attr-defined]
    assert len(names) <= 40
    assert world.open(first).patient == world.open(last).patient == "pat-1"


def test_l02_without_an_audit_trail_no_session_begins_and_its_tokens_are_given_back(world: World) -> None:
    params = world.back()
    world.audit.down = True
    failed(world.callback(**params), "audit.down", 503)
    assert world.store.launches == {}
    assert {form_of(one)["token"] for one in world.ehr.requests("/auth/revoke")} == {"at-code-1", "rt-code-1"}
