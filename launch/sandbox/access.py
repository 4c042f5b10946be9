"""What a token lets its bearer see and do, resource by resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .grants import Token
from .search import compile_search
from .search_params import DIRECTORY
from .store import patients_of

Resource = dict[str, Any]


@dataclass(frozen=True)
class Permission:
    """One way in: to one patient's compartment or to all, for what passes a test."""

    patient: str | None
    passes: Callable[[Resource], bool]

    def admits(self, resource: Resource) -> bool:
        """Whether this way in leads to the resource."""
        return (self.patient is None or self.patient in patients_of(resource)) and self.passes(resource)


@dataclass(frozen=True)
class Access:
    """All the ways in that a token opens to one type, for one operation out of ``cruds``."""

    permissions: tuple[Permission, ...]

    def __bool__(self) -> bool:
        return bool(self.permissions)

    def admits(self, resource: Resource) -> bool:
        """Whether the resource may be seen or made."""
        return any(permission.admits(resource) for permission in self.permissions)

    @property
    def patients(self) -> frozenset[str] | None:
        """The only patients that can be reached; None when the token is not bound to one."""
        reached = {permission.patient for permission in self.permissions}
        return None if None in reached else frozenset(patient for patient in reached if patient)


def access_to(token: Token, resource_type: str, operation: str, base: str) -> Access:
    """Read a token's scopes for a type and an operation; falsy where there is no way in.

    Several scopes add up. A ``patient/`` scope counts only with a patient in context, and reaches that
    patient's compartment; for types outside of every compartment it reaches the directory. ``r`` and ``s``
    are two things (SMART App Launch 2.2, Scopes).
    """
    ways: list[Permission] = []
    for scope in token.scopes:
        if operation not in scope.operations or scope.resource_type not in ("*", resource_type):
            continue
        patient = None
        if scope.level == "patient":
            if token.patient is None:
                continue
            patient = None if resource_type in DIRECTORY else token.patient
        passes = compile_search(resource_type, scope.query, base)
        if resource_type == "Group" and token.groups is not None:
            passes = _within(token.groups, passes)
        ways.append(Permission(patient, passes))
    if operation == "r" and "fhirUser" in token.scope.split() and token.user:
        kind, _, own = token.user.partition("/")
        if kind == resource_type:
            ways.append(Permission(None, lambda resource: resource["id"] == own))
    return Access(tuple(ways))


def _within(groups: frozenset[str], passes: Callable[[Resource], bool]) -> Callable[[Resource], bool]:
    return lambda resource: resource["id"] in groups and passes(resource)
