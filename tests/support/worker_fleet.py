"""Worker processes that are started again when they die, until every message is sent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from smartapp.messages.queue import MessageQueue
from smartapp.messages.states import State

_TESTS = Path(__file__).parents[1]


class Fleet:
    """``deaths`` counts the processes that ended by SIGKILL."""

    def __init__(self, url: str, port: int, *, size: int, dies: int) -> None:
        self._command = [sys.executable, "-m", "support.worker_process", url, str(port), str(dies)]
        self._size = size
        self._running: list[subprocess.Popen[bytes]] = []
        self.deaths = 0
        self.problems: list[str] = []

    def work_until(self, done: Callable[[], bool], *, within: float) -> None:
        """Keep so many processes alive until ``done``; AssertionError if it takes longer than ``within`` seconds."""
        end = time.monotonic() + within
        try:
            while not done():
                assert time.monotonic() < end, f"not done within {within} s; {self.problems}"
                self._replace_the_dead()
                time.sleep(0.05)
        finally:
            self.stop()

    def _replace_the_dead(self) -> None:
        for process in [one for one in self._running if one.poll() is not None]:
            self._running.remove(process)
            if process.returncode == -signal.SIGKILL:
                self.deaths += 1
            else:
                self.problems.append(f"a worker ended with {process.returncode}")
        while len(self._running) < self._size:
            environ = {**os.environ, "PYTHONPATH": str(_TESTS)}
            self._running.append(subprocess.Popen(self._command, env=environ))

    def stop(self) -> None:
        """SIGTERM to all; they end by themselves with 0."""
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            if process.wait(timeout=15) not in (0, -signal.SIGKILL, -signal.SIGTERM):
                self.problems.append(f"a worker ended with {process.returncode}")
        self._running = []


def all_sent(queue: MessageQueue, count: int, tenant: str = "clinic") -> Callable[[], bool]:
    """Whether so many messages are sent and none is anywhere else."""

    def check() -> bool:
        counts = queue.counts(tenant=tenant)
        return counts[State.SENT] == count == sum(counts.values())

    return check
