"""The chart and a message as they are displayed: narrow, enlarged, printed, touched, without motion."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect
from support.browser import (
    Pictures,
    Stage,
    draft_for,
    expect_accessible,
    expect_no_sideways_scroll,
    open_chart,
    small_targets,
)

EVERY_DRAWER = "document.querySelectorAll('details').forEach(one => { one.open = true })"


@pytest.fixture(scope="module")
def chart(opened: BrowserContext, demo: Stage) -> Frame:
    """The chart of a patient with much that is due, in a frame as wide as the window."""
    return open_chart(opened.new_page(), demo.ehr, "pt-1001", wide=True)


@pytest.fixture(scope="module")
def letter(opened: BrowserContext, demo: Stage) -> Frame:
    """A drafted message, in a frame as wide as the window."""
    app = open_chart(opened.new_page(), demo.ehr, "pt-1001", wide=True)
    draft_for(app, "CMS165")
    app.get_by_label("Text").wait_for()
    return app


@pytest.fixture(params=["chart", "letter"])
def shown(request: pytest.FixtureRequest) -> Iterator[Frame]:
    """Each of the two pages, put back as it was after each test."""
    app: Frame = request.getfixturevalue(request.param)
    yield app
    app.page.set_viewport_size({"width": 1440, "height": 900})
    app.page.emulate_media(media="screen", reduced_motion="no-preference")
    app.evaluate("document.documentElement.style.fontSize = ''")
    app.evaluate("document.querySelectorAll('details').forEach(one => { one.open = false })")


def window(app: Frame, width: int, height: int = 900) -> Page:
    app.page.set_viewport_size({"width": width, "height": height})
    app.wait_for_function("width => innerWidth > width - 40 && innerWidth <= width", arg=width)
    return app.page


def test_it_fits_every_width(shown: Frame) -> None:
    """320 px is WCAG 2.2, 1.4.10 Reflow; 420 px the frame in an EHR."""
    shown.evaluate(EVERY_DRAWER)
    for width in (320, 420, 900, 1440):
        window(shown, width)
        expect_no_sideways_scroll(shown)


def test_it_is_accessible_in_a_frame_and_on_a_full_screen(shown: Frame) -> None:
    for width in (420, 1440):
        window(shown, width)
        expect_accessible(shown)


def test_text_of_twice_the_size_is_not_cut_off(shown: Frame, pictures: Pictures) -> None:
    """WCAG 2.2, 1.4.4 Resize Text."""
    page = window(shown, 420)
    shown.evaluate("document.documentElement.style.fontSize = '200%'")
    shown.evaluate(EVERY_DRAWER)
    expect_no_sideways_scroll(shown)
    assert shown.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)") >= 38
    cut = shown.evaluate(
        """[...document.querySelectorAll('button, summary, h1, h2, h3, p, li, label')]
            .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1
                && getComputedStyle(one).overflowX === 'hidden')
            .map(one => one.textContent.trim().slice(0, 40))"""
    )
    assert cut == []
    pictures.take(page, "large-text", 420)


def test_targets_are_large_enough(shown: Frame) -> None:
    window(shown, 420)
    assert small_targets(shown) == []


def test_paper_shows_the_patient_and_no_buttons(chart: Frame, pictures: Pictures) -> None:
    page = window(chart, 900)
    page.emulate_media(media="print")
    expect(chart.locator("[data-patient]")).to_be_visible()
    expect(chart.locator("#gap-CMS125")).to_be_visible()
    pressed = chart.locator("button:visible, .button:visible, select:visible, nav:visible")
    assert pressed.all_inner_texts() == []
    expect_accessible(chart)
    pictures.take(page, "paper", 900)
    page.emulate_media(media="screen")


def test_nothing_moves_where_motion_is_not_wanted(shown: Frame) -> None:
    window(shown, 420).emulate_media(reduced_motion="reduce")
    moving = shown.evaluate(
        """[...document.querySelectorAll('*')].filter(one => {
            const style = getComputedStyle(one)
            return style.animationName !== 'none' || style.transitionDuration.split(',').some(t => parseFloat(t) > 0)
        }).length"""
    )
    assert moving == 0
    assert shown.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
