"""Where endpoints are: A06, A07 and A08, and the older servers."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import requests
from support.fake_ehr import FakeEhr
from support.launch_world import World, failed

from launch.scopes import Scope


def config(ehr: FakeEhr) -> str:
    return f"{ehr.base}/.well-known/smart-configuration"


@pytest.mark.parametrize(
    "endpoint",
    ["authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint", "introspection_endpoint"],
)
@pytest.mark.parametrize(
    "moved",
    [
        "https://evil.invalid/auth/token",
        "https://ehr.invalid.evil.invalid/token",
        "https://ehr.invalid:8443/token",
        "//evil.invalid/token",
    ],
)
def test_a06_an_endpoint_on_another_host_is_refused(world: World, endpoint: str, moved: str) -> None:
    world.ehr.metadata[endpoint] = moved
    failed(world.begin(), "launch.foreign-endpoint", 502)
    assert [call.request.url for call in world.mock.calls] == [config(world.ehr)]
    assert world.store.pending == {}


@pytest.mark.parametrize(
    "odd",
    [
        *("http://ehr.invalid/token", "https://user@ehr.invalid/token", "https://ehr.invalid/token#x"),
        *("javascript:alert(1)", "https:///token", "https://ehr.invalid\n/token", "/tok\nen", 5, ["x"], {"a": 1}),
        *("https://ehr.invalid:99999/", "https://eh r.invalid/"),
    ],
)
def test_a06_an_endpoint_that_is_no_address_is_refused(world: World, odd: Any) -> None:
    world.ehr.metadata["token_endpoint"] = odd
    failed(world.begin(), "launch.bad-metadata", 502)


def test_a06_an_endpoint_elsewhere_must_be_registered(world: World) -> None:
    world.ehr.metadata["token_endpoint"] = "https://evil.invalid/token"
    world.register(world.registered(endpoints={"token": "https://login.invalid/token"}))
    world.ehr.on("POST", "https://login.invalid/token", world.ehr._token)
    assert world.context().patient == "pat-1"
    assert world.ehr.token_requests() == []


def test_relative_endpoints_are_resolved_against_the_base(world: World) -> None:
    world.ehr.metadata["token_endpoint"] = "/auth/token"
    world.ehr.metadata["jwks_uri"] = "../auth/jwks"
    assert world.context().patient == "pat-1"


@pytest.mark.parametrize("issuer", ["https://evil.invalid", "https://ehr.invalid/fhir/", "", 5, []])
def test_a07_another_issuer_is_refused(world: World, issuer: Any) -> None:
    world.ehr.metadata["issuer"] = issuer
    failed(world.begin(), "launch.wrong-issuer", 502)


def test_a07_an_issuer_beside_the_fhir_base_is_registered(world: World) -> None:
    world.ehr.metadata["issuer"] = world.ehr.claims["iss"] = "https://login.invalid/oidc/"
    world.ehr.metadata["jwks_uri"] = "https://login.invalid/keys"
    world.ehr.on("GET", "https://login.invalid/keys", lambda _: world.ehr.jwks())
    world.register(world.registered(issuer="https://login.invalid/oidc/"))
    assert world.context().patient == "pat-1"


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        ((500, {}, "oops"), "launch.bad-metadata", 502),
        ((204, {}, ""), "launch.bad-metadata", 502),
        ((401, {}, "{}"), "launch.bad-metadata", 502),
        ((200, {"Content-Type": "text/html"}, "<html>"), "fetch.not-json", 502),
        ((200, {}, "[]"), "fetch.not-json", 502),
        ((200, {}, ""), "fetch.not-json", 502),
        ((200, {}, "{"), "fetch.not-json", 502),
        ((200, {}, '{"issuer":"a","issuer":"b"}'), "fetch.not-json", 502),
        ((200, {}, "[" * 100_000 + "]" * 100_000), "fetch.not-json", 502),
        ((200, {}, b" " * 20_000_000), "fetch.too-large", 502),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 20_000_000)), "fetch.too-large", 502),
        ((200, {}, "{}"), "launch.bad-metadata", 502),
        ((302, {"Location": "https://evil.invalid/"}, ""), "fetch.redirected", 502),
    ],
)
def test_a08_an_answer_that_describes_nothing(world: World, answer: Any, code: str, status: int) -> None:
    world.ehr.on("GET", config(world.ehr), lambda _: answer)
    world.ehr.mock.add("GET", f"{world.ehr.base}/.well-known/openid-configuration", status=404)
    failed(world.begin(), code, status)
    assert world.store.pending == {}
    assert world.audit.entries[-1].outcome == "failed"


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (requests.ConnectTimeout(), "fetch.timeout", 504),
        (requests.ReadTimeout(), "fetch.timeout", 504),
        (requests.ConnectionError(), "fetch.unreachable", 502),
    ],
)
def test_a08_no_answer(world: World, error: Exception, code: str, status: int) -> None:
    def fail(_: Any) -> Any:
        raise error

    world.ehr.on("GET", config(world.ehr), fail)
    failed(world.begin(), code, status)


def capability_statement(**uris: str) -> dict[str, Any]:
    parts = [{"url": name, "valueUri": uri} for name, uri in uris.items()]
    extension = {
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [*parts, "odd"],
    }
    return {
        "resourceType": "CapabilityStatement",
        "rest": ["odd", {}, {"security": {"extension": [{"url": "other"}, extension]}}],
    }


def old_server(world: World, statement: Any) -> None:
    world.ehr.on("GET", config(world.ehr), lambda _: (404, {}, "no such thing"))
    world.ehr.on("GET", f"{world.ehr.base}/metadata", lambda _: statement)
    openid = f"{world.ehr.base}/.well-known/openid-configuration"
    world.ehr.on("GET", openid, lambda _: {"issuer": world.ehr.base, "jwks_uri": f"{world.ehr.origin}/auth/jwks"})


def test_an_older_server_is_read_from_its_capability_statement(world: World) -> None:
    origin = world.ehr.origin
    old_server(world, capability_statement(authorize=f"{origin}/auth/authorize", token=f"{origin}/auth/token"))
    begun = world.begin()
    assert "patient%2FCondition.read" in begun.location
    assert world.open(world.callback(**world.back(begun=begun))).patient == "pat-1"


def test_an_older_servers_keys_may_be_registered(world: World) -> None:
    origin = world.ehr.origin
    old_server(world, capability_statement(authorize=f"{origin}/auth/authorize", token=f"{origin}/auth/token"))
    world.ehr.on("GET", f"{world.ehr.base}/.well-known/openid-configuration", lambda _: (404, {}, ""))
    world.ehr.on("GET", "https://login.invalid/keys", lambda _: world.ehr.jwks())
    world.register(world.registered(endpoints={"jwks": "https://login.invalid/keys"}))
    assert world.context().patient == "pat-1"


@pytest.mark.parametrize("statement", [{}, {"rest": 5}, {"rest": [{"security": 5}]}, capability_statement()])
def test_a_capability_statement_without_endpoints(world: World, statement: Any) -> None:
    old_server(world, statement)
    failed(world.begin(), "launch.bad-metadata", 502)


def test_a06_a_capability_statement_is_believed_no_more(world: World) -> None:
    old_server(world, capability_statement(authorize="https://evil.invalid/a", token="/t"))
    failed(world.begin(), "launch.foreign-endpoint", 502)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_that_names_no_keys_anywhere_can_still_give_the_worker_tokens(world: World, status: int) -> None:
    del world.ehr.metadata["jwks_uri"]
    world.ehr.on("GET", f"{world.ehr.base}/.well-known/openid-configuration", lambda _: (status, {}, ""))
    ehr = world.registered(backend_client_id="worker")
    assert world.launch.backend.token(ehr, (Scope("system", "Patient", "rs"),)).access_token == "bt-1"
    failed(world.signed_in(), "launch.bad-id-token", 502)


def test_a07_openid_discovery_of_another_issuer_is_refused(world: World) -> None:
    del world.ehr.metadata["jwks_uri"]
    openid = f"{world.ehr.base}/.well-known/openid-configuration"
    world.ehr.on("GET", openid, lambda _: {"issuer": "https://evil.invalid", "jwks_uri": "/auth/jwks"})
    failed(world.begin(), "launch.wrong-issuer", 502)


def test_metadata_is_kept_for_ten_minutes_and_not_when_it_failed(world: World) -> None:
    def fail(_: Any) -> Any:
        return (503, {}, "")

    world.ehr.on("GET", config(world.ehr), fail)
    assert world.begin().status_code == 502
    world.ehr.on("GET", config(world.ehr), lambda _: world.ehr.metadata)
    for minutes in (0, 9, 1, 1):
        world.clock.forward(minutes=minutes)
        assert world.begin().status_code == 302
    asked = [call for call in world.mock.calls if call.request.url == config(world.ehr)]
    assert len(asked) == 1 + 2


def test_kept_metadata_is_checked_again_when_the_registration_changes(world: World) -> None:
    discovery = world.launch.discovery
    metadata = discovery.metadata(world.registered())
    assert metadata.token == f"{world.ehr.origin}/auth/token"
    changed = world.registered(endpoints={"token": "https://login.invalid/t"})
    assert discovery.metadata(changed).token == "https://login.invalid/t"
    assert json.dumps(sorted(metadata.capabilities))


def test_odd_capabilities_are_no_capabilities(world: World) -> None:
    world.ehr.metadata["capabilities"] = "launch-ehr"
    world.ehr.metadata["scopes_supported"] = None
    assert world.begin().status_code == 302
