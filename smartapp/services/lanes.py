"""Threads for each EHR of its own: one that hangs keeps its own readers waiting, and nobody else's."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, ThreadPoolExecutor


class Lanes:
    """An executor for each EHR, made when it is first needed; safe for threads."""

    def __init__(self, at_once: int) -> None:
        """``at_once`` is how many charts of one EHR are read at a time."""
        self._at_once = at_once
        self._executors: dict[str, Executor] = {}
        self._lock = threading.Lock()

    def of(self, ehr: str) -> Executor:
        """The executor of the EHR of this name."""
        with self._lock:
            if ehr not in self._executors:
                self._executors[ehr] = ThreadPoolExecutor(self._at_once, thread_name_prefix="chart")
            return self._executors[ehr]
