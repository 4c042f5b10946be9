"""A measure's answers for many patients as few vectors.

What a result depends on is a handful of truths, how long ago care was given (before, soon, after the due date) and how
many encounters are in which populations. Few such vectors occur among any number of patients, so that SQL works out the
vector of each patient, and the one pure function of :mod:`smartapp.measures.results` is run once for each vector. Days
differ from patient to patient: they stay beside the vector, and only texts and due dates are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from smartapp.criteria.compiling import Mode
from smartapp.criteria.nodes import Condition, EventSet, Node, Refines, Value
from smartapp.criteria.plan import Plan
from smartapp.criteria.sql import Question, Script
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.tree import walk
from smartapp.facts.instants import FOREVER
from smartapp.measures.answers import as_condition, found, last_found, questions
from smartapp.measures.model import Measure
from smartapp.population.engines import tally_table
from smartapp.population.ranks import RANKS, thresholds

TRUTHS_IN_A_WORD = 31
KEYS = ("bucket", "tally", "dead", "unread", "found")
"""What is in a vector beside the words of truths."""
PACKED = "packed"
"""The column of the keys that are small numbers."""
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

    def bits(self, script: Script) -> dict[str, int]:
        """What of the words of ``people`` the truths depend on: masks by column."""
        masks: dict[str, int] = {}
        for one in self.truths:
            if not isinstance(one.node, Value):
                for word, mask in script.columns[Question(one.node, one.mode)].bits:
                    masks[word] = masks.get(word, 0) | mask
        for closed in self.measure.clinical.closed_by:
            if closed.holds is None:
                for word, mask in script.columns[Question(found(closed), Mode.STRICT)].bits:
                    masks[word] = masks.get(word, 0) | mask
        return dict(sorted(masks.items()))

    def select(self, script: Script, times: Times, *, unread: bool) -> str:
        """One row a patient: ``p``, the words as far as the truths depend on them, the other keys in one, the days.

        Of the other keys ``known`` and ``found`` have a bit for each way of closing the gap whose last time is known in
        Kleene's and in strict mode. ``unread``: whether anything of anybody was not read.
        """
        words = [f"pt.{word} & {mask} AS {word}" for word, mask in self.bits(script).items()]
        edges = {
            mode: [script.columns[Question(edge, mode)].expression for edge in self.edges]
            for mode in (Mode.STRICT, Mode.KLEENE)
        }
        days = [f"{day} AS {name}" for day, name in zip(edges[Mode.STRICT], self.days, strict=True)]
        tally = tally_table(self.measure.id) if self._tallied(script) else None
        parts = {
            "bucket": self._bucket(script, times),
            "dead": f"CASE WHEN pt.deceased <= {times.as_of} THEN 1 ELSE 0 END",
            "unread": "CASE WHEN u.p IS NOT NULL THEN 1 ELSE 0 END" if unread else "0",
            "found": _known_bits(edges[Mode.STRICT]),
            "known": _known_bits(edges[Mode.KLEENE]),
        }
        packed = " + ".join(f"({part}) * {1 << self._packed[name][0]}" for name, part in parts.items() if part != "0")
        keys = [*words, f"CAST({packed} AS BIGINT) AS {PACKED}"]
        if tally is not None:
            keys.append("coalesce(y.tally, '') AS tally")
        select = f"SELECT pt.p, {', '.join((*keys, *days))} FROM people pt"
        if unread:
            select += " LEFT JOIN (SELECT DISTINCT p FROM unread) u ON u.p = pt.p"
        if tally is not None:
            select += f" LEFT JOIN ({listed(tally)}) y ON y.p = pt.p"
        return select

    def _tallied(self, script: Script) -> bool:
        return self.measure.id in script.tallies

    @property
    def _packed(self) -> dict[str, tuple[int, int]]:
        """First bit and number of bits of each of the small numbers that share a word."""
        places, first = {}, 0
        for name, bits in (
            ("bucket", 3),
            ("dead", 1),
            ("unread", 1),
            ("found", len(self.edges)),
            ("known", len(self.edges)),
        ):
            places[name] = (first, bits)
            first += bits
        return places

    def combined(self, script: Script) -> tuple[str, ...]:
        """The columns of ``select`` that tell patients apart: few, for patients are grouped and joined by them."""
        return (*self.bits(script), PACKED, *(("tally",) if self._tallied(script) else ()))

    def vector(self, script: Script) -> str:
        """The columns of a vector, over rows ``pt`` of :meth:`select`."""
        made = []
        for place, one in enumerate(self.truths):
            if isinstance(one.node, Value):
                way = self.edges.index(one.node)
                truth = f"((pt.known & {1 << way}) <> 0 OR NULL)"
            else:
                truth = f"({script.columns[Question(one.node, one.mode)].expression})"
            made.append(f"{truth} AS t{place}")
        words = ", ".join(_word(self._in_word(word), name) for word, name in enumerate(self.words))
        parts = {name: f"({PACKED} >> {first}) & {(1 << bits) - 1}" for name, (first, bits) in self._packed.items()}
        parts |= {name: f"{parts[name]} <> 0" for name in ("dead", "unread")}
        told = ", ".join(f"{part} AS {name}" for name, part in parts.items())
        told += "" if self._tallied(script) else ", '' AS tally"
        asked = f"SELECT pt.*, {', '.join(made)} FROM (SELECT *, {told} FROM combo) pt"
        return f"SELECT number, {', '.join((words, *KEYS, *self.days))} FROM ({asked})"

    def _in_word(self, word: int) -> list[str]:
        first = word * TRUTHS_IN_A_WORD
        return [_trit(f"t{place}") for place in range(first, min(first + TRUTHS_IN_A_WORD, len(self.truths)))]

    def _bucket(self, script: Script, times: Times) -> str:
        """How the due date lies to the day of evaluation: of several ways the longest, of several that are needed the
        shortest; 0 for none."""
        clinical = self.measure.clinical
        ranks = []
        for closed, edge in zip(clinical.closed_by, self.edges, strict=True):
            if closed.holds is None:
                holds = script.columns[Question(found(closed), Mode.STRICT)].expression
                ranks.append(f"CASE WHEN {holds} THEN {len(RANKS)} ELSE 0 END")
                continue
            at = script.columns[Question(edge, Mode.STRICT)].expression
            steps = thresholds(closed.holds, clinical.due_soon, clinical.grace, times.as_of)
            cases = " ".join(f"WHEN {at} >= {first} THEN {rank}" for rank, first in reversed(steps))
            ranks.append(f"CASE WHEN {at} IS NULL THEN 0 WHEN {at} >= {FOREVER} THEN {len(RANKS)} {cases} ELSE 1 END")
        if len(ranks) <= 1:
            return ranks[0] if ranks else "0"
        return f"{'least' if clinical.needs == 'all' else 'greatest'}({', '.join(ranks)})"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that make a vector: what a result's statuses depend on."""
        return (*self.words, *KEYS)

    def deceased(self, keys: Sequence[Any]) -> bool:
        """Whether the patients of a vector had died on the day of evaluation."""
        return bool(keys[self.keys.index("dead")])


def listed(tally: str) -> str:
    """The tally of each patient as one text, ``mask:count,…``."""
    return f"SELECT p, string_agg(concat(m, ':', n), ',' ORDER BY m) AS tally FROM {tally} GROUP BY p"


def _known_bits(days: Sequence[str]) -> str:
    """Which of some times are known, as bits."""
    bits = [f"CASE WHEN {day} IS NOT NULL THEN {1 << place} ELSE 0 END" for place, day in enumerate(days)]
    return " + ".join(bits) or "0"


def _trit(truth: str) -> str:
    return f"CASE WHEN {truth} IS NULL THEN 2 WHEN {truth} THEN 1 ELSE 0 END"


def _word(trits: Sequence[str], name: str) -> str:
    parts = (f"CAST({trit} AS BIGINT) * {4**place}" for place, trit in enumerate(trits))
    return f"{' + '.join(parts)} AS {name}"
