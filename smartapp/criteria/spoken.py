"""What saying a value, a condition and a set of events have in common: each is said by its type.

The three are said in terms of each other; here they meet. Who says what is entered by the module that does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from smartapp.criteria.nodes import Condition, EventSet, Node, Or, Union
from smartapp.criteria.phrases import Scope, conjuncts, if_known, turns

WORDS: dict[type[Node], Callable[[Any, Scope], str]] = {}
"""How each value and condition is said."""
SETS: dict[type[EventSet], Callable[[Any, bool], str]] = {}
"""How each set is said, of one event or of several."""


def say_part(node: Node, scope: Scope) -> str:
    """A part of a rule, where the events in scope are spoken of as ``scope`` says."""
    return set_phrase(node, plural=True) if isinstance(node, EventSet) else WORDS[type(node)](node, scope)


def clause(node: Condition, scope: Scope) -> str:
    """A condition inside another one; brackets keep what belongs together."""
    text = say_part(node, scope)
    several = len(list(conjuncts(node))) > 1
    if isinstance(node, Or) and if_known(node) is None:
        several = len(node.parts) > 1
    return f"({text})" if several or is_long(text) else text


def all_of(parts: Iterable[Condition], scope: Scope) -> str:
    """Conditions that hold together, as one list: with commas where one of them has its own."""
    found = turns(list(parts), scope, lambda value: say_part(value, scope))
    said = [part if isinstance(part, str) else clause(part, scope) for part in found]
    return (", and " if any(", " in one for one in said) else " and ").join(said)


def set_phrase(node: EventSet, *, plural: bool = False) -> str:
    """A noun phrase without article."""
    return SETS[type(node)](node, plural)


def many(node: EventSet) -> str:
    """Events that something is said of: brackets where the phrase is long."""
    return whole(node, plural=True)


def whole(node: EventSet, plural: bool) -> str:
    text = set_phrase(node, plural=plural)
    return f"({text})" if isinstance(node, Union) or is_long(text) else text


def is_long(text: str) -> bool:
    return " where " in text or " for which " in text
