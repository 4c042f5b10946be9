"""All measures and groups for all patients, or those that changed: SQL to vectors, one pure evaluation a vector."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import Any

from smartapp.criteria.compiling import Mode
from smartapp.criteria.sql import PopulationProgram, Script, compile_population
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.instants import Instant
from smartapp.groups.model import Group
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult, evaluate_measure
from smartapp.population.engines import DuckDB, Engine
from smartapp.population.lanes import Job, run_side_by_side
from smartapp.population.layout import arrange, clean
from smartapp.population.memberships import digest, group_question, write_memberships
from smartapp.population.store import SCRATCH, Session, Store
from smartapp.population.vector_answers import VectorAnswers, read_tally, unpack
from smartapp.population.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Computed:
    """What a computation did: ``patients`` anew of ``all_patients``; ``vectors`` by measure."""

    patients: int
    all_patients: int
    vectors: Mapping[str, int]


@dataclass(frozen=True)
class Population:
    """Measures and groups compiled for a population; made once, used for any store and time."""

    vectors: tuple[Vectors, ...]
    program: PopulationProgram
    groups: tuple[Group, ...] = ()

    @classmethod
    def of(cls, measures: Sequence[Measure], groups: Sequence[Group] = ()) -> Population:
        vectors = tuple(Vectors(measure) for measure in measures)
        asked = [question for one in vectors for question in one.questions]
        asked += [group_question(group) for group in groups]
        tallies = {one.measure.id: one.sets for one in vectors if one.sets}
        return cls(vectors, compile_population(asked, tallies), tuple(groups))

    def compute(self, store: Store, value_sets: ValueSets, times: Times, engine: Engine | None = None) -> Computed:
        """Bring the results in the store up to date. What did not change since the last time is not computed again.

        ``engine`` runs the SQL: DuckDB where none is given.
        """
        try:
            return self._compute(store, value_sets, times, engine or DuckDB())
        finally:
            store.clear()

    def _compute(self, store: Store, value_sets: ValueSets, times: Times, engine: Engine) -> Computed:
        known = arrange(store, self.program.code_questions, value_sets)
        rules = [_rule(one) for one in self.vectors]
        mark = json.dumps([store.meta("classes"), times.period, times.as_of, rules, digest(self.groups)])
        anew = store.meta("computed") != mark
        everybody = store.count("patient")
        patients = everybody if anew else store.count("changed")
        if not anew and not patients:
            return Computed(0, everybody, {})
        script = self.program.script(known, times, engine.dialect)
        with _limited(store, not anew):
            engine.run(store, script)
        if anew:
            store.connection.execute("DELETE FROM vector")
        writing = _Writing(store, script, times, anew=anew, unread=bool(known.unread))
        run_side_by_side(store, [Job(one.measure.id, partial(writing.measure, one)) for one in self.vectors])
        writing.finish()
        write_memberships(store, script, self.groups, anew=anew)
        store.set_meta("computed", mark)
        clean(store)
        return Computed(patients, everybody, writing.made)


def _rule(vectors: Vectors) -> tuple[str, str]:
    """A measure's id and a digest of all that its results follow from: with another rule they are computed anew.

    A measure's representation shows all of its expressions and intervals; only its set of views has no order.
    """
    measure = replace(vectors.measure, views=frozenset())
    return measure.id, hashlib.sha256(repr(measure).encode()).hexdigest()


def result_table(measure: Measure) -> str:
    """The table with a row for each patient: ``p``, the vector's number, when each way of closing was last found."""
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


class _Writing:
    """Results from the table ``people``: the vectors of each measure, and each patient's vector and days."""

    def __init__(self, store: Store, script: Script, times: Times, *, anew: bool, unread: bool) -> None:
        self._store = store
        self._script = script
        self._times = times
        self._anew = anew
        self._unread = unread
        self._fresh: list[tuple[str, int, str, str]] = []
        self.made: dict[str, int] = {}
        """The number of vectors by measure."""

    def measure(self, vectors: Vectors, session: Session) -> None:
        """Write one measure's results, in a session of its own.

        What the truths depend on is told apart first, in a handful of words; the truths themselves are worked out once
        for each difference, not for each patient.
        """
        connection = session.connection
        select = vectors.select(self._script, self._times, unread=self._unread)
        told = ", ".join(vectors.combined(self._script))
        examples = "".join(f", arg_min({day}, p) AS {day}" for day in vectors.days)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE combo AS SELECT {told}{examples}, "
            f"CAST(row_number() OVER () AS INTEGER) AS number FROM ({select}) GROUP BY {told}"
        )
        known, places = self._known(vectors, session), len(vectors.keys)
        before = len(known)
        numbers = []
        for number, *row in connection.execute(vectors.vector(self._script)).fetchall():
            key = tuple(row[:places])
            if key not in known:
                known[key] = len(known)
                body = _body(vectors, key, row[places:], self._times)
                self._fresh.append((vectors.measure.id, known[key], json.dumps(key), json.dumps(body)))
            numbers.append((number, known[key]))
        given = session.rows(numbers, number="INTEGER", v="INTEGER")
        days = "".join(f", o.{day}" for day in vectors.days)
        made = (
            f"SELECT o.p, n.v{days} FROM ({select}) o JOIN combo c USING ({told}) JOIN {given} n ON n.number = c.number"
        )
        self._write(f"{self._store.main}.{result_table(vectors.measure)}", made, session)
        self.made[vectors.measure.id] = len(known) - before if self._anew else len({v for _, v in numbers})

    def finish(self) -> None:
        """Write the vectors that are new."""
        if self._fresh:
            given = self._store.rows(self._fresh, measure="VARCHAR", number="INTEGER", keys="VARCHAR", body="VARCHAR")
            self._store.connection.execute(f"INSERT INTO vector SELECT * FROM {given}")

    def _known(self, vectors: Vectors, session: Session) -> dict[tuple[Any, ...], int]:
        """The numbers that vectors already have; they stay."""
        if self._anew:
            return {}
        rows = session.connection.execute(
            "SELECT number, keys FROM vector WHERE measure = ?", [vectors.measure.id]
        ).fetchall()
        return {tuple(json.loads(key)): number for number, key in rows}

    def _write(self, table: str, made: str, session: Session) -> None:
        connection = session.connection
        if self._anew:
            connection.execute(f"CREATE OR REPLACE TABLE {table} AS {made}")
            return
        connection.execute(
            f"DELETE FROM {table} WHERE p IN (SELECT p FROM changed) OR p NOT IN (SELECT p FROM patient)"
        )
        connection.execute(f"INSERT INTO {table} {made}")


def _body(vectors: Vectors, key: tuple[Any, ...], last: Sequence[Instant | None], times: Times) -> dict[str, Any]:
    result, incomplete = evaluate_vector(vectors, key, last, times)
    return {
        "incomplete": incomplete,
        "clinical_status": result.clinical_status.value,
        "rates": {rate.group_id: [rate.gap_status.value, *astuple(rate.populations)] for rate in result.rates},
    }


@contextmanager
def _limited(store: Store, limited: bool) -> Iterator[None]:
    """Let the compiled SQL see the changed patients only, if so: views in ``scratch`` come before the tables."""
    views = ("work", "person", "unread") if limited else ()
    try:
        for name in views:
            mine = f"SELECT t.* FROM {store.main}.{name} t SEMI JOIN {SCRATCH}.changed USING (p)"
            store.connection.execute(f"CREATE OR REPLACE VIEW {SCRATCH}.{name} AS {mine}")
        yield
    finally:
        for name in views:
            store.connection.execute(f"DROP VIEW IF EXISTS {SCRATCH}.{name}")
