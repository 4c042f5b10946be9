"""The measures and groups that the practice has enabled, compiled once; and all that follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from launch.ports import View
from launch.scopes import Level, Scope, merge
from smartapp.criteria.evaluate import Program, compile_rules
from smartapp.criteria.nodes import Node
from smartapp.criteria.requirements import Requirement, requirements, scopes_for
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import ConfigurationError
from smartapp.groups.model import Group
from smartapp.measures.model import Measure
from smartapp.measures.results import questions

CONSENTS, PROXIES = "Consent:contact", "RelatedPerson:contact"
CONTACT = tuple(Requirement(key, key.partition(":")[0], None, (), None, essential=False) for key in (CONSENTS, PROXIES))
"""What decides whether somebody may be written to, and by which channel. The portal too is closed by a refusal and by
who else reads along, so every practice reads them."""


@dataclass(frozen=True, slots=True)
class ScopeReason:
    """One scope that is asked for, and the enabled rules that need it. ``essential`` if one cannot do without."""

    scope: Scope
    needed_by: tuple[str, ...]
    essential: bool


class Enabled:
    """What is switched on. Scopes, searches and programs all come from here, and from nowhere else."""

    def __init__(
        self,
        measures: Sequence[Measure],
        groups: Sequence[Group],
        value_sets: ValueSets,
        outside: Sequence[str] = (),
    ) -> None:
        """``outside`` are the channels besides the portal that the practice has set up."""
        self.measures = tuple(measures)
        self.groups = tuple(groups)
        self.value_sets = value_sets
        self.outside = tuple(outside)
        self._reasons: dict[View, tuple[ScopeReason, ...]] = {}

    def prepare(self) -> None:
        """Compile everything now, so that the first user does not wait for it. Raises what the rules raise."""
        assert self.program
        assert self.requirements
        for view in ("chart", "population"):
            self.scope_reasons(view)

    @cached_property
    def rules(self) -> Mapping[str, tuple[Node, ...]]:
        """The rules of each enabled measure and group, by its id."""
        return {
            **{measure.id: _rules(measure) for measure in self.measures},
            **{group.id: (group.rule,) for group in self.groups},
        }

    @cached_property
    def program(self) -> Program:
        """All rules together: what two of them share is worked out once."""
        return compile_rules([rule for rules in self.rules.values() for rule in rules], self.value_sets)

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """Everything that has to be read, each once."""
        found = requirements([rule for rules in self.rules.values() for rule in rules])
        return (*found, *CONTACT)

    @cached_property
    def _needs(self) -> Mapping[str, tuple[Requirement, ...]]:
        """What each measure and group has to read."""
        return {name: requirements(rules) for name, rules in self.rules.items()}

    def scope_reasons(self, view: View) -> tuple[ScopeReason, ...]:
        """The least scopes for a view, and why each is needed.

        A chart is read under ``patient/``, a population under ``user/`` scopes, with the Group that names its members.
        """
        if view not in self._reasons:
            self._reasons[view] = self._scope_reasons(view)
        return self._reasons[view]

    def _scope_reasons(self, view: View) -> tuple[ScopeReason, ...]:
        level: Level = "patient" if view == "chart" else "user"
        needs = self._needs
        indispensable = {name: [one for one in found if one.essential] for name, found in needs.items()}
        essential = {need[:3] for need in scopes_for(indispensable)}
        reasons = [
            ScopeReason(
                Scope.parse(need.scope(level)),
                need.needed_by,
                need[:3] in essential or (need.resource_type, need.interactions, None) in essential,
            )
            for need in scopes_for(needs)
        ]
        by = f"messages by {', '.join(('portal', *self.outside))}"
        reasons += [ScopeReason(Scope(level, one.resource_type, "rs"), (by,), essential=False) for one in CONTACT]
        if view == "population":
            reasons.append(ScopeReason(Scope(level, "Group", "rs"), ("the list of patients",), essential=True))
        return tuple(reasons)

    def scopes(self, view: View) -> tuple[Scope, ...]:
        """The least scopes for a view; the launch asks for no more."""
        return merge(reason.scope for reason in self.scope_reasons(view))


def _rules(measure: Measure) -> tuple[Node, ...]:
    """What the statuses ask about, and what the page shows besides: values over time, what is on its way."""
    shown = (measure.clinical.relevant, measure.clinical.on_its_way)
    return (*questions(measure), *(node for node in shown if node is not None))


def chosen(wanted: Iterable[str] | None, known: Mapping[str, Measure] | Mapping[str, Group], what: str) -> list[str]:
    """The ids that a setting names (None: all that are known).

    Raises :class:`ConfigurationError` naming the ones that do not exist.
    """
    if wanted is None:
        return list(known)
    ids = list(wanted)
    unknown = [one for one in ids if one not in known]
    if unknown:
        raise ConfigurationError("config.unknown-rule", f"There is no {what} called {', '.join(unknown)}.")
    return ids
