"""Patients for CMS125, Breast Cancer Screening."""

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
    procedure_statuses,
    visit_kinds,
    visit_rows,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms125 import CMS125
from smartapp.measures.shared.visits import ADULT_VISITS

OPEN, SCREENED, OUT = "ip den", "ip den num", "ip den ex"
VISIT = b.encounter(vs.OFFICE_VISIT)
LAST_INSTANT = "2026-12-31T23:59:59.999"


def mammogram(when: str = "2026-03-01", until: str | None = None, **more: object) -> b.Event:
    return b.observation(vs.MAMMOGRAPHY, when, until, **{"category": codes.IMAGING, **more})


def cms125() -> Table:
    table = Table(CMS125, born="1966-05-05", base=(VISIT,))
    table.row("a woman of 60 without a mammogram", OPEN)
    table.row("screened", SCREENED, mammogram())
    table.ages((42, 74), "2026-12-31", OPEN, "-")
    table.row("a man", "-", sex="male")
    table.row("sex unknown, gender female", "-", sex=None)
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-")
    visit_kinds(table, ADULT_VISITS, OPEN)
    window = ("2024-10-01", "2026-12-31")
    table.window("mammogram until", partial(mammogram, "2024-09-01"), window, SCREENED, OPEN)
    table.row("mammogram late on the last day", SCREENED, mammogram("2026-12-31T23:59"))
    table.row("mammogram that began before the window", SCREENED, mammogram("2024-09-30", "2024-10-01T00:00"))
    table.row("mammogram not filed under imaging", OPEN, mammogram(category=codes.EXAM))
    observation_statuses(table, mammogram, SCREENED, OPEN)
    _mastectomies(table)
    common_exclusions(table, OUT, OPEN, *COMMON_FRAIL)
    table.row("excluded, though screened", OUT, mammogram(), b.procedure(vs.BILATERAL_MASTECTOMY))
    return table


def _mastectomies(table: Table) -> None:
    left = b.procedure(vs.MASTECTOMY_LEFT, "2020-01-01")
    right = b.procedure(vs.MASTECTOMY_RIGHT, "2020-01-01")
    table.row("only the left", OPEN, left)
    table.row("only the right", OPEN, right)
    table.row("both sides by operation", OUT, left, right)
    unspecified = partial(b.condition, vs.MASTECTOMY_UNSPECIFIED_SIDE)
    for side, other, history, cut in (
        (codes.RIGHT, left, vs.STATUS_POST_RIGHT_MASTECTOMY, vs.MASTECTOMY_RIGHT),
        (codes.LEFT, right, vs.STATUS_POST_LEFT_MASTECTOMY, vs.MASTECTOMY_LEFT),
    ):
        _begun_by_the_end(table, f"history, {side.name}", beside(other, partial(b.condition, history)))
        _begun_by_the_end(table, f"unspecified, {side.name}", beside(other, partial(unspecified, body=side)))
        table.row(f"unspecified side, with another site than {side.name}", OPEN, other, unspecified(body=codes.YES))
        table.row(f"unspecified side, without a site for {side.name}", OPEN, other, unspecified())
        _done_by_the_end(table, f"operation, {side.name}", beside(other, partial(b.procedure, cut)))
    _begun_by_the_end(table, "bilateral history", partial(b.condition, vs.HISTORY_OF_BILATERAL_MASTECTOMY))
    _done_by_the_end(table, "bilateral operation", partial(b.procedure, vs.BILATERAL_MASTECTOMY))


def _begun_by_the_end(table: Table, says: str, make) -> None:  # type: ignore[no-untyped-def]
    conditions_verified(table, says, make, OUT, OPEN, ends=False)
    table.row(f"{says}, in the last instant", OUT, *_all(make(when=LAST_INSTANT)))
    table.row(f"{says}, after the year", OPEN, *_all(make(when="2027-01-01")))


def _done_by_the_end(table: Table, says: str, make) -> None:  # type: ignore[no-untyped-def]
    procedure_statuses(table, make, OUT, OPEN)
    table.row(f"{says}, until the last instant", OUT, *_all(make(when="2026-12-31", until=LAST_INSTANT)))
    table.row(f"{says}, until after the year", OPEN, *_all(make(when="2026-12-31", until="2027-01-01")))


def _all(made: b.Event | tuple[b.Event, ...]) -> tuple[b.Event, ...]:
    return made if isinstance(made, tuple) else (made,)
