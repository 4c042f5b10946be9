"""The value of an observation, and the two pressures of a blood pressure."""

from __future__ import annotations

from math import isfinite
from operator import attrgetter

from smartapp.facts.codes import LOINC, SlotCode
from smartapp.facts.concepts import concepts
from smartapp.facts.draft import Draft
from smartapp.facts.elements import Json, add_concepts, number, object_, objects, text, unusable
from smartapp.facts.events import ValueKind
from smartapp.facts.typed import ABSENT, Quantity, Resource

_SYSTOLIC = (LOINC, "8480-6")
_DIASTOLIC = (LOINC, "8462-4")
_PRESSURES = {_SYSTOLIC: "systolic", _DIASTOLIC: "diastolic"}
_UCUM = ("http://unitsofmeasure.org", "https://ucum.org", "urn:oid:2.16.840.1.113883.6.8")
_MERCURY = frozenset({"mm[Hg]", "mmHg", "mm Hg", "mm[hg]", "mmhg"})
_OTHER = (
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


def read_value(draft: Draft, codes: list[SlotCode], resource: Resource) -> None:
    """Set the kind of value with number, unit and value codes; then systolic and diastolic.

    A whole number without a unit (``valueInteger``, as of a questionnaire's score) sets ``number`` and stays of kind
    *other*, for it is no quantity. So does a quantity with a comparator: ``> 14 %`` is not 14 %
    (FHIR R4, Quantity.comparator, a modifier). Its unit is kept: it tells such a bound from words.
    """
    quantity, concept, component = _asked(resource)
    if quantity is not None:
        _read_quantity(draft, quantity)
    elif concept is not ABSENT and (read := concepts("value", concept, "valueCodeableConcept")).is_there:
        codes += read.codes
        draft.value_kind = ValueKind.CODE if read.codes else ValueKind.OTHER
    elif any(resource.get(name) is not None for name in _OTHER):
        draft.value_kind = ValueKind.OTHER
        draft.number = number(resource, "valueInteger")
    if draft.unit in _MERCURY:
        for code in codes:
            if code.slot == "code" and (code.system, code.code) in _PRESSURES:
                setattr(draft, _PRESSURES[code.system, code.code], draft.number)
    if component is not None:
        _read_components(draft, resource)


_asked = attrgetter("valueQuantity", "valueCodeableConcept", "component")


def _read_quantity(draft: Draft, quantity: Quantity) -> None:
    amount = quantity.value
    if amount is None:
        return
    if not isfinite(amount):
        unusable("value", "is not a number")
    draft.unit = _unit(quantity.code, quantity.system, quantity.unit)
    if quantity.comparator is not None:
        draft.value_kind = ValueKind.OTHER
        return
    draft.value_kind = ValueKind.QUANTITY
    draft.number = amount


def unit_of(quantity: Json) -> str | None:
    """The UCUM code; where there is none, the unit as it is written."""
    return _unit(text(quantity, "code"), text(quantity, "system"), text(quantity, "unit"))


def _unit(code: str | None, system: str | None, written: str | None) -> str | None:
    return code if code and (system or _UCUM[0]) in _UCUM else written or code or None


def _read_components(draft: Draft, resource: Resource) -> None:
    """The pressures of a panel. Two different ones in one panel contradict each other: neither is taken."""
    found: dict[str, set[float]] = {}
    for part in objects(resource, "component"):
        quantity = object_(part, "valueQuantity")
        if quantity is None or quantity.get("comparator") is not None or unit_of(quantity) not in _MERCURY:
            continue
        coded: list[SlotCode] = []
        add_concepts(coded, "code", part.get("code") or {}, "component.code")
        amount = number(quantity, "value")
        for code in coded:
            name = _PRESSURES.get((code.system, code.code))
            if name is not None and amount is not None:
                found.setdefault(name, set()).add(amount)
    for name, amounts in found.items():
        if len(amounts) == 1:
            setattr(draft, name, amounts.pop())
