"""Fixtures of the launch tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses
from support.launch_world import World


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.fixture
def world(mock: responses.RequestsMock) -> World:
    return World(mock)
