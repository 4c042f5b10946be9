"""Laboratory results: glycated haemoglobin with a trend, lipids, kidney, screening bloods.

LOINC codes as in the value sets of the CMS electronic measures of 2026.
"""

from __future__ import annotations

from datetime import date, timedelta

from .case import Case
from .chart import Chart
from .codes import Code, hl7, loinc, snomed
from .dates import age_on, months_before, workday
from .draw import Draw
from .observations import LABORATORY, Quantity, observe
from .states import DUE, MET, OVERDUE, UNCONTROLLED, Outcome

A1C = loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood")
CREATININE = loinc("2160-0", "Creatinine [Mass/volume] in Serum or Plasma")
EGFR = loinc(
    "98979-8",
    "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum, Plasma or Blood by "
    "Creatinine-based formula (CKD-EPI 2021)",
)
UACR = loinc("9318-7", "Albumin/Creatinine [Mass Ratio] in Urine")
CHOLESTEROL = loinc("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma")
HDL = loinc("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma")
LDL = loinc("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation")
LDL_DIRECT = loinc("2089-1", "Cholesterol in LDL [Mass/volume] in Serum or Plasma")
TRIGLYCERIDES = loinc("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma")
CHLAMYDIA = loinc("42931-6", "Chlamydia trachomatis rRNA [Presence] in Urine by NAA with probe detection")
HIV = loinc("75622-1", "HIV 1 and 2 tests - Meaningful Use set")
HEPATITIS_C = loinc("13955-0", "Hepatitis C virus Ab [Presence] in Serum or Plasma by Immunoassay")
GLUCOSE = loinc("2345-7", "Glucose [Mass/volume] in Serum or Plasma")

NOT_DETECTED = snomed("260415000", "Not detected (qualifier value)")
NEGATIVE = snomed("260385009", "Negative (qualifier value)")

HIGH = hl7("v3-ObservationInterpretation", "H", "High")
LOW = hl7("v3-ObservationInterpretation", "L", "Low")


def lab(
    chart: Chart, day: date, code: Code, value: Quantity | Code, *, low: float = 0, high: float | None = None
) -> None:
    """A final result; a number outside ``low`` to ``high`` is flagged."""
    flag = None
    if isinstance(value, Quantity) and high is not None:
        flag = HIGH if value.value > high else LOW if value.value < low else None
    interpretation = [{"coding": [flag.coding()], "text": flag.display}] if flag else None
    observe(chart, day, code, LABORATORY, value, interpretation=interpretation)


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """Everything from the laboratory that is not a cancer screening."""
    for days, percent in a1c_series(case, draw.stream("a1c")):
        lab(chart, case.reference - timedelta(days=days), A1C, Quantity(percent, "%"), high=5.7)
    _kidney(chart, case, draw.stream("kidney"))
    _lipids(chart, case, draw.stream("lipids"))
    for service, code, answer in (
        ("chlamydia", CHLAMYDIA, NOT_DETECTED),
        ("hiv", HIV, NEGATIVE),
        ("hepatitis-c", HEPATITIS_C, NEGATIVE),
    ):
        outcome = case.services.get(service)
        if outcome and outcome.last:
            lab(chart, outcome.last, code, answer)
    _prediabetes(chart, case, draw.stream("prediabetes"))


def a1c_series(case: Case, draw: Draw) -> tuple[tuple[int, float], ...]:
    """(days before the reference date, percent), latest first: every three to six months, with a trend.

    The latest value is above 9 exactly where the drawn state is UNCONTROLLED.
    """
    outcome = case.services.get("a1c")
    if case.a1c or outcome is None or outcome.last is None:
        return case.a1c
    value = draw.bell(10.2, 0.7, digits=1) if outcome.state is UNCONTROLLED else draw.bell(7.2, 0.7, digits=1)
    value = max(9.2, value) if outcome.state is UNCONTROLLED else min(8.9, max(5.9, value))
    slope = draw.pick((0.3, 0.2, 0.1)) if outcome.state is UNCONTROLLED else draw.pick((-0.3, -0.1, 0.0, 0.1))
    onset = min(p.onset for p in case.problems if p.key.startswith("diabetes"))
    day = outcome.last
    series: list[tuple[int, float]] = []
    while day >= max(case.start, onset) or not series:
        series.append(((case.reference - day).days, value))
        value = round(min(13.5, max(5.6, value - slope + draw.bell(0, 0.2, digits=1))), 1)
        day = workday(day - timedelta(days=draw.between(90, 185)))
    return tuple(series)


