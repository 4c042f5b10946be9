"""Many rows as one block of bytes: a header, then the columns one by one, each as Arrow lays it out in memory.

DuckDB takes such columns as they lie (:mod:`.arrow`); to parse rows of text took it two thirds as long as to store
them. A column is made by a handful of calls for all of its values; one that holds nothing takes no room.

The header is whole numbers of 64 bits: the size of the frame, the number of rows, and for each column how many of its
values are nothing, and where its buffers begin: which values are there; the values (of texts: where each begins); the
characters of texts.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, islice
from typing import Any

Row = tuple[Any, ...]

ROWS = 1_000
"""As many rows as a frame has at most. What is made of them stays in the processor's cache."""

ABSENT, EMPTY = 0, -1
"""In place of where a buffer begins: there is none; it is all zeros."""

OF_HEADER = 2
OF_COLUMN = 4
"""Numbers of the header that tell of the frame and of each column."""

_Entry = tuple[int, int, int, int]

assert sys.byteorder == "little", "Arrow's columns are read as they lie in this machine's memory"


def frames(rows: Iterable[Row], kinds: str) -> Iterator[bytes]:
    """Rows as frames; ``kinds`` as for :func:`frame`."""
    rest = iter(rows)
    while some := list(islice(rest, ROWS)):
        yield frame(list(zip(*some, strict=True)), kinds)


def frame(columns: Sequence[tuple[Any, ...]], kinds: str) -> bytes:
    """Columns of equal length, at least one value each, as one frame.

    ``kinds`` has a letter for each column: ``i`` and ``q`` are whole numbers of 32 and 64 bits, ``d`` numbers, ``b``
    truths, ``u`` texts. Any value may be None. Half of a character, which is none in UTF-8, becomes a question mark.
    """
    rows = len(columns[0])
    made = _Frame(len(kinds))
    before: tuple[Any, ...] = ()
    entry: _Entry = (0, 0, 0, 0)
    for kind, column in zip(kinds, columns, strict=True):
        # Nearly all events begin, end and were recorded at one time: such columns are one.
        if kind != "q" or column != before:
            entry = made.column(kind, column, rows)
            before = column if kind == "q" else ()
        made.header += entry
    return made.whole(rows)


class _Frame:
    """A frame in the making."""

    __slots__ = ("_at", "_parts", "header")

    def __init__(self, columns: int) -> None:
        self.header: list[int] = [0] * OF_HEADER
        self._parts: list[bytes] = []
        self._at = 8 * (OF_HEADER + OF_COLUMN * columns)

    def whole(self, rows: int) -> bytes:
        self.header[:OF_HEADER] = self._at, rows
        return b"".join((array("q", self.header).tobytes(), *self._parts))

    def column(self, kind: str, column: Sequence[Any], rows: int) -> _Entry:
        first = column[0]
        if first is None and column[-1] is None and column.count(None) == rows:
            return rows, EMPTY, EMPTY, EMPTY
        if kind == "u":
            if first == column[-1] and column.count(first) == rows:
                text = _utf8(first)
                return 0, ABSENT, self._put(_steps(rows, len(text))), self._put(text * rows)
            try:
                return 0, ABSENT, *self._texts(column, "".join(column))
            except TypeError:
                there = self._there(column)
                column = ["" if one is None else one for one in column]
                return *there, *self._texts(column, "".join(column))
        try:
            return 0, ABSENT, self._put(_values(kind, column, rows)), ABSENT
        except (TypeError, struct.error):
            if None not in column:
                raise
            there = self._there(column)
            return *there, self._put(_values(kind, [0 if one is None else one for one in column], rows)), ABSENT

    def _put(self, data: bytes) -> int:
        """Add a buffer, filled up to whole words; where it begins."""
        at, over = self._at, -len(data) % 8
        self._parts.append(data)
        if over:
            self._parts.append(bytes(over))
        self._at = at + len(data) + over
        return at

    def _there(self, column: Sequence[Any]) -> tuple[int, int]:
        """How many are nothing, and a bit for each that is not."""
        return column.count(None), self._put(_bits([one is not None for one in column]))

    def _texts(self, column: Sequence[str], joined: str) -> tuple[int, int]:
        if joined.isascii():
            sizes = list(map(len, column))
            data = joined.encode()
        else:
            encoded = [_utf8(one) for one in column]
            sizes = list(map(len, encoded))
            data = b"".join(encoded)
        size = sizes[0]
        if sizes.count(size) == len(sizes):
            return self._put(_steps(len(sizes), size)), self._put(data)
        return self._put(_packer(len(sizes) + 1, "i")(*accumulate(sizes, initial=0))), self._put(data)


def _values(kind: str, column: Sequence[Any], rows: int) -> bytes:
    """Raises TypeError or struct.error where one is None."""
    if kind == "b":
        first = column[0]
        if column.count(first) == rows:
            return (b"\xff" if first else b"\0") * ((rows + 7) // 8)
        if None in column:
            raise TypeError
        return _bits(column)
    if kind == "d":
        return _packer(rows, kind)(*column)
    first = column[0]
    if first == column[-1] and column.count(first) == rows:
        return _packer(1, kind)(first) * rows
    return _packer(rows, kind)(*column)


def _bits(truths: Sequence[bool]) -> bytes:
    """The first in the lowest bit of the first byte."""
    digits = "".join(["1" if one else "0" for one in reversed(truths)])
    return int(digits, 2).to_bytes((len(truths) + 7) // 8, "little")


@lru_cache(maxsize=1024)
def _packer(count: int, kind: str) -> Callable[..., bytes]:
    """So many numbers as bytes: with half the steps of an array, which looks at each as at a call's argument."""
    return struct.Struct(f"{count}{kind}").pack


@lru_cache(maxsize=512)
def _steps(count: int, size: int) -> bytes:
    """Where texts of one size begin, and where the last one ends."""
    return array("i", (size * number for number in range(count + 1))).tobytes()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace")
