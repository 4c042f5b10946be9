"""The whole story in Chromium as it comes: third-party cookies blocked, the app in the frame of another site."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Frame, Page, expect
from support.browser import (
    Complaints,
    Pictures,
    Stage,
    chart_in,
    draft_for,
    error_code,
    expect_accessible,
    open_chart,
    portal_login,
    sign_in,
    statuses,
)

WIDTHS = (420, 900, 1440)
URGENCY = ["overdue", "due", "due-soon", "cannot-tell"]
DELIVERED_WITHIN_S = 30.0
PATIENT, SOMEBODY_ELSE = "pt-1001", "pt-1003"


def test_from_the_chart_to_the_patients_inbox(
    clinician: Page, demo: Stage, browser: Browser, pictures: Pictures, record_property: Callable[[str, object], None]
) -> None:
    # Given a clinician who opens a patient's chart in the EHR
    started = time.monotonic()
    app = open_chart(clinician, demo.ehr, PATIENT)
    record_property("launch_to_chart_s", round(time.monotonic() - started, 2))
    print(f"launch to chart: {time.monotonic() - started:.2f} s, {server_timing(app)}")

    # Then the app is in a frame of another site, where only a partitioned cookie comes back
    then_it_runs_in_a_frame_that_gets_no_third_party_cookies(clinician, app, demo)
    # and shows what is due for this patient, the most urgent first
    assert app.locator("[data-patient]").get_attribute("data-patient") == PATIENT
    assert statuses(app) == sorted(statuses(app), key=URGENCY.index)
    mammogram = app.locator("#gap-CMS125")
    expect(mammogram).to_have_attribute("data-status", "overdue")
    expect(mammogram.locator(".gap-due")).to_contain_text("Was due")
    expect_accessible(app)
    pictures.take(clinician, "chart", *WIDTHS)

    # When she opens the evidence
    mammogram.get_by_text("Evidence", exact=True).click()
    # Then the resource, its code, its date, the rule's step and the source are there
    drawer = mammogram.locator("details.evidence")
    expect(drawer).to_contain_text(re.compile(r"Observation/pt-1001-obs-\d+"))
    expect(drawer).to_contain_text("LOINC 24606-6")
    expect(drawer).to_contain_text("What would close it")
    expect(drawer.get_by_role("link")).to_have_attribute("href", re.compile("^https://"))
    expect_accessible(app)
    pictures.take(clinician, "evidence", *WIDTHS)

    when_she_sets_a_gap_aside_it_moves_and_comes_back(clinician, app, pictures)
    message = when_she_drafts_a_message_what_it_reveals_is_marked(clinician, app, pictures)
    when_she_approves_it_is_delivered(clinician, app, pictures)

    # Then the patient reads it in the portal, and nobody else does
    assert message in inbox(browser, demo, PATIENT, pictures)
    assert message not in inbox(browser, demo, SOMEBODY_ELSE, None)


def server_timing(app: Frame) -> object:
    return app.evaluate(
        "performance.getEntriesByType('navigation')[0].serverTiming.map(t => `${t.name} ${t.duration} ms`).join(', ')"
    )


def then_it_runs_in_a_frame_that_gets_no_third_party_cookies(window: Page, app: Frame, demo: Stage) -> None:
    assert app.parent_frame == window.main_frame
    assert urlsplit(app.url).hostname == "localhost"
    assert urlsplit(window.url).hostname == "127.0.0.1"
    assert app.evaluate("document.hasStorageAccess()") is False
    handle = urlsplit(app.url).path.split("/")[2]
    (cookie,) = [one for one in window.context.cookies() if handle in one.get("name", "")]
    assert cookie["name"] == f"__Host-launch-{handle}"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "None", "/")
    assert cookie["partitionKey"] == "http://127.0.0.1"
    assert app.evaluate("document.cookie") == ""


def when_she_sets_a_gap_aside_it_moves_and_comes_back(window: Page, app: Frame, pictures: Pictures) -> None:
    # When she sets the statin aside for a stated reason
    card = app.locator("#gap-CMS347")
    card.get_by_text("Not now…").click()
    card.get_by_label("Reason").select_option(index=1)
    card.get_by_label("Note").fill("Wants to talk about it at the next visit")
    expect_accessible(app)
    card.get_by_role("button", name="Set aside").click()
    # Then it is among what was set aside, with the reason and the day it comes back, and can be taken back
    app.get_by_role("status").filter(has_text="Set aside").wait_for()
    app.locator("#s-aside > summary").click()
    expect(app.locator("#s-aside #gap-CMS347")).to_contain_text(re.compile(r"Set aside until \d+ \w+ \d{4}: "))
    expect(app.locator("#s-aside").get_by_role("button", name="Draft a message")).to_have_count(0)
    expect_accessible(app)
    pictures.take(window, "set-aside", *WIDTHS)
    app.get_by_role("button", name="Undo for Statin").click()
    app.get_by_role("status").filter(has_text="shown again").wait_for()
    expect(app.locator("section #gap-CMS347")).to_have_attribute("data-status", "due")


def when_she_drafts_a_message_what_it_reveals_is_marked(window: Page, app: Frame, pictures: Pictures) -> str:
    # When she drafts a message for the mammogram
    draft_for(app, "CMS125")
    # Then the words that name the care are marked, and only the portal may carry the text
    expect(app.locator("[data-portal-only] mark").first).to_have_text(re.compile("mammogram", re.IGNORECASE))
    expect(app.get_by_text("Patient portal only.")).to_be_visible()
    expect_accessible(app)
    pictures.take(window, "message", *WIDTHS)
    # When she changes the text, Then it has to be saved before it can be approved
    text = app.get_by_label("Text")
    text.fill(text.input_value() + "\n\nWe look forward to seeing you.")
    expect(app.get_by_role("button", name="Approve and queue")).to_be_disabled()
    expect(app.get_by_text("You changed the text.")).to_be_visible()
    app.get_by_role("button", name="Save the text").click()
    app.get_by_role("status").filter(has_text="saved").wait_for()
    expect(app.get_by_label("Text")).to_have_value(re.compile("We look forward to seeing you"))
    return urlsplit(app.url).path.rsplit("/", 1)[-1]


def when_she_approves_it_is_delivered(window: Page, app: Frame, pictures: Pictures) -> None:
    app.get_by_role("button", name="Approve and queue").click()
    state = app.locator("[data-state]")
    app.get_by_role("status").filter(has_text="Approved").wait_for()
    address, end = app.url.split("?")[0], time.monotonic() + DELIVERED_WITHIN_S
    while state.get_attribute("data-state") != "sent" and time.monotonic() < end:
        app.wait_for_timeout(250)
        app.goto(address)
    expect(state).to_have_attribute("data-state", "sent")
    expect(app.get_by_role("button", name="Approve and queue")).to_have_count(0)
    expect_accessible(app)
    pictures.take(window, "delivered", *WIDTHS)
    app.get_by_role("link", name="Back to the care that is due").click()
    chart_in(app)
    expect(app.locator("section", has=app.get_by_role("heading", name="Messages"))).to_contain_text("Delivered")


def inbox(browser: Browser, demo: Stage, patient: str, pictures: Pictures | None) -> str:
    """Everything that a patient's portal knows of messages, and what their page shows."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    portal_login(page, demo.ehr, patient)
    if pictures is not None:
        page.get_by_role("link", name=re.compile("mammogram", re.IGNORECASE)).first.click()
        expect(page.get_by_text("We look forward to seeing you.")).to_be_visible()
        pictures.take(page, "portal", *WIDTHS)
    answer = context.request.get(f"{demo.ehr}/portal/{patient}/inbox.json").text()
    context.close()
    return answer


