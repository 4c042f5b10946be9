"""The reference evaluator: one patient's facts and compiled rules to truths, values, events and their reasons.

>>> program = compile_rules([rule], value_sets)
>>> program.run(facts, Period(start, end), as_of, mode=Mode.KLEENE).truth(rule)

Compile once, run for many patients and days; a program is immutable and safe to share between threads. The
semantics are stated in ``docs/criteria.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from smartapp.criteria.blank import Dependence
from smartapp.criteria.compiling import (
    TODO,
    Builder,
    Compiler,
    Fn,
    Mode,
    Run,
    constants,
    leaf_index,
)
from smartapp.criteria.condition_closures import CONDITIONS, is_there
from smartapp.criteria.constants import Period
from smartapp.criteria.indexing import Leaves, Members, certain_only
from smartapp.criteria.nodes import (
    AtLeast,
    Condition,
    Define,
    DefineSet,
    Edge,
    EventSet,
    Exists,
    Node,
    Refines,
    Total,
    Value,
)
from smartapp.criteria.plan import Plan
from smartapp.criteria.reasons import Walker, caveats_of, missing_of
from smartapp.criteria.set_closures import SETS, certain
from smartapp.criteria.tree import children, owners, walk
from smartapp.criteria.value_closures import VALUES
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import CriteriaError
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import Instant

__all__ = ["Mode", "Outcome", "Period", "Program", "Step", "compile_rules"]

_BUILDERS: Mapping[type[Node], Builder] = {**VALUES, **CONDITIONS, **SETS}


@dataclass(frozen=True, slots=True)
class Step:
    """One named part of a rule: the published name and sentence, whether it holds, and the events it rests on.

    For a set the truth is whether it has a member. ``events`` are certain; where the truth is False they are what
    was found and did not do, or what excludes.
    """

    name: str
    sentence: str
    truth: bool | None
    events: tuple[Event, ...]


class Known(NamedTuple):
    """What a program works out once for a period and a day: its constant values, and the memo of a blank chart."""

    constants: Sequence[Any]
    blank: Mapping[Mode, Sequence[Any]]


class Outcome:
    """What compiled rules say of one patient in one mode. Parts are evaluated when first asked for.

    All methods take a node of the rules (or an equal one) that is about the patient; a part that speaks of an event
    in scope, or is in none of the rules, raises :class:`CriteriaError`.
    """

    __slots__ = ("_functions", "_known", "_memo", "_numbers", "_program", "_run", "_unrefined", "mode")

    def __init__(self, program: Program, mode: Mode, run: Run, known: Known) -> None:
        self.mode = mode
        self._program = program
        self._functions = program.functions(mode)
        self._numbers = program.plan.by_identity
        self._run = run
        self._memo = run.memo
        self._known = known
        self._unrefined: Outcome | None = None

    def truth(self, node: Condition | EventSet) -> bool | None:
        """Whether the condition holds, or the set has a member; None: unknown."""
        # A chart's measures ask four hundred times, nearly always with a node of the rules themselves, and most of
        # the answers are those of a patient without events: three look-ups.
        number = self._numbers.get(id(node))
        found = TODO if number is None else self._memo[number]
        if found is TODO:
            found = self._ask(node)
        return is_there(found) if type(found) is Members else found

    def value(self, node: Value) -> Any:
        """A time (instant), number or word; None: unknown."""
        return self._ask(node)

    def members(self, node: EventSet) -> Members:
        """The set's certain and uncertain members, and whether it is open."""
        found: Members = self._ask(node)
        return found

    def events(self, node: Node) -> tuple[Event, ...]:
        """The certain members of a set; of a condition or value, the certain members of the sets that it asks."""
        if isinstance(node, EventSet):
            return self.members(node).sure
        return certain(self.members(events) for events in _asked_sets(node))

    def missing(self, node: Node) -> tuple[str, ...]:
        """The keys of the coverage that was not complete and that the unknown answer rests on; sorted.

        Requirements' keys, or a bare FHIR type where a resource of it could not be read as a fact.
        """
        return missing_of(self._walker(), node)

    def caveats(self, node: Node) -> tuple[str, ...]:
        """The names of the ``Refines`` that were unknown and on which the answer would turn; in reading order."""
        if self.mode is not Mode.KLEENE:
            return ()
        refined = self._program.refined(node)
        if not refined:
            return ()
        if self._unrefined is None:
            self._unrefined = self._program.refined_no_more(self._run, self._known)
        unrefined = self._unrefined
        about_patient = self._program.plan.about_patient
        if all(about_patient[one] and unrefined.number(one) is not None for one in refined):
            return ()  # no need to walk: all that could be a caveat is known
        return caveats_of(unrefined._walker(), node)

    def explain(self, node: Node) -> tuple[Step, ...]:
        """A step for each named part inside (the node included), in reading order, each once."""
        return tuple(
            Step(part.name, part.sentence, self.truth(part), self.events(part)) for part in self._program.named(node)
        )

    @property
    def memo(self) -> Sequence[Any]:
        """What has been evaluated so far, by the plan's numbers."""
        return self._memo

    def _walker(self) -> Walker:
        return Walker(self._run, self._functions, self._program.plan)

    def number(self, number: int) -> Any:
        """What the node with a number is: a truth, a value or :class:`Members`."""
        known = self._memo[number]
        if known is not TODO:
            return known
        if not self._program.plan.about_patient[number]:
            raise CriteriaError("criteria.no-event", "This part of a rule is about an event, not about the patient.")
        return self._functions[number](self._run, None, None)

    def _ask(self, node: Node) -> Any:
        number = self._numbers.get(id(node))
        return self.number(self._program.plan.number(node) if number is None else number)


