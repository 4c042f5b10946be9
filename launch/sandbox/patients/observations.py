"""Observations: one helper for every kind, and values that are rounded as a laboratory reports them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from .chart import Chart, category
from .codes import UCUM, US_CORE_CATEGORY, Code, Resource, concept, hl7
from .dates import instant
from .practice import organization, practitioner

VITAL_SIGNS = hl7("observation-category", "vital-signs", "Vital Signs")
LABORATORY = hl7("observation-category", "laboratory", "Laboratory")
SOCIAL_HISTORY = hl7("observation-category", "social-history", "Social History")
SURVEY = hl7("observation-category", "survey", "Survey")
IMAGING = hl7("observation-category", "imaging", "Imaging")
SDOH = Code(US_CORE_CATEGORY, "sdoh", "SDOH")

_PROFILES = {
    LABORATORY: "us-core-observation-lab",
    SURVEY: "us-core-observation-screening-assessment",
    IMAGING: "us-core-observation-clinical-result",
    SOCIAL_HISTORY: "us-core-simple-observation",
    SDOH: "us-core-observation-screening-assessment",
}


class Quantity(NamedTuple):
    """A value with its UCUM unit."""

    value: float
    unit: str
    shown: str | None = None

    def fhir(self) -> Resource:
        """As a FHIR Quantity; whole numbers stay whole."""
        value = int(self.value) if self.value == int(self.value) else self.value
        return {"value": value, "unit": self.shown or self.unit, "system": UCUM, "code": self.unit}


def observe(
    chart: Chart,
    day: date,
    code: Code,
    kind: Code,
    value: Quantity | Code | str | None = None,
    *,
    more_codes: tuple[Code, ...] = (),
    extra_category: Code | None = None,
    profile: str | None = None,
    status: str = "final",
    performer: str | None = None,
    components: list[Resource] | None = None,
    **elements: object,
) -> Resource:
    """An Observation on ``day``; a value is a quantity, a coded answer or a text."""
    made = chart.add(
        "Observation",
        profile or _PROFILES.get(kind),
        status=status,
        category=category(kind, *((extra_category,) if extra_category else ())),
        code=concept(code, *more_codes),
        subject=chart.subject,
        encounter=chart.encounter_on(day),
        effectiveDateTime=instant(day),
        issued=instant(day, 18) if kind in (LABORATORY, IMAGING) else None,
        performer=[practitioner(performer) if performer else organization()],
        component=components,
    )
    if isinstance(value, Quantity):
        made["valueQuantity"] = value.fhir()
    elif isinstance(value, Code):
        made["valueCodeableConcept"] = concept(value)
    elif value is not None:
        made["valueString"] = value
    made.update((name, element) for name, element in elements.items() if element is not None)
    return made


def component(code: Code, value: Quantity) -> Resource:
    """A part of a panel."""
    return {"code": concept(code), "valueQuantity": value.fhir()}
