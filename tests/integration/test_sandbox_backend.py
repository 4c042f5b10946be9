"""Client authentication, backend services and writing over HTTP."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from support.ehr import EC, REDIRECT, RSA, SECRET, App, sandbox

MESSAGE = {
    "resourceType": "Communication",
    "status": "completed",
    "identifier": [{"system": "urn:test:messages", "value": "m-1"}],
    "subject": {"reference": "Patient/pt-1001"},
    "recipient": [{"reference": "Patient/pt-1001"}],
    "topic": {"text": "A message from your care team"},
    "payload": [{"contentString": "It is time to book your check-up."}],
}
WRITE = "system/Communication.crs"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("backend")) as running:
        yield running


def token(app: App, scope: str = WRITE) -> str:
    return app.backend(scope).json()["access_token"]


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS384", "ES384"])
def test_a_backend_service_gets_a_short_token(app, key):
    answer = app.backend("system/Patient.rs system/Communication.crs", key=key)
    assert answer.status_code == 200
    body = answer.json()
    assert body["expires_in"] <= 300
    assert body["scope"] == "system/Patient.rs system/Communication.crs"
    assert not {"refresh_token", "id_token", "patient"} & set(body)
    assert len(app.search(body["access_token"], "Patient")) == 12


def test_scopes_beyond_the_registration_are_cut_or_refused(app):
    assert app.backend("system/Patient.cruds user/Patient.rs").json()["scope"] == "system/Patient.rs"
    answer = app.backend("user/Patient.rs patient/Patient.rs")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_an_assertion_is_good_once(app):
    form = {"grant_type": "client_credentials", "scope": WRITE, **app.assertion(jti="the-same")}
    assert app.post("/auth/token", form).status_code == 200
    again = app.post("/auth/token", form)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    fresh = {"grant_type": "client_credentials", "scope": WRITE, **app.assertion(jti="the-same", exp=None)}
    assert app.post("/auth/token", fresh).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://127.0.0.1:1/auth/token"},
        {"aud": None},
        {"aud": ["x", "y"]},
        {"iss": "app-key"},
        {"sub": "app-key"},
        {"sub": None},
        {"jti": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1},
        {"exp": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"key": RSAKey.generate_key(2048, {"kid": "stranger"})},
        {"key": RSAKey.import_key({**RSAKey.generate_key(2048).as_dict(private=True), "kid": RSA.kid})},
        {"client": "nobody"},
        {"client": "app"},
    ],
)
def test_an_assertion_that_is_not_sound_is_refused(app, changes):
    answer = app.backend(WRITE, **changes)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_assertion_under_another_algorithm_is_refused(app):
    same = RSAKey.import_key({name: value for name, value in RSA.as_dict(private=True).items() if name != "alg"})
    claims = {"iss": "backend", "sub": "backend", "aud": f"{app.base}/auth/token", "jti": "x", "exp": 1}
    for header, key in (
        ({"alg": "RS256", "kid": RSA.kid}, same),
        ({"alg": "HS256", "kid": RSA.kid}, OctKey.import_key("k" * 64)),
    ):
        form = {**app.assertion(), "client_assertion": jwt.encode(header, claims, key)}
        answer = app.post("/auth/token", {"grant_type": "client_credentials", "scope": WRITE, **form})
        assert answer.json()["error"] == "invalid_client"


def test_keys_are_read_at_the_registered_address(app):
    reads = []

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    def serve(environ, start):
        reads.append(environ["PATH_INFO"])
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"keys": [EC.as_dict(private=False)]}).encode()]

    with make_server("127.0.0.1", 0, serve, handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        registered = app.http.post(
            f"{app.base}/auth/register",
            json={
                "client_name": "Another worker",
                "grant_types": ["client_credentials"],
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks_uri": f"http://127.0.0.1:{server.server_port}/jwks.json",
                "scope": "system/Patient.rs",
            },
            timeout=5,
        )
        assert registered.status_code == 201
        name = registered.json()["client_id"]
        good = app.backend("system/Patient.rs", client=name, key=EC)
        assert good.status_code == 200
        assert reads == ["/jwks.json"]
        assert app.backend("system/Patient.rs", client=name, key=RSA).status_code == 401
        server.shutdown()
    gone = app.backend("system/Patient.rs", client=name, key=EC)
    assert (gone.status_code, gone.json()["error"]) == (401, "invalid_client")


def test_a_registered_app_gets_a_secret_that_it_must_use(app):
    registered = app.http.post(
        f"{app.base}/auth/register",
        json={"client_name": "New", "redirect_uris": [REDIRECT], "client_id": "app", "scope": "launch patient/*.rs"},
        timeout=5,
    ).json()
    assert registered["client_id"] != "app"
    assert registered["token_endpoint_auth_method"] == "client_secret_basic"
    answer = app.exchange("code", client_id=registered["client_id"])
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": ["http://evil.invalid/callback"]},
        {"redirect_uris": ["https://app.invalid/callback#part"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": []},
        {"redirect_uris": REDIRECT},
        {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "private_key_jwt"},
        {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "magic"},
        {"redirect_uris": [REDIRECT], "scope": "patient/Nonsense.rs"},
        {"grant_types": ["client_credentials"]},
        ["not", "an", "object"],
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(app, metadata):
    answer = app.http.post(f"{app.base}/auth/register", json=metadata, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_a_confidential_app_must_show_its_secret(app):
    app.sign_in()
    code = app.authorize(client_id="app-secret", launch=app.launch(client="app-secret"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": "v" * 64}
    assert app.post("/auth/token", {**form, "client_id": "app-secret"}).status_code == 401
    wrong = app.post("/auth/token", form, auth=("app-secret", "wrong"))
    assert wrong.status_code == 401
    assert "WWW-Authenticate" in wrong.headers
    in_body = app.post("/auth/token", {**form, "client_id": "app-secret", "client_secret": SECRET})
    assert in_body.status_code == 401
    assert app.post("/auth/token", form, auth=("app-secret", SECRET)).status_code == 200
    app.http.cookies.clear()


def test_a_message_is_created_and_found(app):
    bearer = token(app)
    answer = app.create(bearer, MESSAGE)
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"{app.fhir}/Communication/{made['id']}/_history/1"
    assert app.read(bearer, f"Communication/{made['id']}").json()["payload"] == MESSAGE["payload"]
    found = app.search(bearer, "Communication", identifier="urn:test:messages|m-1")
    assert [one["id"] for one in found] == [made["id"]]


def test_a_conditional_create_is_idempotent_even_eight_times_at_once(app):
    bearer = token(app)
    message = {**MESSAGE, "identifier": [{"system": "urn:test:messages", "value": "m-2"}]}
    condition = {"If-None-Exist": "identifier=urn:test:messages|m-2"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.create(bearer, message, **condition), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    app.create(bearer, message)
    assert app.create(bearer, message, **condition).status_code == 412
    assert app.create(bearer, message, **{"If-None-Exist": "status=completed"}).status_code == 412


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": None}, 422),
        ({"status": "sent"}, 422),
        ({"recipient": None}, 422),
        ({"recipient": [{"reference": "Patient/nobody"}]}, 422),
        ({"recipient": [{"display": "Somebody"}]}, 422),
        ({"subject": {"reference": "Patient/nobody"}}, 422),
        ({"payload": None}, 422),
        ({"payload": []}, 422),
        ({"payload": [{"contentString": "  "}]}, 422),
        ({"payload": [{"contentString": "x" * 300_000}]}, 413),
        ({"meta": "x"}, 422),
    ],
)
def test_a_message_that_is_not_sound_is_refused(app, changes, status):
    message = {name: value for name, value in {**MESSAGE, **changes}.items() if value is not None}
    answer = app.create(token(app), message)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_rubbish_is_refused(app):
    bearer = {"Authorization": f"Bearer {token(app)}"}
    for body in (b"{", b"[]", b"\xff", b'{"resourceType":"Task"}', b"[" * 5000):
        assert app.post("/fhir/Communication", body, headers=bearer).status_code == 400


def test_creating_needs_its_scope(app):
    reader = token(app, "system/Communication.rs")
    assert app.create(reader, MESSAGE).status_code == 403
    launched = app.tokens("launch patient/*.rs")["access_token"]
    assert app.create(launched, MESSAGE).status_code == 403
    assert app.http.post(f"{app.fhir}/Communication", json=MESSAGE, timeout=5).status_code == 401


def test_tasks_and_requests_can_be_created_and_nothing_else(app):
    bearer = token(app, "system/Task.c system/CommunicationRequest.c system/Patient.rs")
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "for": {"reference": "Patient/pt-1001"},
        "owner": {"reference": "Practitioner/prac-sam-rivers"},
        "description": "Send in the portal",
    }
    assert app.create(bearer, task).status_code == 201
    assert app.create(bearer, {**task, "intent": "maybe"}).status_code == 422
    asked = {**MESSAGE, "resourceType": "CommunicationRequest", "status": "active"}
    assert app.create(bearer, asked).status_code == 201
    assert app.create(bearer, {"resourceType": "Patient"}).status_code == 403
