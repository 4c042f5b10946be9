"""The value of an observation, and the two pressures of a blood pressure."""

from __future__ import annotations

from math import isfinite
from operator import attrgetter
from typing import Any

from smartapp.facts.codes import LOINC, SlotCode
from smartapp.facts.concepts import concepts
from smartapp.facts.elements import Json, add_concepts, number, object_, text, unusable
from smartapp.facts.events import ValueKind
from smartapp.facts.typed import ABSENT, Resource

_PRESSURES = {SlotCode("code", LOINC, "8480-6"): "systolic", SlotCode("code", LOINC, "8462-4"): "diastolic"}
UCUM = "http://unitsofmeasure.org"
_ALSO_UCUM = (UCUM, "https://ucum.org", "urn:oid:2.16.840.1.113883.6.8")
MERCURY = frozenset({"mm[Hg]", "mmHg", "mm Hg", "mm[hg]", "mmhg"})
_others = attrgetter(
    "valueString",
    "valueBoolean",
    "valueInteger",
    "valueDateTime",
    "valueTime",
    "valuePeriod",
    "valueRange",
    "valueRatio",
    "valueSampledData",
)
_NOTHING = (None,) * 9


Observed = tuple[tuple[SlotCode, ...], ValueKind, float | None, str | None, float | None, float | None]
"""Codes, kind of value, number, unit, systolic and diastolic."""


def read_value(resource: Any, codes: tuple[SlotCode, ...]) -> Observed:
    """The kind of value with number, unit and value codes (after ``codes``); systolic and diastolic.

    A whole number without a unit (``valueInteger``, as of a questionnaire's score) is a ``number`` and stays of kind
    *other*, for it is no quantity. So does a quantity with a comparator: ``> 14 %`` is not 14 %
    (FHIR R4, Quantity.comparator, a modifier). Its unit is kept: it tells such a bound from words.
    """
    kind = ValueKind.NONE
    amount = unit = systolic = diastolic = None
    quantity = resource.valueQuantity
    if quantity is not None:
        amount = quantity.value
        if amount is not None:
            if not isfinite(amount):
                unusable("value", "is not a number")
            unit = _unit(quantity.code, quantity.system, quantity.unit)
            kind = ValueKind.QUANTITY
            if quantity.comparator is not None:
                kind, amount = ValueKind.OTHER, None
            elif unit in MERCURY:
                pressures = [_PRESSURES.get(code) for code in codes]
                systolic = amount if "systolic" in pressures else None
                diastolic = amount if "diastolic" in pressures else None
    elif (
        resource.valueCodeableConcept is not ABSENT
        and (found := concepts("value", resource.valueCodeableConcept, "valueCodeableConcept")).is_there
    ):
        codes += found.codes
        kind = ValueKind.CODE if found.codes else ValueKind.OTHER
    elif _others(resource) != _NOTHING:
        kind, amount = ValueKind.OTHER, number(resource, "valueInteger")
    if resource.component is not None:
        found_there = _read_components(resource)
        systolic, diastolic = found_there.get("systolic", systolic), found_there.get("diastolic", diastolic)
    return codes, kind, amount, unit, systolic, diastolic


def unit_of(quantity: Json) -> str | None:
    """The UCUM code; where there is none, the unit as it is written."""
    return _unit(text(quantity, "code"), text(quantity, "system"), text(quantity, "unit"))


def _unit(code: str | None, system: str | None, written: str | None) -> str | None:
    return code if code and (system or UCUM) in _ALSO_UCUM else written or code or None


def _read_components(resource: Resource) -> dict[str, float]:
    """The pressures of a panel. Two different ones in one panel contradict each other: neither is taken."""
    found: dict[str, set[float]] = {}
    for part in resource.get("component"):  # objects, as check_parts has seen
        quantity = object_(part, "valueQuantity")
        if quantity is None or quantity.get("comparator") is not None or unit_of(quantity) not in MERCURY:
            continue
        coded: list[SlotCode] = []
        add_concepts(coded, "code", part.get("code") or {}, "component.code")
        amount = number(quantity, "value")
        for code in coded:
            name = _PRESSURES.get(code)
            if name is not None and amount is not None:
                found.setdefault(name, set()).add(amount)
    return {name: amounts.pop() for name, amounts in found.items() if len(amounts) == 1}
