"""Security cases F01 to F09: what a browser may be made to do, load, frame or run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from support.raw_http import exchange
from support.running_app import Browser, Page, RunningApp, handle_of, running_app
from support.smart_ehr import SmartEhr
from support.smart_patients import a1c, condition, patient

from smartapp.persistence.engine import StorageError

ATTACKS = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "{{7*191}}", "javascript:alert(3)", "'\"&lt;")


def opened_message(visitor: Browser, chart: Page) -> Page:
    return visitor.follow(visitor.submit(chart.form_to("CMS130/draft")))


def every_page(visitor: Browser, smart: SmartEhr) -> list[Page]:
    """One of each: in a launch and outside, sound and refused, static and JSON."""
    chart = visitor.open(smart)
    handle = handle_of(chart)
    message = opened_message(visitor, chart)
    addresses = [
        f"/l/{handle}/nothing-here", f"/l/{handle}/messages/none", f"/l/{handle}/progress", "/l/x/chart", "/",
        "/healthz", "/readyz", "/nothing", "/launch", "/launch?iss=x&launch=y", "/callback", "/callback?state=x",
        "/launch/standalone?ehr=x", "/.well-known/jwks.json", "/static/app.css", "/static/none.css",
    ]  # fmt: skip
    found = [chart, message, *(visitor.get(address) for address in addresses)]
    found.append(visitor.post(f"/l/{handle}/read"))
    found.append(visitor.post("/logout"))
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.invalid"}, {"Origin": "null"}, {"Origin": "http://localhost"},
        {"Origin": "https://evil.invalid", "Sec-Fetch-Site": ""}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none", "Origin": ""}, {"Origin": "{app}.evil.invalid"},
    ],
    ids=str,
)  # fmt: skip
def test_f01_a_request_of_another_site_is_refused(
    app: RunningApp, visitor: Browser, smart: SmartEhr, headers: dict[str, str]
) -> None:
    handle = handle_of(visitor.sign_in(smart))
    base = f"/l/{handle}"
    token = {"form_token": _token(visitor, handle)}
    sent = {name: value.format(app=app.url) for name, value in headers.items()}
    for address, fields in (
        (f"{base}/read", token),
        (f"{base}/gaps/CMS130/dismiss", {**token, "remark": "patient-refused", "until": "2027-01-01"}),
        (f"{base}/gaps/CMS130/draft", token),
        ("/logout", {**token, "handle": handle}),
    ):
        page = visitor.post(address, fields, **sent)
        assert page.status == 403 and page.error in ("web.cross-site", "launch.cross-site"), address
    assert visitor.get(f"{base}/").status == 303 and smart.of("revoke") == []


def _token(visitor: Browser, handle: str) -> str:
    chart = visitor.read(visitor.get(f"/l/{handle}/"))
    return chart.form_to("/read").fields()["form_token"]


def test_f01_a_form_needs_the_token_of_its_launch(visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    base = f"/l/{handle_of(chart)}"
    sound = chart.form_to("/read").fields()["form_token"]
    message = opened_message(visitor, chart).response.url
    posts = [
        f"{base}/read", f"{base}/gaps/CMS130/dismiss", f"{base}/gaps/CMS130/restore", f"{base}/gaps/CMS130/draft",
        f"{message}/edit", f"{message}/approve", f"{message}/cancel", "/logout",
    ]  # fmt: skip
    for address in posts:
        for token in (None, "", "x", sound[:-1], sound.upper(), "\u00e9" * 64, "0" * 64):
            fields = {"handle": handle_of(chart)} if address == "/logout" else {}
            page = visitor.post(address, fields | ({} if token is None else {"form_token": token}))
            assert page.status == 403 and page.error == "web.form-token", (address, token)
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            page = visitor.request(method, address, {"Origin": visitor.app})
            assert page.status in (403, 405), (method, address)
    after = visitor.get(message)
    assert after.tree.first("span", data_state="draft") is not None


def test_f02_only_registered_origins_may_frame(
    app: RunningApp, visitor: Browser, smart: SmartEhr, new_ehr: Callable[..., SmartEhr]
) -> None:
    other = new_ehr()
    registered = {origin for ehr in app.core.registry.all() for origin in ehr.frame_ancestors}
    for page in every_page(visitor, smart):
        policy = _policy(page)
        ancestors = set(policy["frame-ancestors"])
        assert ancestors - {"'self'"} <= registered, page.response.url
        if page.patient:
            assert ancestors == {"'self'", smart.origin} and other.origin not in ancestors


def test_p04_a_page_that_tells_of_a_fault_has_its_headers(
    app: RunningApp, visitor: Browser, smart: SmartEhr, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = visitor.open(smart)

    def down(*_: Any) -> Any:
        raise StorageError

    for method in ("all", "by_name", "by_fhir_base"):
        monkeypatch.setattr(app.core.registry, method, down)
    for address in (chart.response.url, f"/launch?iss={smart.base}&launch=x"):
        page = visitor.get(address)
        assert (page.status, page.error) == (503, "persistence.unavailable")
        assert _policy(page)["frame-ancestors"] == ["'self'"]


def _policy(page: Page) -> dict[str, list[str]]:
    text = page.headers.get("Content-Security-Policy", "")
    assert text, page.response.url
    return {words[0]: words[1:] for part in text.split(";") if (words := part.split())}


def test_f03_the_policy_has_no_exceptions_and_pages_need_none(visitor: Browser, smart: SmartEhr) -> None:
    for page in every_page(visitor, smart):
        policy = _policy(page)
        whole = page.headers["Content-Security-Policy"]
        for bad in ("unsafe-inline", "unsafe-eval", "*", "data:", "blob:", "http:  "):
            assert bad not in whole
        assert policy["default-src"] == ["'none'"] and policy["base-uri"] == ["'none'"]
        assert policy.get("object-src", policy["default-src"]) == ["'none'"]
        if "html" in page.headers.get("Content-Type", ""):
            assert not re.search(r"<script(?![^>]*\bsrc=)", page.text), page.response.url
            assert not re.search(r"<[^>]+\s(on[a-z]+|style)\s*=", page.text), page.response.url
            assert "<style" not in page.text and "<base" not in page.text and "javascript:" not in page.text


def test_f04_types_are_stated_and_believed(visitor: Browser, smart: SmartEhr) -> None:
    for page in every_page(visitor, smart):
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        kind = page.headers.get("Content-Type", "")
        assert kind in ("text/html; charset=utf-8", "application/json", "text/css; charset=utf-8"), page.response.url
        assert page.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        if "/static/" not in page.response.url and "jwks" not in page.response.url:
            assert "no-store" in page.headers["Cache-Control"], page.response.url


@pytest.fixture(scope="module")
def https_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, str]]:
    folder: Path = tmp_path_factory.mktemp("https")
    with running_app(folder, behind="https://app.example.org", environment="production") as app:
        yield app, "https://app.example.org"


def test_f04_transport_security_where_the_address_is_https(https_app: tuple[RunningApp, str]) -> None:
    app, _ = https_app
    visitor = Browser(app.url)
    for address in ("/", "/nothing", "/l/x/chart", "/static/app.css", "/healthz", "/launch"):
        value = visitor.get(address).headers["Strict-Transport-Security"]
        seconds = re.search(r"max-age=(\d+)", value)
        assert seconds and int(seconds[1]) >= 31_536_000
    visitor.close()


@pytest.mark.parametrize("attack", ATTACKS)
def test_f05_markup_from_the_ehr_is_text(visitor: Browser, smart: SmartEhr, attack: str) -> None:
    smart.patients = {
        "p1": patient("p1", attack, attack, identifier=[{"type": {"coding": [{"code": "MR"}]}, "value": attack}])
    }
    smart.resources = [
        condition(
            code={**condition()["code"], "text": attack}, note=[{"text": attack}], text={"div": f"<div>{attack}</div>"}
        ),
        condition("c2"),
        a1c(value=7.4, interpretation=[{"text": attack}], note=[{"text": f"[x]({attack})"}]),
        a1c("o2", code={**a1c()["code"], "text": attack}, at="2026-04-01"),
    ]
    smart.resources[1]["code"]["coding"][0]["display"] = attack
    smart.resources[2]["valueQuantity"]["unit"] = attack
    smart.tokens["smart_style_url"] = attack
    smart.claims = {"name": attack}
    chart = visitor.open(smart)
    pages = [chart, opened_message(visitor, chart)]
    for page in pages:
        assert page.status == 200
        for bad in ("<script>alert", "<img src=x", "1337", 'href="javascript:', 'src="javascript:'):
            assert bad not in page.text
        assert page.tree.find("script", src="*") == page.tree.find("script")
        assert page.tree.find("img") == [] and attack in page.tree.text


@pytest.mark.parametrize(
    "target", ["//evil.invalid", "https://evil.invalid/", "/\\evil.invalid", "///evil.invalid", "x:y"]
)
def test_f06_nothing_redirects_elsewhere(visitor: Browser, smart: SmartEhr, target: str) -> None:
    words = urlencode(
        dict.fromkeys(("next", "redirect", "return_to", "url", "redirect_uri", "continue", "done"), target)
    )
    launch = urlencode({"iss": smart.base, "launch": smart.launch_for("p1")})
    begun = visitor.get(f"/launch?{launch}&{words}")
    assert begun.status == 302 and begun.location.startswith(f"{smart.origin}/auth/authorize?")
    assert "evil" not in begun.location
    landed = visitor.sign_in(smart)
    handle = handle_of(landed)
    token = _token(visitor, handle)
    fields = {"form_token": token, "handle": handle, "next": target}
    for page in (
        visitor.get(f"/l/{handle}/?{words}"),
        visitor.get(f"{visitor.app}/{quote(target, safe='/:')}"),
        visitor.get(f"/l/{handle}/chart?{words}"),
        visitor.post(f"/l/{handle}/read?{words}", fields),
        visitor.post(f"/logout?{words}", fields),
    ):
        assert "evil" not in page.location and "evil" not in page.text
        assert not page.location or re.match(r"/(?![/\\])", page.location)


PATHS = [
    "/static/../pyproject.toml", "/static/..%2f..%2fpyproject.toml", "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static//etc/passwd", "/static/....//....//etc/passwd", "/static/..%5c..%5cetc", "/static/%00",
    "/../../etc/passwd",
    "/.env", "/.git/config", "/.git/HEAD", "/console", "/console?__debugger__=yes&cmd=1",
    "/?__debugger__=yes&cmd=resource&f=style.css",
    "/admin", "/server-status", "/debug", "/metrics", "/actuator/env", "/wp-login.php", "/templates/base.html",
    "/static/", "/smartapp.db", "/var/smartapp.db", "/openapi.json", "/l/", "/l/../", "//evil.invalid/..", "/%0d%0aX:y",
]  # fmt: skip


def test_f07_nothing_but_the_apps_own_addresses(app: RunningApp) -> None:
    for path in PATHS:
        raw = exchange(app.url, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status = int(raw.split(b" ", 2)[1])
        home = path.startswith("/?") and status == 200
        assert home or 400 <= status < 500 or (300 < status < 400 and b"evil" not in raw), (path, status)
        for bad in (b"root:", b"[project]", b"[core]", b"Werkzeug Debugger", b"SQLite format", b"{% block"):
            assert bad not in raw, path
        assert b"\nX:y" not in raw and b"\nX: y" not in raw


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND", "PUT", "DELETE", "FOO"])
def test_f07_other_methods(app: RunningApp, method: str) -> None:
    for path in ("/", "/launch", "/static/app.css"):
        request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Mark: echo-me\r\nConnection: close\r\n\r\n"
        raw = exchange(app.url, request.encode())
        assert raw.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501", b"HTTP/1.0 4")) and b"echo-me" not in raw


INJECTIONS = ["' OR '1'='1", "1; DROP TABLE launch;--", "{{config}}", "${7*191}", "<%= 7*191 %>", "%27%20--", "a\x00b"]


@pytest.mark.parametrize("text", INJECTIONS)
def test_f08_injections_change_nothing_and_say_nothing(visitor: Browser, smart: SmartEhr, text: str) -> None:
    chart = visitor.open(smart)
    handle, token = handle_of(chart), chart.form_to("/read").fields()["form_token"]
    one = quote(text, safe="")
    pages = [
        visitor.get(f"/l/{handle}/messages/{one}"),
        visitor.get(f"/l/{one}/chart"),
        visitor.get(f"/launch/standalone?ehr={one}"),
        visitor.get(f"/launch?iss={one}&launch={one}"),
        visitor.get(f"/callback?state={one}&code={one}"),
        visitor.get(f"/l/{handle}/population?status={one}&sort={one}"),
        visitor.get(f"/l/{handle}/patients/{one}"),
        visitor.get(f"/opt-out/{one}"),
        visitor.post(f"/l/{handle}/gaps/{one}/dismiss", {"form_token": token, "remark": text, "until": text}),
        visitor.post(f"/l/{handle}/gaps/CMS130/dismiss", {"form_token": token, "remark": text, "until": "2027-01-01"}),
        visitor.post(f"/l/{handle}/gaps/CMS130/dismiss", {"form_token": token, "remark": "deferred", "until": text}),
        visitor.post("/logout", {"form_token": token, "handle": text}),
    ]
    for page in pages:
        assert 400 <= page.status < 500, page.response.url
        for bad in ("sqlite", "sqlalchemy", "syntax error", "traceback", "jinja", "1337", "secret_key", "debug"):
            assert bad not in page.text.lower()
    again = visitor.get(f"{chart.response.url}?done={one}&patient={one}")
    cards = [one.attributes for one in again.tree.find("article", class_="gap")]
    assert cards == [one.attributes for one in chart.tree.find("article", class_="gap")] and "1337" not in again.text


def test_f08_a_note_is_kept_as_it_was_typed(visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    note = "'); DROP TABLE gap_remark;-- {{7*191}} <b>x</b>"
    page = visitor.submit(chart.form_to("CMS130/dismiss"), remark="deferred", until="2026-12-01", note=note)
    assert page.status == 303
    again = visitor.follow(page)
    assert again.tree.find("div", class_="gap-dismissed") and "1337" not in again.text and "<b>x" not in again.text


def test_f09_no_foreign_origin_reads_anything(visitor: Browser, smart: SmartEhr) -> None:
    handle = handle_of(visitor.open(smart))
    for address in (
        f"/l/{handle}/chart",
        f"/l/{handle}/progress",
        "/",
        "/healthz",
        "/.well-known/jwks.json",
        "/nothing",
    ):
        for origin in ("https://evil.invalid", "null", smart.origin):
            preflight: dict[str, Any] = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            for page in (visitor.get(address, Origin=origin), visitor.request("OPTIONS", address, preflight)):
                assert not [name for name in page.headers if name.lower().startswith("access-control-")]
