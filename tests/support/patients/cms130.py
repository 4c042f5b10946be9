"""Patients for CMS130, Colorectal Cancer Screening."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    COMMON_FRAIL,
    common_exclusions,
    conditions_verified,
    observation_statuses,
    procedure_statuses,
    visit_kinds,
    visit_rows,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms130 import CMS130
from smartapp.measures.shared.visits import ADULT_VISITS

OPEN, SCREENED, OUT = "ip den", "ip den num", "ip den ex"
END = "2026-12-31"


def _until(make, day: str) -> b.Event:  # type: ignore[no-untyped-def]
    """What began long before and ended on the day: the end counts."""
    return make(when="2010-01-01", until=day)


def cms130() -> Table:
    table = Table(CMS130, born="1966-05-05", sex="male", base=(b.encounter(vs.OFFICE_VISIT),))
    table.row("a man of 60, never screened", OPEN)
    table.ages((46, 75), END, OPEN, "-")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-")
    visit_kinds(table, ADULT_VISITS, OPEN)
    for kind, since in ((vs.FOBT, "2026-01-01"), (vs.SDNA_FIT, "2024-01-01")):
        test = partial(b.result, kind)
        table.window(kind.name, test, (since, END), SCREENED, OPEN)
        table.row(f"{kind.name}, late on the last day", SCREENED, test("2026-12-31T23:59"))
        table.row(f"{kind.name}, a period that ends in time", SCREENED, test("2010-01-01", until=END))
        table.row(f"{kind.name}, a period that ends late", OPEN, test("2026-12-31", until="2027-01-01"))
        table.row(f"{kind.name}, without a result", OPEN, b.observation(kind))
        table.row(f"{kind.name}, a coded result", SCREENED, b.observation(kind, value=codes.YES))
        table.row(f"{kind.name}, of no particular kind by its own word", OPEN, test(label=codes.OF_NO_KIND))
        observation_statuses(table, test, SCREENED, OPEN)
    ct = partial(b.observation, vs.CT_COLONOGRAPHY, category=codes.IMAGING)
    table.window("CT colonography", partial(_until, ct), ("2022-01-01", END), SCREENED, OPEN)
    table.row("CT colonography, late on the last day", SCREENED, ct("2026-12-31T23:59"))
    table.row("CT colonography not filed under imaging", OPEN, ct(category=codes.EXAM))
    observation_statuses(table, ct, SCREENED, OPEN)
    for kind, since in ((vs.FLEXIBLE_SIGMOIDOSCOPY, "2022-01-01"), (vs.COLONOSCOPY, "2017-01-01")):
        scope = partial(b.procedure, kind)
        table.window(kind.name, partial(_until, scope), (since, END), SCREENED, OPEN)
        table.row(f"{kind.name}, late on the last day", SCREENED, scope("2026-12-31T23:59"))
        procedure_statuses(table, scope, SCREENED, OPEN)
    cancer = partial(b.condition, vs.MALIGNANT_NEOPLASM_OF_COLON)
    conditions_verified(table, "cancer", cancer, OUT, OPEN, ends=False)
    table.row("cancer, late on the last day", OUT, cancer("2026-12-31T23:59"))
    table.row("cancer, on the last day", OUT, cancer(END))
    table.row("cancer, after the year", OPEN, cancer("2027-01-01"))
    colectomy = partial(b.procedure, vs.TOTAL_COLECTOMY)
    procedure_statuses(table, colectomy, OUT, OPEN)
    table.row("colectomy, late on the last day", OUT, colectomy("2026-12-31", "2026-12-31T23:59"))
    table.row("colectomy, until after the year", OPEN, colectomy("2026-12-31", "2027-01-01"))
    common_exclusions(table, OUT, OPEN, *COMMON_FRAIL)
    table.row("excluded, though screened", OUT, b.procedure(vs.COLONOSCOPY), cancer())
    return table
