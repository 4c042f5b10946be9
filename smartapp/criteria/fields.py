"""The event fields that a criterion may name: their type, the kinds that have them, their plain words.

"When" is named per kind: ``start`` of an encounter is an arrival, of a condition its onset. The words here
are the only place where that is said; the page, the documentation and the audit read them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from smartapp.errors import CriteriaError


class Type(StrEnum):
    """The type of a value: two values of different types are never compared."""

    TIME = "time"
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of :class:`smartapp.facts.events.Event`.

    ``kinds`` are the FHIR types that carry it (empty: all); ``words`` says it in general, ``per_kind`` where a
    kind has a word of its own.
    """

    type: Type
    words: str
    kinds: frozenset[str] = frozenset()
    per_kind: Mapping[str, str] = field(default_factory=dict)

    def describe(self, kind: str | None = None) -> str:
        """The field in plain words for a kind of event."""
        return self.per_kind.get(kind or "", self.words)


_ORDERS = frozenset({"MedicationRequest", "ServiceRequest", "DeviceRequest"})

FIELDS: Mapping[str, FieldSpec] = {
    "start": FieldSpec(
        Type.TIME,
        "start",
        per_kind={
            "Encounter": "arrival",
            "Condition": "onset",
            "Observation": "time observed",
            "Procedure": "start of the procedure",
            "Immunization": "day given",
            "MedicationRequest": "start of the medicine",
            "ServiceRequest": "time ordered",
            "DeviceRequest": "time ordered",
            "Appointment": "appointed time",
            "Coverage": "start of the coverage",
        },
    ),
    "end": FieldSpec(
        Type.TIME,
        "end",
        per_kind={
            "Encounter": "departure",
            "Condition": "abatement",
            "Observation": "end of the observation",
            "Procedure": "end of the procedure",
            "MedicationRequest": "end of the medicine",
            "Coverage": "end of the coverage",
        },
    ),
    "latest": FieldSpec(Type.TIME, "end (or else start)"),
    "at": FieldSpec(
        Type.TIME,
        "time recorded",
        per_kind={
            "Observation": "time issued",
            "MedicationRequest": "time ordered",
            "ServiceRequest": "time ordered",
        },
    ),
    "status": FieldSpec(Type.TEXT, "status"),
    "intent": FieldSpec(Type.TEXT, "intent", _ORDERS | {"Task", "CarePlan"}),
    "negated": FieldSpec(Type.FLAG, "recorded as “not done”"),
    "verification": FieldSpec(Type.TEXT, "verification status", frozenset({"Condition", "AllergyIntolerance"})),
    "clinical": FieldSpec(Type.TEXT, "clinical status", frozenset({"Condition", "AllergyIntolerance"})),
    "class_": FieldSpec(Type.TEXT, "class", frozenset({"Encounter"})),
    "value_kind": FieldSpec(Type.TEXT, "kind of value", frozenset({"Observation"})),
    "number": FieldSpec(
        Type.NUMBER,
        "value",
        frozenset({"Observation", "MedicationRequest"}),
        per_kind={"MedicationRequest": "amount supplied per day"},
    ),
    "unit": FieldSpec(Type.TEXT, "unit", frozenset({"Observation", "MedicationRequest"})),
    "systolic": FieldSpec(Type.NUMBER, "systolic pressure", frozenset({"Observation"})),
    "diastolic": FieldSpec(Type.NUMBER, "diastolic pressure", frozenset({"Observation"})),
    "days": FieldSpec(Type.NUMBER, "days supplied", frozenset({"MedicationRequest", "MedicationDispense"})),
    "repeats": FieldSpec(Type.NUMBER, "number of refills", frozenset({"MedicationRequest"})),
    "encounter": FieldSpec(Type.TEXT, "encounter"),
    "focus": FieldSpec(
        Type.TEXT,
        "subject",
        frozenset({"Task", "Communication", "MedicationRequest"}),
        per_kind={"MedicationRequest": "reference to the medicine"},
    ),
    "reference": FieldSpec(Type.TEXT, "reference"),
}


def field_spec(name: str) -> FieldSpec:
    """The specification of a field; a :class:`CriteriaError` where there is no such field."""
    try:
        return FIELDS[name]
    except KeyError:
        raise CriteriaError("criteria.unknown-field", f"There is no field {name!r} of an event.") from None
