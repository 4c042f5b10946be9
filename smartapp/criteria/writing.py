"""Conditions about events as Python text: one function where closures would be a call for every part.

Nearly all of a patient's evaluation is to ask events for their status and their days. So what asks the same condition
of many events writes it as a function once, when it is first asked, as the standard library's dataclasses and
named tuples do. The text holds names that are made here and the names of an event's fields, never a word or a code of a
rule. What is no comparison of fields stays a closure and is called.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from smartapp.criteria.compiling import Compiler, flat
from smartapp.criteria.nodes import (
    And,
    Compare,
    Condition,
    DayOf,
    Define,
    Field,
    Node,
    Not,
    OneOf,
    Or,
    Shift,
    Value,
)
from smartapp.criteria.tree import owners
from smartapp.facts.instants import BEGINNING, DAY, FOREVER, shift

_DEEPEST = 6
"""Parts within parts that are written out; CPython takes no more than twenty blocks in each other."""

_OPERATORS = {"=": "=="}

_FIRST, _LAST = BEGINNING + DAY, FOREVER - DAY
"""Between them a day can be told by arithmetic alone, whatever is compared with it: also *for ever* keeps its side."""


class Writer:
    """Writes one function about the events ``this`` and ``other`` of a ``run``.

    ``each`` is the one of the two that changes from step to step; times of the other are worked out once.
    """

    def __init__(self, compiler: Compiler, each: str) -> None:
        self._compiler = compiler
        self._each = each
        self._given: dict[str, Any] = {"shift": shift}
        self._constants: dict[int, str] = {}
        self._days: set[str] = set()
        self._before: list[str] = []
        self._known: dict[int, str] = {}
        self._made = 0

    def function(self, head: str, steps: Iterable[str], plain: Callable[..., Any]) -> Any:
        """The function with this head and these lines; ``plain`` does the same by closures, for times out of reach."""
        body = list(steps)
        arguments = head[head.index("(") + 1 : head.index(")")]
        text = [
            f"def {head}:",
            "    other = None",
            *(f"    {name} = run.constants[{number}]" for number, name in self._constants.items()),
            *(f"    if not {_FIRST} < {name} < {_LAST}: return plain({arguments})" for name in sorted(self._days)),
            *self._before,
            *body,
        ]
        self._given["plain"] = plain
        exec(compile("\n".join(text), "<condition>", "exec"), self._given)  # noqa: S102  # the text is made here
        return self._given[head.partition("(")[0]]

    def truth(self, node: Condition, name: str, depth: int) -> list[str]:
        """Lines that set ``name`` to the truth of a condition; ``depth`` is how far they are set in."""
        return list(self._truth(node, name, depth, 0))

    def _truth(self, node: Node, name: str, depth: int, inside: int) -> Iterator[str]:
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
            yield f"{margin}at = {test[0]}"
            yield f"{margin}{name} = None if at is None else {test[1]}"
        elif isinstance(node, Compare) and event_alone:
            left, right = self._name("left"), self._name("right")
            left = yield from self._value(node.left, left, depth)
            right = yield from self._value(node.right, right, depth)
            holds = f"{left} {_OPERATORS.get(node.op, node.op)} {right}"
            yield f"{margin}{name} = None if {left} is None or {right} is None else {holds}"
        else:
            yield f"{margin}{name} = {self._give('function', self._compiler.fn(node))}(run, this, other)"

    def _parts(self, node: And | Or, name: str, depth: int, inside: int) -> Iterator[str]:
        """The decisive truth wins, then unknown; nothing is asked after the decisive one."""
        margin, part, both = "    " * depth, self._name("part"), isinstance(node, And)
        yield f"{margin}{name} = {both}"
        yield f"{margin}while True:"
        for one in flat(self._compiler, node):
            test = self._test(one)
            if test is not None:
                subject, holds = "at", f"({test[1]})"
                yield f"{margin}    at = {test[0]}"
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
        """Of a field (or its day) that is compared with a constant: the field, and what holds of it, where known."""
        while isinstance(node, Define):
            node = node.part
        value = node.left if isinstance(node, Compare) else node.value if isinstance(node, OneOf) else None
        field = value.value if isinstance(value, DayOf) else value
        if not isinstance(field, Field):
            return None
        subject = f"{field.of}.{field.name}"
        if isinstance(node, OneOf):
            return subject, f"at in {self._give('words', frozenset(node.words))}"
        assert isinstance(node, Compare), "nothing else has a field here"
        constant = self._constant(node.right)
        if constant is None:
            return None
        if isinstance(value, DayOf):
            self._days.add(constant)
        day = f" - at % {DAY}" if isinstance(value, DayOf) else ""
        return subject, f"at{day} {_OPERATORS.get(node.op, node.op)} {constant}"

    def _value(self, value: Value, name: str, depth: int) -> Generator[str, None, str]:
        """Lines that set ``name`` to a value; the name that then has it, which may be another's of the same value."""
        constant = self._constant(value)
        if constant is not None:
            return constant
        if not isinstance(value, Field | DayOf | Shift):
            yield f"{'    ' * depth}{name} = {self._give('function', self._compiler.fn(value))}(run, this, other)"
            return name
        of = owners(value)
        if not of or self._each in of:
            yield from self._time(value, name, depth)
            return name
        number = self._compiler.number(value)
        if number not in self._known:
            self._known[number] = name
            self._before += self._time(value, name, 1)
        return self._known[number]

    def _time(self, value: Value, name: str, depth: int) -> Iterator[str]:
        """Lines that set ``name`` to a field of an event, its day, or what is so far from it."""
        margin = "    " * depth
        if isinstance(value, Field):
            yield f"{margin}{name} = {value.of}.{value.name}"
        elif isinstance(value, DayOf):
            yield from self._time(value.value, name, depth)
            yield f"{margin}if {name} is not None and {BEGINNING} < {name} < {FOREVER}:"
            yield f"{margin}    {name} -= {name} % {DAY}"
        elif isinstance(value, Shift):
            yield from self._time(value.value, name, depth)
            yield f"{margin}if {name} is not None:"
            yield f"{margin}    {name} = shift({name}, {value.amount}, {value.unit!r})"
        else:
            yield f"{margin}{name} = {self._give('function', self._compiler.fn(value))}(run, this, other)"

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