def test_an_older_text_cannot_be_approved(page: Page, demo: Stage, complaints: Complaints) -> None:
    # Given a draft, and a page that still shows its text of before a change
    complaints.expected = ("409",)
    sign_in(page, demo.ehr)
    app = open_chart(page, demo.ehr, PATIENT)
    draft_for(app, "CMS122")
    version = app.locator("form#edit input[name=version]")
    before = version.input_value()
    app.get_by_label("Text").fill("Please call us.")
    app.get_by_role("button", name="Save the text").click()
    app.get_by_role("status").filter(has_text="The text is saved").wait_for()
    assert version.input_value() != before
    version.evaluate("(field, before) => { field.value = before }", before)
    # When it is approved, Then it is refused, and nothing is queued
    app.get_by_role("button", name="Approve and queue").click()
    assert str(error_code(app)).startswith("messages.")
    expect_accessible(app)
    # and the way back leads to the message, as it is by now
    app.get_by_role("link", name="Back").click()
    expect(app.get_by_label("Text")).to_have_value("Please call us.")
    app.get_by_role("link", name="Back to the care that is due").click()
    expect(app.locator("#gap-CMS122").get_by_role("button", name="Open the message")).to_be_visible()
    messages = chart_in(app).locator("section", has=app.get_by_role("heading", name="Messages"))
    expect(messages).not_to_contain_text("Queued")
