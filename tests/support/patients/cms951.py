"""Patients for CMS951, Kidney Health Evaluation."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    beside,
    common_exclusions,
    observation_statuses,
    overlapping,
    visit_kinds,
    visit_rows,
    within,
)

from smartapp.facts.events import ValueKind
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms951 import CMS951

OPEN, DONE, OUT = "ip den", "ip den num", "ip den ex"
START, END = "2026-01-01", "2026-12-31"
DIABETES = b.condition(vs.DIABETES, "2020-01-01")
VISIT = b.encounter(vs.OFFICE_VISIT)
VISITS = (
    vs.ANNUAL_WELLNESS_VISIT,
    vs.HOME_HEALTHCARE,
    vs.OFFICE_VISIT,
    vs.OUTPATIENT_CONSULTATION,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.TELEPHONE_VISITS,
)
EGFR = b.result(vs.EGFR)
RATIO = b.result(vs.URINE_ALBUMIN_CREATININE_RATIO)


def cms951() -> Table:
    table = Table(CMS951, born="1966-05-05", base=(VISIT, DIABETES))
    table.row("no test", OPEN)
    table.ages((18, 85), START, OPEN, "-")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", DIABETES)
    visit_kinds(table, VISITS, OPEN, DIABETES)
    _diabetes(table)
    _tests(table)
    for kind in (vs.CKD_STAGE_5, vs.END_STAGE_RENAL_DISEASE):
        table.row(kind.name, OUT, b.condition(kind))
    kidney = partial(b.condition, vs.CKD_STAGE_5)
    overlapping(table, "stage 5", kidney, OUT, OPEN)
    table.row("stage 5, over and nobody said when", OPEN, kidney("2020-01-01", clinical="inactive", end=None))
    _not_refuted(table, kidney, OUT, OPEN)
    common_exclusions(table, OUT, OPEN, "hospice", "palliative")
    return table


def _not_refuted(table: Table, make, hit: str, miss: str, **options: object) -> None:  # type: ignore[no-untyped-def]
    for word in (None, "confirmed", "unconfirmed", "provisional", "differential", "something else"):
        made = make(verification=word)
        table.row(f"verification {word}", hit, *(made if isinstance(made, tuple) else (made,)), **options)
    for word in ("refuted", "entered-in-error"):
        made = make(verification=word)
        table.row(f"verification {word}", miss, *(made if isinstance(made, tuple) else (made,)), **options)


def _diabetes(table: Table) -> None:
    made = beside(VISIT, partial(b.condition, vs.DIABETES))
    for start, end, hit in (
        ("2025-12-31T23:59", "for ever", True),
        ("2026-01-01", "for ever", False),
        ("2020-01-01", "2026-01-01T00:00", True),
        ("2020-01-01", "2025-12-31T23:59", False),
        ("beginning", "for ever", True),
    ):
        table.row(f"diabetes {start} to {end}", OPEN if hit else "-", *made(when=start, until=end), alone=True)
    over = made(when="2020-01-01", clinical="inactive", end=None)
    table.row("diabetes, over and nobody said when", "-", *over, alone=True)
    _not_refuted(table, partial(made, when="2020-01-01"), OPEN, "-", alone=True)


def _tests(table: Table) -> None:
    table.row("filtration rate alone", OPEN, EGFR)
    table.row("ratio alone", OPEN, RATIO)
    table.row("both", DONE, EGFR, RATIO)
    for kind, mate in ((vs.EGFR, RATIO), (vs.URINE_ALBUMIN_CREATININE_RATIO, EGFR)):
        test = beside(mate, partial(b.result, kind))
        within(table, kind.name, test, START, END, DONE, OPEN)
        observation_statuses(table, test, DONE, OPEN)
        table.row(f"{kind.name} without a result", OPEN, mate, b.observation(kind))
    table.row("filtration rate, coded", DONE, RATIO, b.observation(vs.EGFR, value=codes.YES))
    coded = partial(b.observation, vs.URINE_ALBUMIN_CREATININE_RATIO)
    table.row("ratio undetectable", DONE, EGFR, coded(value=vs.UNDETECTABLE_RESULT))
    table.row("ratio below what can be measured", DONE, EGFR, coded(value_kind=ValueKind.OTHER, unit="mg/g"))
    table.row("ratio in words", OPEN, EGFR, coded(value_kind=ValueKind.OTHER))
    table.row("ratio without a unit", DONE, EGFR, coded(value_kind=ValueKind.QUANTITY, number=3.0))
    table.row("ratio with another code", OPEN, EGFR, coded(value=codes.YES))
    albumin, creatinine = partial(b.result, vs.URINE_ALBUMIN), partial(b.result, vs.URINE_CREATININE)
    table.row("albumin alone", OPEN, EGFR, albumin())
    table.row("creatinine alone", OPEN, EGFR, creatinine())
    for one, other in ((albumin, creatinine), (creatinine, albumin)):
        mate = other("2026-06-05T10:00")
        for at, hit in (
            ("2026-06-01T10:00", True),
            ("2026-06-01T09:59", False),
            ("2026-06-09T10:00", True),
            ("2026-06-09T10:01", False),
        ):
            table.row(f"one at {at}, the other on 5 June at 10:00", DONE if hit else OPEN, EGFR, mate, one(at))
        both = beside((EGFR, other("2026-06-01")), one)
        observation_statuses(table, both, DONE, OPEN)
        table.row("coded result", DONE, EGFR, other(), b.observation(_kind(one), value=codes.YES))
        table.row("without a result", OPEN, EGFR, other(), b.observation(_kind(one)))
        table.row("before the year", OPEN, EGFR, other("2026-01-02"), one("2025-12-31"))
        table.row("on the first day", DONE, EGFR, other("2026-01-02"), one("2026-01-01"))
        table.row("begun before the year", OPEN, EGFR, other("2025-12-30", until="2026-01-01"), one("2026-01-01"))
        table.row("after the year", OPEN, EGFR, other("2026-12-30"), one("2027-01-01"))
        table.row("on the last day", DONE, EGFR, other("2026-12-30"), one("2026-12-31"))
        table.row("late on the last day", DONE, EGFR, other("2026-12-30"), one("2026-12-31T23:59"))
        table.row("until after the year", OPEN, EGFR, other("2026-12-30"), one("2026-12-31", until="2027-01-01"))
    long = creatinine("2026-06-05T00:00", until="2026-06-06T00:00")
    end = "2026-06-10T00:00"
    table.row("albumin to 96 hours after a long creatinine", DONE, EGFR, long, albumin("2026-06-05", until=end))
    table.row("albumin past 96 hours after it", OPEN, EGFR, long, albumin("2026-06-05", until="2026-06-10T00:01"))
    table.row("a long albumin from 96 hours before", DONE, EGFR, long, albumin("2026-06-01T00:00", until="2026-06-06"))
    table.row("a long albumin from earlier", OPEN, EGFR, long, albumin("2026-05-31T23:59", until="2026-06-06"))


def _kind(make) -> b.Kind:  # type: ignore[no-untyped-def]
    return make.args[0]
