"""The pieces of the SQL compiler: the layout, calendar arithmetic, both dialects, what is written once."""

from __future__ import annotations

import re
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.spec_tables import SET_A, SET_B, SET_LACKING, VALUE_SETS, YEAR

from smartapp.criteria import nodes
from smartapp.criteria.compiling import Mode
from smartapp.criteria.fields import FIELDS, Type
from smartapp.criteria.nodes import Condition, EventSet, Exists, Field, Node, Value
from smartapp.criteria.sql import DUCKDB, SPARK, Class, Classifier, Known, Question, compile_population
from smartapp.criteria.sql.compiler import Times, in_list
from smartapp.criteria.sql.layout import EVENT_COLUMNS, TEXT_NUMBER_SQL, text_number
from smartapp.criteria.sql.rows import ymd
from smartapp.criteria.sql.scalars import _WRITERS as SCALARS
from smartapp.criteria.sql.sets import _WRITERS as SETS
from smartapp.criteria.words import PERIOD, conditions, day_during, encounters, observations, other, start
from smartapp.errors import CriteriaError
from smartapp.facts.codes import SNOMED_CT, SlotCode
from smartapp.facts.instants import BEGINNING, FOREVER, shift, start_of_day, truncate_to_day

TIMES = Times(YEAR, YEAR.end)
LABS = observations(SET_A, found_in=("laboratory",))
VISITS = encounters(SET_B)


def test_every_field_has_a_column_of_its_type() -> None:
    assert set(EVENT_COLUMNS) == set(FIELDS)
    for name, (_, kind) in EVENT_COLUMNS.items():
        wanted = {Type.TIME: "BIGINT", Type.NUMBER: "DOUBLE", Type.FLAG: "BOOLEAN"}.get(FIELDS[name].type)
        assert wanted is None or kind == wanted, name


def test_every_node_of_the_language_can_be_written() -> None:
    found = {one for one in vars(nodes).values() if isinstance(one, type) and issubclass(one, Node)}
    concrete = found - {Node, Value, Condition, EventSet}
    assert {one.__name__ for one in concrete} - {one.__name__ for one in (*SCALARS, *SETS)} == {
        "Literal",  # always a constant
        "DefineSet",  # the set itself
    }


@pytest.fixture(scope="module")
def memory() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


instants = st.integers(start_of_day(date(1890, 1, 1)), start_of_day(date(2100, 1, 1))) | st.sampled_from(
    (BEGINNING, FOREVER, start_of_day(date(2024, 2, 29)), start_of_day(date(2024, 3, 1)) - 1)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(instants, min_size=1, max_size=20), st.integers(-40, 40))
def test_calendar_arithmetic_is_that_of_the_facts(times: list[int], amount: int) -> None:
    values = ", ".join(f"(CAST({at} AS BIGINT))" for at in times)
    days = amount * 86_400_000
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = connection.execute(
            f"SELECT x, {DUCKDB.plus_months('x', amount)}, {DUCKDB.plus('x', days)}, {DUCKDB.day_of('x')}, "
            f"{DUCKDB.ymd('x')} FROM (VALUES {values}) v(x)"
        ).fetchall()
    for at, months, moved, day, number in rows:
        assert months == shift(at, amount, "month")
        assert moved == shift(at, amount, "day")
        assert day == truncate_to_day(at)
        assert number == (None if at in (BEGINNING, FOREVER) else ymd(at))


@given(st.text(max_size=30).filter(lambda text: "\0" not in text))
@settings(max_examples=50, deadline=None)
def test_a_reference_is_the_same_number_in_both_languages(text: str) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        row = connection.execute(f"SELECT {TEXT_NUMBER_SQL.format('?')}", [text]).fetchone()
    assert row == (text_number(text),)


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 40)))
def test_a_list_of_numbers_holds_these_and_no_others(numbers: set[int]) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = connection.execute(f"SELECT n FROM range(42) r(n) WHERE {in_list('n', sorted(numbers))}").fetchall()
    assert {n for (n,) in rows} == numbers


