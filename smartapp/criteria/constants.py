"""Values that are the same for all patients: made of the period, the day of evaluation and literals alone."""

from __future__ import annotations

from typing import NamedTuple

from smartapp.criteria.nodes import Anchor, DayOf, Literal, Node, Shift, Value
from smartapp.facts.instants import Instant, shift, truncate_to_day


class Period(NamedTuple):
    """The measurement period: its first and its last instant."""

    start: Instant
    end: Instant


def is_constant(node: Node) -> bool:
    """Whether a value is the same for all patients."""
    if isinstance(node, Literal):
        return True
    if isinstance(node, Anchor):
        return node.name != "birth"
    return isinstance(node, Shift | DayOf) and is_constant(node.value)


def constant_value(value: Value, period: Period, as_of: Instant) -> str | float | Instant:
    """The value of a constant node: an instant, a number or a word."""
    if isinstance(value, Literal):
        return value.value
    return constant_instant(value, period, as_of)


def constant_instant(value: Value, period: Period, as_of: Instant) -> Instant:
    """The instant of a constant time."""
    if isinstance(value, Shift):
        return shift(constant_instant(value.value, period, as_of), value.amount, value.unit)
    if isinstance(value, DayOf):
        return truncate_to_day(constant_instant(value.value, period, as_of))
    assert isinstance(value, Anchor), "a constant time is made of anchors"
    return {"period-start": period.start, "period-end": period.end, "as-of": as_of}[value.name]
