"""The evaluator's closures for values: None is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from smartapp.criteria.compiling import Builder, Compiler, Fn, Run
from smartapp.criteria.indexing import Members
from smartapp.criteria.nodes import (
    Age,
    Anchor,
    DayOf,
    Edge,
    Field,
    If,
    Node,
    PatientField,
    Shift,
    Total,
    Value,
)
from smartapp.facts.events import Event
from smartapp.facts.instants import BEGINNING, DAY, FOREVER, Instant, day_of, is_finite, shift, truncate_to_day


def _field(_: Compiler, node: Field) -> Fn:
    get = attrgetter(node.name)
    if node.of == "this":
        return lambda _run, this, _other: get(this)
    return lambda _run, _this, other: get(other)


def _birth(_: Compiler, _node: Anchor) -> Fn:
    def birth(run: Run, _this: Event | None, _other: Event | None) -> Instant | None:
        facts = run.facts
        return facts.birth_low if facts.birth_low == facts.birth_high else None

    return birth


def _shift(c: Compiler, node: Shift) -> Fn:
    value, amount, unit = c.fn(node.value), node.amount, node.unit

    def shifted(run: Run, this: Event | None, other: Event | None) -> Instant | None:
        at = value(run, this, other)
        return None if at is None else shift(at, amount, unit)

    return shifted


def of_this(node: Value) -> Callable[[Event], Any] | None:
    """A field of the event in scope, or its day, as a function of the event alone; None for any other value.

    Nearly all comparisons of a rule are of such a value: a call less for each of them.
    """
    if isinstance(node, Field) and node.of == "this":
        return attrgetter(node.name)
    if isinstance(node, DayOf) and isinstance(node.value, Field) and node.value.of == "this":
        get = attrgetter(node.value.name)

        def day(event: Event) -> Instant | None:
            at: Instant | None = get(event)
            return at - at % DAY if at is not None and BEGINNING < at < FOREVER else at

        return day
    return None


def _day_of(c: Compiler, node: DayOf) -> Fn:
    value = c.fn(node.value)

    def day(run: Run, this: Event | None, other: Event | None) -> Instant | None:
        at = value(run, this, other)
        return None if at is None else truncate_to_day(at)

    return day


def _age(c: Compiler, node: Age) -> Fn:
    when = c.fn(node.at)

    def age(run: Run, this: Event | None, other: Event | None) -> int | None:
        at, low, high = when(run, this, other), run.facts.birth_low, run.facts.birth_high
        if at is None or low is None or high is None or not is_finite(at):
            return None
        years = completed_years(low, at)
        return years if low == high or completed_years(high, at) == years else None

    return age


def completed_years(birth: Instant, at: Instant) -> int:
    """Years completed from one UTC day to another; a birthday of 29 February is on 1 March in a common year."""
    born, day = day_of(birth), day_of(at)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _patient_field(_: Compiler, node: PatientField) -> Fn:
    get = attrgetter(node.name)
    return lambda run, _this, _other: get(run.facts)


def _edge(c: Compiler, node: Edge) -> Fn:
    events, get, choose = c.fn(node.events), attrgetter(node.field.name), max if node.highest else min

    def edge(run: Run, _this: Event | None, _other: Event | None) -> Any:
        found: Members = events(run, None, None)
        if found.open:
            return None
        best = choose((value for event in found.sure if (value := get(event)) is not None), default=None)
        # An uncertain member matters only if it would change the answer.
        for event in found.unsure:
            value = get(event)
            if value is None or best is None or choose(value, best) != best:
                return None
        return best

    return edge


def _total(c: Compiler, node: Total) -> Fn:
    events, get = c.fn(node.events), attrgetter(node.field.name)

    def total(run: Run, _this: Event | None, _other: Event | None) -> float | None:
        found: Members = events(run, None, None)
        values = [get(event) for event in found.sure]
        return None if found.unsure or found.open or None in values else sum(values)

    return total


def _if(c: Compiler, node: If) -> Fn:
    condition, then, otherwise = c.fn(node.condition), c.fn(node.then), c.fn(node.otherwise)

    def choose(run: Run, this: Event | None, other: Event | None) -> Any:
        return then(run, this, other) if condition(run, this, other) else otherwise(run, this, other)

    return choose


VALUES: Mapping[type[Node], Builder] = {
    Field: _field,
    Anchor: _birth,
    Shift: _shift,
    DayOf: _day_of,
    Age: _age,
    PatientField: _patient_field,
    Edge: _edge,
    Total: _total,
    If: _if,
}
