"""Security cases A01 to A12: who may launch the app, and what it says to an EHR to begin with."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from support.hostile_ehr import Reply
from support.raw_http import exchange, hang, trickle
from support.running_app import Browser, Page, RunningApp
from support.smart_ehr import Recorder, SmartEhr
from support.smart_patients import PHI

KINDS = ("ehr", "standalone", "ehr-population", "standalone-population")


def launch_address(ehr: SmartEhr, kind: str = "ehr") -> str:
    view = {"view": "population"} if kind.endswith("population") else {}
    if kind.startswith("ehr"):
        return "/launch?" + urlencode({"iss": ehr.base, "launch": ehr.launch_for("p1"), **view})
    return "/launch/standalone?" + urlencode({"ehr": ehr.name, **view})


def refused(page: Page, *codes: str) -> None:
    """An error page in the app's own words that leads nowhere."""
    assert 400 <= page.status < 600 and page.status not in (500, 501), page.status
    assert page.error is not None and not page.location
    if codes:
        assert page.error in codes
    assert "traceback" not in page.text.lower()


def authorize_request(page: Page) -> dict[str, list[str]]:
    assert page.status == 302, page.error
    return parse_qs(urlsplit(page.location).query, strict_parsing=True)


def test_a01_an_unregistered_issuer_gets_a_page_and_no_request(
    visitor: Browser, new_ehr: Callable[..., SmartEhr], elsewhere: Recorder
) -> None:
    unknown = new_ehr(register=False)
    for iss in (unknown.base, f"{elsewhere.origin}/fhir", "https://ehr.invalid/fhir"):
        page = visitor.get("/launch?" + urlencode({"iss": iss, "launch": "x"}))
        refused(page, "launch.unknown-issuer")
        assert iss not in page.text and page.status == 403
    assert unknown.asked == elsewhere.asked == []


def test_a02_addresses_of_other_kinds_are_refused_at_once(visitor: Browser, elsewhere: Recorder) -> None:
    port = urlsplit(elsewhere.origin).port
    issuers = [
        "http://169.254.169.254/latest/meta-data/", f"http://127.0.0.1:{port}", f"http://localhost:{port}/fhir",
        f"http://2130706433:{port}/fhir", f"http://0x7f000001:{port}/fhir", f"http://0177.0.0.1:{port}/fhir",
        f"http://[::ffff:127.0.0.1]:{port}/fhir", f"http://[::1]:{port}/", f"http://0.0.0.0:{port}/",
        f"http://127.1:{port}/fhir", f"http://user:pass@127.0.0.1:{port}/fhir", f"//127.0.0.1:{port}/fhir",
        "file:///etc/passwd", f"gopher://127.0.0.1:{port}/_GET", f"ftp://127.0.0.1:{port}/", "jar:http://x!/",
        "http://", "https://[", "javascript:alert(1)", "127.0.0.1", " ",
    ]  # fmt: skip
    for iss in issuers:
        started = time.monotonic()
        refused(visitor.get("/launch?" + urlencode({"iss": iss, "launch": "x"})))
        assert time.monotonic() - started < 5
    assert elsewhere.asked == []


def test_a03_only_the_very_address_is_registered(visitor: Browser, smart: SmartEhr, elsewhere: Recorder) -> None:
    base, origin = smart.base, smart.origin
    port = urlsplit(elsewhere.origin).port
    variants = [
        base + "/", base + "//", base.upper(), base.replace("/fhir", "/FHIR"), origin + "/x/../fhir", base + "/.",
        base + "/../fhir", base + "?x=1", base + "?", base + "#f", base + "#", base.replace("http:", "HTTP:"),
        base.replace("://", "://user@"), base.replace("://", f"://127.0.0.1:{port}@"), base.replace("/fhir", "\\fhir"),
        base.replace("http://", "http:\\\\"), base + "\n", base + "\r\nX: y", "\t" + base, base + " ", base + "%20",
        base + "\x00", base.replace("127.0.0.1", "127.0.0.1.evil.invalid"), base.replace("127.0.0.1", "127.0.0.1."),
        origin + ".evil.invalid/fhir", base.replace("/fhir", "%2ffhir"), base.replace("fhir", "fh%69r"), origin,
        base.replace("fhir", "fh\u0131r"), base.replace("http://", "https://"), base + "/Patient",
    ]  # fmt: skip
    for iss in variants:
        page = visitor.get("/launch?" + urlencode({"iss": iss, "launch": "x"}))
        if page.status == 302:
            assert page.location.startswith(f"{origin}/auth/authorize?"), iss
            assert authorize_request(page)["aud"] == [base], iss
        else:
            assert 400 <= page.status < 500, iss
            refused(page)
    assert elsewhere.asked == [] and all(one.kind == "configuration" for one in smart.asked)


