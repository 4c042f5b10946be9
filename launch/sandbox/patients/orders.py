"""What was ordered and not yet done, and what the patient declined."""

from __future__ import annotations

from datetime import date, timedelta

from . import labs, screening
from .case import Case
from .chart import Chart, category
from .codes import Code, Resource, concept, snomed
from .dates import instant, workday
from .draw import Draw
from .observations import SURVEY, observe
from .practice import practitioner
from .states import DUE, NEVER, OVERDUE, REFUSED
from .surveys import ADULT_DEPRESSION, SOCIAL_NEEDS

# US Core ServiceRequest categories (SNOMED CT)
LABORATORY = snomed("108252007", "Laboratory procedure")
IMAGING = snomed("363679005", "Imaging")
PROCEDURE = snomed("387713003", "Surgical procedure")
COUNSELLING = snomed("409063005", "Counselling")

DECLINED = snomed("1296859006", "Procedure declined (situation)")
DEPRESSION_DECLINED = snomed("720834000", "Depression screening declined (situation)")
# A survey that was declined is a cancelled Observation with this extension (QI-Core).
NOT_DONE_REASON = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneReason"

# service -> what is ordered, and its category
_ORDERED: dict[str, tuple[Code, Code]] = {
    "breast": (screening.MAMMOGRAM, IMAGING),
    "cervical": (screening.PAP, LABORATORY),
    "colorectal": (screening.COLONOSCOPY, PROCEDURE),
    "lung": (screening.LOW_DOSE_CT, IMAGING),
    "bone-density": (screening.BONE_DENSITY, IMAGING),
    "eye": (screening.EYE_EXAM, PROCEDURE),
    "a1c": (labs.A1C, LABORATORY),
    "kidney": (labs.UACR, LABORATORY),
    "hiv": (labs.HIV, LABORATORY),
    "hepatitis-c": (labs.HEPATITIS_C, LABORATORY),
    "social": (SOCIAL_NEEDS, COUNSELLING),
}


def declined_on(case: Case, draw: Draw) -> date:
    """The day of a refusal: the last visit if that was within the year, else a call some weeks ago."""
    if case.office_visits and (case.end - case.office_visits[-1].day).days < 330:
        return case.office_visits[-1].day
    return max(case.start, workday(case.end - timedelta(days=draw.between(20, 200))))


def order(
    chart: Chart, case: Case, day: date, code: Code, kind: Code, *, status: str = "active", declined: Code | None = None
) -> Resource:
    """A ServiceRequest; with ``declined`` it records that the service is not to be done, and why."""
    return chart.add(
        "ServiceRequest",
        "us-core-servicerequest",
        status=status if declined is None else "completed",
        intent="order",
        category=category(kind),
        doNotPerform=True if declined else None,
        code=concept(code),
        subject=chart.subject,
        encounter=chart.encounter_on(day),
        occurrencePeriod={"start": day.isoformat()} if declined is None else None,
        authoredOn=instant(day, 17),
        requester=practitioner(case.person.clinician),
        reasonCode=[concept(declined)] if declined else None,
    )


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """Refusals where one was drawn; open orders for a fifth of what is due at an active patient's."""
    for service, (code, kind) in _ORDERED.items():
        state = case.state(service)
        here = draw.stream(service)
        if state is REFUSED:
            _refusal(chart, case, service, here)
        elif f"ordered-{service}" in case.traits or (state in (DUE, OVERDUE, NEVER) and here.chance(20)):
            recent = [v.day for v in case.office_visits if (case.end - v.day).days < 300]
            if recent and case.person.deceased is None:
                order(chart, case, recent[-1], code, kind)
    if case.state("depression") is REFUSED:
        _depression(chart, case, declined_on(case, draw))


def _refusal(chart: Chart, case: Case, service: str, draw: Draw) -> None:
    """As an order not to perform, or, for what is a procedure, as a procedure that was not done."""
    code, kind = _ORDERED[service]
    day = declined_on(case, draw)
    if kind is PROCEDURE and draw.chance(50):
        screening.procedure(chart, day, code, status="not-done", reason=DECLINED)
    else:
        order(chart, case, day, code, kind, declined=DECLINED)


def _depression(chart: Chart, case: Case, day: date) -> None:
    why: Resource = {"url": NOT_DONE_REASON, "valueCodeableConcept": concept(DEPRESSION_DECLINED)}
    observe(chart, day, ADULT_DEPRESSION, SURVEY, status="cancelled", extension=[why])
