"""Event sets: some of the patient's events; each certain or, in Kleene mode, uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOfThese

from smartapp.criteria.nodes.base import Codes, Condition, EventSet, Value, require_order
from smartapp.criteria.tree import check_scope


@dataclass(frozen=True, slots=True)
class Events(EventSet):
    """The events of some FHIR types with one of ``codes`` in slot ``code`` (``None``: whatever code).

    ``found_in`` are the categories under which servers file such events (US Core's ``category`` searches and
    granular scopes); they steer what is read and never decide membership.
    """

    types: tuple[str, ...]
    codes: Codes | None
    found_in: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self.types)


@dataclass(frozen=True, slots=True)
class Where(EventSet):
    events: EventSet
    condition: Condition

    def __post_init__(self) -> None:
        check_scope(self.condition, self.events.kinds)

    @property
    def kinds(self) -> frozenset[str]:
        return self.events.kinds


@dataclass(frozen=True, slots=True)
class Union(EventSet):
    sets: tuple[EventSet, ...]

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset().union(*(s.kinds for s in self.sets))


@dataclass(frozen=True, slots=True)
class With(EventSet):
    events: EventSet
    other: EventSet
    on: Condition
    negated: bool

    def __post_init__(self) -> None:
        check_scope(self.on, self.events.kinds, self.other.kinds)

    @property
    def kinds(self) -> frozenset[str]:
        return self.events.kinds


@dataclass(frozen=True, slots=True)
class Pick(EventSet):
    """The last (``newest``) or first by a value. An unknown key never wins; ``ties`` ``one`` takes the greatest id."""

    events: EventSet
    by: Value
    newest: bool
    ties: OneOfThese["one", "all"]

    def __post_init__(self) -> None:
        check_scope(self.by, self.events.kinds)
        require_order(self.by, "used to pick the last")

    @property
    def kinds(self) -> frozenset[str]:
        return self.events.kinds


@dataclass(frozen=True, slots=True)
class WithLast(EventSet):
    """Those whose last matching event of ``other`` (by ``by``, on ``on``) passes ``then``."""

    events: EventSet
    other: EventSet
    on: Condition
    by: Value
    then: Condition

    def __post_init__(self) -> None:
        for part in (self.on, self.by, self.then):
            check_scope(part, self.events.kinds, self.other.kinds)
        require_order(self.by, "used to pick the last")

    @property
    def kinds(self) -> frozenset[str]:
        return self.events.kinds


@dataclass(frozen=True, slots=True)
class DefineSet(EventSet):
    """An event set with the name and the sentence that the published measure gives it."""

    name: str
    sentence: str
    events: EventSet

    @property
    def kinds(self) -> frozenset[str]:
        return self.events.kinds
