"""A lock whose waiters are served in the order in which they came.

``threading.Lock`` lets whoever asks at the right moment go first: under load a thread can wait for minutes
while others, who come back for more, pass it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Line:
    """Standing in line: one thread at a time is inside, first come, first served."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def place(self, seconds: float) -> Iterator[bool]:
        """Wait at most ``seconds`` for one's turn; gives whether it came, and holds it while it did."""
        ticket = object()
        with self._turn:
            self._queue.append(ticket)
            came = self._turn.wait_for(lambda: self._queue[0] is ticket, seconds)
            if not came:
                self._queue.remove(ticket)
        try:
            yield came
        finally:
            if came:
                with self._turn:
                    self._queue.popleft()
                    self._turn.notify_all()
