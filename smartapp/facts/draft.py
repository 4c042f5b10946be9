"""An event while it is being filled in.

A frozen dataclass of 23 fields takes 5 µs to build in CPython, half of what a whole event may cost. A plain
object with the same slots takes 1 µs and may then take on the class of the frozen one.
"""

from __future__ import annotations

from typing import cast

from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Event, ValueKind
from smartapp.facts.instants import FOREVER, Instant


class Draft:
    """The fields of :class:`~smartapp.facts.events.Event`, still open. ``seal`` ends it."""

    # CPython lets an object change class only where both have the same slots, in the same order.
    __slots__ = tuple(Event.__dataclass_fields__)

    def __init__(self, kind: str, id_: str) -> None:
        self.id = id_
        self.kind = kind
        self.codes: tuple[SlotCode, ...] = ()
        self.status: str | None = None
        self.intent: str | None = None
        self.negated = False
        self.verification: str | None = None
        self.clinical: str | None = None
        self.class_: str | None = None
        self.start: Instant | None = None
        self.end: Instant | None = None
        self.latest: Instant | None = None
        self.at: Instant | None = None
        self.value_kind = ValueKind.NONE
        self.number: float | None = None
        self.unit: str | None = None
        self.systolic: float | None = None
        self.diastolic: float | None = None
        self.encounter: str | None = None
        self.focus: str | None = None
        self.days: float | None = None
        self.repeats: float | None = None
        self.display: str | None = None

    def seal(self) -> Event:
        """Work out ``latest`` and become the event. The draft must not be used afterwards."""
        self.latest = self.end if self.end is not None and self.end < FOREVER else self.start
        self.__class__ = Event  # type: ignore[assignment]
        return cast(Event, self)
