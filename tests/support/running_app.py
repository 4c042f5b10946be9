"""The real app over HTTP on a free port, and a browser that visits it as a user does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests
from support.launch_fakes import FrozenClock
from support.smart_ehr import CLIENT, SmartEhr
from support.storage import SECRET
from werkzeug.serving import WSGIRequestHandler, make_server

from launch.issuers import RegisteredEhr
from smartapp.app import create_app
from smartapp.audit.trail import Entry
from smartapp.config import Settings
from smartapp.core import Core, Outside, open_core
from smartapp.demo.pages import Element, parse

START = datetime(2026, 6, 15, 12, tzinfo=UTC)
READ_WITHIN_S = 60.0


def longer_and_longer() -> Iterator[float]:
    """Seconds to wait before asking again: who asks all the time keeps the app from what he waits for."""
    pause = 0.05
    while True:
        yield pause
        pause = min(1.4 * pause, 0.5)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        pass


def _not_yet(_environ: Any, _start: Any) -> Any:
    raise AssertionError("asked before it was ready")


@dataclass
class RunningApp:
    """``core`` and ``clock`` are the tests' way in; the tests of behaviour use ``url`` alone."""

    url: str
    core: Core
    clock: FrozenClock
    waits: list[float] = field(default_factory=list)

    def register(self, ehr: SmartEhr, **more: Any) -> RegisteredEhr:
        """Let the app know an EHR, as an administrator does."""
        values: dict[str, Any] = {"client_id": CLIENT, "tenant": ehr.name, "frame_ancestors": (ehr.origin,), **more}
        registration = RegisteredEhr(ehr.name, ehr.base, **values)
        self.core.registry.save(registration, replace=True)
        return registration

    def audited(self, **wanted: Any) -> list[Entry]:
        return list(self.core.audit.entries(**wanted))


@contextmanager
def running_app(folder: Path, behind: str | None = None, **settings: Any) -> Iterator[RunningApp]:
    """The app with a database in ``folder``. Its clock is the tests'; it waits at most a moment between retries.

    ``behind`` is the app's public address where that is not the one it listens on, as behind a proxy.
    """
    clock, waits = FrozenClock(START), []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(min(seconds, 0.02))

    server = make_server("127.0.0.1", 0, _not_yet, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    url = f"http://localhost:{server.server_port}"
    chosen = {"public_url": behind or url, "fetch_deadline": 2, "environment": "demo", **settings}
    core = open_core(Settings(secret_key=SECRET, data_dir=folder, **chosen), {}, Outside(clock=clock, sleep=sleep))
    server.app = create_app(core)  # its address had to be known first
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield RunningApp(url, core, clock, waits)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        core.engine.dispose()


@dataclass
class Page:
    """One answer, redirects not followed."""

    response: requests.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @cached_property
    def tree(self) -> Element:
        return parse(self.text)

    @property
    def error(self) -> str | None:
        """The stable code of an error page."""
        main = self.tree.first("main", data_error="*")
        return main.attributes["data-error"] if main else None

    @property
    def patient(self) -> str | None:
        """The id of the patient in the banner."""
        banner = self.tree.first("section", data_patient="*")
        return banner.attributes["data-patient"] if banner else None

    def form_to(self, ending: str) -> Element:
        """The form of the page whose address ends so."""
        found = self.tree.form_to(ending)
        assert found is not None, ending
        return found


class Browser:
    """Keeps the app's cookies (``Secure`` ones too, as browsers do on loopback); follows a redirect when told to."""

    def __init__(self, app_url: str) -> None:
        self.app = app_url
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []
        self.seen: list[Page] = []
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        self._session.close()

    def get(self, address: str, **headers: str) -> Page:
        return self.request("GET", address, headers)

    def post(self, address: str, fields: Mapping[str, str] | None = None, **headers: str) -> Page:
        """A form sent by the app's own page."""
        sent = {"Origin": self.app, "Sec-Fetch-Site": "same-origin", **headers}
        return self.request("POST", address, sent, dict(fields or {}))

    def request(self, method: str, address: str, headers: Mapping[str, str], data: Any = None) -> Page:
        """One request with the cookies that belong to it; an empty header is left out."""
        url = urljoin(self.app, address)
        ours = url.startswith(self.app + "/")
        sent = {name: value for name, value in headers.items() if value}
        if ours and self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        page = Page(self._session.request(method, url, headers=sent, data=data, allow_redirects=False, timeout=60))
        if ours:
            self._keep(page)
        return page

    def _keep(self, page: Page) -> None:
        self.seen.append(page)
        for line in page.response.raw.headers.getlist("Set-Cookie"):
            self.set_cookies.append(line)
            name, _, value = line.partition(";")[0].partition("=")
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def submit(self, form: Element, **fields: str) -> Page:
        return self.post(form.attributes["action"], form.fields() | fields)

    def follow(self, page: Page) -> Page:
        """Follow redirects wherever they lead."""
        for _ in range(10):
            if not 300 <= page.status < 400:
                return page
            page = self.get(urljoin(page.response.url, page.location))
        raise AssertionError("redirected in a circle")

    def begin(self, ehr: SmartEhr, patient: str = "p1", **more: str) -> dict[str, str]:
        """Be launched from an EHR; the authorization request that the browser is sent with."""
        page = self.get("/launch?" + urlencode({"iss": ehr.base, "launch": ehr.launch_for(patient), **more}))
        assert page.status == 302, (page.status, page.error)
        assert page.location.startswith(f"{ehr.origin}/auth/authorize?")
        return dict(parse_qsl(urlsplit(page.location).query))

    def authorize(self, ehr: SmartEhr, request: Mapping[str, str]) -> dict[str, str]:
        """Sign in there; what the EHR sends the browser back with."""
        page = self.get(f"{ehr.origin}/auth/authorize?{urlencode(request)}")
        return dict(parse_qsl(urlsplit(page.location).query))

    def callback(self, params: Mapping[str, str]) -> Page:
        return self.get(f"/callback?{urlencode(params)}")

    def sign_in(self, ehr: SmartEhr, patient: str = "p1", **more: str) -> Page:
        """A launch up to the callback's answer."""
        return self.callback(self.authorize(ehr, self.begin(ehr, patient, **more)))

    def open(self, ehr: SmartEhr, patient: str = "p1", **more: str) -> Page:
        """A launch up to its chart (or to the error that there is instead)."""
        return self.read(self.sign_in(ehr, patient, **more))

    def read(self, page: Page) -> Page:
        """Follow, and wait for a chart that is being read."""
        end, pauses = time.monotonic() + READ_WITHIN_S, longer_and_longer()
        page = self.follow(page)
        while page.tree.first("section", data_progress="*") is not None:
            assert time.monotonic() < end, "the chart was not read in time"
            time.sleep(next(pauses))
            page = self.get(page.response.url)
        return page


def handle_of(page: Page) -> str:
    """The launch's handle in an address or a redirect."""
    path = urlsplit(page.location or page.response.url).path
    return path.split("/")[2]
