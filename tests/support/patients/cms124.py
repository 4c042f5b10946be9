"""Patients for CMS124, Cervical Cancer Screening."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    common_exclusions,
    conditions_verified,
    observation_statuses,
    procedure_statuses,
    visit_kinds,
    visit_rows,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms124 import CMS124

OPEN, SCREENED, OUT = "ip den", "ip den num", "ip den ex"
END, LAST_INSTANT = "2026-12-31", "2026-12-31T23:59:59.999"
VISITS = (
    vs.OFFICE_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
)


def cms124() -> Table:
    table = Table(CMS124, born="1980-05-05", base=(b.encounter(vs.OFFICE_VISIT),))
    table.row("a woman of 46, never screened", OPEN)
    table.ages((24, 64), END, OPEN, "-")
    table.row("a man", "-", sex="male")
    table.row("sex unknown, gender female", "-", sex=None)
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-")
    visit_kinds(table, VISITS, OPEN)
    for kind, since in ((vs.PAP_TEST, "2024-01-01"), (vs.HPV_TEST, "2022-01-01")):
        test = partial(b.result, kind)
        table.window(kind.name, test, (since, END), SCREENED, OPEN)
        table.row(f"{kind.name}, late on the last day", SCREENED, test("2026-12-31T23:59"))
        table.row(f"{kind.name}, a period that ends in time", SCREENED, test("2011-01-01", until=END))
        table.row(f"{kind.name}, a period that ends late", OPEN, test("2026-12-31", until="2027-01-01"))
        table.row(f"{kind.name}, without a result", OPEN, b.observation(kind))
        table.row(f"{kind.name}, a coded result", SCREENED, b.observation(kind, value=codes.YES))
        table.row(f"{kind.name}, of no particular kind by its own word", OPEN, test(label=codes.OF_NO_KIND))
        observation_statuses(table, test, SCREENED, OPEN)
    hpv = partial(b.result, vs.HPV_TEST)
    born = "1994-06-15"
    table.row("HPV test on the 30th birthday", SCREENED, hpv("2024-06-15"), born=born)
    table.row("HPV test the day before", OPEN, hpv("2024-06-14"), born=born)
    table.row("HPV test that ends on the birthday", SCREENED, hpv("2024-06-01", until="2024-06-15T01:00"), born=born)
    table.row("HPV test at 31", SCREENED, hpv("2025-06-15"), born=born)
    table.row("Pap test at 29", SCREENED, b.result(vs.PAP_TEST, "2024-06-14"), born=born)
    removed = partial(b.procedure, vs.HYSTERECTOMY_NO_CERVIX)
    procedure_statuses(table, removed, OUT, OPEN)
    table.row("removed until the last instant", OUT, removed("2026-12-31", LAST_INSTANT))
    table.row("removed until after the year", OPEN, removed("2026-12-31", "2027-01-01"))
    absent = partial(b.condition, vs.ABSENCE_OF_CERVIX)
    conditions_verified(table, "no cervix", absent, OUT, OPEN, ends=False)
    table.row("no cervix since the last instant", OUT, absent(LAST_INSTANT))
    table.row("no cervix since after the year", OPEN, absent("2027-01-01"))
    common_exclusions(table, OUT, OPEN, "hospice", "palliative")
    table.row("68 is too old", "-", born="1958-01-01")
    table.row("excluded, though screened", OUT, b.result(vs.PAP_TEST), absent())
    return table
