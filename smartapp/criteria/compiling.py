"""From nodes to Python closures: what the parts of the compiler share.

Every closure takes the run (one patient) and the two events in scope; a fact about the patient ignores the events
and keeps its answer in the run. Times that depend on the period alone are worked out once for a period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from smartapp.criteria.constants import Period, constant_value, is_constant
from smartapp.criteria.indexing import LeafIndex, Leaves, Members
from smartapp.criteria.nodes import And, Codes, Define, DefineSet, Events, If, Node, Not, Or, Refines, Value
from smartapp.criteria.plan import Plan
from smartapp.criteria.valuesets import Expansion, ValueSets
from smartapp.errors import CriteriaError
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import Instant


class Mode(StrEnum):
    """How what is unknown is treated.

    ``STRICT`` is for the report: as CQL does, ``where``, ``with`` and ``exists`` drop it. ``KLEENE`` is for the
    chart: it is carried through to the answer, but for what only refines. ``UNREFINED`` is Kleene where even a
    ``Refines`` stays unknown: it tells which caveats bear on an answer.
    """

    STRICT = "strict"
    KLEENE = "kleene"
    UNREFINED = "unrefined"


class Run:
    """One patient being evaluated in one mode."""

    __slots__ = ("constants", "facts", "kleene", "leaves", "memo", "sifted")

    def __init__(
        self,
        facts: Facts,
        leaves: Leaves,
        constants: Sequence[Any],
        memo: list[Any],
        kleene: Sequence[Any] | None = None,
    ) -> None:
        self.facts = facts
        self.leaves = leaves
        self.constants = constants
        self.memo = memo
        self.kleene = kleene
        """The memo of the Kleene run of the same patient, where there is one: see :func:`_remember_or_share`."""
        self.sifted: dict[tuple[int, int], tuple[Any, Any]] = {}
        """What conditions said of tuples of events: see :func:`smartapp.criteria.set_closures.sifted`."""


Fn = Callable[[Run, Any, Any], Any]
"""(run, this, other) → a truth (True, False, None), a value (None where unknown) or :class:`Members`."""

Builder = Callable[["Compiler", Any], Fn]

TODO: Any = object()
"""In a run's memo: not evaluated yet."""

_MODE_BOUND = (Refines, If)
"""Nodes that may say something else in another mode although Kleene knows an answer: both take unknown for false."""

NO_MEMO = (Events, Define, DefineSet, Not)
"""Nodes that cost no more to evaluate than to remember."""


class Compiler:
    """Compiles a plan's nodes for one mode."""

    def __init__(self, plan: Plan, value_sets: ValueSets, mode: Mode, builders: Mapping[type[Node], Builder]) -> None:
        self.mode = mode
        self.strict = mode is Mode.STRICT
        self._own = plan.containing(*_MODE_BOUND)
        self.functions: list[Fn] = []
        self.sieves: dict[int, Any] = {}
        """Of conditions that events are sifted by: see :mod:`smartapp.criteria.sieves`."""
        self._plan = plan
        self._value_sets = value_sets
        for number, node in enumerate(plan.nodes):  # children come first
            self.functions.append(self._compile(number, node, builders))

    def number(self, node: Node) -> int:
        """The node's number in the plan."""
        return self._plan.number(node)

    def about_patient(self, node: Node) -> bool:
        """Whether the node is about the patient: then its answer is remembered."""
        return self._plan.about_patient[self._plan.number(node)]

    def fn(self, node: Node) -> Fn:
        """The closure of a node that was compiled before (every child is)."""
        return self.functions[self._plan.number(node)]

    def expand(self, codes: Codes) -> Expansion:
        """The codes of value sets and single codes, joined."""
        return self._value_sets.joined(codes)

    def constant(self, node: Node) -> int | None:
        """The place in ``run.constants`` of a value that is the same for all patients; else None."""
        return self._plan.number(node) if is_constant(node) else None

    def _compile(self, number: int, node: Node, builders: Mapping[type[Node], Builder]) -> Fn:
        if is_constant(node):
            return lambda run, _this, _other: run.constants[number]
        builder = builders.get(type(node))
        if builder is None:
            raise CriteriaError("criteria.no-evaluator", f"{type(node).__name__} cannot be evaluated.")
        made = builder(self, node)
        if isinstance(node, NO_MEMO) or not self._plan.about_patient[number]:
            return made
        if self.mode is Mode.KLEENE or number in self._own:
            return _remember(number, made)
        return _remember_or_share(number, made)


def flat(c: Compiler, node: And | Or) -> Iterator[Node]:
    """The parts, with those of parts of the same kind in their place; but what is about the patient is asked once."""
    for part in node.parts:
        inner: Node = part
        while isinstance(inner, Define):
            inner = inner.part
        if isinstance(inner, And | Or) and type(inner) is type(node) and not c.about_patient(inner):
            yield from flat(c, inner)
        else:
            yield part


def _remember(number: int, made: Fn) -> Fn:
    def remembered(run: Run, _this: Event | None, _other: Event | None) -> Any:
        memo = run.memo
        known = memo[number]
        if known is TODO:
            known = memo[number] = made(run, None, None)
        return known

    return remembered


def _remember_or_share(number: int, made: Fn) -> Fn:
    """As above; an answer that the Kleene run has already and that is known there is the answer here too.

    What is known in Kleene's sense holds however the unknown turns out to be, so also where strict drops it. That is
    not so of what is made of :data:`_MODE_BOUND`.
    """

    def remembered(run: Run, _this: Event | None, _other: Event | None) -> Any:
        memo = run.memo
        known = memo[number]
        if known is TODO:
            if run.kleene is not None:
                known = run.kleene[number]
            if known is TODO or known is None or (type(known) is Members and not known.settled):
                known = made(run, None, None)
            memo[number] = known
        return known

    return remembered


def constants(plan: Plan, period: Period, as_of: Instant) -> list[Any]:
    """The values of a plan's constant nodes, at their numbers; None elsewhere."""
    return [
        constant_value(node, period, as_of) if isinstance(node, Value) and is_constant(node) else None
        for node in plan.nodes
    ]


def leaf_index(plan: Plan, value_sets: ValueSets) -> LeafIndex:
    """The index of a plan's leaves."""
    return LeafIndex(((number, node) for number, node in enumerate(plan.nodes) if isinstance(node, Events)), value_sets)
