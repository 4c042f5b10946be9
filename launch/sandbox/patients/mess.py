"""Untidy but legal data, such as every chart holds: nothing here may change what is due."""

from __future__ import annotations

from datetime import timedelta

from . import labs, screening
from .case import Case
from .chart import Chart, category
from .codes import Code, concept, hl7
from .dates import months_before, workday
from .draw import Draw
from .observations import IMAGING, LABORATORY, Quantity, observe
from .practice import SANDBOX_IDS
from .states import NEVER, OVERDUE

LOCAL_LAB = SANDBOX_IDS + "lab"


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """A few oddities for some patients."""
    if "outside-lab" in case.traits:
        _outside(chart, case, draw)
    if "messy" not in case.traits or not case.office_visits:
        return
    day = case.office_visits[-1].day
    # A date without a time, a month alone, an instant with an offset: all FHIR dateTimes.
    dated = observe(chart, day, labs.CREATININE, LABORATORY, Quantity(0.9, "mg/dL"))
    dated["effectiveDateTime"] = day.isoformat()
    vague = observe(chart, day, labs.HDL, LABORATORY, Quantity(51, "mg/dL"))
    vague["effectiveDateTime"] = day.isoformat()[:7]
    shifted = observe(chart, day, labs.TRIGLYCERIDES, LABORATORY, Quantity(131, "mg/dL"))
    shifted["effectiveDateTime"] = f"{day.isoformat()}T09:30:00-05:00"
    # A code of a system that nobody else knows; a result that has no value.
    observe(chart, day, Code(LOCAL_LAB, "GLU-POC", "Glucose, fingerstick"), LABORATORY, Quantity(104, "mg/dL"))
    observe(
        chart,
        day,
        labs.GLUCOSE,
        LABORATORY,
        dataAbsentReason=concept(hl7("data-absent-reason", "error", "Error"), text="Sample haemolysed"),
    )
    _mistaken(chart, case, draw)


def _outside(chart: Chart, case: Case, draw: Draw) -> None:
    """A letter from elsewhere, typed in by hand: words, and no code at all."""
    day = max(case.start, workday(months_before(case.end, draw.between(2, 20))))
    words = (
        "Hemoglobin A1c 7.2 percent, outside laboratory" if case.has("diabetes") else "Cholesterol normal, by letter"
    )
    chart.add(
        "Observation",
        "us-core-observation-lab",
        status="final",
        category=category(LABORATORY),
        code=concept(text="Outside laboratory report"),
        subject=chart.subject,
        effectiveDateTime=day.isoformat(),
        valueString=words,
    )


def _mistaken(chart: Chart, case: Case, draw: Draw) -> None:
    """A mammogram that was filed in the wrong chart, and marked so: it closes nothing."""
    if case.state("breast") in (OVERDUE, NEVER):
        day = workday(case.end - timedelta(days=draw.between(40, 200)))
        observe(chart, day, screening.MAMMOGRAM, IMAGING, "Filed in the wrong chart", status="entered-in-error")
