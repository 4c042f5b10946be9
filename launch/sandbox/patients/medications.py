"""Medication orders by RxNorm code: what the problems call for, and what was declined or stopped.

RxNorm codes of statins, ACE inhibitors, ARBs, beta blockers, antidepressants, cessation and
dementia drugs were read in the value sets of the CMS measures of 2026.
"""

from __future__ import annotations

from datetime import date, timedelta

from .case import Case
from .chart import Chart, category
from .codes import RXNORM, Code, Resource, concept, hl7, snomed
from .dates import instant, months_before
from .draw import Draw
from .orders import declined_on
from .practice import practitioner
from .states import MET, REFUSED


def rxnorm(code: str, display: str) -> Code:
    """A drug of RxNorm."""
    return Code(RXNORM, code, display)


METFORMIN = rxnorm("860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet")
LISINOPRIL = rxnorm("314076", "lisinopril 10 MG Oral Tablet")
LOSARTAN = rxnorm("979492", "losartan potassium 50 MG Oral Tablet")
AMLODIPINE = rxnorm("197361", "amlodipine 5 MG Oral Tablet")
HYDROCHLOROTHIAZIDE = rxnorm("310798", "hydrochlorothiazide 25 MG Oral Tablet")
STATINS = (
    rxnorm("617310", "atorvastatin 20 MG Oral Tablet"),
    rxnorm("617311", "atorvastatin 40 MG Oral Tablet"),
    rxnorm("859747", "rosuvastatin calcium 10 MG Oral Tablet"),
)
CARVEDILOL = rxnorm("200031", "carvedilol 6.25 MG Oral Tablet")
SERTRALINE = rxnorm("312941", "sertraline 50 MG Oral Tablet")
VARENICLINE = rxnorm("636676", "varenicline 1 MG Oral Tablet")
DONEPEZIL = rxnorm("997229", "donepezil hydrochloride 5 MG Oral Tablet")
FLUTICASONE = rxnorm("895994", "120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler")

# problem -> (drug, doses a day, percent who take it)
_USUAL: tuple[tuple[str, tuple[Code, ...], int, float], ...] = (
    ("diabetes-2", (METFORMIN,), 2, 82),
    ("diabetes-2-high", (METFORMIN,), 2, 90),
    ("hypertension", (LISINOPRIL, LOSARTAN, AMLODIPINE, HYDROCHLOROTHIAZIDE), 1, 88),
    ("heart-failure", (CARVEDILOL,), 2, 70),
    ("heart-failure", (LISINOPRIL, LOSARTAN), 1, 74),
    ("depression", (SERTRALINE,), 1, 62),
    ("dementia", (DONEPEZIL,), 1, 60),
    ("asthma", (FLUTICASONE,), 2, 70),
    ("copd", (FLUTICASONE,), 2, 60),
)

DECLINED = snomed("406149000", "Medication declined (situation)")


def prescribe(
    chart: Chart, case: Case, day: date, drug: Code, per_day: int = 1, *, status: str = "active",
    declined: Code | None = None,
) -> Resource:  # fmt: skip
    """An order for ninety days with three refills, or the record that it was declined (``doNotPerform``)."""
    dosage: Resource | None = None
    supply: Resource | None = None
    if declined is None:
        once = "once a day" if per_day == 1 else f"{per_day} times a day"
        dosage = {
            "text": f"Take 1 {once}",
            "timing": {"repeat": {"frequency": per_day, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "each"}}],
        }
        supply = {
            "validityPeriod": {"start": day.isoformat(), "end": (day + timedelta(days=365)).isoformat()},
            "numberOfRepeatsAllowed": 3,
            "quantity": {"value": 90 * per_day, "unit": "each"},
            "expectedSupplyDuration": {"value": 90, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"},
        }
    return chart.add(
        "MedicationRequest",
        "us-core-medicationrequest",
        status=status if declined is None else "completed",
        intent="order",
        category=category(hl7("medicationrequest-category", "community", "Community")),
        doNotPerform=True if declined else None,
        reasonCode=[concept(declined)] if declined else None,
        reportedBoolean=False,
        medicationCodeableConcept=concept(drug),
        subject=chart.subject,
        encounter=chart.encounter_on(day),
        authoredOn=instant(day, 17),
        requester=practitioner(case.person.clinician),
        dosageInstruction=[dosage] if dosage else None,
        dispenseRequest=supply,
    )


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """Yearly orders, made at visits: the last one is active, those before it are completed."""
    days = _yearly(case)
    if not days:
        return
    for number, (problem, drugs, per_day, percent) in enumerate(_USUAL):
        here = draw.stream(problem, number)
        if problem in case.tags and here.chance(percent):
            onset = min((p.onset for p in case.problems if p.key == problem), default=case.start)
            _orders(chart, case, [day for day in days if day >= onset], here.pick(drugs), per_day)
    _statin(chart, case, days, draw.stream("statin"))
    if case.smoking == "current" and draw.stream("cessation").chance(25):
        prescribe(chart, case, days[-1], VARENICLINE, 2, status="completed")
    if draw.stream("stopped").chance(8):
        prescribe(chart, case, days[0], AMLODIPINE, status="stopped")


def _yearly(case: Case) -> list[date]:
    found: list[date] = []
    for visit in reversed(case.office_visits):
        if not found or (found[-1] - visit.day).days > 300:
            found.append(visit.day)
    return found[::-1]


def _orders(chart: Chart, case: Case, days: list[date], drug: Code, per_day: int) -> None:
    for day in days:
        latest = day == days[-1]
        # An order older than its supply and refills has run out, whatever the list may say.
        active = latest and day > months_before(case.end, 15)
        prescribe(chart, case, day, drug, per_day, status="active" if active else "completed")


def _statin(chart: Chart, case: Case, days: list[date], draw: Draw) -> None:
    outcome = case.services.get("statin")
    if outcome is None:
        return
    drug = draw.pick(STATINS)
    if outcome.state is MET:
        recent = [day for day in days if day > months_before(case.end, 12)]
        chosen = recent[-1:] or ([outcome.last] if outcome.last else [])
        _orders(chart, case, sorted({*days[-3:-1], *chosen}), drug, 1)
    elif outcome.state is not REFUSED and outcome.last:
        prescribe(chart, case, outcome.last, drug, status="completed")
    elif outcome.state is REFUSED:
        prescribe(chart, case, declined_on(case, draw), drug, declined=DECLINED)
