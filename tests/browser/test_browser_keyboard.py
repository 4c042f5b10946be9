"""The chart by keyboard alone, and without scripts."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Frame, Page, expect
from support.browser import (
    OPENS_WITHIN_MS,
    Stage,
    app_frame,
    chart_in,
    draft_for,
    expect_accessible,
    open_chart,
    sign_in,
)

FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one)
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, 30) / 2)
  return {
    text: (one.innerText || one.getAttribute('aria-label') || one.name || '').trim().split('\\n')[0],
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    covered: !top || !(one.contains(top) || top.contains(one)),
    inside: one !== document.body,
  }
}"""


def tab(window: Page, app: Frame) -> dict[str, Any]:
    """Press Tab; what has the focus within the app, once scrolled to."""
    window.keyboard.press("Tab")
    app.wait_for_timeout(30)
    return dict(app.evaluate(FOCUSED))


def test_everything_can_be_reached_and_seen_by_keyboard(clinician: Page, demo: Stage) -> None:
    # Given a chart in the frame, and the focus on what lies before it in the EHR's page
    app = open_chart(clinician, demo.ehr, "pt-1001")
    clinician.get_by_role("button", name="Open wide").focus()
    # When Tab is pressed again and again
    stops = [tab(clinician, app) for _ in range(12)]
    # Then the stops come in the page's order, each is outlined and none lies beneath the header
    assert [stop["text"] for stop in stops[:2]] == ["Skip to the content", "Care due"]
    # (a card may lead to a message that was written before)
    names = [stop["text"] for stop in stops if not re.search(r", \d+ [A-Z][a-z]{2} \d{4}$", stop["text"])]
    start = names.index("Read again")
    assert names[start : start + 4] == ["Read again", "Draft a message", "Not now…", "Evidence"]
    assert [stop["text"] for stop in stops if stop["outline"] < 2] == []
    assert [stop["text"] for stop in stops if stop["covered"]] == []
    expect_accessible(app)


def test_a_gap_is_set_aside_and_a_drawer_closed_by_keyboard(clinician: Page, demo: Stage) -> None:
    # Given a chart, with the focus on the skip link
    app = open_chart(clinician, demo.ehr, "pt-1001")
    clinician.get_by_role("button", name="Open wide").focus()
    clinician.keyboard.press("Tab")
    expect(app.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    # When it is followed, Then the next stop is within the content
    clinician.keyboard.press("Enter")
    assert tab(clinician, app)["text"] == "Read again"
    # When the evidence is opened with Enter and closed with Escape, Then the focus is back on its heading
    drawer = app.locator("#gap-CMS125 details.evidence")
    drawer.locator("> summary").focus()
    clinician.keyboard.press("Enter")
    expect(drawer).to_have_attribute("open", "")
    drawer.get_by_role("link").focus()
    clinician.keyboard.press("Escape")
    expect(drawer).not_to_have_attribute("open", "")
    assert app.evaluate(FOCUSED)["text"] == "Evidence"
    # When a gap is set aside with the keyboard, Then it is, and can be shown again
    app.locator("#gap-CMS131 details.dismiss > summary").focus()
    clinician.keyboard.press("Enter")
    clinician.keyboard.press("Tab")
    clinician.keyboard.press("ArrowDown")
    for _ in range(6):  # the date has three parts and a picker
        if tab(clinician, app)["text"] == "Set aside":
            break
    clinician.keyboard.press("Enter")
    app.get_by_role("status").filter(has_text="Set aside").wait_for()
    app.locator("#s-aside > summary").focus()
    clinician.keyboard.press("Enter")
    app.locator("#s-aside").get_by_role("button", name="Undo").focus()
    clinician.keyboard.press("Enter")
    app.get_by_role("status").filter(has_text="shown again").wait_for()
    expect_accessible(app)


def test_messages_are_ticked_at_once_and_nothing_is_sent_by_enter(clinician: Page, demo: Stage) -> None:
    # Given two drafts to a patient, on the page of messages
    app = open_chart(clinician, demo.ehr, "pt-1005")
    for number in (0, 1):
        chart_in(app).get_by_role("button", name="Draft a message").nth(number).click()
        app.get_by_label("Text").wait_for()
        app.get_by_role("link", name="Care due").click()
    app.get_by_role("link", name="Messages").click()
    approve = app.get_by_role("button", name="Approve and queue")
    expect(approve).to_be_disabled()
    # When all are ticked at once, Then it says how many, and Enter on a box does nothing with them
    app.get_by_role("button", name="Tick all").click()
    expect(app.get_by_role("status").filter(has_text="2 of 2 ticked")).to_be_visible()
    expect(approve).to_be_enabled()
    app.get_by_role("checkbox").first.focus()
    clinician.keyboard.press("Enter")
    app.wait_for_timeout(100)
    expect(app.get_by_role("checkbox")).to_have_count(2)
    expect_accessible(app)
    # When they are discarded, Then it is said
    app.get_by_role("button", name="Discard").click()
    app.get_by_role("status").filter(has_text="2 discarded. Nothing was sent.").wait_for()


def test_all_of_it_works_without_scripts(browser: Browser, browser_context_args: dict[str, Any], demo: Stage) -> None:
    # Given a browser that runs no scripts
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    window = context.new_page()
    sign_in(window, demo.ehr)
    # When a clinician opens a patient and presses the one button of the sign-in
    window.goto(f"{demo.ehr}/patients/pt-1001")
    app = app_frame(window)
    app.get_by_role("button", name=re.compile("^Continue")).click()
    # Then the chart appears
    chart_in(app)
    # and the evidence opens
    app.locator("#gap-CMS125 details.evidence > summary").click()
    expect(app.locator("#gap-CMS125")).to_contain_text("LOINC 24606-6")
    # and a gap is set aside and shown again
    card = app.locator("#gap-CMS131")
    card.get_by_text("Not now…").click()
    card.get_by_label("Reason").select_option(index=2)
    card.get_by_role("button", name="Set aside").click()
    app.get_by_role("status").filter(has_text="Set aside").wait_for()
    app.locator("#s-aside > summary").click()
    app.locator("#s-aside").get_by_role("button", name="Undo").click()
    app.get_by_role("status").filter(has_text="shown again").wait_for()
    # and a message is drafted, approved and on its way: to somebody whom no other test writes to on the same day
    window.goto(f"{demo.ehr}/patients/pt-1005")
    app = app_frame(window)
    app.get_by_role("button", name=re.compile("^Continue")).click()
    chart_in(app)
    draft_for(app, "CMS131")
    app.get_by_role("button", name="Approve and queue").click()
    app.get_by_role("status").filter(has_text="Approved").wait_for(timeout=OPENS_WITHIN_MS)
    context.close()
