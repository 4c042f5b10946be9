"""The three ways in which a browser treats an app's cookies inside another site's page (security.md, E09)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect
from support.browser import (
    Complaints,
    Pictures,
    Stage,
    chart_in,
    error_code,
    expect_accessible,
    open_app,
    open_chart,
    preferences,
    sign_in,
)

Profile = Callable[..., Any]


@pytest.fixture
def profile(browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path) -> Profile:
    """A Chromium of its own, whose settings begin with the given ones."""

    @contextmanager
    def opened(**settings: Any) -> Iterator[BrowserContext]:
        folder = preferences(tmp_path / "profile", **settings)
        context = browser_type.launch_persistent_context(folder, **browser_type_launch_args)
        try:
            yield context
        finally:
            context.close()

    return opened


def window_of(context: BrowserContext, complaints: Complaints) -> Page:
    page = context.new_page()
    complaints.listen(page)
    return page


def test_with_third_party_cookies_allowed_the_chart_opens_too(demo: Stage, profile: Profile) -> None:
    # Given a browser that lets other sites' cookies into a frame
    complaints = Complaints()
    with profile(cookie_controls_mode=0) as context:
        window = window_of(context, complaints)
        sign_in(window, demo.ehr)
        # When a clinician opens a patient
        app = open_chart(window, demo.ehr, "pt-1008")
        # Then the chart is there, in that mode
        assert app.evaluate("document.hasStorageAccess()") is True
        assert app.locator("[data-patient]").get_attribute("data-patient") == "pt-1008"
        expect_accessible(app)
    assert complaints.unexpected() == []


def test_e09_without_cookies_in_the_frame_one_page_offers_a_window_that_works(
    demo: Stage, profile: Profile, pictures: Pictures
) -> None:
    # Given a browser that keeps no cookie of the app's inside the EHR's page
    complaints = Complaints(expected=("400",))
    blocked = {f"{demo.app},{demo.ehr}": {"setting": 2}}
    with profile(cookie_controls_mode=0, content_settings={"exceptions": {"cookies": blocked}}) as context:
        window = window_of(context, complaints)
        callbacks: list[str] = []
        window.on("request", lambda request: "/callback" in request.url and callbacks.append(request.url))
        sign_in(window, demo.ehr)
        # When a clinician opens a patient
        app = open_app(window, demo.ehr, "pt-1008")
        # Then one page says so, and the sign-in is not tried again and again
        assert error_code(app) == "launch.cookies-blocked"
        expect(app.get_by_role("alert")).to_contain_text("cookie")
        expect_accessible(app)
        pictures.take(window, "cookies-blocked", 1440)
        window.wait_for_timeout(800)
        assert len(callbacks) == 1
        # When she opens the window that it offers, and chooses the patient there
        with context.expect_page() as opening:
            app.get_by_role("link", name="new window").click()
        alone = opening.value
        # So long a request is posted, and to another site's post the EHR's own cookie does not go: it asks who she is.
        alone.get_by_role("button", name=re.compile("Amara Cole")).click()
        alone.get_by_label("Name or record number").fill("Lindqvist")
        alone.keyboard.press("Enter")
        alone.get_by_role("button", name=re.compile("Hannah Lindqvist")).click()
        # Then the chart is there
        # and grants all but the procedures
        alone.locator("input[value='patient/Procedure.rs']").uncheck()
        alone.get_by_role("button", name="Allow").click()
        chart_in(alone.main_frame)
        assert alone.url.startswith(demo.app)
        assert alone.locator("[data-patient]").get_attribute("data-patient") == "pt-1008"
        expect_accessible(alone)
    assert complaints.unexpected() == []


def test_e09_without_any_cookie_there_is_no_loop(demo: Stage, profile: Profile) -> None:
    # Given a browser that keeps no cookie of the app's anywhere
    blocked = {f"{demo.app},*": {"setting": 2}}
    with profile(content_settings={"exceptions": {"cookies": blocked}}) as context:
        window = context.new_page()
        sign_in(window, demo.ehr)
        # When the app is opened in a window of its own
        window.goto(f"{demo.ehr}/patients/pt-1008/launch")
        # Then there is one page, and it says what is wrong
        assert error_code(window) == "launch.cookies-blocked"
        expect_accessible(window)
