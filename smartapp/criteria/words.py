"""The words that rules are written in. Importing ``*`` from here is all that a measure's file needs.

Interval words expand to comparisons in plain Python, so that no compiler knows them. They follow CQL 1.5.3
("Timing and interval operators"): ``during`` has both ends inside, ``overlaps`` starts before the other's
end and ends after its start, all closed on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartapp.criteria.nodes import (
    Age,
    Always,
    Anchor,
    Codes,
    Condition,
    Define,
    DefineSet,
    DirectCode,
    Events,
    EventSet,
    Field,
    Flag,
    Has,
    If,
    Literal,
    PatientField,
    PatientHas,
    Quantity,
    Refines,
    Unit,
    Value,
    ValueSet,
    WithLast,
)

start, end, latest, at = Field("start"), Field("end"), Field("latest"), Field("at")
status, intent, verification, clinical = (
    Field("status"),
    Field("intent"),
    Field("verification"),
    Field("clinical"),
)
class_, encounter, focus, reference = Field("class_"), Field("encounter"), Field("focus"), Field("reference")
number, unit, systolic, diastolic, days = (
    Field("number"),
    Field("unit"),
    Field("systolic"),
    Field("diastolic"),
    Field("days"),
)
value_kind, repeats = Field("value_kind"), Field("repeats")
not_done: Condition = Flag(Field("negated"))
sex, gender, death = PatientField("sex"), PatientField("gender"), PatientField("deceased")
birth, as_of = Anchor("birth"), Anchor("as-of")


class other:
    """The fields of the other event in a join."""

    start, end, latest, at = (
        Field("start", "other"),
        Field("end", "other"),
        Field("latest", "other"),
        Field("at", "other"),
    )
    encounter, focus, reference = (
        Field("encounter", "other"),
        Field("focus", "other"),
        Field("reference", "other"),
    )
    number, unit, systolic, diastolic = (
        Field("number", "other"),
        Field("unit", "other"),
        Field("systolic", "other"),
        Field("diastolic", "other"),
    )
    status, class_ = Field("status", "other"), Field("class_", "other")


@dataclass(frozen=True, slots=True)
class Interval:
    """Two times, both inside."""

    start: Value
    end: Value


PERIOD = Interval(Anchor("period-start"), Anchor("period-end"))
"""The measurement period, from the first instant of its first UTC day to the last millisecond of its last."""

THIS = Interval(start, end)
OTHER = Interval(other.start, other.end)


def events(kinds: tuple[str, ...], *codes: ValueSet | DirectCode, found_in: tuple[str, ...] = ()) -> EventSet:
    """Events of some FHIR types with one of the codes; without codes, all of them."""
    return Events(kinds, codes or None, found_in)


def encounters(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("Encounter",), *codes)


def conditions(
    *codes: ValueSet | DirectCode, found_in: tuple[str, ...] = ("problem-list-item", "encounter-diagnosis")
) -> EventSet:
    return events(("Condition",), *codes, found_in=found_in)


def observations(*codes: ValueSet | DirectCode, found_in: tuple[str, ...]) -> EventSet:
    """``found_in``: the observation categories that a server files them under (laboratory, vital-signs, …)."""
    return events(("Observation",), *codes, found_in=found_in)


def procedures(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("Procedure",), *codes)


def immunizations(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("Immunization",), *codes)


def medication_requests(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("MedicationRequest",), *codes)


def service_requests(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("ServiceRequest",), *codes)


def device_requests(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("DeviceRequest",), *codes)


def allergies(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("AllergyIntolerance",), *codes)


def coverages(*codes: ValueSet | DirectCode) -> EventSet:
    return events(("Coverage",), *codes)


def has(slot: str, *codes: ValueSet | DirectCode) -> Condition:
    return Has(slot, tuple(codes))


def other_has(slot: str, *codes: ValueSet | DirectCode) -> Condition:
    return Has(slot, tuple(codes), "other")


def patient_has(slot: str, *codes: ValueSet | DirectCode) -> Condition:
    return PatientHas(slot, tuple(codes))  # type: ignore[arg-type]  # checked by the compilers' tests


def value_above(n: float, ucum: str) -> Condition:
    return Quantity(">", n, ucum)


def value_at_least(n: float, ucum: str) -> Condition:
    return Quantity(">=", n, ucum)


def value_below(n: float, ucum: str) -> Condition:
    return Quantity("<", n, ucum)


def value_at_most(n: float, ucum: str) -> Condition:
    return Quantity("<=", n, ucum)


def during(interval: Interval, *, inner: Interval = THIS) -> Condition:
    """Both ends inside, to the instant."""
    return inner.start.on_or_after(interval.start) & inner.end.on_or_before(interval.end)


def day_during(interval: Interval, *, inner: Interval = THIS) -> Condition:
    """Both ends inside, comparing UTC days ("during day of")."""
    return inner.start.day.on_or_after(interval.start.day) & inner.end.day.on_or_before(interval.end.day)


def contains(interval: Interval, when: Value) -> Condition:
    """The time falls inside the interval, to the instant."""
    return when.on_or_after(interval.start) & when.on_or_before(interval.end)


def day_contains(interval: Interval, when: Value) -> Condition:
    """The UTC day of the time falls inside the interval's days."""
    return when.day.on_or_after(interval.start.day) & when.day.on_or_before(interval.end.day)


