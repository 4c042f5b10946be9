"""The population on Spark in local mode: what DuckDB says of the same patients, to the last line.

Skipped by name where pyspark or Java is missing; ``make test-spark`` installs the one and asks for the other.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.criteria_tables import sets, times
from support.decks import DECKS
from support.spec_tables import END_OF_YEAR, VALUE_SETS, YEAR, Case, as_truth
from support.sql_engine import MODES, load

from smartapp.criteria.nodes import EventSet, Node
from smartapp.criteria.sql import SPARK, Classifier, Question, compile_population
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import ConfigurationError
from smartapp.groups.catalogue import GROUPS
from smartapp.measures.catalogue import MEASURES
from smartapp.population import spark as spark_module
from smartapp.population.charts import Reading
from smartapp.population.compute import Population
from smartapp.population.engines import DuckDB, Engine
from smartapp.population.files import find_files
from smartapp.population.ingest import ingest
from smartapp.population.memberships import Memberships
from smartapp.population.results import Lines
from smartapp.population.spark import Spark, export, missing, private_folder, session
from smartapp.population.store import Store
from smartapp.population.synthetic import make_population

LACKING = missing()
needs_spark = pytest.mark.skipif(
    LACKING is not None and "SMARTAPP_TEST_SPARK" not in os.environ, reason=f"no Spark: {LACKING}"
)
MEASURE_IDS = ("CMS122", "CMS138")  # one by patient; one by encounter, with tallies
TIMES = Times(YEAR, END_OF_YEAR)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    # A short run: what the JVM's second compiler would win it costs several times over.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with session(tmp_path_factory.mktemp("spark"), memory="1g", cores=1) as spark:
            yield spark


def test_without_spark_the_engine_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_module, "missing", lambda: "there is no Java")
    with Store.in_memory() as store, pytest.raises(ConfigurationError) as refused:
        Spark().run(store, compile_population([]).script(load_known(store), TIMES, SPARK))
    assert refused.value.code == "population.no-spark"
    assert "there is no Java" in refused.value.message


def load_known(store: Store) -> Any:
    return load(store.connection, [], Classifier((), VALUE_SETS))


def test_what_leaves_the_encryption_names_nobody_and_is_gone_afterwards() -> None:
    with Store.in_memory() as store:
        load_known(store)
        store.connection.execute(
            "INSERT INTO work (p, e, cls, kind, id) VALUES (7, 1, 0, 'Observation', 'id-of-note'), "
            "(7, 2, 0, 'Observation', 'another'), (7, 3, 0, 'Condition', 'id-of-note')"
        )
        with private_folder(1000) as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            export(store, folder)
            assert all(b"of-note" not in file.read_bytes() for file in folder.iterdir())
            rows = f"SELECT e, CAST(id AS INTEGER) FROM read_parquet('{folder}/work.parquet') ORDER BY e"
            # The order that breaks ties is that of the ids.
            assert store.connection.execute(rows).fetchall() == [(1, 3), (2, 1), (3, 2)]
        assert not folder.exists()


def _computed(store: Store, population: Population, value_sets: ValueSets, engine: Engine) -> tuple[Any, ...]:
    store.set_meta("computed", "not yet")
    population.compute(store, value_sets, TIMES, engine)
    lines = list(Lines(store, population, value_sets, TIMES).all())
    return lines, list(Memberships(store, population.groups, value_sets, TIMES).all())


@needs_spark
def test_generated_patients_get_the_same_results(running: Any) -> None:
    value_sets = ValueSets.load()
    population = Population.of([MEASURES[name] for name in MEASURE_IDS], list(GROUPS.values()))
    with Store.in_memory() as store:
        make_population(store, 300, population.program.rules, value_sets, date(2026, 12, 31))
        store.connection.execute("INSERT INTO unread SELECT p, 'Observation' FROM person WHERE p % 17 = 0")
        spark = _figures(store, population, value_sets, Spark(running=running))
        assert spark == _figures(store, population, value_sets, DuckDB())
        assert len({row[1] for row in spark["CMS122"]}) > 5  # they are not all alike


def _figures(store: Store, population: Population, value_sets: ValueSets, engine: Engine) -> dict[str, list[Any]]:
    store.set_meta("computed", "not yet")
    population.compute(store, value_sets, TIMES, engine)
    found = {
        name: store.connection.execute(
            f"SELECT r.p, v.keys, r.* EXCLUDE (p, v) FROM result_{name} r "
            f"JOIN vector v ON v.measure = '{name}' AND v.number = r.v ORDER BY r.p"
        ).fetchall()
        for name in MEASURE_IDS
    }
    return {**found, "groups": store.connection.execute("SELECT * FROM membership ORDER BY p").fetchall()}


@needs_spark
@pytest.mark.skipif(not DECKS.is_dir(), reason="no ../shared/decks: the published test patients are not here")
def test_the_published_patients_get_the_same_lines(running: Any) -> None:
    value_sets = ValueSets.load(DECKS / "valuesets")
    population = Population.of([MEASURES[name] for name in MEASURE_IDS], list(GROUPS.values()))
    decks: list[Path] = [deck for name in MEASURE_IDS for deck in sorted(DECKS.glob(f"{name}[FS]*"))]
    with Store.in_memory() as store:
        ingest(store, find_files(decks), Reading())
        spark = _computed(store, population, value_sets, Spark(running=running))
        assert spark == _computed(store, population, value_sets, DuckDB())
        assert len(spark[0]) > 90


@needs_spark
def test_the_tables_of_the_language_hold(running: Any) -> None:
    """The specification's tables of joins and of times, where dialects differ most, in one run: half a minute of
    planning. The tables of conditions hold on DuckDB, and are written of the same words."""
    cases: list[tuple[Node, Case]] = [
        (table.rule, case)
        for table in (*sets.TABLES, *times.TABLES)
        for case in table.cases
        if case.as_of == END_OF_YEAR
    ]
    rules = list(dict.fromkeys(rule for rule, _ in cases))
    program = compile_population([Question(rule, mode) for rule in rules for mode in MODES])
    with Store.in_memory() as store:
        charts = [case.facts for _, case in cases]
        known = load(store.connection, charts, Classifier(program.code_questions, VALUE_SETS))
        script = program.script(known, TIMES, SPARK)
        Spark(running=running).run(store, script)
        found = store.connection.execute(f"{script.answers} ORDER BY p")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    wrong = [
        (case.says, mode)
        for (rule, case), row in zip(cases, rows, strict=True)
        for mode in MODES
        if not _fits(row[script.columns[Question(rule, mode)].name], case.expected(mode), rule)
    ]
    assert not wrong
    assert len(cases) > 140


def _fits(found: Any, expected: Any, rule: Node) -> bool:
    if isinstance(rule, EventSet):
        expected = as_truth(expected)
    return found == expected and (found is None) == (expected is None)
