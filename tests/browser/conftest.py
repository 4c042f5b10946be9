"""One running demo and one Chromium for all browser tests. Without Chromium they are skipped, in CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.browser import FLAGS, Awkward, Complaints, Pictures, Stage, awkward_ehr, chromium, sign_in, stage

WINDOW = {"width": 1440, "height": 900}
# Several browsers and servers share the processors: what is slow is no failure here.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder is ``-m browser``."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, with the flags that it needs in a container."""
    executable = chromium()
    if executable is None:
        missing = "Chromium is not installed (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return {**browser_type_launch_args, "executable_path": executable, "args": FLAGS}


@pytest.fixture(scope="session")
def base_url() -> None:
    """There are two sites here, so no base; the plugin's own fixture is of a kind that pytest warns of."""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": WINDOW, "locale": "en-US"}


@pytest.fixture(scope="session")
def demo(browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="session")
def _second_ehr(demo: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awkward]:
    with awkward_ehr(demo, tmp_path_factory.mktemp("awkward")) as running:
        yield running


@pytest.fixture
def awkward(_second_ehr: Awkward) -> Iterator[Awkward]:
    """A second EHR that can be made slow or broken; well again after each test."""
    yield _second_ehr
    _second_ehr.trouble.clear()


@pytest.fixture
def complaints(page: Page) -> Iterator[Complaints]:
    """What Chromium complains of on the page; a test that expects some says so in ``expected``."""
    heard = Complaints()
    heard.listen(page)
    yield heard
    assert heard.unexpected() == []


@pytest.fixture
def window(page: Page, complaints: Complaints) -> Page:
    """A window in which nothing may be complained of."""
    return page


@pytest.fixture
def clinician(window: Page, demo: Stage) -> Page:
    """A window in which a clinician is signed in at the EHR."""
    sign_in(window, demo.ehr)
    return window


@pytest.fixture(scope="module")
def opened(browser: Browser, browser_context_args: dict[str, Any], demo: Stage) -> Iterator[BrowserContext]:
    """A clinician's browser for the tests of a module that only look."""
    context = browser.new_context(**browser_context_args)
    page = context.new_page()
    sign_in(page, demo.ehr)
    page.close()
    yield context
    context.close()


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Pictures(Path(folder) if folder else None)
