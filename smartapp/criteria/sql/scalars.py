"""Values and conditions as SQL expressions. NULL is unknown; SQL's AND, OR and NOT are Kleene's.

A :class:`Scope` is where an expression stands: the events that it may name, and how it gets what was worked out for
the patient as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smartapp.criteria.compiling import Mode
from smartapp.criteria.constants import is_constant
from smartapp.criteria.fields import Type
from smartapp.criteria.nodes import (
    Age,
    Always,
    Anchor,
    And,
    AtLeast,
    Compare,
    Condition,
    DayOf,
    Define,
    Edge,
    EventSet,
    Exists,
    Field,
    Flag,
    Has,
    If,
    IsKnown,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
    PatientField,
    PatientHas,
    Quantity,
    Refines,
    Shift,
    Total,
    Value,
)
from smartapp.criteria.sql.compiler import Context, in_list
from smartapp.criteria.sql.layout import EVENT_COLUMNS, REFERENCES, text_number
from smartapp.criteria.tree import children
from smartapp.criteria.units import spellings
from smartapp.errors import CriteriaError
from smartapp.facts.instants import DAY, day_of, is_finite, truncate_to_day

_MADE_OF_SETS = (And, Or, Not, Define, Refines, Always, Exists, AtLeast)
_ALIAS = {"this": "t", "other": "o"}
_MILLIS = {"week": 7 * DAY, "day": DAY, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}


class Scope:
    """Where an expression stands. ``asks`` gives the expression of a question about a set, of the patient.

    ``of_birth`` gives another expression for a time that follows from the birth, ``apart`` one for a condition that is
    neither a question about a set nor made of such, ``of_age`` one for an age on a given day.
    """

    def __init__(
        self,
        context: Context,
        mode: Mode,
        asks: Callable[[Node, Mode], str],
        *,
        of_birth: Callable[[str], str] | None = None,
        apart: Callable[[Condition], str] | None = None,
        of_age: Callable[[str], str] | None = None,
    ) -> None:
        self.c = context
        self.mode = mode
        self.needs_person = False
        self._asks = asks
        self._of_birth = of_birth
        self._apart = apart
        self.of_age = of_age

    def sql(self, node: Node) -> str:
        """The expression of a value or a condition."""
        if isinstance(node, Value) and is_constant(node):
            return self.c.dialect.literal(self.c.constant(node))
        if self._of_birth is not None and isinstance(node, Shift | DayOf) and _is_of_birth(node):
            return self._of_birth(Scope(self.c, self.mode, self._asks).sql(node))
        if self._apart is not None and isinstance(node, Condition) and not isinstance(node, _MADE_OF_SETS):
            return self._apart(node)
        return _WRITERS[type(node)](self, node)

    def person(self, column: str) -> str:
        self.needs_person = True
        return f"pt.{column}"

    def ask(self, node: Node) -> str:
        return self._asks(node, self.mode)


def _is_of_birth(value: Value) -> bool:
    """Whether a time is the patient's birth, moved or cut to its day."""
    if isinstance(value, Shift | DayOf):
        return _is_of_birth(value.value)
    return isinstance(value, Anchor) and value.name == "birth"


def _field(_: Scope, node: Field) -> str:
    return f"{_ALIAS[node.of]}.{EVENT_COLUMNS[node.name][0]}"


def _birth(s: Scope, _node: Anchor) -> str:
    low, high = s.person("birth_low"), s.person("birth_high")
    return f"CASE WHEN {low} = {high} THEN {low} END"


def _shift(s: Scope, node: Shift) -> str:
    at = s.sql(node.value)
    if node.unit in _MILLIS:
        return f"({s.c.dialect.plus(at, node.amount * _MILLIS[node.unit])})"
    return f"({s.c.dialect.plus_months(at, node.amount * (12 if node.unit == 'year' else 1))})"


def _day_of(s: Scope, node: DayOf) -> str:
    return f"({s.c.dialect.day_of(s.sql(node.value))})"


def _age(s: Scope, node: Age) -> str:
    if is_constant(node.at):
        at = s.c.constant(node.at)
        assert isinstance(at, int), "a time"
        if not is_finite(at):
            return "CAST(NULL AS BIGINT)"
        ymd = _ymd(at)
    else:
        ymd = f"({s.c.dialect.ymd(s.sql(node.at))})"
    low, high = (f"floor(({ymd} - {s.person(name)}) / 1e4)" for name in ("low_ymd", "high_ymd"))
    age = f"CASE WHEN {low} = {high} THEN CAST({low} AS BIGINT) END"
    return age if s.of_age is None or not is_constant(node.at) else s.of_age(age)


def _ymd(at: int) -> str:
    day = day_of(at)
    return str(day.year * 10000 + day.month * 100 + day.day)


def _patient_field(s: Scope, node: PatientField) -> str:
    return s.person(node.name)


def _asked(s: Scope, node: Node) -> str:
    return s.ask(node)


def _if(s: Scope, node: If) -> str:
    if _is_reference(node.then) is not _is_reference(node.otherwise):
        raise CriteriaError("criteria.no-sql", "A reference and another text cannot be the branches of one value.")
    return f"CASE WHEN {s.sql(node.condition)} THEN {s.sql(node.then)} ELSE {s.sql(node.otherwise)} END"


# --- conditions -------------------------------------------------------------------------------------


def _always(_: Scope, node: Always) -> str:
    return "TRUE" if node.value else "FALSE"


