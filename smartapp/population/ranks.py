"""How the due date of care lies to the day of evaluation: a step function of when care was given."""

from __future__ import annotations

from datetime import date, timedelta

from smartapp.facts.instants import DAY, Instant, day_of, shift, start_of_day, truncate_to_day
from smartapp.measures.model import Every

RANKS = ("overdue", "due", "due soon", "not due", "for ever")
"""How a due date may lie to the day of evaluation, by rank from 1."""


_DAYS = (start_of_day(date(1, 2, 1)) // DAY, start_of_day(date(9000, 1, 1)) // DAY)


def thresholds(holds: Every, soon: Every, grace: Every, as_of: Instant) -> list[tuple[int, Instant]]:
    """From which instant on care that was given then has at least a rank: pairs (rank 2 to 4, instant).

    As :mod:`smartapp.measures.due` compares the days. The later care was given, the later it is due, so that there is
    one first day for each rank.
    """
    today = truncate_to_day(as_of) // DAY

    def rank(day: int) -> int:
        at = day * DAY
        if holds.full:
            at = start_of_day((day_of(at).replace(day=1) + timedelta(days=32)).replace(day=1))
        until = shift(at, holds.amount, holds.unit)
        if today < until // DAY:
            return 3 if today >= shift(until, -soon.amount, soon.unit) // DAY else 4
        return 1 if today > shift(until, grace.amount, grace.unit) // DAY else 2

    first, last = _DAYS
    steps = []
    for wanted in (2, 3, 4):
        low, high = first, last
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if rank(middle) >= wanted else (middle + 1, high)
        steps.append((wanted, low * DAY))
    return steps
