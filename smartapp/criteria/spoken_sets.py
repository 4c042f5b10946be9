"""Sets of events in plain words: what they are, what narrows them, which of them is meant."""

from __future__ import annotations

from smartapp.criteria.fields import Type
from smartapp.criteria.nodes import (
    And,
    Condition,
    DayOf,
    DefineSet,
    Events,
    EventSet,
    Pick,
    Union,
    Where,
    With,
    WithLast,
)
from smartapp.criteria.nouns import codes_name, either, kinds_name, with_article
from smartapp.criteria.phrases import conjuncts, one_event, two_events
from smartapp.criteria.spoken import SETS, all_of, is_long, many, say_part, set_phrase, whole
from smartapp.criteria.spoken_values import bare, best_of


def narrowed(node: EventSet, *, plural: bool = False) -> tuple[str, EventSet]:
    """What a set is narrowed by, from the inside out and as one list, and the set that it narrows."""
    conditions: list[Condition] = []
    while isinstance(node, Where):
        conditions[:0] = conjuncts(node.condition)
        node = node.events
    one = isinstance(node, Pick) and node.ties == "one"
    return all_of(conditions, one_event(node, plural=plural and not one)), node


def _where(node: Where, plural: bool) -> str:
    conditions, events = narrowed(node, plural=plural)
    return f"{inner_phrase(events, plural)}{such(conditions)}"


def such(conditions: str) -> str:
    """What narrows a set, behind its name."""
    return f" where {conditions}" if conditions else ""


def inner_phrase(events: EventSet, plural: bool) -> str:
    """A set within another phrase."""
    text = set_phrase(events, plural=plural)
    return f"({text})" if isinstance(events, Union) or " for which " in text else text


def _union(node: Union, plural: bool) -> str:
    parts = [set_phrase(one, plural=plural) for one in node.sets]
    return either([f"({part})" if is_long(part) else part for part in parts])


def _named(node: DefineSet, plural: bool) -> str:
    return f"{kinds_name(tuple(sorted(node.kinds)), plural=plural)} of “{node.name}”"


def _events(node: Events, plural: bool) -> str:
    name = kinds_name(node.types, plural=plural)
    return name if node.codes is None else f"{name} with {codes_name(node.codes)}"


def _with(node: With, plural: bool) -> str:
    there = (
        "there is no " + set_phrase(node.other) if node.negated else "there is " + with_article(set_phrase(node.other))
    )
    such_that = "" if node.on == And(()) else f" such that {say_part(node.on, two_events(node.events, node.other))}"
    return f"{whole(node.events, plural)} for which {there}{such_that}"


def _pick(node: Pick, _: bool) -> str:
    if node.ties == "all":
        return tied(node)
    best = best_of(node.by.type is Type.TIME, node.newest)
    return f"the {best} (by {bare(node.by, node.events)}) of {many(node.events)}"


def tied(node: Pick) -> str:
    """The events that share the last day, or the highest value."""
    best, by = best_of(node.by.type is Type.TIME, node.newest), node.by
    if isinstance(by, DayOf):
        return f"{many(node.events)} on the {best} day (by {bare(by.value, node.events)})"
    return f"{many(node.events)} that share the {best} {bare(by, node.events)}"


def _with_last(node: WithLast, plural: bool) -> str:
    both = two_events(node.events, node.other)
    return (
        f"{whole(node.events, plural)} for which, of {many(node.other)} such that {say_part(node.on, both)}, "
        f"the last (by {say_part(node.by, both)}) is one where {say_part(node.then, both)}"
    )


SETS.update(
    {
        Events: _events,
        Where: _where,
        Union: _union,
        With: _with,
        Pick: _pick,
        WithLast: _with_last,
        DefineSet: _named,
    }
)
