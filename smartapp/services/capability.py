"""What a server says that it can do: the one reading of its CapabilityStatement (FHIR R4 capabilitystatement.html)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launch.jsontext import objects


def offered(statement: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Resource type → interactions (``read``, ``search-type``, ``create``, …) that the server declares."""
    found: dict[str, frozenset[str]] = {}
    for rest in objects(statement.get("rest")):
        for resource in objects(rest.get("resource")):
            kind = resource.get("type")
            if isinstance(kind, str):
                codes = {
                    one["code"] for one in objects(resource.get("interaction")) if isinstance(one.get("code"), str)
                }
                found[kind] = found.get(kind, frozenset()) | codes
    return found
