"""Who signed in: section C of the security cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from support.fake_ehr import b64, ec_key, rsa_key, sign
from support.launch_world import World, failed

BAD = ("launch.bad-id-token", 502)


def refused(world: World) -> None:
    """The sign-in ends in an error, without a session, and its tokens are given back."""
    failed(world.signed_in(), *BAD)
    assert world.store.launches == {}
    assert len(world.ehr.requests("/auth/revoke")) == 2


def unsigned(alg: str) -> Callable[[dict[str, Any]], str]:
    return lambda claims: f"{b64(json.dumps({'alg': alg}).encode())}.{b64(json.dumps(claims).encode())}."


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "none "])
def test_c01_no_signature(world: World, alg: str) -> None:
    world.ehr.metadata["id_token_signing_alg_values_supported"] = ["none", "RS256"]
    world.ehr.id_token = unsigned(alg)
    refused(world)


@pytest.mark.parametrize(
    "secret",
    [
        rsa_key().as_pem(private=False),
        rsa_key().as_pem(private=False).strip(),
        str(rsa_key().dict_value["n"]).encode(),
        b"app-client",
        b"",
    ],
)
def test_c02_a_public_thing_as_a_shared_secret(world: World, secret: bytes) -> None:
    import hashlib
    import hmac

    def forge(claims: dict[str, Any]) -> str:
        header = b64(json.dumps({"alg": "HS256", "kid": world.ehr.key.kid}).encode())
        content = f"{header}.{b64(json.dumps(claims).encode())}"
        return f"{content}.{b64(hmac.digest(secret, content.encode(), hashlib.sha256))}"

    world.ehr.id_token = forge
    refused(world)


def test_c02_a_symmetric_key_in_the_key_set_is_not_used(world: World) -> None:
    world.ehr.keys = [OctKey.generate_key(256, {"kid": "rsa-0"})]  # type: ignore[list-item]
    refused(world)


def test_c03_another_key_under_the_same_kid(world: World) -> None:
    world.ehr.key = rsa_key(1)
    world.ehr.header["kid"] = "rsa-0"
    refused(world)


def test_c03_altered(world: World) -> None:
    def alter(claims: dict[str, Any]) -> str:
        head, _, tail = sign(world.ehr.header, json.dumps(claims).encode(), world.ehr.key).split(".")
        return f"{head}.{b64(json.dumps({**claims, 'sub': 'admin'}).encode())}.{tail}"

    world.ehr.id_token = alter
    refused(world)


MISSING: Any = ...


@pytest.mark.parametrize(
    "claims",
    [
        *({"aud": aud} for aud in ("other", ["other"], ["app-client", "other"], [], "", None, 5, MISSING)),
        {"azp": "other"},
        *({"iss": iss} for iss in ("https://evil.invalid", "https://ehr.invalid/fhir/", "", None, MISSING)),
        *({"nonce": nonce} for nonce in ("other", "", None, 5, MISSING, "n\u00e9", "\ud800")),
        *({"exp": exp} for exp in (1, "9999999999", None, True, MISSING, [9999999999])),
        *({"nbf": nbf} for nbf in (9999999999, "0", None, True)),
        *({"iat": iat} for iat in (9999999999, "0")),
        *({"sub": sub} for sub in ("", None, 5, "x" * 256, MISSING)),
    ],
)
def test_c04_c05_c06_c07_a_claim_that_does_not_hold(world: World, claims: dict[str, Any]) -> None:
    world.ehr.claims = claims
    refused(world)


@pytest.mark.parametrize("payload", [b"[]", b"5", b"{", b'{"sub":"a","sub":"b"}', b'{"exp":NaN}', b"\xff"])
def test_c07_a_payload_that_holds_no_claims(world: World, payload: bytes) -> None:
    world.ehr.id_token = lambda _: sign(world.ehr.header, payload, world.ehr.key)
    refused(world)


def test_an_expiry_no_double_holds_is_no_expiry(world: World) -> None:
    def long(claims: dict[str, Any]) -> str:
        text = json.dumps(claims).replace(str(claims["exp"]), "1e400")
        return sign(world.ehr.header, text.encode(), world.ehr.key)

    world.ehr.id_token = long
    refused(world)


def test_clocks_may_differ_by_half_a_minute(world: World) -> None:
    now = int(world.clock().timestamp())
    world.ehr.claims = {"exp": now - 20, "iat": now + 20, "nbf": now + 20, "aud": ["app-client"], "azp": "app-client"}
    assert world.context().patient == "pat-1"


def test_c08_an_unknown_kid_is_asked_for_once(world: World) -> None:
    world.context()
    before = len(world.ehr.requests("/auth/jwks"))
    world.ehr.header["kid"] = "unknown"
    failed(world.signed_in(), *BAD)
    assert len(world.ehr.requests("/auth/jwks")) == before + 1


@pytest.mark.parametrize("header", ["jwk", "jku", "x5u", "x5c"])
def test_c09_keys_in_the_header_are_ignored(world: World, header: str) -> None:
    attacker = rsa_key(1)
    value = {
        "jwk": attacker.as_dict(private=False),
        "jku": "https://evil.invalid/jwks",
        "x5u": "https://evil.invalid/cert",
        "x5c": [b64(b"x" * 600)],
    }[header]
    world.ehr.header[header] = value
    assert world.context().patient == "pat-1"  # rightly signed: the header changes nothing
    world.ehr.key = attacker
    failed(world.signed_in(), *BAD)
    assert not any("evil" in str(call.request.url) for call in world.mock.calls)


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"crit": []}, {"b64": True}])
def test_c10_an_extension_that_must_be_understood(world: World, header: dict[str, Any]) -> None:
    def make(claims: dict[str, Any]) -> str:
        return f"{b64(json.dumps({**world.ehr.header, **header}).encode())}.{b64(json.dumps(claims).encode())}.c2ln"

    world.ehr.id_token = make
    refused(world)


@pytest.mark.parametrize(
    "token",
    [
        *(MISSING, None, "", "rubbish", "a.b.c", ".", "...", "é.b.c", "x" * 65_000),
        *("eyJ.e30.", b64(b"[]") + ".e30.c2ln", b64(b'{"alg":["RS256"]}') + ".e30.c2ln"),
        *(b64(b'{"alg":"RS256","kid":5}') + ".e30.c2ln", b64(b'{"alg":"RS256","alg":"none"}') + ".e30.c2ln"),
        b64(b'{"alg":"RS256","kid":"rsa-0"}') + ".e30",
        b64(b'{"alg":"RS256","kid":"rsa-0"}') + ".e30.!",
        b64(b'{"alg":"RS256","kid":"rsa-0"}') + ".e30.c2ln.x",
    ],
)
def test_c11_an_id_token_that_is_none(world: World, token: Any) -> None:
    world.ehr.answer["id_token"] = token
    refused(world)


@pytest.mark.parametrize("token", ["x" * 3_000_000, 5, ["x"], {"a": "b"}])
def test_c11_an_id_token_too_large_or_of_another_type(world: World, token: Any) -> None:
    world.ehr.answer["id_token"] = token
    response = world.signed_in()
    assert response.status_code == 502
    assert response.json["error"] in ("launch.bad-token", "fetch.too-large")  # type: ignore[index]
    assert world.store.launches == {}


def test_c11_an_ehr_without_published_keys(world: World) -> None:
    del world.ehr.metadata["jwks_uri"]
    world.ehr.mock.add("GET", f"{world.ehr.base}/.well-known/openid-configuration", status=404)
    refused(world)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, {}, ""), "launch.bad-jwks"),
        ((200, {}, "[]"), "fetch.not-json"),
        ((200, {}, "{}"), "launch.bad-id-token"),
        ((200, {}, '{"keys":{"kty":"RSA"}}'), "launch.bad-id-token"),
        ((200, {}, '{"keys":[5,{"kty":"RSA"},{"kty":"RSA","kid":"rsa-0","n":"!","e":5}]}'), "launch.bad-id-token"),
        ((302, {"Location": "https://evil.invalid"}, ""), "fetch.redirected"),
    ],
)
def test_keys_that_cannot_be_read(world: World, answer: Any, code: str) -> None:
    world.ehr.on("GET", f"{world.ehr.origin}/auth/jwks", lambda _: answer)
    failed(world.signed_in(), code, 502)


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"alg": "RS384"}, {"kty": "EC"}],
)
def test_a_key_for_something_else_is_not_used(world: World, change: dict[str, str]) -> None:
    key = {**world.ehr.key.as_dict(private=False), **change}
    world.ehr.on("GET", f"{world.ehr.origin}/auth/jwks", lambda _: {"keys": [key]})
    refused(world)


def test_a_weak_key_is_not_used(world: World) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        world.ehr.key = RSAKey.generate_key(1024, {"kid": "rsa-0"})
        world.ehr.keys = [world.ehr.key]
        refused(world)


def test_c13_a_new_key_is_picked_up_and_the_old_session_lives(world: World) -> None:
    before = world.signed_in()
    world.ehr.key = rsa_key(1)
    world.ehr.keys = [world.ehr.key]
    world.ehr.header["kid"] = world.ehr.key.kid
    after = world.signed_in()
    assert world.open(before).patient == world.open(after).patient == "pat-1"
    assert len(world.ehr.requests("/auth/jwks")) == 2


def test_keys_are_kept_for_an_hour(world: World) -> None:
    for minutes, fetched in ((0, 1), (59, 1), (1, 2)):
        world.clock.forward(minutes=minutes)
        world.context()
        assert len(world.ehr.requests("/auth/jwks")) == fetched


def test_without_a_kid_the_only_fitting_key_is_meant(world: World) -> None:
    del world.ehr.header["kid"]
    world.ehr.keys.append(ec_key())
    assert world.context().patient == "pat-1"
    world.ehr.keys.append(rsa_key(1))
    world.clock.forward(hours=2)
    failed(world.signed_in(), *BAD)


@pytest.mark.parametrize(
    ("algorithm", "allowed", "good"),
    [
        ("ES384", ("RS256", "RS384", "ES256", "ES384"), True),
        ("ES384", ("RS256",), False),
        ("ES256", ("ES256",), False),  # a P-384 key does not make an ES256 signature
    ],
)
def test_algorithms_are_pinned_by_the_registration(
    world: World, algorithm: str, allowed: tuple[str, ...], good: bool
) -> None:
    world.ehr.key = ec_key()
    world.ehr.keys = [world.ehr.key]
    world.ehr.header = {"alg": "ES384", "kid": world.ehr.key.kid}
    if algorithm == "ES256":
        world.ehr.id_token = lambda claims: ".".join(
            [
                b64(json.dumps({"alg": "ES256", "kid": world.ehr.key.kid}).encode()),
                *sign(world.ehr.header, json.dumps(claims).encode(), world.ehr.key).split(".")[1:],
            ]
        )
    world.register(world.registered(id_token_algorithms=allowed))
    response = world.signed_in()
    assert (response.status_code == 303) == good


def test_an_ec_key_that_is_not_on_the_curve_is_not_used(world: World) -> None:
    world.ehr.key = ec_key()
    world.ehr.header = {"alg": "ES384", "kid": "ec-0"}
    public = {**ec_key().as_dict(private=False), "x": b64(b"\x01" * 48)}
    world.ehr.on("GET", f"{world.ehr.origin}/auth/jwks", lambda _: {"keys": [public]})
    refused(world)
    assert isinstance(ec_key(), ECKey)
