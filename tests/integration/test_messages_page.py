"""Staff's page of messages against the sandbox EHR, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.outreach_world import COORDINATOR, OutreachWorld, form, handle, outreach_world

from smartapp.demo.pages import Element
from smartapp.demo.story import STORY_PATIENT, Browser, StoryError


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutreachWorld]:
    """Staff deliver by hand here: the app has no registration of its own."""
    with outreach_world(tmp_path_factory.mktemp("desk"), backend=False) as running:
        yield running


def counts(page: Element) -> dict[str, int]:
    tabs = page.find("a", data_shelf="*")
    return {tab.attributes["data-shelf"]: int(tab.text.rsplit(" ", 1)[-1]) for tab in tabs}


def rows(page: Element) -> list[Element]:
    return page.find("li", data_message="*")


def row(page: Element, message_id: str) -> Element:
    found = page.first("li", data_message=message_id)
    assert found is not None
    return found


def press(browser: Browser, page: Element, ending: str, **fields: str) -> Element:
    """Press a button of the page's form that leads elsewhere."""
    button = next(b for b in page.find("button") if b.attributes.get("formaction", "").endswith(ending))
    whole = form(page, "/messages/decide")
    sent = {name: value for name, value in whole.fields().items() if name != "message"} | fields
    target = Element("form", {"action": button.attributes["formaction"]})
    return browser.submit(target, **sent)


def test_drafts_are_approved_and_discarded_by_their_tick(world: OutreachWorld) -> None:
    browser = world.sign_in()
    kept, thrown = world.draft(browser, "pt-1004", "CMS130"), world.draft(browser, "pt-1004", "CMS165")
    page = world.messages(browser)
    assert counts(page)["drafts"] == 2
    assert {one.attributes["data-message"] for one in rows(page)} == {kept, thrown}
    decide = form(page, "/messages/decide")
    page = browser.submit(decide, message=f"{kept}:1", action="approve")
    assert "Approved and queued" in page.text
    assert counts(page)["drafts"] == 1
    page = browser.submit(decide, message=f"{thrown}:1", action="discard")
    assert "Discarded" in page.text
    assert (world.state(kept)[0], world.state(thrown)[0]) == ("queued", "cancelled")


def test_what_was_handed_to_staff_is_sent_by_their_word_alone(world: OutreachWorld) -> None:
    clinician = world.sign_in()
    message = world.draft(clinician, STORY_PATIENT, "CMS125")
    page = world.messages(clinician, shelf="drafts")
    clinician.submit(form(page, "/messages/decide"), message=f"{message}:1", action="approve")
    world.work()
    assert world.state(message) == ("held", "messages.staff-task")
    nurse = world.sign_in(COORDINATOR)
    world.chart(nurse, STORY_PATIENT)
    page = world.messages(nurse, shelf="held")
    held = row(page, message)
    assert "somebody pastes the text into the portal" in held.text
    assert not page.find("input", type="checkbox")  # a coordinator decides on nothing else
    page = press(nurse, page, f"/{message}/attest")
    assert world.state(message) == ("sent", "messages.attested")
    assert counts(page)["sent"] == 1
    entry = [one for one in world.app.audited() if one.action == "message.attest"][-1]
    assert entry.actor != "system"


def test_what_may_not_go_by_the_chart_that_is_open_is_not_delivered_by_hand(world: OutreachWorld) -> None:
    """A second one on the same day: staff are told not to, and the button is not there."""
    clinician = world.sign_in()
    message = world.draft(clinician, STORY_PATIENT, "CMS165")
    page = world.messages(clinician, shelf="drafts")
    clinician.submit(form(page, "/messages/decide"), message=f"{message}:1", action="approve")
    world.work()
    assert world.state(message) == ("held", "routing.frequency")
    core = world.app.core
    with core.ledger.writing() as tx:  # as if it had been handed over before the other one was sent
        held = core.ledger.locked(tx, message)
        core.ledger.store(tx, replace(held, reason="messages.staff-task", not_before=None))
    page = world.messages(clinician, shelf="held")
    assert "Not now: Enough was sent lately" in row(page, message).text
    assert page.form_to(f"/{message}/attest") is None


def test_nothing_is_attested_that_nobody_was_asked_to_send(world: OutreachWorld) -> None:
    browser = world.sign_in()
    message = world.draft(browser, STORY_PATIENT, "CMS122")
    page = world.messages(browser, shelf="drafts")
    token = form(page, "/messages/decide").fields()["form_token"]
    target = Element("form", {"action": f"/l/{handle(browser)}/messages/{message}/attest"})
    with pytest.raises(StoryError, match=r"messages\.wrong-state"):
        browser.submit(target, form_token=token, shelf="drafts")
    assert world.state(message)[0] == "draft"


def test_an_approval_is_undone_until_it_is_sent(world: OutreachWorld) -> None:
    browser = world.sign_in()
    message = world.draft(browser, STORY_PATIENT, "CMS131")
    page = world.messages(browser, shelf="drafts")
    browser.submit(form(page, "/messages/decide"), message=f"{message}:1", action="approve")
    page = world.messages(browser, shelf="queued")
    page = press(browser, page, f"/{message}/undo")
    assert "Taken back" in page.text
    world.work()
    assert world.state(message)[0] == "cancelled"


