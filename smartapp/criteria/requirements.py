"""What rules have to read: which resources, with which codes, from when on; and what they can do without.

From a leaf of a rule follows one :class:`Requirement` for each FHIR type; equal ones of many rules are one. From
requirements follow the searches (elsewhere) and the least SMART scopes that cover them (here).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, NamedTuple

from smartapp.criteria.bounds import least, lower_bound
from smartapp.criteria.nodes import (
    Codes,
    Condition,
    Events,
    EventSet,
    Node,
    Pick,
    Refines,
    Value,
    ValueSet,
    Where,
    With,
    WithLast,
)
from smartapp.criteria.tree import children
from smartapp.errors import CriteriaError
from smartapp.facts.codes import CONDITION_CATEGORY, OBSERVATION_CATEGORY

_US_CORE = "http://hl7.org/fhir/us/core/CodeSystem"

CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "Condition": {
        "problem-list-item": CONDITION_CATEGORY,
        "encounter-diagnosis": CONDITION_CATEGORY,
        "health-concern": f"{_US_CORE}/condition-category",
    },
    "Observation": {
        **dict.fromkeys(
            ("vital-signs", "laboratory", "social-history", "survey", "imaging", "procedure", "exam", "therapy"),
            OBSERVATION_CATEGORY,
        ),
        "activity": OBSERVATION_CATEGORY,
        "sdoh": f"{_US_CORE}/us-core-category",
        "functional-status": f"{_US_CORE}/us-core-category",
        "disability-status": f"{_US_CORE}/us-core-category",
        "cognitive-status": f"{_US_CORE}/us-core-category",
        "treatment-intervention-preference": f"{_US_CORE}/us-core-category",
        "care-experience-preference": f"{_US_CORE}/us-core-category",
    },
}
"""The categories of the two types that have granular scopes, each with its code system (HL7 Terminology; US Core)."""

GRANULAR = frozenset(
    {
        *(("Condition", name) for name in ("encounter-diagnosis", "problem-list-item", "health-concern")),
        *(("Observation", name) for name in ("vital-signs", "laboratory", "social-history", "survey", "sdoh")),
    }
)
"""The granular scopes that a US Core server must support (US Core, "SMART on FHIR obligations and capabilities")."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Resources of one type that some rules need.

    ``codes`` None: whatever code. ``categories``: under which a server files them, empty where that is not known.
    ``date_from``: a constant value before which nothing is needed (:func:`smartapp.criteria.bounds.resolve`).
    ``essential`` is False where all rules that read it only refine their answer by it.
    """

    key: str
    resource_type: str
    codes: Codes | None
    categories: tuple[str, ...]
    date_from: Value | None
    essential: bool


def requirement_keys(leaf: Events) -> tuple[str, ...]:
    """The keys under which what a leaf reads is asked for and its coverage told, one for each FHIR type."""
    return tuple(_key(kind, leaf.codes, leaf.found_in) for kind in leaf.types)


def coverage_keys(leaf: Events) -> tuple[str, ...]:
    """The keys of ``Facts.coverage`` that bear on a leaf: its requirements', and its FHIR types.

    A type alone is said where a resource of it could not be made a fact, whatever it was asked for.
    """
    return requirement_keys(leaf) + tuple(dict.fromkeys(leaf.types))


def requirement_key(leaf: Events) -> str:
    """The key of a leaf of one FHIR type; :class:`CriteriaError` where it has several (:func:`requirement_keys`)."""
    keys = requirement_keys(leaf)
    if len(keys) != 1:
        raise CriteriaError("criteria.several-types", "A set of several types has a key for each.")
    return keys[0]


def _key(kind: str, codes: Codes | None, categories: tuple[str, ...]) -> str:
    where = "+".join(sorted(set(categories))) or "any"
    if codes is None:
        return f"{kind}:{where}:all"
    names = sorted({one.url if isinstance(one, ValueSet) else f"{one.system}|{one.code}" for one in codes})
    return f"{kind}:{where}:{sha256(chr(10).join(names).encode()).hexdigest()[:12]}"


class _Use(NamedTuple):
    """A place of a rule that reads a leaf."""

    leaf: Events
    date_from: Value | None
    essential: bool


def requirements(rules: Iterable[Node]) -> tuple[Requirement, ...]:
    """What the rules read, each requirement once, sorted by key.

    ``date_from`` is the earliest that any of the rules needs. A bound that stands outside of a ``last`` or ``first``
    does not reach inside, for it would change which one is picked.
    """
    uses: dict[str, tuple[Requirement, list[_Use]]] = {}
    rules, seen = tuple(rules), set[_Place]()
    for rule in rules:
        for use in _uses(rule, None, True, seen):
            leaf = use.leaf
            for kind, key in zip(leaf.types, requirement_keys(leaf), strict=True):
                made = Requirement(key, kind, leaf.codes, tuple(sorted(set(leaf.found_in))), None, True)
                uses.setdefault(key, (made, []))[1].append(use)
    return tuple(
        Requirement(
            made.key,
            made.resource_type,
            made.codes,
            made.categories,
            least(dict.fromkeys(use.date_from for use in found)),
            any(use.essential for use in found),
        )
        for _, (made, found) in sorted(uses.items())
    )


_Place = tuple[int, Value | None, bool]
"""A node by identity, and what is known of it where it stands."""


def _uses(node: Node, bound: Value | None, essential: bool, seen: set[_Place]) -> Iterator[_Use]:
    """The leaves inside. ``seen`` are the places that were walked before: rules share most of their parts."""
    place = (id(node), bound, essential)
    if place in seen:
        return
    seen.add(place)
    if isinstance(node, Events):
        yield _Use(node, bound, essential)
        return
    essential = essential and not isinstance(node, Refines)
    inside = _bounds_inside(node, bound)
    for child in children(node):
        yield from _uses(child, inside.get(id(child)), essential, seen)


def _bounds_inside(node: Node, bound: Value | None) -> dict[int, Value | None]:
    """The bounds on the sets inside a node, by identity; what is not there is unbounded."""

    def or_(condition: Condition, events: EventSet) -> Value | None:
        return bound if bound is not None else lower_bound(condition, events.kinds)

    if isinstance(node, Where):
        return {id(node.events): or_(node.condition, node.events)}
    if isinstance(node, With | WithLast):
        negated = isinstance(node, With) and node.negated
        # The same set may stand on both sides: then both bounds would have to hold.
        if node.events is node.other:
            return {}
        others = lower_bound(node.on, node.other.kinds, "other")
        return {id(node.events): bound if negated else or_(node.on, node.events), id(node.other): others}
    if isinstance(node, EventSet) and not isinstance(node, Pick):
        return {id(child): bound for child in children(node)}
    return {}


class ScopeNeed(NamedTuple):
    """Access that some rules need: a FHIR type, ``rs`` or ``r``, a category or all of the type, and for what.

    ``category`` is a search parameter (``category=system|code``) or None.
    """

    resource_type: str
    interactions: str
    category: str | None
    needed_by: tuple[str, ...]

    @property
    def granular(self) -> bool:
        """Whether a US Core server must support the scope as narrow as it is."""
        name = (self.category or "").rpartition("|")[2]
        return self.category is None or (self.resource_type, name) in GRANULAR

    def scope(self, level: Literal["patient", "user", "system"] = "patient", syntax: str = "v2") -> str:
        """The SMART scope: ``patient/Observation.rs?category=…``; in v1 ``patient/Observation.read``."""
        if syntax == "v1":
            return f"{level}/{self.resource_type}.read"
        return f"{level}/{self.resource_type}.{self.interactions}" + (f"?{self.category}" if self.category else "")


def scopes_for(
    needs: Mapping[str, Iterable[Requirement]], syntax: Literal["v2", "v2-plain", "v1"] = "v2"
) -> tuple[ScopeNeed, ...]:
    """The least access that covers the requirements of named rules, and the patient; sorted.

    By category only in ``v2``, and only where every requirement of the type has one; else the whole type.
    Raises :class:`CriteriaError` for a category that has no known system.
    """
    wanted: dict[tuple[str, str | None], set[str]] = {}
    for name, required in needs.items():
        for one in required:
            for category in _categories(one) if syntax == "v2" else (None,):
                wanted.setdefault((one.resource_type, category), set()).add(name)
    for kind, category in list(wanted):
        if category is not None and (kind, None) in wanted:
            wanted[kind, None] |= wanted.pop((kind, category))
    made = [ScopeNeed(kind, "rs", category, tuple(sorted(names))) for (kind, category), names in wanted.items()]
    made.append(ScopeNeed("Patient", "r", None, tuple(sorted(needs))))
    return tuple(sorted(made, key=lambda one: (one.resource_type, one.category or "")))


def _categories(requirement: Requirement) -> tuple[str | None, ...]:
    systems = CATEGORIES.get(requirement.resource_type)
    if systems is None or not requirement.categories:
        return (None,)
    for name in requirement.categories:
        if name not in systems:
            raise CriteriaError(
                "criteria.unknown-category", f"{requirement.resource_type} has no category {name!r} here."
            )
    return tuple(f"category={systems[name]}|{name}" for name in requirement.categories)
