"""Shapes of rules that no measure has: the population's SQL says what the reference evaluator says, or refuses."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from support.spec_tables import END_OF_YEAR, SET_A, SET_B, SET_NONE, VALUE_SETS, YEAR, encounter, observation, when
from support.sql_engine import MODES, answer_all, load

from smartapp.criteria.compiling import Mode
from smartapp.criteria.evaluate import compile_rules
from smartapp.criteria.nodes import (
    Compare,
    Condition,
    DefineSet,
    DirectCode,
    Edge,
    EventSet,
    Field,
    If,
    Literal,
    PatientHas,
    Refines,
    Union,
)
from smartapp.criteria.requirements import requirement_keys
from smartapp.criteria.sql import SPARK, Class, Classifier, Known, Question, compile_population
from smartapp.criteria.sql.compiler import Times, scan_of
from smartapp.criteria.words import PERIOD, age, encounters, gender, observations, other, sex, start
from smartapp.errors import CriteriaError
from smartapp.facts.codes import LOINC, Code, SlotCode
from smartapp.facts.events import Coverage, Facts

LABS: EventSet = observations(SET_A, found_in=("laboratory",))
VISITS: EventSet = encounters(SET_B)
NEVER = PERIOD.end.plus(9000, "year")
A1, B1 = Code(LOINC, "a1"), Code(LOINC, "b1")
BLUE = DirectCode("urn:colour", "blue", "Blue")
LAB = observation("o1", A1, start="2026-12-31", latest="2026-12-31", encounter="Encounter/e1")
CHARTS = [
    Facts("nobody"),
    Facts("born", (LAB,), birth_low=when("1960-05-05"), birth_high=when("1960-05-05"), gender="female"),
    Facts(
        "known",
        (LAB, encounter("e1", B1, start="2026-12-30")),
        sex="male",
        codes=(SlotCode("race", BLUE.system, BLUE.code),),
    ),
    Facts("other", (observation("o2", A1, encounter="Encounter/e9"),), codes=(SlotCode("race", "urn:colour", "red"),)),
]

KNOWN = Known({0: Class(frozenset({0}), frozenset())})

SHAPES: dict[str, Condition] = {
    "an age at no date": age(NEVER).at_least(18),
    "a day before no date": LABS.where(start.day.before(NEVER)).exist(),
    "a day that is an instant": LABS.where(Compare("=", start.day, PERIOD.end)).exist(),
    "a day that is not an instant": LABS.where(Compare("!=", start.day, PERIOD.end)).exist(),
    "a reference that is a word": LABS.where(Compare("=", Field("encounter"), Literal("Encounter/e1"))).exist(),
    "a reference that is another text": LABS.where(Compare("=", Field("encounter"), Field("status"))).exist(),
    "a text for what is not known": Compare("=", If(sex.is_known, sex, Literal("other")), gender),
    "the same set twice": Union((LABS, LABS)).exist(),
    "a condition on a named set": DefineSet("last", "The last one.", LABS.last(by=start)).where(start.is_known).exist(),
    "the last of a named set": DefineSet("labs", "All.", LABS).last(by=start).exist(),
    "several events and the patient's own code": LABS.where(PatientHas("race", (BLUE,))).at_least(1),
    "without what nobody has": LABS.without(encounters(SET_NONE), start.same_as(other.start)).exist(),
    "the patient's own code at an event": LABS.where(PatientHas("race", (BLUE,))).exist(),
}


@pytest.mark.parametrize("knowing", [True, False])
def test_rare_shapes_mean_the_same_on_both_engines(knowing: bool) -> None:
    rules = list(SHAPES.values())
    found = answer_all(rules, CHARTS, VALUE_SETS, YEAR, END_OF_YEAR, knowing=knowing)
    program = compile_rules(rules, VALUE_SETS)
    for p, facts in enumerate(CHARTS):
        for mode in MODES:
            outcome = program.run(facts, YEAR, END_OF_YEAR, mode=mode)
            said = {name: outcome.truth(rule) for name, rule in SHAPES.items()}
            assert {name: found[r, p, mode] for r, name in enumerate(SHAPES)} == said, (facts.patient_id, mode)


def test_a_value_of_a_reference_or_a_text_is_refused() -> None:
    mixed = Compare("=", If(sex.is_known, Field("encounter"), Literal("x")), Field("status"))
    program = compile_population([Question(LABS.where(mixed).exist(), Mode.STRICT)])
    with pytest.raises(CriteriaError) as refused:
        program.script(KNOWN, Times(YEAR, END_OF_YEAR))
    assert refused.value.code == "criteria.no-sql"


def test_spark_does_not_compare_a_reference_with_another_text() -> None:
    program = compile_population([Question(SHAPES["a reference that is another text"], Mode.STRICT)])
    with pytest.raises(CriteriaError) as refused:
        program.script(KNOWN, Times(YEAR, END_OF_YEAR), SPARK)
    assert refused.value.code == "criteria.no-sql"


def test_more_questions_than_a_word_has_bits() -> None:
    rules: list[Condition] = [LABS.where(start.on_or_after(PERIOD.end.minus(n, "day"))).exist() for n in range(70)]
    rules += [VISITS.where(start.on_or_after(PERIOD.end.minus(n, "day"))).exist() for n in range(40)]
    found = answer_all(rules, CHARTS, VALUE_SETS, YEAR, END_OF_YEAR)
    program = compile_rules(rules, VALUE_SETS)
    for p, facts in enumerate(CHARTS):
        for mode in MODES:
            outcome = program.run(facts, YEAR, END_OF_YEAR, mode=mode)
            assert [found[r, p, mode] for r in range(len(rules))] == [outcome.truth(rule) for rule in rules]


def test_a_refinement_that_was_not_read_is_told_apart() -> None:
    """Kleene's answer does without it; asked without that leave, it is unknown: then there is a caveat to name."""
    rule = LABS.exist() & Refines("a visit", VISITS.where(start.is_known).exist())
    (key,) = requirement_keys(encounters(SET_B))
    unread = [replace(CHARTS[1], coverage={key: Coverage.REFUSED}), CHARTS[2]]
    modes = (*MODES, Mode.UNREFINED)
    found = answer_all([rule], unread, VALUE_SETS, YEAR, END_OF_YEAR, modes)
    assert [found[0, 0, mode] for mode in modes] == [False, False, None]
    assert [found[0, 1, mode] for mode in modes] == [True, True, True]


