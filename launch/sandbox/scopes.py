"""SMART scopes, v1 and v2 (SMART App Launch 2.2, Scopes and Launch Context)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, cast
from urllib.parse import parse_qsl

from .search_params import PARAMS, params_of

Level = Literal["patient", "user", "system"]
Query = tuple[tuple[str, str], ...]

_V2 = re.compile(r"^(patient|user|system)/(\*|[A-Za-z]+)\.(c?r?u?d?s?)(?:\?(.+))?$")
_V1 = re.compile(r"^(patient|user|system)/(\*|[A-Za-z]+)\.(read|write|\*)$")
_V1_OPERATIONS = {"read": "rs", "write": "cud", "*": "cruds"}

CONTEXT = ("launch", "launch/patient", "launch/encounter")
IDENTITY = ("openid", "fhirUser", "profile")
REFRESH = ("offline_access", "online_access")
PLAIN = frozenset((*CONTEXT, *IDENTITY, *REFRESH))

_OBSERVATION = "http://terminology.hl7.org/CodeSystem/observation-category"
_CONDITION = "http://terminology.hl7.org/CodeSystem/condition-category"
_US_CORE = "http://hl7.org/fhir/us/core/CodeSystem"
# The categories that US Core 9.0.0 obliges a server to offer as granular scopes.
CATEGORIES: dict[str, tuple[tuple[str, str], ...]] = {
    "Condition": (
        ("Problem list", f"{_CONDITION}|problem-list-item"),
        ("Diagnoses of visits", f"{_CONDITION}|encounter-diagnosis"),
        ("Health concerns", f"{_US_CORE}/condition-category|health-concern"),
    ),
    "Observation": (
        ("Vital signs", f"{_OBSERVATION}|vital-signs"),
        ("Laboratory results", f"{_OBSERVATION}|laboratory"),
        ("Social history", f"{_OBSERVATION}|social-history"),
        ("Surveys", f"{_OBSERVATION}|survey"),
        ("Social needs", f"{_US_CORE}/us-core-category|sdoh"),
    ),
}


@dataclass(frozen=True)
class Scope:
    """One data scope: level, type (``*`` for all), operations out of ``cruds``, a query that narrows it."""

    level: Level
    resource_type: str
    operations: str
    query: Query = ()
    v1: bool = False

    def __str__(self) -> str:
        operations = self.operations
        if self.v1:
            operations = next(name for name, ops in _V1_OPERATIONS.items() if ops == self.operations)
        text = f"{self.level}/{self.resource_type}.{operations}"
        return text + ("?" + "&".join(f"{name}={value}" for name, value in self.query) if self.query else "")

    def covers(self, other: Scope) -> bool:
        """Whether everything that ``other`` allows, operations aside, is allowed by this one."""
        return (
            self.level == other.level
            and self.resource_type in ("*", other.resource_type)
            and set(self.query) <= set(other.query)
        )


def parse(text: str) -> Scope | None:
    """A data scope, or None for anything that is not one: a wrong order of letters, an unknown type or query."""
    if (old := _V1.match(text)) is not None:
        level, kind, verb = old.groups()
        scope = Scope(cast(Level, level), kind, _V1_OPERATIONS[verb], v1=True)
    elif (new := _V2.match(text)) is not None:
        level, kind, operations, query = new.groups()
        pairs = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
        scope = Scope(cast(Level, level), kind, operations, pairs)
        if not operations or (query and not pairs):
            return None
    else:
        return None
    if scope.resource_type != "*" and scope.resource_type not in PARAMS:
        return None
    if scope.query and (scope.resource_type == "*" or not _known(scope)):
        return None
    return scope


def data_scopes(texts: Iterable[str]) -> tuple[Scope, ...]:
    """The data scopes among the texts, in order."""
    return tuple(scope for scope in map(parse, texts) if scope is not None)


def offer(requested: Iterable[str], allowed: Iterable[str], *, v2: bool = True) -> list[str]:
    """What a client may be granted of what it asks: known, and covered by its registration.

    Operations beyond the registration are cut off; what is not covered at all is dropped. The order of
    the request is kept, and duplicates go.
    """
    allowed = list(allowed)
    registered = data_scopes(allowed)
    result: dict[str, None] = {}
    for text in requested:
        if text in PLAIN:
            if text in allowed:
                result[text] = None
            continue
        scope = parse(text)
        if scope is None or (not v2 and not scope.v1):
            continue
        granted = {op for other in registered if other.covers(scope) for op in other.operations}
        operations = "".join(op for op in scope.operations if op in granted)
        if operations == scope.operations:
            result[text] = None
        elif operations:
            result[str(replace(scope, operations=operations, v1=False))] = None
    return list(result)


def narrower(text: str) -> list[tuple[str, str]]:
    """The narrower scopes that a person may grant instead of one: (label, scope), by category or by type."""
    scope = parse(text)
    if scope is None or scope.query:
        return []
    if scope.resource_type == "*":
        return [(kind, str(replace(scope, resource_type=kind))) for kind in sorted(PARAMS)]
    if scope.v1:
        return []
    return [
        (label, str(replace(scope, query=(("category", value),))))
        for label, value in CATEGORIES.get(scope.resource_type, ())
    ]


def subset(wanted: Iterable[str], granted: Iterable[str]) -> bool:
    """Whether a refresh asks for no more than was granted (RFC 6749, 6)."""
    granted = list(granted)
    return all(text in granted or (text not in PLAIN and offer([text], granted) == [text]) for text in wanted)


def _known(scope: Scope) -> bool:
    known = params_of(scope.resource_type)
    return all(name in known and value for name, value in scope.query)
