"""A real Chromium on the running demo: opened as a clinician does, looked at as axe and a ruler do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Frame, Page

from launch.sandbox.clients import app as registered_app
from launch.sandbox.server import create_sandbox, running
from launch.sandbox.settings import SandboxSettings
from smartapp.demo import processes

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENTS = 12
CLINICIAN, COORDINATOR = "Amara Cole", "Sam Rivers"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPENS_WITHIN_MS = 30_000
SMALLEST_TARGET = 24
"""CSS pixels, WCAG 2.2, 2.5.8 Target Size (Minimum)."""
_BESIDE = 860
"""CSS pixels from which the EHR has room for the app beside its own chart."""


def chromium() -> str | None:
    """Where this machine's Chromium is; None where there is none."""
    return shutil.which("chromium") or shutil.which("google-chrome")


# The running parts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """The demo as it runs. ``folder`` holds its databases and its secret."""

    ehr: str
    app: str
    folder: Path

    def smartapp(self, *arguments: str) -> None:
        """Run a command of the app's on the demo's own data."""
        environment = {
            **os.environ,
            "SMARTAPP_CONFIG": "",
            "SMARTAPP_ENVIRONMENT": "demo",
            "SMARTAPP_PUBLIC_URL": self.app,
            "SMARTAPP_SECRET_KEY": (self.folder / "secret-key").read_text(),
            "SMARTAPP_DATA_DIR": str(self.folder / "app"),
            "SMARTAPP_DATABASE_URL": "",
        }
        command = [sys.executable, "-m", "smartapp", *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """The demo's three processes on free ports: the EHR on 127.0.0.1, the app on localhost, so two sites."""
    options = processes.DemoOptions(folder, _free_port(), _free_port(), count=PATIENTS)
    with processes.running(options) as demo:
        yield Stage(demo.ehr, demo.app, folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Trouble:
    """What is wrong with an EHR just now: seconds that every answer takes, kinds that it fails to search."""

    delay: float = 0.0
    broken: set[str] = field(default_factory=set)

    def clear(self) -> None:
        self.delay = 0.0
        self.broken.clear()


@dataclass(frozen=True)
class Awkward:
    """A second EHR that the same app knows, and its troubles."""

    ehr: str
    trouble: Trouble


@contextmanager
def awkward_ehr(on: Stage, folder: Path) -> Iterator[Awkward]:
    """A sandbox within the test's own process, registered with the running app."""
    trouble = Trouble()

    def make(bound: SandboxSettings) -> Flask:
        sandbox = create_sandbox(
            bound,
            lambda: datetime.now(UTC),
            os.urandom,
            clients=[registered_app("smartapp", on.app)],
            sleep=lambda _: time.sleep(trouble.delay),
        )
        sandbox.wsgi_app = _failing(sandbox.wsgi_app, trouble)  # type: ignore[method-assign]
        return sandbox

    settings = SandboxSettings("http://127.0.0.1:0", folder, count=PATIENTS, latency_ms=1, tenant="awkward")
    with running(settings, make) as (base, _):
        on.smartapp(
            *("ehr", "add", "awkward", "--fhir-base", f"{base}/fhir", "--issuer", f"{base}/auth"),
            *("--client-id", "smartapp", "--auth", "public", "--frame-ancestor", base, "--tenant", "awkward"),
        )
        yield Awkward(base, trouble)


def _failing(wsgi: Any, trouble: Trouble) -> Any:
    def answer(environ: dict[str, Any], start: Any) -> Any:
        kind = environ["PATH_INFO"].removeprefix("/fhir/").split("/")[0]
        if environ["PATH_INFO"].startswith("/fhir/") and kind in trouble.broken:
            start("500 Internal Server Error", [("Content-Type", "application/fhir+json")])
            return [json.dumps({"resourceType": "OperationOutcome", "issue": []}).encode()]
        return wsgi(environ, start)

    return answer


def preferences(folder: Path, **profile: Any) -> Path:
    """A profile folder for a persistent context whose settings begin with ``profile``."""
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Preferences").write_text(json.dumps({"profile": profile}))
    return folder


# What a person does ------------------------------------------------------------------------------------------------


def sign_in(page: Page, ehr: str, name: str = CLINICIAN) -> None:
    page.goto(ehr)
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Sign out").wait_for()


def open_chart(page: Page, ehr: str, patient: str, *, wide: bool = False) -> Frame:
    """Open a patient in the EHR: the app is in its frame, its chart read."""
    return chart_in(open_app(page, ehr, patient, wide=wide))


def open_app(page: Page, ehr: str, patient: str, *, wide: bool = False) -> Frame:
    """Open a patient in the EHR; the app's frame, whatever it shows."""
    page.goto(f"{ehr}/patients/{patient}" + ("?view=wide" if wide else ""), wait_until="commit")
    return app_frame(page)


def app_frame(page: Page) -> Frame:
    """The app's frame in the EHR's page."""
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame


def chart_in(frame: Frame) -> Frame:
    """The frame once it shows a chart."""
    frame.locator("article.gap").first.wait_for(timeout=OPENS_WITHIN_MS, state="attached")
    return frame


def draft_for(app: Frame, measure: str) -> None:
    """Draft a message for a gap, or open the one that is there, on the chart's page."""
    app.locator(f"#gap-{measure} form[action$='/draft'] button").click()


def portal_login(page: Page, ehr: str, patient: str) -> None:
    page.goto(f"{ehr}/portal?q={patient}")
    page.locator("button[name=login]").first.click()
    page.get_by_role("heading", name="Inbox").wait_for()


# What is looked at -------------------------------------------------------------------------------------------------


def expect_accessible(frame: Frame | Page, *, but: tuple[str, ...] = ()) -> None:
    """No violation of WCAG 2.2 A and AA that axe can find in this one document."""
    options = {"runOnly": {"type": "tag", "values": WCAG}, "iframes": False, "resultTypes": ["violations"]}
    options["rules"] = {"target-size": {"enabled": True}, **{rule: {"enabled": False} for rule in but}}
    found = Axe().run(frame, options=options).response["violations"]
    problems = [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]
    assert not problems, problems


def expect_no_sideways_scroll(frame: Frame | Page) -> None:
    wider = frame.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wider[0] <= wider[1], f"the page is {wider[0]} px wide in a window of {wider[1]} px"


def small_targets(frame: Frame | Page) -> list[str]:
    """Controls below the smallest target; links within a sentence are exempt, as in the criterion."""
    return frame.evaluate(
        """least => [...document.querySelectorAll('a, button, summary, input:not([type=hidden]), select, textarea')]
            .filter(e => e.checkVisibility() && !e.closest('.skip') && !(e.matches('p a')))
            .map(e => [e, e.getBoundingClientRect()])
            .filter(([e, box]) => box.width < least || box.height < least)
            .map(([e, box]) => `${e.tagName} ${e.textContent.trim().slice(0, 30)} ${box.width} x ${box.height}`)""",
        SMALLEST_TARGET,
    )


def error_code(frame: Frame | Page) -> str | None:
    main = frame.locator("main[data-error]")
    main.wait_for(timeout=OPENS_WITHIN_MS)
    return main.get_attribute("data-error")


def statuses(frame: Frame) -> list[str]:
    """The status of every gap that is not folded away, from top to bottom."""
    return frame.locator("article.gap:visible").evaluate_all("all => all.map(one => one.dataset.status)")


@dataclass(frozen=True)
class Pictures:
    """Writes screenshots where the environment's SCREENSHOTS names a folder; else nowhere."""

    folder: Path | None

    def take(self, page: Page, name: str, *widths: int, height: int = 900) -> None:
        """One picture of the whole window at each width; the window is put back."""
        if self.folder is None:
            return
        before = page.viewport_size
        # In a narrow window the EHR shows either its own chart or the app.
        swap = "wide => document.querySelector('.workspace')?.classList.toggle('wide', wide)"
        wide = page.locator(".workspace.wide").count() > 0
        for width in widths:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(swap, wide or width < _BESIDE)
            page.screenshot(path=self.folder / f"{name}-{width}.png", animations="disabled")
        page.evaluate(swap, wide)
        if before is not None:
            page.set_viewport_size(before)


@dataclass
class Complaints:
    """What Chromium complains of in its console: errors of scripts, blocked content, failed requests."""

    said: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def listen(self, page: Page) -> None:
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def unexpected(self) -> list[str]:
        return [text for text in self.said if not any(part in text for part in (*self.expected, "favicon"))]
