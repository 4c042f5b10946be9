"""Patients for CMS349, HIV Screening."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import conditions_verified, observation_statuses, visit_kinds, visit_rows

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms349 import CMS349

OPEN, TESTED, OUT, DIED = "ip den", "ip den num", "ip den ex", "ip den exc"
START = "2026-01-01"
VISIT = b.encounter(vs.OFFICE_VISIT)
VISITS = (
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.OFFICE_VISIT,
)


def hiv_test(when: str = "2026-03-01", kind: b.Kind = vs.HIV_LAB_TESTS, **more: object) -> b.Event:
    return b.observation(kind, when, **{"value": codes.YES, **more})


def cms349() -> Table:
    table = Table(CMS349, born="1980-06-15", base=(VISIT,))
    table.row("never tested", OPEN)
    table.ages((15, 65), START, OPEN, "-")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-")
    visit_kinds(table, VISITS, OPEN)
    table.row("tested", TESTED, hiv_test())
    table.row("tested, by the panel", TESTED, hiv_test(kind=codes.HIV_TESTS))
    table.row("a test without a result", OPEN, b.observation(vs.HIV_LAB_TESTS, "2026-03-01"))
    observation_statuses(table, hiv_test, TESTED, OPEN)
    table.window("tested on", hiv_test, ("1995-06-15", "2026-12-30"), TESTED, OPEN)
    old = partial(table.row, born="1960-06-15")
    old("tested the day before 66", TESTED, hiv_test("2026-06-14"))
    old("tested on the 66th birthday", OPEN, hiv_test("2026-06-15"))
    table.row("tested late on the last day but one", TESTED, hiv_test("2026-12-30T23:59"))
    table.row("tested from 65 to 66", TESTED, hiv_test("2026-06-14", until="2026-06-16"), born="1960-06-15")
    table.row("tested from 14 to 15", OPEN, hiv_test("1995-06-14", until="1995-06-16"))
    table.row("test that ended on the last day", TESTED, hiv_test("2026-12-30", until="2026-12-31"))
    had = partial(b.condition, vs.HIV)
    before = "2025-12-31"
    table.row("HIV from the day before the year", OUT, had("2025-12-31T23:59"))
    table.row("HIV from the first day", OPEN, had("2026-01-01"))
    conditions_verified(table, "HIV", partial(had, when=before), OUT, OPEN, ends=False)
    table.row("HIV on the problem list", OUT, b.problem(vs.HIV, before))
    table.row("died on the last day", DIED, deceased=b.first("2026-12-31T12:00"))
    table.row("died, and nobody recorded when", OPEN, deceased=b.first("beginning"))
    table.row("died the day after", OPEN, deceased=b.first("2027-01-01"))
    table.row("died after a test", TESTED, hiv_test(), deceased=b.first("2026-06-01"))
    table.row("died, with HIV", OUT, had(before), deceased=b.first("2026-06-01"))
    return table
