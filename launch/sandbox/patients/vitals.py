"""Vital signs at each visit: blood pressure, heart rate, height, weight, body mass index.

LOINC codes and units: the vital-sign profiles of US Core.
"""

from __future__ import annotations

from datetime import date

from .case import Case
from .chart import Chart
from .codes import loinc
from .dates import age_on
from .draw import Draw
from .observations import VITAL_SIGNS, Quantity, component, observe
from .states import MET, NEVER, OVERDUE, UNCONTROLLED

PANEL = loinc("85354-9", "Blood pressure panel with all children optional")
SYSTOLIC = loinc("8480-6", "Systolic blood pressure")
DIASTOLIC = loinc("8462-4", "Diastolic blood pressure")
HEART_RATE = loinc("8867-4", "Heart rate")
HEIGHT = loinc("8302-2", "Body height")
WEIGHT = loinc("29463-7", "Body weight")
BMI = loinc("39156-5", "Body mass index (BMI) [Ratio]")
BMI_PERCENTILE = loinc("59576-9", "Body mass index (BMI) [Percentile] Per age and sex")


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """One set of vital signs at most visits that are no video visits."""
    body = _Body(case, draw.stream("body"))
    for visit in case.visits:
        here = draw.stream(visit.day.isoformat())
        if visit.kind == "telehealth":
            continue
        if age_on(case.person.birth, visit.day) >= 3 and _measures_pressure(case, visit.day):
            _pressure(chart, visit.day, *_reading(case, visit.day, here))
            rate = Quantity(here.bell(74, 9), "/min")
            observe(chart, visit.day, HEART_RATE, VITAL_SIGNS, rate, profile="us-core-heart-rate")
        if visit.in_office and (here.chance(60) or visit is case.office_visits[-1]):
            body.measure(chart, visit.day, here)


def _measures_pressure(case: Case, day: date) -> bool:
    """Where no recent reading is to be found, none is written after the last one."""
    outcome = case.services.get("bp")
    if outcome is None or outcome.state in (MET, UNCONTROLLED):
        return True
    if outcome.state is NEVER or outcome.last is None:
        return False
    return day <= outcome.last


def _pressure(chart: Chart, day: date, systolic: float, diastolic: float) -> None:
    observe(
        chart,
        day,
        PANEL,
        VITAL_SIGNS,
        profile="us-core-blood-pressure",
        components=[
            component(SYSTOLIC, Quantity(systolic, "mm[Hg]", "mmHg")),
            component(DIASTOLIC, Quantity(diastolic, "mm[Hg]", "mmHg")),
        ],
    )


def _reading(case: Case, day: date, draw: Draw) -> tuple[float, float]:
    """A reading; the latest one in the year agrees with what was drawn (control is below 140/90)."""
    age = age_on(case.person.birth, day)
    if age < 18:
        return draw.bell(96 + age, 4), draw.bell(58 + age * 0.6, 4)
    state = case.state("bp")
    if state is None:
        return min(139, draw.bell(119, 8)), min(88, draw.bell(75, 6))
    if state is UNCONTROLLED and case.office_visits and day == case.office_visits[-1].day:
        return max(142, draw.bell(154, 8)), draw.bell(90, 6)
    if state is MET and (case.end - day).days < 400:
        return min(137, draw.bell(127, 6)), min(87, draw.bell(77, 5))
    return draw.bell(139 if state is not OVERDUE else 144, 9), draw.bell(84, 6)


class _Body:
    """Height and weight of one patient over time, so that they fit each other and the age."""

    def __init__(self, case: Case, draw: Draw) -> None:
        self.case = case
        female = case.person.sex == "female"
        self.height = draw.bell(162 if female else 176, 6)
        obese = any(p.key == "obesity" and p.clinical == "active" for p in case.problems)
        self.bmi = draw.bell(33.5, 2, digits=1) if obese else min(29.5, draw.bell(25, 2, digits=1))
        self.seen: date | None = None  # a grown-up's height is measured once a year
        self.trend = draw.bell(0.15, 0.25, digits=2)  # kg/m2 a year

    def measure(self, chart: Chart, day: date, draw: Draw) -> None:
        """Height, weight and BMI; under 20 the percentile for age and sex."""
        age = age_on(self.case.person.birth, day)
        height, bmi = self.height, self.bmi
        if age < 18:
            height = round(76 + (self.height - 76) * min(1.0, age / 17), 1)
            bmi = round(16 + (self.bmi - 19) * age / 18, 1)
        years = (self.case.reference - day).days / 365
        bmi = round(bmi - self.trend * years, 1)
        weight = round(bmi * (height / 100) ** 2, 1)
        if age < 18 or self.seen is None or (day - self.seen).days > 330:
            self.seen = day
            observe(chart, day, HEIGHT, VITAL_SIGNS, Quantity(height, "cm"), profile="us-core-body-height")
        observe(chart, day, WEIGHT, VITAL_SIGNS, Quantity(weight, "kg"), profile="us-core-body-weight")
        if age >= 18:
            observe(chart, day, BMI, VITAL_SIGNS, Quantity(bmi, "kg/m2"), profile="us-core-bmi")
        elif age >= 3:
            percentile = Quantity(min(97, max(3, draw.bell(62, 18))), "%")
            profile = "pediatric-bmi-for-age"
            observe(chart, day, BMI_PERCENTILE, VITAL_SIGNS, percentile, profile=profile)
