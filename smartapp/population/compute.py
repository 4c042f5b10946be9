"""All measures for all patients, or for those that changed: SQL to vectors, one pure evaluation for each vector."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from smartapp.criteria.compiling import Mode
from smartapp.criteria.sql import PopulationProgram, Script, compile_population
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.instants import Instant
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult, evaluate_measure
from smartapp.population.layout import arrange, clean
from smartapp.population.store import Store
from smartapp.population.vectors import VectorAnswers, Vectors, read_tally, unpack


@dataclass(frozen=True, slots=True)
class Computed:
    """What a computation did: ``patients`` anew of ``all_patients``; ``vectors`` by measure."""

    patients: int
    all_patients: int
    vectors: Mapping[str, int]


@dataclass(frozen=True)
class Population:
    """Measures compiled for a population; made once, used for any store and time."""

    vectors: tuple[Vectors, ...]
    program: PopulationProgram

    @classmethod
    def of(cls, measures: Sequence[Measure]) -> Population:
        vectors = tuple(Vectors(measure) for measure in measures)
        asked = [question for one in vectors for question in one.questions]
        tallies = {one.measure.id: one.sets for one in vectors if one.sets}
        return cls(vectors, compile_population(asked, tallies))

    def compute(self, store: Store, value_sets: ValueSets, times: Times) -> Computed:
        """Bring the results in the store up to date. What did not change since the last time is not computed again."""
        known = arrange(store, self.program.code_questions, value_sets)
        connection = store.connection
        mark = json.dumps([store.meta("classes"), times.period, times.as_of, [_rule(one) for one in self.vectors]])
        anew = store.meta("computed") != mark
        changed = 0 if anew else _limit_to_changed(store)
        everybody = store.count("patient")
        if not anew and not changed:
            return Computed(0, everybody, {})
        script = self.program.script(known, times)
        for statement in script.statements():
            connection.execute(statement)
        made = {one.measure.id: _write_measure(store, one, script, times, anew=anew) for one in self.vectors}
        for name in [*(name for name, _ in script.tables), "people"]:
            connection.execute(f"DROP TABLE temp.{name}")
        if not anew:
            for view in ("work", "person", "unread"):
                connection.execute(f"DROP VIEW temp.{view}")
        store.set_meta("computed", mark)
        clean(store)
        return Computed(everybody if anew else changed, everybody, made)


def _rule(vectors: Vectors) -> tuple[str, str]:
    """A measure's id and a digest of all that its results follow from: with another rule they are computed anew.

    A measure's representation shows all of its expressions and intervals; only its set of views has no order.
    """
    measure = replace(vectors.measure, views=frozenset())
    return measure.id, hashlib.sha256(repr(measure).encode()).hexdigest()


def result_table(measure: Measure) -> str:
    """The table with a row for each patient: ``p``, the vector's number, the due day since 1970, the days found."""
    return f"result_{measure.id.replace('-', '_')}"


def evaluate_vector(
    vectors: Vectors, key: Sequence[Any], last: Sequence[Instant | None], times: Times
) -> tuple[MeasureResult, bool]:
    """The result of a vector (its keys) with the days found, and whether it leaves something unnamed.

    See :class:`VectorAnswers` for what that is.
    """
    words, (_, tally, dead, unread, _) = key[: len(vectors.words)], key[len(vectors.words) :]
    truths, counted = unpack(vectors, words), read_tally(tally)
    strict, kleene = (
        VectorAnswers(vectors, mode, truths, last, counted, unread) for mode in (Mode.STRICT, Mode.KLEENE)
    )
    result = evaluate_measure(
        vectors.measure, strict, kleene, period_end=times.period.end, as_of=times.as_of, deceased=dead
    )
    return result, bool(strict.incomplete or kleene.incomplete)


def _write_measure(store: Store, vectors: Vectors, script: Script, times: Times, *, anew: bool) -> int:
    connection, measure = store.connection, vectors.measure
    table, keys = result_table(measure), ", ".join(vectors.keys)
    select = vectors.select(script, times.as_of)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE one AS SELECT *, {vectors.found_bits} AS found FROM ({select})")
    if anew:
        connection.execute("DELETE FROM vector WHERE measure = ?", [measure.id])
    known = {
        tuple(json.loads(key)): number
        for number, key in connection.execute(
            "SELECT number, keys FROM vector WHERE measure = ?", [measure.id]
        ).fetchall()
    }
    examples = "".join(f", arg_min({day}, p)" for day in vectors.days)
    groups = connection.execute(f"SELECT {keys}{examples} FROM one GROUP BY {keys}").fetchall()
    places = len(vectors.keys)
    fresh = []
    for row in groups:
        key = row[:places]
        if key not in known:
            known[key] = len(known)
            body = _body(vectors, key, row[places:], times)
            fresh.append((measure.id, known[key], json.dumps(key), json.dumps(body)))
    if fresh:
        given = store.rows(fresh, measure="VARCHAR", number="INTEGER", keys="VARCHAR", body="VARCHAR")
        connection.execute(f"INSERT INTO vector SELECT * FROM {given}")
    _join(store, vectors, known)
    made = (
        f"SELECT o.p, v.number AS v, CASE WHEN v.dated THEN CAST(floor(o.until / 864e5) AS INTEGER) END AS due"
        f"{''.join(f', o.{day}' for day in vectors.days)} FROM one o JOIN vector_of v USING ({keys})"
    )
    if anew:
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS {made}")
    else:
        connection.execute(
            f"DELETE FROM {table} WHERE p IN (SELECT p FROM changed) OR p NOT IN (SELECT p FROM patient)"
        )
        connection.execute(f"INSERT INTO {table} {made}")
    return len(groups)


def _body(vectors: Vectors, key: tuple[Any, ...], last: Sequence[Instant | None], times: Times) -> dict[str, Any]:
    result, incomplete = evaluate_vector(vectors, key, last, times)
    return {
        "incomplete": incomplete,
        "dated": result.due_date is not None,
        "clinical_status": result.clinical_status.value,
        "rates": {rate.group_id: [rate.gap_status.value, *astuple(rate.populations)] for rate in result.rates},
    }


def _join(store: Store, vectors: Vectors, known: Mapping[tuple[Any, ...], int]) -> None:
    """The table ``vector_of``: a vector's keys, its number, and whether it has a due date."""
    kinds = {
        name: {"tally": "VARCHAR", "dead": "BOOLEAN", "unread": "BOOLEAN"}.get(name, "BIGINT") for name in vectors.keys
    }
    given = store.rows([(*key, number) for key, number in known.items()], **kinds, number="INTEGER")
    store.connection.execute(
        "CREATE OR REPLACE TEMP TABLE vector_of AS SELECT k.*, v.body->>'$.dated' = 'true' AS dated "
        f"FROM {given} k JOIN vector v ON v.measure = '{vectors.measure.id}' AND v.number = k.number"
    )


def _limit_to_changed(store: Store) -> int:
    """Let the compiled SQL see the changed patients only; how many they are."""
    connection = store.connection
    row = connection.execute("SELECT current_database(), count(*) FROM changed").fetchone()
    database, count = row if row else ("", 0)
    if count:
        for name in ("work", "person", "unread"):
            mine = f"SELECT t.* FROM {database}.main.{name} t SEMI JOIN changed USING (p)"
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {mine}")
    return int(count)
