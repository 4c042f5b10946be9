"""Frames as a stream of Arrow arrays in memory, which DuckDB reads as a table.

The columns of a frame stay where they are: nanoarrow tells DuckDB where each begins, and how long it is needed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

import nanoarrow
from nanoarrow.c_array import CArray
from nanoarrow.c_array_stream import CArrayStream

from smartapp.population.frames import ABSENT, EMPTY, OF_COLUMN, OF_HEADER, ROWS

_TYPES = {
    "i": nanoarrow.int32(),
    "q": nanoarrow.int64(),
    "d": nanoarrow.float64(),
    "b": nanoarrow.bool_(),
    "u": nanoarrow.string(),
}
_BUFFERS = {"u": 3}
_ZEROS = bytes(8 * (ROWS + 1))


def stream(columns: Mapping[str, str], frames: Iterable[bytes]) -> object:
    """Some frames as what DuckDB registers as a table, to be read once (Apache Arrow, "The Arrow C stream interface").

    ``columns`` are names and kinds (see :func:`~smartapp.population.frames.frame`). Raises ValueError for a frame of
    more than ``ROWS`` rows.
    """
    schema = nanoarrow.struct({name: _TYPES[kind] for name, kind in columns.items()})
    arrays = [_array(schema, tuple(columns.values()), frame) for frame in frames]
    return CArrayStream.from_c_arrays(arrays, nanoarrow.c_schema(schema), move=True).__arrow_c_stream__()


def _array(schema: nanoarrow.Schema, kinds: tuple[str, ...], frame: bytes) -> CArray:
    header = array("q", frame[: 8 * (OF_HEADER + OF_COLUMN * len(kinds))])
    rows, data = header[1], memoryview(frame)
    if rows > ROWS:
        raise ValueError("a frame has more rows than there are zeros for")
    children = []
    for number, kind in enumerate(kinds):
        at = OF_HEADER + OF_COLUMN * number
        nothing, *places = header[at : at + 1 + _BUFFERS.get(kind, 2)]
        buffers = [_ZEROS if place == EMPTY else None if place == ABSENT else data[place:] for place in places]
        # Checking would read the values: a frame was made by this program.
        children.append(
            nanoarrow.c_array_from_buffers(_TYPES[kind], rows, buffers, null_count=nothing, validation_level="none")
        )
    return nanoarrow.c_array_from_buffers(schema, rows, [None], children=children, move=True, validation_level="none")
