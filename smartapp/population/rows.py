"""One resource as one row of the table ``resource``.

A row is a person, an event, a Medication that others refer to (by its place), or a resource that has to wait until what
it refers to has been read. ``sig`` stands for the type and all codings of a row; what it stands for is told once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import md5
from typing import Any

from msgspec.structs import astuple

from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Draft, Event
from smartapp.facts.patients import Person
from smartapp.population.frames import Row

LATER, LOST = "~later", "~lost"
"""Kinds of rows that are no resource: one that has to wait, and one that may have been a fact (``id`` is its type)."""

_FIRST = Event.__struct_fields__.index("status")
_FIELDS = slice(_FIRST, Event.__struct_fields__.index("repeats") + 1)
FIELDS = Event.__struct_fields__[_FIELDS]
"""The fields of an event that are columns; they lie side by side and in the order of the columns."""

_KINDS = {"bool": "b", "float": "d", "Instant": "q"}
KINDS = "iqiuuuqqq" + "".join(_KINDS.get(Draft.__annotations__[name].partition(" ")[0], "u") for name in FIELDS)
"""The kind of each column (see :func:`~smartapp.population.frames.frame`): those of every row, and the fields."""

_NOTHING = (None,) * len(FIELDS)
PERSON = {"status": "sex", "intent": "gender", "start": "birth_low", "end": "birth_high", "latest": "deceased"}
"""Where a person's row keeps what an event has not: the event's field and the person's."""

_LIMIT = 2**63


class Signatures:
    """Numbers for lists of codings, the same in every process; ``new`` are those not told yet, ``known`` all."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, tuple[SlotCode, ...]], int] = {}
        self.new: list[tuple[int, str, str]] = []

    def of(self, kind: str, codes: tuple[SlotCode, ...]) -> int:
        key = (kind, codes)
        found = self.known.get(key)
        if found is None:
            text = json.dumps(codes, separators=(",", ":"))
            digest = md5(f"{kind} {text}".encode(), usedforsecurity=False).digest()
            found = self.known[key] = int.from_bytes(digest[:8], "little") % _LIMIT
            self.new.append((found, kind, text))
        return found


Where = tuple[int, int, int]
"""Source, place, bundle."""


def event_row(where: Where, patient: str, event: Event, sig: int, version: tuple[int, int]) -> Row:
    """The row of an event."""
    fields = astuple(event)
    return (*where, patient, fields[1], fields[0], sig, *version, *fields[_FIELDS])


Place = tuple[int, str, int, int, int]
"""What a row has beside its event: place, patient, sig and version (of two numbers)."""


def event_columns(source: int, places: Sequence[Place], events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """The columns of :func:`event_row` for events of one source and no Bundle: half the time of many rows."""
    rows = len(events)
    place, patient, *version = zip(*places, strict=True)
    fields = list(zip(*map(astuple, events), strict=True))
    return [(source,) * rows, place, (0,) * rows, patient, fields[1], fields[0], *version, *fields[_FIELDS]]


def person_row(where: Where, patient: str, person: Person | Any, sig: int, version: tuple[int, int]) -> Row:
    """The row of a patient; ``person`` has the fields of :class:`Person` (:class:`Facts` has them too)."""
    values = [getattr(person, PERSON[name]) if name in PERSON else None for name in FIELDS]
    return (*where, patient, "Patient", patient, sig, *version, *values)


def mark_row(where: Where, patient: str, kind: str, id_: str, version: tuple[int, int] = (-1, -1)) -> Row:
    """A row without fields: a Medication, one that waits, one that is lost."""
    return (*where, patient, kind, id_, 0, *version, *_NOTHING)
