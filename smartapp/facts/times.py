"""FHIR's ``date``, ``dateTime`` and ``instant`` as the first and last millisecond that they may mean."""

from __future__ import annotations

from datetime import date

from smartapp.facts.instants import DAY, Instant, start_of_day

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


_PARTS: tuple[dict[str, int], ...] = ({}, {}, {})
"""Milliseconds of days, of times of day and of what follows them, by their text: the parts of times repeat even where
the times do not, and to add up three known numbers takes a fifth of the time of reading them."""


def _usual(text: str) -> Instant | None:
    """A time to the second, as nearly all are written; None for another. Raises ValueError as :func:`span` does."""
    if len(text) < 19 or text[16] != ":":
        return None
    days, clocks, rests = _PARTS
    day, clock, rest = text[:10], text[10:19], text[19:]
    try:
        return days[day] + clocks[clock] + rests[rest]
    except KeyError:
        # Each part is judged alone: what is no day, no time or no offset is none beside any other.
        read = start_of_day(_date(day)), _time_of_day(clock), _time_of_day(f"T00:00:00{rest}")
        for known, part, milliseconds in zip(_PARTS, (day, clock, rest), read, strict=True):
            if len(known) >= _KEPT:
                known.clear()
            known[part] = milliseconds
        return sum(read)


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
