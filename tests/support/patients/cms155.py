"""Patients for CMS155, Weight Assessment and Counseling of children: three rates."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    HOSPICE,
    beside,
    conditions_verified,
    observation_statuses,
    overlapping,
    procedure_statuses,
    visit_kinds,
    visit_rows,
    within,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms155 import CMS155

START, END = "2026-01-01", "2026-12-31"
OPEN, NOBODY, OUT = "ip den|ip den|ip den", "-|-|-", "ip den ex|ip den ex|ip den ex"
MEASURED, FED, MOVED = "ip den num|ip den|ip den", "ip den|ip den num|ip den", "ip den|ip den|ip den num"
VISIT = b.encounter(vs.OFFICE_VISIT)
VISITS = (
    vs.OFFICE_VISIT,
    vs.PREVENTIVE_INDIVIDUAL_COUNSELING,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_GROUP_COUNSELING,
    vs.HOME_HEALTHCARE,
    vs.TELEPHONE_VISITS,
)
_THREE = (codes.BMI_PERCENTILE, codes.BODY_HEIGHT, codes.BODY_WEIGHT)


def cms155() -> Table:
    table = Table(CMS155, born="2016-05-05", base=(VISIT,))
    table.row("nothing", OPEN)
    table.ages((3, 17), END, OPEN, NOBODY)
    visit_rows(table, vs.OFFICE_VISIT, OPEN, NOBODY)
    visit_kinds(table, VISITS, OPEN)
    for left_out in _THREE:
        others = tuple(b.result(kind) for kind in _THREE if kind is not left_out)
        table.row(f"without {left_out.name}", OPEN, *others)
        one = beside(others, partial(b.result, left_out))
        within(table, left_out.name, one, START, END, MEASURED, OPEN)
        observation_statuses(table, one, MEASURED, OPEN)
        table.row(f"{left_out.name} without a value", OPEN, *others, b.observation(left_out))
    for kind, hit in ((vs.COUNSELING_NUTRITION, FED), (vs.COUNSELING_ACTIVITY, MOVED)):
        counseled = partial(b.procedure, kind)
        within(table, kind.name, counseled, START, END, hit, OPEN)
        procedure_statuses(table, counseled, hit, OPEN)
    pregnant = partial(b.condition, vs.PREGNANCY)
    overlapping(table, "pregnancy", pregnant, OUT, OPEN, exact=True)
    conditions_verified(table, "pregnancy", pregnant, OUT, OPEN)
    table.row("pregnancy on the problem list", OUT, b.problem(vs.PREGNANCY))
    table.row("hospice", OUT, HOSPICE)
    return table
