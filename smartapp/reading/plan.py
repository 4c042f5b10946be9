"""From what the rules need to the fewest searches that a US Core server supports. Pure.

US Core 9.0.0, "Search": every server takes patient+category and patient+category+date for Observation,
patient+category for Condition, patient+date for Encounter and Procedure, patient+code for Observation,
patient+intent for MedicationRequest and patient alone for the rest. Each search has a ladder of wider forms, for
servers that refuse the narrower one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol

from launch.scopes import Scope, permits
from smartapp.criteria.requirements import CATEGORIES
from smartapp.facts.codes import OBSERVATION_CATEGORY

Params = tuple[tuple[str, str], ...]

_DATE = {"Observation": "date", "Encounter": "date", "Procedure": "date"}
# A bound may be on the time a result was issued, but servers search by the time it was observed.
_MARGIN = {"Observation": timedelta(days=31)}
_PATIENT = {"AdverseEvent": "subject"}
_INTENTS = "proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option"
_CODES_A_SEARCH = 40
_MOST_CODES = 120


class Need(Protocol):
    """The part of a rule's requirement that is asked for (:mod:`smartapp.criteria.requirements`)."""

    @property
    def key(self) -> str: ...
    @property
    def resource_type(self) -> str: ...
    @property
    def codes(self) -> Any: ...
    @property
    def categories(self) -> Iterable[str]: ...
    @property
    def date_from(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Search:
    """One search. ``ladder`` are its forms, narrowest first; ``keys`` the requirements that rest on it."""

    what: str
    resource_type: str
    ladder: tuple[Params, ...]
    scope: Scope
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask; and what is not asked, for want of a scope: requirement keys by scope."""

    searches: tuple[Search, ...]
    not_granted: Mapping[Scope, frozenset[str]]


Codes = Iterable[tuple[str, str]]


def plan(
    needs: Sequence[Need],
    patient: str,
    granted: Sequence[Scope],
    *,
    since: Callable[[Any], date | None],
    codes: Callable[[Any], Codes | None],
    page_size: int = 200,
) -> Plan:
    """The searches for one patient's chart.

    ``since`` turns a requirement's ``date_from`` into a day, or None for "from the beginning"; ``codes`` expands
    its codes, or None where they cannot be listed. A search that no granted scope permits is not planned.
    """
    parts: dict[tuple[str, str | None], list[Need]] = {}
    lacking: dict[Scope, set[str]] = {}
    for need in needs:
        for category in _categories(need):
            wanted = _scope(need.resource_type, category)
            if permits(granted, wanted):
                parts.setdefault((need.resource_type, category), []).append(need)
                continue
            lacking.setdefault(wanted, set()).add(need.key)
            if category is None:  # a part of it may be permitted: what is found there is found
                for part in _granted_categories(need.resource_type, granted):
                    parts.setdefault((need.resource_type, part), []).append(need)
    searches: list[Search] = []
    for (kind, category), wanting in parts.items():
        searches += _searches(kind, category, wanting, patient=patient, since=since, codes=codes)
    sized = [replace(s, ladder=tuple((*rung, ("_count", str(page_size))) for rung in s.ladder)) for s in searches]
    return Plan(tuple(sized), {scope: frozenset(keys) for scope, keys in lacking.items()})


def _categories(need: Need) -> tuple[str | None, ...]:
    if need.resource_type not in CATEGORIES:
        return (None,)
    return tuple(sorted(set(need.categories))) or (None,)


def _scope(kind: str, category: str | None) -> Scope:
    params = () if category is None else (("category", _token(kind, category)),)
    return Scope("patient", kind, "s", params)


def _token(kind: str, category: str) -> str:
    return f"{CATEGORIES[kind].get(category, OBSERVATION_CATEGORY)}|{category}"


def _granted_categories(kind: str, granted: Sequence[Scope]) -> tuple[str, ...]:
    """The categories of a type that are granted, where only some are."""
    found = {
        value
        for scope in granted
        if scope.resource == kind and "s" in scope.actions and len(scope.params) == 1
        for name, value in scope.params
        if name == "category" and kind in CATEGORIES
    }
    return tuple(sorted(value.rpartition("|")[2] for value in found))


def _searches(
    kind: str,
    category: str | None,
    needs: Sequence[Need],
    *,
    patient: str,
    since: Callable[[Any], date | None],
    codes: Callable[[Any], Codes | None],
) -> list[Search]:
    scope = _scope(kind, category)
    mine: Params = ((_PATIENT.get(kind, "patient"), patient),)
    where = mine if category is None else (*mine, ("category", _token(kind, category)))
    dated = {need.key: since(need.date_from) for need in needs}
    ever = [need for need in needs if dated[need.key] is None]
    lately = [need for need in needs if dated[need.key] is not None]
    found: list[Search] = []
    what = kind if category is None else f"{kind} ({category})"
    if kind == "Observation" and ever:
        listed = _all_codes(ever, codes)
        if listed is not None:
            # All of somebody's laboratory results, for the one test that is looked for without a date, may be
            # thousands; the few codes are asked for instead.
            for number in range(0, len(listed), _CODES_A_SEARCH):
                some = ",".join(f"{system}|{code}" for system, code in listed[number : number + _CODES_A_SEARCH])
                ladder = ((*mine, ("code", some)), where)
                found.append(Search(f"{what} by code", kind, ladder, scope, frozenset(n.key for n in ever)))
            ever = []
    if not ever and not lately:
        return found
    keys = frozenset(need.key for need in (*ever, *lately))
    rungs: list[Params] = []
    if not ever and kind in _DATE:
        first = min(day for day in dated.values() if day is not None) - _MARGIN.get(kind, timedelta(0))
        rungs.append((*where, (_DATE[kind], f"ge{first.isoformat()}")))
    if kind == "MedicationRequest":
        rungs.append((*mine, ("intent", _INTENTS), ("_include", "MedicationRequest:medication")))
        rungs.append((*mine, ("intent", _INTENTS)))
    rungs += [where, mine] if where != mine else [mine]
    return [*found, Search(what, kind, tuple(rungs), scope, keys)]


def _all_codes(needs: Sequence[Need], codes: Callable[[Any], Codes | None]) -> list[tuple[str, str]] | None:
    """Every code that is looked for, in order; None where they cannot be listed or are too many."""
    together: set[tuple[str, str]] = set()
    for need in needs:
        listed = None if need.codes is None else codes(need.codes)
        if listed is None:
            return None
        together.update((system, code) for system, code in listed)
    # A comma or a bar inside a code would need escapes that not every server reads (FHIR R4, 3.1.1.4.0).
    plain = all("," not in code and "|" not in code and "$" not in code for _, code in together)
    return sorted(together) if plain and 0 < len(together) <= _MOST_CODES else None
