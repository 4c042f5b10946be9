"""The order of the tests' files, and which of them share a process."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

BROWSER = "tests/browser/"
LONG = frozenset(
    f"test_{name}.py"
    for name in (
        *("app_records", "population_launch", "read_back", "sequences_days", "content_policy_large"),
        *("chart_story", "enrolment_pages", "messages_page", "wordings_page", "sql_criteria_tables"),
    )
)
"""What takes longest begins first, so that no process stands alone with it at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers and other long files first; the rest in an order that has nothing to do with their folders.

    Several processes share the files out in order; servers of one kind side by side would wait for each other.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, bool, int]:
    name = item.path.name
    return not item.nodeid.startswith(BROWSER), name not in LONG, zlib.crc32(name.encode())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files are shared out whole; all that drives a browser stays in one process, with one demo and one Chromium."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class BrowserInOne(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return BrowserInOne(config, log)