def _compare(s: Scope, node: Compare) -> str:
    if isinstance(node.left, DayOf) and is_constant(node.right) and not is_constant(node.left):
        at = s.c.constant(node.right)
        if isinstance(at, int) and is_finite(at):
            return _compare_days(s.sql(node.left.value), node.op, at)
    op = "<>" if node.op == "!=" else node.op
    if node.left.type is Type.TEXT:
        left, right = _texts(s, node.left, node.right)
        return f"{left} {op} {right}"
    return f"{s.sql(node.left)} {op} {s.sql(node.right)}"


def _compare_days(at: str, op: str, bound: int) -> str:
    """The day of a time compared with a constant, without working out the day: the scan can then skip by it."""
    first = truncate_to_day(bound)
    after, rounded = first + DAY, first if first == bound else first + DAY
    if op in ("=", "!="):
        if first != bound:  # no day starts there; unknown stays unknown
            return f"({at} IS NULL AND NULL)" if op == "=" else f"({at} IS NOT NULL OR NULL)"
        inside = f"({at} >= {first} AND {at} < {after})"
        return inside if op == "=" else f"NOT {inside}"
    return {
        "<": f"{at} < {rounded}",
        "<=": f"{at} < {after}",
        ">=": f"{at} >= {rounded}",
        ">": f"{at} >= {after}",
    }[op]


def _one_of(s: Scope, node: OneOf) -> str:
    value = s.sql(node.value)
    if not node.words:
        return f"CASE WHEN {value} IS NOT NULL THEN FALSE END"
    as_number = _is_reference(node.value)
    words = (str(text_number(word)) if as_number else s.c.dialect.string(word) for word in dict.fromkeys(node.words))
    return f"{value} IN ({', '.join(words)})"


def _flag(s: Scope, node: Flag) -> str:
    return s.sql(node.field)


def _is_known(s: Scope, node: IsKnown) -> str:
    value = s.sql(node.value)
    doubts = [] if s.mode is Mode.STRICT else [s.ask(events) for events in _asked_sets(node.value)]
    if not doubts:
        return f"{value} IS NOT NULL"
    return f"CASE WHEN {value} IS NOT NULL THEN TRUE WHEN {' OR '.join(doubts)} THEN NULL ELSE FALSE END"


def _asked_sets(value: Value) -> list[EventSet]:
    """The sets that a value is worked out from."""
    if isinstance(value, Edge | Total):
        return [value.events]
    return [events for part in children(value) if isinstance(part, Value) for events in _asked_sets(part)]


def _and(s: Scope, node: And) -> str:
    return "(" + " AND ".join(f"({s.sql(part)})" for part in node.parts) + ")" if node.parts else "TRUE"


def _or(s: Scope, node: Or) -> str:
    return "(" + " OR ".join(f"({s.sql(part)})" for part in node.parts) + ")" if node.parts else "FALSE"


def _not(s: Scope, node: Not) -> str:
    return f"(NOT ({s.sql(node.part)}))"


def _has(s: Scope, node: Has) -> str:
    return _of_classes(f"{_ALIAS[node.of]}.cls", s, node)


def _patient_has(s: Scope, node: PatientHas) -> str:
    return _of_classes(s.person("cls"), s, node)


def _of_classes(column: str, s: Scope, node: Has | PatientHas) -> str:
    answers = s.c.answers(node)
    yes = in_list(column, answers.yes)
    if not answers.maybe:
        return yes
    return f"CASE WHEN {yes} THEN TRUE WHEN {in_list(column, answers.maybe)} THEN NULL ELSE FALSE END"


def _quantity(s: Scope, node: Quantity) -> str:
    alias, op = _ALIAS[node.of], "<>" if node.op == "!=" else node.op
    units = ", ".join(s.c.dialect.string(unit) for unit in spellings(node.unit))
    number = s.c.dialect.literal(node.number)
    fits = f"{alias}.value_kind = 'quantity' AND {alias}.unit IN ({units})"
    return f"CASE WHEN {fits} THEN {alias}.number {op} {number} END"


def _refines(s: Scope, node: Refines) -> str:
    part = s.sql(node.part)
    return f"(({part}) IS TRUE)" if s.mode is Mode.KLEENE else part


def _define(s: Scope, node: Define) -> str:
    return s.sql(node.part)


# --- texts ------------------------------------------------------------------------------------------


def _is_reference(value: Value) -> bool:
    if isinstance(value, If):
        return _is_reference(value.then)
    return isinstance(value, Field) and value.name in REFERENCES


def _texts(s: Scope, left: Value, right: Value) -> tuple[str, str]:
    """Two texts to compare; where one is a reference, the other becomes a number too."""
    if _is_reference(left) is _is_reference(right):
        return s.sql(left), s.sql(right)
    return _as_number(s, left), _as_number(s, right)


def _as_number(s: Scope, value: Value) -> str:
    if _is_reference(value):
        return s.sql(value)
    if isinstance(value, Literal):
        return str(text_number(str(value.value)))
    if not s.c.dialect.text_number:
        raise CriteriaError("criteria.no-sql", "A reference can be compared with a reference only.")
    return s.c.dialect.text_number.format(s.sql(value))


_WRITERS: Mapping[type[Node], Callable[[Scope, Any], str]] = {
    Field: _field,
    Anchor: _birth,
    Shift: _shift,
    DayOf: _day_of,
    Age: _age,
    PatientField: _patient_field,
    Edge: _asked,
    Total: _asked,
    If: _if,
    Always: _always,
    Compare: _compare,
    OneOf: _one_of,
    Flag: _flag,
    IsKnown: _is_known,
    And: _and,
    Or: _or,
    Not: _not,
    Has: _has,
    PatientHas: _patient_has,
    Quantity: _quantity,
    Exists: _asked,
    AtLeast: _asked,
    Refines: _refines,
    Define: _define,
}
