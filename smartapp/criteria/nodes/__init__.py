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

# base comes first: the others derive from its classes.
from smartapp.criteria.nodes.base import (
    Codes,
    Comparison,
    Condition,
    DirectCode,
    EventSet,
    Owner,
    Unit,
    Value,
    ValueSet,
)
from smartapp.criteria.nodes.conditions import (
    Always,
    And,
    AtLeast,
    Compare,
    Define,
    Exists,
    Flag,
    Has,
    IsKnown,
    Not,
    OneOf,
    Or,
    PatientHas,
    Quantity,
    Refines,
)
from smartapp.criteria.nodes.sets import DefineSet, Events, Pick, Union, Where, With, WithLast
from smartapp.criteria.nodes.values import Age, Anchor, DayOf, Edge, Field, If, Literal, PatientField, Shift, Total
from smartapp.criteria.tree import Node

__all__ = [
    "Age",
    "Always",
    "Anchor",
    "And",
    "AtLeast",
    "Codes",
    "Compare",
    "Comparison",
    "Condition",
    "DayOf",
    "Define",
    "DefineSet",
    "DirectCode",
    "Edge",
    "EventSet",
    "Events",
    "Exists",
    "Field",
    "Flag",
    "Has",
    "If",
    "IsKnown",
    "Literal",
    "Node",
    "Not",
    "OneOf",
    "Or",
    "Owner",
    "PatientField",
    "PatientHas",
    "Pick",
    "Quantity",
    "Refines",
    "Shift",
    "Total",
    "Union",
    "Unit",
    "Value",
    "ValueSet",
    "Where",
    "With",
    "WithLast",
]
