"""Sifting events by a condition that speaks of each of them alone."""

from __future__ import annotations

from collections.abc import Callable

from smartapp.criteria.compiling import Compiler, Fn, Run
from smartapp.criteria.nodes import Condition
from smartapp.criteria.writing import Writer
from smartapp.facts.events import Event

Sifted = tuple[tuple[Event, ...], tuple[Event, ...]]
"""The events for which a condition holds, and those for which it is unknown."""

Sift = Callable[[Run, tuple[Event, ...]], Sifted]


class Sieve:
    """Sifts events; the function is written when it is first used."""

    __slots__ = ("_compiler", "_condition", "sift")

    def __init__(self, compiler: Compiler, condition: Condition) -> None:
        self._compiler = compiler
        self._condition = condition
        self.sift: Sift = self._first

    def _first(self, run: Run, events: tuple[Event, ...]) -> Sifted:
        self.sift = _written(self._compiler, self._condition)
        return self.sift(run, events)


def _written(compiler: Compiler, condition: Condition) -> Sift:
    writer = Writer(compiler, "this")
    steps = [
        "    holds, unknown = [], []",
        "    for this in events:",
        *writer.truth(condition, "truth", 2),
        "        if truth:",
        "            holds.append(this)",
        "        elif truth is None:",
        "            unknown.append(this)",
        "    return tuple(holds), tuple(unknown)",
    ]
    made: Sift = writer.function("sift(run, events)", steps, _plain(compiler.fn(condition)))
    return made


def _plain(condition: Fn) -> Sift:
    """The same by closures."""

    def sift(run: Run, events: tuple[Event, ...]) -> Sifted:
        truths = [(event, condition(run, event, None)) for event in events]
        return tuple(e for e, truth in truths if truth), tuple(e for e, truth in truths if truth is None)

    return sift


def sieve_of(compiler: Compiler, condition: Condition) -> Sieve:
    """The sieve of a condition: one for all sets of a mode that are sifted by it."""
    number = compiler.number(condition)
    known: Sieve | None = compiler.sieves.get(number)
    if known is None:
        known = compiler.sieves[number] = Sieve(compiler, condition)
    return known
