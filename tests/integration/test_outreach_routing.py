"""The worker against the sandbox EHR: what may not go yet waits, says why, and goes when its time has come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.outreach_world import OutreachWorld, form, handle, outreach_world

from launch.sandbox import fhir_views
from launch.sandbox.fhir_errors import FhirError
from smartapp.demo.story import STORY_PATIENT

CAN_BE_ASKED = "pt-1007"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutreachWorld]:
    with outreach_world(tmp_path_factory.mktemp("routing")) as running:
        yield running


def consents_answer(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """From now on the EHR answers like this when it is asked for consents."""
    plain = fhir_views._access

    def access(ehr: Any, token: Any, kind: str, operation: str) -> Any:
        if kind == "Consent":
            raise FhirError(status, "forbidden" if status == 403 else "exception", "No.")
        return plain(ehr, token, kind, operation)

    monkeypatch.setattr(fhir_views, "_access", access)


def test_with_the_portal_alone_an_opt_out_in_the_ehr_counts_too(world: OutreachWorld) -> None:
    world.wishes(CAN_BE_ASKED, outreach=False)
    browser = world.sign_in()
    message = world.draft(browser, CAN_BE_ASKED, "CMS130")
    page = browser.get(browser.url)
    assert page.first("li", data_reason="no-outreach") is not None
    assert page.form_to("/approve") is None
    world.wishes(CAN_BE_ASKED)
    world.chart(browser, CAN_BE_ASKED)
    page = browser.get(f"{world.app.url}/l/{handle(browser)}/messages/{message}")
    assert page.first("p", data_untold="*") is None
    browser.submit(form(page, "/approve"))
    world.wishes(CAN_BE_ASKED, outreach=False)
    world.work()
    assert world.state(message) == ("held", "routing.no-outreach")
    world.wishes(CAN_BE_ASKED)


def test_consents_that_the_ehr_does_not_show_are_said_to_be_unknown(
    world: OutreachWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    consents_answer(monkeypatch, 403)
    browser = world.sign_in()
    message = world.draft(browser, "pt-1002", "CMS165")
    page = browser.get(browser.url)
    told = page.first("p", data_untold="*")
    assert told is not None
    assert "the EHR did not permit reading consents" in told.text
    assert world.messages(browser).first("p", data_untold="*") is not None
    browser.submit(form(page, "/approve"))
    world.work()
    assert world.state(message)[0] == "sent"  # to the portal, which needs no consent


def test_consents_that_could_not_be_read_just_now_are_asked_for_again(
    world: OutreachWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = world.sign_in()
    message = world.draft(browser, "pt-1009", "CMS117")
    browser.submit(form(browser.get(browser.url), "/approve"))
    with monkeypatch.context() as now:
        consents_answer(now, 500)
        world.work()
    assert world.state(message) == ("held", "recheck.consents-unread")
    world.app.clock.forward(minutes=11)
    world.app.core.claims.tend()
    world.work()
    assert world.state(message)[0] == "sent"


def test_a_second_message_waits_for_the_next_day(world: OutreachWorld) -> None:
    browser = world.sign_in()
    first = world.draft(browser, STORY_PATIENT, "CMS125")
    browser.submit(
        form(world.messages(browser, shelf="drafts"), "/messages/decide"), message=f"{first}:1", action="approve"
    )
    world.work()
    assert world.state(first)[0] == "sent"
    second = world.draft(browser, STORY_PATIENT, "CMS122")
    page = browser.get(browser.url)
    assert page.first("span", data_routing="*") is not None
    assert page.first("li", data_reason="frequency") is not None
    browser.submit(form(page, "/approve"))
    world.work()
    assert world.state(second) == ("held", "routing.frequency")
    held = world.messages(browser, shelf="held")
    assert "Enough was sent to this patient lately" in held.text
    assert "16 Jun 2026" in held.text
    world.app.clock.forward(days=1)
    world.app.core.claims.tend()
    world.work()
    assert world.state(second)[0] == "sent"


def test_a_dormant_patients_care_waits_even_when_somebody_writes_it(world: OutreachWorld) -> None:
    browser = world.sign_in()
    message = world.draft(browser, "pt-1004", "CMS165")
    page = browser.get(browser.url)
    browser.submit(form(page, "/edit"), subject="Your blood pressure", body="Your blood pressure should be checked.")
    page = browser.get(browser.url.split("?")[0])
    assert page.first("li", data_reason="re-engage-first") is not None
    browser.submit(form(page, "/approve"))
    world.work()
    assert world.state(message) == ("held", "routing.re-engage-first")


def test_the_page_shows_how_the_patient_meets_it(world: OutreachWorld) -> None:
    browser = world.sign_in()
    world.draft(browser, STORY_PATIENT, "CMS131")
    page = browser.get(browser.url)
    shown = {one.attributes["data-preview"]: one.text for one in page.find("section", data_preview="*")}
    assert set(shown) == {"lock-screen", "voicemail", "letter", "portal", "proxy"}
    assert "eye exam" in shown["portal"]
    for place in ("lock-screen", "voicemail", "letter"):
        assert "eye" not in shown[place]
    assert "You have a new message in your patient portal." in shown["lock-screen"]
    assert "Harbor Street Family Practice" in shown["voicemail"]
