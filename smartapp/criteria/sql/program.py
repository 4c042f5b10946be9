"""Rules compiled for a population: a script of queries that answers all questions for all patients.

>>> program = compile_population([Question(rule, Mode.STRICT)])
>>> script = program.script(known, Times(period, as_of))

Run ``script.statements()`` in order; ``script.answers`` then has a row for each patient with a column for each
question, a ``script.tallies`` query the encounters of each patient counted by which sets they are in. The tables that
it reads are described in :mod:`.layout`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from smartapp.criteria.compiling import Mode
from smartapp.criteria.nodes import Condition, EventSet, Exists, Node, Value
from smartapp.criteria.sql.atoms import Atom, Atoms, Sort
from smartapp.criteria.sql.classes import CodeQuestion, Known, code_questions
from smartapp.criteria.sql.compiler import Context, Times
from smartapp.criteria.sql.dialect import DUCKDB, Dialect
from smartapp.criteria.sql.scalars import Scope
from smartapp.criteria.sql.sets import Sets
from smartapp.criteria.sql.settled import Settled
from smartapp.criteria.tree import owners
from smartapp.errors import CriteriaError

PAIRS_IN_A_WORD = 31
VALUES_IN_A_TABLE = 12
_NO_NUMBER = "CAST(NULL AS DOUBLE)"


class Question(NamedTuple):
    """A part of a rule about the patient, and the mode in which it is asked. A set is asked whether it has a member."""

    node: Node
    mode: Mode


class Column(NamedTuple):
    """The column of ``answers`` that holds a question's answer: a boolean, milliseconds, a number or a text.

    ``expression`` is over ``people pt``.
    """

    name: str
    expression: str


@dataclass(frozen=True)
class Script:
    """Queries to run in this order: ``tables``, ``people``; then ``answers`` and ``tallies``."""

    tables: tuple[tuple[str, str], ...]
    people: str
    columns: Mapping[Question, Column]
    tallies: Mapping[str, str]
    dialect: Dialect = DUCKDB

    @property
    def answers(self) -> str:
        """One row for each patient: ``p`` and a column for each question."""
        columns = {column.name: column.expression for column in self.columns.values()}
        wanted = "".join(f", {expression} AS {name}" for name, expression in columns.items())
        return f"SELECT pt.p{wanted} FROM people pt"

    def statements(self) -> tuple[str, ...]:
        """What has to be run before ``answers`` and ``tallies`` can be asked."""
        made = [self.dialect.create.format(name, select) for name, select in self.tables]
        return (*made, self.dialect.create.format("people", self.people))


@dataclass(frozen=True)
class PopulationProgram:
    """Compiled rules; made by :func:`compile_population`."""

    questions: tuple[Question, ...]
    tallies: Mapping[str, tuple[EventSet, ...]] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[Node, ...]:
        sets = (one for group in self.tallies.values() for one in group)
        return tuple(dict.fromkeys((*(_asked(question.node) for question in self.questions), *sets)))

    @property
    def code_questions(self) -> tuple[CodeQuestion, ...]:
        """What has to be known of codes: the numbers in a :class:`Class` are places in this list."""
        return code_questions(self.rules)

    def script(self, known: Known, times: Times, dialect: Dialect = DUCKDB) -> Script:
        """The queries for some data and times. Raises :class:`CriteriaError` for a rule that SQL cannot say."""
        first = _Writing(self, known, times, dialect, Counter())
        first.write()
        # What the first writing used twice, the second makes a table.
        return _Writing(self, known, times, dialect, first.context.uses).write()


class _Writing:
    def __init__(
        self,
        program: PopulationProgram,
        known: Known,
        times: Times,
        dialect: Dialect,
        uses: Counter[tuple[int, Mode]],
    ) -> None:
        self.program = program
        self.context = Context(
            rules=program.rules,
            questions=program.code_questions,
            known=known,
            times=times,
            dialect=dialect,
            uses=uses,
        )
        self.settled = Settled(self.context)
        self.atoms = Atoms()
        self.atoms.sets = Sets(self.context, self.settled, self.atoms.in_query)
        self._places: dict[int, int] = {}
        self._asked: set[int] = set()

    def write(self) -> Script:
        columns: dict[Question, Column] = {}
        by_text: dict[str, Column] = {}
        for question in self.program.questions:
            expression = self._expression(question)
            column = by_text.get(expression)
            if column is None:
                column = by_text[expression] = Column(f"c{len(by_text)}", expression)
            columns[question] = column
        tallies = {name: self._tally(sets) for name, sets in self.program.tallies.items()}
        hits, people = self._people()
        births = "".join(f", {expression} AS {name}" for expression, name in self.context.births.items())
        first = (("birthdays", f"SELECT pt.p{births} FROM person pt"),) if births else ()
        tables = (*first, *self.atoms.sets.statements, *hits)
        return Script(tables, people, columns, tallies, self.context.dialect)

    def _expression(self, question: Question) -> str:
        node = _asked(question.node)
        # Where both modes say the same, one column serves both.
        mode = Mode.STRICT if self.settled.same(node) else self.context.plain_mode(node, question.mode)
        return Scope(self.context, mode, lambda one, mode_: self.atoms.ask(one, mode_, self._final)).sql(node)

    def _final(self, atom: Atom, bit: int) -> str:
        self._asked.add(atom.index)
        if not bit:
            return f"pt.x{atom.index}"
        word, place = self._place(atom)
        return f"(coalesce(pt.w{word}, 0) & {bit * 4**place}) <> 0"

    def _place(self, atom: Atom) -> tuple[int, int]:
        return divmod(self._places.setdefault(atom.index, len(self._places)), PAIRS_IN_A_WORD)

    def _tally(self, sets: Sequence[EventSet]) -> str:
        parts = " UNION ALL ".join(
            f"SELECT p, e, {1 << place} AS m FROM {self.atoms.sets.rows(one, Mode.STRICT)}"
            for place, one in enumerate(sets)
        )
        each = f"SELECT p, bit_or(m) AS m FROM ({parts}) GROUP BY p, e"
        return f"SELECT p, m, count(*) AS n FROM ({each}) GROUP BY p, m"

    def _people(self) -> tuple[tuple[tuple[str, str], ...], str]:
        """The tables of the atoms that the columns ask for, and ``person`` with them.

        The atoms of a word are one aggregation over all their rows. All words in one query would need fewer tables,
        and takes DuckDB minutes to plan.
        """
        words: dict[int, list[str]] = {}
        values: list[Atom] = []
        for atom in (atom for atom in self.atoms.all if atom.index in self._asked):
            if atom.sort is not Sort.BITS:
                values.append(atom)
                continue
            word, place = self._place(atom)
            words.setdefault(word, []).append(f"SELECT p, CAST(v AS BIGINT) * {4**place} AS v FROM ({atom.rows})")
        tables = [
            (f"hits_{word}", f"SELECT p AS q, bit_or(v) AS w{word} FROM ({_all(rows)}) GROUP BY p")
            for word, rows in sorted(words.items())
        ]
        for start in range(0, len(values), VALUES_IN_A_TABLE):
            tables.append((f"hits_{len(tables)}", _values(values[start : start + VALUES_IN_A_TABLE])))
        joins = "".join(f" LEFT JOIN {name} ON {name}.q = pt.p" for name, _ in tables)
        columns = "".join(f", {column}" for column in self._columns_of(words, values))
        return tuple(tables), f"SELECT pt.*{columns} FROM person pt{joins}"

    @staticmethod
    def _columns_of(words: Mapping[int, object], values: Sequence[Atom]) -> list[str]:
        return [*(f"w{word}" for word in sorted(words)), *(f"x{atom.index}" for atom in values)]


def _values(atoms: Sequence[Atom]) -> str:
    """One row a patient with the values of some atoms."""
    rows, made = [], []
    for atom in atoms:
        is_time = atom.sort is Sort.TIME
        value = f"v, {_NO_NUMBER} AS d" if is_time else "CAST(NULL AS BIGINT) AS v, CAST(v AS DOUBLE) AS d"
        rows.append(f"SELECT p, {atom.index} AS k, {value} FROM ({atom.rows})")
        made.append(f"{atom.best}({'v' if is_time else 'd'}) FILTER (WHERE k = {atom.index}) AS x{atom.index}")
    return f"SELECT p AS q, {', '.join(made)} FROM ({_all(rows)}) GROUP BY p"


def _all(queries: Sequence[str]) -> str:
    return " UNION ALL ".join(queries)


def _asked(node: Node) -> Node:
    """A set is asked whether it has a member."""
    return Exists(node) if isinstance(node, EventSet) else node


def compile_population(
    questions: Sequence[Question], tallies: Mapping[str, Sequence[EventSet]] | None = None
) -> PopulationProgram:
    """Compile questions about patients, and tallies of sets of encounters, for whole populations.

    Raises :class:`CriteriaError` for a question that is not about the patient.
    """
    for node, _ in questions:
        if owners(node) or not isinstance(node, Condition | Value | EventSet):
            raise CriteriaError("criteria.no-event", "A rule names a field, but there is no event it could be of.")
    return PopulationProgram(
        tuple(dict.fromkeys(questions)), {name: tuple(sets) for name, sets in (tallies or {}).items()}
    )
