"""The evaluator's closures for event sets.

A set is its certain members, its uncertain ones and whether it is open. In strict mode the last two stay empty,
because what is unknown is dropped where it arises, as CQL does; the rest is the same for all modes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from smartapp.criteria.compiling import Builder, Compiler, Fn, Run
from smartapp.criteria.indexing import EMPTY, Members, members
from smartapp.criteria.joins import join
from smartapp.criteria.nodes import (
    DefineSet,
    Events,
    Node,
    Pick,
    Union,
    Where,
    With,
    WithLast,
)
from smartapp.criteria.sieves import Sieve, Sifted, sieve_of
from smartapp.facts.events import Event


def _events(c: Compiler, node: Events) -> Fn:
    number = c.number(node)
    return lambda run, _this, _other: run.leaves.get(number, EMPTY)


def _where(c: Compiler, node: Where) -> Fn:
    events, sieve, number = c.fn(node.events), sieve_of(c, node.condition), c.number(node.condition)
    strict = c.strict

    def where(run: Run, _this: Event | None, _other: Event | None) -> Members:
        found: Members = events(run, None, None)
        if found is EMPTY:
            return EMPTY
        holds, possible = sifted(run, number, sieve, found.sure)
        if strict:
            possible = ()
        if found.unsure:
            holds_too, unknown_too = sifted(run, number, sieve, found.unsure)
            possible += holds_too + unknown_too
        return Members(holds, possible, found.open) if holds or possible or found.open else EMPTY

    return where


def sifted(run: Run, number: int, sieve: Sieve, events: tuple[Event, ...]) -> Sifted:
    """Sift events by the condition with this number, which speaks of ``this`` alone.

    The answer is kept for the same tuple of events: several sets of the same status and period are cut out of the same
    uncertain events, and of the tuple that comes out more sets still. (Half of the time of a chart whose codes the
    value sets lack.)
    """
    if not events:
        return NOTHING
    key = (number, id(events))
    known = run.sifted.get(key)
    if known is None:
        # The events are kept with the answer, so that their tuple's id stays its own.
        known = run.sifted[key] = (events, sieve.sift(run, events))
    return known[1]


NOTHING: Sifted = ((), ())


def _union(c: Compiler, node: Union) -> Fn:
    sets = tuple(c.fn(one) for one in node.sets)

    def union(run: Run, _this: Event | None, _other: Event | None) -> Members:
        found: list[Members] = [one for part in sets if (one := part(run, None, None)) is not EMPTY]
        if not found:
            return EMPTY
        if len(found) == 1:
            return found[0]
        sure = {id(event): event for one in found for event in one.sure}
        unsure = {id(event): event for one in found for event in one.unsure if id(event) not in sure}
        return members(sure.values(), unsure.values(), any(one.open for one in found))

    return union


def _with(c: Compiler, node: With) -> Fn:
    events, others, fits_among = c.fn(node.events), c.fn(node.other), join(c, node.on)
    strict, negated = c.strict, node.negated

    def with_(run: Run, _this: Event | None, _other: Event | None) -> Members:
        found: Members = events(run, None, None)
        if found is EMPTY:
            return EMPTY
        fitting: Members = others(run, None, None)
        if fitting is EMPTY:
            return found if negated else EMPTY_BUT[found.open]
        fits_one = fits_among(run, fitting)
        sure: list[Event] = []
        unsure: list[Event] = []
        for certain, group in ((True, found.sure), (False, found.unsure)):
            for event in group:
                fits = fits_one(event)
                if fits is None and not strict:
                    unsure.append(event)
                elif (fits is True) is not negated:
                    (sure if certain else unsure).append(event)
        return members(sure, unsure, found.open)

    return with_


EMPTY_BUT = {False: EMPTY, True: Members((), (), True)}
"""No member that is seen; open or not."""


def _pick(c: Compiler, node: Pick) -> Fn:
    events, by = c.fn(node.events), c.fn(node.by)
    strict, newest, one = c.strict, node.newest, node.ties == "one"

    def pick(run: Run, _this: Event | None, _other: Event | None) -> Members:
        found: Members = events(run, None, None)
        if found is EMPTY:
            return EMPTY
        return pick_from(found, lambda event: by(run, event, None), newest=newest, one=one, strict=strict)

    return pick


def pick_from(found: Members, by: Callable[[Event], Any], *, newest: bool, one: bool, strict: bool) -> Members:
    """The last (or first) of a set by a key.

    The winner is the best of the certain members whose key is known. An event that may be a member and may beat it
    (an uncertain one with a better key, or any whose key is unknown) makes both uncertain; so does a set that is open.
    """
    keyed = [(key, event) for event in found.sure if (key := by(event)) is not None]
    best = (max if newest else min)((key for key, _ in keyed), default=None)
    winners = [event for key, event in keyed if key == best]
    if one and winners:
        winners = [max(winners, key=_tie)]
    if strict:
        return members(winners, (), False)
    doubtful = [(None, event) for event in found.sure if by(event) is None]
    doubtful += [(by(event), event) for event in found.unsure]
    rivals, unsettled = [], found.open
    for key, event in doubtful:
        if key is None or best is None or (key > best if newest else key < best):
            beats = True
        elif key != best:
            continue
        elif one:
            beats = _tie(event) > _tie(winners[0])
            if not beats:
                continue
        else:
            beats = False  # it would share the place
        rivals.append(event)
        unsettled = unsettled or beats
    return members((), winners + rivals, found.open) if unsettled else members(winners, rivals, False)


def _tie(event: Event) -> tuple[str, str]:
    return event.id, event.kind


def _with_last(c: Compiler, node: WithLast) -> Fn:
    events, others, on, by, then = (c.fn(part) for part in (node.events, node.other, node.on, node.by, node.then))
    strict = c.strict

    def passes(run: Run, event: Event, candidates: Members) -> bool | None:
        sure: list[Event] = []
        unsure: list[Event] = []
        for other in candidates.sure:
            truth = on(run, event, other)
            if truth:
                sure.append(other)
            elif truth is None and not strict:
                unsure.append(other)
        unsure += [other for other in candidates.unsure if on(run, event, other) is not False]
        matching = members(sure, unsure, candidates.open)
        last = pick_from(matching, lambda other: by(run, event, other), newest=True, one=True, strict=strict)
        certain = [then(run, event, other) for other in last.sure]
        if True in certain:
            return True
        doubtful = last.open or None in certain or any(then(run, event, o) is not False for o in last.unsure)
        return None if doubtful else False

    def with_last(run: Run, _this: Event | None, _other: Event | None) -> Members:
        found: Members = events(run, None, None)
        if found is EMPTY:
            return EMPTY
        candidates: Members = others(run, None, None)
        sure: list[Event] = []
        unsure: list[Event] = []
        for certain, group in ((True, found.sure), (False, found.unsure)):
            for event in group:
                truth = passes(run, event, candidates)
                if truth:
                    (sure if certain else unsure).append(event)
                elif truth is None and not strict:
                    unsure.append(event)
        return members(sure, unsure, found.open)

    return with_last


def _define_set(c: Compiler, node: DefineSet) -> Fn:
    return c.fn(node.events)


SETS: Mapping[type[Node], Builder] = {
    Events: _events,
    Where: _where,
    Union: _union,
    With: _with,
    Pick: _pick,
    WithLast: _with_last,
    DefineSet: _define_set,
}


def certain(found: Iterable[Members]) -> tuple[Event, ...]:
    """The certain members of several sets, each event once."""
    return tuple({id(event): event for one in found for event in one.sure}.values())
