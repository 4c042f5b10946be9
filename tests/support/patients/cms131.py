"""Patients for CMS131, Diabetes: Eye Exam."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    COMMON_FRAIL,
    beside,
    common_exclusions,
    conditions_verified,
    observation_statuses,
    overlapping,
    visit_kinds,
    visit_rows,
    within,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms131 import CMS131

OPEN, SEEN, OUT = "ip den", "ip den num", "ip den ex"
START, END = "2026-01-01", "2026-12-31"
DIABETES = b.condition(vs.DIABETES, "2020-01-01")
VISIT = b.encounter(vs.OFFICE_VISIT)
RETINOPATHY = b.condition(vs.DIABETIC_RETINOPATHY, "2020-01-01")
VISITS = (
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.OPHTHALMOLOGICAL_SERVICES,
    vs.TELEPHONE_VISITS,
)


def cms131() -> Table:
    table = Table(CMS131, born="1966-05-05", base=(VISIT, DIABETES))
    table.row("no exam", OPEN)
    table.ages((18, 75), END, OPEN, "-")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", DIABETES)
    visit_kinds(table, VISITS, OPEN, DIABETES)
    diabetes = beside(VISIT, partial(b.condition, vs.DIABETES))
    conditions_verified(table, "diabetes", diabetes, OPEN, "-", alone=True)
    overlapping(table, "diabetes", diabetes, OPEN, "-", alone=True)
    table.row("diabetes only on the problem list", "-", VISIT, b.problem(vs.DIABETES), alone=True)
    _exams(table)
    _severity(table)
    eyeless = partial(b.condition, codes.ANOPHTHALMOS_BOTH_EYES)
    conditions_verified(table, "no eyes", eyeless, OUT, OPEN, ends=False)
    table.row("no eyes, late on the last day", OUT, eyeless("2026-12-31T23:59"))
    table.row("no eyes, from the last day", OUT, eyeless(END))
    table.row("no eyes, from after the year", OPEN, eyeless("2027-01-01"))
    common_exclusions(table, OUT, OPEN, *COMMON_FRAIL)
    return table


def _exams(table: Table) -> None:
    exam = partial(b.observation, vs.RETINAL_EXAM, category=codes.EXAM)
    within(table, "exam, no retinopathy", exam, "2025-01-01", END, SEEN, OPEN)
    within(table, "exam, retinopathy", beside(RETINOPATHY, exam), START, END, SEEN, OPEN)
    observation_statuses(table, exam, SEEN, OPEN)
    table.row("exam not filed as one", OPEN, exam(category=codes.IMAGING))
    table.row("exam that claims to be of no particular kind", OPEN, exam(label=codes.OF_NO_KIND))
    table.row("exam with another label", SEEN, exam(label=codes.YES))
    before = exam("2025-06-01")
    retinopathy = beside(before, partial(b.condition, vs.DIABETIC_RETINOPATHY))
    overlapping(table, "exam the year before, retinopathy", retinopathy, OPEN, SEEN)
    conditions_verified(table, "exam the year before, retinopathy", retinopathy, OPEN, SEEN)
    auto = partial(
        b.observation,
        codes.AUTONOMOUS_RETINOPATHY_SCREENING,
        category=codes.EXAM,
        value=vs.AUTONOMOUS_EYE_EXAM_RESULT,
    )
    within(table, "autonomous exam", auto, START, END, SEEN, OPEN)
    observation_statuses(table, auto, SEEN, OPEN)
    table.row("autonomous exam not filed as one", OPEN, auto(category=codes.IMAGING))
    table.row("autonomous exam that claims to be of no particular kind", OPEN, auto(label=codes.OF_NO_KIND))
    table.row("autonomous exam with another result", OPEN, auto(value=codes.YES))


def _severity(table: Table) -> None:
    left = partial(b.observation, codes.LEFT_EYE_RETINOPATHY_SEVERITY, category=codes.EXAM)
    right = partial(b.observation, codes.RIGHT_EYE_RETINOPATHY_SEVERITY, category=codes.EXAM)
    sick, healthy = vs.DIABETIC_RETINOPATHY_SEVERITY, codes.NO_APPARENT_RETINOPATHY
    before = "2025-06-01"
    table.row("both eyes graded", SEEN, left(value=sick), right(value=sick))
    table.row("both eyes healthy the year before", SEEN, left(before, value=healthy), right(before, value=healthy))
    for one, other in ((left, right), (right, left)):
        table.row("one eye graded", OPEN, one(value=sick))
        table.row("one eye healthy the year before", OPEN, one(before, value=healthy))
        table.row("one graded, the other healthy this year", OPEN, one(value=sick), other(value=healthy))
        for made, mate, days in (
            (partial(one, value=sick), other(before, value=healthy), (START, END)),
            (partial(one, value=sick), other(value=sick), (START, END)),
            (partial(one, value=healthy), other(before, value=healthy), ("2025-01-01", "2025-12-31")),
            (partial(one, value=healthy), other(value=sick), ("2025-01-01", "2025-12-31")),
        ):
            within(table, "eye", beside(mate, made), *days, SEEN, OPEN)
        graded = beside(other(value=sick), partial(one, value=sick))
        observation_statuses(table, graded, SEEN, OPEN)
        table.row("graded, not filed as an exam", OPEN, *graded(category=codes.IMAGING))
        table.row("graded, of no particular kind by its own word", OPEN, *graded(label=codes.OF_NO_KIND))
        table.row("another grade", OPEN, *graded(value=codes.YES))
        clear = beside(other(before, value=healthy), partial(one, before, value=healthy))
        observation_statuses(table, clear, SEEN, OPEN)
        table.row("healthy, not filed as an exam", OPEN, *clear(category=codes.IMAGING))
        table.row("another finding", OPEN, *clear(value=codes.YES))
