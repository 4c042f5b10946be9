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
    Where,
    With,
    WithLast,
)
from smartapp.criteria.nouns import codes_name, either, kinds_name, slot_name, with_article
from smartapp.criteria.phrases import Scope, like, one_event, only, turns, two_events
from smartapp.criteria.tree import walk

_ORDER_OF_TIMES = {
    "<": "is before",
    "<=": "is on or before",
    "=": "is the same as",
    "!=": "is not the same as",
    ">=": "is on or after",
    ">": "is after",
}
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
    whose, kind = scope.of(node.of)
    words = field_spec(node.name).describe(kind)
    return f"{whose} {words.removeprefix('its ')}"


def _literal(node: Literal, _: Scope) -> str:
    return f"“{node.value}”" if isinstance(node.value, str) else f"{node.value:g}"


def _shift(node: Shift, scope: Scope) -> str:
    amount = abs(node.amount)
    units = node.unit if amount == 1 else f"{node.unit}s"
    return f"{amount} {units} {'before' if node.amount < 0 else 'after'} {_say(node.value, scope)}"


def _day_of(node: DayOf, scope: Scope) -> str:
    if isinstance(node.value, Anchor):
        return _DAYS[node.value.name]
    return f"the day of {_say(node.value, scope)}"


def _best(of_time: bool, highest: bool) -> str:
    if of_time:
        return "latest" if highest else "earliest"
    return "highest" if highest else "lowest"


def _edge(node: Edge, _: Scope) -> str:
    return f"the {_best(node.type is Type.TIME, node.highest)} {_name(node.field, node.events)} of {_many(node.events)}"


def _name(field: Field, events: EventSet) -> str:
    return field_spec(field.name).describe(only(events.kinds)).removeprefix("its ")


def _choice(node: If, scope: Scope) -> str:
    condition = _clause(node.condition, scope)
    return f"({_say(node.then, scope)} if {condition}, otherwise {_say(node.otherwise, scope)})"


# --- conditions -------------------------------------------------------------------------------------


def _compare(node: Compare, scope: Scope) -> str:
    words = _ORDER_OF_TIMES if node.left.type is Type.TIME else _ORDER
    return f"{_say(node.left, scope)} {words[node.op]} {_say(node.right, scope)}"


def _one_of(node: OneOf, scope: Scope, verb: str = "is") -> str:
    words = either([f"“{word}”" for word in node.words]) or "nothing"
    return f"{_say(node.value, scope)} {verb} {words}"


def _and(node: And, scope: Scope) -> str:
    words = like(node)
    if words is not None:
        return _one_of(words, scope, "is recorded as")
    parts = turns(node.parts, scope, lambda value: _say(value, scope))
    return " and ".join(part if isinstance(part, str) else _clause(part, scope) for part in parts) or "always"


def _or(node: Or, scope: Scope) -> str:
    return " or ".join(_clause(part, scope) for part in node.parts) or "never"


def _not(node: Not, scope: Scope) -> str:
    part = node.part
    if isinstance(part, Exists):
        return f"there is no {_set(part.events)}"
    if isinstance(part, OneOf):
        return _one_of(part, scope, "is not")
    if isinstance(part, Flag | IsKnown):
        return _say(part, scope).replace(" is ", " is not ", 1)
    words = like(part)
    return f"not ({_say(part, scope)})" if words is None else _one_of(words, scope, "is not recorded as")


def _flag(node: Flag, _: Scope) -> str:
    return f"{'it' if node.field.of == 'this' else 'the other'} is {field_spec(node.field.name).words}"


def _has(node: Has, scope: Scope) -> str:
    return f"{scope.of(node.of)[0]} {slot_name(node.slot)} is {codes_name(node.codes)}"


def _quantity(node: Quantity, scope: Scope) -> str:
    space = "" if node.unit == "%" else " "
    return f"{scope.of(node.of)[0]} value {_ORDER[node.op]} {node.number:g}{space}{node.unit}"


