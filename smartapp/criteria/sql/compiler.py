"""What the parts of the SQL compiler share: the rules, the modes, what is already written, what is used twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass

from smartapp.criteria.compiling import Mode
from smartapp.criteria.constants import Period, constant_value
from smartapp.criteria.nodes import Events, Has, Node, PatientHas, Refines, Value
from smartapp.criteria.plan import Plan
from smartapp.criteria.sql.classes import CodeQuestion, Known, question_of
from smartapp.criteria.sql.dialect import Dialect
from smartapp.facts.instants import Instant


@dataclass(frozen=True, slots=True)
class Answers:
    """The class numbers that answer a question of codes with yes, and those that leave it unknown."""

    yes: tuple[int, ...]
    maybe: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """What comes from outside."""

    period: Period
    as_of: Instant


class Context:
    """One compilation: rules, data and times, and the text so far."""

    def __init__(
        self,
        *,
        rules: Iterable[Node],
        questions: Sequence[CodeQuestion],
        known: Known,
        times: Times,
        dialect: Dialect,
    ) -> None:
        self.plan = Plan(rules)
        self.known = known
        self.times = times
        self.dialect = dialect
        self.uses_before: Counter[tuple[int, Mode]] = Counter()
        self.uses: Counter[tuple[int, Mode]] = Counter()
        self.births: dict[str, str] = {}
        self._answers = {
            question: Answers(
                tuple(n for n, one in sorted(table.items()) if number in one.yes),
                tuple(n for n, one in sorted(table.items()) if number in one.maybe),
            )
            for number, question in enumerate(questions)
            for table in ((known.patient_classes if question.about == "patient" else known.present_classes),)
        }
        self._refined = self.plan.containing(Refines)

    def afresh(self, uses: Counter[tuple[int, Mode]]) -> Context:
        """The same rules and data for another writing, which knows how often the sets are ``uses``."""
        other = copy(self)
        other.uses_before, other.uses, other.births = uses, Counter(), {}
        return other

    def number(self, node: Node) -> int:
        return self.plan.number(node)

    def answers(self, node: Events | Has | PatientHas) -> Answers:
        """The classes that answer a node's question."""
        return self._answers[question_of(node)]

    def constant(self, value: Value) -> str | float | Instant:
        return constant_value(value, self.times.period, self.times.as_of)

    def plain_mode(self, node: Node, mode: Mode) -> Mode:
        """Kleene for unrefined where there is no refinement inside."""
        if mode is Mode.UNREFINED and self.number(node) not in self._refined:
            return Mode.KLEENE
        return mode


def set_name(number: int, mode: Mode) -> str:
    """The name of a table that holds an event set."""
    return f"set_{number}_{mode.value}"


def in_list(column: str, numbers: Sequence[int]) -> str:
    """``column IN (…)``, runs of numbers as ranges; FALSE for none."""
    if not numbers:
        return "FALSE"
    single: list[int] = []
    parts: list[str] = []
    ordered = sorted(numbers)
    start = last = ordered[0]
    for number in [*ordered[1:], None]:
        if number is not None and number == last + 1:
            last = number
            continue
        if last - start >= 2:
            parts.append(f"{column} BETWEEN {start} AND {last}")
        else:
            single += range(start, last + 1)
        if number is not None:
            start = last = number
    if single:
        parts.append(f"{column} IN ({', '.join(map(str, single))})")
    return parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"


def scan_of(column: str, numbers: Sequence[int]) -> str:
    """The same for a scan: one range or one list. DuckDB leaves out pieces of the sorted table for these, and for no
    other way to say it."""
    if not numbers:
        return "FALSE"
    first, last = min(numbers), max(numbers)
    if last - first + 1 == len(set(numbers)):
        return f"{column} BETWEEN {first} AND {last}"
    return f"{column} IN ({', '.join(map(str, sorted(set(numbers))))})"
