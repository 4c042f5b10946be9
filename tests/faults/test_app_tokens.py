"""Security cases D01 to D14: what the token endpoint says, and what becomes of the tokens."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.hostile_ehr import Reply
from support.raw_http import hang, trickle
from support.running_app import Browser, Page, RunningApp
from support.smart_ehr import Recorder, SmartEhr
from support.smart_patients import BIRTH_DATE, NAME


def refused(visitor: Browser, ehr: SmartEhr) -> Page:
    """A launch that ends in an error page: no session, nothing read."""
    page = visitor.sign_in(ehr)
    assert page.status >= 400 and page.status != 500 and page.error, page.status
    assert not any(name.startswith("__Host-launch-") for name in visitor.cookies)
    assert ehr.reads == []
    return page


def read_again(visitor: Browser, chart: Page) -> Page:
    return visitor.read(visitor.submit(chart.form_to("/read")))


@pytest.mark.parametrize("patient", [..., None, ""])
def test_d01_no_patient_is_an_error_not_a_guess(visitor: Browser, smart: SmartEhr, patient: Any) -> None:
    smart.tokens["patient"] = patient
    assert refused(visitor, smart).error in ("launch.no-patient", "launch.bad-context")


def test_d02_another_patient_at_a_refresh_ends_the_session(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    smart.refreshed["patient"] = "p2"
    smart.asked.clear()
    app.clock.forward(minutes=6)
    page = read_again(visitor, chart)
    assert page.status == 401 and page.error in ("launch.ended", "launch.no-session")
    assert visitor.get(chart.response.url).status == 401
    assert not any("p2" in one.whole for one in smart.asked)
    assert len(smart.of("token")) == 1 and smart.of("revoke") and smart.reads == []


def test_d03_a_narrower_scope_names_what_is_missing(visitor: Browser, smart: SmartEhr) -> None:
    request = visitor.begin(smart)
    smart.tokens["scope"] = " ".join(word for word in request["scope"].split() if "/Condition" not in word)
    chart = visitor.read(visitor.callback(visitor.authorize(smart, request)))
    partial = chart.tree.first("div", data_partial="*")
    assert (partial is not None and "Condition" in partial.text) or "diagnos" in partial.text.lower()
    assert "not granted" in partial.text and smart.of("Condition") == []
    assert chart.tree.first("article", data_measure="CMS122").attributes["data-status"] == "cannot-tell"  # type: ignore[union-attr]


def test_d04_a_wider_scope_is_not_used(visitor: Browser, new_ehr: Callable[..., SmartEhr]) -> None:
    exact, wide = new_ehr(), new_ehr()
    visitor.open(exact)
    wide.tokens["scope"] = "openid fhirUser patient/*.cruds user/*.cruds system/*.cruds offline_access launch"
    visitor.open(wide)
    asked = [sorted((one.method, one.kind, one.body) for one in ehr.reads) for ehr in (exact, wide)]
    assert asked[0] == asked[1]
    assert {one.method for one in wide.reads} <= {"GET", "POST"}
    assert all(one.path.endswith("/_search") for one in wide.reads if one.method == "POST")


@pytest.mark.parametrize("kind", ["mac", "MAC", "dpop", "", None, 7, ["bearer"], ...])
def test_d05_another_kind_of_token_is_refused(visitor: Browser, smart: SmartEhr, kind: Any) -> None:
    smart.tokens["token_type"] = kind
    assert refused(visitor, smart).error == "launch.bad-token"


@pytest.mark.parametrize("kind", ["bearer", "Bearer", "BEARER"])
def test_d05_bearer_is_accepted_in_any_case(visitor: Browser, smart: SmartEhr, kind: str) -> None:
    smart.tokens["token_type"] = kind
    assert visitor.sign_in(smart).status == 303


@pytest.mark.parametrize(
    "life",
    [..., None, 0, -1, "300", "abc", "", [], {}, True, 0.5, 10**30, 10**400, "9" * 400, "\u0663", "NaN"],
    ids=repr,
)
def test_d06_an_odd_life_is_no_crash(visitor: Browser, smart: SmartEhr, life: Any) -> None:
    smart.tokens["expires_in"] = life
    assert visitor.sign_in(smart).status == 303


@pytest.mark.parametrize("life", [..., -1, 10**30, "abc"], ids=repr)
def test_d06_a_token_that_ends_before_its_time_is_renewed(
    app: RunningApp, visitor: Browser, smart: SmartEhr, life: Any
) -> None:
    smart.tokens["expires_in"] = life
    chart = visitor.open(smart)
    smart.valid.clear()
    app.clock.forward(minutes=10)
    assert read_again(visitor, chart).patient == "p1"
    assert len([one for one in smart.of("token") if one.params["grant_type"] == "refresh_token"]) == 1


def test_d06_no_life_outlasts_the_longest_session(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    smart.tokens["expires_in"] = 10**12
    chart = visitor.open(smart)
    address = chart.response.url.replace("/chart", "/progress")
    for _ in range(35):
        assert visitor.get(address).status == 200
        app.clock.forward(minutes=14)
    assert visitor.get(address).status == 401 and smart.of("revoke")


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"error": "invalid_grant", "error_description": "<script>alert(1)</script>"}, 400),
        Reply({"error": "invalid_client"}, 401), Reply(b"<html>alert(1)", 400), Reply(b"oops", 500), Reply(b"", 503),
        Reply({"error": "invalid_grant"}, 200), Reply(b"<html>alert(1)</html>"), Reply(b'{"access_token": "AT-cut'),
        Reply([]), Reply(b""), Reply({}), Reply(b"null"), Reply({"access_token": ""}), Reply(b"\xff\xfe"),
        Reply({"token_type": "Bearer", "access_token": "a\r\nX: y"}), Reply(b"[" * 100_000),
        Reply({"token_type": "Bearer", "access_token": 7}), Reply(b'{"a": "' + b"x" * 5_000_000 + b'"}'),
        Reply(b"", 204),
    ],
    ids=lambda reply: f"{reply.status}-{str(reply.body)[:24]}",
)  # fmt: skip
def test_d07_a_broken_token_answer_is_an_error_page(visitor: Browser, smart: SmartEhr, reply: Reply) -> None:
    def answer(_: Any) -> Reply:
        return reply

    smart.on("token", answer)
    page = refused(visitor, smart)
    assert "alert(1)" not in page.text and "oops" not in page.text and len(smart.of("token")) == 1


def test_d07_a_token_endpoint_that_hangs_ends_in_time(
    new_visitor: Callable[[], Browser], new_ehr: Callable[..., SmartEhr]
) -> None:
    ehrs = [new_ehr(), new_ehr(), new_ehr()]
    ehrs[0].on("token", hang(30))
    ehrs[1].on("token", trickle(30))
    ehrs[2].on("token", Reply(b"x", 200, {"Content-Length": "1000"}))
    started = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        pages = list(pool.map(lambda ehr: refused(new_visitor(), ehr), ehrs))
    assert {page.status for page in pages} <= {502, 504} and time.monotonic() - started < 20


@pytest.mark.parametrize(
    "patient",
    [
        "../x", "a?b", ["p1"], "x" * 65, "p1/../p2", "p1#", "p1%2e", "..", ".", "p1\n", "é", "p1 ", " p1", "p1/",
        "p1&_include=*", 7, {"id": "p1"}, True, "Patient/p1", "p1\x00", "p_1", "p1,p2", "p1|p2",
    ],
    ids=repr,
)  # fmt: skip
def test_d08_a_patient_that_is_no_id(visitor: Browser, smart: SmartEhr, patient: Any) -> None:
    smart.tokens["patient"] = patient
    assert refused(visitor, smart).error == "launch.bad-context"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_d09_a_redirect_of_the_token_endpoint_is_not_followed(
    visitor: Browser, smart: SmartEhr, elsewhere: Recorder, status: int
) -> None:
    smart.on("token", Reply(b"", status, {"Location": f"{elsewhere.origin}/token"}))
    assert refused(visitor, smart).error == "fetch.redirected"
    assert elsewhere.asked == [] and len(smart.of("token")) == 1


def test_d10_tokens_are_in_no_page_address_or_cookie(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    app.clock.forward(minutes=6)
    chart = read_again(visitor, chart)
    visitor.submit(chart.form_to("/logout"))
    kept = [secret for secret in smart.secrets if not secret.startswith(("LT-", "CODE-"))]
    assert len(kept) >= 6  # two access and two refresh tokens, an ID token, a verifier
    said = [page.text + str(page.headers) + page.response.url for page in visitor.seen]
    for line in visitor.set_cookies:
        value = line.partition("=")[2].partition(";")[0]
        said.append(line + base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode("latin-1"))
    assert not [secret for secret in kept for text in said if secret in text]
    assert not [
        code for code in smart.secrets if code.startswith("CODE-") for page in visitor.seen if code in page.text
    ]


def test_d11_many_pages_share_one_refresh(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    used = next(secret for secret in smart.secrets if secret.startswith("RT-"))
    app.clock.forward(minutes=6)
    smart.valid.clear()
    smart.asked.clear()
    form = chart.form_to("/read")
    with ThreadPoolExecutor(10) as pool:
        pages = list(pool.map(lambda _: visitor.submit(form), range(10)))
    assert {page.status for page in pages} == {303}
    assert visitor.read(pages[0]).patient == "p1"
    app.clock.forward(minutes=6)
    assert read_again(visitor, chart).patient == "p1"
    renewals = [one.params["refresh_token"] for one in smart.of("token")]
    assert len(renewals) == len(set(renewals)) == 2 and renewals.count(used) == 1


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "<script>"])
def test_d12_a_refused_refresh_ends_the_session_without_a_loop(
    app: RunningApp, visitor: Browser, smart: SmartEhr, error: str
) -> None:
    chart = visitor.open(smart)
    smart.on("token", Reply({"error": error}, 400))
    smart.asked.clear()
    app.clock.forward(minutes=6)
    page = read_again(visitor, chart)
    assert page.status == 401 and page.error in ("launch.ended", "launch.no-session")
    assert visitor.get(chart.response.url).status == 401
    assert len(smart.of("token")) == 1 and smart.reads == []


def test_d13_logout_revokes_at_the_ehr(visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    page = visitor.submit(chart.form_to("/logout"))
    assert page.status == 303
    revoked = {one.params["token"] for one in smart.of("revoke")}
    assert {secret for secret in smart.secrets if secret.startswith(("AT-", "RT-"))} == revoked


def test_d13_logout_ends_here_even_if_the_ehr_does_not_listen(visitor: Browser, smart: SmartEhr) -> None:
    chart = visitor.open(smart)
    smart.on("revoke", Reply(b"", 500))
    assert visitor.submit(chart.form_to("/logout")).status == 303
    assert visitor.get(chart.response.url).status == 401


@pytest.mark.parametrize("wanted", [True, ..., "yes"])
def test_d14_the_banner_names_the_patient_on_each_page(visitor: Browser, smart: SmartEhr, wanted: Any) -> None:
    smart.tokens["need_patient_banner"] = wanted
    chart = visitor.open(smart)
    message = visitor.follow(visitor.submit(chart.form_to("/draft")))
    for page in (chart, message):
        banner = page.tree.first("section", data_patient="p1")
        assert banner is not None and NAME in banner.text and "MRN-77120" in banner.text
        assert banner.first("time", datetime=BIRTH_DATE) is not None
        assert "banner-quiet" not in banner.attributes["class"]
