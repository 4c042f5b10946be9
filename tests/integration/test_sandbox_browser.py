"""The sandbox in a real browser: an app of another site in its frame, and the pages checked for accessibility."""

from __future__ import annotations

import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import parse_qsl, urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from support.ehr import CHALLENGE, App, sandbox

from launch.sandbox.clients import app as registered_app

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (420, 900, 1440)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed"),
]


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="module")
def other_site(app: App):
    """An app at http://localhost that asks for authorization as soon as it is launched; its origin."""

    def serve(environ, start):
        query = dict(parse_qsl(environ["QUERY_STRING"]))
        if environ["PATH_INFO"] == "/launch":
            request = {
                "response_type": "code",
                "client_id": "framed",
                "redirect_uri": f"{origin}/callback",
                "scope": "launch openid patient/Patient.rs patient/Observation.rs user/Patient.rs",
                "state": "s",
                "aud": query["iss"],
                "launch": query["launch"],
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
            }
            start("302 Found", [("Location", f"{app.base}/auth/authorize?{urlencode(request)}")])
            return [b""]
        start("200 OK", [("Content-Type", "text/html")])
        return [f"<html lang=en><title>App</title><h1>Answered: {' '.join(sorted(query))}</h1></html>".encode()]

    with make_server("127.0.0.1", 0, serve, server_class=Threaded, handler_class=Quiet) as server:
        origin = f"http://localhost:{server.server_port}"
        app.ehr.clients.save(registered_app("framed", origin))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield origin
        server.shutdown()


@pytest.fixture(scope="module")
def chromium(playwright):
    """The session's Playwright: two of them in one thread refuse to run."""
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def window(chromium, app, other_site):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    window = context.new_page()
    complaints: list[str] = []
    window.on("console", lambda message: complaints.append(message.text))
    window.on("pageerror", lambda error: complaints.append(str(error)))
    yield window
    context.close()
    assert [text for text in complaints if "favicon" not in text] == []


def sign_in(window, app: App, name: str = "Amara Cole") -> None:
    window.goto(app.base)
    window.get_by_role("button", name=name).click()


def test_the_app_is_launched_in_a_frame_beside_the_chart(window, app):
    sign_in(window, app)
    window.goto(f"{app.base}/patients/pt-1001?app=framed")
    frame = window.frame_locator("iframe")
    frame.get_by_role("heading", name="Answered: code iss state").wait_for()
    assert window.locator("iframe").bounding_box()["width"] == pytest.approx(420, abs=2)
    window.get_by_role("button", name="Open wide").click()
    assert window.locator("iframe").bounding_box()["width"] > 1400
    assert "view=wide" in window.url
    window.get_by_role("button", name="Back to the chart").click()
    assert window.get_by_role("navigation", name="Parts of the chart").is_visible()


def test_consent_can_be_given_within_the_frame(window, app):
    sign_in(window, app)
    window.goto(f"{app.base}/patients/pt-1001")
    window.evaluate("document.querySelector('iframe').src = '/patients/pt-1001/launch?app=framed&ask=1'")
    frame = window.frame_locator("iframe")
    frame.get_by_label("Read and search results and measurements of this patient").uncheck()
    frame.get_by_role("button", name="Allow").click()
    frame.get_by_role("heading", name="Answered: code iss state").wait_for()


def test_the_worklist_fills_the_page(window, app):
    sign_in(window, app, "Sam Rivers")
    window.goto(f"{app.base}/worklist?app=framed")
    window.frame_locator("iframe").get_by_role("heading", name="Answered: code iss state").wait_for()
    assert window.locator("iframe").bounding_box()["width"] > 1400
    assert window.locator("iframe").bounding_box()["height"] > 750


def addresses(app: App) -> dict[str, str]:
    request = app.request(scope="launch/patient openid patient/Observation.rs")
    return {
        "sign in": "/",
        "patients": "/patients",
        "chart": "/patients/pt-1003?app=framed",
        "results": "/patients/pt-1003?tab=results&app=framed",
        "messages": "/patients/pt-1003?tab=messages&app=framed",
        "wide": "/patients/pt-1003?view=wide&app=framed",
        "worklist": "/worklist?app=framed",
        "picker": f"/auth/authorize?{urlencode(request)}",
        "portal": "/portal",
        "inbox": "/portal/pt-1003/inbox",
        "preferences": "/portal/pt-1003/preferences",
    }


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_accessible_and_never_wider_than_the_screen(window, app, width):
    from axe_playwright_python.sync_playwright import Axe

    window.set_viewport_size({"width": width, "height": 900})
    sign_in(window, app)
    with app.ehr.database.read() as connection:
        login = connection.execute("SELECT name FROM portal_login WHERE patient = 'pt-1003'").fetchone()[0]
    window.context.request.post(f"{app.base}/portal/login", form={"login": login})
    message = app.ehr.store.scan("Communication", ["pt-1003"])
    shown = {**addresses(app), "message": f"/portal/pt-1003/messages/{next(message)['id']}"}
    complaints = {}
    for name, address in shown.items():
        window.goto(app.base + address)
        checked = width == WIDTHS[0] or (width == WIDTHS[-1] and "framed" in address)
        found = Axe().run(window, options={"iframes": False}).response["violations"] if checked else []
        broken = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]
        if window.evaluate("document.documentElement.scrollWidth > innerWidth"):
            broken.append("wider than the window")
        if broken:
            complaints[name] = broken
    assert complaints == {}


def test_the_consent_page_is_accessible(window, app):
    from axe_playwright_python.sync_playwright import Axe

    request = app.request(scope="launch/patient openid patient/*.rs patient/Observation.rs")
    window.goto(f"{app.base}/auth/authorize?{urlencode(request)}")
    window.get_by_role("button", name="Sam Rivers").click()
    window.get_by_label("Name or record number").fill("whit")
    window.keyboard.press("Enter")
    window.get_by_role("button", name="Rosalind Whitaker").click()
    window.get_by_role("heading", name="What may the app do?").wait_for()
    assert Axe().run(window).response["violations"] == []
