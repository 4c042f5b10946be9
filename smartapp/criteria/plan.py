"""Rules as a numbered list of distinct nodes: equal parts of several rules get one number, hence one evaluation."""

from __future__ import annotations

from collections.abc import Iterable

from smartapp.criteria.nodes import Node
from smartapp.criteria.tree import children, field_names
from smartapp.errors import CriteriaError

_Key = tuple[object, ...]


class Plan:
    """The distinct nodes of some rules, children before parents.

    ``about_patient`` says of each whether it is about the patient, and not about an event in scope.

    A node's number depends on its class, its own values and its children's numbers, so that finding equal
    trees takes time linear in their size (comparing them would not, where they share parts).
    """

    def __init__(self, rules: Iterable[Node]) -> None:
        self.nodes: list[Node] = []
        self.about_patient: list[bool] = []
        self._numbers: dict[_Key, int] = {}
        self.by_identity: dict[int, int] = {}
        """The numbers by ``id(node)``: whoever asks with a node of the rules themselves need not look it up."""
        self._kept: list[Node] = []  # all that have a number by identity, so that their ids stay their own
        for rule in rules:
            self._add(rule)

    def number(self, node: Node) -> int:
        """The number of a node, or of its equal. Raises :class:`CriteriaError` for one that is in no rule here."""
        found = self._find(node)
        if found is None:
            raise CriteriaError("criteria.not-compiled", f"This {type(node).__name__} is not part of the rules.")
        return found

    def containing(self, *kinds: type[Node]) -> frozenset[int]:
        """The numbers of the nodes that are of one of these classes, or have one beneath them."""
        found: set[int] = set()
        for number, node in enumerate(self.nodes):  # children come first
            if isinstance(node, kinds) or any(self.number(child) in found for child in children(node)):
                found.add(number)
        return frozenset(found)

    def _add(self, node: Node) -> int:
        seen = self.by_identity.get(id(node))
        if seen is not None:
            return seen
        key: _Key = (type(node), *(self._atom(getattr(node, name)) for name in field_names(type(node))))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
            inner = node.opens_scope or all(self.about_patient[self._add(child)] for child in children(node))
            self.about_patient.append(inner and not hasattr(node, "of"))
        self.by_identity[id(node)] = number
        self._kept.append(node)
        return number

    def _atom(self, part: object) -> object:
        if isinstance(part, Node):
            return self._add(part)
        if isinstance(part, tuple):
            return tuple(self._add(one) if isinstance(one, Node) else one for one in part)
        return part

    def _find(self, node: Node) -> int | None:
        seen = self.by_identity.get(id(node))
        if seen is not None:
            return seen
        parts: list[object] = []
        for name in field_names(type(node)):
            part = getattr(node, name)
            inner = part if isinstance(part, tuple) else (part,)
            numbers = tuple(self._find(one) if isinstance(one, Node) else one for one in inner)
            parts.append(numbers if isinstance(part, tuple) else numbers[0])
        return self._numbers.get((type(node), *parts))
