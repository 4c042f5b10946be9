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
    Always,
    Anchor,
    And,
    AtLeast,
    Compare,
    Condition,
    Define,
    DefineSet,
    EventSet,
    Exists,
    Field,
    Flag,
    Has,
    IsKnown,
    Node,
    Not,
    OneOf,
    Or,
    PatientHas,
    Pick,
    Quantity,
    Refines,
    Shift,
    Union,
)
from smartapp.criteria.nouns import codes_name, either, slot_name, with_article
from smartapp.criteria.phrases import Scope, conjuncts, if_known, like
from smartapp.criteria.spoken import WORDS, all_of, clause, many, say_part, set_phrase, whole
from smartapp.criteria.spoken_sets import narrowed, such, tied
from smartapp.criteria.spoken_values import DAY_ENDS, DAYS, bare
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
    return say_part(node, Scope())


def glossary(rules: Iterable[Node]) -> tuple[Term, ...]:
    """The named parts of rules in reading order, each once."""
    named = (part for rule in rules for part in walk(rule) if isinstance(part, Define | DefineSet))
    return tuple(dict.fromkeys(Term(part.name, part.sentence, _meaning(part)) for part in named))


def _meaning(node: Define | DefineSet) -> str:
    return say_part(node.part if isinstance(node, Define) else node.events, Scope())


def _compare(node: Compare, scope: Scope) -> str:
    words = _ORDER_OF_TIMES if node.left.type is Type.TIME else _ORDER
    right = say_part(node.right, scope)
    if node.op in ("<=", ">") and isinstance(node.right, Anchor) and node.right.name in DAY_ENDS:
        # Until the end of a day is on that day or before it.
        right = DAYS[node.right.name]
    verb = words[node.op]
    if isinstance(node.right, Shift) and node.op in _FROM_A_SHIFT:
        verb = "is at least" if (node.op == ">=") == (node.right.amount > 0) else _FROM_A_SHIFT[node.op]
    return f"{say_part(node.left, scope)} {verb} {right}"


def _one_of(node: OneOf, scope: Scope, verb: str = "is") -> str:
    words = either([f"“{word}”" for word in node.words]) or "nothing"
    return f"{say_part(node.value, scope)} {verb} {words}"


def _and(node: And, scope: Scope) -> str:
    words = like(node)
    if words is not None:
        return _one_of(words, scope, "is recorded as")
    return all_of(conjuncts(node), scope) or "always"


def _or(node: Or, scope: Scope) -> str:
    words = if_known(node)
    if words is not None:
        return _one_of(words, scope, "(if known) is")
    return " or ".join(clause(part, scope) for part in node.parts) or "never"


def _not(node: Not, scope: Scope) -> str:
    say = _NEGATED.get(type(node.part))
    if say is not None:
        return say(node.part, scope)
    words = like(node.part)
    return f"not ({say_part(node.part, scope)})" if words is None else _one_of(words, scope, "is not recorded as")


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
    conditions, inner = narrowed(node.events)
    if isinstance(inner, Pick):
        if inner.ties == "all":
            return f"there is at least one of {tied(inner)}{such(conditions)}"
        best = set_phrase(inner)
        return f"{best} is one{such(conditions)}" if conditions else f"there is {with_article(best[4:])}"
    if isinstance(inner, Union) and not conditions:
        return f"there is {either([with_article(whole(one, plural=False)) for one in inner.sets])}"
    return f"there is {with_article(set_phrase(node.events))}"


def _none(events: EventSet) -> str:
    """That there are no such events."""
    conditions, inner = narrowed(events)
    if not isinstance(inner, Pick):
        return f"there is no {set_phrase(events)}"
    if inner.ties == "all":
        return f"there is none of {tied(inner)}{such(conditions)}"
    best = set_phrase(inner)
    return f"{best} is not one{such(conditions)}, or there is none" if conditions else f"there is no {best[4:]}"


def _at_least(node: AtLeast, _: Scope) -> str:
    text = f"there are at least {node.n} {many(node.events)}"
    return text if node.per is None else f"{text}, counting one for each {bare(node.per, node.events)}"


WORDS.update(
    {
        Always: lambda node, _: "always" if node.value else "never",
        Compare: _compare,
        OneOf: _one_of,
        Flag: _flag,
        IsKnown: lambda node, scope: f"{say_part(node.value, scope)} is known",
        And: _and,
        Or: _or,
        Not: _not,
        Has: _has,
        PatientHas: lambda node, _: f"the patient's {node.slot} is {codes_name(node.codes)}",
        Quantity: _quantity,
        Exists: _exists,
        AtLeast: _at_least,
        Refines: lambda node, scope: f"{clause(node.part, scope)} (as far as recorded: {node.name})",
        Define: lambda node, _: f"“{node.name}” holds",
    }
)

_NEGATED: Mapping[type[Condition], Callable[[Any, Scope], str]] = {
    Exists: lambda node, _: _none(node.events),
    OneOf: _is_not_one_of,
    Flag: lambda node, scope: _flag(node, scope, "not "),
    IsKnown: lambda node, scope: f"{say_part(node.value, scope)} is not known",
    Has: lambda node, scope: _has(node, scope, "is not"),
    Define: lambda node, _: f"“{node.name}” does not hold",
}
