"""Opening the app: section A of the security cases, and the open server."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from support.launch_world import APP, LAB, SCOPES, World, failed, handle_of

from launch.views import Look, launch_blueprint


def query(location: str) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize(
    "iss",
    [
        # A01, A02: not registered, whatever it is made of
        "https://other.invalid/fhir",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9000/fhir",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://[::ffff:127.0.0.1]/",
        "https://user:pass@ehr.invalid/fhir",
        "file:///etc/passwd",
        "gopher://ehr.invalid/fhir",
        "//ehr.invalid/fhir",
        # A03: near misses of what is registered
        "https://ehr.invalid/fhir//",
        "https://EHR.invalid/fhir",
        "HTTPS://ehr.invalid/fhir",
        "https://ehr.invalid/FHIR",
        "https://ehr.invalid/x/../fhir",
        "https://ehr.invalid/fhir/.",
        "https://ehr.invalid/fhir?x=1",
        "https://ehr.invalid/fhir#x",
        "https://ehr.invalid/fhir\\",
        "https://ehr.invalid\\fhir",
        "https://ehr.invalid/fhir.evil.invalid",
        "https://ehr.invalid.evil.invalid/fhir",
        "https://ehr.invalid:443/fhir",
        "https://ehr.invalid/%66hir",
        " https://ehr.invalid/fhir",
        "https://ehr.invalid/fhir ",
    ],
)
def test_a01_a02_a03_an_issuer_that_is_not_registered_is_refused_unasked(world: World, iss: str) -> None:
    failed(world.begin(iss=iss), "launch.unknown-issuer", 403)
    assert len(world.mock.calls) == 0
    assert world.store.pending == {}
    assert world.audit.entries[-1].detail["code"] == "launch.unknown-issuer"


def test_a03_one_slash_at_the_end_is_the_registered_base(world: World) -> None:
    response = world.begin(iss=world.ehr.base + "/")
    assert query(response.location)["aud"] == world.ehr.base


@pytest.mark.parametrize(
    "path",
    [
        "/launch",
        "/launch?launch=x",
        "/launch?iss=https://ehr.invalid/fhir",
        "/launch?iss=&launch=x",
        "/launch?iss=https://ehr.invalid/fhir&launch=",
        "/launch?iss=https://ehr.invalid/fhir&iss=https://other.invalid&launch=x",
        "/launch?iss=https://ehr.invalid/fhir&launch=x&launch=y",
        "/launch?iss=https://ehr.invalid/fhir&launch=x&view=everything",
        "/launch?iss=https://ehr.invalid/fhir&launch=x&view=chart&view=chart",
        # A05: huge, split lines, end of string
        "/launch?iss=https://ehr.invalid/fhir&launch=" + "x" * 60_000,
        "/launch?iss=" + "x" * 60_000 + "&launch=x",
        "/launch?iss=https://ehr.invalid/fhir&launch=x%0d%0aSet-Cookie:%20a=b",
        "/launch?iss=https://ehr.invalid/fhir&launch=x%00",
        "/launch?iss=https://ehr.invalid/fhir%0a&launch=x",
        # A12: the same of a standalone launch
        "/launch/standalone",
        "/launch/standalone?ehr=",
        "/launch/standalone?ehr=ehr&ehr=ehr",
        "/launch/standalone?ehr=ehr&view=all",
        "/launch/standalone?ehr=ehr%0a",
        "/launch/standalone?ehr=ehr&patient=pat-1",
    ],
)
def test_a04_a05_a12_a_request_that_is_no_launch_is_refused_unasked(world: World, path: str) -> None:
    failed(world.get(path), "launch.bad-request", 400)
    assert len(world.mock.calls) == 0


def test_a05_markup_in_the_launch_token_travels_as_data(world: World) -> None:
    token = "<script>alert(1)</script>&aud=https://evil.invalid"
    response = world.begin(launch=token)
    assert query(response.location)["launch"] == token
    assert "<script>" not in response.text


def test_a09_a10_the_authorization_request(world: World) -> None:
    response = world.begin()
    assert response.status_code == 302
    assert response.location.startswith("https://ehr.invalid/auth/authorize?")
    sent = query(response.location)
    assert sent.keys() == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "launch", "aud", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    assert sent["response_type"] == "code"
    assert sent["client_id"] == "app-client"
    assert sent["redirect_uri"] == f"{APP}/callback"
    assert sent["launch"] == "xyz"
    assert sent["aud"] == world.ehr.base
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["code_challenge"]) == 43
    # 122 bits are 21 characters of base64; 256 bits are 43.
    assert re.fullmatch(r"[\w-]{43}", sent["state"])
    assert re.fullmatch(r"[\w-]{43}", sent["nonce"])
    assert sent["scope"].split() == [
        *("openid", "fhirUser", "launch", "online_access", "patient/Condition.rs"),
        f"patient/Observation.rs?category={LAB}",
        *("patient/Patient.r", "user/PractitionerRole.rs"),
    ]


@pytest.mark.parametrize(
    ("changes", "capabilities", "expected"),
    [
        ({}, ["permission-v1"], ["patient/Condition.read", "patient/Observation.read"]),
        ({}, ["permission-v1", "permission-v2"], ["patient/Condition.rs"]),
        ({"scope_syntax": "v1"}, ["permission-v2"], ["patient/Condition.read", "patient/Patient.read"]),
        ({"scope_syntax": "v2-plain"}, [], ["patient/Observation.rs"]),
    ],
)
def test_a10_scopes_are_written_as_the_server_reads_them(
    world: World, changes: dict[str, str], capabilities: list[str], expected: list[str]
) -> None:
    world.ehr.metadata["capabilities"] = capabilities
    world.register(world.registered(**changes))
    scopes = query(world.begin().location)["scope"].split()
    assert set(expected) <= set(scopes)
    assert "*" not in "".join(scopes)
    assert ("online_access" in scopes) == (capabilities == [])
    assert "offline_access" not in scopes


def test_a10_a_server_that_only_lists_v2_scopes_is_asked_in_v2(world: World) -> None:
    world.ehr.metadata["capabilities"] = []
    world.ehr.metadata["scopes_supported"] = ["openid", "patient/Observation.rs", 5]
    assert "patient/Condition.rs" in query(world.begin().location)["scope"]


def test_a11_nothing_repeats_in_eight_launches(world: World) -> None:
    sent = [query(world.begin().location) for _ in range(8)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name] for one in sent}) == 8
    everything = [one[name] for one in sent for name in ("state", "nonce", "code_challenge")]
    assert len(set(everything)) == 24


def test_a12_a_standalone_chart_lets_the_user_choose_the_patient(world: World) -> None:
    sent = query(world.get("/launch/standalone", ehr="ehr").location)
    assert "launch" not in sent
    assert "launch/patient" in sent["scope"].split()
    assert "launch" not in sent["scope"].split()
    assert sent["aud"] == world.ehr.base


@pytest.mark.parametrize("path", ["/launch/standalone?ehr=ehr&view=population", "ehr"])
def test_a12_a_population_launch_asks_for_no_patient(world: World, path: str) -> None:
    response = world.begin(view="population") if path == "ehr" else world.get(path)
    sent = query(response.location)
    scopes = sent["scope"].split()
    assert {"user/Observation.rs", "user/Patient.rs"} <= set(scopes)
    assert "launch/patient" not in scopes
    assert not any(scope.startswith("patient/") for scope in scopes)
    assert ("launch" in sent) == ("launch" in scopes) == (path == "ehr")


def test_a12_an_ehr_of_no_such_name_is_refused_unasked(world: World) -> None:
    failed(world.get("/launch/standalone", ehr="nobody"), "launch.unknown-issuer", 403)
    assert len(world.mock.calls) == 0


def test_the_sign_in_cookie_is_opaque_and_of_the_kind_that_comes_back(world: World) -> None:
    (cookie,) = world.begin().headers.getlist("Set-Cookie")
    name, _, rest = cookie.partition("=")
    assert re.fullmatch(r"__Host-signin-[0-9a-f]{16}", name)
    parts = rest.split("; ")
    assert re.fullmatch(r"[\w-]{43}", parts[0])
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/", "Max-Age=600"} <= set(parts)
    assert "Domain" not in cookie


def test_what_a_sign_in_must_know_is_on_the_server_and_sealed(world: World) -> None:
    response = world.begin()
    (stored,) = world.store.pending.values()
    sent = query(response.location)
    assert sent["nonce"].encode() not in stored[0]
    assert sent["state"] not in world.store.pending
    assert hashlib.sha256(sent["state"].encode()).hexdigest() in world.store.pending
    decoded = base64.urlsafe_b64decode(response.headers["Set-Cookie"].split("=", 1)[1][:43] + "=")
    assert sent["nonce"].encode() not in decoded


def test_a_long_request_is_posted_where_the_server_takes_that(world: World) -> None:
    world.ehr.metadata["capabilities"].append("authorize-post")
    world.ehr.metadata["authorization_endpoint"] += "?tenant=%3Ca%3E"
    response = world.begin(launch="<x>" + "y" * 2000)
    assert response.status_code == 200
    assert 'action="https://ehr.invalid/auth/authorize?tenant=%3Ca%3E"' in response.text
    assert "&lt;x&gt;yyy" in response.text
    assert "<x>" not in response.text
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', response.text))
    assert fields["code_challenge_method"] == "S256"
    assert "tenant" not in fields
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors https://ehr.invalid" in policy
    assert "default-src 'none'" in policy
    answer = world.ehr.authorize_fields(fields)
    assert world.open(world.callback(**answer)).patient == "pat-1"


def test_the_page_of_a_posted_request_works_without_a_script_and_takes_the_apps_own(world: World) -> None:
    world.ehr.metadata["capabilities"].append("authorize-post")
    plain = world.begin(launch="y" * 3000).text
    assert "<script" not in plain
    assert "<button" in plain
    app = Flask("with a look")
    app.register_blueprint(launch_blueprint(world.launch, look=Look("/static/a.css", "/static/b.js")))
    styled = app.test_client().get("/launch", query_string={"iss": world.ehr.base, "launch": "y" * 3000}).text
    assert '<link rel="stylesheet" href="/static/a.css">' in styled
    assert '<script src="/static/b.js" defer></script>' in styled
    assert "data-continue" in styled


def test_a_long_request_goes_by_get_where_nothing_else_is_offered(world: World) -> None:
    assert world.begin(launch="y" * 3000).status_code == 302


def test_a_short_request_goes_by_get_whatever_is_offered(world: World) -> None:
    world.ehr.metadata["capabilities"].append("authorize-post")
    world.register(world.registered(frame_ancestors=()))
    assert world.begin().status_code == 302
    assert "frame-ancestors 'none'" in world.begin(launch="y" * 3000).headers["Content-Security-Policy"]


def test_l02_without_an_audit_trail_no_sign_in_begins(world: World) -> None:
    world.audit.down = True
    failed(world.begin(), "audit.down", 503)
    assert world.store.pending == {}


def test_e11_what_the_browser_says_of_our_address_moves_nothing(world: World) -> None:
    response = world.client.get(
        f"/launch?iss={world.ehr.base}&launch=x",
        base_url="https://evil.invalid",
        headers={"X-Forwarded-Host": "evil.invalid", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.invalid"},
    )
    assert query(response.location)["redirect_uri"] == f"{APP}/callback"


class TestOpenServer:
    """A server without authorization: on this machine, or by an explicit setting."""

    def test_a_chart_on_this_machine(self, world: World) -> None:
        world.register(world.registered(open=True, fhir_base="http://127.0.0.1:9000/fhir"))
        response = world.get("/launch/standalone", ehr="ehr", patient="pat-1")
        context = world.open(response)
        assert (context.kind, context.patient, context.view) == ("open", "pat-1", "chart")
        assert (context.user.reference, context.user.role) == ("local-operator", "clinician")
        assert context.asked == context.granted == SCOPES["chart"]
        assert context.need_patient_banner
        assert world.launch.sessions.access_token(handle_of(response)) is None
        assert world.audit.entries[-1].actor == "local-operator"
        assert len(world.mock.calls) == 0

    def test_a_population(self, world: World) -> None:
        world.register(world.registered(open=True, fhir_base="http://localhost:9000/fhir"))
        context = world.open(world.get("/launch/standalone", ehr="ehr", view="population"))
        assert (context.patient, context.view) == (None, "population")
        assert world.launch.sessions.end(context.handle, "logout")

    @pytest.mark.parametrize(
        "params",
        [
            {"view": "chart"},
            {"view": "chart", "patient": "../x"},
            {"view": "chart", "patient": "a/b"},
            {"view": "chart", "patient": ".."},
            {"view": "population", "patient": "pat-1"},
        ],
    )
    def test_d08_a_chart_needs_one_patient_and_a_population_none(self, world: World, params: dict[str, str]) -> None:
        world.register(world.registered(open=True, fhir_base="http://127.0.0.1:9000/fhir"))
        response = world.get("/launch/standalone", ehr="ehr", **params)
        failed(response, "launch.no-patient", 400)

    def test_another_machine_needs_the_setting(self, world: World) -> None:
        world.register(world.registered(open=True))
        failed(world.get("/launch/standalone", ehr="ehr", patient="p"), "launch.not-open", 403)
        failed(world.begin(), "launch.is-open", 403)
        world.settings = type(world.settings)(APP, allow_open_servers=True)
        world.register(world.registered(open=True))
        assert world.open(world.get("/launch/standalone", ehr="ehr", patient="p")).patient == "p"

    def test_only_where_it_is_registered_as_open(self, world: World) -> None:
        from launch.errors import LaunchError

        for name, code in (("ehr", "launch.not-open"), ("nobody", "launch.unknown-issuer")):
            with pytest.raises(LaunchError) as refused:
                world.launch.launcher.open_server(name, "chart", "p")
            assert refused.value.code == code
