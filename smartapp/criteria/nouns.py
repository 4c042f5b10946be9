"""Names in plain words: FHIR types, slots and code systems, as a clinician would say them."""

from __future__ import annotations

import re

from smartapp.criteria.nodes import Codes, ValueSet
from smartapp.facts.codes import CDC_RACE, CDT, CPT, CVX, HCPCS, ICD10_CM, ICD10_PCS, LOINC, RXNORM, SNOMED_CT

_KINDS = {
    "AllergyIntolerance": ("allergy", "allergies"),
    "Condition": ("diagnosis", "diagnoses"),
    "Coverage": ("insurance coverage", "insurance coverages"),
    "DeviceRequest": ("device order", "device orders"),
    "MedicationRequest": ("medication order", "medication orders"),
    "MedicationDispense": ("medication handed over", "medications handed over"),
    "MedicationAdministration": ("medication given", "medications given"),
    "ServiceRequest": ("service order", "service orders"),
}

_SLOTS = {
    "body": "body site",
    "discharge": "discharge disposition",
}

_SYSTEMS = {
    LOINC: "LOINC",
    SNOMED_CT: "SNOMED CT",
    ICD10_CM: "ICD-10-CM",
    ICD10_PCS: "ICD-10-PCS",
    RXNORM: "RxNorm",
    CVX: "CVX",
    HCPCS: "HCPCS",
    CPT: "CPT",
    CDT: "CDT",
    CDC_RACE: "CDC race and ethnicity",
}


def kind_name(kind: str, *, plural: bool = False) -> str:
    """A FHIR type: ``Condition`` is a diagnosis, ``CarePlan`` a care plan."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()
    return _KINDS.get(kind, (words, f"{words}s"))[plural]


def kinds_name(kinds: tuple[str, ...], *, plural: bool = False) -> str:
    """Several types: ``an encounter or a procedure`` without the articles."""
    return either([kind_name(kind, plural=plural) for kind in kinds])


def with_article(phrase: str) -> str:
    """``an encounter``, ``a diagnosis``; what has an article keeps it."""
    if phrase.startswith("the "):
        return phrase
    return f"an {phrase}" if phrase.lstrip("(")[:1] in "aeiou" else f"a {phrase}"


def slot_name(slot: str) -> str:
    """Where a code stands."""
    return _SLOTS.get(slot, slot)


def system_name(system: str) -> str:
    """A code system, by its short name; HL7's own by the last part of their URL."""
    return _SYSTEMS.get(system, system.rpartition("/")[2])


def codes_name(codes: Codes) -> str:
    """Value sets by their names, single codes with system and code; those of one name and system follow it."""
    named: dict[tuple[str, str], list[str]] = {}
    for one in codes:
        if isinstance(one, ValueSet):
            named.setdefault((one.name, ""), [])
        else:
            named.setdefault((one.name, system_name(one.system)), []).append(one.code)
    return either(
        [f"“{name}” ({system} {', '.join(codes)})" if codes else f"“{name}”" for (name, system), codes in named.items()]
    )


def either(words: list[str]) -> str:
    """``a, b or c``."""
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