def reaches(when: Value, *, inner: Interval = THIS) -> Condition:
    """Ends at ``when`` or later. What begins then does so whether its end is known or not.

    In CQL an unknown end lies somewhere from the start on (CQL 1.5.3, "End": an open boundary that is null).
    """
    return inner.end.on_or_after(when) | inner.start.on_or_after(when)


def day_reaches(when: Value, *, inner: Interval = THIS) -> Condition:
    """Ends on the UTC day of ``when`` or later."""
    return inner.end.day.on_or_after(when.day) | inner.start.day.on_or_after(when.day)


def overlaps(interval: Interval, *, inner: Interval = THIS) -> Condition:
    """Some instant in common."""
    return inner.start.on_or_before(interval.end) & reaches(interval.start, inner=inner)


def day_overlaps(interval: Interval, *, inner: Interval = THIS) -> Condition:
    """Some UTC day in common."""
    return inner.start.day.on_or_before(interval.end.day) & day_reaches(interval.start, inner=inner)


def age(when: Value) -> Value:
    """Completed years on the UTC day of ``when``."""
    return Age(when)


def with_last(events_: EventSet, other_: EventSet, *, on: Condition, by: Value, then: Condition) -> EventSet:
    """Those whose last matching other event passes ``then``; inside ``on``, ``by`` and ``then`` it is ``other``."""
    return WithLast(events_, other_, on, by, then)


def define(name: str, sentence: str, part: Condition) -> Condition:
    """Give a condition the published measure's name and sentence."""
    return Define(name, sentence, part)


def define_set(name: str, sentence: str, part: EventSet) -> EventSet:
    """Give an event set the published measure's name and sentence."""
    return DefineSet(name, sentence, part)


def refines(name: str, part: Condition) -> Condition:
    """Mark what only refines the answer; ``name`` is the caveat in the page's words."""
    return Refines(name, part)


__all__ = [
    "OTHER",
    "PERIOD",
    "THIS",
    "Always",
    "Codes",
    "Condition",
    "DirectCode",
    "EventSet",
    "Field",
    "If",
    "Interval",
    "Literal",
    "Unit",
    "Value",
    "ValueSet",
    "age",
    "allergies",
    "as_of",
    "at",
    "birth",
    "class_",
    "clinical",
    "conditions",
    "contains",
    "coverages",
    "day_contains",
    "day_during",
    "day_overlaps",
    "day_reaches",
    "days",
    "death",
    "define",
    "define_set",
    "device_requests",
    "diastolic",
    "during",
    "encounter",
    "encounters",
    "end",
    "events",
    "focus",
    "gender",
    "has",
    "immunizations",
    "intent",
    "latest",
    "medication_requests",
    "not_done",
    "number",
    "observations",
    "other",
    "other_has",
    "overlaps",
    "patient_has",
    "procedures",
    "reaches",
    "reference",
    "refines",
    "repeats",
    "service_requests",
    "sex",
    "start",
    "status",
    "systolic",
    "unit",
    "value_above",
    "value_at_least",
    "value_at_most",
    "value_below",
    "value_kind",
    "verification",
    "with_last",
]
