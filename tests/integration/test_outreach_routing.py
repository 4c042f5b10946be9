"""The worker against the sandbox EHR: what may not go yet waits, says why, and goes when its time has come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.outreach_world import OutreachWorld, form, outreach_world

from smartapp.demo.story import STORY_PATIENT


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutreachWorld]:
    with outreach_world(tmp_path_factory.mktemp("routing")) as running:
        yield running


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
