"""SMART scopes as values: read, print, compare what was asked with what was granted. Pure.

SMART App Launch 2.2.0, "Scopes and Launch Context": a v2 scope is a level, a resource type, the
interactions ``cruds`` in that order, and search parameters that restrict it; v1 wrote ``.read``,
``.write`` and ``.*``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, quote

Level = Literal["patient", "user", "system"]
Syntax = Literal["v1", "v2", "v2-plain"]
"""How to write scopes for a server: v1; v2; v2 without search parameters."""

ACTIONS = "cruds"
_REACH: dict[str, int] = {"patient": 0, "user": 1, "system": 2}
_V1 = {"read": "rs", "write": "cud", "*": ACTIONS}
_SCOPE = re.compile(
    r"(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]{1,63})"
    r"\.(?P<actions>read|write|\*|c?r?u?d?s?)(?:\?(?P<query>\S+))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Permission for some interactions with one resource type, as in SMART v2.

    ``actions`` is a non-empty part of ``cruds`` in that order; ``params`` are the search
    parameters a resource must match, as decoded (name, value) pairs in order.
    """

    level: Level
    resource: str
    actions: str
    params: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.actions or self.actions != in_order(self.actions):
            raise ValueError(f"the interactions of a scope are letters of {ACTIONS} in order")
        if self.level not in _REACH or not re.fullmatch(r"\*|[A-Z][A-Za-z]{1,63}", self.resource):
            raise ValueError("a scope is for patient, user or system, and a resource type")
        object.__setattr__(self, "params", tuple(sorted(set(self.params))))

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read one clinical scope, v1 or v2. ValueError for anything else."""
        match = _SCOPE.fullmatch(text)
        if match is None or not match["actions"]:
            raise ValueError("not a clinical scope")
        actions = _V1.get(match["actions"], match["actions"])
        if match["query"] and match["actions"] in _V1:
            raise ValueError("a v1 scope has no search parameters")
        params = parse_qsl(match["query"] or "", keep_blank_values=True)
        if match["query"] and not all(name and value for name, value in params):
            raise ValueError("a search parameter of a scope needs a name and a value")
        level: Level = match["level"]  # type: ignore[assignment]
        return cls(level, match["type"], actions, tuple(params))

    def __str__(self) -> str:
        query = "&".join(f"{quote(name, safe=':_')}={quote(value, safe=_PLAIN)}" for name, value in self.params)
        return f"{self.level}/{self.resource}.{self.actions}" + (f"?{query}" if query else "")

    def v1(self) -> str:
        """The narrowest v1 scope that covers this one: v1 has no letters and no parameters."""
        if set(self.actions) <= set("rs"):
            return f"{self.level}/{self.resource}.read"
        if set(self.actions) <= set("cud"):
            return f"{self.level}/{self.resource}.write"
        return f"{self.level}/{self.resource}.*"

    def reaches(self, other: Scope) -> bool:
        """Whether all resources of ``other`` are resources of this, whatever the interactions."""
        return (
            self.resource in ("*", other.resource)
            and _REACH[self.level] >= _REACH[other.level]
            and _within(other.params, self.params)
        )

    def covers(self, other: Scope) -> bool:
        """Whether this alone permits everything that ``other`` permits."""
        return self.reaches(other) and set(other.actions) <= set(self.actions)


# Search values are written as in the specification's examples: a URL and a bar stay readable.
_PLAIN = ":/|,.-_~"


def in_order(letters: str) -> str:
    """Interactions once each, in the order ``cruds``; other letters are dropped."""
    return "".join(letter for letter in ACTIONS if letter in letters)


def _matches(wide: tuple[str, str], narrow: tuple[str, str]) -> bool:
    """Whether every resource with the narrow parameter has the wide one (FHIR token search)."""
    if wide[0] != narrow[0]:
        return False
    values = wide[1].split(",")
    return all(
        value in values or ("|" in value and value.rpartition("|")[2] in values) for value in narrow[1].split(",")
    )


def _within(narrow: Iterable[tuple[str, str]], wide: Iterable[tuple[str, str]]) -> bool:
    """Whether resources that match all the narrow parameters match all the wide ones."""
    inner = tuple(narrow)
    return all(any(_matches(param, other) for other in inner) for param in wide)


@dataclass(frozen=True, slots=True)
class ScopeSet:
    """The ``scope`` of a request or an answer: clinical scopes, and the other words as they are."""

    clinical: tuple[Scope, ...]
    other: frozenset[str]


@lru_cache(maxsize=64)  # every request of a launch reads the launch's scopes anew
def parse_scopes(text: str) -> ScopeSet:
    """Read a space-separated list; words that are no clinical scope are kept in ``other``."""
    clinical: list[Scope] = []
    other: set[str] = set()
    for word in text.split():
        try:
            clinical.append(Scope.parse(word))
        except ValueError:
            other.add(word)
    return ScopeSet(merge(clinical), frozenset(other))


def merge(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """The same permissions in fewest scopes, sorted: ``.r`` and ``.s`` become ``.rs``."""
    actions: dict[Scope, str] = {}
    for scope in scopes:
        key = replace(scope, actions=ACTIONS)
        actions[key] = in_order(actions.get(key, "") + scope.actions)
    joined = [replace(key, actions=letters) for key, letters in actions.items()]
    return tuple(sorted(one for one in joined if not any(other != one and other.covers(one) for other in joined)))


def write(scopes: Iterable[Scope], syntax: Syntax) -> tuple[str, ...]:
    """Scopes as words for one server, in order and without repeats."""
    merged = merge(scopes)
    if syntax == "v1":
        return tuple(sorted({scope.v1() for scope in merged}))
    if syntax == "v2-plain":
        merged = merge(replace(scope, params=()) for scope in merged)
    return tuple(str(scope) for scope in merged)


def permits(granted: Iterable[Scope], wanted: Scope) -> bool:
    """Whether the granted scopes together allow every interaction of ``wanted``."""
    allowed = "".join(scope.actions for scope in granted if scope.reaches(wanted))
    return set(wanted.actions) <= set(allowed)


def narrow(asked: Scope, granted: Scope) -> Scope | None:
    """What is permitted by both, at the narrower level; None if nothing is.

    Two different values of one parameter (two categories) are taken as having nothing in
    common: a resource may match both, but no server grants that on purpose.
    """
    actions = in_order("".join(set(asked.actions) & set(granted.actions)))
    same_type = "*" in (asked.resource, granted.resource) or asked.resource == granted.resource
    if not actions or not same_type:
        return None
    level = min(asked.level, granted.level, key=_REACH.__getitem__)
    resource = asked.resource if granted.resource == "*" else granted.resource
    params = _both(asked.params, granted.params)
    return None if params is None else Scope(level, resource, actions, params)


def _both(left: tuple[tuple[str, str], ...], right: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...] | None:
    if _within(left, right):
        return left
    if _within(right, left):
        return right
    shared = {name for name, _ in left} & {name for name, _ in right}
    if {p for p in left if p[0] in shared} != {p for p in right if p[0] in shared}:
        return None
    return left + right


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a request for scopes.

    ``granted`` may be used: part of what was asked. ``missing`` are asked scopes that are not
    fully granted, each by resource type and category, cut down to the interactions that are
    missing. ``extra`` was granted beyond what was asked and is not used.
    """

    granted: tuple[Scope, ...]
    missing: tuple[Scope, ...]
    extra: tuple[Scope, ...]


def compare(asked: Sequence[Scope], granted: Sequence[Scope]) -> Comparison:
    """Compare scopes asked with scopes granted, v1 or v2 on either side."""
    return _compared(tuple(asked), tuple(granted))


@lru_cache(maxsize=64)  # an EHR grants all who have one role the same
def _compared(asked: tuple[Scope, ...], granted: tuple[Scope, ...]) -> Comparison:
    usable = merge(part for one in asked for other in granted if (part := narrow(one, other)) is not None)
    missing = []
    for one in asked:
        lacking = in_order("".join(a for a in one.actions if not permits(granted, replace(one, actions=a))))
        if lacking:
            missing.append(replace(one, actions=lacking))
    extra = tuple(one for one in merge(granted) if not permits(asked, one))
    return Comparison(usable, merge(missing), extra)
