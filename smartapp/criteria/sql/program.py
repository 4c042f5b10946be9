"""Rules compiled for a population: a script of queries that answers all questions for all patients.

>>> program = compile_population([Question(rule, Mode.STRICT)])
>>> script = program.script(known, Times(period, as_of))

Run ``script.statements()`` in order; ``script.answers`` then has a row for each patient with a column for each
question, a ``script.tallies`` query the encounters of each patient counted by which sets they are in. The tables that
it reads are described in :mod:`.layout`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from smartapp.criteria.compiling import Mode
from smartapp.criteria.nodes import Condition, EventSet, Exists, Node, Value
from smartapp.criteria.sql.atoms import Atom, Atoms
from smartapp.criteria.sql.classes import CodeQuestion, Known, code_questions
from smartapp.criteria.sql.compiler import Context, Times
from smartapp.criteria.sql.dialect import DUCKDB, Dialect
from smartapp.criteria.sql.scalars import Scope
from smartapp.criteria.sql.sets import Sets
from smartapp.criteria.sql.settled import Settled
from smartapp.criteria.sql.words import Places, class_table, hit_tables
from smartapp.criteria.tree import owners
from smartapp.errors import CriteriaError

TRITS_IN_A_WORD = 31


class Question(NamedTuple):
    """A part of a rule about the patient, and the mode in which it is asked. A set is asked whether it has a member."""

    node: Node
    mode: Mode


class Column(NamedTuple):
    """The column of ``answers`` that holds a question's answer: a boolean, milliseconds, a number or a text.

    ``expression`` is over ``people pt``. A truth is a function of the ``bits`` (words of ``people`` and masks) alone.
    """

    name: str
    expression: str
    bits: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Script:
    """Queries to run in this order: ``tables``, ``people``; then ``answers`` and ``tallies``.

    ``people`` has a row for each patient: ``p``, ``deceased``, the words of bits and the values asked for.
    """

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

    @cached_property
    def rules(self) -> tuple[Node, ...]:
        sets = (one for group in self.tallies.values() for one in group)
        return tuple(dict.fromkeys((*(_asked(question.node) for question in self.questions), *sets)))

    @cached_property
    def code_questions(self) -> tuple[CodeQuestion, ...]:
        """What has to be known of codes: the numbers in a :class:`Class` are places in this list."""
        return code_questions(self.rules)

    def script(self, known: Known, times: Times, dialect: Dialect = DUCKDB) -> Script:
        """The queries for some data and times. Raises :class:`CriteriaError` for a rule that SQL cannot say."""
        context = Context(rules=self.rules, questions=self.code_questions, known=known, times=times, dialect=dialect)
        settled = Settled(context)
        first = _Writing(self, context, settled, Places())
        first.write()
        # What the first writing used twice, the second makes a table; what it read from the same rows stands together.
        places = Places.arranged(first.asked(), known.rows)
        return _Writing(self, context.afresh(context.uses), settled, places).write()


class _Writing:
    def __init__(self, program: PopulationProgram, context: Context, settled: Settled, places: Places) -> None:
        self.program = program
        self.context = context
        self.settled = settled
        self.atoms = Atoms()
        self.atoms.sets = Sets(self.context, self.settled, self.atoms.in_query)
        self.places = places
        self._asked: dict[int, None] = {}
        self._scalars: dict[str, int] = {}
        self._ages: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._read: dict[str, int] = {}

    def asked(self) -> list[Atom]:
        """The atoms that the columns ask for."""
        return [self.atoms.all[index] for index in self._asked]

    def write(self) -> Script:
        columns: dict[Question, Column] = {}
        by_text: dict[str, Column] = {}
        for question in self.program.questions:
            self._read = {}
            expression = self._expression(question)
            column = by_text.get(expression)
            if column is None:
                bits = tuple(sorted(self._read.items()))
                column = by_text[expression] = Column(f"c{len(by_text)}", expression, bits)
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
        if isinstance(node, Condition):
            return self._truth(node, mode)
        value = Scope(self.context, mode, self._ask).sql(node)
        return f"pt.{self._values.setdefault(value, f'v{len(self._values)}')}"

    def _truth(self, node: Condition, mode: Mode) -> str:
        """A truth over bits: what is no question about a set, and no And, Or or Not of such, is worked out once."""
        return Scope(self.context, mode, self._ask, apart=lambda one: self._scalar(one, mode)).sql(node)

    def _ask(self, node: Node, mode: Mode) -> str:
        return self.atoms.ask(node, mode, self._final)

    def _scalar(self, node: Condition, mode: Mode) -> str:
        before = dict(self._read)
        text = Scope(self.context, mode, self._ask, of_age=self._age).sql(node)
        self._read = before  # its own bits are read where it is worked out
        word, place = divmod(self._scalars.setdefault(text, len(self._scalars)), TRITS_IN_A_WORD)
        name, true, unknown = f"s{word}", 1 << 2 * place, 2 << 2 * place
        self._read[name] = self._read.get(name, 0) | true | unknown
        return f"CASE WHEN (pt.{name} & {unknown}) <> 0 THEN NULL ELSE (pt.{name} & {true}) <> 0 END"

    def _age(self, expression: str) -> str:
        """An age: most rules ask for one of a few."""
        return f"pt.{self._ages.setdefault(expression, f'a{len(self._ages)}')}"

    def _final(self, atom: Atom, bit: int) -> str:
        self._asked[atom.index] = None
        if not bit:
            return f"pt.x{atom.index}"
        _, word, place = self.places.place(atom)
        self._read[f"w{word}"] = self._read.get(f"w{word}", 0) | bit << place
        return f"(pt.w{word} & {bit << place}) <> 0"

    def _tally(self, sets: Sequence[EventSet]) -> str:
        parts = " UNION ALL ".join(
            f"SELECT p, e, {1 << place} AS m FROM {self.atoms.sets.rows(one, Mode.STRICT)}"
            for place, one in enumerate(sets)
        )
        each = f"SELECT p, bit_or(m) AS m FROM ({parts}) GROUP BY p, e"
        return f"SELECT p, m, count(*) AS n FROM ({each}) GROUP BY p, m"

    def _people(self) -> tuple[tuple[tuple[str, str], ...], str]:
        """The tables of the atoms that the columns ask for, and ``people`` from ``person`` with them.

        Few tables of many columns: each join carries the columns of all before it. One table for all would be a query
        that takes DuckDB minutes to plan.
        """
        hits = hit_tables(self.atoms, self.asked(), self.places)
        joins = "".join(f" LEFT JOIN {one.name} ON {one.name}.q = pt.p" for one in hits)
        words = [word for one in hits for word in one.words]
        columns = "".join(f", coalesce({word}, 0) AS {word}" for word in words)
        columns += "".join(f", {value}" for one in hits for value in one.values)
        found = f"SELECT pt.*{columns} FROM person pt{joins}"
        kept = "".join(f", pt.{word}" for word in words)
        ages = "".join(f", {age} AS {name}" for age, name in self._ages.items())
        aged = f"SELECT pt.*{ages} FROM ({found}) pt" if ages else found
        truths = "".join(f", {text} AS b{place}" for text, place in self._scalars.items())
        truths += "".join(f", {value} AS {name}" for value, name in self._values.items())
        told = f"SELECT pt.p, pt.deceased{kept}{truths} FROM ({aged}) pt"
        made = "".join(f", {word} AS s{number}" for number, word in enumerate(self._scalar_words()))
        made += "".join(f", pt.{name}" for name in self._values.values())
        tables = (*class_table(self.asked(), self.places), *((one.name, one.select) for one in hits))
        return tables, f"SELECT pt.p, pt.deceased{kept}{made} FROM ({told}) pt"

    def _scalar_words(self) -> list[str]:
        places = list(self._scalars.values())
        return [
            " + ".join(
                f"CASE WHEN pt.b{start + place} THEN {1 << 2 * place} "
                f"WHEN pt.b{start + place} IS NULL THEN {2 << 2 * place} ELSE 0 END"
                for place in range(len(places[start : start + TRITS_IN_A_WORD]))
            )
            for start in range(0, len(places), TRITS_IN_A_WORD)
        ]


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
