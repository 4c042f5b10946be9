"""Conditions: true, false or unknown, of an event in scope or of the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from typing import Literal as OneOfThese

from smartapp.criteria.fields import Type
from smartapp.criteria.nodes.base import (
    Codes,
    Comparison,
    Condition,
    EventSet,
    Owner,
    Value,
    require,
    require_order,
    require_slot,
)
from smartapp.criteria.nodes.values import Field
from smartapp.criteria.tree import check_scope
from smartapp.facts.codes import SLOTS


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
        require(self.right, self.left.type, "compared")
        if self.op not in ("=", "!="):
            require_order(self.left, f"compared by {self.op}")


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """Three-valued: unknown where the value is."""

    value: Value
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        require(self.value, Type.TEXT, "looked up in a list of words")


@dataclass(frozen=True, slots=True)
class Flag(Condition):
    """A yes/no field of the event; always known."""

    field: Field

    def __post_init__(self) -> None:
        require(self.field, Type.FLAG, "used as a condition")


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
        require_slot(self.slot, SLOTS)


@dataclass(frozen=True, slots=True)
class PatientHas(Condition):
    """The patient's race, ethnicity or language is one of ``codes``; unknown where none is recorded."""

    slot: OneOfThese["race", "ethnicity", "language"]
    codes: Codes

    def __post_init__(self) -> None:
        require_slot(self.slot, ("race", "ethnicity", "language"))


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
