"""What a server says that it can do: the one reading of its CapabilityStatement (FHIR R4 capabilitystatement.html)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list from a server; nothing where it is no list, and without what is no object."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def offered(statement: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Resource type → interactions (``read``, ``search-type``, ``create``, …) that the server declares."""
    found: dict[str, frozenset[str]] = {}
    for rest in dicts(statement.get("rest")):
        for resource in dicts(rest.get("resource")):
            kind = resource.get("type")
            if isinstance(kind, str):
                codes = {one["code"] for one in dicts(resource.get("interaction")) if isinstance(one.get("code"), str)}
                found[kind] = found.get(kind, frozenset()) | codes
    return found
