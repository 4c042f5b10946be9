"""Windows of time that many rules use."""

from __future__ import annotations

from smartapp.criteria.words import PERIOD, Interval, Unit, as_of, end, latest, start

PAST_YEAR = Interval(as_of.minus(1, "year"), as_of)
"""The year up to the day of evaluation; what the chart looks at where the report looks at its period."""

STARTS = Interval(start, start)
ENDS = Interval(end, end)
LATEST = Interval(latest, latest)


def period_and(amount: int, unit: Unit) -> Interval:
    """The measurement period and some time before it (``Interval[start of MP - n, end of MP]``)."""
    return Interval(PERIOD.start.minus(amount, unit), PERIOD.end)


def past(amount: int, unit: Unit) -> Interval:
    """Some time up to the day of evaluation."""
    return Interval(as_of.minus(amount, unit), as_of)
