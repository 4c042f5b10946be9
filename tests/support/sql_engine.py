"""The population's SQL run on DuckDB in memory, for a few charts given as facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import duckdb

from smartapp.criteria.compiling import Mode
from smartapp.criteria.constants import Period
from smartapp.criteria.nodes import EventSet, Node
from smartapp.criteria.sql import Classifier, Known, Question, compile_population
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.sql.layout import PERSON_COLUMNS, UNREAD_COLUMNS, WORK_COLUMNS
from smartapp.criteria.sql.rows import person_row, work_row
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Coverage, Facts

MODES = (Mode.STRICT, Mode.KLEENE)


def load(connection: duckdb.DuckDBPyConnection, charts: Sequence[Facts], classifier: Classifier) -> Known:
    """Make the layout's tables of some charts; the patients' numbers are their places."""
    classes: dict[Any, int] = {}
    patients: dict[Any, int] = {}
    nulls: dict[int, set[str]] = {}
    work, person, unread, person_nulls = [], [], [], set()
    for p, facts in enumerate(charts):
        row = person_row(p, patients.setdefault(classifier.of_patient(facts.codes), len(patients)), facts)
        person.append(row)
        person_nulls |= {"birth"} if facts.birth_low is None else set()
        person_nulls |= {"partial"} if facts.birth_low != facts.birth_high else set()
        person_nulls |= {name for name in ("sex", "gender", "deceased") if getattr(facts, name) is None}
        unread += [(p, key) for key, how in facts.coverage.items() if how != Coverage.COMPLETE]
        for event in facts.events:
            found = classifier.of_event(event.kind, event.codes)
            if found is not None:
                cls = classes.setdefault(found, len(classes))
                work.append(work_row(p, len(work), cls, event))
                empty = {name for name, value in zip(WORK_COLUMNS, work[-1], strict=True) if value is None}
                nulls.setdefault(cls, set()).update(empty)
    for name, columns, rows in (
        ("work", WORK_COLUMNS, work),
        ("person", PERSON_COLUMNS, person),
        ("unread", UNREAD_COLUMNS, unread),
    ):
        connection.execute(f"CREATE OR REPLACE TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
        if rows:
            values = ", ".join("(" + ", ".join(_literal(cell) for cell in row) + ")" for row in rows)
            connection.execute(f"INSERT INTO {name} VALUES {values}")
    return Known(
        {number: one for one, number in classes.items()},
        {number: one for one, number in patients.items()},
        {number: frozenset(found) for number, found in nulls.items()},
        frozenset(person_nulls),
        frozenset(key for _, key in unread),
        frozenset(nulls),
        Counter(row[2] for row in work),
    )


def _literal(cell: str | float | bool | None) -> str:
    return "NULL" if cell is None else f"'{cell}'" if isinstance(cell, str) else repr(cell)


def answer_all(
    rules: Sequence[Node],
    charts: Sequence[Facts],
    value_sets: ValueSets,
    period: Period,
    as_of: int,
    modes: Sequence[Mode] = MODES,
    *,
    knowing: bool = True,
) -> dict[tuple[int, int, Mode], Any]:
    """The answers by (place of the rule, place of the chart, mode); ``knowing`` False: nothing is known of the data."""
    questions = [Question(rule, mode) for rule in rules for mode in modes]
    program = compile_population(questions)
    with duckdb.connect(config={"threads": 1}) as connection:
        known = load(connection, charts, Classifier(program.code_questions, value_sets))
        if not knowing:
            known = Known(known.classes, known.patient_classes, unread=known.unread)
        script = program.script(known, Times(period, as_of))
        for statement in script.statements():
            connection.execute(statement)
        found = connection.execute(script.answers)
        names = [column[0] for column in found.description]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
    return {
        (r, p, mode): rows[p][script.columns[Question(rule, mode)].name]
        for r, rule in enumerate(rules)
        for p in range(len(charts))
        for mode in modes
    }


class SqlEngine:
    """The population engine, for the tables of :mod:`support.spec_tables`."""

    name = "sql"
    tells_members = False
    modes = MODES

    def answer(self, rule: Node, facts: Facts, value_sets: ValueSets, period: Period, as_of: int, mode: Mode) -> Any:
        found = answer_all([rule], [facts], value_sets, period, as_of, [mode])
        return found[0, 0, mode]


__all__ = ["EventSet", "SqlEngine", "answer_all", "load"]
