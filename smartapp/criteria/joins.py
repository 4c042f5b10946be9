"""Joining the events of one set with those of another, within the patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from smartapp.criteria.compiling import Compiler, Fn, Run
from smartapp.criteria.indexing import Members
from smartapp.criteria.nodes import And, Compare, Condition, Define, Field, Node
from smartapp.criteria.writing import Writer
from smartapp.facts.events import Event

Fits = Callable[[Event], "bool | None"]
"""Whether one of the others fits an event."""

Match = Callable[[Run, Event, Sequence[Event], Sequence[Event], bool], "bool | None"]
"""Whether one of the others, certain and uncertain, fits an event; there may be more of them unseen."""


def join(c: Compiler, on: Condition) -> Callable[[Run, Members], Fits]:
    """How events are joined with a set of others."""
    near = next((found for part in _parts(on) if (found := _equal_fields(part))), None)
    written: list[Match] = []

    def joined(run: Run, others: Members) -> Fits:
        if not written:
            written.append(_match(c, on))
        match = written[0]
        if near is None:
            return lambda event: match(run, event, others.sure, others.unsure, others.open)
        near_ones = _near(others, *near)
        return lambda event: match(run, event, *near_ones(event), others.open)

    return joined


def _match(c: Compiler, on: Condition) -> Match:
    """The condition as a function of its own, see :mod:`smartapp.criteria.writing`."""
    writer = Writer(c, "other")
    truth = writer.truth(on, "truth", 2)
    steps = [
        "    possible = open_",
        "    for other in sure:",
        *truth,
        "        if truth:",
        "            return True",
        "        if truth is None:",
        "            possible = True",
        "    if possible:",
        "        return None",
        "    for other in unsure:",
        *truth,
        "        if truth is not False:",
        "            return None",
        "    return False",
    ]
    made: Match = writer.function("match(run, this, sure, unsure, open_)", steps, _plain(c.fn(on)))
    return made


def _plain(holds: Fn) -> Match:
    """The same by closures."""

    def match(run: Run, this: Event, sure: Sequence[Event], unsure: Sequence[Event], open_: bool) -> bool | None:
        truths = [holds(run, this, one) for one in sure]
        if True in truths:
            return True
        if open_ or None in truths:
            return None
        return None if any(holds(run, this, one) is not False for one in unsure) else False

    return match


Getter = Callable[[Event], Any]
_Pair = tuple[Sequence[Event], Sequence[Event]]


def _near(others: Members, this: Getter, other: Getter) -> Callable[[Event], _Pair]:
    """Of the others, certain and uncertain, those whose field may equal the event's; all the rest do not fit.

    A visit and what names it: of a hundred others one or two, and no need to try each pair.
    """
    by_key: defaultdict[Any, tuple[list[Event], list[Event]]] = defaultdict(lambda: ([], []))
    for place, group in enumerate((others.sure, others.unsure)):
        for one in group:
            by_key[other(one)][place].append(one)
    blank = by_key.get(None, ((), ()))

    def near(event: Event) -> _Pair:
        key = this(event)
        if key is None:
            return others.sure, others.unsure
        sure, unsure = by_key.get(key, ((), ()))
        return [*sure, *blank[0]], [*unsure, *blank[1]]

    return near


def _parts(on: Node) -> Iterator[Node]:
    """The parts that all have to hold."""
    if isinstance(on, Define):
        yield from _parts(on.part)
    elif isinstance(on, And):
        for part in on.parts:
            yield from _parts(part)
    else:
        yield on


def _equal_fields(on: Node) -> tuple[Getter, Getter] | None:
    """The fields of this and of the other event that the condition asks to be equal, if that is what it asks."""
    if isinstance(on, Compare) and on.op == "=" and isinstance(on.left, Field) and isinstance(on.right, Field):
        names = {on.left.of: on.left.name, on.right.of: on.right.name}
        if len(names) == 2:
            return attrgetter(names["this"]), attrgetter(names["other"])
    return None
