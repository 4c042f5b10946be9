"""Which columns of its events each set has to carry for those that use it."""

from __future__ import annotations

from smartapp.criteria.nodes import (
    AtLeast,
    DefineSet,
    Edge,
    Has,
    Node,
    Pick,
    Quantity,
    Total,
    Union,
    Where,
    With,
    WithLast,
)
from smartapp.criteria.plan import Plan
from smartapp.criteria.sql.layout import EVENT_COLUMNS, WORK_COLUMNS
from smartapp.criteria.tree import loose

_TIE = frozenset({"id", "kind"})


def needed_columns(plan: Plan) -> dict[int, tuple[str, ...]]:
    """For each set, by number, the columns that are read of it, in the order of the layout; ``p`` and ``e`` aside."""
    needs: dict[int, set[str]] = {number: set() for number in range(len(plan.nodes))}

    def add(events: Node, *columns: set[str] | frozenset[str]) -> None:
        needs[plan.number(events)].update(*columns)

    for number in reversed(range(len(plan.nodes))):  # parents come after their children
        node, own = plan.nodes[number], needs[number]
        if isinstance(node, Where):
            add(node.events, own, _read(node.condition, "this"))
        elif isinstance(node, DefineSet):
            add(node.events, own)
        elif isinstance(node, Union):
            for one in node.sets:
                add(one, own)
        elif isinstance(node, Pick):
            add(node.events, own, _read(node.by, "this"), _TIE)
        elif isinstance(node, With):
            add(node.events, own, _read(node.on, "this"))
            add(node.other, _read(node.on, "other"))
        elif isinstance(node, WithLast):
            for part in (node.on, node.by, node.then):
                add(node.events, own, _read(part, "this"))
                add(node.other, _read(part, "other"), _TIE)
        elif isinstance(node, AtLeast) and node.per is not None:
            add(node.events, _read(node.per, "this"))
        elif isinstance(node, Edge | Total):
            add(node.events, _read(node.field, "this"))
    return {number: tuple(one for one in WORK_COLUMNS if one in found) for number, found in needs.items()}


def _read(part: Node, of: str) -> set[str]:
    """The columns of one of the events in scope that a condition or value reads."""
    columns: set[str] = set()
    for one in loose(part):
        if one.of != of:  # type: ignore[attr-defined]
            continue
        if isinstance(one, Has):
            columns.add("cls")
        elif isinstance(one, Quantity):
            columns |= {"value_kind", "unit", "number"}
        else:
            columns.add(EVENT_COLUMNS[one.name][0])  # type: ignore[attr-defined]
    return columns
