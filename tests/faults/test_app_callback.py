"""Security cases B01 to B14: the way back from the EHR's sign-in, and what is sent to its token endpoint."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from support.running_app import Browser, Page, RunningApp, handle_of
from support.smart_ehr import SmartEhr


def refused(page: Page, visitor: Browser, *codes: str) -> None:
    """An error page, and no session with it."""
    assert 400 <= page.status < 600 and page.status != 500, page.status
    assert page.error in codes if codes else page.error
    assert not any(name.startswith("__Host-launch-") for name in visitor.cookies)


def ready(visitor: Browser, ehr: SmartEhr, patient: str = "p1") -> dict[str, str]:
    """A sign-in up to the moment before its callback."""
    return visitor.authorize(ehr, visitor.begin(ehr, patient))


def test_b01_a_callback_without_state(visitor: Browser, smart: SmartEhr) -> None:
    params = ready(visitor, smart)
    refused(visitor.callback({"code": params["code"]}), visitor, "launch.bad-state")
    refused(visitor.callback({"code": params["code"], "state": ""}), visitor, "launch.bad-state")
    assert smart.of("token") == []


def test_b02_a_state_that_is_unknown_or_doubled(visitor: Browser, smart: SmartEhr) -> None:
    params = ready(visitor, smart)
    state = params["state"]
    for odd in ("x" * 43, state + "x", state[:-1], state.swapcase(), "x" * 5000, "../" + state, state + "\x00"):
        refused(visitor.callback({"code": "c", "state": odd}), visitor, "launch.unknown-state", "launch.bad-state")
    for query in (f"code=c&state={state}&state={state}", f"code=c&state={state}&state=x", f"code=c&state[]={state}"):
        refused(visitor.get(f"/callback?{query}"), visitor, "launch.bad-state")
    assert smart.of("token") == []


def test_b03_a_callback_is_good_once(new_visitor: Callable[[], Browser], visitor: Browser, smart: SmartEhr) -> None:
    params = ready(visitor, smart)
    cookies = dict(visitor.cookies)

    def again(_: int) -> Page:
        one = new_visitor()
        one.cookies = dict(cookies)
        return one.callback(params)

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(again, range(8)))
    assert sorted(page.status for page in pages) == [303, *[400] * 7]
    visitor.cookies = dict(cookies)
    refused(visitor.callback(params), visitor, "launch.unknown-state")
    assert len(smart.of("token")) == 1


def test_b04_a_state_lives_ten_minutes(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    params = ready(visitor, smart)
    app.clock.forward(minutes=10, seconds=1)
    refused(visitor.callback(params), visitor, "launch.state-expired", "launch.unknown-state")
    params = ready(visitor, smart)
    app.clock.forward(minutes=9)
    assert visitor.callback(params).status == 303
    assert len(smart.of("token")) == 1


def test_b05_an_attackers_callback_opens_nothing_in_a_victims_browser(
    new_visitor: Callable[[], Browser], smart: SmartEhr
) -> None:
    attacker, victim = new_visitor(), new_visitor()
    params = ready(attacker, smart)
    ready(victim, smart)  # the victim has a cookie of the same kind, for a sign-in of their own
    refused(victim.callback(params), victim)
    own = next(iter(victim.cookies.values()))
    params = ready(attacker, smart)
    victim.cookies = dict.fromkeys(attacker.cookies, own)
    refused(victim.callback(params), victim, "launch.wrong-browser")
    assert smart.of("token") == []


def test_b06_a_callback_without_the_cookie(visitor: Browser, smart: SmartEhr) -> None:
    params = ready(visitor, smart)
    visitor.cookies.clear()
    refused(visitor.callback(params), visitor, "launch.cookies-blocked")
    assert smart.of("token") == []


@pytest.mark.parametrize("methods", [["plain"], [], ..., ["none"], "plain", None])
def test_b07_pkce_is_s256_whatever_the_metadata_say(visitor: Browser, smart: SmartEhr, methods: Any) -> None:
    smart.configuration["code_challenge_methods_supported"] = methods
    request = visitor.begin(smart)
    assert request["code_challenge_method"] == "S256"
    assert visitor.callback(visitor.authorize(smart, request)).status == 303
    verifier = smart.of("token")[0].params["code_verifier"]
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert request["code_challenge"] == digest


@pytest.mark.parametrize(
    "iss", ["https://evil.invalid", "", "{iss}/", "{iss}&iss={iss}", "{iss}&iss=https://x.invalid"]
)
def test_b08_an_answer_of_another_issuer(visitor: Browser, smart: SmartEhr, iss: str) -> None:
    params = ready(visitor, smart)
    stated = iss.format(iss=smart.base)
    page = visitor.get(f"/callback?code={params['code']}&state={params['state']}&iss={stated}")
    refused(page, visitor, "launch.mixed-up")
    assert smart.of("token") == []


def test_b08_the_right_issuer_is_accepted(visitor: Browser, smart: SmartEhr) -> None:
    assert visitor.callback({**ready(visitor, smart), "iss": smart.base}).status == 303


def test_b09_a_promised_issuer_must_come(visitor: Browser, smart: SmartEhr) -> None:
    smart.configuration["authorization_response_iss_parameter_supported"] = True
    refused(visitor.callback(ready(visitor, smart)), visitor, "launch.mixed-up")
    assert smart.of("token") == []


def test_b10_a_code_of_one_ehr_in_the_flow_of_another(visitor: Browser, new_ehr: Callable[..., SmartEhr]) -> None:
    honest, hostile = new_ehr(), new_ehr()
    code, state = ready(visitor, honest)["code"], ready(visitor, hostile)["state"]
    page = visitor.callback({"code": code, "state": state, "iss": honest.base})
    refused(page, visitor, "launch.mixed-up")
    third = new_ehr()
    third.configuration["authorization_response_iss_parameter_supported"] = True
    state = ready(visitor, third)["state"]
    refused(visitor.callback({"code": code, "state": state}), visitor, "launch.mixed-up")
    reached = (*honest.asked, *hostile.asked, *third.asked)
    assert not any(code in one.whole for one in reached if one.kind != "authorize")


@pytest.mark.parametrize("error", ["access_denied", "<script>alert(1)</script>", "{{7*191}}", "x" * 4000])
@pytest.mark.parametrize("more", ["", "&code={code}"])
def test_b11_an_error_is_an_escaped_page(visitor: Browser, smart: SmartEhr, error: str, more: str) -> None:
    params = ready(visitor, smart)
    page = visitor.get(
        f"/callback?state={params['state']}&error={error}&error_description=<img src=x onerror=alert(2)>"
        f"&error_uri=javascript:alert(3){more.format(code=params['code'])}"
    )
    refused(page, visitor, "launch.denied")
    for bad in ("alert(", "<img", "1337", "xxxx", params["code"], params["state"]):
        assert bad not in page.text
    assert smart.of("token") == []


def test_b12_a_stolen_code_opens_no_session(new_visitor: Callable[[], Browser], smart: SmartEhr) -> None:
    victim, thief = new_visitor(), new_visitor()
    stolen = ready(victim, smart)["code"]
    refused(thief.callback({**ready(thief, smart), "code": stolen}), thief, "launch.token-refused")


@pytest.mark.parametrize("signing", ["RS384", "ES384"])
def test_b13_the_client_assertion(
    app: RunningApp, visitor: Browser, new_ehr: Callable[..., SmartEhr], signing: str
) -> None:
    ehr = new_ehr(auth="private_key_jwt", signing=signing)
    for _ in range(2):
        assert visitor.sign_in(ehr).status == 303
    published = KeySet.import_key_set(visitor.get("/.well-known/jwks.json").response.json())
    seen = []
    for asked in ehr.of("token"):
        form = asked.params
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        signed = jws.deserialize_compact(form["client_assertion"], published, algorithms=["RS384", "ES384"])
        header, claims = signed.headers(), json.loads(signed.payload)
        assert header["alg"] == signing and header["kid"] and "jku" not in header
        assert claims["iss"] == claims["sub"] == "app-client" and claims["aud"] == f"{ehr.origin}/auth/token"
        assert 0 < claims["exp"] - app.clock().timestamp() <= 300
        assert "client_secret" not in form and asked.token is None
        seen.append(claims["jti"])
    assert len(set(seen)) == 2


def test_b14_after_the_sign_in_no_code_is_left(visitor: Browser, smart: SmartEhr) -> None:
    params = ready(visitor, smart)
    page = visitor.callback(params)
    assert page.status == 303 and re.fullmatch(r"/l/[A-Za-z0-9_-]{22}/", page.location)
    assert handle_of(page) not in (params["code"], params["state"])
    chart = visitor.read(page)
    assert chart.patient == "p1"
    for one in visitor.seen:
        assert "no-store" in one.headers["Cache-Control"]
        assert one.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert params["code"] not in chart.text + chart.response.url and params["state"] not in chart.text
