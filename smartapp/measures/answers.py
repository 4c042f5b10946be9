"""What a measure asks of an engine, and what an engine answers.

Both engines feed the same rules: the chart's :class:`smartapp.criteria.evaluate.Outcome` has these methods, and the
population's rows are wrapped to have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Protocol, TypeVar

from smartapp.criteria.nodes import And, Condition, Edge, EventSet, Exists, Field, Node, Not, Value
from smartapp.criteria.words import other, reference
from smartapp.measures.model import Clinical, ClosedBy, Measure, Population, Rate, Reason


class Identified(Protocol):
    """An event that can be named, ``Encounter/1``."""

    @property
    def reference(self) -> str: ...


class Answers(Protocol):
    """One patient's answers in one mode, strict or Kleene."""

    def truth(self, node: Condition) -> bool | None:
        """True, false or unknown."""

    def value(self, node: Value) -> object:
        """A number, a time in milliseconds or a word; ``None`` where unknown."""

    def events(self, node: EventSet) -> Sequence[Identified]:
        """The events that are certainly in the set."""

    def caveats(self, node: Condition) -> Sequence[str]:
        """What would have refined the answer and was not known."""

    def missing(self, node: Node) -> Sequence[str]:
        """What was not read, where the answer is unknown for it."""


_Owner = TypeVar("_Owner")
_Made = TypeVar("_Made", bound=Node)


def _once(make: Callable[[_Owner], _Made]) -> Callable[[_Owner], _Made]:
    """The same node for the same part of a measure: engines find a node by identity at once, by structure slowly.

    Parts of measures are few and live as long as the process; the cache holds them, so that an id stays its own.
    """
    made: dict[int, tuple[_Owner, _Made]] = {}

    @wraps(make)
    def remembered(owner: _Owner) -> _Made:
        known = made.get(id(owner))
        if known is None:
            known = made[id(owner)] = (owner, make(owner))
        return known[1]

    return remembered


@_once
def last_found(closed: ClosedBy) -> Value:
    """When the care of ``closed`` was last given."""
    return Edge(closed.events, Field("latest"), highest=True)


@_once
def found(closed: ClosedBy) -> Condition:
    """Whether the care of ``closed`` was ever given."""
    return Exists(closed.events)


@_once
def remaining(rate: Rate) -> EventSet:
    """The encounters of a rate that are counted and not excluded."""
    return _without(_both(_events(rate.initial_population), _events(rate.denominator)), *_parts(rate.exclusions))


@_once
def unmet(rate: Rate) -> EventSet:
    """The encounters of a rate whose gap is open, where being in the numerator means that care was given."""
    return _without(remaining(rate), _events(rate.numerator), *_parts(rate.exceptions))


@_once
def met(rate: Rate) -> EventSet:
    """The encounters of a rate that are in its numerator."""
    return _both(remaining(rate), _events(rate.numerator))


def report_questions(measure: Measure) -> tuple[Node, ...]:
    """Every node that :func:`smartapp.measures.results.evaluate_measure` asks about for the report."""
    asked: list[Node] = []
    for rate in measure.rates:
        reasons = (*rate.exclusions, *rate.exceptions, *rate.numerator_exclusions)
        asked += [rate.initial_population, rate.denominator, rate.numerator, *(r.part for r in reasons)]
        asked += [applies(rate), *(as_condition(r.part) for r in reasons)]
        if rate.basis == "encounter":
            asked += [as_condition(one) for one in (remaining(rate), unmet(rate), met(rate))]
        else:
            asked.append(hits(rate))
    return _each_once(asked)


def chart_questions(clinical: Clinical) -> tuple[Node, ...]:
    """Every node that the chart's status asks about."""
    asked: list[Node] = [clinical.eligible, *(as_condition(reason.part) for reason in clinical.excluded)]
    for closed in clinical.closed_by:
        asked += [found(closed), last_found(closed)]
    if clinical.satisfied is not None:
        asked.append(clinical.satisfied)
    return _each_once(asked)


def questions(measure: Measure) -> tuple[Node, ...]:
    """Every node that both statuses ask about, in both modes; what an engine compiles."""
    return _each_once((*report_questions(measure), *chart_questions(measure.clinical)))


def _each_once(asked: Iterable[Node]) -> tuple[Node, ...]:
    """Each object once; equal ones all stay, so that an engine knows every one that it will be asked about."""
    return tuple({id(node): node for node in asked}.values())


@_once
def as_condition(population: Population) -> Condition:
    """A population as a condition of the patient: an event set is one where it has an event."""
    return Exists(population) if isinstance(population, EventSet) else population


@_once
def applies(rate: Rate) -> Condition:
    """Whether the patient (or one of the encounters) is in the denominator, before exclusions."""
    if rate.basis == "encounter":
        return as_condition(_both(_events(rate.initial_population), _events(rate.denominator)))
    ip, denominator = as_condition(rate.initial_population), as_condition(rate.denominator)
    return ip if ip == denominator else ip & denominator


@_once
def hits(rate: Rate) -> Condition:
    """Whether the patient is in the numerator, if in the denominator: it fits and none of its own exclusions does."""
    kept_out = [as_condition(reason.part) for reason in rate.numerator_exclusions]
    numerator = as_condition(rate.numerator)
    return And((numerator, *(Not(part) for part in kept_out))) if kept_out else numerator


def _events(population: Population) -> EventSet:
    assert isinstance(population, EventSet), "a rate by encounter is made of encounters"
    return population


def _parts(reasons: Sequence[Reason]) -> tuple[EventSet, ...]:
    return tuple(_events(reason.part) for reason in reasons)


def _both(one: EventSet, two: EventSet) -> EventSet:
    return one if one == two else one.with_(two, reference.same_as(other.reference))


def _without(events: EventSet, *others: EventSet) -> EventSet:
    for unwanted in others:
        events = events.without(unwanted, reference.same_as(other.reference))
    return events


def not_ruled_out(reasons: Sequence[Reason], answers: Answers) -> tuple[Reason, ...]:
    """The reasons that are neither true nor false."""
    return tuple(reason for reason in reasons if answers.truth(as_condition(reason.part)) is None)


def not_read(reasons: Sequence[Reason], answers: Answers) -> tuple[Reason, ...]:
    """Of those the ones that are unknown because something was not read.

    The others are unknown although all was read: a resource is coded only in a system that our value set lacks, or has
    no date. That may not hide care that is due, for it is so of nearly every chart until the practice has loaded the
    official value sets (``docs/decisions/0006-unknown-exclusions.md``).
    """
    return tuple(reason for reason in not_ruled_out(reasons, answers) if answers.missing(as_condition(reason.part)))
