"""The day from which a requirement has to be read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from smartapp.criteria.bounds import resolve
from smartapp.criteria.constants import Period
from smartapp.facts.instants import day_of, end_of_day, is_finite, start_of_day

_DAY_BEFORE = timedelta(days=1)


def earliest(bound: Any, now: datetime) -> date | None:
    """The UTC day of a requirement's ``date_from``, a day early; None for "from the beginning".

    The measurement period is the calendar year, as the chart evaluates it. It is taken from the day before: in the
    practice's own zone it may still be yesterday, and even last year; and some servers compare days in their zone.
    """
    if bound is None:
        return None
    then = (now - _DAY_BEFORE).date()
    period = Period(start_of_day(date(then.year, 1, 1)), end_of_day(date(then.year, 12, 31)))
    at = resolve(bound, period, end_of_day(then))
    return day_of(at) - _DAY_BEFORE if is_finite(at) else None
