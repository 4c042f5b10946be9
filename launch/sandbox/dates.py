"""FHIR dates as half-open ranges of seconds, and the search prefixes on them (FHIR R4, Search, 3.1.1.5.9)."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

Range = tuple[float, float]

_DATE = re.compile(
    r"^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$"
)
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


def to_range(text: str) -> Range:
    """The instants that a date of any precision covers, as [start, end) in seconds since 1970 UTC.

    A time without a zone counts as UTC. Raises ValueError for anything that is not a FHIR date.
    """
    found = _DATE.match(text)
    if found is None:
        raise ValueError("not a FHIR date")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    if month is None:
        end = start.replace(year=start.year + 1) if start.year < 9999 else datetime.max.replace(tzinfo=UTC)
    elif day is None:
        end = (start + timedelta(days=32)).replace(day=1)
    elif hour is None:
        end = start + timedelta(days=1)
    else:
        start = start.replace(hour=int(hour), minute=int(minute), second=min(int(second or 0), 59))
        start += timedelta(seconds=float(f"0.{fraction}") if fraction else 0) - _offset(zone)
        span = timedelta(minutes=1) if second is None else timedelta(seconds=1 if fraction is None else 0.001)
        end = start + span
    return start.timestamp(), end.timestamp()


def value_range(value: Any) -> Range | None:
    """The range of a date, a dateTime, an instant or a Period in a resource; None when there is none."""
    try:
        if isinstance(value, str):
            return to_range(value)
        if isinstance(value, dict) and ("start" in value or "end" in value):
            low = to_range(value["start"])[0] if value.get("start") else -math.inf
            high = to_range(value["end"])[1] if value.get("end") else math.inf
            return low, high
    except (ValueError, OverflowError):
        return None
    return None


def split_prefix(text: str) -> tuple[str, Range]:
    """``ge2024-01`` as its prefix and range; no prefix means ``eq``. Raises ValueError."""
    prefix = text[:2] if text[:2] in PREFIXES else "eq"
    return prefix, to_range(text[2:] if text[:2] in PREFIXES else text)


def matches(prefix: str, wanted: Range, found: Range) -> bool:
    """Whether a resource's range answers a search: the table of prefixes, on half-open ranges."""
    inside = wanted[0] <= found[0] and found[1] <= wanted[1]
    above, below = found[1] > wanted[1], found[0] < wanted[0]
    return {
        "eq": inside,
        "ne": not inside,
        "gt": above,
        "lt": below,
        "ge": above or inside,
        "le": below or inside,
        "sa": found[0] >= wanted[1],
        "eb": found[1] <= wanted[0],
        "ap": found[0] < wanted[1] and wanted[0] < found[1],
    }[prefix]


def _offset(zone: str | None) -> timedelta:
    if zone in (None, "Z"):
        return timedelta(0)
    assert zone is not None
    sign = -1 if zone[0] == "-" else 1
    return sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
