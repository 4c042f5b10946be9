"""Facts as rows of the tables that the SQL reads: for few patients. Bulk data come another way
(:mod:`smartapp.population`), with the same columns."""

from __future__ import annotations

from smartapp.criteria.sql.layout import EVENT_COLUMNS, REFERENCES, text_number
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import BEGINNING, Instant, day_of

Cell = str | float | bool | None


def seen(event: Event) -> Instant:
    """The earlier known of start and record; the beginning for an appointment and where neither is known."""
    known = [at for at in (event.start, event.at) if at is not None]
    return min(known) if known and event.kind != "Appointment" else BEGINNING


def work_row(p: int, e: int, cls: int, event: Event) -> tuple[Cell, ...]:
    """A row of ``work``."""
    row: list[Cell] = [p, e, cls, event.kind, event.id, seen(event)]
    for name in EVENT_COLUMNS:
        value = getattr(event, name)
        row.append(text_number(value) if name in REFERENCES and value is not None else value)
    return tuple(row)


def person_row(p: int, cls: int, facts: Facts) -> tuple[Cell, ...]:
    """A row of ``person``."""
    low, high = facts.birth_low, facts.birth_high
    return (p, cls, low, high, ymd(low), ymd(high), facts.sex, facts.gender, facts.deceased)


def ymd(at: Instant | None) -> int | None:
    """The UTC day of an instant as yyyymmdd."""
    if at is None:
        return None
    day = day_of(at)
    return day.year * 10000 + day.month * 100 + day.day
