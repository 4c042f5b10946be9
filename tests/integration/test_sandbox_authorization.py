"""The sandbox's authorization server over HTTP: launches, codes, and everything that must be refused."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from support.ehr import REDIRECT, TOKEN_SECONDS, App, sandbox

GENTLE = "launch openid fhirUser online_access patient/Observation.rs patient/Patient.r"


@pytest.fixture(scope="module")
def module_app(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("authorization")) as app:
        yield app


@pytest.fixture
def app(module_app: App):
    yield module_app
    module_app.http.cookies.clear()


def test_a_launch_from_a_chart_gives_tokens_and_the_context(app):
    answer = app.tokens(GENTLE)
    assert answer["patient"] == "pt-1001"
    assert answer["need_patient_banner"] is False
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == TOKEN_SECONDS
    assert answer["tenant"] == "harbor-street"
    assert set(answer["scope"].split()) == set(GENTLE.split())
    assert app.get(answer["smart_style_url"].removeprefix(app.base)).json()["color_text"].startswith("#")
    encounter = app.ehr.store.read("Encounter", answer["encounter"])
    assert encounter["subject"]["reference"] == "Patient/pt-1001"


def test_the_id_token_is_signed_for_this_client_and_this_request(app):
    answer = app.tokens(GENTLE)
    configuration = app.get("/auth/.well-known/openid-configuration").json()
    keys = app.get(configuration["jwks_uri"].removeprefix(app.base)).json()
    assert all("d" not in key for key in keys["keys"])
    token = jwt.decode(answer["id_token"], KeySet.import_key_set(keys), algorithms=["RS256"])
    assert token.header["kid"] == keys["keys"][0]["kid"]
    assert token.claims["iss"] == configuration["issuer"] == f"{app.base}/auth"
    assert token.claims["aud"] == "app"
    assert token.claims["nonce"] == "no-456"
    assert token.claims["fhirUser"] == f"{app.fhir}/Practitioner/prac-amara-cole"
    assert token.claims["exp"] > app.clock().timestamp()


def test_the_answer_names_its_issuer_and_gives_the_state_back(app):
    app.sign_in()
    answer = app.authorize(launch=app.launch())
    assert answer["iss"] == f"{app.base}/auth"
    assert answer["state"] == "st-123"


def test_authorization_by_post(app):
    app.sign_in()
    answer = app.post("/auth/authorize", app.request(launch=app.launch()))
    assert "code" in app.answered(answer)


def test_discovery_says_what_smart_requires(app):
    found = app.get("/fhir/.well-known/smart-configuration").json()
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "permission-v1", "permission-v2", "authorize-post"} <= set(found["capabilities"])
    assert found["authorization_response_iss_parameter_supported"] is True
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint"):
        assert found[name].startswith(f"{app.base}/auth/")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "http://127.0.0.1:1/fhir"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "launch"}, "invalid_request"),
        ({"scope": "patient/Nonsense.rs everything"}, "invalid_scope"),
        ({"launch": "made-up"}, "invalid_request"),
    ],
)
def test_a_request_that_is_not_sound_is_refused_at_the_redirect_uri(app, changes, error):
    answer = app.authorize(**changes)
    assert answer["error"] == error
    assert "code" not in answer
    assert answer["iss"] == f"{app.base}/auth"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://localhost:8000/callback/"},
        {"redirect_uri": "http://localhost:8000/callback?next=1"},
        {"redirect_uri": "http://localhost:8001/callback"},
        {"redirect_uri": "http://evil.invalid/callback"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": None},
    ],
)
def test_an_unknown_client_or_address_is_never_redirected_to(app, changes):
    answer = app.get("/auth/authorize", params=app.request(**changes))
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert 'data-error="auth.refused"' in answer.text


def test_a_repeated_parameter_is_refused(app):
    query = [*app.request().items(), ("redirect_uri", "http://evil.invalid/")]
    answer = app.get("/auth/authorize", params=query)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_launch_works_once_and_for_its_own_client_only(app):
    app.sign_in()
    handle = app.launch()
    assert "code" in app.authorize(launch=handle)
    assert app.authorize(launch=handle)["error"] == "invalid_request"
    other = app.launch(client="app-secret")
    assert app.authorize(launch=other)["error"] == "invalid_request"


def test_a_launch_ends_after_five_minutes(app):
    app.sign_in()
    handle = app.launch()
    app.clock.forward(301)
    assert app.authorize(launch=handle)["error"] == "invalid_request"


def test_a_launch_by_somebody_else_than_who_is_signed_in_is_refused(app):
    app.sign_in("amara.cole")
    handle = app.launch()
    app.sign_in("jonas.weber")
    assert app.authorize(launch=handle)["error"] == "access_denied"


def test_a_code_works_once_and_its_second_use_ends_what_came_of_it(app):
    app.sign_in()
    code = app.authorize(launch=app.launch())["code"]
    token = app.exchange(code).json()["access_token"]
    assert app.read(token, "Patient/pt-1001").status_code == 200
    again = app.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert app.read(token, "Patient/pt-1001").status_code == 401


def test_a_code_lives_for_a_minute(app):
    app.sign_in()
    code = app.authorize(launch=app.launch())["code"]
    app.clock.forward(61)
    assert app.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": None},
        {"code_verifier": "w" * 64},
        {"code_verifier": "short"},
        {"redirect_uri": "http://localhost:8000/other"},
        {"redirect_uri": None},
        {"code": "made-up"},
    ],
)
def test_a_code_is_bound_to_verifier_and_address(app, changes):
    app.sign_in()
    code = app.authorize(launch=app.launch())["code"]
    answer = app.exchange(**{"code": code, **changes})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_of_one_client_is_nothing_to_another(app):
    app.sign_in()
    code = app.authorize(launch=app.launch())["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": "v" * 64}
    answer = app.post("/auth/token", {**form, **app.assertion("app-key")})
    assert answer.json()["error"] == "invalid_grant"


def test_a_population_launch_has_no_patient(app):
    answer = app.tokens("launch openid user/Patient.rs patient/Observation.rs", patient=None, user="sam.rivers")
    assert "patient" not in answer
    assert answer["scope"].split() == ["launch", "openid", "user/Patient.rs"]


def test_the_worklist_launches_at_its_own_address(app):
    app.sign_in("sam.rivers")
    answer = app.get("/worklist/launch", params={"app": "app"})
    assert answer.headers["Location"].startswith("http://localhost:8000/launch?view=all&iss=")
    answer = app.get("/patients/pt-1001/launch", params={"app": "app"})
    assert answer.headers["Location"].startswith("http://localhost:8000/launch?iss=")


def test_an_intent_is_handed_on(app):
    app.sign_in()
    code = app.authorize(launch=app.launch(intent="care-gaps"))["code"]
    assert app.exchange(code).json()["intent"] == "care-gaps"


def test_writing_is_cut_off_what_the_registration_allows(app):
    assert app.tokens("launch patient/Observation.cruds user/Patient.write")["scope"] == "launch patient/Observation.rs"


def test_refresh_tokens_rotate_and_a_second_use_ends_the_grant(app):
    first = app.tokens(GENTLE)
    second = app.refresh(first["refresh_token"]).json()
    assert second["patient"] == "pt-1001"
    assert second["refresh_token"] != first["refresh_token"]
    assert app.read(second["access_token"], "Patient/pt-1001").status_code == 200
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.read(second["access_token"], "Patient/pt-1001").status_code == 401
    assert app.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_may_narrow_but_not_widen(app):
    first = app.tokens(GENTLE)
    narrow = app.refresh(first["refresh_token"], scope="patient/Patient.r online_access").json()
    assert app.read(narrow["access_token"], "Observation", patient="pt-1001").status_code == 403
    wide = app.refresh(narrow["refresh_token"], scope="patient/Condition.rs")
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")


def test_online_access_ends_with_the_session(app):
    answer = app.tokens(GENTLE)
    assert app.post("/logout").status_code == 303
    assert app.refresh(answer["refresh_token"]).json()["error"] == "invalid_grant"


def test_offline_access_outlives_the_session(app):
    answer = app.tokens(GENTLE.replace("online", "offline"))
    app.post("/logout")
    assert app.refresh(answer["refresh_token"]).status_code == 200


def test_no_refresh_token_without_being_asked(app):
    assert "refresh_token" not in app.tokens("launch patient/Patient.r")


def test_revoking_the_refresh_token_ends_all_of_the_grant(app):
    answer = app.tokens(GENTLE)
    revoked = app.post("/auth/revoke", {"token": answer["refresh_token"], "client_id": "app"})
    assert revoked.status_code == 200
    assert app.read(answer["access_token"], "Patient/pt-1001").status_code == 401
    assert app.refresh(answer["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_client_cannot_revoke_anothers_token(app):
    answer = app.tokens(GENTLE)
    app.post("/auth/revoke", {"token": answer["access_token"], **app.assertion("app-key")})
    assert app.read(answer["access_token"], "Patient/pt-1001").status_code == 200


def test_introspection_tells_the_token_s_own_authenticated_client(app):
    app.sign_in()
    code = app.authorize(client_id="app-key", scope=GENTLE, launch=app.launch(client="app-key"))["code"]
    tokens = app.exchange(code, client_id="app-key", **app.assertion("app-key")).json()
    query = {"token": tokens["access_token"]}
    found = app.post("/auth/introspect", {**query, **app.assertion("app-key")}).json()
    assert found["active"] is True
    assert (found["patient"], found["client_id"], found["scope"]) == ("pt-1001", "app-key", tokens["scope"])
    assert app.post("/auth/introspect", {**query, **app.assertion("backend")}).json() == {"active": False}
    assert app.post("/auth/introspect", {**query, "client_id": "app"}).status_code == 401
    app.clock.forward(TOKEN_SECONDS + 1)
    assert app.post("/auth/introspect", {**query, **app.assertion("app-key")}).json() == {"active": False}


def test_a_token_answer_is_not_kept_by_caches(app):
    app.sign_in()
    answer = app.exchange(app.authorize(launch=app.launch())["code"])
    assert answer.headers["Cache-Control"] == "no-store"


def test_tokens_lie_hashed_in_the_database(app):
    answer = app.tokens(GENTLE)
    with app.ehr.database.read() as connection:
        kept = "\n".join(connection.iterdump())
    assert answer["access_token"] not in kept
    assert answer["refresh_token"] not in kept
