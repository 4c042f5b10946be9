"""Security cases E01 to E11: cookies, sessions, tabs and frames."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from support.running_app import Browser, RunningApp, handle_of
from support.smart_ehr import SmartEhr
from support.smart_patients import NAME, OTHER_NAME, PHI, patient

from smartapp.config import load
from smartapp.errors import ConfigurationError


def test_e01_every_cookie_is_of_the_safest_kind(visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    visitor.submit(chart.form_to("/logout"))
    assert len(visitor.set_cookies) >= 4  # the sign-in's and the launch's, set and taken back
    for line in visitor.set_cookies:
        parts = [part.strip() for part in line.split(";")]
        assert parts[0].startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(parts), line
        assert not any(part.lower().startswith("domain") for part in parts)


def test_e02_what_was_known_before_the_sign_in_opens_nothing(
    new_visitor: Callable[[], Browser], visitor: Browser, smart: SmartEhr
) -> None:
    planted = "A" * 22
    visitor.cookies[f"__Host-launch-{planted}"] = "B" * 43
    request = visitor.begin(smart)
    before = dict(visitor.cookies)
    landed = visitor.callback(visitor.authorize(smart, request))
    handle, thief = handle_of(landed), new_visitor()
    assert handle not in (planted, request["state"], request["nonce"])
    for value in {*before.values(), request["state"], request["nonce"]}:
        thief.cookies = {**before, f"__Host-launch-{handle}": value}
        for one in (handle, planted, value[:22]):
            assert thief.get(f"/l/{one}/chart").status in (401, 404)


def test_e03_two_patients_in_two_tabs(visitor: Browser, smart: SmartEhr) -> None:
    first, second = visitor.open(smart, "p1"), visitor.open(smart, "p2")
    for _ in range(3):
        one, two = visitor.get(first.response.url), visitor.get(second.response.url)
        assert (one.patient, two.patient) == ("p1", "p2")
        assert NAME in one.text and OTHER_NAME not in one.text
        assert OTHER_NAME in two.text and NAME not in two.text
    token = second.form_to("/read").fields()["form_token"]
    mixed = visitor.post(first.form_to("/read").attributes["action"], {"form_token": token})
    assert mixed.status == 403 and mixed.error == "web.form-token"


def test_e04_one_patient_id_in_two_tenants(visitor: Browser, new_ehr: Callable[..., SmartEhr]) -> None:
    here, there = new_ehr(), new_ehr()
    there.patients = {"p1": patient("p1", "Ottilie", "Vandermunt")}
    first, second = visitor.open(here), visitor.open(there)
    assert NAME in first.text and OTHER_NAME in second.text
    draft = visitor.submit(first.form_to("CMS130/draft"))
    dismissed = visitor.submit(first.form_to("CMS130/dismiss"), remark="patient-refused", until="2026-12-01")
    assert draft.status == dismissed.status == 303
    one, two = visitor.get(first.response.url), visitor.get(second.response.url)
    assert NAME in one.text and OTHER_NAME not in one.text and "/messages/" in one.text
    assert OTHER_NAME in two.text and NAME not in two.text and "/messages/" not in two.text
    assert one.tree.find("div", class_="gap-dismissed") and not two.tree.find("div", class_="gap-dismissed")
    in_there = draft.location.replace(handle_of(first), handle_of(second))
    assert visitor.get(in_there).status == 404
    assert not any(phi in asked.whole for asked in there.asked for phi in PHI)


def test_e05_idle_and_absolute_ends(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    address = visitor.sign_in(smart).location
    app.clock.forward(minutes=14)
    assert visitor.get(address).status == 303
    app.clock.forward(minutes=15, seconds=1)
    ended = visitor.get(address)
    assert ended.status == 401 and ended.error == "launch.ended" and smart.of("revoke")
    assert visitor.get(address).error == "launch.no-session"
    address = visitor.sign_in(smart).location
    for _ in range(8 * 60 // 12):
        assert visitor.get(address).status == 303
        app.clock.forward(minutes=12)
    assert visitor.get(address).status == 401


def test_e06_a_cookie_after_logout(visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    kept = dict(visitor.cookies)
    visitor.submit(chart.form_to("/logout"))
    assert visitor.cookies == {}
    visitor.cookies = kept
    for address in (chart.response.url, chart.response.url.replace("/chart", "/progress")):
        page = visitor.get(address)
        assert page.status == 401 and not any(phi in page.text for phi in PHI)
    assert visitor.submit(chart.form_to("/read")).status == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v[:-1], lambda v: v[:10], lambda _: "", lambda v: v + "x", lambda v: v[::-1], lambda v: v.upper(),
        lambda v: "x" * 7000, lambda v: "\u00e9".encode().decode("latin-1") * 20, lambda v: f'"{v}\\"',
        lambda v: v + "\x7f", lambda v: "%00", lambda v: "eyJhbGciOiJub25lIn0.e30.", lambda v: v + "; " + v,
    ],
)  # fmt: skip
def test_e07_an_altered_cookie(visitor: Browser, smart: SmartEhr, change: Callable[[str], str]) -> None:
    landed = visitor.sign_in(smart)
    name = f"__Host-launch-{handle_of(landed)}"
    changed = change(visitor.cookies[name])
    page = visitor.get(f"/l/{handle_of(landed)}/progress", Cookie=f"{name}={changed}")
    if changed.endswith(visitor.cookies[name]):  # the same cookie twice is the same cookie
        assert page.status in (401, 404)
    else:
        assert page.status in (400, 401, 431) and not any(phi in page.text for phi in PHI)


def test_e08_cookies_say_nothing_of_the_patient(visitor: Browser, smart: SmartEhr) -> None:
    visitor.open(smart)
    for line in visitor.set_cookies:
        value = line.partition("=")[2].partition(";")[0]
        assert re.fullmatch(r"[A-Za-z0-9_-]*", value) and len(value) <= 43
        decoded = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode("latin-1")
        for said in (*PHI, "p1", "Practitioner", "Patient", smart.name):
            assert said not in line.replace(value, decoded) or (said == "p1" and said in value)


def test_e09_blocked_cookies_are_said_once(visitor: Browser, smart: SmartEhr) -> None:
    params = visitor.authorize(smart, visitor.begin(smart))
    visitor.cookies.clear()
    page = visitor.callback(params)
    assert page.status == 400 and page.error == "launch.cookies-blocked" and not page.location
    link = page.tree.first("a", target="_blank")
    assert link is not None and link.attributes["href"].startswith("/launch/standalone?")
    assert "http-equiv" not in page.text and "noopener" in link.attributes["rel"]
    again = visitor.get(link.attributes["href"])
    assert again.status == 302 and again.location.startswith(f"{smart.origin}/auth/authorize?")


COMMON_KEYS = [
    "", "dev", "secret", "changeme", "secret-key", "you-will-never-guess", "SECRET_KEY", "s3cr3t", "password",
    "mysecretkey", "flask-secret", "change-me-in-production-please-now", "0" * 64, "a" * 64, "0123456789abcdef" * 4,
    "your-secret-key-here-0123456789abcdef", "insecure-development-key-not-for-production",
]  # fmt: skip


@pytest.mark.parametrize("key", COMMON_KEYS)
def test_e10_a_common_key_starts_no_app(key: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({"SMARTAPP_PUBLIC_URL": "https://app.example.org", "SMARTAPP_SECRET_KEY": key})
    assert "SECRET_KEY" in refused.value.message and (len(key) < 16 or key not in refused.value.message)


def test_e10_nothing_signed_with_a_common_key_is_taken(visitor: Browser, smart: SmartEhr) -> None:
    landed = visitor.sign_in(smart)
    handle = handle_of(landed)
    visitor.cookies.clear()
    payload = base64.urlsafe_b64encode(b'{"handle":"' + handle.encode() + b'","_fresh":true}').rstrip(b"=")
    for key in COMMON_KEYS:
        mac = hmac.new(hashlib.sha1(b"cookie-session" + key.encode()).digest(), payload, hashlib.sha1).digest()
        value = (payload + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
        signed = hmac.new(key.encode(), b"form\0" + handle.encode(), hashlib.sha256).hexdigest()
        page = visitor.get(f"/l/{handle}/chart", Cookie=f"session={value}; __Host-launch-{handle}={value}")
        assert page.status == 401
        assert visitor.post(f"/l/{handle}/read", {"form_token": signed}).status in (401, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.invalid"},
        {"X-Forwarded-Host": "evil.invalid", "X-Forwarded-Proto": "https", "X-Forwarded-For": "9.9.9.9"},
        {"Forwarded": "host=evil.invalid;proto=https"},
        {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "1"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_e11_headers_move_no_address(
    app: RunningApp, visitor: Browser, smart: SmartEhr, headers: dict[str, str]
) -> None:
    query = urlencode({"iss": smart.base, "launch": smart.launch_for("p1")})
    page = visitor.get(f"/launch?{query}", **headers)
    request = parse_qs(urlsplit(page.location).query)
    assert request["redirect_uri"] == [f"{app.url}/callback"]
    params = visitor.authorize(smart, {name: values[0] for name, values in request.items()})
    landed = visitor.get(f"/callback?{urlencode(params)}", **headers)
    assert landed.status == 303 and landed.location.startswith("/l/")
    assert smart.of("token")[0].params["redirect_uri"] == f"{app.url}/callback"
    for one in (page, landed, visitor.get("/", **headers), visitor.get("/l/x/chart", **headers)):
        assert "evil" not in one.text + str(one.headers)


def test_e07_guessing_handles_and_cookies(visitor: Browser) -> None:
    odd: list[Any] = [secrets.token_urlsafe(16) for _ in range(20)]
    for handle in (*odd, "a" * 22, "..", "%2e%2e", "x" * 3000, "\u00e9", "'--"):
        page = visitor.get(f"/l/{handle}/chart", Cookie=f"__Host-launch-{str(handle)[:50].encode().hex()}=x")
        assert 400 <= page.status < 500
