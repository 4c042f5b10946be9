"""What a measure is: its source, its rates for the report, its rule for the chart.

The report and the chart are two expressions, each with its own source: CMS125 reports women of 42 to 74 with
a visit, the chart shows women of 40 to 74 (USPSTF 2024). The direction of a measure is stated in its own
file and never read from metadata, because published metadata have it wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from smartapp.criteria.nodes import Condition, EventSet, Unit


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule is published. ``terms`` are the steward's terms of use, ``read`` the day that
    its text was read (ISO; empty where only what others say of it was), ``since`` the day from which it holds (ISO;
    where editions replace each other)."""

    title: str
    steward: str
    edition: str
    url: str
    read: str
    terms: str = ""
    grade: str = ""
    since: str = ""


class Hit(StrEnum):
    """What being in the numerator means."""

    CARE_GIVEN = "care-given"
    GAP = "gap"


Population = Condition | EventSet
"""A condition of the patient; or, where the basis is the encounter, the encounters that are in it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One named exclusion or exception: a population is any of its reasons, and the one that fired is said."""

    name: str
    part: Population


@dataclass(frozen=True, slots=True)
class Rate:
    """One group of a published measure, as it is reported.

    ``id`` is the published group id (``Group_1``). Exclusions and exceptions are lists of reasons, so that the
    answer can name the one that applies.
    """

    id: str
    initial_population: Population
    denominator: Population
    numerator: Population
    exclusions: tuple[Reason, ...] = ()
    exceptions: tuple[Reason, ...] = ()
    numerator_exclusions: tuple[Reason, ...] = ()
    basis: Literal["patient", "encounter"] = "patient"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Every:
    """Care that is due again a fixed time after it was given.

    ``full`` counts whole calendar months: from the first day of the month after the care ("11 full months").
    """

    amount: int
    unit: Unit
    full: bool = False


@dataclass(frozen=True, slots=True)
class ClosedBy:
    """One way to close the gap: what was found (the latest counts) and how long it holds.

    ``holds`` ``None``: once is enough for ever. The page shows ``name`` both as what was found and as what would
    close the gap.
    """

    name: str
    events: EventSet
    holds: Every | None


@dataclass(frozen=True, slots=True)
class Clinical:
    """The rule for the chart, without the report's visit.

    ``eligible`` says for whom the care is meant, ``excluded`` why not for this one. The gap is closed while one of
    ``closed_by`` still holds (each of them where ``needs`` is ``all``) and ``satisfied``, if given, is true of what
    was found. ``relevant`` are the values worth a sparkline. ``on_its_way`` are orders, bookings and outside results
    that may close it. ``due_soon`` is how long before the due date it is said, ``grace`` how long after it care is
    due and not yet overdue. ``decision`` marks care that is a shared decision, never an open gap. ``choice`` is what
    of the rule the practice itself has chosen: with it the card says which. ``sensitive`` names the class of
    ``standards.md`` that the care itself reveals.
    """

    eligible: Condition
    closed_by: tuple[ClosedBy, ...]
    source: Source
    excluded: tuple[Reason, ...] = ()
    needs: Literal["one", "all"] = "one"
    satisfied: Condition | None = None
    relevant: EventSet | None = None
    on_its_way: EventSet | None = None
    due_soon: Every = Every(60, "day")
    grace: Every = Every(0, "day")
    decision: bool = False
    choice: Literal["", "Immunization schedule", "Follow-up"] = ""
    sensitive: str = ""
    plain_title: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of the catalogue. ``id`` is the short published id (``CMS125``)."""

    id: str
    version: str
    title: str
    source: Source
    clinical: Clinical
    rates: tuple[Rate, ...] = ()
    numerator_means: Hit = Hit.CARE_GIVEN
    canonical: str = ""
    views: frozenset[str] = frozenset({"chart", "population"})
