"""Encounters and what was diagnosed at them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from .case import Case
from .chart import Chart
from .codes import TERMINOLOGY, Code, Resource, concept, hcpcs, hl7, snomed
from .conditions import add_condition
from .dates import instant
from .draw import Draw
from .practice import MAIN_SITE, SECOND_SITE, location, organization, practitioner
from .problems import CATALOGUE
from .visits import Visit

_CLASS_NAMES = {"AMB": "ambulatory", "VR": "virtual", "EMER": "emergency", "IMP": "inpatient encounter"}


class Kind(NamedTuple):
    """A kind of visit: its class in v3-ActCode, its type, how long it takes."""

    act: str
    type: Code
    minutes: int
    billed: Code | None = None

    @property
    def codes(self) -> tuple[Code, ...]:
        """As an EHR that also bills has it: SNOMED CT, and HCPCS where there is such a code."""
        return (self.type, self.billed) if self.billed else (self.type,)


_CLINIC_VISIT = hcpcs("G0463", "Hospital outpatient clinic visit for assessment and management of a patient")

KINDS = {
    "checkup": Kind("AMB", snomed("185349003", "Encounter for check up (procedure)"), 40, _CLINIC_VISIT),
    "pediatric": Kind("AMB", snomed("3391000175108", "Office visit for pediatric care and assessment (procedure)"), 30),
    "followup": Kind("AMB", snomed("185349003", "Encounter for check up (procedure)"), 20, _CLINIC_VISIT),
    "acute": Kind("AMB", snomed("185463005", "Visit out of hours (procedure)"), 20, _CLINIC_VISIT),
    "telehealth": Kind("VR", snomed("453131000124105", "Videotelephony encounter (procedure)"), 20),
    "emergency": Kind("EMER", snomed("4525004", "Emergency department patient visit (procedure)"), 240),
    "inpatient": Kind("IMP", snomed("32485007", "Hospital admission (procedure)"), 0),
    "wellness-first": Kind(
        "AMB",
        hcpcs(
            "G0438", "Annual wellness visit; includes a personalized prevention plan of service (PPS), initial visit"
        ),
        45,
    ),
    "wellness": Kind(
        "AMB",
        hcpcs(
            "G0439", "Annual wellness visit, includes a personalized prevention plan of service (PPS), subsequent visit"
        ),
        45,
    ),
    "welcome": Kind(
        "AMB",
        hcpcs(
            "G0402",
            "Initial preventive physical examination; face-to-face visit, services limited to new beneficiary "
            "during the first 12 months of Medicare enrollment",
        ),
        45,
    ),
}

_ACUTE_REASONS = ("cold", "pharyngitis", "back-pain", "cystitis")

HOME = hl7("discharge-disposition", "home", "Home")
HOSPICE_AT_HOME = snomed("428361000124107", "Discharge to home for hospice care (procedure)")


def act_class(code: str) -> Resource:
    """An encounter class of v3-ActCode."""
    return {"system": TERMINOLOGY + "v3-ActCode", "code": code, "display": _CLASS_NAMES[code]}


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """One Encounter a visit, with an encounter diagnosis on some."""
    for visit in case.visits:
        here = draw.stream(visit.day.isoformat())
        _encounter(chart, case, visit, here)
    if "here-today" in case.traits:
        _today(chart, case)


def _encounter(chart: Chart, case: Case, visit: Visit, draw: Draw) -> None:
    key, kind = visit.kind, KINDS[visit.kind]
    stay = draw.between(2, 6) if key == "inpatient" else 0
    diagnosis = _diagnosis(case, key, draw)
    end = _end(visit, kind.minutes, stay, case.end)
    encounter = chart.add(
        "Encounter",
        "us-core-encounter",
        status="finished",
        **{"class": act_class(kind.act)},
        type=[concept(*kind.codes, text=_words(key))],
        subject=chart.subject,
        participant=[{"individual": practitioner(case.person.clinician)}],
        period={"start": instant(visit.day, visit.hour, visit.minute), "end": end},
        reasonCode=[concept(*CATALOGUE[diagnosis].codes)] if diagnosis else None,
        hospitalization={"dischargeDisposition": concept(HOME)} if stay else None,
        location=[{"location": location(draw.weighted({MAIN_SITE: 70, SECOND_SITE: 30}))}]
        if kind.act == "AMB"
        else None,
        serviceProvider=organization() if kind.act in ("AMB", "VR") else None,
    )
    chart.remember_encounter(visit.day, encounter)
    if diagnosis:
        add_condition(chart, diagnosis, "encounter-diagnosis", onset=visit.day, recorded=visit.day)


def _diagnosis(case: Case, key: str, draw: Draw) -> str | None:
    """Why the patient came: a known problem for follow-ups, something acute otherwise."""
    match key:
        case "followup" | "telehealth":
            known = [p.key for p in case.problems if p.clinical == "active" and p.verification == "confirmed"]
            return draw.pick(known) if known else None
        case "acute":
            return draw.pick(_ACUTE_REASONS)
        case "emergency":
            return "chest-pain"
        case "inpatient":
            return "heart-failure" if "heart-failure" in case.tags else "pneumonia"
        case "pediatric":
            return "child-checkup"
    return "checkup"


def _end(visit: Visit, minutes: int, stay: int, reference: date) -> str:
    if stay:
        return instant(min(visit.day + timedelta(days=stay), reference), 16)
    total = visit.hour * 60 + visit.minute + minutes
    return instant(visit.day + timedelta(days=total // 1440), total // 60 % 24, total % 60)


def _words(key: str) -> str:
    return {
        "checkup": "Check-up",
        "pediatric": "Well-child visit",
        "followup": "Follow-up visit",
        "acute": "Out-of-hours visit",
        "telehealth": "Video visit",
        "emergency": "Emergency department visit",
        "inpatient": "Hospital stay",
        "welcome": "Welcome to Medicare visit",
    }.get(key, "Annual wellness visit")


def _today(chart: Chart, case: Case) -> None:
    """The visit that the app is launched from: it has begun and is not finished."""
    encounter = chart.add(
        "Encounter",
        "us-core-encounter",
        status="in-progress",
        **{"class": act_class("AMB")},
        type=[concept(*KINDS["checkup"].codes, text="Visit today")],
        subject=chart.subject,
        participant=[{"individual": practitioner(case.person.clinician)}],
        period={"start": instant(case.reference, 14)},
        location=[{"location": location()}],
        serviceProvider=organization(),
    )
    chart.remember_encounter(case.reference, encounter)
