"""The session store: single use, compare and swap, one refresh at a time, over processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.exc import IntegrityError
from support.storage import open_storage

from launch.ports import LaunchRow
from smartapp.persistence.sessions import SqlSessionStore

T = TypeVar("T")
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ROW = LaunchRow("h1", "clinic", "demo", b"\x01a", 1, NOW, NOW + timedelta(hours=8))


@pytest.fixture
def store(tmp_path: Path) -> SqlSessionStore:
    return SqlSessionStore(open_storage(tmp_path).engine)


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    start, results = threading.Barrier(count), []

    def one(number: int) -> None:
        start.wait()
        results.append(act(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


def test_a_pending_authorization_is_taken_once(store: SqlSessionStore) -> None:
    store.add_pending("state", b"sealed", NOW)
    taken = at_once(8, lambda _: store.take_pending("state"))
    assert taken.count(b"sealed") == 1
    assert taken.count(None) == 7


def test_a_handle_is_given_once(store: SqlSessionStore) -> None:
    store.add_launch(ROW)
    with pytest.raises(IntegrityError):
        store.add_launch(ROW)


def test_what_is_read_is_what_was_stored(store: SqlSessionStore) -> None:
    store.add_launch(ROW)
    assert store.get_launch("h1") == ROW
    assert store.get_launch("h2") is None


def test_of_writers_at_once_one_wins(store: SqlSessionStore) -> None:
    store.add_launch(ROW)
    won = at_once(8, lambda n: store.replace_launch(replace(ROW, sealed=bytes([n]), version=2), 1))
    assert won.count(True) == 1
    row = store.get_launch("h1")
    assert row is not None
    assert row.version == 2


def test_the_last_request_only_moves_forward(store: SqlSessionStore) -> None:
    store.add_launch(ROW)
    store.touch_launch("h1", NOW + timedelta(minutes=5))
    store.touch_launch("h1", NOW + timedelta(minutes=1))
    row = store.get_launch("h1")
    assert row is not None
    assert (row.seen_at, row.version) == (NOW + timedelta(minutes=5), 1)


def test_one_owner_refreshes_at_a_time(store: SqlSessionStore) -> None:
    later = NOW + timedelta(seconds=30)
    assert not store.claim_refresh("h1", "a", NOW, later)
    store.add_launch(ROW)
    won = at_once(8, lambda n: store.claim_refresh("h1", f"owner-{n}", NOW, later))
    assert won.count(True) == 1
    owner = f"owner-{[store.claim_refresh('h1', f'owner-{n}', NOW, later) for n in range(8)].index(True)}"
    store.release_refresh("h1", "somebody else")
    assert not store.claim_refresh("h1", "b", NOW, later)
    assert store.replace_launch(replace(ROW, version=2), 1)
    assert not store.claim_refresh("h1", "b", NOW, later)
    store.release_refresh("h1", owner)
    assert store.claim_refresh("h1", "b", NOW, later)
    assert store.claim_refresh("h1", "c", later, later + timedelta(seconds=30))


def test_launches_that_are_over_are_listed_the_longest_first(store: SqlSessionStore) -> None:
    store.add_launch(ROW)
    store.add_launch(replace(ROW, handle="expired", expires_at=NOW))
    store.add_launch(replace(ROW, handle="idle", seen_at=NOW - timedelta(minutes=16)))
    since = NOW - timedelta(minutes=15)
    assert store.overdue(NOW, since, 5) == ["idle", "expired"]
    assert store.overdue(NOW, since, 1) == ["idle"]


def test_what_expired_or_was_idle_is_purged(store: SqlSessionStore) -> None:
    store.add_pending("old", b"x", NOW)
    store.add_pending("new", b"x", NOW + timedelta(seconds=1))
    store.add_launch(ROW)
    store.add_launch(replace(ROW, handle="expired", expires_at=NOW))
    store.add_launch(replace(ROW, handle="idle", seen_at=NOW - timedelta(minutes=16)))
    assert store.purge(NOW, NOW - timedelta(minutes=15)) == 3
    assert store.get_launch("h1") is not None
    assert store.get_launch("expired") is None
    assert store.get_launch("idle") is None
    assert store.take_pending("old") is None
    assert store.take_pending("new") == b"x"
