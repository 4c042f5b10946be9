"""The evaluator's closures for conditions: True, False, and None for unknown, by Kleene's tables in every mode."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from smartapp.criteria.compiling import Builder, Compiler, Fn, Mode, Run, flat
from smartapp.criteria.indexing import Members
from smartapp.criteria.nodes import (
    Always,
    And,
    AtLeast,
    Compare,
    Define,
    Edge,
    Exists,
    Flag,
    Has,
    IsKnown,
    Node,
    Not,
    OneOf,
    Or,
    PatientHas,
    Quantity,
    Refines,
    Total,
    Value,
)
from smartapp.criteria.tree import children
from smartapp.criteria.units import spellings
from smartapp.criteria.value_closures import of_this
from smartapp.criteria.valuesets import Expansion
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Event, ValueKind

Truth = bool | None

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


def _always(_: Compiler, node: Always) -> Fn:
    value = node.value
    return lambda _run, _this, _other: value


def _compare(c: Compiler, node: Compare) -> Fn:
    holds, left, right = _OPERATORS[node.op], c.fn(node.left), c.fn(node.right)
    constant = c.constant(node.right)
    if constant is None:

        def compare(run: Run, this: Event | None, other: Event | None) -> Truth:
            a = left(run, this, other)
            if a is None:
                return None
            b = right(run, this, other)
            return None if b is None else holds(a, b)

        return compare
    get = of_this(node.left)
    if get is not None:

        def compare_field(run: Run, this: Event | None, _other: Event | None) -> Truth:
            assert this is not None
            a = get(this)
            return None if a is None else holds(a, run.constants[constant])

        return compare_field

    def compare_constant(run: Run, this: Event | None, other: Event | None) -> Truth:
        a = left(run, this, other)
        return None if a is None else holds(a, run.constants[constant])

    return compare_constant


def _one_of(c: Compiler, node: OneOf) -> Fn:
    value, words, get = c.fn(node.value), frozenset(node.words), of_this(node.value)
    if get is not None:

        def one_of_field(_run: Run, this: Event | None, _other: Event | None) -> Truth:
            assert this is not None
            word = get(this)
            return None if word is None else word in words

        return one_of_field

    def one_of(run: Run, this: Event | None, other: Event | None) -> Truth:
        word = value(run, this, other)
        return None if word is None else word in words

    return one_of


def _flag(c: Compiler, node: Flag) -> Fn:
    return c.fn(node.field)


def _is_known(c: Compiler, node: IsKnown) -> Fn:
    value = c.fn(node.value)
    sets = [c.fn(events) for events in _asked(node.value)]
    if c.strict or not sets:
        return lambda run, this, other: value(run, this, other) is not None

    def is_known(run: Run, this: Event | None, other: Event | None) -> Truth:
        if value(run, this, other) is not None:
            return True
        found: list[Members] = [events(run, None, None) for events in sets]
        return None if any(one.unsure or one.open for one in found) else False

    return is_known


def _asked(value: Value) -> list[Node]:
    """The sets that a value is worked out from."""
    if isinstance(value, Edge | Total):
        return [value.events]
    return [events for part in children(value) if isinstance(part, Value) for events in _asked(part)]


def _and(c: Compiler, node: And) -> Fn:
    return _all(tuple(c.fn(part) for part in flat(c, node)), False)


def _or(c: Compiler, node: Or) -> Fn:
    return _all(tuple(c.fn(part) for part in flat(c, node)), True)


def _all(parts: tuple[Fn, ...], decisive: bool) -> Fn:
    """And (``decisive`` False) or Or (True): the decisive truth wins, then unknown."""
    neutral = not decisive

    def combine(run: Run, this: Event | None, other: Event | None) -> Truth:
        answer: Truth = neutral
        for part in parts:
            truth: Truth = part(run, this, other)
            if truth is None:
                answer = None
            elif truth is decisive:
                return decisive
        return answer

    return combine


def _not(c: Compiler, node: Not) -> Fn:
    part = c.fn(node.part)

    def negate(run: Run, this: Event | None, other: Event | None) -> Truth:
        truth = part(run, this, other)
        return None if truth is None else not truth

    return negate


def _coded(slot: str, expansion: Expansion, codes: tuple[SlotCode, ...]) -> Truth:
    """Whether codes in a slot are of a set; unknown where all of them are in systems that the set lacks."""
    systems = {coding.system for coding in codes if coding.slot == slot}
    return None if systems and systems <= expansion.lacks else False


def _has(c: Compiler, node: Has) -> Fn:
    slot, expansion = node.slot, c.expand(node.codes)
    wanted = frozenset(SlotCode(slot, *code) for code in expansion.codes)
    lacks = bool(expansion.lacks)
    this_one = node.of == "this"

    def has(_run: Run, this: Event | None, other: Event | None) -> Truth:
        event = this if this_one else other
        assert event is not None
        if not wanted.isdisjoint(event.codes):
            return True
        return _coded(slot, expansion, event.codes) if lacks else False

    return has


def _patient_has(c: Compiler, node: PatientHas) -> Fn:
    slot, expansion = node.slot, c.expand(node.codes)
    wanted = frozenset(SlotCode(slot, *code) for code in expansion.codes)

    def patient_has(run: Run, _this: Event | None, _other: Event | None) -> Truth:
        codes = run.facts.codes
        if not wanted.isdisjoint(codes):
            return True
        recorded = any(coding.slot == slot for coding in codes)
        return _coded(slot, expansion, codes) if recorded else None

    return patient_has


def _quantity(_: Compiler, node: Quantity) -> Fn:
    holds, number, units = _OPERATORS[node.op], node.number, frozenset(spellings(node.unit))
    this_one = node.of == "this"

    def quantity(_run: Run, this: Event | None, other: Event | None) -> Truth:
        event = this if this_one else other
        assert event is not None
        if event.value_kind != ValueKind.QUANTITY or event.number is None or event.unit not in units:
            return None
        return holds(event.number, number)

    return quantity


def _exists(c: Compiler, node: Exists) -> Fn:
    events = c.fn(node.events)

    def exists(run: Run, _this: Event | None, _other: Event | None) -> Truth:
        return is_there(events(run, None, None))

    return exists


def is_there(found: Members) -> Truth:
    """Whether a set has a member."""
    if found.sure:
        return True
    return None if found.unsure or found.open else False


def _at_least(c: Compiler, node: AtLeast) -> Fn:
    events, n = c.fn(node.events), node.n
    per = None if node.per is None else c.fn(node.per)
    strict = c.strict

    def at_least(run: Run, _this: Event | None, _other: Event | None) -> Truth:
        found: Members = events(run, None, None)
        if per is None:
            least, most = len(found.sure), len(found.sure) + len(found.unsure)
        else:
            sure = [per(run, event, None) for event in found.sure]
            both = sure + [per(run, event, None) for event in found.unsure]
            least = len(set(sure) - {None})
            # Each unknown value may be one more.
            most = len(set(both) - {None}) + both.count(None)
        if least >= n:
            return True
        return False if strict or (most < n and not found.open) else None

    return at_least


def _refines(c: Compiler, node: Refines) -> Fn:
    part = c.fn(node.part)
    if c.mode is not Mode.KLEENE:
        return part
    return lambda run, this, other: part(run, this, other) is True


def _define(c: Compiler, node: Define) -> Fn:
    return c.fn(node.part)


CONDITIONS: Mapping[type[Node], Builder] = {
    Always: _always,
    Compare: _compare,
    OneOf: _one_of,
    Flag: _flag,
    IsKnown: _is_known,
    And: _and,
    Or: _or,
    Not: _not,
    Has: _has,
    PatientHas: _patient_has,
    Quantity: _quantity,
    Exists: _exists,
    AtLeast: _at_least,
    Refines: _refines,
    Define: _define,
}
