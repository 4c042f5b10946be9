"""Wordings are approved once, by a person: on the page and by command, with their effect on what is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.outreach_world import COORDINATOR, OutreachWorld, form, handle, outreach_world

from smartapp.demo.pages import Element
from smartapp.demo.story import StoryError

SPEAKS_SPANISH = "pt-1005"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutreachWorld]:
    with outreach_world(tmp_path_factory.mktemp("wordings"), backend=False) as running:
        yield running


def wording(page: Element, template: str, language: str) -> Element:
    found = page.first("li", data_wording=template, data_language=language)
    assert found is not None
    return found


def test_a_translation_is_used_once_a_person_approved_it(world: OutreachWorld) -> None:
    browser = world.sign_in()
    draft = world.draft(browser, SPEAKS_SPANISH, "CMS122")
    assert world.app.core.queue.get(draft, tenant="default").language == "en"
    page = browser.get(f"{world.app.url}/l/{handle(browser)}/wordings")
    asked = wording(page, "recall.diabetes-eye", "es")
    assert "To be approved before it is sent at all" in asked.text
    page = browser.submit(form(asked, "/wordings/approve"))
    assert "Approved by you on 15 Jun 2026" in wording(page, "recall.diabetes-eye", "es").text
    entry = world.app.audited()[-2:]
    approved = next(one for one in entry if one.action == "template.approve")
    assert approved.detail == {"template": "recall.diabetes-eye@1", "language": "es"}
    # What waits and what is approved can be read alone; a colleague reads a name, not a reference.
    nurse = world.sign_in(COORDINATOR)
    world.chart(nurse, SPEAKS_SPANISH)
    page = nurse.get(f"{world.app.url}/l/{handle(nurse)}/wordings?show=approved")
    (only,) = page.find("li", data_wording="*")
    assert "Approved by Amara Cole on" in only.text
    assert "Practitioner/" not in page.text
    page = nurse.get(f"{world.app.url}/l/{handle(nurse)}/wordings?show=waiting")
    waiting = page.find("li", data_wording="*")
    assert waiting
    assert all("To be approved" in one.text for one in waiting)
    with pytest.raises(StoryError, match=r"form\.choice"):
        nurse.get(f"{world.app.url}/l/{handle(nurse)}/wordings?show=some")
    written = world.draft(browser, SPEAKS_SPANISH, "CMS131")
    found = world.app.core.queue.get(written, tenant="default")
    assert found.language == "es"
    assert world.app.core.outreach.practice.name in found.text
    # What was drafted in it waits once the approval is withdrawn.
    browser.submit(form(browser.get(browser.url), "/approve"))
    page = browser.get(f"{world.app.url}/l/{handle(browser)}/wordings")
    browser.submit(form(wording(page, "recall.diabetes-eye", "es"), "/withdraw"))
    page = browser.get(f"{world.app.url}/l/{handle(browser)}/messages/{written}")
    assert page.first("li", data_reason="translation") is not None


def test_an_older_wording_is_not_approved_and_a_coordinator_approves_none(world: OutreachWorld) -> None:
    browser = world.sign_in()
    world.chart(browser, SPEAKS_SPANISH)
    page = browser.get(f"{world.app.url}/l/{handle(browser)}/wordings")
    asked = form(wording(page, "recall.gap", "es"), "/wordings/approve")
    for field, value, code in (
        ("digest", "0" * 64, r"messages\.changed"),
        ("language", "fr", r"messages\.unknown-template"),
        ("template", "no.such", r"messages\.unknown-template"),
    ):
        with pytest.raises(StoryError, match=code):
            browser.submit(asked, **{field: value})
    nurse = world.sign_in(COORDINATOR)
    world.chart(nurse, SPEAKS_SPANISH)
    page = nurse.get(f"{world.app.url}/l/{handle(nurse)}/wordings")
    assert page.form_to("/wordings/approve") is None
    target = Element("form", {"action": f"/l/{handle(nurse)}/wordings/approve"})
    token = form(page, "/logout").fields()["form_token"]
    with pytest.raises(StoryError, match=r"web\.role"):
        nurse.submit(target, form_token=token, template="recall.gap", language="es", digest="0" * 64)


def test_the_practices_rules_are_read_from_the_page_of_messages(world: OutreachWorld) -> None:
    browser = world.sign_in()
    world.chart(browser, "pt-1001")
    link = next(a for a in world.messages(browser).find("a") if a.text == "This practice's rules")
    page = browser.get(link.attributes["href"])
    shown = {one.attributes["data-section"]: one.text for one in page.find("section", data_section="*")}
    assert {"quiet-hours", "routing", "schedule", "cadences", "words", "sequences"} <= set(shown)
    assert "Hours in FL, every day 08:00 to 20:00 as the app comes" in " ".join(shown["quiet-hours"].split())
    assert "Rosalind Whitaker" in page.text  # whose chart is open stays in view
    assert not [one for one in page.find("form") if "practice" in one.attributes.get("action", "")]  # only read