def _exists(node: Exists, _: Scope) -> str:
    conditions, inner = _filters(node.events)
    if isinstance(inner, Pick) and inner.ties == "one":
        return f"{_set(inner)} is one where {conditions}" if conditions else f"there is {_set(inner)}"
    phrase = with_article(_set(node.events))
    return f"there are {phrase}" if phrase.startswith("those ") else f"there is {phrase}"


def _at_least(node: AtLeast, _: Scope) -> str:
    text = f"there are at least {node.n} {_many(node.events)}"
    per = node.per
    return text if per is None else f"{text}, counting one for each of {_say(per, one_event(node.events))}"


def _clause(node: Condition, scope: Scope) -> str:
    """A condition inside another one; brackets keep what belongs together."""
    text = _say(node, scope)
    several = isinstance(node, And | Or) and like(node) is None and len(node.parts) > 1
    return f"({text})" if several or " where " in text or " for which " in text else text


# --- event sets -------------------------------------------------------------------------------------


def _set(node: EventSet, *, plural: bool = False) -> str:
    """A noun phrase without article."""
    return _SETS[type(node)](node, plural)


def _many(node: EventSet) -> str:
    """Events that something is said of: brackets where the phrase is long."""
    text = _set(node, plural=True)
    return f"({text})" if isinstance(node, Union) or " where " in text or " for which " in text else text


def _filters(node: EventSet) -> tuple[str, EventSet]:
    """What a set is narrowed by, from the inside out, and the set that it narrows."""
    if not isinstance(node, Where):
        return "", node
    inner, events = _filters(node.events)
    condition = node.condition
    scope = one_event(node.events)
    # Conditions that follow each other read as one list.
    text = _say(condition, scope) if isinstance(condition, And) else _clause(condition, scope)
    return (f"{inner}, and {text}" if inner else text), events


def _where(node: Where, plural: bool) -> str:
    conditions, events = _filters(node)
    return f"{_inner(events, plural)} where {conditions}"


def _inner(events: EventSet, plural: bool) -> str:
    text = _set(events, plural=plural)
    return f"({text})" if isinstance(events, Union) or " for which " in text else text


def _named(node: DefineSet, plural: bool) -> str:
    return f"{kinds_name(tuple(sorted(node.kinds)), plural=plural)} of “{node.name}”"


def _events(node: Events, plural: bool) -> str:
    name = kinds_name(node.types, plural=plural)
    return name if node.codes is None else f"{name} with {codes_name(node.codes)}"


def _with(node: With, plural: bool) -> str:
    there = "there is no " + _set(node.other) if node.negated else "there is " + with_article(_set(node.other))
    such_that = "" if node.on == And(()) else f" such that {_say(node.on, two_events(node.events, node.other))}"
    return f"{_inner(node.events, plural)} for which {there}{such_that}"


def _pick(node: Pick, _: bool) -> str:
    by, best = _say(node.by, one_event(node.events)), _best(node.by.type is Type.TIME, node.newest)
    if node.ties == "all":
        return f"those of {_many(node.events)} that share the {best} ({by})"
    return f"the {best} (by {by}) of {_many(node.events)}"


def _with_last(node: WithLast, plural: bool) -> str:
    both = two_events(node.events, node.other)
    return (
        f"{_inner(node.events, plural)} for which, of {_many(node.other)} such that {_say(node.on, both)}, "
        f"the last (by {_say(node.by, both)}) is one where {_say(node.then, both)}"
    )


_SETS: Mapping[type[EventSet], Callable[[Any, bool], str]] = {
    Events: _events,
    Where: _where,
    Union: lambda node, plural: either([_inner(one, plural) for one in node.sets]),
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
    Age: lambda node, scope: f"the patient's age at {_say(node.at, scope)}",
    PatientField: lambda node, _: f"the patient's {_PATIENT[node.name]}",
    Edge: _edge,
    Total: lambda node, _: f"the total of {_name(node.field, node.events)} of {_many(node.events)}",
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
