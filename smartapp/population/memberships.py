"""Which patients are in which groups: a column of truths for each group, from the same run as the measures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from smartapp.criteria.compiling import Mode
from smartapp.criteria.evaluate import Outcome, Program, compile_rules
from smartapp.criteria.sql import Question, Script
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Facts
from smartapp.groups.model import Group, Membership, membership
from smartapp.population.charts_of import facts_of
from smartapp.population.store import Store

TABLE = "membership"
"""A row for each patient: ``p`` and a column for each group, by its place; NULL where it cannot be told."""
_AT_ONCE = 5_000


class GroupFigures(NamedTuple):
    """How many patients are in a group, and of how many it cannot be told."""

    group: str
    members: int
    cannot_tell: int


def group_question(group: Group) -> Question:
    """What the SQL is asked."""
    return Question(group.rule, Mode.KLEENE)


def digest(groups: Sequence[Group]) -> list[tuple[str, str]]:
    """The groups' ids, and what their membership follows from."""
    return [(group.id, hashlib.sha256(repr(group.rule).encode()).hexdigest()) for group in groups]


def write_memberships(store: Store, script: Script, groups: Sequence[Group], *, anew: bool) -> None:
    """Fill the table from ``people``: of everybody, or of the patients in ``changed``."""
    columns = "".join(
        f", {script.columns[group_question(group)].expression} AS g{place}" for place, group in enumerate(groups)
    )
    select = f"SELECT pt.p{columns} FROM people pt"
    if anew:
        store.connection.execute(f"CREATE OR REPLACE TABLE {TABLE} AS {select}")
        return
    store.connection.execute(
        f"DELETE FROM {TABLE} WHERE p IN (SELECT p FROM changed) OR p NOT IN (SELECT p FROM patient)"
    )
    store.connection.execute(f"INSERT INTO {TABLE} {select}")


def group_figures(store: Store, groups: Sequence[Group]) -> list[GroupFigures]:
    """The figures of each group, in one scan."""
    if not groups:
        return []
    counts = ", ".join(f"count_if(g{place}), count_if(g{place} IS NULL)" for place in range(len(groups)))
    row = store.connection.execute(f"SELECT {counts} FROM {TABLE}").fetchone() or ()
    found = [int(count or 0) for count in row]  # of no patients at all DuckDB counts NULL
    return [GroupFigures(group.id, found[2 * place], found[2 * place + 1]) for place, group in enumerate(groups)]


class Memberships:
    """The memberships of a computed store, patient by patient.

    What was not read where a group cannot be told is named by the chart engine from the same facts, as for measures.
    """

    def __init__(self, store: Store, groups: Sequence[Group], value_sets: ValueSets, times: Times) -> None:
        self._store = store
        self._groups = tuple(groups)
        self._value_sets = value_sets
        self._times = times
        self._program: Program | None = None

    def all(self) -> Iterator[tuple[str, tuple[Membership, ...]]]:
        """Each patient's id and memberships, in the order of the patients and of the groups."""
        last = self._store.connection.execute("SELECT coalesce(max(p), -1) FROM patient").fetchone()
        for first in range(0, (last[0] if last else -1) + 1, _AT_ONCE):
            yield from self.between(first, first + _AT_ONCE - 1)

    def between(self, first: int, last: int) -> Iterator[tuple[str, tuple[Membership, ...]]]:
        """The memberships of the patients with these numbers."""
        rows = self._store.connection.execute(
            f"SELECT q.id, m.* FROM {TABLE} m JOIN patient q USING (p) WHERE p BETWEEN ? AND ? ORDER BY p",
            [first, last],
        ).fetchall()
        doubtful = [p for _, p, *truths in rows if None in truths]
        charts = facts_of(self._store, doubtful) if doubtful else {}
        for patient, p, *truths in rows:
            told = self._chart(charts[p]) if p in charts else None
            yield (
                patient,
                tuple(
                    _certain(group, truth) if truth is not None or told is None else membership(group, told)
                    for group, truth in zip(self._groups, truths, strict=True)
                ),
            )

    def _chart(self, facts: Facts) -> Outcome:
        if self._program is None:
            self._program = compile_rules([group.rule for group in self._groups], self._value_sets)
        return self._program.run(facts, self._times.period, self._times.as_of, mode=Mode.KLEENE)


def membership_line(patient: str, one: Membership) -> dict[str, object]:
    """A membership as ``smartapp population compute --groups`` writes it."""
    member = "cannot-tell" if one.member is None else one.member
    return {
        "patient_id": patient,
        "group": one.group.id,
        "member": member,
        "because": one.because,
        "missing": list(one.missing),
    }


class _Told:
    """One known truth as :class:`smartapp.measures.answers.Answers`: all that a certain membership asks."""

    def __init__(self, truth: bool) -> None:
        self._truth = truth

    def truth(self, _: object) -> bool:
        return self._truth


def _certain(group: Group, truth: bool) -> Membership:
    return membership(group, _Told(truth))  # type: ignore[arg-type]
