"""One write for what several threads ask for at the same time.

A durable commit costs one wait for the disk, whatever it holds. A launch writes some thirty entries from eight
threads, and many launches happen at once: who comes while a commit is under way shares the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class _Wish(Generic[T]):
    __slots__ = ("done", "failed", "what")

    def __init__(self, what: T) -> None:
        self.what = what
        self.done = False
        self.failed: BaseException | None = None


class Together(Generic[T]):
    """Calls ``do`` with all that is waiting, in the order of asking, by one thread at a time."""

    def __init__(self, do: Callable[[Sequence[T]], None]) -> None:
        self._do = do
        self._turn = threading.Condition()
        self._waiting: list[_Wish[T]] = []
        self._busy = False

    def __call__(self, what: T) -> None:
        """Return when ``do`` has returned for ``what``; raise what it raised for all that it was given."""
        wish = _Wish(what)
        with self._turn:
            self._waiting.append(wish)
            self._turn.wait_for(lambda: wish.done or not self._busy)
            if not wish.done:
                self._busy = True
                batch, self._waiting = self._waiting, []
        if not wish.done:
            self._lead(batch)
        if wish.failed is not None:
            raise wish.failed

    def _lead(self, batch: Sequence[_Wish[T]]) -> None:
        failed: BaseException | None = None
        try:
            self._do([wish.what for wish in batch])
        except BaseException as error:  # whoever waits must hear of it, too
            failed = error
        with self._turn:
            for wish in batch:
                wish.failed, wish.done = failed, True
            self._busy = False
            self._turn.notify_all()
