"""Frames into the table ``resource``, from this process or through a pipe from others: rows are never in a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice

from smartapp.population.arrow import stream
from smartapp.population.columns import RESOURCE_COLUMNS
from smartapp.population.frames import Row, frames
from smartapp.population.rows import KINDS
from smartapp.population.store import Store

_AT_ONCE = 123
"""Frames that are stored at once: about as many rows as DuckDB compresses together."""
_WORD = 8
_END = bytes(_WORD)


def load_rows(store: Store, rows: Iterable[Row]) -> None:
    """Add rows to the table. What the iterable raises is raised here, and nothing is added then."""
    load_frames(store, frames(rows, KINDS))


def load_frames(store: Store, made: Iterator[bytes]) -> None:
    """Add the rows of frames to the table. What the iterator raises is raised here, and nothing is added then."""
    columns = dict(zip(RESOURCE_COLUMNS, KINDS, strict=True))
    connection = store.connection
    # Else DuckDB keeps five groups of 122,880 rows in each thread, and compresses them when nobody reads any more.
    connection.execute("SET write_buffer_row_group_count = 1")
    connection.execute("BEGIN")
    try:
        while some := list(islice(made, _AT_ONCE)):
            connection.register("incoming", stream(columns, some))
            connection.execute("INSERT INTO resource SELECT * FROM incoming")
            connection.unregister("incoming")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    else:
        connection.execute("COMMIT")
    finally:
        connection.execute("RESET write_buffer_row_group_count")


def write_frame(descriptor: int, frame: bytes) -> None:
    """Write a frame whole."""
    view = memoryview(frame)
    while view:
        view = view[os.write(descriptor, view) :]


def write_end(descriptor: int) -> None:
    """Say that no frame comes any more."""
    write_frame(descriptor, _END)


def read_frames(descriptor: int) -> Iterator[bytes]:
    """The frames of a pipe until its end was said. Raises EOFError where it ends without."""
    while (head := _read(descriptor, _WORD)) != _END:
        yield head + _read(descriptor, int.from_bytes(head, "little") - _WORD)


def _read(descriptor: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(descriptor, size)
        if not part:
            raise EOFError("the pipe ends within a frame")
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
