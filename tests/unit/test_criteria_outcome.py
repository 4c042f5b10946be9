"""What an outcome tells besides the answer: evidence, what is missing, caveats."""

from __future__ import annotations

import pytest
from support.spec_tables import (
    A1,
    B1,
    SET_A,
    SET_B,
    VALUE_SETS,
    YEAR,
    encounter,
    observation,
)

from smartapp.criteria.evaluate import Mode, Outcome, Period, compile_rules
from smartapp.criteria.nodes import AtLeast, Condition, Literal, Node
from smartapp.criteria.requirements import requirement_key
from smartapp.criteria.words import (
    PERIOD,
    Always,
    If,
    age,
    as_of,
    define,
    define_set,
    encounters,
    observations,
    other,
    refines,
    sex,
    start,
    status,
    systolic,
    with_last,
)
from smartapp.errors import CriteriaError
from smartapp.facts.events import Coverage, Event, Facts

TESTS = observations(SET_A, found_in=("laboratory",))
OTHERS = observations(SET_B, found_in=("laboratory",))
VISITS = encounters(SET_A)
TESTS_KEY, OTHERS_KEY, VISITS_KEY = requirement_key(TESTS), requirement_key(OTHERS), requirement_key(VISITS)


def run(rule: Node, *events: Event, unread: tuple[str, ...] = (), mode: Mode = Mode.KLEENE, **patient: str) -> Outcome:
    facts = Facts("p", events, coverage=dict.fromkeys(unread, Coverage.FAILED), **patient)  # type: ignore[arg-type]
    return compile_rules([rule], VALUE_SETS).run(facts, YEAR, YEAR.end, mode=mode)


def test_explains_each_named_part_once_in_reading_order() -> None:
    visits = define_set("Visits", "All visits.", VISITS)
    seen = define("Seen", "Has a visit.", visits.exist())
    named_by_event = define("Final", "The test is final.", status.is_("final"))
    tested = define("Tested", "Has a final test.", TESTS.where(named_by_event).exist())
    rule = define("Rule", "Seen twice over and tested.", seen & tested & ~seen)
    visit, test = encounter("v", A1), observation("a", A1, status="final")
    steps = run(rule, visit, test).explain(rule)
    assert [(step.name, step.truth) for step in steps] == [
        ("Rule", False),
        ("Seen", True),
        ("Visits", True),
        ("Tested", True),
    ]
    assert steps[0].sentence == "Seen twice over and tested."
    assert steps[0].events == (visit, test)
    assert steps[3].events == (test,)


def test_the_next_patient_is_explained_by_her_own_events() -> None:
    rule = define("Seen", "Has a visit.", VISITS.exist())
    program = compile_rules([rule], VALUE_SETS)
    for events in ((encounter("v", A1),), ()):
        (step,) = program.run(Facts("p", events), YEAR, YEAR.end, mode=Mode.KLEENE).explain(rule)
        assert (step.truth, step.events) == (bool(events), events)


def test_events_of_a_set_a_condition_and_a_value_are_the_certain_ones() -> None:
    final = TESTS.where(status.is_("final"))
    sure, unsure = observation("a", A1, status="final", number=1.0), observation("b", A1)
    for node in (final, final.exist(), AtLeast(final, 2), final.lowest(start), ~final.exist() | OTHERS.exist()):
        assert run(node, sure, unsure).events(node) == (sure,)


def test_an_equal_rule_may_be_asked_and_another_may_not() -> None:
    outcome = run(TESTS.exist() & sex.is_("female"), observation("a", A1))
    assert outcome.truth(observations(SET_A, found_in=("laboratory",)).exist()) is True
    assert outcome.truth(TESTS) is True
    for stranger in (OTHERS.exist(), TESTS.at_least(1), sex.is_in("female", "other")):
        with pytest.raises(CriteriaError) as caught:
            outcome.truth(stranger)
        assert caught.value.code == "criteria.not-compiled"


def test_a_part_about_an_event_has_no_answer_of_its_own() -> None:
    final = status.is_("final")
    with pytest.raises(CriteriaError) as caught:
        run(TESTS.where(final)).truth(final)
    assert caught.value.code == "criteria.no-event"


def test_equal_parts_of_several_rules_are_evaluated_once() -> None:
    first, second = TESTS.where(status.is_("final")).exist(), ~TESTS.where(status.is_("final")).exist()
    program = compile_rules([first, second], VALUE_SETS)
    assert len(program.plan.nodes) == len(compile_rules([second], VALUE_SETS).plan.nodes)


FINAL = TESTS.where(status.is_("final"))


@pytest.mark.parametrize(
    ("rule", "in_kleene", "in_strict"),
    [
        (FINAL.exist(), None, False),
        (~FINAL.exist(), None, True),
        (~refines("a refinement", FINAL.lowest(start).on_or_after(PERIOD.start)) & TESTS.exist(), True, None),
        (If(~FINAL.exist(), Literal(1.0), Literal(2.0)).at_most(1), False, True),
    ],
)
def test_strict_answers_are_its_own_where_kleene_does_not_know(
    rule: Condition, in_kleene: bool | None, in_strict: bool | None
) -> None:
    program = compile_rules([rule], VALUE_SETS)
    strict, kleene = program.run_both(Facts("p", (observation("a", A1),)), YEAR, YEAR.end)
    assert (kleene.truth(rule), strict.truth(rule)) == (in_kleene, in_strict)


