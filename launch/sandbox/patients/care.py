"""Care beside the visits: hospice and palliative care, nursing homes, frailty, allergies, goals and plans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from .case import Case
from .chart import Chart, category
from .codes import Code, concept, hl7, icd10, loinc, snomed
from .dates import instant, months_before, workday
from .draw import Draw
from .encounters import HOSPICE_AT_HOME, KINDS, act_class
from .labs import A1C
from .observations import SOCIAL_HISTORY, SURVEY, observe
from .orders import COUNSELLING, order
from .practice import practitioner
from .screening import procedure

HOSPICE_CARE = snomed("385763009", "Hospice care (regime/therapy)")
PALLIATIVE_CARE = snomed("103735009", "Palliative care (regime/therapy)")
HOUSING = loinc("71802-3", "Housing status")
NURSING_HOME = snomed("160734000", "Lives in nursing home (finding)")
EQUIPMENT = loinc("98181-1", "Medical equipment used")
WALKER = snomed("266731002", "Walking frame (physical object)")
THERAPY = snomed("277132007", "Therapeutic procedure (procedure)")
CAREPLAN_CATEGORY = Code(
    "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan", "Assessment and Plan of Treatment"
)

# (what it is, the category of AllergyIntolerance, percent of patients)
ALLERGIES = (
    (snomed("91936005", "Allergy to penicillin (finding)"), "medication", 8.0),
    (snomed("91935009", "Allergy to peanut (finding)"), "food", 3.0),
    (snomed("418689008", "Allergy to grass pollen (finding)"), "environment", 6.0),
    (snomed("232347008", "Allergy to dander (finding)"), "environment", 4.0),
    (snomed("300916003", "Latex allergy (finding)"), "environment", 2.0),
)
NO_ALLERGY = snomed("716186003", "No known allergy (situation)")


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """Whatever of this the case calls for."""
    for trait, emit in _TRAITS.items():
        if trait in case.traits:
            emit(chart, case, draw.stream(trait))
    _allergies(chart, case, draw.stream("allergies"))
    if case.has("diabetes") and (case.visits or case.a1c) and draw.stream("goal").chance(60):
        _goal_and_plan(chart, case)


def _hospice(chart: Chart, case: Case, draw: Draw) -> None:
    """A stay in hospital that ended with hospice care at home, or an order for it."""
    day = workday(case.end - timedelta(days=draw.between(34, 46)))
    if draw.chance(40):
        order(chart, case, day, HOSPICE_CARE, COUNSELLING)
        return
    kind = KINDS["inpatient"]
    chart.add(
        "Encounter",
        "us-core-encounter",
        status="finished",
        **{"class": act_class(kind.act)},
        type=[concept(kind.type, text="Hospital stay")],
        subject=chart.subject,
        period={"start": instant(day - timedelta(days=6), 20), "end": instant(day, 15)},
        hospitalization={"dischargeDisposition": concept(HOSPICE_AT_HOME)},
    )
    order(chart, case, day, HOSPICE_CARE, COUNSELLING)


def _palliative(chart: Chart, case: Case, draw: Draw) -> None:
    procedure(chart, workday(case.end - timedelta(days=draw.between(20, 150))), PALLIATIVE_CARE, kind=THERAPY)


def _nursing_home(chart: Chart, case: Case, draw: Draw) -> None:
    day = workday(case.end - timedelta(days=draw.between(30, 200)))
    observe(chart, day, HOUSING, SOCIAL_HISTORY, NURSING_HOME)


def _walker(chart: Chart, case: Case, draw: Draw) -> None:
    """A walking frame, ordered or seen: twice within a year, as frailty is counted."""
    for days in (draw.between(15, 90), draw.between(120, 200)):
        day = workday(case.end - timedelta(days=days))
        if draw.chance(50):
            chart.add(
                "DeviceRequest",
                status="active",
                intent="order",
                codeCodeableConcept=concept(WALKER),
                subject=chart.subject,
                authoredOn=instant(day, 17),
                requester=practitioner(case.person.clinician),
            )
        else:
            observe(chart, day, EQUIPMENT, SURVEY, WALKER)


_TRAITS: dict[str, Callable[[Chart, Case, Draw], None]] = {
    "hospice": _hospice,
    "palliative": _palliative,
    "nursing-home": _nursing_home,
    "walker": _walker,
}


def _allergies(chart: Chart, case: Case, draw: Draw) -> None:
    found = [(code, kind) for code, kind, percent in ALLERGIES if draw.stream(code.code).chance(percent)]
    if case.has("hay-fever") and all(code.code != "418689008" for code, _ in found):
        found.append((ALLERGIES[2][0], "environment"))
    if not found and draw.chance(40):
        found = [(NO_ALLERGY, "")]
    for code, kind in found:
        chart.add(
            "AllergyIntolerance",
            "us-core-allergyintolerance",
            clinicalStatus=concept(hl7("allergyintolerance-clinical", "active", "Active")),
            verificationStatus=concept(hl7("allergyintolerance-verification", "confirmed", "Confirmed")),
            category=[kind] if kind else None,
            code=concept(code),
            patient=chart.subject,
            recordedDate=_first_day(case).isoformat(),
        )


def _first_day(case: Case) -> date:
    return case.visits[0].day if case.visits else case.start


def _goal_and_plan(chart: Chart, case: Case) -> None:
    """The goal of diabetes care, and the plan that it belongs to."""
    day = max(_first_day(case), months_before(case.end, 12))
    goal = chart.add(
        "Goal",
        "us-core-goal",
        lifecycleStatus="active",
        description=concept(text="Hemoglobin A1c below 8 percent"),
        subject=chart.subject,
        startDate=day.isoformat(),
        target=[
            {
                "measure": concept(A1C),
                "detailQuantity": {
                    "value": 8,
                    "comparator": "<",
                    "unit": "%",
                    "system": "http://unitsofmeasure.org",
                    "code": "%",
                },
                "dueDate": months_before(day, -12).isoformat(),
            }
        ],
    )
    diabetes = icd10("E11.9", "Type 2 diabetes mellitus without complications")
    words = "Diabetes: home glucose diary, diet and activity, A1c every three to six months."
    chart.add(
        "CarePlan",
        "us-core-careplan",
        text={"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>'},
        status="active",
        intent="plan",
        category=category(CAREPLAN_CATEGORY),
        title="Diabetes care plan",
        subject=chart.subject,
        period={"start": day.isoformat()},
        activity=[{"detail": {"status": "in-progress", "description": words, "reasonCode": [concept(diabetes)]}}],
        goal=[{"reference": f"Goal/{goal['id']}"}],
    )
