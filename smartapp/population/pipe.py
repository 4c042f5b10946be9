"""Rows into the table ``resource`` through a named pipe: never in a file, never built up in this process."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable

from smartapp.population.columns import READ_OPTIONS, RESOURCE_COLUMNS
from smartapp.population.rows import write_all
from smartapp.population.store import Store

Write = Callable[[bytes], None]


def load_rows(store: Store, produce: Callable[[str, Write], None]) -> None:
    """Run ``produce(pipe, write)`` in a thread and read what it writes, or other processes write into ``pipe``.

    What it raises is raised here, when the pipe has ended.
    """
    with tempfile.TemporaryDirectory(prefix="smartapp-") as folder:
        pipe = os.path.join(folder, "rows")  # noqa: PTH118  # a name for DuckDB
        os.mkfifo(pipe, 0o600)
        failures: list[BaseException] = []

        def run() -> None:
            # The pipe ends when its last writer closes it: this one keeps it open while processes start.
            with open(pipe, "wb", buffering=0) as stream:  # noqa: PTH123
                try:
                    produce(pipe, lambda block: write_all(stream.fileno(), block))
                except BaseException as error:  # raised again below
                    failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in RESOURCE_COLUMNS.items())
        try:
            store.connection.execute(
                f"INSERT INTO resource SELECT * FROM read_csv('{pipe}', columns = {{{columns}}}, {READ_OPTIONS})"
            )
        finally:
            thread.join()
        if failures:
            raise failures[0]
