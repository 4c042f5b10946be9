"""Patients for CMS122, Glycemic Status Assessment Greater Than 9%: the numerator is the gap."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    COMMON_FRAIL,
    common_exclusions,
    conditions_verified,
    observation_statuses,
    overlapping,
    visit_kinds,
    visit_rows,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms122 import CMS122

GAP, GOOD, OUT = "ip den num", "ip den", "ip den ex"
END = "2026-12-31"
DIABETES = b.condition(vs.DIABETES, "2020-01-01")
VISITS = (
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.NUTRITION_SERVICES,
    codes.NUTRITION_THERAPY_INITIAL,
    codes.NUTRITION_THERAPY_REASSESSMENT,
    codes.NUTRITION_THERAPY_GROUP,
    codes.NUTRITION_THERAPY_SECOND_REFERRAL,
    codes.NUTRITION_THERAPY_SECOND_REFERRAL_GROUP,
    vs.TELEPHONE_VISITS,
)
VISIT = b.encounter(vs.OFFICE_VISIT)


def a1c(when: str = "2026-06-01", number: float = 7.0, unit: str = "%", **more: object) -> b.Event:
    return b.result(vs.HBA1C, when, number, unit, **more)


def cms122() -> Table:
    table = Table(CMS122, born="1966-05-05", base=(VISIT, DIABETES))
    table.row("no assessment", GAP)
    table.ages((18, 75), END, GAP, "-")
    visit_rows(table, vs.OFFICE_VISIT, GAP, "-", DIABETES)
    visit_kinds(table, VISITS, GAP, DIABETES)
    diabetes = partial(b.condition, vs.DIABETES)
    conditions_verified(table, "diabetes", lambda **m: (VISIT, diabetes(**m)), GAP, "-", alone=True)
    overlapping(table, "diabetes", lambda **m: (VISIT, diabetes(**m)), GAP, "-", alone=True)
    table.row("diabetes only on the problem list", "-", VISIT, b.problem(vs.DIABETES), alone=True)
    _readings(table)
    common_exclusions(table, OUT, GAP, *COMMON_FRAIL)
    return table


def _readings(table: Table) -> None:
    table.row("7.0", GOOD, a1c())
    table.row("9.0", GOOD, a1c(number=9))
    table.row("9.1", GAP, a1c(number=9.1))
    table.row("8.5", GOOD, a1c(number=8.5))
    table.row("10.5", GAP, a1c(number=10.5))
    table.row("10.5 in another unit", GOOD, a1c(number=10.5, unit="mmol/mol"))
    table.row("in another unit, with a low one in per cent", GOOD, a1c(number=50, unit="mmol/mol"), a1c(number=5))
    table.row("glucose management indicator", GOOD, b.result(codes.GLUCOSE_MANAGEMENT_INDICATOR, number=7.0, unit="%"))
    table.row("without a result", GAP, b.observation(vs.HBA1C))
    table.row("with a result that is no quantity", GOOD, b.observation(vs.HBA1C, value=codes.YES))
    observation_statuses(table, a1c, GOOD, GAP)
    table.window("7.0", a1c, ("2026-01-01", END), GOOD, GAP)
    table.row("7.0 late on the last day", GOOD, a1c("2026-12-31T23:59"))
    table.row("7.0 in a period that ends after the year", GAP, a1c("2026-12-31", until="2027-01-01"))
    table.row("9.0 and 10 on one day", GOOD, a1c("2026-06-01T08:00", 9), a1c("2026-06-01T15:00", 10))
    table.row("8.5 and 10 on one day", GOOD, a1c("2026-06-01T08:00", 8.5), a1c("2026-06-01T15:00", 10))
    table.row("7.0 in a period that ends in the year", GOOD, a1c("2025-12-01", until="2026-01-01T00:00"))
    table.row("the most recent day counts: 7 then 10", GAP, a1c("2026-03-01"), a1c("2026-06-01", 10))
    table.row("the most recent day counts: 10 then 7", GOOD, a1c("2026-03-01", 10), a1c("2026-06-01"))
    table.row("the lowest of the day counts, first", GOOD, a1c("2026-06-01T08:00", 7), a1c("2026-06-01T15:00", 10))
    table.row("the lowest of the day counts, last", GOOD, a1c("2026-06-01T08:00", 10), a1c("2026-06-01T15:00", 7))
    table.row("both of the day are high", GAP, a1c("2026-06-01T08:00", 10), a1c("2026-06-01T15:00", 11))
    table.row(
        "one of the day without a result", GAP, a1c("2026-06-01T08:00"), b.observation(vs.HBA1C, "2026-06-01T15:00")
    )
    words = b.observation(vs.HBA1C, "2026-06-01T15:00", value=codes.YES)
    table.row("a high one beside a result that is no quantity", GOOD, a1c("2026-06-01T08:00", 10), words)
    table.row("a high one after a result that is no quantity", GAP, a1c("2026-06-02", 10), words)
    table.row("without a result earlier", GOOD, a1c(), b.observation(vs.HBA1C, "2026-05-01"))
    table.row(
        "by the end of a long one, not its start",
        GAP,
        a1c("2026-05-01T00:00", 10, until="2026-07-01"),
        a1c("2026-06-01"),
    )
