"""Values: something that has a type and, for a given patient and event, a value or is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from typing import Literal as OneOfThese

from smartapp.criteria.fields import Type, field_spec
from smartapp.criteria.nodes.base import Condition, EventSet, Owner, Unit, Value, require, require_order
from smartapp.criteria.tree import check_scope


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
        require(self.value, Type.TIME, "shifted")

    @property
    def type(self) -> Type:
        return Type.TIME


@dataclass(frozen=True, slots=True)
class DayOf(Value):
    value: Value

    def __post_init__(self) -> None:
        require(self.value, Type.TIME, "truncated to its day")

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
        require(self.at, Type.TIME, "used for an age")

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
        require_order(self.field, "compared for the lowest")

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
        require(self.field, Type.NUMBER, "added up")

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
        require(self.otherwise, self.then.type, "the other branch")

    @property
    def type(self) -> Type:
        return self.then.type
