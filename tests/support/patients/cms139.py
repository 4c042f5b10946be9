"""Patients for CMS139, Falls: Screening for Future Fall Risk."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import HOSPICE, observation_statuses, visit_kinds, visit_rows, within

from smartapp.measures import valuesets as vs
from smartapp.measures.cms139 import CMS139

OPEN, SCREENED, OUT = "ip den", "ip den num", "ip den ex"
VISITS = (
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.OPHTHALMOLOGICAL_SERVICES,
    vs.PREVENTIVE_INDIVIDUAL_COUNSELING,
    vs.DISCHARGE_SERVICES_NURSING_FACILITY,
    vs.NURSING_FACILITY_VISIT,
    vs.LONG_TERM_RESIDENTIAL_CARE,
    vs.AUDIOLOGY_VISIT,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
    vs.PHYSICAL_THERAPY_EVALUATION,
    vs.OCCUPATIONAL_THERAPY_EVALUATION,
)


def cms139() -> Table:
    table = Table(CMS139, born="1950-05-05", base=(b.encounter(vs.OFFICE_VISIT),))
    table.row("not screened", OPEN)
    table.ages((65, None), "2026-01-01", OPEN, "-")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-")
    visit_kinds(table, VISITS, OPEN)
    screening = partial(b.observation, vs.FALLS_SCREENING)
    within(table, "screening", screening, "2026-01-01", "2026-12-31", SCREENED, OPEN)
    observation_statuses(table, screening, SCREENED, OPEN)
    table.row("hospice", OUT, HOSPICE)
    table.row("hospice, though screened", OUT, HOSPICE, screening())
    return table
