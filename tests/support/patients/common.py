"""Rows that many measures need: statuses, verification, visits, the shared exclusions as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support import builders as b
from support.measure_tables import Table

from smartapp.measures import codes
from smartapp.measures import valuesets as vs

YEAR = ("2026-01-01", "2026-12-31")
GOOD_RESULTS, BAD_RESULTS = ("final", "amended", "corrected"), ("preliminary", "registered", "unknown", "cancelled")
GOOD_ORDERS, BAD_ORDERS = ("active", "completed"), ("draft", "revoked", "on-hold", "stopped", "unknown")
INTENTS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
BAD_INTENTS = ("proposal", "plan", "option", "directive")
VERIFIED = (None, "confirmed", "unconfirmed", "provisional", "differential")

HOSPICE = b.encounter(vs.HOSPICE_ENCOUNTER)
PALLIATIVE = b.encounter(vs.PALLIATIVE_CARE_ENCOUNTER)
FRAIL = b.condition(vs.FRAILTY_DIAGNOSIS)
ILL = b.condition(vs.ADVANCED_ILLNESS)
NURSING_HOME = b.observation(codes.HOUSING_STATUS, value=codes.LIVES_IN_NURSING_HOME)

Make = Callable[..., Any]


def beside(others: b.Event | tuple[b.Event, ...], make: Make) -> Make:
    """``make`` with other events beside what it makes."""
    return lambda *given, **more: (*_events(others), *_events(make(*given, **more)))


def _events(made: Any) -> tuple[b.Event, ...]:
    return made if isinstance(made, tuple) else (made,)


def conditions_verified(
    table: Table, says: str, make: Make, hit: str, miss: str, *, ends: bool = True, **options: Any
) -> None:
    """Which verification counts; and, where the end matters, that an unknown end does not count."""
    for word in VERIFIED:
        table.row(f"{says}, {word}", hit, *_events(make(verification=word)), **options)
    for word in ("refuted", "entered-in-error"):
        table.row(f"{says}, {word}", miss, *_events(make(verification=word)), **options)
    if ends:
        over = _events(make(when="2020-01-01", clinical="inactive", end=None))
        table.row(f"{says}, over and nobody said when", miss, *over, **options)


def observation_statuses(table: Table, make: Make, hit: str, miss: str, **options: Any) -> None:
    for word in GOOD_RESULTS:
        table.row(f"status {word}", hit, *_events(make(status=word)), **options)
    for word in BAD_RESULTS:
        table.row(f"status {word}", miss, *_events(make(status=word)), **options)
    table.row("recorded as not done", miss, *_events(make(negated=True)), **options)


def procedure_statuses(table: Table, make: Make, hit: str, miss: str, **options: Any) -> None:
    table.row("completed", hit, *_events(make()), **options)
    for word in ("in-progress", "stopped", "preparation", "unknown"):
        table.row(f"procedure {word}", miss, *_events(make(status=word)), **options)
    table.row("procedure not done", miss, *_events(make(negated=True)), **options)


def order_statuses(
    table: Table, make: Make, hit: str, miss: str, *, intents: tuple[str, ...] = INTENTS, **options: Any
) -> None:
    for word in GOOD_ORDERS:
        table.row(f"order {word}", hit, *_events(make(status=word)), **options)
    for word in BAD_ORDERS:
        table.row(f"order {word}", miss, *_events(make(status=word)), **options)
    for word in intents:
        table.row(f"order, {word}", hit, *_events(make(intent=word)), **options)
    for word in BAD_INTENTS if intents else ():
        table.row(f"order, {word}", miss, *_events(make(intent=word)), **options)
    table.row("order not to be performed", miss, *_events(make(negated=True)), **options)


def overlapping(
    table: Table, says: str, make: Make, hit: str, miss: str, *, exact: bool = False, **options: Any
) -> None:
    """Rows around the year for what may begin before it and end after it; ``make(when=, until=)``.

    ``exact``: compared to the instant, not by day.
    """
    for start, end, counts in (
        ("2025-12-01", "2025-12-31", False),
        ("2025-12-01", "2026-01-01T00:00", True),
        ("2025-06-01", "2027-06-01", True),
        ("2026-12-31T23:00", "2027-01-01", True),
        ("2027-01-01", "2027-02-01", False),
        *([("2026-12-31T23:59:59.999", "2027-01-01", True)] if exact else []),
    ):
        made = _events(make(when=start, until=end))
        table.row(f"{says} from {start} to {end}", hit if counts else miss, *made, **options)
    begun = _events(make(when="2026-01-01T00:00", end=None))
    table.row(f"{says} from the first instant on, and nobody said until when", hit, *begun, **options)


def within(table: Table, says: str, make: Make, first: str, last: str, hit: str, miss: str, **options: Any) -> None:
    """Rows for what must begin and end within a window of days; ``make(when=, until=)``."""
    before, after = b.day_before(first), b.day_after(last)
    for start, end, counts in (
        (f"{first}T00:00", f"{first}T01:00", True),
        (first, first, True),
        (f"{before}T23:00", f"{first}T01:00", False),
        (f"{last}T23:00", f"{last}T23:30", True),
        (last, last, True),
        (f"{last}T23:00", f"{after}T00:00", False),
    ):
        made = _events(make(when=start, until=end))
        table.row(f"{says} from {start} to {end}", hit if counts else miss, *made, **options)


def visit_rows(table: Table, kind: b.Kind, hit: str, miss: str, *events: b.Event, **options: Any) -> None:
    """When a visit of a kind counts: finished, begun and ended in the year. ``events`` are the rest of the chart."""
    row = lambda says, what, *more: table.row(says, what, *events, *more, alone=True, **options)  # noqa: E731
    row("no visit", miss)
    for word in ("planned", "in-progress", "cancelled", "arrived"):
        row(f"visit {word}", miss, b.encounter(kind, status=word))
    for start, end, counts in (
        ("2026-01-01T00:00", "2026-01-01T00:30", True),
        ("2025-12-31T23:30", "2026-01-01T00:30", False),
        ("2026-12-31T23:30", "2026-12-31T23:59", True),
        ("2026-12-31", "2026-12-31", True),
        ("2026-12-31T23:30", "2027-01-01T00:00", False),
    ):
        row(f"visit from {start} to {end}", hit if counts else miss, b.encounter(kind, start, end))
    row("visit without an end", miss, b.encounter(kind, until="for ever"))
    row("visit without a start", miss, b.encounter(kind, start=None))


def visit_kinds(table: Table, kinds: tuple[b.Kind, ...], hit: str, *events: b.Event, **options: Any) -> None:
    """A visit of each kind puts the patient in."""
    for kind in kinds:
        table.row(f"visit: {kind.name}", hit, *events, b.encounter(kind), alone=True, **options)


COMMON_FRAIL = ("hospice", "palliative", "frailty", "nursing home")


def common_exclusions(table: Table, out: str, stays: str, *which: str) -> None:
    """Each shared exclusion takes the patient out (their own tables say when they hold)."""
    old = "1958-01-01"
    if "hospice" in which:
        table.row("hospice", out, HOSPICE)
    if "palliative" in which:
        table.row("palliative care", out, PALLIATIVE)
    if "frailty" in which:
        table.row("frail and ill at 68", out, FRAIL, ILL, born=old)
    if "frailty or 81" in which:
        table.row("frail and ill at 68", out, FRAIL, ILL, born=old)
        table.row("frail at 82", out, FRAIL, born="1944-01-01")
    if "nursing home" in which:
        table.row("nursing home at 68", out, NURSING_HOME, born=old)
    if len(which) > 2:
        table.row("68 and none of it", stays, born=old)
