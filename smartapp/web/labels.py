"""Words for the page: dates, code systems, statuses. Said once, so that every page says them alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from smartapp.day_words import day_text
from smartapp.facts import codes
from smartapp.facts.events import Event
from smartapp.facts.instants import Instant, day_of, is_finite

SYSTEMS = {
    codes.LOINC: "LOINC",
    codes.SNOMED_CT: "SNOMED CT",
    codes.ICD10_CM: "ICD-10-CM",
    codes.ICD10_PCS: "ICD-10-PCS",
    codes.RXNORM: "RxNorm",
    codes.CVX: "CVX",
    codes.HCPCS: "HCPCS",
    codes.CPT: "CPT",
    codes.CDT: "CDT",
    "https://nahdo.org/sopt": "payer type",
}

KINDS = {
    "AdverseEvent": "Adverse events",
    "AllergyIntolerance": "Allergies",
    "Appointment": "Appointments",
    "Condition": "Conditions",
    "Consent": "Consents to be contacted",
    "Coverage": "Insurance",
    "DeviceRequest": "Device orders",
    "DiagnosticReport": "Reports",
    "Encounter": "Visits",
    "Group": "Patient lists",
    "Immunization": "Immunizations",
    "MedicationRequest": "Medication orders",
    "Observation": "Observations",
    "Patient": "Patient",
    "Procedure": "Procedures",
    "RelatedPerson": "Related people and proxies",
    "ServiceRequest": "Orders",
    "Task": "Tasks",
}

CATEGORIES = {
    "problem-list-item": "problem list",
    "encounter-diagnosis": "diagnoses of visits",
    "health-concern": "health concerns",
    "laboratory": "laboratory",
    "vital-signs": "vital signs",
    "social-history": "social history",
    "survey": "surveys",
    "imaging": "imaging",
    "procedure": "procedures",
    "exam": "examinations",
    "sdoh": "social circumstances",
}


def moment_text(at: datetime, zone: tzinfo = UTC) -> str:
    """``3 Nov 2026 09:05 EST``: by the practice's own clock, which is named."""
    local = at.astimezone(zone)
    return f"{day_text(local.date())} {local:%H:%M} {local:%Z}"


def by_whom(approver: str, name: str, reader: str) -> str:
    """Who it was, for ``reader`` (a reference): their name; the reference only where no name was kept."""
    return "you" if approver == reader else name or approver


def birth_text(recorded: str | None) -> str:
    """A birth date as recorded: in words where it is a whole date, else as it is."""
    try:
        return day_text(date.fromisoformat(recorded or ""))
    except ValueError:
        return recorded or ""


def instant_text(at: Instant | None) -> str:
    return day_text(day_of(at)) if at is not None and is_finite(at) else "no date"


def ago_text(then: datetime, now: datetime) -> str:
    """``just now``, ``12 minutes ago``, ``3 hours ago``, then the date."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return _plural(int(passed / timedelta(minutes=1)), "minute") + " ago"
    if passed < timedelta(days=1):
        return _plural(int(passed / timedelta(hours=1)), "hour") + " ago"
    return "on " + day_text(then.date())


def span_text(days: int) -> str:
    """A length of time in the unit a person would use."""
    if days < 14:
        return _plural(days, "day")
    if days < 60:
        return _plural(days // 7, "week")
    if days < 730:
        return _plural(days // 30, "month")
    return _plural(days // 365, "year")


def code_text(event: Event) -> str:
    """The event's first code with its system's usual name; empty where it has none."""
    for slot, system, code in event.codes:
        if slot == "code":
            return f"{SYSTEMS.get(system, system)} {code}"
    return ""


def value_text(event: Event) -> str:
    """The value with its unit, or the blood pressure; empty where there is none."""
    if event.systolic is not None and event.diastolic is not None:
        return f"{event.systolic:g}/{event.diastolic:g} mmHg"
    if event.number is not None:
        return f"{event.number:g} {event.unit or ''}".strip()
    return ""


def what_text(event: Event) -> str:
    """What the event is, as its source displays it, else by its code."""
    return event.display or code_text(event) or event.kind


def _plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
