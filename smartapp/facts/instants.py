"""Points in time as whole milliseconds since 1970-01-01T00:00Z, with two ends that are not dates.

An event's start or end has three states: known (an integer), for ever (``FOREVER``, or
``BEGINNING`` for a start that reaches back without limit) and unknown (``None``). The two sentinels
compare like any other integer and survive every shift, so that no caller needs a special case.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

Instant = int
"""Milliseconds since the epoch, UTC."""

DAY = 86_400_000
"""Milliseconds in a UTC day; there are no leap seconds in FHIR instants."""

BEGINNING: Instant = -(2**53)
FOREVER: Instant = 2**53

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = {"day": DAY, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}


def instant(when: datetime) -> Instant:
    """The instant of an aware ``when``."""
    return (when - _EPOCH) // _MILLISECOND


def moment(at: Instant) -> datetime:
    """The UTC datetime of a finite instant."""
    return _EPOCH + timedelta(milliseconds=at)


def is_finite(at: Instant) -> bool:
    return BEGINNING < at < FOREVER


def start_of_day(day: date) -> Instant:
    """The first instant of a UTC day."""
    return (day.toordinal() - 719_163) * DAY


def end_of_day(day: date) -> Instant:
    """The last millisecond of a UTC day."""
    return start_of_day(day) + DAY - 1


def truncate_to_day(at: Instant) -> Instant:
    """The first instant of the UTC day that ``at`` falls in."""
    return at - at % DAY if is_finite(at) else at


def day_of(at: Instant) -> date:
    """The UTC day that a finite instant falls in."""
    return date.fromordinal(at // DAY + 719_163)


def shift(at: Instant, amount: int, unit: str) -> Instant:
    """``at`` moved by ``amount`` of ``unit`` (year, month, week, day, hour, minute, second, millisecond).

    Years and months keep the day of the month, or take the month's last day where there is no such
    day, as CQL's date arithmetic does (CQL 1.5.3, Appendix B, "Add"). The sentinels stay where they are.
    """
    if not is_finite(at):
        return at
    if unit in _UNITS:
        return at + amount * _UNITS[unit]
    if unit == "week":
        return at + amount * 7 * DAY
    months = amount * 12 if unit == "year" else amount
    day = day_of(at)
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        return FOREVER if months > 0 else BEGINNING
    last = calendar.monthrange(year, month + 1)[1]
    return start_of_day(date(year, month + 1, min(day.day, last))) + at % DAY
