"""Coded elements by their JSON text.

The same few hundred texts make up nearly all coded elements of a practice: each is parsed and checked once. A text
that is long is no code alone and is not kept; nor are more than :data:`_KEPT`.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from smartapp.facts.codes import SlotCode
from smartapp.facts.elements import add_concepts, shown

_KEPT = 65_536
_LONGEST = 2048


class Concepts(Struct, frozen=True, gc=False):
    """The codings of one ``CodeableConcept``, or a list of them, and what it is called."""

    codes: tuple[SlotCode, ...]
    words: str | None
    is_there: bool
    is_list: bool


_known: dict[str, dict[bytes, Concepts]] = {}


def known(slot: str) -> dict[bytes, Concepts]:
    """What was read before for a slot, by text; for those who would save the call."""
    return _known.setdefault(slot, {})


def concepts(slot: str, text: Raw, name: str) -> Concepts:
    """What a coded element says. Raises NotAFact, naming the element, where it cannot be read."""
    before, key = known(slot), bytes(text)
    found = before.get(key)
    if found is None:
        found = _read(slot, key, name)
        if len(key) <= _LONGEST:
            if len(before) >= _KEPT:
                before.clear()
            before[key] = found
    return found


def _read(slot: str, text: bytes, name: str) -> Concepts:
    value = msgspec.json.decode(text) if text else None
    codes: list[SlotCode] = []
    if value is not None:
        add_concepts(codes, slot, value, name)
    return Concepts(tuple(codes), shown(value), value is not None, type(value) is list)
