"""Which parts of a rule cannot be unknown in these data: there the two modes agree, and one query serves both.

``settled`` of a set: in Kleene's logic it has no uncertain member and is not open, and its members are those of strict
mode. ``same`` of a condition or value: both modes say the same. ``total``: it is never unknown. All three only save
work: what is not understood is taken to be unsettled.
"""

from __future__ import annotations

from smartapp.criteria.constants import is_constant
from smartapp.criteria.nodes import (
    Age,
    Always,
    Anchor,
    And,
    AtLeast,
    Compare,
    DayOf,
    Define,
    DefineSet,
    Events,
    EventSet,
    Exists,
    Field,
    Flag,
    Has,
    If,
    IsKnown,
    Node,
    Not,
    OneOf,
    Or,
    PatientField,
    PatientHas,
    Pick,
    Refines,
    Shift,
    Union,
    Value,
    Where,
    With,
    WithLast,
)
from smartapp.criteria.requirements import coverage_keys
from smartapp.criteria.sql.compiler import Context
from smartapp.criteria.sql.layout import EVENT_COLUMNS
from smartapp.criteria.tree import children, owners

_Classes = frozenset[int]


class Settled:
    """The analysis of one compilation; answers are kept by node."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._sets: dict[int, bool] = {}
        self._same: dict[int, bool] = {}
        self._classes: dict[int, _Classes] = {}

    def classes(self, events: EventSet) -> _Classes:
        """The classes that the events of a set may have."""
        number = self._c.number(events)
        found = self._classes.get(number)
        if found is None:
            if isinstance(events, Events):
                answers = self._c.answers(events)
                found = frozenset(answers.yes) | frozenset(answers.maybe)
            elif isinstance(events, Union):
                found = frozenset().union(*(self.classes(one) for one in events.sets))
            else:
                found = self.classes(events.events)  # type: ignore[attr-defined]
            self._classes[number] = found
        return found

    def open_keys(self, events: EventSet) -> frozenset[str]:
        """The keys whose being unread opens the set, of those that are unread for anybody."""
        if isinstance(events, Events):
            return frozenset(coverage_keys(events)) & self._c.known.unread
        if isinstance(events, Union):
            return frozenset().union(*(self.open_keys(one) for one in events.sets))
        return self.open_keys(events.events)  # type: ignore[attr-defined]

    def empty(self, events: EventSet) -> bool:
        """Whether the set has no member in these data, and is not open: no event has one of its classes."""
        return not self.classes(events) and not self.open_keys(events)

    def settled(self, events: EventSet) -> bool:
        number = self._c.number(events)
        found = self._sets.get(number)
        if found is None:
            found = self._sets[number] = not self.open_keys(events) and self._settled(events)
        return found

    def _settled(self, events: EventSet) -> bool:  # noqa: PLR0911  # one kind of set, one return
        if isinstance(events, Events):
            return not self._c.answers(events).maybe
        if isinstance(events, Union):
            return all(self.settled(one) for one in events.sets)
        if isinstance(events, DefineSet):
            return self.settled(events.events)
        if isinstance(events, Where):
            return self.settled(events.events) and self._certain(events.condition, events.events)
        if isinstance(events, Pick):
            return self.settled(events.events) and self._certain(events.by, events.events)
        if isinstance(events, With):
            return self._both(events) and self._certain(events.on, events.events, events.other)
        assert isinstance(events, WithLast), "the last kind of set"
        parts = (events.on, events.by, events.then)
        return self._both(events) and all(self._certain(part, events.events, events.other) for part in parts)

    def _both(self, events: With | WithLast) -> bool:
        return self.settled(events.events) and self.settled(events.other)

    def _certain(self, node: Node, this: EventSet, other: EventSet | None = None) -> bool:
        return self.same(node) and self.total(node, self.classes(this), self.classes(other) if other else frozenset())

    def same(self, node: Node) -> bool:
        """Whether both modes give the same answer (which may be unknown)."""
        number = self._c.number(node)
        found = self._same.get(number)
        if found is None:
            found = self._same[number] = self._is_same(node)
        return found

    def _is_same(self, node: Node) -> bool:
        if isinstance(node, EventSet):
            return self.settled(node)
        if isinstance(node, AtLeast) and node.per is not None:
            classes = self.classes(node.events)
            return self.settled(node.events) and self.same(node.per) and self.total(node.per, classes, frozenset())
        if isinstance(node, Refines):
            about_patient = not owners(node)
            return about_patient and self.same(node.part) and self.total(node.part, frozenset(), frozenset())
        return all(self.same(child) for child in children(node))

    def total(self, node: Node, this: _Classes, other: _Classes) -> bool:  # noqa: PLR0911
        """Whether a condition or value is never unknown, for events of these classes."""
        if isinstance(node, Field):
            column = EVENT_COLUMNS[node.name][0]
            nulls = self._c.known.nulls
            return all(column not in nulls.get(n, {column}) for n in (this if node.of == "this" else other))
        if isinstance(node, Value) and is_constant(node):
            return True
        if isinstance(node, Anchor):
            return not self._c.known.person_nulls & {"birth", "partial"}
        if isinstance(node, Age):
            return is_constant(node.at) and not self._c.known.person_nulls & {"birth", "partial"}
        if isinstance(node, PatientField):
            return node.name not in self._c.known.person_nulls
        if isinstance(node, Has):
            return not set(self._c.answers(node).maybe) & (this if node.of == "this" else other)
        if isinstance(node, PatientHas):
            return not self._c.answers(node).maybe
        if isinstance(node, Always | IsKnown | Flag | Exists | AtLeast):
            return self.same(node)
        if isinstance(node, If):  # an unknown condition is no
            return self.total(node.then, this, other) and self.total(node.otherwise, this, other)
        # A quantity may be in another unit; the last of nothing is unknown.
        plain = isinstance(node, And | Or | Not | Compare | OneOf | Define | Refines | Shift | DayOf)
        return plain and all(self.total(child, this, other) for child in children(node))
