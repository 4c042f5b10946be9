"""The heart: how well it pumps where it fails, and the ten-year risk of those without disease."""

from __future__ import annotations

from .case import Case
from .chart import Chart
from .codes import loinc
from .draw import Draw
from .observations import IMAGING, SURVEY, Quantity, observe

EJECTION_FRACTION = loinc("10230-1", "Left ventricular Ejection fraction")
TEN_YEAR_RISK = loinc("79423-0", "Cardiovascular disease 10Y risk [Likelihood] ACC-AHA Pooled Cohort by Goff 2013")


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """An ejection fraction of 40 percent or less in heart failure; a risk score for some at 40 to 75."""
    if not case.office_visits:
        return
    day = case.office_visits[-1].day
    if case.has("heart-failure"):
        fraction = min(40, draw.bell(34, 4))
        observe(chart, case.office_visits[0].day, EJECTION_FRACTION, IMAGING, Quantity(fraction, "%"))
    # Below 20 percent: from there on a statin would be due, which the states do not draw.
    if 40 <= case.age <= 75 and not case.tags & {"statin-needed", "stroke"} and draw.stream("risk").chance(35):
        risk = min(19.4, max(0.8, draw.bell((case.age - 36) * 0.35, 2.5, digits=1)))
        observe(chart, day, TEN_YEAR_RISK, SURVEY, Quantity(risk, "%"))