def test_a_text_that_was_changed_is_left_and_said_so(world: OutreachWorld) -> None:
    browser = world.sign_in()
    message = world.draft(browser, STORY_PATIENT, "CMS347")
    page = world.messages(browser, shelf="drafts")
    decide = form(page, "/messages/decide")
    edit = form(browser.get(f"{world.app.url}/l/{handle(browser)}/messages/{message}"), "/edit")
    browser.submit(edit, body="Please call us about your visit.")
    page = browser.submit(decide, message=f"{message}:1", action="approve")
    assert "its text was changed meanwhile" in page.text
    assert world.state(message)[0] == "draft"


def test_approving_what_was_changed_without_saving_saves_it_and_asks_again(world: OutreachWorld) -> None:
    """As in a browser without scripts: the button carries the text that was typed."""
    browser = world.sign_in()
    message = world.draft(browser, "pt-1008", "CMS124")
    page = browser.get(browser.url)
    page = browser.submit(form(page, "/approve"), body="Please call us about your next visit.")
    assert world.state(message)[0] == "draft"
    assert "it is saved and not approved" in page.text
    assert world.app.core.queue.get(message, tenant="default").text == "Please call us about your next visit."
    browser.submit(form(page, "/approve"))
    assert world.state(message)[0] == "queued"


def test_another_patients_message_is_not_there(world: OutreachWorld) -> None:
    browser = world.sign_in()
    message = world.draft(browser, "pt-1007", "CMS130")
    other = world.sign_in()
    world.chart(other, STORY_PATIENT)
    page = world.messages(other, shelf="drafts")
    assert page.first("li", data_message=message) is None
    decide = form(world.messages(browser, shelf="drafts"), "/messages/decide")
    decide.attributes = {**decide.attributes, "action": f"/l/{handle(other)}/messages/decide"}
    with pytest.raises(StoryError, match=r"web\.form-token"):
        other.submit(decide, message=f"{message}:1", action="approve")
    token = form(page, "/logout").fields()["form_token"]
    page = other.submit(decide, message=f"{message}:1", action="approve", form_token=token)
    assert "it is not on this list" in page.text
    assert world.state(message)[0] == "draft"


def test_a_coordinator_cannot_decide(world: OutreachWorld) -> None:
    browser = world.sign_in(COORDINATOR)
    world.chart(browser, STORY_PATIENT)
    page = world.messages(browser)
    token = form(page, "/logout").fields()["form_token"]
    for path in ("decide", f"{'0' * 32}/undo", f"{'0' * 32}/release"):
        target = Element("form", {"action": f"/l/{handle(browser)}/messages/{path}"})
        with pytest.raises(StoryError, match=r"web\.role"):
            browser.submit(target, form_token=token, shelf="drafts", action="approve")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"shelf": "attic"}, "form.choice"),
        ({"page": "0"}, "form.number"),
        ({"page": "99"}, "messages.no-page"),
        ({"who": "pt-1001"}, "form.unknown"),
    ],
)
def test_an_address_that_the_page_does_not_offer_is_refused(
    world: OutreachWorld, query: dict[str, str], code: str
) -> None:
    browser = world.sign_in()
    world.chart(browser, STORY_PATIENT)
    with pytest.raises(StoryError, match=code.replace(".", r"\.")):
        world.messages(browser, **query)


def test_nothing_ticked_is_said_so(world: OutreachWorld) -> None:
    browser = world.sign_in()
    world.draft(browser, STORY_PATIENT, "CMS122")
    decide = form(world.messages(browser, shelf="drafts"), "/messages/decide")
    plain = Element("form", decide.attributes)
    token = decide.fields()["form_token"]
    with pytest.raises(StoryError, match=r"messages\.none-chosen"):
        browser.submit(plain, form_token=token, shelf="drafts", action="approve")
    with pytest.raises(StoryError, match=r"form\.choice"):
        browser.submit(plain, form_token=token, shelf="drafts", action="approve", message="all")


def test_a_list_shows_the_messages_to_its_patients_by_name(world: OutreachWorld) -> None:
    browser = world.sign_in(COORDINATOR)
    world.worklist(browser)
    page = world.messages(browser)
    assert sum(counts(page).values()) > 0
    shelf = next(name for name, count in counts(page).items() if count)
    named = [a.text for one in rows(world.messages(browser, shelf=shelf)) for a in one.find("a", class_="message-who")]
    assert named
    assert all(named)
    listed = [one for one in world.app.audited() if one.action == "message.list"]
    assert listed[-1].patient is None


def test_the_tab_leads_there_from_both_views(world: OutreachWorld) -> None:
    browser = world.sign_in(COORDINATOR)
    for open_view in (lambda: world.chart(browser, STORY_PATIENT), lambda: world.worklist(browser)):
        page = open_view()
        tab = next(a for a in page.find("a") if a.attributes["href"] == f"/l/{handle(browser)}/messages")
        assert tab.text == "Messages"
