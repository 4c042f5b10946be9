"""What all values, conditions and event sets can do: the words that rules are put together with.

A rule is read aloud by a clinician, so the methods are words and not operators. They make nodes of the sibling
modules, which are looked up in the package when a rule is built: the modules need these classes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from typing import Literal as OneOfThese

from smartapp.criteria import nodes
from smartapp.criteria.fields import Type
from smartapp.criteria.tree import Node
from smartapp.errors import CriteriaError

Comparison = OneOfThese["<", "<=", "=", "!=", ">=", ">"]
Unit = OneOfThese["year", "month", "week", "day", "hour", "minute", "second", "millisecond"]
Owner = OneOfThese["this", "other"]


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A published value set, by canonical URL; its codes are data (:mod:`smartapp.criteria.valuesets`)."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class DirectCode:
    """A single code that a measure names directly."""

    system: str
    code: str
    name: str


Codes = tuple[ValueSet | DirectCode, ...]


class Value(Node):
    """Something that has a type and, for a given patient and event, a value or is unknown."""

    __slots__ = ()

    @property
    def type(self) -> Type:
        raise NotImplementedError

    def before(self, other: Value) -> Condition:
        return nodes.Compare("<", self, other)

    def after(self, other: Value) -> Condition:
        return nodes.Compare(">", self, other)

    def on_or_before(self, other: Value) -> Condition:
        return nodes.Compare("<=", self, other)

    def on_or_after(self, other: Value) -> Condition:
        return nodes.Compare(">=", self, other)

    def same_as(self, other: Value) -> Condition:
        """Three-valued equality (CQL ``=``)."""
        return nodes.Compare("=", self, other)

    def at_least(self, number: float) -> Condition:
        return nodes.Compare(">=", self, nodes.Literal(number))

    def at_most(self, number: float) -> Condition:
        return nodes.Compare("<=", self, nodes.Literal(number))

    def more_than(self, number: float) -> Condition:
        return nodes.Compare(">", self, nodes.Literal(number))

    def less_than(self, number: float) -> Condition:
        return nodes.Compare("<", self, nodes.Literal(number))

    def is_(self, word: str) -> Condition:
        """Three-valued: unknown where the value is."""
        return nodes.OneOf(self, (word,))

    def is_in(self, *words: str) -> Condition:
        """Three-valued: unknown where the value is."""
        return nodes.OneOf(self, words)

    def is_like(self, *words: str) -> Condition:
        """Two-valued (CQL ``~``): a value that is missing is not like anything."""
        return nodes.And((nodes.IsKnown(self), nodes.OneOf(self, words)))

    @property
    def is_known(self) -> Condition:
        return nodes.IsKnown(self)

    @property
    def day(self) -> Value:
        """The UTC day that the time falls in ("day of" in a published rule)."""
        return nodes.DayOf(self)

    def plus(self, amount: int, unit: Unit) -> Value:
        return nodes.Shift(self, amount, unit)

    def minus(self, amount: int, unit: Unit) -> Value:
        return nodes.Shift(self, -amount, unit)


class Condition(Node):
    """True, false or unknown."""

    __slots__ = ()

    def __and__(self, other: Condition) -> Condition:
        return nodes.And((*_parts(nodes.And, self), *_parts(nodes.And, other)))

    def __or__(self, other: Condition) -> Condition:
        return nodes.Or((*_parts(nodes.Or, self), *_parts(nodes.Or, other)))

    def __invert__(self) -> Condition:
        return self.part if isinstance(self, nodes.Not) else nodes.Not(self)


class EventSet(Node):
    """Some of the patient's events; each certain or, in Kleene mode, uncertain."""

    __slots__ = ()

    opens_scope: ClassVar[bool] = True

    @property
    def kinds(self) -> frozenset[str]:
        """The FHIR types that its events may have."""
        raise NotImplementedError

    def where(self, *conditions: Condition) -> EventSet:
        """Those for which all conditions hold."""
        return nodes.Where(self, conditions[0] if len(conditions) == 1 else nodes.And(conditions))

    def with_(self, other: EventSet, *on: Condition) -> EventSet:
        """Those for which there is an event of ``other`` that fits (CQL ``with … such that``)."""
        return nodes.With(self, other, on[0] if len(on) == 1 else nodes.And(on), negated=False)

    def without(self, other: EventSet, *on: Condition) -> EventSet:
        """Those for which there is no event of ``other`` that fits (CQL ``without``)."""
        return nodes.With(self, other, on[0] if len(on) == 1 else nodes.And(on), negated=True)

    def last(self, by: Value) -> EventSet:
        """The latest one; of several at the same time the one with the greatest id."""
        return nodes.Pick(self, by, newest=True, ties="one")

    def first(self, by: Value) -> EventSet:
        return nodes.Pick(self, by, newest=False, ties="one")

    def on_the_last(self, by: Value) -> EventSet:
        """All that share the latest value of ``by`` (the most recent day)."""
        return nodes.Pick(self, by, newest=True, ties="all")

    def exist(self) -> Condition:
        return nodes.Exists(self)

    def at_least(self, n: int, per: Value | None = None) -> Condition:
        return nodes.AtLeast(self, n, per)

    def lowest(self, field: nodes.Field) -> Value:
        return nodes.Edge(self, field, highest=False)

    def highest(self, field: nodes.Field) -> Value:
        return nodes.Edge(self, field, highest=True)

    def total(self, field: nodes.Field) -> Value:
        return nodes.Total(self, field)

    def __or__(self, other: EventSet) -> EventSet:
        return nodes.Union((*_sets(self), *_sets(other)))


def require(value: Value, wanted: Type, doing: str) -> None:
    if value.type is not wanted:
        raise CriteriaError("criteria.type", f"A {value.type} value cannot be {doing} where a {wanted} is needed.")


def require_order(value: Value, doing: str) -> None:
    if value.type not in (Type.TIME, Type.NUMBER):
        raise CriteriaError("criteria.type", f"A {value.type} value cannot be {doing}: it has no order.")


def require_slot(slot: str, slots: tuple[str, ...]) -> None:
    if slot not in slots:
        raise CriteriaError("criteria.unknown-slot", f"There is no slot {slot!r} with codes.")


def _parts(kind: type[nodes.And] | type[nodes.Or], condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, kind) else (condition,)


def _sets(events: EventSet) -> tuple[EventSet, ...]:
    return events.sets if isinstance(events, nodes.Union) else (events,)
