"""Files read by several processes, which send frames of rows through one pipe."""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection
from typing import Any, Self

from smartapp.population.pipe import read_frames, write_end, write_frame
from smartapp.population.worker import Report, Task, Worker

_START = "fork" if sys.platform == "linux" else "spawn"
"""A forked process has all modules at once, where loading them takes 0.2 s of each processor. It is forked before the
query runs that reads the rows, and never touches the database."""

_PIPE = 1_000_000
"""Bytes that the pipe should hold: some frames, so that a process need not wait for the reader in the middle of one."""


class Readers:
    """Processes that read tasks, while the context lasts.

    First :meth:`frames` are to be read to their end; then ``reports`` are there, in the order of the tasks.
    """

    def __init__(self, tasks: Sequence[Task], processes: int) -> None:
        self.reports: list[Report] = []
        self._failure: BaseException | None = None
        context = multiprocessing.get_context(_START)
        self._receiver, self._sender = context.Pipe(duplex=False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with suppress(OSError):  # more than this user's pipes may hold
                fcntl.fcntl(self._sender.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
        inherited = self._receiver if _START == "fork" else None
        self._pool = ProcessPoolExecutor(
            processes,
            mp_context=context,
            initializer=_start,
            initargs=(self._sender, inherited, context.Lock()),
        )
        size = 8 if len(tasks) > 1000 else 1
        shares = [tasks[first : first + size] for first in range(0, len(tasks), size)]
        with warnings.catch_warnings():
            # Python 3.12 warns that other threads may hold locks; none of those here is taken by a reader.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._results = self._pool.map(_work, shares)
        self._collector = threading.Thread(target=self._collect)

    def __enter__(self) -> Self:
        self._collector.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Where the rows were not wanted to the end, whoever still writes is told so by the closed pipe.
        self._receiver.close()
        self._collector.join()
        self._pool.shutdown(cancel_futures=True)
        self._sender.close()

    def frames(self) -> Iterator[bytes]:
        """What the processes send. Raises what one of them raised, or that it is gone."""
        try:
            yield from read_frames(self._receiver.fileno())
        except EOFError:
            self._collector.join()
            raise self._failure or EOFError from None

    def _collect(self) -> None:
        try:
            for reports in self._results:
                self.reports += reports
            write_end(self._sender.fileno())
        except BaseException as failure:  # raised where the frames are read
            self._failure = failure
            self._pool.shutdown(cancel_futures=True)
            self._sender.close()


_here: list[Worker] = []


def _start(sender: Connection, inherited: Connection | None, lock: AbstractContextManager[Any]) -> None:
    """Prepare this process to send frames."""
    if inherited is not None:
        inherited.close()  # else a pipe that nobody reads any more would never break
    gc.disable()  # rows make no cycles, and the collector costs a tenth of the time

    def write(frame: bytes) -> None:
        with lock:
            write_frame(sender.fileno(), frame)

    _here[:] = [Worker(write)]


def _work(tasks: Sequence[Task]) -> list[Report]:
    """Do some tasks in this process."""
    worker = _here[0]
    reports = [worker.run(task) for task in tasks]
    worker.flush()
    return reports
