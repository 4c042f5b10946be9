"""A measure's answers for many patients as few vectors.

What a result depends on is a handful of truths, how long ago care was given (before, soon, after the due date) and how
many encounters are in which populations. Few such vectors occur among any number of patients, so that SQL works out the
vector of each patient, and the one pure function of :mod:`smartapp.measures.results` is run once for each vector. Days
differ from patient to patient: they stay beside the vector, and only texts and due dates are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from smartapp.criteria.compiling import Mode
from smartapp.criteria.nodes import Condition, EventSet, Node, Refines, Value
from smartapp.criteria.plan import Plan
from smartapp.criteria.sql import DUCKDB, Column, Question, Script
from smartapp.criteria.tree import walk
from smartapp.facts.instants import BEGINNING, DAY, FOREVER, Instant, truncate_to_day
from smartapp.measures.answers import as_condition, found, last_found, questions
from smartapp.measures.model import Every, Measure

TRUTHS_IN_A_WORD = 31
KEYS = ("bucket", "tally", "dead", "unread", "found")
"""What is in a vector beside the words of truths."""
Truth = bool | None


class Asked(NamedTuple):
    """A truth of the vector: a part of the rules and the mode."""

    node: Node
    mode: Mode


@dataclass(frozen=True)
class Vectors:
    """What is asked for one measure, and in which order it stands in its vectors."""

    measure: Measure

    @cached_property
    def plan(self) -> Plan:
        return Plan(questions(self.measure))

    @cached_property
    def truths(self) -> tuple[Asked, ...]:
        """Conditions in both modes, and those whose refinements may be unknown also without them."""
        made = [
            Asked(node, mode)
            for node in questions(self.measure)
            if isinstance(node, Condition)
            for mode in (Mode.STRICT, Mode.KLEENE)
        ]
        made += [Asked(edge, Mode.KLEENE) for edge in self.edges]
        made += [Asked(node, Mode.UNREFINED) for node in self.refined]
        return tuple(dict.fromkeys(made))

    @cached_property
    def refined(self) -> tuple[Condition, ...]:
        """The exclusions and exceptions with a refinement in them: they may give caveats."""
        measure = self.measure
        reasons = [
            *measure.clinical.excluded,
            *(r for rate in measure.rates for r in (*rate.exclusions, *rate.exceptions)),
        ]
        parts = dict.fromkeys(as_condition(reason.part) for reason in reasons)
        return tuple(part for part in parts if any(isinstance(one, Refines) for one in walk(part)))

    @cached_property
    def edges(self) -> tuple[Value, ...]:
        """When each way of closing the gap was last found."""
        return tuple(last_found(closed) for closed in self.measure.clinical.closed_by)

    @cached_property
    def sets(self) -> tuple[EventSet, ...]:
        """The populations that are sets of encounters."""
        sets = (node for node in questions(self.measure) if isinstance(node, EventSet))
        return tuple({self.plan.number(node): node for node in sets}.values())

    @property
    def questions(self) -> tuple[Question, ...]:
        """What the SQL is asked."""
        edges = (Question(edge, mode) for edge in self.edges for mode in (Mode.STRICT, Mode.KLEENE))
        truths = (Question(one.node, one.mode) for one in self.truths if not isinstance(one.node, Value))
        return tuple(dict.fromkeys((*truths, *edges)))

    @cached_property
    def places(self) -> dict[tuple[int, Mode], int]:
        """Where a truth stands, by its node's number in the plan."""
        return {(self.plan.number(one.node), one.mode): place for place, one in enumerate(self.truths)}

    @property
    def words(self) -> tuple[str, ...]:
        """The names of the columns that hold the truths."""
        return tuple(f"k{word}" for word in range(-(-len(self.truths) // TRUTHS_IN_A_WORD)))

    @property
    def days(self) -> tuple[str, ...]:
        """The names of the columns that hold when care was last given."""
        return tuple(f"d{place}" for place in range(len(self.edges)))

    def select(self, script: Script, as_of: Instant) -> str:
        """One row a patient: ``p``, the words, ``bucket`` (how the due date lies to the day), ``tally``, ``dead``, the
        instants of each way of closing the gap and ``until``, when the care stops to hold."""
        # Each truth is written once: planning a query takes time with its length.
        truths = [
            f"{_expression(script, one)}{' IS NOT NULL OR NULL' if isinstance(one.node, Value) else ''} AS t{place}"
            for place, one in enumerate(self.truths)
        ]
        columns = [_word(self._in_word(word), name) for word, name in enumerate(self.words)]
        plain = []
        days = [script.columns[Question(edge, Mode.STRICT)].expression for edge in self.edges]
        plain += [f"{day} AS {name}" for day, name in zip(days, self.days, strict=True)]
        plain += [
            f"{_expression(script, Asked(found(closed), Mode.STRICT))} AS f{place}"
            for place, closed in enumerate(self.measure.clinical.closed_by)
            if closed.holds is None
        ]
        plain.append(f"coalesce(pt.deceased <= {as_of}, FALSE) AS dead")
        plain.append("u.p IS NOT NULL AS unread")
        asked = f"SELECT pt.p, {', '.join((*truths, *plain))} FROM people pt "
        asked += "LEFT JOIN (SELECT DISTINCT p FROM unread) u ON u.p = pt.p"
        names = ", ".join(one.rpartition(" AS ")[2] for one in plain)
        inner = f"SELECT p, {', '.join(columns)}, {names} FROM ({asked})"
        tally = script.tallies.get(self.measure.id)
        tallied = "''" if tally is None else "coalesce(y.tally, '')"
        bucket = _bucket(self.measure.clinical.due_soon, self.measure.clinical.grace, as_of)
        known = f"SELECT x.*, {self._until()} AS until, {tallied} AS tally FROM ({inner}) x"
        if tally is not None:
            listed = f"SELECT p, string_agg(concat(m, ':', n), ',' ORDER BY m) AS tally FROM ({tally}) GROUP BY p"
            known += f" LEFT JOIN ({listed}) y ON y.p = x.p"
        return f"SELECT z.*, {bucket} AS bucket FROM ({known}) z"

    def _in_word(self, word: int) -> list[str]:
        first = word * TRUTHS_IN_A_WORD
        return [_trit(f"t{place}") for place in range(first, min(first + TRUTHS_IN_A_WORD, len(self.truths)))]

    def _until(self) -> str:
        """When the care stops to hold: of several ways the longest, of several that are needed the shortest."""
        ends = [
            f"CASE WHEN x.f{place} THEN {FOREVER} END" if closed.holds is None else _after(f"x.d{place}", closed.holds)
            for place, closed in enumerate(self.measure.clinical.closed_by)
        ]
        if len(ends) <= 1:
            return ends[0] if ends else "CAST(NULL AS BIGINT)"
        if self.measure.clinical.needs == "all":
            known = " AND ".join(f"({end}) IS NOT NULL" for end in ends)
            return f"CASE WHEN {known} THEN least({', '.join(ends)}) END"
        return f"greatest({', '.join(ends)})"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that make a vector: what a result's statuses depend on."""
        return (*self.words, *KEYS)

    @property
    def found_bits(self) -> str:
        """Which ways of closing the gap were found at all, as bits."""
        bits = [f"CASE WHEN {day} IS NOT NULL THEN {1 << place} ELSE 0 END" for place, day in enumerate(self.days)]
        return " + ".join(bits) or "0"


def _expression(script: Script, one: Asked) -> str:
    column: Column = script.columns[Question(one.node, one.mode)]
    return f"({column.expression})"


def _trit(truth: str) -> str:
    return f"CASE WHEN {truth} IS NULL THEN 2 WHEN {truth} THEN 1 ELSE 0 END"


def _word(trits: Sequence[str], name: str) -> str:
    parts = (f"CAST({trit} AS BIGINT) * {4**place}" for place, trit in enumerate(trits))
    return f"{' + '.join(parts)} AS {name}"


def _shifted(at: str, by: Every, sign: int) -> str:
    milliseconds = {"week": 7 * DAY, "day": DAY, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}
    if by.unit in milliseconds:
        return DUCKDB.plus(at, sign * by.amount * milliseconds[by.unit])
    return DUCKDB.plus_months(at, sign * by.amount * (12 if by.unit == "year" else 1))


def _after(at: str, holds: Every) -> str:
    """When care that was given ``at`` stops to hold (as :mod:`smartapp.measures.due` works it out)."""
    if holds.full:
        first = f"epoch_ms(date_trunc('month', epoch_ms({_finite(at)})) + INTERVAL 1 MONTH)"
        return f"({_shifted(first, holds, 1)})"
    return f"({_shifted(at, holds, 1)})"


def _finite(at: str) -> str:
    return f"CASE WHEN {at} > {BEGINNING} AND {at} < {FOREVER} THEN {at} END"


def _bucket(soon: Every, grace: Every, as_of: Instant) -> str:
    """How the due date lies to the day of evaluation, as :mod:`smartapp.measures.due` compares them."""
    today = truncate_to_day(as_of)
    near = f"({_shifted('until', soon, -1)}) < {today + DAY}"
    return (
        f"CASE WHEN until IS NULL THEN 0 WHEN until = {FOREVER} THEN 1 "
        f"WHEN until >= {today + DAY} THEN CASE WHEN {near} THEN 3 ELSE 2 END "
        f"WHEN ({_shifted('until', grace, 1)}) < {today} THEN 5 ELSE 4 END"
    )


class Encounter(NamedTuple):
    """An encounter of a tally: it has no name, only its populations."""

    reference: str


@dataclass
class VectorAnswers:
    """One vector as :class:`smartapp.measures.answers.Answers`.

    ``truths`` by place, ``last`` the instants by way of closing the gap, ``tally`` the encounters by which sets they
    are in, ``unread`` whether anything of the patient was not read. ``incomplete`` gets a word where what was not read,
    or what would refine, had to be named: that is not in a vector, and the chart engine says it for the patient.
    """

    vectors: Vectors
    mode: Mode
    truths: Sequence[Truth]
    last: Sequence[Instant | None]
    tally: dict[int, int]
    unread: bool
    incomplete: list[str] = field(default_factory=list)

    def truth(self, node: Condition) -> Truth:
        return self.truths[self.vectors.places[self.vectors.plan.number(node), self.mode]]

    def value(self, node: Value) -> Any:
        number = self.vectors.plan.number(node)
        if self.mode is Mode.KLEENE and self.truths[self.vectors.places[number, Mode.KLEENE]] is None:
            return None
        place = next(i for i, edge in enumerate(self.vectors.edges) if self.vectors.plan.number(edge) == number)
        return self.last[place]

    def events(self, node: EventSet) -> Sequence[Encounter]:
        number = self.vectors.plan.number(node)
        place = next(i for i, one in enumerate(self.vectors.sets) if self.vectors.plan.number(one) == number)
        return [
            Encounter(f"{mask}#{one}")
            for mask, count in self.tally.items()
            if mask >> place & 1
            for one in range(count)
        ]

    def caveats(self, node: Condition) -> Sequence[str]:
        place = self.vectors.places.get((self.vectors.plan.number(node), Mode.UNREFINED))
        if place is not None and self.truths[place] is None:
            self.incomplete.append("caveats")
        return ()

    def missing(self, node: Node) -> Sequence[str]:
        if not self.unread:
            return ()
        self.incomplete.append("missing")
        return ("?",)


def unpack(vectors: Vectors, words: Sequence[int]) -> tuple[Truth, ...]:
    """The truths of a vector's words."""
    meaning: tuple[Truth, ...] = (False, True, None)
    return tuple(
        meaning[words[place // TRUTHS_IN_A_WORD] >> 2 * (place % TRUTHS_IN_A_WORD) & 3]
        for place in range(len(vectors.truths))
    )


def read_tally(text: str | None) -> dict[int, int]:
    """``mask:count,…`` as a mapping."""
    pairs = (pair.split(":") for pair in text.split(",")) if text else ()
    return {int(mask): int(count) for mask, count in pairs}
