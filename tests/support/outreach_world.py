"""Sandbox EHR, app and worker on free ports, with browsers of the staff in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.ehr import TestEntropy
from support.running_app import RunningApp, longer_and_longer, running_app

from launch.issuers import RegisteredEhr
from launch.sandbox import clients, preferences
from launch.sandbox.ehr import Ehr
from launch.sandbox.server import create_sandbox, running
from launch.sandbox.settings import SandboxSettings
from smartapp.demo.pages import Element
from smartapp.demo.story import Browser

CLINICIAN, COORDINATOR = "amara.cole", "sam.rivers"
_READ_WITHIN_S = 120.0


@dataclass
class OutreachWorld:
    """A running EHR and a running app that know each other."""

    base: str
    app: RunningApp
    ehr: Ehr

    def wishes(self, patient: str, *channels: str, outreach: bool = True) -> None:
        """What the patient's page of preferences in the EHR's portal writes: these channels are welcome."""
        preferences.keep(self.ehr, patient, outreach=outreach, channels=channels)

    def sign_in(self, user: str = CLINICIAN) -> Browser:
        browser = Browser()
        browser.submit(form(browser.get(self.base), "/login"), user=user)
        return browser

    def chart(self, browser: Browser, patient: str) -> Element:
        """The app's chart page; the browser's address is then within that launch."""
        return waited(browser, browser.get(f"{self.base}/patients/{patient}/launch"))

    def worklist(self, browser: Browser, group: str = "panel") -> Element:
        """The list of all patients, read."""
        page = waited(browser, browser.get(f"{self.base}/worklist/launch"))
        choice = page.first("li", data_group=group)
        if choice is None:
            return page
        return waited(browser, browser.submit(form(choice, "/population/open")))

    def draft(self, browser: Browser, patient: str, measure: str) -> str:
        """Draft for a gap; the message's id."""
        page = self.chart(browser, patient)
        card = page.first("article", data_measure=measure)
        assert card is not None
        browser.submit(form(card, "/draft"))
        return browser.url.split("?")[0].rsplit("/", 1)[-1]

    def messages(self, browser: Browser, **query: str) -> Element:
        """The page of messages of the launch that the browser is in."""
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        return browser.get(f"{self.app.url}/l/{handle(browser)}/messages?{asked}")

    def work(self) -> None:
        """The worker handles what is due."""
        self.app.clock.forward(seconds=1)
        while self.app.core.worker.run_once():
            pass

    def carry_on(self) -> None:
        """The worker's chores, as if a minute had passed."""
        self.app.core.worker.do_chores()

    def state(self, message_id: str) -> tuple[str, str | None]:
        found = self.app.core.queue.get(message_id, tenant="default")
        return found.state.value, found.reason


def handle(browser: Browser) -> str:
    return browser.url.split("/l/")[1].split("/")[0].split("?")[0]


def form(page: Element, ending: str) -> Element:
    found = page.form_to(ending)
    assert found is not None, ending
    return found


def waited(browser: Browser, page: Element) -> Element:
    end, pauses = time.monotonic() + _READ_WITHIN_S, longer_and_longer()
    while page.first("section", data_progress="*") is not None:
        assert time.monotonic() < end, "it was not read in time"
        time.sleep(next(pauses))
        page = browser.get(browser.url)
    return page


@contextmanager
def outreach_world(folder: Path, *, backend: bool = True, count: int = 12, **settings: Any) -> Iterator[OutreachWorld]:
    """``backend``: whether the app has a registration of its own; without one, staff deliver by hand."""
    practice = {"practice_name": "Harbor Street Family Practice", "practice_phone": "555-0100"}
    with running_app(folder / "app", **practice, fetch_deadline=30, **settings) as app:
        chosen = SandboxSettings(
            "http://127.0.0.1", folder / "ehr", count=count, reference_date=app.clock().date().isoformat()
        )

        def make(bound: SandboxSettings) -> Ehr:
            known = [
                clients.app("smartapp", app.url),
                clients.backend("smartapp-backend", f"{app.url}/.well-known/jwks.json"),
            ]
            return create_sandbox(bound, app.clock, TestEntropy(), clients=known)

        with running(chosen, make) as (base, ehr):
            app.core.registry.save(
                RegisteredEhr(
                    "sandbox",
                    f"{base}/fhir",
                    client_id="smartapp",
                    issuer=f"{base}/auth",
                    backend_client_id="smartapp-backend" if backend else None,
                    frame_ancestors=(base,),
                )
            )
            yield OutreachWorld(base, app, ehr)
