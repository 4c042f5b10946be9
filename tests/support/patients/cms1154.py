"""Patients for CMS1154, Screening for Abnormal Glucose Metabolism."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    beside,
    conditions_verified,
    observation_statuses,
    overlapping,
    visit_rows,
    within,
)

from smartapp.facts.codes import SlotCode
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms1154 import CMS1154

START, END = "2026-01-01", "2026-12-31"
OPEN, TESTED, OUT = "ip den", "ip den num", "ip den ex"
PREVENTIVE = b.encounter(vs.PREVENTATIVE_CLINICAL_ENCOUNTERS)
OFFICE = b.encounter(vs.OUTPATIENT_CLINICAL_ENCOUNTERS)
ASIAN = (SlotCode("race", *b.code_of(codes.ASIAN)),)
WHITE = (SlotCode("race", codes.ASIAN.system, "2106-3"),)


def bmi(number: float, when: str = "2026-03-01", **more: object) -> b.Event:
    return b.result(codes.BODY_MASS_INDEX, when, number, **{"unit": "kg/m2", **more})


def cms1154() -> Table:
    table = Table(CMS1154, born="1975-05-05", base=(PREVENTIVE, bmi(30)))
    table.row("not tested", OPEN)
    table.ages((35, 70), START, OPEN, "-")
    _visits(table)
    _weight(table)
    tested = partial(b.observation, vs.GLYCEMIC_SCREENING)
    within(table, "tested", tested, START, END, TESTED, OPEN)
    observation_statuses(table, tested, TESTED, OPEN)
    within(table, "tested before", tested, "2024-01-01", "2025-12-31", OUT, OPEN)
    observation_statuses(table, partial(tested, "2025-06-01"), OUT, OPEN)
    for kind in (vs.DIABETES, vs.PREDIABETES):
        _looking_back(table, kind)
    pregnant = partial(b.condition, vs.PREGNANCY)
    overlapping(table, "pregnant", pregnant, OUT, OPEN)
    conditions_verified(table, "pregnant", pregnant, OUT, OPEN)
    observed = partial(b.observation, codes.PREGNANCY_STATUS, value=vs.PREGNANCY)
    overlapping(table, "pregnant by status", observed, OUT, OPEN)
    table.row("not pregnant", OPEN, observed(value=codes.YES))
    table.row("pregnancy status cancelled", OPEN, observed(negated=True))
    table.row("pregnancy status preliminary", OUT, observed(status="preliminary"))
    for kind in (vs.ADVANCED_ILLNESS, vs.LIMITED_LIFE_EXPECTANCY):
        ill = partial(b.condition, kind)
        conditions_verified(table, kind.name, ill, OUT, OPEN, ends=False)
        table.row(f"{kind.name} late on the last day but one", OUT, ill("2026-12-30T23:00"))
        table.row(f"{kind.name} from the last day", OPEN, ill(END))
        table.row(f"{kind.name} without an onset", OPEN, ill("beginning"))
        table.row(f"{kind.name} from birth", OUT, ill("1975-05-05"))
        table.row(f"{kind.name} from before birth", OPEN, ill("1975-05-04"))
    return table


def _visits(table: Table) -> None:
    row = partial(table.row, alone=True)
    heavy = bmi(30)
    kind = vs.PREVENTATIVE_CLINICAL_ENCOUNTERS
    for word in ("planned", "in-progress", "cancelled"):
        row(f"preventive visit {word}", "-", heavy, b.encounter(kind, status=word))
    for start, end, counts in (
        ("2025-12-31T23:30", "2026-01-01T00:30", True),
        ("2025-12-31T22:30", "2025-12-31T23:30", False),
        ("2026-12-31T23:30", "2026-12-31T23:59", True),
        ("2026-12-31T23:30", "2027-01-01T00:00", False),
    ):
        row(f"preventive visit from {start} to {end}", OPEN if counts else "-", heavy, b.encounter(kind, start, end))
    row("one office visit", "-", heavy, OFFICE)
    row("two office visits", OPEN, heavy, OFFICE, b.encounter(vs.OUTPATIENT_CLINICAL_ENCOUNTERS))
    row("three office visits", OPEN, heavy, OFFICE, *(b.encounter(vs.OUTPATIENT_CLINICAL_ENCOUNTERS) for _ in "12"))
    visit_rows(table, vs.OUTPATIENT_CLINICAL_ENCOUNTERS, OPEN, "-", heavy, OFFICE)


def _weight(table: Table) -> None:
    row = partial(table.row, alone=True)
    row("never weighed", "-", PREVENTIVE)
    for number, white, asian in ((22.9, "-", "-"), (23, "-", OPEN), (24.9, "-", OPEN), (25, OPEN, OPEN)):
        row(f"{number}, white", white, PREVENTIVE, bmi(number), codes=WHITE)
        row(f"{number}, race unknown", white, PREVENTIVE, bmi(number))
        row(f"{number}, Asian", asian, PREVENTIVE, bmi(number), codes=ASIAN)
    row("in another unit", "-", PREVENTIVE, bmi(30, unit="[lb_av]"))
    row("in another unit, Asian", "-", PREVENTIVE, bmi(30, unit="[lb_av]"), codes=ASIAN)
    row("heavy, then not", "-", PREVENTIVE, bmi(30, "2025-01-01"), bmi(20))
    row("not heavy, then", OPEN, PREVENTIVE, bmi(20, "2025-01-01"), bmi(30))
    row(
        "the later start counts, not the later end",
        OPEN,
        PREVENTIVE,
        bmi(20, "2026-02-01", until="2026-09-01"),
        bmi(30),
    )
    make = beside(PREVENTIVE, lambda **more: bmi(30, **more))
    observation_statuses(table, make, OPEN, "-", alone=True)


def _looking_back(table: Table, kind: b.Kind) -> None:
    had = partial(b.condition, kind)
    for start, end, counts in (
        ("2020-01-01", "2023-12-31", False),
        ("2020-01-01", "2024-01-01T00:00", True),
        ("2025-12-31T23:00", "for ever", True),
        ("2026-01-01", "for ever", False),
    ):
        table.row(f"{kind.name} from {start} to {end}", OUT if counts else OPEN, had(start, end))
    conditions_verified(table, kind.name, lambda **more: had(**{"when": "2025-03-01", **more}), OUT, OPEN)