@pytest.mark.parametrize(
    "query",
    [
        "", "iss={iss}", "launch=x", "iss={iss}&launch=", "iss=&launch=x", "iss={iss}&iss={iss}&launch=x",
        "iss={iss}&iss=https://evil.invalid&launch=x", "iss=https://evil.invalid&iss={iss}&launch=x",
        "iss={iss}&launch=x&launch=y", "iss[]={iss}&launch=x", "ISS={iss}&launch=x", "iss={iss}&launch=x&view=all",
        "iss={iss}&launch=x&view=chart&view=population",
    ],
)  # fmt: skip
def test_a04_missing_or_repeated_parameters(visitor: Browser, smart: SmartEhr, query: str) -> None:
    page = visitor.get("/launch?" + query.format(iss=smart.base))
    refused(page, "launch.bad-request")
    assert page.status == 400 and smart.asked == []


def test_a05_a_huge_launch_parameter_is_refused(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    raw = exchange(app.url, f"GET /launch?iss={smart.base}&launch={'A' * 60_000} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert re.match(rb"HTTP/1\.\d 4\d\d", raw), raw[:80]
    refused(visitor.get("/launch?" + urlencode({"iss": smart.base, "launch": "A" * 5000})), "launch.bad-request")
    assert smart.asked == []


@pytest.mark.parametrize(
    "launch",
    ["a\r\nSet-Cookie: x=y", "a\nb", "a\x00b", "<script>alert(1)</script>", '"><img src=x>', "{{7*191}}", "é✓"],
)
def test_a05_odd_launch_parameters_are_neither_split_nor_echoed(visitor: Browser, smart: SmartEhr, launch: str) -> None:
    page = visitor.get("/launch?" + urlencode({"iss": smart.base, "launch": launch}))
    assert page.status in (302, 400)
    assert "x=y" not in page.headers.get("Set-Cookie", "")
    for bad in (launch, "<script>alert", "<img src=x", "1337"):
        assert bad not in page.text
    if page.status == 302:
        assert "\n" not in page.location and authorize_request(page)["launch"] == [launch]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("member", ["token_endpoint", "jwks_uri", "authorization_endpoint", "revocation_endpoint"])
def test_a06_metadata_cannot_move_an_endpoint(
    visitor: Browser, smart: SmartEhr, elsewhere: Recorder, member: str, kind: str
) -> None:
    own_port = urlsplit(smart.origin).port
    for moved in (
        f"{elsewhere.origin}/auth/x",
        f"http://127.0.0.1:{own_port}@{urlsplit(elsewhere.origin).netloc}/x",
        f"//{urlsplit(elsewhere.origin).netloc}/x",
        f"{smart.origin}\\@{urlsplit(elsewhere.origin).netloc}/x",
        f"http://127.0.0.1:{own_port}.evil.invalid/x",
        "https://evil.invalid/token",
    ):
        smart.configuration[member] = moved
        refused(visitor.get(launch_address(smart, kind)), "launch.foreign-endpoint", "launch.bad-metadata")
    assert elsewhere.asked == [] and {one.kind for one in smart.asked} == {"configuration"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("issuer", ["https://evil.invalid", "", 7, ["x"]])
def test_a07_metadata_of_another_issuer(visitor: Browser, smart: SmartEhr, issuer: Any, kind: str) -> None:
    smart.configuration["issuer"] = issuer
    refused(visitor.get(launch_address(smart, kind)), "launch.wrong-issuer")
    smart.configuration["issuer"] = smart.base + "/"
    refused(visitor.get(launch_address(smart, kind)), "launch.wrong-issuer")


BROKEN = {
    "500": Reply(b"oops", 500),
    "503": Reply(b"", 503, {"Retry-After": "100000"}),
    "html": Reply(b"<html><script>alert(1)</script></html>", 200, {"Content-Type": "text/html"}),
    "list": Reply([]),
    "text": Reply(b'"x"'),
    "empty": Reply(b""),
    "nothing in it": Reply({}),
    "wrong types": Reply({"authorization_endpoint": 7, "token_endpoint": ["x"]}),
    "cut": Reply(b'{"authorization_endpoint": "ht'),
    "20 MB": Reply(b'{"x": "' + b"a" * 20_000_000 + b'"}'),
    "bomb": Reply(gzip.compress(b'{"x": "' + b"a" * 50_000_000), 200, {"Content-Encoding": "gzip"}),
    "deep": Reply(b"[" * 100_000 + b"]" * 100_000),
    "twice": Reply(b'{"token_endpoint": "x", "token_endpoint": "y"}'),
    "redirect": Reply(b"", 302, {"Location": "https://evil.invalid/"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a08_broken_metadata_is_an_error_page(visitor: Browser, smart: SmartEhr, name: str) -> None:
    smart.on("configuration", BROKEN[name])
    smart.on("metadata", BROKEN[name])
    page = visitor.get(launch_address(smart))
    refused(page)
    assert page.status in (502, 503, 504) and "alert(1)" not in page.text and "oops" not in page.text


def test_a08_metadata_that_hangs_ends_in_time(new_visitor: Any, new_ehr: Callable[..., SmartEhr]) -> None:
    slow, slower, well = new_ehr(), new_ehr(), new_ehr()
    slow.on("configuration", hang(20))
    slower.on("configuration", trickle(20))
    started = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(new_visitor().get, launch_address(ehr)) for ehr in (slow, slower)]
        assert pool.submit(new_visitor().get, launch_address(well)).result().status == 302
        assert time.monotonic() - started < 4.5, "one slow EHR must not stop another"
        for one in waiting:
            assert one.result().status == 504
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("kind", KINDS)
def test_a09_the_authorize_request(app: RunningApp, visitor: Browser, smart: SmartEhr, kind: str) -> None:
    page = visitor.get(launch_address(smart, kind))
    assert page.location.startswith(f"{smart.origin}/auth/authorize?")
    asked = authorize_request(page)
    assert all(len(values) == 1 for values in asked.values())
    one = {name: values[0] for name, values in asked.items()}
    assert one["response_type"] == "code" and one["client_id"] == "app-client"
    assert one["redirect_uri"] == f"{app.url}/callback" and one["aud"] == smart.base
    assert one["code_challenge_method"] == "S256" and len(one["code_challenge"]) == 43
    assert len(one["state"]) >= 22 and len(one["nonce"]) >= 22 and "code_verifier" not in one
    assert ("launch" in one) == kind.startswith("ehr")
    assert not any(phi in page.location for phi in PHI)
    words = one["scope"].split()
    assert {"openid", "fhirUser"} <= set(words)
    assert ("launch" in words) == kind.startswith("ehr")
    assert ("launch/patient" in words) == (kind == "standalone")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", ["permission-v2", "permission-v1"])
def test_a10_scopes_are_the_least(visitor: Browser, smart: SmartEhr, kind: str, syntax: str) -> None:
    smart.configuration["capabilities"] = ["launch-ehr", syntax]
    words = authorize_request(visitor.get(launch_address(smart, kind)))["scope"][0].split()
    general = {"openid", "fhirUser", "launch", "launch/patient", "online_access"}
    level = "user" if kind.endswith("population") else "patient"
    read = r"(r|s|rs)(\?category=[^ *]+)?" if syntax == "permission-v2" else "read"
    for word in set(words) - general:
        assert re.fullmatch(rf"({level}|user(?=/PractitionerRole))/[A-Z][A-Za-z]+\.{read}", word), word
    assert "*" not in " ".join(words) and "offline_access" not in words
    assert any(word.startswith(f"{level}/Patient.") for word in words)


@pytest.mark.parametrize("kind", KINDS)
def test_a11_nothing_repeats(visitor: Browser, smart: SmartEhr, kind: str) -> None:
    asked = [dict(parse_qsl(urlsplit(visitor.get(launch_address(smart, kind)).location).query)) for _ in range(8)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name] for one in asked}) == 8
    assert len({one[name] for one in asked for name in ("state", "nonce", "code_challenge")}) == 24


@pytest.mark.parametrize("view", ["chart", "population"])
def test_a12_a_standalone_launch_needs_a_registered_name_too(
    visitor: Browser, smart: SmartEhr, elsewhere: Recorder, view: str
) -> None:
    for name in ("nobody", "../x", elsewhere.origin, smart.base, "ehr-1'--", "a" * 65, "", smart.name.upper()):
        refused(visitor.get("/launch/standalone?" + urlencode({"ehr": name, "view": view})))
    twice = f"ehr={smart.name}&ehr={smart.name}&view={view}"
    refused(visitor.get("/launch/standalone?" + twice), "launch.bad-request")
    refused(visitor.get(f"/launch/standalone?ehr={smart.name}&view={view}&patient=p1"), "launch.bad-request")
    assert smart.asked == elsewhere.asked == []


@pytest.mark.parametrize("name", ["500", "list", "empty"])
@pytest.mark.parametrize("kind", KINDS[1:])
def test_a12_broken_metadata_stops_every_kind_of_launch(
    visitor: Browser, smart: SmartEhr, kind: str, name: str
) -> None:
    smart.on("configuration", BROKEN[name])
    refused(visitor.get(launch_address(smart, kind)))
