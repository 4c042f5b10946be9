"""Events sifted by a function written for the condition, against the same condition asked event by event."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.random_criteria import charts, conditions
from support.spec_tables import SET_A, VALUE_SETS, YEAR

from smartapp.criteria.evaluate import Mode, compile_rules
from smartapp.criteria.nodes import (
    Anchor,
    And,
    Compare,
    Condition,
    DayOf,
    Define,
    Edge,
    Events,
    Exists,
    Field,
    Flag,
    If,
    Literal,
    Not,
    OneOf,
    Or,
    Shift,
    Where,
    With,
)
from smartapp.criteria.nodes import Comparison as Operator
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import BEGINNING, DAY, FOREVER

LEAF = Events(("Observation",), (SET_A,))
CODES = (SlotCode("code", *next(iter(VALUE_SETS.codes(SET_A).codes))),)
OPERATORS: list[Operator] = ["<", "<=", "=", "!=", ">=", ">"]


def sifted(condition: Condition, facts: Facts, mode: Mode = Mode.KLEENE) -> tuple[list[str], list[str]]:
    """The ids of the events for which the condition holds, and for which it is unknown; checked one by one."""
    where = Where(LEAF, condition)
    program = compile_rules([Exists(where)], VALUE_SETS)
    outcome = program.run(facts, YEAR, YEAR.end, mode=mode)
    found, leaf = outcome.members(where), outcome.members(LEAF)
    ask = program.functions(mode)[program.plan.number(condition)]
    one_by_one = [(event, ask(outcome._run, event, None)) for event in leaf.sure]
    assert list(found.sure) == [event for event, truth in one_by_one if truth is True]
    if mode is Mode.KLEENE and not leaf.unsure:
        assert list(found.unsure) == [event for event, truth in one_by_one if truth is None]
    return [event.id for event in found.sure], [event.id for event in found.unsure]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(conditions((("this", frozenset({"Observation"})),)), charts(), st.sampled_from(list(Mode)))
def test_the_written_function_says_what_the_condition_says(condition: Condition, facts: Facts, mode: Mode) -> None:
    coded = tuple(
        Event(event.id, "Observation", CODES, event.status, start=event.start, end=event.end, at=event.at)
        for event in facts.events
    )
    sifted(condition, Facts("p", coded, coverage=facts.coverage), mode)


def chart(*starts: int | None) -> Facts:
    # Known by when they were recorded, so that none came too late.
    return Facts("p", tuple(Event(str(start), "Observation", CODES, start=start, at=0) for start in starts))


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("far", [0, 9000, -9000])
def test_days_compare_as_days_however_far_away(op: Operator, far: int) -> None:
    starts = [BEGINNING, YEAR.start - 1, YEAR.start, YEAR.start + 1, YEAR.start + DAY, FOREVER, None]
    bound = Shift(Anchor("period-start"), far, "year")
    holds, unknown = sifted(Compare(op, DayOf(Field("start")), bound), chart(*starts))
    limit = YEAR.start if not far else FOREVER if far > 0 else BEGINNING
    compare = {"<": int.__lt__, "<=": int.__le__, "=": int.__eq__, "!=": int.__ne__, ">=": int.__ge__, ">": int.__gt__}
    days = {at: at if abs(at) == FOREVER else at - at % DAY for at in starts if at is not None}
    assert holds == [str(at) for at, day in days.items() if compare[op](day, limit)]
    assert unknown == ["None"]


def test_parts_within_parts_and_parts_that_are_no_comparison() -> None:
    early = Compare("<", Field("start"), Anchor("period-start"))
    done = Define("Done", "", OneOf(Field("status"), ("final",)))
    deep: Condition = early
    for depth in range(20):
        deep = And((deep, Not(done))) if depth % 2 else Or((deep, done))
    recorded = Compare("<=", Field("at"), Field("start"))
    everything = And((Or((early, done, Flag(Field("negated")))), Not(Or((deep, recorded))), Or((deep, Not(early)))))
    states = [None, "final", "draft"]
    events = [
        Event(f"{start} {status} {at}", "Observation", CODES, status, start=start, at=at)
        for start in (None, 0, YEAR.start)
        for status in states
        for at in (None, 0, YEAR.start)
    ]
    for condition in (everything, deep, And(()), Or(()), Compare("!=", Field("status"), Literal("final"))):
        sifted(condition, Facts("p", tuple(events)))


@pytest.mark.parametrize("far", [0, 9000])
def test_a_join_says_what_its_condition_says_of_each_pair(far: int) -> None:
    bound = Shift(Anchor("period-start"), far, "year")
    other_start = Field("start", "other")
    known_start = If(Compare("=", Field("status"), Literal("draft")), Field("at"), Field("start"))
    later = Compare(">", DayOf(Shift(other_start, 1, "day")), DayOf(known_start))
    on = And(
        (
            Or((Compare("<", DayOf(other_start), bound), Compare("=", Field("status", "other"), Field("status")))),
            Or((later, Compare("=", DayOf(known_start), DayOf(Field("at", "other"))))),
            Or((later, Compare(">", Shift(other_start, -1, "month"), Edge(LEAF, Field("start"), highest=False)))),
        )
    )
    starts = (None, 0, YEAR.start - 1, YEAR.start, YEAR.start + DAY)
    events = [
        Event(f"{start} {status}", "Observation", CODES, status, start=start, at=0)
        for start in starts
        for status in (None, "final", "draft")
    ]
    uncertain = Where(LEAF, Compare("<=", Field("start"), Anchor("period-start")))
    for others in (LEAF, uncertain):
        joined = With(LEAF, others, on, negated=False)
        program = compile_rules([Exists(joined)], VALUE_SETS)
        for coverage in ({}, {"Observation": Coverage.CUT}):
            outcome = program.run(Facts("p", tuple(events), coverage=coverage), YEAR, YEAR.end, mode=Mode.KLEENE)
            ask = program.functions(Mode.KLEENE)[program.plan.number(on)]
            found, among = outcome.members(joined), outcome.members(others)
            truths = {
                one.id: [ask(outcome._run, one, other) for other in among.sure]
                + [False if ask(outcome._run, one, other) is False else None for other in among.unsure]
                for one in events
            }
            assert [one.id for one in found.sure] == [id_ for id_, truth in truths.items() if True in truth]
            unsure = [id_ for id_, truth in truths.items() if True not in truth and (None in truth or coverage)]
            assert sorted(one.id for one in found.unsure) == sorted(unsure)


def test_a_join_with_a_time_before_all_times_finds_none() -> None:
    never = Compare("<", DayOf(Field("start", "other")), Shift(Anchor("period-start"), -9000, "year"))
    joined = With(LEAF, LEAF, never, negated=False)
    outcome = compile_rules([Exists(joined)], VALUE_SETS).run(chart(0, YEAR.start), YEAR, YEAR.end, mode=Mode.KLEENE)
    assert outcome.members(joined).settled and not outcome.members(joined).sure