def test_a_program_runs_for_several_periods() -> None:
    rule = age(PERIOD.end)
    program = compile_rules([rule], VALUE_SETS)
    facts = Facts("p", birth_low=0, birth_high=0)
    ages = [
        program.run(facts, period, period.end, mode=Mode.STRICT).value(rule)
        for period in (YEAR, Period(0, 1), YEAR, YEAR)
    ]
    assert ages == [56, 0, 56, 56]


def test_says_what_is_missing() -> None:
    rule = (TESTS.exist() | OTHERS.exist()) & ~VISITS.exist()
    assert run(rule, unread=(TESTS_KEY, VISITS_KEY)).missing(rule) == (VISITS_KEY, TESTS_KEY)
    # The visits that were read decide: nothing is unknown.
    assert run(rule, encounter("v", A1), unread=(TESTS_KEY, VISITS_KEY)).missing(rule) == ()
    # The tests that were read decide their part.
    assert run(rule, observation("a", A1), unread=(TESTS_KEY, VISITS_KEY)).missing(rule) == (VISITS_KEY,)


def test_names_a_whole_type_as_missing_where_a_resource_of_it_was_not_understood() -> None:
    assert run(TESTS.exist(), unread=("Observation",)).missing(TESTS.exist()) == ("Observation",)


def test_what_is_unknown_for_want_of_a_value_lacks_no_search() -> None:
    rule = TESTS.where(status.is_("final")).exist() & sex.is_("female")
    outcome = run(rule, observation("a", A1))
    assert outcome.truth(rule) is None
    assert outcome.missing(rule) == ()


@pytest.mark.parametrize(
    "rule",
    [
        VISITS.with_(TESTS, start.before(other.start)).exist(),
        VISITS.without(TESTS, start.before(other.start)).exist(),
        with_last(VISITS, TESTS, on=Always(), by=other.start, then=Always()).exist(),
        VISITS.where(TESTS.exist()).last(start).at_least(1),
        TESTS.lowest(start).before(as_of),
        TESTS.lowest(start).is_known,
        If(OTHERS.exist(), Literal(1), TESTS.total(systolic)).at_least(1),
        (OTHERS | TESTS).exist(),
        VISITS.at_least(1, start.plus(1, "day")) & TESTS.exist(),
    ],
)
def test_finds_what_is_missing_in_every_sort_of_rule(rule: Node) -> None:
    visit = encounter("v", A1, start="2026-03-01")
    assert run(rule, visit, unread=(TESTS_KEY,)).missing(rule) == (TESTS_KEY,)


HOSPICE = refines("hospice care", TESTS.exist())
FRAIL = refines("frailty", (age(as_of).at_least(66) & OTHERS.exist()))


def test_a_refinement_that_was_not_read_is_a_caveat() -> None:
    rule = VISITS.exist() & ~HOSPICE
    outcome = run(rule, encounter("v", A1), unread=(TESTS_KEY,))
    assert outcome.truth(rule) is True
    assert outcome.caveats(rule) == ("hospice care",)
    assert outcome.missing(rule) == ()
    assert outcome.caveats(rule) == ("hospice care",)  # asked twice, said the same


def test_a_refinement_that_cannot_matter_is_no_caveat() -> None:
    rule = VISITS.exist() & ~(HOSPICE | FRAIL)
    unread = (TESTS_KEY, OTHERS_KEY)
    young, old = {"birth_low": 0, "birth_high": 0}, {"birth_low": -(10**12), "birth_high": -(10**12)}
    visit = encounter("v", A1)
    assert run(rule, visit, unread=unread, **young).caveats(rule) == ("hospice care",)  # type: ignore[arg-type]
    assert run(rule, visit, unread=unread, **old).caveats(rule) == ("hospice care", "frailty")  # type: ignore[arg-type]
    # Without a visit the answer is no, whatever is refined.
    assert run(rule, unread=unread, **old).caveats(rule) == ()  # type: ignore[arg-type]
    assert run(rule, visit, observation("a", A1), unread=unread, **old).caveats(rule) == ()  # type: ignore[arg-type]


def test_a_refinement_by_event_is_a_caveat_where_it_is_unknown_of_one() -> None:
    rule = TESTS.where(refines("only final ones", status.is_("final"))).exist()
    assert run(rule, observation("a", A1)).caveats(rule) == ("only final ones",)
    assert run(rule, observation("a", A1, status="final")).caveats(rule) == ()


def test_strictly_there_are_no_caveats_and_nothing_is_missing() -> None:
    rule = VISITS.exist() & ~HOSPICE
    outcome = run(rule, encounter("v", A1), unread=(TESTS_KEY,), mode=Mode.STRICT)
    assert (outcome.caveats(rule), outcome.missing(rule), outcome.truth(rule)) == ((), (), True)


def test_a_node_without_evaluator_is_refused() -> None:
    class Odd(Always):
        """A node of somebody else's."""

    with pytest.raises(CriteriaError) as caught:
        compile_rules([Odd()], VALUE_SETS)
    assert caught.value.code == "criteria.no-evaluator"


def test_an_event_with_an_uncertain_and_a_certain_code_of_one_leaf_is_certain_once() -> None:
    both = observations(SET_A, SET_B, found_in=())
    outcome = run(both, observation("a", A1, B1))
    assert [event.id for event in outcome.members(both).sure] == ["a"]
