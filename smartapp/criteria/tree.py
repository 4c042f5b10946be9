"""What all nodes have in common: their children, the events they speak of, and the checks made as they are built.

Two events may be in scope in a condition: ``this`` and, in a join, ``other``. A set opens a scope of its own, and
so does whatever asks about a set (``exists``, ``lowest``…): nothing inside refers to an event outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import ClassVar

from smartapp.criteria.fields import field_spec
from smartapp.errors import CriteriaError


class Node:
    """Any part of a criterion.

    Nodes are keys everywhere, and a rule holds a hundred of them: each works out its hash once, from those of
    its parts (a dataclass would ask the whole tree below at each look-up).
    """

    __slots__ = ("_hash",)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__hash__ = Node.__hash__  # type: ignore[method-assign]  # a dataclass keeps the one that its class has

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            found = hash((type(self), *(getattr(self, name) for name in field_names(type(self)))))
            object.__setattr__(self, "_hash", found)
            return found

    _hash: int

    opens_scope: ClassVar[bool] = False
    """Whether events outside of the node are out of reach inside it."""


_FIELD_NAMES: dict[type[Node], tuple[str, ...]] = {}


def field_names(kind: type[Node]) -> tuple[str, ...]:
    """The names of a node's fields, in the order of its constructor."""
    names = _FIELD_NAMES.get(kind)
    if names is None:
        names = tuple(one.name for one in fields(kind))  # type: ignore[arg-type]  # every node is a dataclass
        _FIELD_NAMES[kind] = names
    return names


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside, in reading order."""
    for name in field_names(type(node)):
        part = getattr(node, name)
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            yield from (one for one in part if isinstance(one, Node))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything inside, in reading order; what is used twice comes twice."""
    yield node
    for child in children(node):
        yield from walk(child)


def loose(node: Node) -> Iterator[Node]:
    """The parts that speak of an event of the scope that the node stands in (they have ``of``)."""
    if hasattr(node, "of"):
        yield node
    elif not node.opens_scope:
        for child in children(node):
            yield from loose(child)


def owners(node: Node) -> frozenset[str]:
    """Which events of its scope the node speaks of: ``this``, ``other``; none for a fact about the patient."""
    return frozenset(str(part.of) for part in loose(node))  # type: ignore[attr-defined]


def check_scope(node: Node, this: frozenset[str], other: frozenset[str] | None = None) -> None:
    """Refuse a field that the events in scope do not carry, and an ``other`` outside of a join.

    ``this`` and ``other`` are the FHIR types that the events may have. Every one of them has to carry the field:
    on a mixed set the condition belongs on the part that does. Raises :class:`CriteriaError`.
    """
    for part in loose(node):
        if part.of == "this":  # type: ignore[attr-defined]
            kinds = this
        elif other is not None:
            kinds = other
        else:
            raise CriteriaError("criteria.no-other", "The other event can be named only inside a join.")
        name = getattr(part, "carried_by", None)
        allowed = field_spec(name).kinds if name else frozenset()
        if allowed and not kinds <= allowed:
            raise CriteriaError(
                "criteria.field-of-kind", f"{', '.join(sorted(kinds - allowed))} has no field {name!r}."
            )
