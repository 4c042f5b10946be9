"""What is shown while the EHR is slow, where a part of it fails, and where nothing can be shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from support.browser import (
    Awkward,
    Complaints,
    Pictures,
    Stage,
    chart_in,
    error_code,
    expect_accessible,
    open_app,
    open_chart,
    sign_in,
)


def test_a_slow_ehr_is_waited_for_on_a_page_that_opens_the_chart_by_itself(
    window: Page, awkward: Awkward, pictures: Pictures
) -> None:
    # Given an EHR that takes its time for every answer
    sign_in(window, awkward.ehr)
    awkward.trouble.delay = 0.7
    # When a clinician opens a patient
    app = open_app(window, awkward.ehr, "pt-1001")
    # Then the page says what it is doing
    app.locator("[data-progress]").wait_for(timeout=20_000)
    expect(app.get_by_role("progressbar")).to_be_visible()
    expect_accessible(app)
    pictures.take(window, "progress", 1440)
    # and the chart appears without anybody doing anything
    awkward.trouble.delay = 0.1
    chart_in(app)
    assert app.locator("[data-patient]").get_attribute("data-patient") == "pt-1001"


def test_what_could_not_be_read_is_said_and_never_shown_as_done(
    window: Page, awkward: Awkward, pictures: Pictures
) -> None:
    # Given an EHR that fails to search observations
    sign_in(window, awkward.ehr)
    awkward.trouble.broken.add("Observation")
    # When a clinician opens a patient
    app = open_chart(window, awkward.ehr, "pt-1001")
    # Then the page says so at its top, and what rests on it cannot be told
    expect(app.locator("[data-partial]")).to_contain_text("Observations")
    for measure in ("CMS122", "CMS165"):
        expect(app.locator(f"#gap-{measure}")).to_have_attribute("data-status", "cannot-tell")
        expect(app.locator(f"#gap-{measure}")).to_contain_text("could not be read")
    expect_accessible(app)
    pictures.take(window, "partial", 1440)
    # and once the EHR is well, reading again brings the rest
    awkward.trouble.clear()
    app.get_by_role("button", name="Read again").click()
    expect(app.locator("[data-partial]")).to_have_count(0, timeout=20_000)
    expect(app.locator("#gap-CMS122")).to_have_attribute("data-status", "due", timeout=20_000)


def test_a_chart_that_cannot_be_read_can_be_tried_again(page: Page, awkward: Awkward, complaints: Complaints) -> None:
    # Given an EHR that does not even give the patient
    complaints.expected = ("status of 50",)
    sign_in(page, awkward.ehr)
    awkward.trouble.broken.add("Patient")
    app = open_app(page, awkward.ehr, "pt-1001")
    # Then there is an error, and no chart
    assert str(error_code(app)).startswith("reading.")
    expect(app.locator("article.gap")).to_have_count(0)
    expect_accessible(app)
    # When the EHR is well again and she tries again, Then the chart is there
    awkward.trouble.clear()
    app.get_by_role("button", name="Try again").click()
    assert chart_in(app).locator("[data-patient]").get_attribute("data-patient") == "pt-1001"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nothing-here", "web.404"),
        ("/l/AAAAAAAAAAAAAAAAAAAAAA/chart", "launch.no-session"),
        ("/callback?state=unknown&code=x", "launch.unknown-state"),
        ("/launch?iss=https%3A%2F%2Felsewhere.invalid&launch=x", "launch.unknown-issuer"),
    ],
)
def test_every_error_is_a_page_with_its_code(page: Page, demo: Stage, path: str, code: str) -> None:
    page.goto(demo.app + path)
    assert error_code(page) == code
    expect(page.get_by_role("alert")).to_be_visible()
    expect_accessible(page)
