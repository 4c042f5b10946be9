"""How :mod:`smartapp.criteria.plain` speaks of events in scope, and the turns of phrase that it knows.

A turn is a pair of comparisons that a reader takes as one thing (between, within, overlaps); the rule still holds the
two comparisons, and nothing is said that they do not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from smartapp.criteria.fields import field_spec
from smartapp.criteria.nodes import (
    Anchor,
    And,
    Compare,
    Condition,
    DayOf,
    EventSet,
    Field,
    IsKnown,
    Not,
    OneOf,
    Or,
    Value,
)
from smartapp.criteria.nouns import kinds_name


@dataclass(frozen=True, slots=True)
class Scope:
    """How the events in scope are spoken of: whose, and of which kinds."""

    it: str = "it is"
    this: str = "its"
    other: str = "the other's"
    this_kinds: frozenset[str] = frozenset()
    other_kinds: frozenset[str] = frozenset()

    def said_of(self, owner: str, kind: str | None, words: str) -> str:
        """A field of an event: ``its onset``, ``the end of the medicine``, ``the task's subject``."""
        whose, _ = self.of(owner)
        if " of the " not in words:
            return f"{whose} {words}"
        return f"the {words}" if whose in _OWN else f"{whose} {words if kind in _NOT_ITS_OWN else _short(words)}"

    def of(self, owner: str) -> tuple[str, str | None]:
        """The possessive, and the FHIR type where there is only one."""
        whose, kinds = (self.this, self.this_kinds) if owner == "this" else (self.other, self.other_kinds)
        return whose, only(kinds)


_OWN = ("its", "their")
_NOT_ITS_OWN = ("MedicationRequest",)
"""Kinds whose start and end are of something else: an order's medicine."""


def _short(words: str) -> str:
    """``end`` for ``end of the procedure``."""
    return words.partition(" of the ")[0]


def only(kinds: frozenset[str]) -> str | None:
    """The one FHIR type of a set; None where there are several."""
    return next(iter(kinds)) if len(kinds) == 1 else None


def one_event(events: EventSet, *, plural: bool = False) -> Scope:
    """The scope of a condition on a set's events, spoken of as one or as several."""
    if plural:
        return Scope("they are", "their", this_kinds=events.kinds)
    return Scope(this_kinds=events.kinds)


def two_events(events: EventSet, other: EventSet) -> Scope:
    """The scope of a join: each event by what it is."""
    this_name, other_name = (kinds_name(tuple(sorted(one.kinds))) for one in (events, other))
    which, that = ("this", "the other") if this_name == other_name else ("the", "the")
    return Scope(
        f"{which} {this_name} is", f"{which} {this_name}'s", f"{that} {other_name}'s", events.kinds, other.kinds
    )


def like(node: Condition) -> OneOf | None:
    """The comparison, where a condition is "known, and one of these words"."""
    if isinstance(node, And) and len(node.parts) == 2:
        known, words = node.parts
        if isinstance(known, IsKnown) and isinstance(words, OneOf) and known.value == words.value:
            return words
    return None


def if_known(node: Condition) -> OneOf | None:
    """The comparison, where a condition is "not known, or one of these words"."""
    if isinstance(node, Or) and len(node.parts) == 2:
        unknown, words = node.parts
        if isinstance(unknown, Not) and isinstance(unknown.part, IsKnown) and isinstance(words, OneOf):
            return words if unknown.part.value == words.value else None
    return None


def conjuncts(node: Condition) -> Iterator[Condition]:
    """The parts of a conjunction, and of those within it: ``a and (b and c)`` says ``a and b and c``."""
    if isinstance(node, And) and like(node) is None:
        for part in node.parts:
            yield from conjuncts(part)
    else:
        yield node


Say = Callable[[Value], str]


def turns(parts: Sequence[Condition], scope: Scope, say: Say) -> Iterator[Condition | str]:
    """The parts of a conjunction, with pairs that make one turn of phrase as their text."""
    rest = list(parts)
    while rest:
        first = rest.pop(0)
        turn = _turn(first, rest[0], scope, say) if rest else None
        if turn is None:
            yield first
        else:
            rest.pop(0)
            yield turn


def _turn(first: Condition, second: Condition, scope: Scope, say: Say) -> str | None:
    second = _reached(second) or second
    if not isinstance(first, Compare) or not isinstance(second, Compare):
        return None
    if (first.op, second.op) == (">=", "<="):
        if first.left == second.left:
            return _between(first.left, first.right, second.right, say)
        span = _span(first, second, scope)
        return span and f"{span} lies within {interval(first.right, second.right, say)}"
    if (first.op, second.op) == ("<=", ">="):
        span = _span(first, second, scope)
        return span and f"{span} overlaps {interval(second.right, first.right, say)}"
    return None


def _reached(condition: Condition) -> Compare | None:
    """The end's comparison, where a condition is "its end, or else its start, is at a time or later"."""
    if not isinstance(condition, Or) or len(condition.parts) != 2:
        return None
    end, start = condition.parts
    if not (isinstance(end, Compare) and isinstance(start, Compare) and end.op == start.op == ">="):
        return None
    fields = [_bare(one.left) for one in (end, start)]
    names = [one.name for one in fields if isinstance(one, Field)]
    return end if names == ["end", "start"] and end.right == start.right else None


def _between(value: Value, low: Value, high: Value, say: Say) -> str:
    if interval(low, high, say) == _THE_PERIOD:
        return f"{say(value)} falls in {_THE_PERIOD}"
    return f"{say(value)} is from {say(low)} to {say(high)}"


def _span(first: Compare, second: Compare, scope: Scope) -> str | None:
    """``its time from arrival to departure``, where the two are start and end of one event, both by day or neither."""
    days = [isinstance(one, DayOf) for one in (first.left, second.left, first.right, second.right)]
    start, end = _bare(first.left), _bare(second.left)
    if not (isinstance(start, Field) and isinstance(end, Field) and start.of == end.of):
        return None
    if (start.name, end.name) != ("start", "end") or len(set(days)) != 1:
        return None
    whose, kind = scope.of(start.of)
    began, ended = field_spec("start").describe(kind), field_spec("end").describe(kind)
    if ended.startswith("end") and kind not in _NOT_ITS_OWN:
        began, ended = "start", "end"
    span = f"{whose} time from {began} to {ended}"
    return f"{span}, by day," if days[0] else span


def _bare(value: Value) -> Value:
    return value.value if isinstance(value, DayOf) else value


_THE_PERIOD = "the measurement period"


def interval(low: Value, high: Value, say: Say) -> str:
    """The time between two values, both inside."""
    if _bare(low) == Anchor("period-start") and _bare(high) == Anchor("period-end"):
        return _THE_PERIOD
    if low == high:
        return say(low)
    return f"the time from {say(low)} to {say(high)}"
