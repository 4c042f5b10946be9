"""Why an answer is unknown: which searches it lacks, and which refinements would have decided it.

Both walk down from a part that is unknown, only through parts that are unknown themselves: what is known beneath an
unknown answer did not make it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smartapp.criteria.compiling import Fn, Run
from smartapp.criteria.indexing import Members
from smartapp.criteria.nodes import Events, EventSet, Node, Refines, With, WithLast
from smartapp.criteria.plan import Plan
from smartapp.criteria.requirements import coverage_keys
from smartapp.criteria.tree import children
from smartapp.facts.events import Coverage, Event

_Scope = Sequence[tuple[Event | None, Event | None]]
_PATIENT: _Scope = ((None, None),)


@dataclass(frozen=True, slots=True)
class Walker:
    """A run and its closures, for walks over the rules."""

    run: Run
    functions: Sequence[Fn]
    plan: Plan

    def unknown(self, node: Node, scope: _Scope = _PATIENT) -> bool:
        """Whether the part is unknown, or a set not settled, for any of the events in scope."""
        function = self.functions[self.plan.number(node)]
        for this, other in scope:
            found = function(self.run, this, other)
            if found is None or (isinstance(found, Members) and (found.unsure or found.open)):
                return True
        return False

    def beneath(self, node: Node, scope: _Scope = _PATIENT) -> Iterator[Node]:
        """The parts that are unknown, from the node down, parents first. A ``Refines`` is not entered."""
        if not self.unknown(node, scope):
            return
        yield node
        if isinstance(node, Refines):
            return
        inner = self._scope_inside(node, scope)
        about_patient = self.plan.about_patient
        for child in children(node):
            yield from self.beneath(child, _PATIENT if about_patient[self.plan.number(child)] else inner)

    def _scope_inside(self, node: Node, scope: _Scope) -> _Scope:
        if isinstance(node, With | WithLast):
            return [(this, other) for this in self._all(node.events) for other in self._all(node.other)]
        events = node.events if hasattr(node, "events") and node.opens_scope else None
        if isinstance(events, EventSet):
            return [(this, None) for this in self._all(events)]
        return scope

    def _all(self, events: EventSet) -> tuple[Event, ...]:
        found: Members = self.functions[self.plan.number(events)](self.run, None, None)
        return found.sure + found.unsure


def missing_of(walker: Walker, node: Node) -> tuple[str, ...]:
    """The keys of what was not wholly read beneath an unknown answer (requirements, or types), sorted."""
    coverage = walker.run.facts.coverage
    if all(how == Coverage.COMPLETE for how in coverage.values()):
        return ()  # no need to walk: nothing was left unread
    keys = {key for part in walker.beneath(node) if isinstance(part, Events) for key in coverage_keys(part)}
    return tuple(sorted(key for key in keys if coverage.get(key, Coverage.COMPLETE) != Coverage.COMPLETE))


def caveats_of(walker: Walker, node: Node) -> tuple[str, ...]:
    """The names of the refinements that are unknown beneath an answer that is unknown without them."""
    return tuple(dict.fromkeys(part.name for part in walker.beneath(node) if isinstance(part, Refines)))