def test_encounters_are_counted_by_the_sets_they_are_in() -> None:
    early = VISITS.where(start.before(PERIOD.start))
    program = compile_population([], {"visits": (VISITS, early)})
    visits = tuple(encounter(f"e{n}", B1, start=f"202{n}-05-05") for n in (4, 5, 6))
    with duckdb.connect(config={"threads": 1}) as connection:
        known = load(connection, [Facts("p", visits), Facts("q")], Classifier(program.code_questions, VALUE_SETS))
        script = program.script(known, Times(YEAR, END_OF_YEAR))
        for statement in script.statements():
            connection.execute(statement)
        assert sorted(connection.execute(script.tallies["visits"]).fetchall()) == [(0, 1, 1), (0, 3, 2)]


def test_a_scan_is_one_range_or_one_list() -> None:
    assert scan_of("c", ()) == "FALSE"
    assert scan_of("c", (3, 4, 5)) == "c BETWEEN 3 AND 5"
    assert scan_of("c", (9, 3, 4, 5)) == "c IN (3, 4, 5, 9)"


def test_events_that_only_a_time_is_asked_of_are_read_beside_those_of_truths() -> None:
    """A word of its class tells whose bits an event may have; an event of nobody's bits still has its time."""
    first, last = observations(SET_A, found_in=("laboratory",)), encounters(SET_B)
    rules = [first.exist(), Edge(last, Field("start"), True), Edge(last, Field("start"), False)]
    visit = encounter("e", B1, start=when("2026-03-04"))
    charts = [Facts("a", (observation("o", A1, start=when("2026-01-02")), visit)), Facts("b")]
    found = answer_all(rules, charts, VALUE_SETS, YEAR, END_OF_YEAR)
    assert found[1, 0, Mode.STRICT] == found[2, 0, Mode.STRICT] == when("2026-03-04")
    assert found[1, 1, Mode.STRICT] is None
