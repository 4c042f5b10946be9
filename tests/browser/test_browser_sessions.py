"""Several charts in one browser, signing out, and who may do what."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.browser import (
    COORDINATOR,
    Complaints,
    Stage,
    app_frame,
    chart_in,
    draft_for,
    error_code,
    expect_accessible,
    open_chart,
    sign_in,
)

BANNER = "[data-patient]"


def test_e03_two_patients_in_two_tabs_never_cross(clinician: Page, demo: Stage) -> None:
    # Given two patients in two tabs of one browser
    other = clinician.context.new_page()
    first, second = open_chart(clinician, demo.ehr, "pt-1001"), open_chart(other, demo.ehr, "pt-1008")
    # When each page is used after the other was opened
    for _ in range(2):
        first.goto(first.url)
        second.goto(second.url)
        # Then each still shows its own patient, and nothing of the other
        for app, patient, stranger in ((first, "pt-1001", "pt-1008"), (second, "pt-1008", "pt-1001")):
            assert app.locator(BANNER).get_attribute("data-patient") == patient
            assert stranger not in app.content()
    expect_accessible(second)
    # and a message drafted in one is for that patient, and cannot be opened in the other
    draft_for(first, "CMS122")
    expect(first.get_by_role("heading", level=1)).to_have_text("Message to Rosalind Whitaker")
    assert "Lindqvist" not in first.content()


def test_e06_signing_out_ends_this_chart_alone(page: Page, demo: Stage, complaints: Complaints) -> None:
    # Given two charts, of which one is signed out of
    complaints.expected = ("401",)
    sign_in(page, demo.ehr)
    other = page.context.new_page()
    first, second = open_chart(page, demo.ehr, "pt-1001"), open_chart(other, demo.ehr, "pt-1008")
    address = first.url
    first.get_by_role("button", name="Sign out").click()
    # Then it offers to sign in again
    first.get_by_role("heading", name="Care that is due").wait_for()
    expect_accessible(first)
    # and its address opens nothing any more
    first.goto(address)
    assert str(error_code(first)).startswith("launch.")
    assert "Whitaker" not in first.content()
    expect_accessible(first)
    # and the other chart is still there
    second.goto(second.url)
    assert second.locator(BANNER).get_attribute("data-patient") == "pt-1008"


def test_a_coordinator_sees_the_chart_and_decides_nothing(
    browser: Browser, browser_context_args: dict[str, object], demo: Stage
) -> None:
    # Given a coordinator who opens a patient with gaps
    context: BrowserContext = browser.new_context(**browser_context_args)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, demo.ehr, COORDINATOR)
    page.goto(f"{demo.ehr}/patients/pt-1001")
    app = chart_in(app_frame(page))
    # Then the gaps are shown, without the buttons of a clinician
    assert app.locator("article.gap:visible").count() > 3
    expect(app.get_by_role("button", name=re.compile("Draft|Set aside"))).to_have_count(0)
    expect_accessible(app)
    context.close()


def test_a_patient_who_died_has_nothing_due_and_gets_no_message(clinician: Page, demo: Stage) -> None:
    # Given the chart of a patient who died, with gaps that were open then
    app = open_chart(clinician, demo.ehr, "pt-1010")
    # Then the banner says so, nothing is due, and there is nothing to send
    expect(app.locator(BANNER)).to_contain_text("Deceased")
    expect(app.get_by_role("heading", level=1)).to_have_text("Nothing is due now")
    expect(app.locator("#s-now + .empty")).to_be_visible()
    expect(app.get_by_role("button", name="Draft a message")).to_have_count(0)
    expect_accessible(app)
