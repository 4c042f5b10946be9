"""The value of an observation, and the two pressures of a blood pressure."""

from __future__ import annotations

from smartapp.facts.codes import LOINC, SlotCode
from smartapp.facts.draft import Draft
from smartapp.facts.elements import Json, add_concepts, number, object_, objects, text
from smartapp.facts.events import ValueKind

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


def read_value(draft: Draft, codes: list[SlotCode], resource: Json) -> None:
    """Set the kind of value with number, unit and value codes; then systolic and diastolic.

    A whole number without a unit (``valueInteger``, as of a questionnaire's score) sets ``number`` and stays of kind
    *other*, for it is no quantity. So does a quantity with a comparator: ``> 14 %`` is not 14 %
    (FHIR R4, Quantity.comparator, a modifier).
    """
    quantity = object_(resource, "valueQuantity")
    if quantity is not None:
        _read_quantity(draft, quantity)
    elif (concept := resource.get("valueCodeableConcept")) is not None:
        before = len(codes)
        add_concepts(codes, "value", concept, "valueCodeableConcept")
        draft.value_kind = ValueKind.CODE if len(codes) > before else ValueKind.OTHER
    elif any(resource.get(name) is not None for name in _OTHER):
        draft.value_kind = ValueKind.OTHER
        draft.number = number(resource, "valueInteger")
    if draft.value_kind is ValueKind.QUANTITY:
        for code in codes:
            if code.slot == "code" and (code.system, code.code) in _PRESSURES and draft.unit in _MERCURY:
                setattr(draft, _PRESSURES[code.system, code.code], draft.number)
    if resource.get("component") is not None:
        _read_components(draft, resource)


def _read_quantity(draft: Draft, quantity: Json) -> None:
    amount = number(quantity, "value")
    if amount is None:
        return
    if text(quantity, "comparator") is not None:
        draft.value_kind = ValueKind.OTHER
        return
    draft.value_kind = ValueKind.QUANTITY
    draft.number = amount
    draft.unit = unit_of(quantity)


def unit_of(quantity: Json) -> str | None:
    """The UCUM code; where there is none, the unit as it is written."""
    code = text(quantity, "code")
    if code and (text(quantity, "system") or _UCUM[0]) in _UCUM:
        return code
    return text(quantity, "unit") or code or None


def _read_components(draft: Draft, resource: Json) -> None:
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
