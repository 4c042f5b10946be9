"""The values that a gap rests on: the latest one in words, and a small line of those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smartapp.facts.events import Event
from smartapp.facts.instants import day_of, is_finite
from smartapp.web.labels import instant_text, value_text, what_text
from smartapp.web.sparkline import sparkline

_DRAWN = 24


@dataclass(frozen=True, slots=True)
class Trend:
    """``value`` on ``day`` is the latest; ``what`` is what was measured; ``span`` says what came before."""

    picture: Any
    value: str
    day: str
    what: str
    span: str


def trend(events: Sequence[Event]) -> Trend | None:
    """The trend of dated values (the systolic one of a blood pressure), in any order; None for fewer than two."""
    dated = sorted((e for e in events if _number(e) is not None and _is_dated(e)), key=_when)
    if len(dated) < 2:
        return None
    points = [(event.latest or 0, _number(event) or 0.0) for event in dated]
    values = [value for _, value in points]
    first, last = dated[0], dated[-1]
    year = day_of(first.latest or 0).year
    span = f"{len(values)} values since {year}, {min(values):g} to {max(values):g}"
    value, day, what = value_text(last), instant_text(last.latest), what_text(last)
    picture = sparkline(points[-_DRAWN:], label=f"{what}: {value} on {day}; {span}")
    return Trend(picture, value, day, what, span)


def _number(event: Event) -> float | None:
    return event.systolic if event.systolic is not None else event.number


def _is_dated(event: Event) -> bool:
    return event.latest is not None and is_finite(event.latest)


def _when(event: Event) -> tuple[int, str]:
    return (event.latest or 0, event.id)
