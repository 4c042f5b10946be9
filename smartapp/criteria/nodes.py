"""The criteria language: frozen, typed nodes over a patient's facts.

Three sorts of node: a :class:`Value` (a time, a number, a word), a :class:`Condition` (true, false or
unknown) and an :class:`EventSet`. Everything else in the app is derived from these trees: the Python
evaluator, the SQL, the searches, the scopes, the page's text. Nodes compare by structure, which gives both
compilers their common sub-expressions. Rules are written with :mod:`smartapp.criteria.words`.

Semantics (both engines, both modes) are stated in ``docs/criteria.md`` and held by ``tests/spec``:
Kleene logic inside conditions; in strict mode every ``where`` and ``exists`` drops what is unknown, as
CQL does; in Kleene mode an event whose membership is unknown stays as *uncertain*, and a set that was not
wholly read is *open*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from typing import Literal as OneOfThese

from smartapp.criteria.fields import Type, field_spec
from smartapp.criteria.tree import Node, check_scope
from smartapp.errors import CriteriaError
from smartapp.facts.codes import SLOTS

__all__ = ["Node"]  # and every class below; named for those who import it from here

Comparison = OneOfThese["<", "<=", "=", "!=", ">=", ">"]
Unit = OneOfThese["year", "month", "week", "day", "hour", "minute", "second", "millisecond"]
Owner = OneOfThese["this", "other"]


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A published value set, by canonical URL; its codes are data (:mod:`smartapp.criteria.valuesets`)."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class DirectCode:
    """A single code that a measure names directly."""

    system: str
    code: str
    name: str


Codes = tuple[ValueSet | DirectCode, ...]


# --- values -----------------------------------------------------------------------------------------


class Value(Node):
    """Something that has a type and, for a given patient and event, a value or is unknown."""

    __slots__ = ()

    @property
    def type(self) -> Type:
        raise NotImplementedError

    # A rule is read aloud by a clinician: words, not operators.
    def before(self, other: Value) -> Condition:
        return Compare("<", self, other)

    def after(self, other: Value) -> Condition:
        return Compare(">", self, other)

    def on_or_before(self, other: Value) -> Condition:
        return Compare("<=", self, other)

    def on_or_after(self, other: Value) -> Condition:
        return Compare(">=", self, other)

    def same_as(self, other: Value) -> Condition:
        """Three-valued equality (CQL ``=``)."""
        return Compare("=", self, other)

    def at_least(self, number: float) -> Condition:
        return Compare(">=", self, Literal(number))

    def at_most(self, number: float) -> Condition:
        return Compare("<=", self, Literal(number))

    def more_than(self, number: float) -> Condition:
        return Compare(">", self, Literal(number))

    def less_than(self, number: float) -> Condition:
        return Compare("<", self, Literal(number))

    def is_(self, word: str) -> Condition:
        """Three-valued: unknown where the value is."""
        return OneOf(self, (word,))

    def is_in(self, *words: str) -> Condition:
        """Three-valued: unknown where the value is."""
        return OneOf(self, words)

    def is_like(self, *words: str) -> Condition:
        """Two-valued (CQL ``~``): a value that is missing is not like anything."""
        return And((IsKnown(self), OneOf(self, words)))

    @property
    def is_known(self) -> Condition:
        return IsKnown(self)

    @property
    def day(self) -> Value:
        """The UTC day that the time falls in ("day of" in a published rule)."""
        return DayOf(self)

    def plus(self, amount: int, unit: Unit) -> Value:
        return Shift(self, amount, unit)

    def minus(self, amount: int, unit: Unit) -> Value:
        return Shift(self, -amount, unit)


@dataclass(frozen=True, slots=True)
class Field(Value):
    """A field of this event, or of the other event in a join. ``reference`` is the event's own ``Type/id``."""

    name: str
    of: Owner = "this"

    def __post_init__(self) -> None:
        field_spec(self.name)

    @property
    def type(self) -> Type:
        return field_spec(self.name).type

    @property
    def carried_by(self) -> str:
        """The field whose kinds an event must be of."""
        return self.name


@dataclass(frozen=True, slots=True)
class Literal(Value):
    value: str | float

    @property
    def type(self) -> Type:
        return Type.TEXT if isinstance(self.value, str) else Type.NUMBER


@dataclass(frozen=True, slots=True)
class Anchor(Value):
    """A time that is given from outside, or the patient's birth.

    ``period-start`` and ``period-end`` are the first and last instant of the measurement period, ``as-of`` the
    last instant of the day of evaluation, ``birth`` the first instant of the birth date (unknown where the
    recorded date is partial).
    """

    name: OneOfThese["period-start", "period-end", "as-of", "birth"]

    @property
    def type(self) -> Type:
        return Type.TIME


