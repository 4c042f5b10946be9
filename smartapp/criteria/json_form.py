"""Rules as JSON, for the audit, for other programs and for groups that a practice writes itself.

Each node is an object with ``node`` (its class) and its fields; a value set is ``{"value_set": url, "name": …}``, a
single code ``{"system": …, "code": …, "name": …}``. Reading gives a rule equal to the one that was written.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

from smartapp.criteria import nodes
from smartapp.criteria.nodes import Condition, DirectCode, EventSet, Node, Value, ValueSet
from smartapp.criteria.tree import field_names
from smartapp.errors import CriteriaError

NODES: Mapping[str, type[Node]] = {
    name: kind
    for name, kind in vars(nodes).items()
    if isinstance(kind, type) and issubclass(kind, Node) and kind not in (Node, Value, Condition, EventSet)
}
"""All nodes of the language by name."""


def to_json(node: Node) -> dict[str, Any]:
    """The rule as JSON values (dictionaries, lists, words, numbers)."""
    return {"node": type(node).__name__, **{name: _out(getattr(node, name)) for name in field_names(type(node))}}


def _out(part: Any) -> Any:
    if isinstance(part, Node):
        return to_json(part)
    if isinstance(part, ValueSet):
        return {"value_set": part.url, "name": part.name}
    if isinstance(part, DirectCode):
        return {"system": part.system, "code": part.code, "name": part.name}
    return [_out(one) for one in part] if isinstance(part, tuple) else part


def from_json(content: Any) -> Node:
    """The rule that JSON values stand for.

    Raises :class:`CriteriaError` (``criteria.json``) for what is no rule, and what the nodes themselves raise for one
    that is wrong (a field that the events do not carry, values that cannot be compared).
    """
    if not isinstance(content, dict):
        raise _wrong("a rule is an object")
    kind = NODES.get(str(content.get("node")))
    if kind is None:
        raise _wrong(f"there is no node {content.get('node')!r}")
    names = field_names(kind)
    if set(content) != {"node", *names}:
        raise _wrong(f"{kind.__name__} has the fields {', '.join(names)}")
    hints = typing.get_type_hints(kind)
    return kind(*(_in(content[name], hints[name], f"{kind.__name__}.{name}") for name in names))


def _in(part: Any, wanted: Any, where: str) -> Any:
    """A field's value from JSON, checked against its annotation."""
    origin, options = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is typing.Literal:
        if part in options:
            return part
        raise _wrong(f"{where} is one of {', '.join(map(str, options))}")
    if origin is tuple and isinstance(part, list):
        return tuple(_in(one, options[0], where) for one in part)
    if origin in (types.UnionType, typing.Union):
        return _choose(part, options, where)
    if isinstance(wanted, type):
        if issubclass(wanted, Node):
            made = from_json(part)
            if isinstance(made, wanted):
                return made
        elif _is(part, wanted):
            return part
    raise _wrong(f"{where} is not right")


def _choose(part: Any, options: tuple[Any, ...], where: str) -> Any:
    if options == (ValueSet, DirectCode):
        return _code(part, where)
    if part is None and type(None) in options:
        return None
    rest = [one for one in options if one is not type(None)]
    plain = [one for one in rest if isinstance(one, type) and not issubclass(one, Node)]
    if any(_is(part, one) for one in plain):
        return part
    return _in(part, rest[0], where)


def _is(part: Any, wanted: type) -> bool:
    """Whether a JSON value is of a plain type. A number may be written without a fraction; true is no number."""
    if wanted is float:
        return isinstance(part, int | float) and not isinstance(part, bool)
    return type(part) is wanted


def _code(part: Any, where: str) -> ValueSet | DirectCode:
    if isinstance(part, dict) and all(isinstance(one, str) for one in part.values()):
        if part.keys() == {"value_set", "name"}:
            return ValueSet(part["value_set"], part["name"])
        if part.keys() == {"system", "code", "name"}:
            return DirectCode(part["system"], part["code"], part["name"])
    raise _wrong(f"{where} holds value sets and codes")


def _wrong(what: str) -> CriteriaError:
    return CriteriaError("criteria.json", f"This is not a rule: {what}.")
