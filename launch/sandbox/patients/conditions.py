"""Conditions: the problem list, encounter diagnoses, and the conditions that rule a service out."""

from __future__ import annotations

from datetime import date

from .case import Case
from .chart import Chart, category
from .codes import Resource, concept, hl7
from .dates import years_before
from .draw import Draw
from .problems import CATALOGUE
from .states import EXCLUDED

_PROFILES = {
    "problem-list-item": "us-core-condition-problems-health-concerns",
    "encounter-diagnosis": "us-core-condition-encounter-diagnosis",
}

# service -> the condition that says why it is not needed (an operation may say it instead: see screening.py)
EXCLUDING = {"colorectal": "colon-cancer", "statin": "statin-intolerance"}


def add_condition(
    chart: Chart,
    key: str,
    kind: str,
    *,
    onset: date | None,
    recorded: date | None = None,
    clinical: str = "active",
    verification: str = "confirmed",
    abatement: date | None = None,
) -> Resource:
    """A Condition of the catalogue; an entry in error has no clinical status (FHIR R4, con-5)."""
    status = (
        None if verification == "entered-in-error" else concept(hl7("condition-clinical", clinical, clinical.title()))
    )
    noted = recorded or onset
    encounter = chart.encounter_on(recorded) if recorded and kind == "encounter-diagnosis" else None
    return chart.add(
        "Condition",
        _PROFILES[kind],
        clinicalStatus=None if verification == "entered-in-error" else status,
        verificationStatus=concept(hl7("condition-ver-status", verification, verification.replace("-", " ").title())),
        category=category(hl7("condition-category", kind, kind.replace("-", " ").title())),
        code=concept(*CATALOGUE[key].codes),
        subject=chart.subject,
        encounter=encounter,
        onsetDateTime=onset.isoformat() if onset else None,
        abatementDateTime=abatement.isoformat() if abatement else None,
        recordedDate=noted.isoformat() if noted else None,
    )


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """The problem list, and what an exclusion rests on. A few onsets are not known."""
    for problem in case.problems:
        unknown = "messy" in case.traits and draw.stream(problem.key).chance(25)
        add_condition(
            chart,
            problem.key,
            "problem-list-item",
            onset=None if unknown else problem.onset,
            recorded=max(problem.onset, case.start),
            clinical=problem.clinical,
            verification=problem.verification,
            abatement=problem.abatement,
        )
    for service, key in EXCLUDING.items():
        if case.state(service) is EXCLUDED:
            onset = years_before(case.end, draw.stream(service).between(1, 6))
            add_condition(chart, key, "problem-list-item", onset=onset, recorded=onset)