@dataclass(frozen=True, slots=True)
class Shift(Value):
    """A time moved by calendar units; see :func:`smartapp.facts.instants.shift`."""

    value: Value
    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        _require(self.value, Type.TIME, "shifted")

    @property
    def type(self) -> Type:
        return Type.TIME


@dataclass(frozen=True, slots=True)
class DayOf(Value):
    value: Value

    def __post_init__(self) -> None:
        _require(self.value, Type.TIME, "truncated to its day")

    @property
    def type(self) -> Type:
        return Type.TIME


@dataclass(frozen=True, slots=True)
class Age(Value):
    """The patient's age in completed years on the UTC day of ``at``, by comparing birth dates.

    Born on 29 February: the birthday in a common year is 1 March. A partial birth date gives an age only
    where every day that it allows gives the same one; else the age is unknown.
    """

    at: Value

    def __post_init__(self) -> None:
        _require(self.at, Type.TIME, "used for an age")

    @property
    def type(self) -> Type:
        return Type.NUMBER


@dataclass(frozen=True, slots=True)
class PatientField(Value):
    """``sex`` (us-core-sex), ``gender`` (administrative) or ``deceased``, the time of death (unknown while alive)."""

    name: OneOfThese["sex", "gender", "deceased"]

    @property
    def type(self) -> Type:
        return Type.TIME if self.name == "deceased" else Type.TEXT


@dataclass(frozen=True, slots=True)
class Edge(Value):
    """The lowest or highest known value of a field in an event set; unknown where the set has none.

    Kleene: unknown too where the set is open, or an uncertain member would change the answer.
    """

    opens_scope: ClassVar[bool] = True

    events: EventSet
    field: Field
    highest: bool

    def __post_init__(self) -> None:
        check_scope(self.field, self.events.kinds)
        _require_order(self.field, "compared for the lowest")

    @property
    def type(self) -> Type:
        return self.field.type


@dataclass(frozen=True, slots=True)
class Total(Value):
    """The sum of a number over an event set; 0 for an empty one, unknown where a member's is unknown."""

    opens_scope: ClassVar[bool] = True

    events: EventSet
    field: Field

    def __post_init__(self) -> None:
        check_scope(self.field, self.events.kinds)
        _require(self.field, Type.NUMBER, "added up")

    @property
    def type(self) -> Type:
        return Type.NUMBER


@dataclass(frozen=True, slots=True)
class If(Value):
    """``then`` where the condition is true, else ``otherwise`` (also where it is unknown, as in CQL)."""

    condition: Condition
    then: Value
    otherwise: Value

    def __post_init__(self) -> None:
        _require(self.otherwise, self.then.type, "the other branch")

    @property
    def type(self) -> Type:
        return self.then.type


# --- conditions -------------------------------------------------------------------------------------


class Condition(Node):
    """True, false or unknown."""

    __slots__ = ()

    def __and__(self, other: Condition) -> Condition:
        return And((*_parts(And, self), *_parts(And, other)))

    def __or__(self, other: Condition) -> Condition:
        return Or((*_parts(Or, self), *_parts(Or, other)))

    def __invert__(self) -> Condition:
        return self.part if isinstance(self, Not) else Not(self)


@dataclass(frozen=True, slots=True)
class Always(Condition):
    """True, or false, for everybody."""

    value: bool = True


@dataclass(frozen=True, slots=True)
class Compare(Condition):
    """Three-valued: unknown where either side is."""

    op: Comparison
    left: Value
    right: Value

    def __post_init__(self) -> None:
        _require(self.right, self.left.type, "compared")
        if self.op not in ("=", "!="):
            _require_order(self.left, f"compared by {self.op}")


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """Three-valued: unknown where the value is."""

    value: Value
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        _require(self.value, Type.TEXT, "looked up in a list of words")


@dataclass(frozen=True, slots=True)
class Flag(Condition):
    """A yes/no field of the event; always known."""

    field: Field

    def __post_init__(self) -> None:
        _require(self.field, Type.FLAG, "used as a condition")


@dataclass(frozen=True, slots=True)
class IsKnown(Condition):
    """Two-valued. For ever counts as known."""

    value: Value


@dataclass(frozen=True, slots=True)
class And(Condition):
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or(Condition):
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Condition):
    part: Condition


@dataclass(frozen=True, slots=True)
class Has(Condition):
    """The event has one of ``codes`` in a slot (``SLOTS``); two-valued but for value sets that lack a system."""

    slot: str
    codes: Codes
    of: Owner = "this"

    def __post_init__(self) -> None:
        _require_slot(self.slot, SLOTS)


