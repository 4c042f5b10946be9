"""The whole story against the sandbox EHR over HTTP: sandbox, app and worker as they are, on free ports."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.ehr import TestEntropy
from support.running_app import RunningApp, running_app

from launch.issuers import RegisteredEhr
from launch.sandbox import clients
from launch.sandbox.server import create_sandbox, running
from launch.sandbox.settings import SandboxSettings
from smartapp.demo.pages import Element
from smartapp.demo.processes import Demo
from smartapp.demo.story import STORY_PATIENT, Browser, StoryError, tell
from smartapp.measures.remarks import REMARKS

SETTINGS = {"practice_name": "Harbor Street Family Practice", "practice_phone": "555-0100"}


@dataclass
class World:
    """A running EHR and a running app that know each other."""

    demo: Demo
    app: RunningApp

    def sign_in(self, user: str = "amara.cole") -> Browser:
        """A browser in which a member of the staff is signed in at the EHR."""
        browser = Browser()
        browser.submit(_form(browser.get(self.demo.ehr), "/login"), user=user)
        return browser

    def chart(self, browser: Browser, patient: str = STORY_PATIENT) -> Element:
        """The app's chart page, launched from the EHR's chart."""
        page = browser.get(f"{self.demo.ehr}/patients/{patient}/launch")
        while page.first(data_progress="*") is not None:
            page = browser.get(browser.url)
        return page

    @contextmanager
    def worker(self) -> Iterator[None]:
        """The worker, running for as long as the context lasts."""
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                if not self.app.core.worker.run_once():
                    stop.wait(0.05)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=30)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("story")
    with running_app(folder / "app", **SETTINGS, fetch_deadline=20) as app:
        settings = SandboxSettings(
            "http://127.0.0.1", folder / "ehr", count=12, reference_date=app.clock().date().isoformat()
        )

        def make(bound: SandboxSettings):
            return create_sandbox(
                bound,
                app.clock,  # one time for both: an assertion from the future is refused
                TestEntropy(),
                clients=[
                    clients.app("smartapp", app.url),
                    clients.backend("smartapp-backend", f"{app.url}/.well-known/jwks.json"),
                ],
            )

        with running(settings, make) as (base, _):
            app.core.registry.save(
                RegisteredEhr(
                    "sandbox",
                    f"{base}/fhir",
                    client_id="smartapp",
                    issuer=f"{base}/auth",
                    backend_client_id="smartapp-backend",
                    frame_ancestors=(base,),
                )
            )
            yield World(Demo(base, app.url), app)


def _form(page: Element, ending: str) -> Element:
    found = page.form_to(ending)
    assert found is not None, ending
    return found


def _card(page: Element, measure: str) -> Element:
    found = page.first("article", data_measure=measure)
    assert found is not None
    return found


def test_the_whole_story_comes_true(world: World) -> None:
    said: list[str] = []
    with world.worker():
        tell(world.demo, said.append, patient=STORY_PATIENT)
    assert "Delivered" in said[-1]
    assert any("portal only, because of" in line and "mammogram" in line for line in said)


def test_a_patient_with_nothing_due_is_no_story(world: World) -> None:
    with pytest.raises(StoryError, match="No patient with an open gap"):
        tell(world.demo, lambda line: None, patient="pt-1010")  # died: nobody writes to him


def test_the_chart_names_the_patient_and_explains_each_gap(world: World) -> None:
    page = world.chart(world.sign_in())
    mammogram = _card(page, "CMS125")
    assert mammogram.attributes["data-status"] == "overdue"
    assert "Last mammogram" in mammogram.text
    assert "On its way" in mammogram.text
    steps = mammogram.find("li", class_="step")
    assert any("LOINC 24606-6" in step.text for step in steps)
    assert _card(page, "CMS122").first("svg") is not None
    assert {one.attributes["data-group"] for one in page.find("li", data_group="*")} >= {"condition-diabetes"}


def test_a_vaccine_s_card_names_the_schedule_that_it_follows(world: World) -> None:
    page = world.chart(world.sign_in())
    assert "Immunization schedule: Centers for Disease Control and Prevention, since " in _card(page, "TDAP").text
    assert "Immunization schedule" not in _card(page, "CMS125").text


def test_an_excluded_patient_is_excluded_by_name(world: World) -> None:
    card = _card(world.chart(world.sign_in(), "pt-1002"), "CMS125")
    assert card.attributes["data-status"] == "excluded"
    assert "Excluded:" in card.text


def test_setting_aside_asks_for_a_reason_and_can_be_undone(world: World) -> None:
    browser = world.sign_in()
    card = _card(world.chart(browser), "CMS131")
    with pytest.raises(StoryError, match="form.choice"):
        browser.submit(_form(card, "/dismiss"), remark="because", until="2026-09-01")
    with pytest.raises(StoryError, match="form.date-range"):
        browser.submit(_form(card, "/dismiss"), remark="patient-refused", until="2020-01-01")
    page = browser.submit(_form(card, "/dismiss"), remark="patient-refused", until="2026-09-01", note="asked twice")
    aside = _card(page, "CMS131")
    assert REMARKS["patient-refused"] in aside.text
    assert "1 Sep 2026" in aside.text
    page = browser.submit(_form(aside, "/restore"))
    assert page.first("form", action=_form(_card(page, "CMS131"), "/dismiss").attributes["action"]) is not None
    actions = [entry.action for entry in world.app.audited()]
    assert {"gap.remark", "gap.remark-undone"} <= set(actions)


def test_editing_voids_an_approval_and_discarding_ends_a_message(world: World) -> None:
    browser = world.sign_in()
    card = _card(world.chart(browser), "CMS122")
    page = browser.submit(_form(card, "/draft"))
    page = browser.submit(_form(page, "/approve"))
    assert page.first("span", data_state="queued") is not None
    page = browser.submit(_form(page, "/edit"), body="Your A1c is due. Please call 555-0100.")
    assert page.first("span", data_state="for-review") is not None
    with pytest.raises(StoryError, match="messages.changed"):
        browser.submit(_form(page, "/edit"), version="1", body="An older text.")
    page = browser.submit(_form(page, "/cancel"))
    assert page.first("span", data_state="cancelled") is not None
    assert page.form_to("/approve") is None


def test_asking_twice_for_a_draft_gives_one_message(world: World) -> None:
    browser = world.sign_in()
    card = _card(world.chart(browser, "pt-1004"), "CMS130")
    browser.submit(_form(card, "/draft"))
    first = browser.url.split("?")[0]
    browser.submit(_form(card, "/draft"))
    assert browser.url.split("?")[0] == first


def test_a_dormant_patient_is_asked_back_without_a_word_of_the_gap(world: World) -> None:
    browser = world.sign_in()
    card = _card(world.chart(browser, "pt-1004"), "CMS165")
    page = browser.submit(_form(card, "/draft"))
    text = page.first("textarea", name="body")
    assert text is not None
    assert "pressure" not in text.text
    assert page.first("p", data_portal_only="*") is None


def test_a_gap_that_closed_meanwhile_is_not_written_about(world: World) -> None:
    browser = world.sign_in()
    card = _card(world.chart(browser, "pt-1003"), "CMS125")
    handle = browser.url.split("/l/")[1].split("/")[0]
    assert card.attributes["data-status"] in ("not-applicable", "up-to-date")
    read_again = _form(world.chart(browser, "pt-1003"), "/read")
    here = browser.url.split("/l/")[1].split("/")[0]
    assert here != handle  # a launch of its own each time
    read_again.attributes = {**read_again.attributes, "action": f"/l/{here}/gaps/CMS125/draft"}
    with pytest.raises(StoryError, match="messages.no-gap"):
        browser.submit(read_again)


def test_a_coordinator_reads_the_chart_and_decides_nothing(world: World) -> None:
    browser = world.sign_in("sam.rivers")
    page = world.chart(browser)
    assert not page.find("form", action="*") or not [
        f for f in page.find("form") if f.attributes.get("action", "").endswith(("/draft", "/dismiss"))
    ]
    form = _form(page, "/read")
    handle = browser.url.split("/l/")[1].split("/")[0]
    form.attributes = {**form.attributes, "action": f"/l/{handle}/gaps/CMS125/draft"}
    with pytest.raises(StoryError, match="web.role"):
        browser.submit(form)
    assert any(entry.action == "web.role-refused" for entry in world.app.audited())


def test_reading_again_keeps_the_page_and_says_how_fresh_it_is(world: World) -> None:
    browser = world.sign_in()
    page = browser.submit(_form(world.chart(browser), "/read"))
    while page.first(data_progress="*") is not None:
        page = browser.get(browser.url)
    assert "just now" in page.text


def test_the_worker_holds_back_what_is_no_longer_due(world: World) -> None:
    browser = world.sign_in()
    page = browser.submit(_form(_card(world.chart(browser), "CMS347"), "/draft"))
    page = browser.submit(_form(page, "/approve"))
    message = browser.url
    card = _card(world.chart(browser), "CMS347")
    browser.submit(_form(card, "/dismiss"), remark="deferred", until="2026-09-01")
    world.app.clock.forward(minutes=1)
    while world.app.core.worker.run_once():
        pass
    page = browser.get(message.split("?")[0])
    assert page.first("span", data_state="cancelled") is not None
    assert "set aside" in page.text


def test_signing_out_ends_the_launch(world: World) -> None:
    browser = world.sign_in()
    page = world.chart(browser)
    chart = browser.url
    browser.submit(_form(page, "/logout"))
    with pytest.raises(StoryError, match="launch.no-session"):
        browser.get(chart)


def test_an_opt_out_link_stops_everything_for_that_patient(world: World) -> None:
    browser = world.sign_in()
    page = browser.submit(_form(_card(world.chart(browser, "pt-1007"), "CMS130"), "/draft"))
    message_id = browser.url.split("?")[0].rsplit("/", 1)[-1]
    browser.submit(_form(page, "/approve"))
    message = world.app.core.queue.get(message_id, tenant="default")
    token = world.app.core.opt_outs.link_token(message)
    stranger = Browser()
    page = stranger.get(f"{world.demo.app}/opt-out/{token}")
    assert "Harbor Street Family Practice" in page.text  # a stranger's page says who is asked to be silent
    stranger.submit(page.find("form")[0], **{})
    assert world.app.core.queue.get(message_id, tenant="default").state.value == "cancelled"
    with pytest.raises(StoryError, match="messages.unknown-link"):
        stranger.get(f"{world.demo.app}/opt-out/{'0' * 56}")