def test_words_are_quoted(memory: duckdb.DuckDBPyConnection) -> None:
    for word in ("it's", "a\\'b", "'; DROP TABLE person; --", "\\", "ü"):
        assert memory.execute(f"SELECT {DUCKDB.string(word)}").fetchone() == (word,)
    assert SPARK.string("it's \\ so") == "'it\\'s \\\\ so'"


CLASSES = {0: Class(frozenset({0}), frozenset())}


def _script(*rules: Condition, known: Known | None = None, dialect: object = DUCKDB) -> str:
    program = compile_population([Question(rule, mode) for rule in rules for mode in (Mode.STRICT, Mode.KLEENE)])
    classes = {n: Class(frozenset({n}), frozenset()) for n in range(len(program.code_questions))}
    script = program.script(known or Known(classes), TIMES, dialect)  # type: ignore[arg-type]
    return "\n".join((*script.statements(), script.answers))


def test_what_two_rules_share_is_one_table() -> None:
    shared = LABS.where(day_during(PERIOD))
    alone = _script(shared.exist())
    both = _script(shared.last(by=start).exist(), shared.at_least(2))
    assert "CREATE OR REPLACE TEMP TABLE set_" not in alone
    assert both.count("FROM work") == 2  # one for each mode


def test_questions_about_the_same_events_read_them_once() -> None:
    inside = LABS.where(day_during(PERIOD))
    asked = _script(
        LABS.exist(), inside.exist(), inside.where(start.is_known).exist(), known=Known(CLASSES, nulls={0: frozenset()})
    )
    assert asked.count("FROM work") == 1


def test_data_without_unknowns_are_asked_once_for_both_modes() -> None:
    rule = LABS.where(start.on_or_after(PERIOD.start)).exist()
    classes = {0: Class(frozenset({0}), frozenset())}
    for known, columns in (
        (Known(classes), 2),
        (Known(classes, nulls={0: frozenset()}), 1),
        (Known(classes, nulls={0: frozenset({"started"})}), 2),
    ):
        assert len(set(re.findall(r" AS (c\d)", _script(rule, known=known).rpartition("\n")[2]))) == columns


def test_spark_gets_no_words_that_only_duckdb_knows() -> None:
    joined = VISITS.without(LABS, start.same_as(other.start)).on_the_last(by=start.day)
    rules = (joined.exist(), VISITS.with_(LABS, start.plus(1, "month").after(other.start)).exist())
    written = _script(*rules, dialect=SPARK)
    for word in ("QUALIFY", "epoch_ms", "md5_number", "TEMP TABLE", "::", "EXCLUDE"):
        assert word not in written
    assert "LEFT ANTI JOIN" in written
    assert "LEFT SEMI JOIN" in written
    assert "SEMI JOIN" not in written.replace("LEFT SEMI JOIN", "")


def test_codes_are_classified_as_the_reference_rules_say() -> None:
    rules = [conditions(SET_LACKING).exist(), conditions(SET_A).exist()]
    questions = compile_population([Question(rule, Mode.KLEENE) for rule in rules]).code_questions
    classifier = Classifier(questions, VALUE_SETS)
    snomed, a1, nothing = (SlotCode("code", SNOMED_CT, "z"), SlotCode("code", "http://loinc.org", "a1"), ())
    assert classifier.of_event("Condition", (snomed,)) == Class(frozenset(), frozenset({0}))
    assert classifier.of_event("Condition", (a1,)) == Class(frozenset({0, 1}), frozenset())
    assert classifier.of_event("Condition", (snomed, a1)) == Class(frozenset({0, 1}), frozenset())
    assert classifier.of_event("Condition", nothing) is None
    assert classifier.of_event("Procedure", (a1,)) is None
    assert classifier.of_event("Condition", (a1._replace(slot="reason"),)) is None


def test_a_question_must_be_about_the_patient() -> None:
    with pytest.raises(CriteriaError) as refused:
        compile_population([Question(Field("start").is_known, Mode.STRICT)])
    assert refused.value.code == "criteria.no-event"
    assert compile_population([Question(Exists(LABS), Mode.STRICT)]).code_questions
