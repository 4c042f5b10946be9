"""Sifting events by a condition that speaks of each of them alone: one Python function a condition.

Nearly all of a patient's evaluation is to ask a few events for their status and their days. As closures every *and*,
every comparison and every field is a call; so the condition is written as Python text once, when it is first asked,
as the standard library's dataclasses and named tuples do. The text holds names that are made here and the
names of an event's fields, never a word or a code of a rule. What is no such part stays a closure and is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from smartapp.criteria.compiling import Compiler, Fn, Run, flat
from smartapp.criteria.nodes import And, Compare, Condition, DayOf, Define, Field, Node, Not, OneOf, Or, Value
from smartapp.facts.events import Event
from smartapp.facts.instants import BEGINNING, DAY, FOREVER

Sifted = tuple[tuple[Event, ...], tuple[Event, ...]]
"""The events for which a condition holds, and those for which it is unknown."""

Sift = Callable[[Run, tuple[Event, ...]], Sifted]

_DEEPEST = 6
"""Parts within parts that are written out; CPython takes no more than twenty blocks in each other."""

_OPERATORS = {"=": "=="}

_FIRST, _LAST = BEGINNING + DAY, FOREVER - DAY
"""Between them a day can be told by arithmetic alone, whatever is compared with it: also *for ever* keeps its side."""


class Sieve:
    """Sifts events; the function is written when it is first used."""

    __slots__ = ("_compiler", "_condition", "sift")

    def __init__(self, compiler: Compiler, condition: Condition) -> None:
        self._compiler = compiler
        self._condition = condition
        self.sift: Sift = self._first

    def _first(self, run: Run, events: tuple[Event, ...]) -> Sifted:
        self.sift = _Writer(self._compiler).function(self._condition)
        return self.sift(run, events)


class _Writer:
    """Writes one function."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._given: dict[str, Any] = {}
        self._constants: dict[int, str] = {}
        self._days: set[str] = set()
        self._made = 0

    def function(self, condition: Condition) -> Sift:
        body = list(self._truth(condition, "truth", 2, 0))
        text = [
            "def sift(run, events):",
            "    holds, unknown = [], []",
            *(f"    {name} = run.constants[{number}]" for number, name in self._constants.items()),
            *(f"    if not {_FIRST} < {name} < {_LAST}: return plain(run, events)" for name in sorted(self._days)),
            "    for this in events:",
            *body,
            "        if truth:",
            "            holds.append(this)",
            "        elif truth is None:",
            "            unknown.append(this)",
            "    return tuple(holds), tuple(unknown)",
        ]
        self._given["plain"] = _plain(self._compiler.fn(condition))
        exec(compile("\n".join(text), "<sieve>", "exec"), self._given)  # noqa: S102  # the text is made here
        made: Sift = self._given["sift"]
        return made

    def _truth(self, node: Node, name: str, depth: int, inside: int) -> Iterator[str]:
        """Lines that set ``name`` to the truth of a condition; ``depth`` is how far they are set in."""
        while isinstance(node, Define):
            node = node.part
        margin = "    " * depth
        event_alone = not self._compiler.about_patient(node)
        if isinstance(node, And | Or) and event_alone and inside < _DEEPEST:
            yield from self._parts(node, name, depth, inside)
        elif isinstance(node, Not) and event_alone:
            part = self._name("part")
            yield from self._truth(node.part, part, depth, inside)
            yield f"{margin}{name} = None if {part} is None else not {part}"
        elif (test := self._test(node)) is not None:
            yield f"{margin}at = this.{test[0]}"
            yield f"{margin}{name} = None if at is None else {test[1]}"
        else:
            yield f"{margin}{name} = {self._give('function', self._compiler.fn(node))}(run, this, None)"

    def _parts(self, node: And | Or, name: str, depth: int, inside: int) -> Iterator[str]:
        """The decisive truth wins, then unknown; nothing is asked after the decisive one."""
        margin, part, both = "    " * depth, self._name("part"), isinstance(node, And)
        yield f"{margin}{name} = {both}"
        yield f"{margin}while True:"
        for one in flat(self._compiler, node):
            test = self._test(one)
            if test is not None:
                subject, holds = "at", f"({test[1]})"
                yield f"{margin}    at = this.{test[0]}"
            else:
                subject = holds = part
                yield from self._truth(one, part, depth + 1, inside + 1)
            yield f"{margin}    if {subject} is None:"
            yield f"{margin}        {name} = None"
            yield f"{margin}    elif {'not ' if both else ''}{holds}:"
            yield f"{margin}        {name} = {not both}"
            yield f"{margin}        break"
        yield f"{margin}    break"

    def _test(self, node: Node) -> tuple[str, str] | None:
        """Of a comparison of a field (or its day) the field, and what holds of it as ``at`` where it is known."""
        while isinstance(node, Define):
            node = node.part
        value = node.left if isinstance(node, Compare) else node.value if isinstance(node, OneOf) else None
        field = value.value if isinstance(value, DayOf) else value
        if not isinstance(field, Field) or field.of != "this":
            return None
        if isinstance(node, OneOf):
            return field.name, f"at in {self._give('words', frozenset(node.words))}"
        assert isinstance(node, Compare), "nothing else has a field here"
        constant = self._constant(node.right)
        if constant is None:
            return None
        if isinstance(value, DayOf):
            self._days.add(constant)
        day = f" - at % {DAY}" if isinstance(value, DayOf) else ""
        return field.name, f"at{day} {_OPERATORS.get(node.op, node.op)} {constant}"

    def _constant(self, value: Value) -> str | None:
        number = self._compiler.constant(value)
        return None if number is None else self._constants.setdefault(number, f"constant_{number}")

    def _give(self, name: str, what: Any) -> str:
        made = self._name(name)
        self._given[made] = what
        return made

    def _name(self, name: str) -> str:
        self._made += 1
        return f"{name}_{self._made}"


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
