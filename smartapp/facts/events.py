"""The coded event and the patient: the only shapes that a criterion ever sees.

One row of these fields per FHIR resource feeds both engines, so that the chart and the population
cannot read the same resource differently. What a field means for each kind of resource is stated
once, in :mod:`smartapp.facts.meaning`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from msgspec import Struct
from msgspec.structs import astuple

from smartapp.facts.codes import Code, SlotCode
from smartapp.facts.instants import FOREVER, Instant


class ValueKind(StrEnum):
    """What an observation's value is. "No value" is not the same as "not a quantity"."""

    NONE = "none"
    QUANTITY = "quantity"
    CODE = "code"
    OTHER = "other"


class Draft(Struct, gc=False):
    """An event while it is being filled in: the fields of :class:`Event`, still open. ``seal`` ends it.

    A struct and no dataclass: it is made in a tenth of the time, and the collector need not look at it.
    """

    id: str
    kind: str
    codes: tuple[SlotCode, ...] = ()
    status: str | None = None
    intent: str | None = None
    negated: bool = False
    verification: str | None = None
    clinical: str | None = None
    class_: str | None = None
    start: Instant | None = None
    end: Instant | None = None
    latest: Instant | None = None
    at: Instant | None = None
    value_kind: ValueKind = ValueKind.NONE
    number: float | None = None
    unit: str | None = None
    systolic: float | None = None
    diastolic: float | None = None
    encounter: str | None = None
    focus: str | None = None
    days: float | None = None
    repeats: float | None = None
    display: str | None = None

    def seal(self) -> Event:
        """Work out ``latest`` (what was told where there is no start) and become the event: the draft is no more."""
        end = self.end
        if end is not None and end < FOREVER:
            self.latest = end
        elif self.start is not None:
            self.latest = self.start
        # CPython lets an object change class where both have the same slots: half the cost of a second object.
        self.__class__ = Event
        return cast(Event, self)


class Event(Draft, frozen=True, gc=False):  # type: ignore[misc]  # what is open becomes frozen, see seal
    """One resource of the patient's, reduced to what criteria compare.

    Times are instants (milliseconds UTC): ``start`` and ``end`` with three states (known, for ever,
    unknown ``None``); ``latest`` is the end where it is known and finite, else the start; ``at`` is when
    it was authored, issued or recorded. ``number`` with ``unit`` (UCUM) is the value where it is a quantity;
    ``systolic`` and ``diastolic`` are mmHg. ``encounter`` and ``focus`` are relative references
    (``Encounter/1``); a medicine's focus is the Medication that it refers to where it has no code of its own.
    ``days`` is the cumulative number of days that a medicine was supplied for, ``repeats`` the refills that were
    ordered; for an ordered medicine ``number`` with ``unit`` is the amount supplied per day. A medicine to be taken
    from a day on, nobody said until when or how much was supplied, has no start: that day is its ``latest``, and its
    end is for ever. ``display`` is for the page and takes no part in a comparison.
    """

    def __eq__(self, other: object) -> bool:
        return type(other) is Event and astuple(self)[:-1] == astuple(other)[:-1]

    def __hash__(self) -> int:
        return hash(astuple(self)[:-1])

    @property
    def reference(self) -> str:
        """The relative reference, ``Observation/1``."""
        return f"{self.kind}/{self.id}"


class Coverage(StrEnum):
    """How much of what was asked for a patient was read. Anything but complete makes absence unknown."""

    COMPLETE = "complete"
    REFUSED = "refused"
    FAILED = "failed"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Facts:
    """One patient's chart as the engines see it.

    ``birth_low`` and ``birth_high`` are the first and last day that the recorded birth date allows, as
    start-of-day instants: equal for a full date, a month or a year apart for a partial one, ``None`` when absent.
    ``sex`` is the us-core-sex extension (``female``, ``male`` or the code as recorded), ``gender`` the
    administrative gender. ``codes`` holds race, ethnicity and language in slots of those names.
    ``coverage`` maps a requirement's key (:mod:`smartapp.criteria.requirements`) to how much of it was read;
    a key that is missing counts as complete, as everything in a file does.
    """

    patient_id: str
    events: tuple[Event, ...] = ()
    birth_low: Instant | None = None
    birth_high: Instant | None = None
    sex: str | None = None
    gender: str | None = None
    deceased: Instant | None = None
    codes: tuple[SlotCode, ...] = ()
    coverage: Mapping[str, Coverage] = field(default_factory=dict)


def coded(slot: str, *codes: Code) -> tuple[SlotCode, ...]:
    """``codes`` in one slot; a convenience for builders."""
    return tuple(SlotCode(slot, c.system, c.code) for c in codes)
