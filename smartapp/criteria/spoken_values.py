"""Values in plain words: fields of an event or of the patient, days, ages, what is counted."""

from __future__ import annotations

from smartapp.criteria.fields import Type, field_spec
from smartapp.criteria.nodes import (
    Age,
    Anchor,
    DayOf,
    Edge,
    EventSet,
    Field,
    If,
    IsKnown,
    Literal,
    PatientField,
    Shift,
    Total,
    Value,
)
from smartapp.criteria.phrases import Scope, one_event, only
from smartapp.criteria.spoken import WORDS, clause, many, say_part

_ANCHORS = {
    "period-start": "the start of the measurement period",
    "period-end": "the end of the measurement period",
    "as-of": "the end of the day of evaluation",
    "birth": "birth",
}
DAYS = {
    "period-start": "the first day of the measurement period",
    "period-end": "the last day of the measurement period",
    "as-of": "the day of evaluation",
    "birth": "the day of birth",
}
"""The days that rules count from."""
DAY_ENDS = ("period-end", "as-of")
"""Anchors that are the end of their day."""
_CALENDAR = ("year", "month", "week", "day")
_PATIENT = {"sex": "sex", "gender": "administrative gender", "deceased": "death"}


def _field(node: Field, scope: Scope) -> str:
    _, kind = scope.of(node.of)
    return scope.said_of(node.of, kind, field_spec(node.name).describe(kind))


def _literal(node: Literal, _: Scope) -> str:
    return f"“{node.value}”" if isinstance(node.value, str) else f"{node.value:g}"


def _shift(node: Shift, scope: Scope, *, by_day: bool = False) -> str:
    amount = abs(node.amount)
    units = node.unit if amount == 1 else f"{node.unit}s"
    of = _day_of(DayOf(node.value), scope) if by_day else say_part(node.value, scope)
    return f"{amount} {units} {'before' if node.amount < 0 else 'after'} {of}"


def _day_of(node: DayOf, scope: Scope) -> str:
    value = node.value
    if isinstance(value, Anchor):
        return DAYS[value.name]
    if isinstance(value, DayOf):
        return _day_of(value, scope)
    if isinstance(value, Shift) and value.unit in _CALENDAR:
        # A calendar's units move the day and leave the time of the day.
        return f"the day {_shift(value, scope, by_day=True)}"
    words = say_part(value, scope)
    return words if words.endswith("day given") else f"the day of {words}"


def _age(node: Age, scope: Scope) -> str:
    if isinstance(node.at, Anchor):
        return f"the patient's age on {DAYS[node.at.name]}"
    return f"the patient's age at {say_part(node.at, scope)}"


def best_of(of_time: bool, highest: bool) -> str:
    """``latest`` or ``lowest``."""
    if of_time:
        return "latest" if highest else "earliest"
    return "highest" if highest else "lowest"


def _edge(node: Edge, _: Scope) -> str:
    best = best_of(node.type is Type.TIME, node.highest)
    return f"the {best} {field_name(node.field, node.events)} of {many(node.events)}"


def field_name(field: Field, events: EventSet) -> str:
    return field_spec(field.name).describe(only(events.kinds))


def _choice(node: If, scope: Scope) -> str:
    if node.condition == IsKnown(node.then):
        return f"{say_part(node.then, scope)} (or, if that is not known, {say_part(node.otherwise, scope)})"
    condition = clause(node.condition, scope)
    return f"({say_part(node.then, scope)} if {condition}, otherwise {say_part(node.otherwise, scope)})"


def bare(value: Value, events: EventSet) -> str:
    """What events are told apart by, without saying whose it is: ``time observed``, ``day of arrival``."""
    if isinstance(value, Field):
        return field_name(value, events)
    if isinstance(value, DayOf) and isinstance(value.value, Field):
        name = field_name(value.value, events)
        return name if name.startswith("day ") else f"day of {name}"
    return say_part(value, one_event(events))


WORDS.update(
    {
        Field: _field,
        Literal: _literal,
        Anchor: lambda node, _: _ANCHORS[node.name],
        Shift: _shift,
        DayOf: _day_of,
        Age: _age,
        PatientField: lambda node, _: f"the patient's {_PATIENT[node.name]}",
        Edge: _edge,
        Total: lambda node, _: f"the total {field_name(node.field, node.events)} of {many(node.events)}",
        If: _choice,
    }
)
