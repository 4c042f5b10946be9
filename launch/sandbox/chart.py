"""The EHR's own chart of a patient, as rows for a few simple tabs."""

from __future__ import annotations

from typing import Any

from .ehr import Ehr
from .search import values

Resource = dict[str, Any]
Row = dict[str, str]
TABS = {
    "summary": "Summary",
    "results": "Results",
    "medications": "Medications",
    "visits": "Visits",
    "prevention": "Prevention",
    "messages": "Messages",
}
_MOST = 60
_PLAIN = frozenset({"final", "completed", "finished"})  # so usual that saying it helps nobody


def rows(ehr: Ehr, patient: str, kind: str, dates: tuple[str, ...], code: str) -> list[Row]:
    """Resources of a type as rows with day, what, status and value, newest first."""
    found = [
        {
            "day": _first(resource, dates)[:10],
            "what": _words(resource, code),
            "status": _status(resource),
            "value": _value(resource),
            "visit": "visit" if "encounter-diagnosis" in values(resource, "category.coding.code") else "",
        }
        for resource in ehr.store.scan(kind, [patient])
    ]
    return sorted(found, key=lambda row: row["day"], reverse=True)[:_MOST]


def tab(ehr: Ehr, patient: str, name: str) -> list[tuple[str, list[Row]]]:
    """The tables of a tab: (heading, rows)."""

    def table(heading: str, kind: str, dates: str, code: str) -> tuple[str, list[Row]]:
        return heading, rows(ehr, patient, kind, tuple(dates.split()), code)

    conditions = rows(ehr, patient, "Condition", ("onsetDateTime", "recordedDate"), "code")
    if name == "results":
        return [table("Results and measurements", "Observation", "effectiveDateTime effectivePeriod.start", "code")]
    if name == "medications":
        return [
            table("Medications", "MedicationRequest", "authoredOn", "medicationCodeableConcept"),
            table("Allergies", "AllergyIntolerance", "recordedDate", "code"),
        ]
    if name == "visits":
        return [
            table("Appointments", "Appointment", "start", "serviceType"),
            table("Visits", "Encounter", "period.start", "type"),
            ("Diagnoses of visits", [row for row in conditions if row["visit"]]),
        ]
    if name == "prevention":
        return [
            table("Immunizations", "Immunization", "occurrenceDateTime", "vaccineCode"),
            table("Procedures", "Procedure", "performedDateTime performedPeriod.start", "code"),
        ]
    return [
        ("Problems", [row for row in conditions if not row["visit"]]),
        table("Coverage", "Coverage", "period.start", "type"),
    ]


def _first(resource: Resource, paths: tuple[str, ...]) -> str:
    return next((str(value) for path in paths for value in values(resource, path)), "")


def _words(resource: Resource, path: str) -> str:
    for concept in values(resource, path):
        coding: Resource = next(iter(concept.get("coding", [])), {})
        words = concept.get("text") or coding.get("display") or coding.get("code")
        if words:
            return str(words)
    return str(resource.get("description") or resource["resourceType"])


def _status(resource: Resource) -> str:
    for path in ("clinicalStatus.coding.code", "status"):
        for value in values(resource, path):
            return "" if value in _PLAIN else str(value)
    return ""


def _value(resource: Resource) -> str:
    parts = [text for part in (resource, *resource.get("component", [])) if (text := _single(part))]
    units = {text.partition(" ")[2] for text in parts}
    if len(parts) > 1 and len(units) == 1:
        return f"{' / '.join(text.partition(' ')[0] for text in parts)} {units.pop()}"
    return " / ".join(parts)


def _single(part: Resource) -> str:
    quantity = part.get("valueQuantity")
    if isinstance(quantity, dict) and "value" in quantity:
        return f"{quantity['value']:g} {quantity.get('unit', '')}".strip()
    concept = part.get("valueCodeableConcept")
    if isinstance(concept, dict):
        return _words({"resourceType": "", "value": concept}, "value")
    return str(part.get("valueString", ""))
