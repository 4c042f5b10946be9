"""From which day on a rule has to see events: the lower bounds that its conditions put on their times.

A bound is a value that the period and the day of evaluation fix. It is only ever too early, never too late: what is
not understood here bounds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from smartapp.criteria.constants import Period, constant_instant, is_constant
from smartapp.criteria.nodes import (
    And,
    Compare,
    Condition,
    DayOf,
    Define,
    Field,
    If,
    Or,
    Refines,
    Shift,
    Value,
)
from smartapp.facts.instants import Instant

_SEARCHED_BY_PERIOD = frozenset({"Encounter", "Procedure", "Observation", "DiagnosticReport", "Immunization"})
"""Types whose date search looks at the whole time that the event took (FHIR R4, search parameter ``date``)."""

_MIRRORED = {"<": ">", "<=": ">=", "=": "=", ">=": "<=", ">": "<", "!=": "!="}


def lower_bound(condition: Condition, kinds: frozenset[str], of: str = "this") -> Value | None:
    """A constant that every time of an event must reach for the condition to hold; None where there is none.

    ``of`` says which event: ``this`` or ``other``; ``kinds`` what it may be. Where it ended bounds only what servers
    search by period: a condition that began long before may still go on.
    """
    times = {"start", "at"} | ({"end", "latest"} if kinds <= _SEARCHED_BY_PERIOD else set())
    return _bound(condition, times, of)


def _bound(condition: Condition, times: set[str], of: str) -> Value | None:
    if isinstance(condition, Define | Refines):
        return _bound(condition.part, times, of)
    if isinstance(condition, And):
        return next((bound for part in condition.parts if (bound := _bound(part, times, of)) is not None), None)
    if isinstance(condition, Or):
        return least(_bound(part, times, of) for part in condition.parts)
    if isinstance(condition, Compare):
        for op, field, bound in (
            (condition.op, condition.left, condition.right),
            (_MIRRORED[condition.op], condition.right, condition.left),
        ):
            if op in (">", ">=", "=") and is_constant(bound):
                return _undo(field, bound, times, of)
    return None


def _undo(value: Value, bound: Value, times: set[str], of: str) -> Value | None:
    """The bound on the field inside ``value``: shifts are taken back (calendar shifts only ever round down)."""
    if isinstance(value, Field):
        return bound if value.name in times and value.of == of else None
    if isinstance(value, DayOf):
        return _undo(value.value, bound, times, of)
    if isinstance(value, Shift):
        return _undo(value.value, Shift(bound, -value.amount, value.unit), times, of)
    return None


def least(bounds: Iterable[Value | None]) -> Value | None:
    """The earliest of some bounds as one value; None where one of them is None, or there are none."""
    answer: Value | None = None
    for bound in bounds:
        if bound is None:
            return None
        answer = bound if answer is None or answer == bound else If(Compare("<=", answer, bound), answer, bound)
    return answer


def resolve(bound: Value, period: Period, as_of: Instant) -> Instant:
    """The instant of a bound made here."""
    if isinstance(bound, If):
        return min(resolve(bound.then, period, as_of), resolve(bound.otherwise, period, as_of))
    return constant_instant(bound, period, as_of)
