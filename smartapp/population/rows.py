"""One resource as one row of the table ``resource``: text that DuckDB reads from a pipe, never on disk in plain.

A row is a person, an event, a Medication that others refer to (by its place), or a resource that has to wait until what
it refers to has been read. ``sig`` stands for the type and all codings of a row; what it stands for is told once.
"""

from __future__ import annotations

import json
import os
from hashlib import md5
from typing import Any

import msgspec
from msgspec.structs import astuple

from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Event
from smartapp.facts.patients import Person

LATER, LOST = "~later", "~lost"
"""Kinds of rows that are no resource: one that has to wait, and one that may have been a fact (``id`` is its type)."""

_FIRST = Event.__struct_fields__.index("status")
_FIELDS = slice(_FIRST, Event.__struct_fields__.index("repeats") + 1)
FIELDS = Event.__struct_fields__[_FIELDS]
"""The fields of an event that are columns; they lie side by side and in the order of the columns."""

_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_NOTHING = (None,) * len(FIELDS)
PERSON = {"status": "sex", "intent": "gender", "start": "birth_low", "end": "birth_high", "latest": "deceased"}
"""Where a person's row keeps what an event has not: the event's field and the person's."""

_LIMIT = 2**63


class Signatures:
    """Numbers for lists of codings, the same in every process; ``new`` are those not told yet."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[SlotCode, ...]], int] = {}
        self.new: list[tuple[int, str, str]] = []

    def of(self, kind: str, codes: tuple[SlotCode, ...]) -> int:
        key = (kind, codes)
        found = self._known.get(key)
        if found is None:
            text = json.dumps(codes, separators=(",", ":"))
            digest = md5(f"{kind} {text}".encode(), usedforsecurity=False).digest()
            found = self._known[key] = int.from_bytes(digest[:8], "little") % _LIMIT
            self.new.append((found, kind, text))
        return found


Where = tuple[int, int, int]
"""Source, place, bundle."""


Row = tuple[Any, ...]
"""The values of a row, in the order of :data:`RESOURCE_COLUMNS`."""


def event_values(where: Where, patient: str, event: Event, sig: int, version: tuple[int, int]) -> Row:
    """The row of an event as values; :func:`lines_from` makes many of them into text at once."""
    fields = astuple(event)
    return (*where, patient, fields[1], fields[0], sig, *version, *fields[_FIELDS])


def lines_from(rows: list[Row]) -> bytes:
    """Rows as text, each with its line end."""
    if not rows:
        return b""
    try:
        lines = _encode_lines(rows)
    except UnicodeEncodeError:
        lines = b"\\"
    if b"\\" in lines:
        return b"".join(map(_line, rows))
    return lines[1:-2].replace(b"]\n[", b"\n") + b"\n"


def event_row(where: Where, patient: str, event: Event, sig: int, version: tuple[int, int]) -> bytes:
    """The row of an event, with its line end."""
    return _line(event_values(where, patient, event, sig, version))


def person_row(where: Where, patient: str, person: Person | Any, sig: int, version: tuple[int, int]) -> bytes:
    """The row of a patient; ``person`` has the fields of :class:`Person` (:class:`Facts` has them too)."""
    values = [getattr(person, PERSON[name]) if name in PERSON else None for name in FIELDS]
    return _line((*where, patient, "Patient", patient, sig, *version, *values))


def mark_row(where: Where, patient: str, kind: str, id_: str, version: tuple[int, int] = (-1, -1)) -> bytes:
    """A row without fields: a Medication, one that waits, one that is lost."""
    return _line((*where, patient, kind, id_, 0, *version, *_NOTHING))


def _line(values: tuple[Any, ...]) -> bytes:
    """The values as the inside of a JSON array, which is a line of CSV where no text needs a backslash."""
    try:
        line = _encode(values)
    except UnicodeEncodeError:
        line = b"\\"
    if b"\\" in line:
        # Control characters, quotes and halves of characters are in no FHIR id or code; here they would end a column.
        line = _encode(tuple(_clean(value) if isinstance(value, str) else value for value in values))
    return line[1:-1] + b"\n"


def _clean(text: str) -> str:
    return "".join(
        char if char >= " " and char not in '"\\' else "\ufffd" for char in text.encode("utf-8", "replace").decode()
    )


def write_all(descriptor: int, block: bytes) -> None:
    """Write a block of rows whole."""
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]
