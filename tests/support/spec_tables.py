"""Tables of patients in and answers out, which every engine has to agree with.

A :class:`Table` is a rule and what it must say for some small charts, strictly and in Kleene's logic. An
:class:`Engine` evaluates a rule; :func:`params` makes pytest parameters of tables and engines.

What is expected of a condition is True, False or None; of a value the value; of a set its members in a line of text:
``"a ?b …"`` has the certain member a, the uncertain b, and may have more that was not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

import pytest

from smartapp.criteria.evaluate import Mode, Period, compile_rules
from smartapp.criteria.nodes import DirectCode, EventSet, Node, Value, ValueSet
from smartapp.criteria.valuesets import Expansion, ValueSets
from smartapp.facts.codes import LOINC, SLOTS, SNOMED_CT, Code, SlotCode
from smartapp.facts.events import Coverage, Event, Facts, ValueKind
from smartapp.facts.instants import FOREVER, end_of_day, instant, is_finite, start_of_day

YEAR = Period(start_of_day(date(2026, 1, 1)), end_of_day(date(2026, 12, 31)))
END_OF_YEAR = YEAR.end

A1, A2, B1, C1 = (Code(LOINC, code) for code in ("a1", "a2", "b1", "c1"))
S1, S2 = (Code(SNOMED_CT, code) for code in ("s1", "s2"))
SET_A = ValueSet("urn:set:a", "A")
SET_B = ValueSet("urn:set:b", "B")
SET_AB = ValueSet("urn:set:ab", "A and B")
SET_NONE = ValueSet("urn:set:none", "Nothing")
SET_LACKING = ValueSet("urn:set:lacking", "A without its SNOMED CT codes")
CODE_S1 = DirectCode(SNOMED_CT, "s1", "S one")
VALUE_SETS = ValueSets(
    {
        SET_A.url: Expansion(frozenset({A1, A2})),
        SET_B.url: Expansion(frozenset({B1})),
        SET_AB.url: Expansion(frozenset({A1, B1})),
        SET_NONE.url: Expansion(frozenset()),
        SET_LACKING.url: Expansion(frozenset({A1}), frozenset({SNOMED_CT})),
    }
)


def when(text: str) -> int:
    """``2026-03-01`` (its first instant), ``2026-03-01T10:30`` (UTC), or ``for ever``, as an instant."""
    if text == "for ever":
        return FOREVER
    if "T" in text:
        return instant(datetime.fromisoformat(text).replace(tzinfo=UTC))
    return start_of_day(date.fromisoformat(text))


def event(id_: str, kind: str, *codes: Code, **fields: Any) -> Event:
    """An event with codes in slot ``code``; times as :func:`when` reads them, other slots as tuples of codes."""
    slots = [SlotCode("code", *code) for code in codes]
    for slot in SLOTS[1:]:
        slots += [SlotCode(slot, *code) for code in fields.pop(slot, ())]
    for name in ("start", "end", "latest", "at"):
        if isinstance(fields.get(name), str):
            fields[name] = when(fields[name])
    end = fields.get("end")
    fields.setdefault("latest", end if end is not None and is_finite(end) else fields.get("start"))
    if "number" in fields:
        fields.setdefault("value_kind", ValueKind.QUANTITY)
    return Event(id_, kind, tuple(slots), **fields)


def encounter(id_: str, *codes: Code, **fields: Any) -> Event:
    return event(id_, "Encounter", *codes, **fields)


def observation(id_: str, *codes: Code, **fields: Any) -> Event:
    return event(id_, "Observation", *codes, **fields)


def condition(id_: str, *codes: Code, **fields: Any) -> Event:
    return event(id_, "Condition", *codes, **fields)


@dataclass(frozen=True)
class Case:
    """One chart and what the rule says of it; ``kleene`` is given where it differs from ``strict``."""

    says: str
    events: tuple[Event, ...]
    strict: Any
    kleene: Any = ...
    patient: Mapping[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    as_of: int = END_OF_YEAR

    @property
    def facts(self) -> Facts:
        patient = dict(self.patient)
        birth = patient.pop("birth", None)
        if birth is not None:
            low, high = birth if isinstance(birth, tuple) else (birth, birth)
            patient |= {"birth_low": when(low), "birth_high": when(high)}
        coverage = dict.fromkeys(self.unread, Coverage.REFUSED)
        return Facts("p", self.events, coverage=coverage, **patient)

    def expected(self, mode: Mode) -> Any:
        return self.strict if mode is Mode.STRICT or self.kleene is ... else self.kleene


@dataclass(frozen=True)
class Table:
    """A rule, the sentence of the language's reference that it shows, and its cases."""

    title: str
    sentence: str
    rule: Node
    cases: tuple[Case, ...]


class Engine(Protocol):
    """Something that evaluates rules.

    ``answer`` gives what a case expects: a truth, a value, or for a set its members as text. Where
    ``tells_members`` is False, a set is answered by whether it has a member (True, False, None).
    """

    name: str
    tells_members: bool
    modes: tuple[Mode, ...]

    def answer(
        self, rule: Node, facts: Facts, value_sets: ValueSets, period: Period, as_of: int, mode: Mode
    ) -> Any: ...


class PythonEngine:
    """The reference evaluator."""

    name = "python"
    tells_members = True
    modes = (Mode.STRICT, Mode.KLEENE)

    def answer(self, rule: Node, facts: Facts, value_sets: ValueSets, period: Period, as_of: int, mode: Mode) -> Any:
        outcome = compile_rules([rule], value_sets).run(facts, period, as_of, mode=mode)
        if isinstance(rule, EventSet):
            found = outcome.members(rule)
            words = sorted(one.id for one in found.sure) + sorted(f"?{one.id}" for one in found.unsure)
            return " ".join(words + ["…"] * found.open)
        return outcome.value(rule) if isinstance(rule, Value) else outcome.truth(rule)  # type: ignore[arg-type]


def as_truth(members: str) -> bool | None:
    """Whether a set has a member, from its members as text."""
    words = members.split()
    return True if any(not word.startswith(("?", "…")) for word in words) else (None if words else False)


def params(tables: Iterable[Table], engines: Iterable[Engine]) -> list[Any]:
    """Parameters ``(engine, table, case, mode)`` for every case on every engine, in the modes that it has."""
    return [
        pytest.param(engine, table, case, mode, id=f"{engine.name}: {table.title}: {case.says} ({mode})")
        for engine in engines
        for table in tables
        for case in table.cases
        for mode in engine.modes
    ]


def check(engine: Engine, table: Table, case: Case, mode: Mode) -> None:
    """Assert that the engine says what the case expects."""
    expected = case.expected(mode)
    if isinstance(table.rule, EventSet) and not engine.tells_members:
        expected = as_truth(expected)
    answer = engine.answer(table.rule, case.facts, VALUE_SETS, YEAR, case.as_of, mode)
    assert answer == expected
    assert (answer is None) == (expected is None)
