"""Threads that write at the same time: in the order of coming, and sharing a commit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event
from support.storage import open_storage

from smartapp.audit.together import Together
from smartapp.persistence.line import Line


class Slow:
    """Does as it is told when the gate is open; remembers what came together."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.batches: list[list[int]] = []

    def __call__(self, batch: Sequence[int]) -> None:
        self.begun.release()
        assert self.gate.acquire(timeout=30)
        self.batches.append(sorted(batch))
        if 13 in batch:
            raise OSError("no")


def until_waiting(together: Together[int], number: int) -> None:
    while len(together._waiting) < number:
        threading.Event().wait(0.001)


def test_who_comes_during_a_write_shares_the_next_one() -> None:
    slow = Slow()
    together = Together(slow)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(together, 1)
        assert slow.begun.acquire(timeout=30)
        later = [pool.submit(together, number) for number in (2, 3, 4)]
        until_waiting(together, 3)
        slow.gate.release(2)
        for one in (first, *later):
            assert one.result(30) is None
    assert slow.batches == [[1], [2, 3, 4]]


def test_a_failed_write_fails_for_all_that_were_in_it_and_for_nobody_else() -> None:
    slow = Slow()
    together = Together(slow)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(together, 1)
        assert slow.begun.acquire(timeout=30)
        later = [pool.submit(together, number) for number in (12, 13)]
        until_waiting(together, 2)
        slow.gate.release(3)
        assert first.result(30) is None
        for one in later:
            with pytest.raises(OSError, match="no"):
                one.result(30)
        pool.submit(together, 14).result(30)
    assert slow.batches == [[1], [12, 13], [14]]


def test_entries_of_one_moment_share_a_commit_and_keep_the_chain(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    commits: list[int] = []
    event.listen(storage.engine, "commit", lambda _: commits.append(1))
    with ThreadPoolExecutor(16) as pool:
        for number in range(64):
            pool.submit(storage.audit.record, "chart.read", "success", actor=f"a{number}", tenant="clinic")
    assert sorted(entry.actor for entry in storage.audit.entries()) == sorted(f"a{number}" for number in range(64))
    assert storage.audit.verify().intact
    assert len(commits) <= 64


def test_a_line_serves_in_the_order_of_coming() -> None:
    line, served = Line(), list[int]()

    def stand(number: int) -> None:
        with line.place(30) as came:
            assert came
            served.append(number)

    with ThreadPoolExecutor(5) as pool, line.place(30):
        for number in range(5):
            pool.submit(stand, number)
            while len(line._queue) < number + 2:
                threading.Event().wait(0.001)
        assert served == []
    assert served == list(range(5))


def test_who_waits_too_long_in_a_line_leaves_it() -> None:
    line = Line()
    with line.place(1) as first:
        assert first
        with line.place(0) as second:
            assert not second
    with line.place(0) as third:
        assert third
