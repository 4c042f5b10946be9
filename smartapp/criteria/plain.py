"""A rule in plain English, for the clinician who reviews it, the page and the audit.

The words come from the language alone: the fields' words, the published sentences of named parts, the names of
value sets. So what the page says is what is computed. Inside a rule a named part appears by its name, in quotation
marks; :func:`glossary` says what each name stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from smartapp.criteria.fields import Type, field_spec
from smartapp.criteria.nodes import (
    Age,
    Always,
    Anchor,
    And,
    AtLeast,
    Compare,
    Condition,
    DayOf,
    Define,
    DefineSet,
    Edge,
    Events,
    EventSet,
    Exists,
    Field,
    Flag,
    Has,
    If,
    IsKnown,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
    PatientField,
    PatientHas,
    Pick,
    Quantity,
    Refines,
    Shift,
    Total,
    Union,
    Value,
    Where,
    With,
    WithLast,
)
from smartapp.criteria.nouns import codes_name, either, kinds_name, slot_name, with_article
from smartapp.criteria.phrases import Scope, conjuncts, if_known, like, one_event, only, turns, two_events
from smartapp.criteria.tree import walk

_ORDER_OF_TIMES = {
    "<": "is before",
    "<=": "is on or before",
    "=": "is the same as",
    "!=": "is not the same as",
    ">=": "is on or after",
    ">": "is after",
}
_FROM_A_SHIFT = {"<=": "is no later than", ">=": "is no earlier than"}
_ORDER = {"<": "is below", "<=": "is at most", "=": "is", "!=": "is not", ">=": "is at least", ">": "is above"}
_ANCHORS = {
    "period-start": "the start of the measurement period",
    "period-end": "the end of the measurement period",
    "as-of": "the end of the day of evaluation",
    "birth": "birth",
}
_DAYS = {
    "period-start": "the first day of the measurement period",
    "period-end": "the last day of the measurement period",
    "as-of": "the day of evaluation",
    "birth": "the day of birth",
}
_ENDS = ("period-end", "as-of")
_CALENDAR = ("year", "month", "week", "day")
_PATIENT = {"sex": "sex", "gender": "administrative gender", "deceased": "death"}


@dataclass(frozen=True, slots=True)
class Term:
    """A named part of a rule: its name, the published sentence, and what is computed."""

    name: str
    sentence: str
    meaning: str


def say(node: Node) -> str:
    """A condition as a clause, a set or a value as a noun phrase.

    A named part at the top is said by its published sentence and then by what it means.
    """
    if isinstance(node, Define | DefineSet):
        return f"{node.sentence} That is: {_meaning(node)}."
    return _say(node, Scope())


def glossary(rules: Iterable[Node]) -> tuple[Term, ...]:
    """The named parts of rules in reading order, each once."""
    named = (part for rule in rules for part in walk(rule) if isinstance(part, Define | DefineSet))
    return tuple(dict.fromkeys(Term(part.name, part.sentence, _meaning(part)) for part in named))


def _meaning(node: Define | DefineSet) -> str:
    return _say(node.part if isinstance(node, Define) else node.events, Scope())


def _say(node: Node, scope: Scope) -> str:
    return _set(node, plural=True) if isinstance(node, EventSet) else _WORDS[type(node)](node, scope)


# --- values -----------------------------------------------------------------------------------------


def _field(node: Field, scope: Scope) -> str:
    _, kind = scope.of(node.of)
    return scope.said_of(node.of, kind, field_spec(node.name).describe(kind))


def _literal(node: Literal, _: Scope) -> str:
    return f"“{node.value}”" if isinstance(node.value, str) else f"{node.value:g}"


def _shift(node: Shift, scope: Scope, *, by_day: bool = False) -> str:
    amount = abs(node.amount)
    units = node.unit if amount == 1 else f"{node.unit}s"
    of = _day_of(DayOf(node.value), scope) if by_day else _say(node.value, scope)
    return f"{amount} {units} {'before' if node.amount < 0 else 'after'} {of}"


def _day_of(node: DayOf, scope: Scope) -> str:
    value = node.value
    if isinstance(value, Anchor):
        return _DAYS[value.name]
    if isinstance(value, DayOf):
        return _day_of(value, scope)
    if isinstance(value, Shift) and value.unit in _CALENDAR:
        # A calendar's units move the day and leave the time of the day.
        return f"the day {_shift(value, scope, by_day=True)}"
    words = _say(value, scope)
    return words if words.endswith("day given") else f"the day of {words}"


def _age(node: Age, scope: Scope) -> str:
    if isinstance(node.at, Anchor):
        return f"the patient's age on {_DAYS[node.at.name]}"
    return f"the patient's age at {_say(node.at, scope)}"


def _best(of_time: bool, highest: bool) -> str:
    if of_time:
        return "latest" if highest else "earliest"
    return "highest" if highest else "lowest"


def _edge(node: Edge, _: Scope) -> str:
    return f"the {_best(node.type is Type.TIME, node.highest)} {_name(node.field, node.events)} of {_many(node.events)}"


def _name(field: Field, events: EventSet) -> str:
    return field_spec(field.name).describe(only(events.kinds))


def _choice(node: If, scope: Scope) -> str:
    if node.condition == IsKnown(node.then):
        return f"{_say(node.then, scope)} (or, if that is not known, {_say(node.otherwise, scope)})"
    condition = _clause(node.condition, scope)
    return f"({_say(node.then, scope)} if {condition}, otherwise {_say(node.otherwise, scope)})"


# --- conditions -------------------------------------------------------------------------------------


def _compare(node: Compare, scope: Scope) -> str:
    words = _ORDER_OF_TIMES if node.left.type is Type.TIME else _ORDER
    right = _say(node.right, scope)
    if node.op in ("<=", ">") and isinstance(node.right, Anchor) and node.right.name in _ENDS:
        # Until the end of a day is on that day or before it.
        right = _DAYS[node.right.name]
    verb = words[node.op]
    if isinstance(node.right, Shift) and node.op in _FROM_A_SHIFT:
        verb = "is at least" if (node.op == ">=") == (node.right.amount > 0) else _FROM_A_SHIFT[node.op]
    return f"{_say(node.left, scope)} {verb} {right}"


def _one_of(node: OneOf, scope: Scope, verb: str = "is") -> str:
    words = either([f"“{word}”" for word in node.words]) or "nothing"
    return f"{_say(node.value, scope)} {verb} {words}"


def _and(node: And, scope: Scope) -> str:
    words = like(node)
    if words is not None:
        return _one_of(words, scope, "is recorded as")
    return _all_of(conjuncts(node), scope) or "always"


def _all_of(parts: Iterable[Condition], scope: Scope) -> str:
    """Conditions that hold together, as one list: with commas where one of them has its own."""
    found = turns(list(parts), scope, lambda value: _say(value, scope))
    said = [part if isinstance(part, str) else _clause(part, scope) for part in found]
    return (", and " if any(", " in one for one in said) else " and ").join(said)


def _or(node: Or, scope: Scope) -> str:
    words = if_known(node)
    if words is not None:
        return _one_of(words, scope, "(if known) is")
    return " or ".join(_clause(part, scope) for part in node.parts) or "never"


def _not(node: Not, scope: Scope) -> str:
    say = _NEGATED.get(type(node.part))
    if say is not None:
        return say(node.part, scope)
    words = like(node.part)
    return f"not ({_say(node.part, scope)})" if words is None else _one_of(words, scope, "is not recorded as")


def _is_not_one_of(node: OneOf, scope: Scope) -> str:
    if node == _NO_VALUE:
        return f"{scope.it.replace(' is', ' has').replace(' are', ' have')} a value"
    return _one_of(node, scope, "is not")


_NO_VALUE = OneOf(Field("value_kind"), ("none",))


def _flag(node: Flag, scope: Scope, negation: str = "") -> str:
    return f"{scope.it if node.field.of == 'this' else 'the other is'} {negation}{field_spec(node.field.name).words}"


def _has(node: Has, scope: Scope, verb: str = "is") -> str:
    return f"{scope.of(node.of)[0]} {slot_name(node.slot)} {verb} {codes_name(node.codes)}"


def _quantity(node: Quantity, scope: Scope) -> str:
    space = "" if node.unit == "%" else " "
    return f"{scope.of(node.of)[0]} value {_ORDER[node.op]} {node.number:g}{space}{node.unit}"


def _exists(node: Exists, _: Scope) -> str:
    conditions, inner = _filters(node.events)
    if isinstance(inner, Pick):
        if inner.ties == "all":
            return f"there is at least one of {_tied(inner)}{_such(conditions)}"
        best = _set(inner)
        return f"{best} is one{_such(conditions)}" if conditions else f"there is {with_article(best[4:])}"
    if isinstance(inner, Union) and not conditions:
        return f"there is {either([with_article(_whole(one, plural=False)) for one in inner.sets])}"
    return f"there is {with_article(_set(node.events))}"


def _none(events: EventSet) -> str:
    """That there are no such events."""
    conditions, inner = _filters(events)
    if not isinstance(inner, Pick):
        return f"there is no {_set(events)}"
    if inner.ties == "all":
        return f"there is none of {_tied(inner)}{_such(conditions)}"
    best = _set(inner)
    return f"{best} is not one{_such(conditions)}, or there is none" if conditions else f"there is no {best[4:]}"


def _such(conditions: str) -> str:
    return f" where {conditions}" if conditions else ""


def _at_least(node: AtLeast, _: Scope) -> str:
    text = f"there are at least {node.n} {_many(node.events)}"
    return text if node.per is None else f"{text}, counting one for each {_bare(node.per, node.events)}"


def _clause(node: Condition, scope: Scope) -> str:
    """A condition inside another one; brackets keep what belongs together."""
    text = _say(node, scope)
    several = len(list(conjuncts(node))) > 1
    if isinstance(node, Or) and if_known(node) is None:
        several = len(node.parts) > 1
    return f"({text})" if several or _is_long(text) else text


def _is_long(text: str) -> bool:
    return " where " in text or " for which " in text


# --- event sets -------------------------------------------------------------------------------------


def _set(node: EventSet, *, plural: bool = False) -> str:
    """A noun phrase without article."""
    return _SETS[type(node)](node, plural)


def _many(node: EventSet) -> str:
    """Events that something is said of: brackets where the phrase is long."""
    return _whole(node, plural=True)


def _whole(node: EventSet, plural: bool) -> str:
    text = _set(node, plural=plural)
    return f"({text})" if isinstance(node, Union) or _is_long(text) else text


def _filters(node: EventSet, *, plural: bool = False) -> tuple[str, EventSet]:
    """What a set is narrowed by, from the inside out and as one list, and the set that it narrows."""
    conditions: list[Condition] = []
    while isinstance(node, Where):
        conditions[:0] = conjuncts(node.condition)
        node = node.events
    one = isinstance(node, Pick) and node.ties == "one"
    return _all_of(conditions, one_event(node, plural=plural and not one)), node


def _where(node: Where, plural: bool) -> str:
    conditions, events = _filters(node, plural=plural)
    return f"{_inner(events, plural)}{_such(conditions)}"


def _inner(events: EventSet, plural: bool) -> str:
    text = _set(events, plural=plural)
    return f"({text})" if isinstance(events, Union) or " for which " in text else text


def _union(node: Union, plural: bool) -> str:
    parts = [_set(one, plural=plural) for one in node.sets]
    return either([f"({part})" if _is_long(part) else part for part in parts])


def _named(node: DefineSet, plural: bool) -> str:
    return f"{kinds_name(tuple(sorted(node.kinds)), plural=plural)} of “{node.name}”"


def _events(node: Events, plural: bool) -> str:
    name = kinds_name(node.types, plural=plural)
    return name if node.codes is None else f"{name} with {codes_name(node.codes)}"


def _with(node: With, plural: bool) -> str:
    there = "there is no " + _set(node.other) if node.negated else "there is " + with_article(_set(node.other))
    such_that = "" if node.on == And(()) else f" such that {_say(node.on, two_events(node.events, node.other))}"
    return f"{_whole(node.events, plural)} for which {there}{such_that}"


def _pick(node: Pick, _: bool) -> str:
    if node.ties == "all":
        return _tied(node)
    best = _best(node.by.type is Type.TIME, node.newest)
    return f"the {best} (by {_bare(node.by, node.events)}) of {_many(node.events)}"


def _tied(node: Pick) -> str:
    """The events that share the last day, or the highest value."""
    best, by = _best(node.by.type is Type.TIME, node.newest), node.by
    if isinstance(by, DayOf):
        return f"{_many(node.events)} on the {best} day (by {_bare(by.value, node.events)})"
    return f"{_many(node.events)} that share the {best} {_bare(by, node.events)}"


def _bare(value: Value, events: EventSet) -> str:
    """What events are told apart by, without saying whose it is: ``time observed``, ``day of arrival``."""
    if isinstance(value, Field):
        return _name(value, events)
    if isinstance(value, DayOf) and isinstance(value.value, Field):
        name = _name(value.value, events)
        return name if name.startswith("day ") else f"day of {name}"
    return _say(value, one_event(events))


def _with_last(node: WithLast, plural: bool) -> str:
    both = two_events(node.events, node.other)
    return (
        f"{_whole(node.events, plural)} for which, of {_many(node.other)} such that {_say(node.on, both)}, "
        f"the last (by {_say(node.by, both)}) is one where {_say(node.then, both)}"
    )


_SETS: Mapping[type[EventSet], Callable[[Any, bool], str]] = {
    Events: _events,
    Where: _where,
    Union: _union,
    With: _with,
    Pick: _pick,
    WithLast: _with_last,
    DefineSet: _named,
}

_WORDS: Mapping[type[Node], Callable[[Any, Scope], str]] = {
    Field: _field,
    Literal: _literal,
    Anchor: lambda node, _: _ANCHORS[node.name],
    Shift: _shift,
    DayOf: _day_of,
    Age: _age,
    PatientField: lambda node, _: f"the patient's {_PATIENT[node.name]}",
    Edge: _edge,
    Total: lambda node, _: f"the total {_name(node.field, node.events)} of {_many(node.events)}",
    If: _choice,
    Always: lambda node, _: "always" if node.value else "never",
    Compare: _compare,
    OneOf: _one_of,
    Flag: _flag,
    IsKnown: lambda node, scope: f"{_say(node.value, scope)} is known",
    And: _and,
    Or: _or,
    Not: _not,
    Has: _has,
    PatientHas: lambda node, _: f"the patient's {node.slot} is {codes_name(node.codes)}",
    Quantity: _quantity,
    Exists: _exists,
    AtLeast: _at_least,
    Refines: lambda node, scope: f"{_clause(node.part, scope)} (as far as recorded: {node.name})",
    Define: lambda node, _: f"“{node.name}” holds",
}

_NEGATED: Mapping[type[Condition], Callable[[Any, Scope], str]] = {
    Exists: lambda node, _: _none(node.events),
    OneOf: _is_not_one_of,
    Flag: lambda node, scope: _flag(node, scope, "not "),
    IsKnown: lambda node, scope: f"{_say(node.value, scope)} is not known",
    Has: lambda node, scope: _has(node, scope, "is not"),
    Define: lambda node, _: f"“{node.name}” does not hold",
}
