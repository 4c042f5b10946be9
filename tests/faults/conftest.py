"""Fixtures of the fault tests: one running app for all, and for each test EHRs, an attacker and browsers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
from support.running_app import Browser, RunningApp, running_app
from support.smart_ehr import Recorder, SmartEhr, serving

_numbers = count(1)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    few = {"measures": ("CMS122", "CMS125", "CMS130", "CMS165"), "practice_phone": "555-0100"}
    with running_app(tmp_path_factory.mktemp("app"), **few) as app:
        yield app


@pytest.fixture
def new_ehr(app: RunningApp) -> Iterator[Callable[..., SmartEhr]]:
    """Makes EHRs that are registered in a tenant of their own; ``register=False`` leaves one unknown."""
    with ExitStack() as stack:

        def make(*, register: bool = True, **registration: Any) -> SmartEhr:
            ehr = SmartEhr(app.clock, f"ehr-{next(_numbers)}")
            stack.enter_context(serving(ehr))
            if register:
                app.register(ehr, **registration)
                stack.callback(app.core.registry.remove, ehr.name)  # another one may get its port
            return ehr

        yield make


@pytest.fixture
def smart(new_ehr: Callable[..., SmartEhr]) -> SmartEhr:
    """A well-behaved EHR, to be bent."""
    return new_ehr()


@pytest.fixture
def elsewhere() -> Iterator[Recorder]:
    """A host that nobody registered."""
    recorder = Recorder()
    with serving(recorder):
        yield recorder


@pytest.fixture
def new_visitor(app: RunningApp) -> Iterator[Callable[[], Browser]]:
    made: list[Browser] = []

    def make() -> Browser:
        made.append(Browser(app.url))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def visitor(new_visitor: Callable[[], Browser]) -> Browser:
    return new_visitor()