def _series(case: Case, outcome: Outcome | None, draw: Draw, every: tuple[int, int]) -> list[date]:
    """The date of the outcome, and earlier ones at about the same distance."""
    if outcome is None or outcome.last is None:
        return []
    day = outcome.last
    found: list[date] = []
    while day >= case.start or not found:
        found.append(day)
        day = workday(day - timedelta(days=draw.between(*every)))
    return found


def _kidney(chart: Chart, case: Case, draw: Draw) -> None:
    """Creatinine, eGFR and urine albumin for diabetes; creatinine alone for other chronic illness."""
    outcome = case.services.get("kidney")
    failing = {"kidney-3a": 52.0, "kidney-failure": 11.0}
    rate = next((value for key, value in failing.items() if key in case.tags), 0.0) or draw.bell(86, 9)
    days = _series(case, outcome, draw, (330, 420))
    for day in days:
        _renal_panel(chart, case, day, rate, draw)
        lab(chart, day, UACR, Quantity(max(4, draw.bell(26, 14)), "mg/g"), high=30)
    if outcome is None and "chronic" in case.tags:
        for visit in case.office_visits[::2]:
            _renal_panel(chart, case, visit.day, rate, draw)
    elif outcome and outcome.state in (OVERDUE, DUE) and case.office_visits and draw.chance(50):
        # Half of the pair alone closes nothing: a common reason for an open gap.
        last = case.office_visits[-1].day
        if last not in days:
            _renal_panel(chart, case, last, rate, draw)


def _renal_panel(chart: Chart, case: Case, day: date, rate: float, draw: Draw) -> None:
    now = max(8, rate + draw.bell(0, 3))
    factor = 84 if case.person.sex == "male" else 66
    lab(chart, day, CREATININE, Quantity(max(0.5, round(factor / now, 2)), "mg/dL"), low=0.5, high=1.3)
    lab(chart, day, EGFR, Quantity(round(now), "mL/min/{1.73_m2}"), low=60, high=200)


def _lipids(chart: Chart, case: Case, draw: Draw) -> None:
    """A lipid panel every year or two from 40, or from 20 with a reason."""
    if (case.age < 40 and not case.tags & {"diabetes", "hyperlipidemia"}) or case.age < 20:
        return
    treated = case.state("statin") is MET
    base = draw.bell(92 if treated else 124, 16)
    seen: date | None = None
    for visit in reversed(case.office_visits):
        if seen and (seen - visit.day).days < 330:
            continue
        seen = visit.day
        ldl = max(48, min(189, base + draw.bell(0, 9)))
        hdl, fat = max(28, draw.bell(52, 9)), max(50, draw.bell(128, 30))
        lab(chart, seen, LDL_DIRECT if draw.chance(12) else LDL, Quantity(ldl, "mg/dL"), high=130)
        lab(chart, seen, HDL, Quantity(hdl, "mg/dL"), low=40, high=200)
        lab(chart, seen, TRIGLYCERIDES, Quantity(fat, "mg/dL"), high=150)
        lab(chart, seen, CHOLESTEROL, Quantity(round(ldl + hdl + fat / 5), "mg/dL"), high=200)


def _prediabetes(chart: Chart, case: Case, draw: Draw) -> None:
    """A1c of those at risk without diabetes: some were tested, some were not."""
    if "diabetes" in case.tags or not 35 <= case.age <= 70 or not draw.chance(45):
        return
    eligible = [v.day for v in case.office_visits if age_on(case.person.birth, v.day) >= 35]
    recent = [day for day in eligible if day >= months_before(case.end, 36)]
    if recent:
        high = "prediabetes" in case.tags
        value = min(6.4, max(5.7, draw.bell(6.0, 0.2, digits=1))) if high else min(5.6, draw.bell(5.3, 0.2, digits=1))
        lab(chart, recent[0], A1C, Quantity(value, "%"), high=5.7)
        lab(chart, recent[0], GLUCOSE, Quantity(112 if high else draw.bell(91, 5), "mg/dL"), low=70, high=99)
