"""What the evaluator does once instead of often says the same as doing it often."""

from __future__ import annotations

from itertools import product

import pytest
from support.spec_tables import (
    A1,
    B1,
    S1,
    S2,
    SET_A,
    SET_AB,
    SET_B,
    SET_LACKING,
    VALUE_SETS,
    YEAR,
    encounter,
    observation,
)

from smartapp.criteria import indexing
from smartapp.criteria.evaluate import Mode, Outcome, compile_rules
from smartapp.criteria.nodes import Compare, Condition, EventSet, Field, Node, Not, ValueSet
from smartapp.criteria.requirements import requirement_key
from smartapp.criteria.valuesets import Expansion
from smartapp.criteria.words import define, observations, other, status
from smartapp.facts.codes import SNOMED_CT
from smartapp.facts.events import Coverage, Event, Facts

TESTS = observations(SET_A, found_in=("laboratory",))
OTHERS = observations(SET_B, found_in=("laboratory",))
MAYBE = observations(SET_LACKING, found_in=("laboratory",))
SAME = Compare("=", Field("encounter"), other.encounter)
TURNED = Compare("=", other.encounter, Field("encounter"))
FINAL = Compare("=", other.status, Field("status"))
NAMED = define("Same", "A final one of the same visit.", SAME & FINAL)


def outcome(rules: list[Node], events: list[Event], mode: Mode, unread: tuple[str, ...] = ()) -> Outcome:
    facts = Facts("p", tuple(events), coverage=dict.fromkeys(unread, Coverage.FAILED))
    return compile_rules(rules, VALUE_SETS).run(facts, YEAR, YEAR.end, mode=mode)


def members(found: Outcome, events: EventSet) -> tuple[set[str], set[str], bool]:
    one = found.members(events)
    return {event.id for event in one.sure}, {event.id for event in one.unsure}, one.open


def disguised(on: Condition) -> Condition:
    """The same condition, in a form of which nobody sees that two fields have to be equal."""
    return Not(Not(on))


EVENTS = [
    observation(f"{name}-{number}", code, encounter=visit, status=state)
    for name, code in (("a", A1), ("b", B1), ("s", S1))
    for number, (visit, state) in enumerate(product(("Encounter/1", "Encounter/2", None), ("final", None)))
]
CHARTS = [EVENTS, EVENTS[::2], EVENTS[1::3], EVENTS[:8], [EVENTS[0], EVENTS[-1]], [EVENTS[4], EVENTS[10]]]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("unread", [(), (requirement_key(OTHERS),), (requirement_key(MAYBE),)])
@pytest.mark.parametrize(
    "on", [SAME, TURNED, SAME & FINAL, FINAL & SAME, define("Same", "The same visit.", SAME & FINAL)]
)
@pytest.mark.parametrize("others", [OTHERS, MAYBE])
def test_a_join_by_look_up_says_what_trying_each_pair_says(
    mode: Mode, unread: tuple[str, ...], on: Condition, others: EventSet
) -> None:
    quick, slow = TESTS.with_(others, on), TESTS.with_(others, disguised(on))
    without, slow_without = TESTS.without(others, on), TESTS.without(others, disguised(on))
    for chart in CHARTS:
        found = outcome([quick, slow, without, slow_without], chart, mode, unread)
        assert members(found, quick) == members(found, slow)
        assert members(found, without) == members(found, slow_without)


def test_two_fields_of_the_same_event_are_no_join() -> None:
    on = Compare("=", Field("encounter"), Field("reference")) & FINAL
    rule = TESTS.with_(OTHERS, on)
    assert members(outcome([rule], EVENTS, Mode.STRICT), rule) == (set(), set(), False)


# --- sharing ----------------------------------------------------------------------------------------


def test_sets_that_may_hold_the_same_events_share_them_and_what_was_asked_of_them() -> None:
    also = ValueSet("urn:set:also-lacking", "Another set without its SNOMED CT codes")
    sets = VALUE_SETS.with_({also.url: Expansion(frozenset({B1}), frozenset({SNOMED_CT}))})
    one, two = MAYBE, observations(also, found_in=("laboratory",))
    final_one, final_two = one.where(status.is_("final")), two.where(status.is_("final"))
    chart = [observation("x", S1, status="final"), observation("y", S2), observation("z", S2, status="preliminary")]
    found = compile_rules([final_one, final_two], sets).run(Facts("p", tuple(chart)), YEAR, YEAR.end, mode=Mode.KLEENE)
    assert found.members(one).unsure is found.members(two).unsure
    assert members(found, final_one) == members(found, final_two) == (set(), {"x", "y"}, False)


def test_events_of_several_kinds_of_codes_keep_the_order_of_the_chart() -> None:
    either = observations(SET_AB, found_in=("laboratory",))
    chart = [observation(f"o{number}", (A1, B1)[number % 2]) for number in range(6)]
    found = outcome([either, TESTS], chart, Mode.STRICT)
    assert [event.id for event in found.events(either)] == ["o0", "o1", "o2", "o3", "o4", "o5"]
    assert [event.id for event in found.events(TESTS)] == ["o0", "o2", "o4"]


def test_the_memory_of_places_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_KEPT", 2)
    program = compile_rules([TESTS, OTHERS], VALUE_SETS)
    for number in range(6):
        chart = (observation("a", A1, body=(B1,) * number), observation("b", B1, body=(A1,) * number))
        found = program.run(Facts("p", chart), YEAR, YEAR.end, mode=Mode.STRICT)
        assert [event.id for event in found.events(TESTS)] == ["a"]
        assert [event.id for event in found.events(OTHERS)] == ["b"]
    kind = program._index._kinds["Observation"]
    assert len(kind.known) <= 2 and len(kind.places) <= 2


def test_what_came_later_than_the_day_does_not_count() -> None:
    def seen(*events: Event) -> list[str]:
        found = compile_rules([TESTS], VALUE_SETS).run(Facts("p", events), YEAR, YEAR.start, mode=Mode.STRICT)
        return [event.id for event in found.events(TESTS)]

    before, after = "2025-06-01", "2026-06-01"
    assert seen(
        observation("started", A1, start=before, at=after),
        observation("recorded", A1, start=after, at=before),
        observation("later", A1, start=after, at=after),
        observation("later-alone", A1, start=after),
        observation("only-recorded", A1, at=before),
        observation("only-recorded-later", A1, at=after),
        observation("undated", A1),
        encounter("another-kind", A1, start=before),
    ) == ["started", "recorded", "only-recorded", "undated"]
