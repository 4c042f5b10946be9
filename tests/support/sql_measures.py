"""Measures on the population's SQL: the answers of all charts at once, in the shape that the rules ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from support.sql_engine import MODES, load

from smartapp.criteria.compiling import Mode
from smartapp.criteria.evaluate import Period
from smartapp.criteria.nodes import EventSet, Node
from smartapp.criteria.sql import Classifier, Question, compile_population
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Facts


@dataclass(frozen=True)
class Encounter:
    reference: str


@dataclass(frozen=True)
class SqlAnswers:
    """One patient's row as :class:`smartapp.measures.answers.Answers`."""

    row: Mapping[Question, Any]
    members: Mapping[EventSet, tuple[Encounter, ...]]
    mode: Mode

    def truth(self, node: Any) -> bool | None:
        return self.row[Question(node, self.mode)]

    def value(self, node: Any) -> Any:
        return self.row[Question(node, self.mode)]

    def events(self, node: EventSet) -> tuple[Encounter, ...]:
        return self.members[node]

    def caveats(self, node: Node) -> tuple[str, ...]:
        return ()

    def missing(self, node: Node) -> tuple[str, ...]:
        return ()


def answers(
    asked: Sequence[Node], sets: Sequence[EventSet], charts: Sequence[Facts], value_sets: ValueSets, times: Times
) -> list[tuple[SqlAnswers, SqlAnswers]]:
    """Strict and Kleene answers of each chart; ``sets`` are those whose encounters are counted."""
    tallies = {"sets": tuple(dict.fromkeys(sets))} if sets else {}
    program = compile_population([Question(node, mode) for node in asked for mode in MODES], tallies)
    with duckdb.connect(config={"threads": 1}) as connection:
        known = load(connection, charts, Classifier(program.code_questions, value_sets))
        script = program.script(known, times)
        for statement in script.statements():
            connection.execute(statement)
        found = connection.execute(script.answers)
        names = [column[0] for column in found.description]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
        tallied = connection.execute(script.tallies["sets"]).fetchall() if sets else []
    made = []
    for p in range(len(charts)):
        row = {question: rows[p][column.name] for question, column in script.columns.items()}
        members = _members(tallies.get("sets", ()), [(m, n) for place, m, n in tallied if place == p])
        made.append((SqlAnswers(row, members, Mode.STRICT), SqlAnswers(row, members, Mode.KLEENE)))
    return made


def _members(sets: Sequence[EventSet], counts: list[tuple[int, int]]) -> dict[EventSet, tuple[Encounter, ...]]:
    """As many encounters as were counted in each combination of sets; their names are made up."""
    return {
        one: tuple(Encounter(f"{m}-{i}") for m, n in counts if m & (1 << place) for i in range(n))
        for place, one in enumerate(sets)
    }


def counted_sets(nodes: Sequence[Node]) -> list[EventSet]:
    return [node for node in nodes if isinstance(node, EventSet)]


def times(period: Period, as_of: int) -> Times:
    return Times(period, as_of)
