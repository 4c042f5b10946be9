"""Frames as a stream of Arrow arrays in memory, which DuckDB reads as a table.

The stream (Apache Arrow, "The Arrow C stream interface") is three structures of C and six functions. They are written
here with :mod:`ctypes`, for the library that else makes them is larger than DuckDB itself. The columns of a frame stay
where they are: DuckDB is told where each begins.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator, Mapping
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast, pythonapi
from itertools import count
from typing import Any, ClassVar

from smartapp.population.frames import ABSENT, EMPTY, OF_COLUMN, OF_HEADER, ROWS

_FORMATS = {"i": b"i", "q": b"l", "d": b"g", "b": b"b", "u": b"u"}
_NULLABLE = 2
_FAILED = 5
"""EIO: the only thing that can be said of a failure; what it was is in ``failure``."""


class _Schema(Structure):
    _fields_: ClassVar = [
        ("format", c_char_p),
        ("name", c_char_p),
        ("metadata", c_char_p),
        ("flags", c_int64),
        ("n_children", c_int64),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class _Array(Structure):
    _fields_: ClassVar = [
        ("length", c_int64),
        ("null_count", c_int64),
        ("offset", c_int64),
        ("n_buffers", c_int64),
        ("n_children", c_int64),
        ("buffers", c_void_p),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class _Stream(Structure):
    _fields_: ClassVar = [
        ("get_schema", c_void_p),
        ("get_next", c_void_p),
        ("get_last_error", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


_kept: dict[int, Any] = {}
"""The memory of arrays that DuckDB still reads, by their number."""
_numbers = count(1)


def _array_is_released(given: Any) -> None:
    _kept.pop(given.contents.private_data, None)
    given.contents.release = None


def _is_released(given: Any) -> None:
    given.contents.release = None


_FAILURE = ctypes.create_string_buffer(b"rows could not be made")


_release_array = CFUNCTYPE(None, POINTER(_Array))(_array_is_released)
_release_schema = CFUNCTYPE(None, POINTER(_Schema))(_is_released)
_release_stream = CFUNCTYPE(None, POINTER(_Stream))(_is_released)
_last_error = CFUNCTYPE(c_void_p, c_void_p)(lambda _stream: ctypes.addressof(_FAILURE))


_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", pythonapi))
_NAME = b"arrow_array_stream"


def _address(function: Any) -> int:
    return cast(function, c_void_p).value or 0


def _begin(data: bytes) -> int:
    """Where bytes begin in memory."""
    return cast(c_char_p(data), c_void_p).value or 0


class FrameStream:
    """The frames of an iterator as a stream: ``capsule`` is what DuckDB registers as a table, to be read once.

    ``columns`` are names and kinds (see :func:`~smartapp.population.frames.frame`). Frames are asked for in a thread of
    DuckDB's, one at a time. What the iterator raises ends DuckDB's query in an error and is then in ``failure``. The
    stream has to live for as long as the query.
    """

    def __init__(self, columns: Mapping[str, str], frames: Iterator[bytes]) -> None:
        self.failure: BaseException | None = None
        self._kinds = tuple(columns.values())
        self._frames = frames
        self._zeros = bytes(8 * (ROWS + 1))
        self._schemas = (_Schema * len(columns))()
        for schema, (name, kind) in zip(self._schemas, columns.items(), strict=True):
            schema.format, schema.name, schema.flags = _FORMATS[kind], name.encode(), _NULLABLE
            schema.release = _address(_release_schema)
        self._children = (c_void_p * len(columns))(*(ctypes.addressof(one) for one in self._schemas))
        self._functions = (
            CFUNCTYPE(c_int, c_void_p, POINTER(_Schema))(self._get_schema),
            CFUNCTYPE(c_int, c_void_p, POINTER(_Array))(self._get_next),
            _last_error,
            _release_stream,
        )
        self._stream = _Stream(*map(_address, self._functions))
        self.capsule: object = _new_capsule(ctypes.addressof(self._stream), _NAME, None)

    def _get_schema(self, _stream: int, out: Any) -> int:
        schema = out.contents
        schema.format, schema.name, schema.metadata, schema.flags = b"+s", b"", None, 0
        schema.n_children, schema.children = len(self._schemas), ctypes.addressof(self._children)
        schema.dictionary, schema.private_data, schema.release = None, None, _address(_release_schema)
        return 0

    def _get_next(self, _stream: int, out: Any) -> int:
        try:
            data = next(self._frames, None)
            if data is None:
                out.contents.release = None
            else:
                self._fill(out.contents, data)
        except BaseException as failure:  # there is C between here and who may catch it
            self.failure = failure
            return _FAILED
        return 0

    def _fill(self, out: _Array, data: bytes) -> None:
        """Tell where the columns of a frame are: their buffers' addresses, then an array for each, then theirs."""
        start, zeros = _begin(data), _begin(self._zeros)
        header = array("q", data[: 8 * (OF_HEADER + OF_COLUMN * len(self._kinds))])
        rows = header[1]
        if rows > ROWS:
            raise ValueError("a frame has more rows than there are zeros for")
        buffers, arrays, release = array("Q", (0,)), array("Q"), _address(_release_array)
        empty = (zeros, zeros, zeros)
        for at in range(OF_HEADER, len(header), OF_COLUMN):
            found = header[at + 1 : at + OF_COLUMN]
            buffers.extend(empty if found[0] == EMPTY else [0 if place == ABSENT else start + place for place in found])
        of_buffers = buffers.buffer_info()[0]
        for number, kind in enumerate(self._kinds):
            nothing = header[OF_HEADER + OF_COLUMN * number]
            mine = of_buffers + 8 * (1 + (OF_COLUMN - 1) * number)
            arrays.extend((rows, nothing, 0, 3 if kind == "u" else 2, 0, mine, 0, 0, release, 0))
        size = ctypes.sizeof(_Array)
        first = arrays.buffer_info()[0]
        children = array("Q", range(first, first + size * len(self._kinds), size))
        out.length, out.null_count, out.offset, out.n_buffers, out.n_children = rows, 0, 0, 1, len(self._kinds)
        out.buffers, out.children, out.dictionary = of_buffers, children.buffer_info()[0], None
        out.private_data = number = next(_numbers)
        out.release = release
        _kept[number] = (data, self._zeros, buffers, arrays, children)
