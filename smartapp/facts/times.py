"""FHIR's ``date``, ``dateTime`` and ``instant`` as the first and last millisecond that they may mean."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from smartapp.facts.instants import DAY, Instant, instant, start_of_day

Span = tuple[Instant, Instant]
"""First and last millisecond; equal for a time of day, which is taken as a point."""

_KEPT = 65_536
KNOWN: dict[str, Span] = {}
"""What was read before."""


def span(text: str) -> Span:
    """The milliseconds that a FHIR time covers (R4, 2.24.0.1 "Primitive types").

    ``2026`` covers its year, ``2026-03`` its month, ``2026-03-04`` its UTC day. A time of day is a point; without
    an offset it is UTC; digits after the millisecond are cut. Raises ValueError for anything else.
    """
    found = KNOWN.get(text)
    if found is None:
        found = _span(text)
        # Charts repeat their times (an encounter and all that it holds), so a small memory saves most of the work.
        if len(KNOWN) >= _KEPT:
            KNOWN.clear()
        KNOWN[text] = found
    return found


def _span(text: str) -> Span:
    size = len(text)
    # Without this check int() would take "1_0", " 7" and the digits of other scripts for numbers.
    if not text.isascii() or size > 64:
        raise ValueError("not a FHIR time")
    if size > 10:
        at = _usual(text)
        if at is None:
            at = start_of_day(_date(text[:10])) + _time_of_day(text[10:])
        return at, at
    if size == 10:
        first = start_of_day(_date(text))
        return first, first + DAY - 1
    if size == 7 and text[4] == "-":
        year, month = _digits(text[:4]), _digits(text[5:])
        return _up_to(date(year, month, 1), year + month // 12, month % 12 + 1)
    if size == 4:
        year = _digits(text)
        return _up_to(date(year, 1, 1), year + 1, 1)
    raise ValueError("not a FHIR time")


# The standard library takes more forms than FHIR does: weeks, basic formats, commas, offsets with seconds.
_USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?", re.ASCII)


def _usual(text: str) -> Instant | None:
    """A time as nearly all are written, in a sixth of the time: the first reading of a chart is times above all."""
    if _USUAL.fullmatch(text) is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:  # a leap second, or no time at all
        return None
    return instant(when if when.tzinfo else when.replace(tzinfo=UTC))


def _up_to(first: date, year: int, month: int) -> Span:
    """From ``first`` to the last millisecond before a month begins. The year after 9999 has no ``date`` of its own."""
    after = start_of_day(date(year, month, 1)) if year <= date.max.year else start_of_day(date.max) + DAY
    return start_of_day(first), after - 1


def _date(text: str) -> date:
    if text[4] != "-" or text[7] != "-":
        raise ValueError("not a FHIR date")
    return date.fromisoformat(text)


def _time_of_day(text: str) -> int:
    """Milliseconds from the start of the UTC day for ``THH:MM[:SS[.f…]][Z|±HH:MM]``."""
    if len(text) < 6 or text[0] != "T" or text[3] != ":":
        raise ValueError("not a FHIR time of day")
    hour, minute = _digits(text[1:3]), _digits(text[4:6])
    second = milli = 0
    rest = text[6:]
    if rest[:1] == ":":
        second, rest = _digits(rest[1:3].rjust(2)), rest[3:]
        if rest[:1] == ".":
            fraction = rest[1:].rstrip("Z").partition("+")[0].partition("-")[0]
            milli = _digits((fraction + "00")[:3]) if _digits(fraction) else 0
            rest = rest[1 + len(fraction) :]
    # Second 60 is a leap second, which FHIR's pattern allows; it is counted as the next minute's first.
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("there is no such time of day")
    return ((hour * 60 + minute - _offset(rest)) * 60 + second) * 1000 + milli


def _offset(text: str) -> int:
    """Minutes east of UTC."""
    if text in ("", "Z"):
        return 0
    if len(text) != 6 or text[0] not in "+-" or text[3] != ":":
        raise ValueError("not an offset")
    hours, minutes = _digits(text[1:3]), _digits(text[4:])
    if hours > 14 or minutes > 59:
        raise ValueError("there is no such offset")
    east = hours * 60 + minutes
    return -east if text[0] == "-" else east


def _digits(text: str) -> int:
    if not text.isdigit():
        raise ValueError("not a number")
    return int(text)