class Program:
    """Compiled rules; made by :func:`compile_rules`."""

    def __init__(self, rules: Sequence[Node], value_sets: ValueSets) -> None:
        for rule in rules:
            if owners(rule):
                raise CriteriaError("criteria.no-event", "A rule names a field, but there is no event it could be of.")
        self.plan = Plan(rules)
        self._index = leaf_index(self.plan, value_sets)
        self._functions = {mode: tuple(Compiler(self.plan, value_sets, mode, _BUILDERS).functions) for mode in Mode}
        self._dependence = Dependence(self.plan)
        self._refined = _refinements(self.plan)
        self._known: tuple[tuple[Period, Instant], Known] | None = None
        self._named: dict[int, tuple[Define | DefineSet, ...]] = {}

    def functions(self, mode: Mode) -> tuple[Fn, ...]:
        """The closures of a mode, by the plan's numbers."""
        return self._functions[mode]

    def run(self, facts: Facts, period: Period, as_of: Instant, *, mode: Mode) -> Outcome:
        """Evaluate one patient for a period (first and last instant) as known at the instant ``as_of``."""
        leaves = self._index.sort(facts, as_of)
        if mode is Mode.STRICT:
            leaves = certain_only(leaves)
        return self._outcome(facts, leaves, self._known_of(period, as_of), mode)

    def run_both(self, facts: Facts, period: Period, as_of: Instant) -> tuple[Outcome, Outcome]:
        """The strict and the Kleene outcome of one patient, at little more than the cost of one.

        What Kleene knows already is not worked out again for strict: ask Kleene first where there is a choice.
        """
        leaves, known = self._index.sort(facts, as_of), self._known_of(period, as_of)
        kleene = self._outcome(facts, leaves, known, Mode.KLEENE)
        return self._outcome(facts, certain_only(leaves), known, Mode.STRICT, kleene.memo), kleene

    def _known_of(self, period: Period, as_of: Instant) -> Known:
        key = (period, as_of)
        known = self._known  # one read: another thread may replace it
        if known is None or known[0] != key:
            known = self._known = (key, self._work_out(Period(*period), as_of))
        return known[1]

    def named(self, node: Node) -> Sequence[Define | DefineSet]:
        """The named parts about the patient inside a node (the node included), in reading order, each once."""
        whole = self.plan.number(node)
        found = self._named.get(whole)  # the same for every patient, and long to walk
        if found is None:
            parts: dict[int, Define | DefineSet] = {}
            for part in walk(node):
                if isinstance(part, Define | DefineSet) and not owners(part):
                    parts.setdefault(self.plan.number(part), part)
            found = self._named[whole] = tuple(parts.values())
        return found

    def refined(self, node: Node) -> Sequence[int]:
        """The numbers of the parts inside that only refine."""
        return self._refined.get(self.plan.number(node), ())

    def refined_no_more(self, run: Run, known: Known) -> Outcome:
        """The same patient where what refines stays unknown."""
        return self._outcome(run.facts, run.leaves, known, Mode.UNREFINED, run.memo)

    def _work_out(self, period: Period, as_of: Instant) -> Known:
        values = constants(self.plan, period, as_of)
        return Known(values, {mode: self._dependence.blank(self._functions[mode], values) for mode in Mode})

    def _outcome(
        self, facts: Facts, leaves: Leaves, known: Known, mode: Mode, kleene: Sequence[Any] | None = None
    ) -> Outcome:
        memo = self._dependence.memo(known.blank[mode], leaves)
        return Outcome(self, mode, Run(facts, leaves, known.constants, memo, kleene), known)


def _refinements(plan: Plan) -> Mapping[int, Sequence[int]]:
    """For the nodes inside of which something only refines, the numbers of what does."""
    found: dict[int, Sequence[int]] = {}
    for number, node in enumerate(plan.nodes):  # children come first
        inside = [one for child in children(node) for one in found.get(plan.number(child), ())]
        if inside or isinstance(node, Refines):
            found[number] = tuple(dict.fromkeys([*inside, number] if isinstance(node, Refines) else inside))
    return found


def compile_rules(rules: Sequence[Node], value_sets: ValueSets) -> Program:
    """Compile conditions, sets and values about the patient; equal parts of them are evaluated once.

    Raises :class:`CriteriaError` for a value set without expansion and for a rule that speaks of an event outside
    of a set.
    """
    return Program(rules, value_sets)


def _asked_sets(node: Node) -> Iterable[EventSet]:
    """The sets that a condition or a value asks about, not those that these are made of."""
    for part in _outside_sets(node):
        if isinstance(part, Exists | AtLeast | Edge | Total):
            yield part.events


def _outside_sets(node: Node) -> Iterable[Node]:
    yield node
    if not node.opens_scope:
        for child in children(node):
            yield from _outside_sets(child)