@dataclass(frozen=True, slots=True)
class PatientHas(Condition):
    """The patient's race, ethnicity or language is one of ``codes``; unknown where none is recorded."""

    slot: OneOfThese["race", "ethnicity", "language"]
    codes: Codes

    def __post_init__(self) -> None:
        _require_slot(self.slot, ("race", "ethnicity", "language"))


@dataclass(frozen=True, slots=True)
class Quantity(Condition):
    """The event's value compared with a quantity. Another unit, or a value that is no quantity, is unknown."""

    op: Comparison
    number: float
    unit: str
    of: Owner = "this"

    @property
    def carried_by(self) -> str:
        """The field whose kinds an event must be of."""
        return "number"


@dataclass(frozen=True, slots=True)
class Exists(Condition):
    """There is an event in the set. Kleene: unknown where it is uncertain or the set is open."""

    opens_scope: ClassVar[bool] = True

    events: EventSet


@dataclass(frozen=True, slots=True)
class AtLeast(Condition):
    """The set has at least ``n`` events, or at least ``n`` different known values of ``per``."""

    opens_scope: ClassVar[bool] = True

    events: EventSet
    n: int
    per: Value | None = None

    def __post_init__(self) -> None:
        if self.per is not None:
            check_scope(self.per, self.events.kinds)


@dataclass(frozen=True, slots=True)
class Refines(Condition):
    """A condition whose data only refine the answer.

    Strict mode: the part itself. Kleene mode: where the part is unknown it counts as false, and the answer
    carries the caveat ``name``, said on the page. What it reads is asked for as *refining*, not essential.
    """

    name: str
    part: Condition


@dataclass(frozen=True, slots=True)
class Define(Condition):
    """A condition with the name and the sentence that the published measure gives it."""

    name: str
    sentence: str
    part: Condition


# --- event sets -------------------------------------------------------------------------------------


class EventSet(Node):
    """Some of the patient's events; each certain or, in Kleene mode, uncertain."""

    __slots__ = ()

    opens_scope: ClassVar[bool] = True

    @property
    def kinds(self) -> frozenset[str]:
        """The FHIR types that its events may have."""
        raise NotImplementedError

    def where(self, *conditions: Condition) -> EventSet:
        """Those for which all conditions hold."""
        return Where(self, conditions[0] if len(conditions) == 1 else And(conditions))

    def with_(self, other: EventSet, *on: Condition) -> EventSet:
        """Those for which there is an event of ``other`` that fits (CQL ``with … such that``)."""
        return With(self, other, on[0] if len(on) == 1 else And(on), negated=False)

    def without(self, other: EventSet, *on: Condition) -> EventSet:
        """Those for which there is no event of ``other`` that fits (CQL ``without``)."""
        return With(self, other, on[0] if len(on) == 1 else And(on), negated=True)

    def last(self, by: Value) -> EventSet:
        """The latest one; of several at the same time the one with the greatest id."""
        return Pick(self, by, newest=True, ties="one")

    def first(self, by: Value) -> EventSet:
        return Pick(self, by, newest=False, ties="one")

    def on_the_last(self, by: Value) -> EventSet:
        """All that share the latest value of ``by`` (the most recent day)."""
        return Pick(self, by, newest=True, ties="all")

    def exist(self) -> Condition:
        return Exists(self)

    def at_least(self, n: int, per: Value | None = None) -> Condition:
        return AtLeast(self, n, per)

    def lowest(self, field: Field) -> Value:
        return Edge(self, field, highest=False)

    def highest(self, field: Field) -> Value:
        return Edge(self, field, highest=True)

    def total(self, field: Field) -> Value:
        return Total(self, field)

    def __or__(self, other: EventSet) -> EventSet:
        return Union((*_sets(self), *_sets(other)))


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
        _require_order(self.by, "used to pick the last")

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
        _require_order(self.by, "used to pick the last")

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


def _require(value: Value, wanted: Type, doing: str) -> None:
    if value.type is not wanted:
        raise CriteriaError("criteria.type", f"A {value.type} value cannot be {doing} where a {wanted} is needed.")


def _require_order(value: Value, doing: str) -> None:
    if value.type not in (Type.TIME, Type.NUMBER):
        raise CriteriaError("criteria.type", f"A {value.type} value cannot be {doing}: it has no order.")


def _require_slot(slot: str, slots: tuple[str, ...]) -> None:
    if slot not in slots:
        raise CriteriaError("criteria.unknown-slot", f"There is no slot {slot!r} with codes.")


def _parts(kind: type[And] | type[Or], condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, kind) else (condition,)


def _sets(events: EventSet) -> tuple[EventSet, ...]:
    return events.sets if isinstance(events, Union) else (events,)
