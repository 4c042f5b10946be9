"""Days and instants relative to the reference date. Nothing here reads a clock."""

from __future__ import annotations

from datetime import date, timedelta


def months_before(day: date, months: int) -> date:
    """The same day of the month ``months`` earlier (later if negative), or that month's 28th."""
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, min(day.day, 28))


def years_before(day: date, years: int) -> date:
    """The same day ``years`` earlier."""
    return months_before(day, 12 * years)


def months_between(earlier: date, later: date) -> int:
    """Whole months from ``earlier`` to ``later``."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (later.day < earlier.day)


def age_on(birth: date, day: date) -> int:
    """Age in whole years; a birthday of 29 February is kept on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def workday(day: date) -> date:
    """``day``, or the Friday before it at a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def instant(day: date, hour: int = 15, minute: int = 0) -> str:
    """A FHIR instant in UTC. Hours 13 to 21 are the same day in every zone of the practice."""
    return f"{day.isoformat()}T{hour:02d}:{minute:02d}:00Z"
