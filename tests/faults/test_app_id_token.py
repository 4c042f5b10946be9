"""Security cases C01 to C13: whatever is wrong with an ID token, there is no session."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from support.hostile_ehr import Reply
from support.running_app import Browser, RunningApp
from support.smart_ehr import CLIENT, Recorder, SmartEhr, b64, sign, signing_key


def refused(visitor: Browser, ehr: SmartEhr, *codes: str) -> None:
    """A launch that ends in an error page: no session, and nothing read."""
    page = visitor.sign_in(ehr)
    assert page.status >= 400 and page.status != 500, page.status
    assert page.error in (codes or ("launch.bad-id-token",)), page.error
    assert not any(name.startswith("__Host-launch-") for name in visitor.cookies)
    assert ehr.reads == [] and not any(secret in page.text for secret in ehr.secrets)


def claims_of(ehr: SmartEhr, nonce: str, **changes: Any) -> bytes:
    """The claims of a sound token, changed."""
    payload = ehr.id_token(nonce).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return json.dumps({k: v for k, v in {**claims, **changes}.items() if v is not Ellipsis}).encode()


def unsigned(header: dict[str, Any], payload: bytes, signature: str = "") -> str:
    return f"{b64(json.dumps(header).encode())}.{b64(payload)}.{signature}"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "none ", "", None, 0, ["RS256"], "n\u043ene"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_c01_an_unsigned_token(visitor: Browser, smart: SmartEhr, algorithm: Any, signature: str) -> None:
    smart.configuration["id_token_signing_alg_values_supported"] = ["none", "RS256"]
    smart.make_id_token = lambda nonce: unsigned({"alg": algorithm}, claims_of(smart, nonce), signature)
    refused(visitor, smart)


@pytest.mark.parametrize("secret", ["pem", "public pem stripped", "n", "client", "empty", "kid", "jwk"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_c02_a_token_signed_with_what_is_public(visitor: Browser, smart: SmartEhr, secret: str, algorithm: str) -> None:
    public = smart.key.as_dict(private=False)
    pem = smart.key.as_pem(private=False)
    chosen = {
        "pem": pem, "public pem stripped": pem.strip(), "n": public["n"].encode(), "client": CLIENT.encode(),
        "empty": b"\x00", "kid": smart.key.kid.encode(), "jwk": json.dumps(dict(public)).encode(),
    }[secret]  # fmt: skip

    def make(nonce: str) -> str:
        import hashlib
        import hmac

        head = f"{b64(json.dumps({'alg': algorithm, 'kid': smart.key.kid}).encode())}.{b64(claims_of(smart, nonce))}"
        key = b"" if secret == "empty" else chosen
        digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
        return f"{head}.{b64(hmac.new(key, head.encode(), digest).digest())}"

    smart.make_id_token = make
    smart.configuration["id_token_signing_alg_values_supported"] = [algorithm]
    refused(visitor, smart)


def altered(token: str, part: int) -> str:
    pieces = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(pieces[part] + "=="))
    raw[len(raw) // 2] ^= 1
    pieces[part] = b64(bytes(raw))
    return ".".join(pieces)


@pytest.mark.parametrize(
    "make",
    [
        lambda e, n: sign({"alg": "RS256", "kid": e.key.kid}, claims_of(e, n), signing_key(1)),
        lambda e, n: sign({"alg": "ES256", "kid": e.key.kid}, claims_of(e, n), ECKey.generate_key("P-256")),
        lambda e, n: sign({"alg": "PS256", "kid": e.key.kid}, claims_of(e, n), e.key),
        lambda e, n: sign({"alg": "RS512", "kid": e.key.kid}, claims_of(e, n), e.key),
        lambda e, n: altered(e.id_token(n), 1),
        lambda e, n: altered(e.id_token(n), 2),
        lambda e, n: ".".join([*e.id_token(n).split(".")[:2], ""]),
        lambda e, n: e.id_token(n).rpartition(".")[0],
        lambda e, n: e.id_token(n) + "." + "x",
    ],
    ids=["other key", "other kind", "pss", "rs512", "claims", "signature", "no signature", "two parts", "four parts"],
)
def test_c03_a_token_under_another_key_or_altered(
    visitor: Browser, smart: SmartEhr, make: Callable[[SmartEhr, str], str]
) -> None:
    smart.make_id_token = lambda nonce: make(smart, nonce)
    refused(visitor, smart)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"}, {"aud": [CLIENT, "another"]}, {"aud": ["another"]}, {"aud": ...}, {"aud": ""},
        {"aud": []}, {"aud": None}, {"aud": CLIENT.upper()}, {"aud": {"x": CLIENT}}, {"azp": "another"},
        {"iss": "https://evil.invalid"}, {"iss": ""}, {"iss": ...}, {"iss": None}, {"iss": ["x"]}, {"iss": "{base}/"},
        {"nonce": "wrong"}, {"nonce": ...}, {"nonce": ""}, {"nonce": None}, {"nonce": ["x"]}, {"nonce": 1},
        {"exp": 1}, {"exp": ...}, {"exp": "2999999999"}, {"exp": None}, {"exp": True}, {"exp": [1]}, {"exp": "soon"},
        {"exp": -1}, {"nbf": 2_999_999_999}, {"nbf": "x"}, {"iat": 2_999_999_999}, {"sub": ...}, {"sub": 7},
    ],
    ids=str,
)  # fmt: skip
def test_c04_c05_c06_c07_claims_that_do_not_hold(visitor: Browser, smart: SmartEhr, claims: dict[str, Any]) -> None:
    smart.claims = {k: v.format(base=smart.base) if isinstance(v, str) else v for k, v in claims.items()}
    refused(visitor, smart)


def test_c06_a_token_of_an_earlier_launch(visitor: Browser, smart: SmartEhr) -> None:
    old: list[str] = []
    smart.make_id_token = lambda nonce: old[0] if old else old.append(smart.id_token(nonce)) or old[0]
    assert visitor.sign_in(smart).status == 303
    visitor.cookies.clear()
    smart.asked.clear()
    refused(visitor, smart)


def test_c07_an_expired_token(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    now = int(app.clock().timestamp())
    for exp in (now - 61, now - 3600, 10**400, 1e400):
        smart.claims = {"exp": exp}
        if exp == 10**400:
            page = visitor.sign_in(smart)  # far away is not over; it must only not crash
            assert page.status != 500
            visitor.cookies.clear()
            smart.asked.clear()
        elif exp != 1e400:
            refused(visitor, smart)


def test_c08_an_unknown_key_is_looked_for_once(visitor: Browser, smart: SmartEhr) -> None:
    assert visitor.sign_in(smart).status == 303
    assert len(smart.of("jwks")) == 1
    visitor.cookies.clear()
    smart.asked.clear()
    smart.header = {"alg": "RS256", "kid": "nobody-knows"}
    refused(visitor, smart)
    assert len(smart.of("jwks")) == 1


def test_c09_keys_named_in_the_token_are_not_looked_at(visitor: Browser, smart: SmartEhr, elsewhere: Recorder) -> None:
    own = RSAKey.generate_key(2048, {"kid": "mine"})
    jwk = dict(own.as_dict(private=False))
    address = f"{elsewhere.origin}/keys"
    for header in ({"jwk": jwk}, {"jku": address}, {"x5u": address}, {"jwk": jwk, "jku": address, "x5c": ["MIIB"]}):
        for kid in ({"kid": smart.key.kid}, {"kid": "mine"}, {}):
            whole = {"alg": "RS256", **kid, **header}
            smart.make_id_token = lambda nonce, h=whole: unsigned_or_signed(h, claims_of(smart, nonce), own)
            refused(visitor, smart)
    assert elsewhere.asked == []
    smart.make_id_token = lambda nonce: unsigned_or_signed(
        {**smart.header, "jku": address}, claims_of(smart, nonce), smart.key
    )
    visitor.sign_in(smart)  # its own key with such a header may pass or not; nothing is fetched
    assert elsewhere.asked == []


def unsigned_or_signed(header: dict[str, Any], payload: bytes, key: Any) -> str:
    """Signed over exactly this header, which the library would not write."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    head = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    return f"{head}.{b64(key.private_key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@pytest.mark.parametrize("crit", [["exp"], ["x"], ["b64"], [], "x", None, ["kid"]])
def test_c10_an_unknown_critical_header(visitor: Browser, smart: SmartEhr, crit: Any) -> None:
    header = {**smart.header, "crit": crit, "x": 1}
    smart.make_id_token = lambda nonce: unsigned_or_signed(header, claims_of(smart, nonce), smart.key)
    refused(visitor, smart)


@pytest.mark.parametrize(
    "token",
    [
        ..., None, "", "x", "a.b.c", "....", "e30.e30.e30", 7, [], {}, True, "A" * 3_000_000, "é.é.é", "\x00",
        "a.b.c.d.e", "eyJhbGciOiJub25lIn0..", f"{'e30' * 30_000}.e30.x",
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_c11_a_token_that_is_missing_or_rubbish(visitor: Browser, smart: SmartEhr, token: Any) -> None:
    smart.make_id_token = lambda _: token
    started = time.monotonic()
    refused(visitor, smart, "launch.bad-id-token", "launch.bad-token", "fetch.too-large")
    assert time.monotonic() - started < 5


def test_c12_a_user_on_another_host_is_not_fetched(visitor: Browser, smart: SmartEhr, elsewhere: Recorder) -> None:
    for stated in (
        f"{elsewhere.origin}/fhir/Practitioner/9",
        f"{smart.origin}.evil.invalid/fhir/Practitioner/9",
        f"{smart.base}@{elsewhere.origin.removeprefix('http://')}/Practitioner/9",
        f"{smart.base}/../../x/Practitioner/9",
        f"//{elsewhere.origin.removeprefix('http://')}/Practitioner/9",
    ):
        smart.claims = {"fhirUser": stated}
        page = visitor.sign_in(smart)
        assert page.status in (303, 403) and elsewhere.asked == []
    assert smart.of("Practitioner", "x") == []


@pytest.mark.parametrize("stated", ["{base}/Patient/p1", "Patient/p1", "{base}/RelatedPerson/r1", ..., 7, "x", ""])
def test_c12_who_is_not_staff_gets_no_session(visitor: Browser, smart: SmartEhr, stated: Any) -> None:
    smart.claims = {"fhirUser": stated.format(base=smart.base) if isinstance(stated, str) else stated}
    refused(visitor, smart, "launch.not-staff")


def test_c13_new_keys_are_picked_up_and_old_sessions_live(new_visitor: Callable[[], Browser], smart: SmartEhr) -> None:
    first, second = new_visitor(), new_visitor()
    chart = first.open(smart)
    smart.key = signing_key(1)
    smart.keys = [smart.key]
    smart.header = {"alg": "RS256", "kid": smart.key.kid}
    assert second.sign_in(smart).status == 303
    assert first.get(chart.response.url).patient == "p1"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"keys": 7}', b'{"keys": [7, {}, {"kty": "RSA"}]}', b"<html>", b"{" * 50]
)
def test_c13_keys_that_cannot_be_read(visitor: Browser, smart: SmartEhr, body: bytes) -> None:
    smart.on("jwks", Reply(body))
    refused(visitor, smart, "launch.bad-id-token", "fetch.not-json")


def test_c13_a_secret_among_the_published_keys_signs_nothing(visitor: Browser, smart: SmartEhr) -> None:
    secret = OctKey.import_key("c" * 64, {"kid": "oct"})
    smart.on("jwks", Reply({"keys": [secret.as_dict(private=True)]}))
    smart.header, smart.key = {"alg": "HS256", "kid": "oct"}, secret
    refused(visitor, smart)
