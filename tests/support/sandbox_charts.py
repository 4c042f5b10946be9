"""Reads the sandbox's generated Bundles, without the tables that they were written from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

REFERENCE = date(2026, 3, 18)
SEED = 20260318

WITHDRAWN = frozenset({"entered-in-error", "cancelled", "not-done", "preliminary"})


def resources(bundle: dict[str, Any], kind: str | None = None) -> list[dict[str, Any]]:
    """The resources of a Bundle, of one type if that is given."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [made for made in found if kind is None or made["resourceType"] == kind]


def codes(element: dict[str, Any] | None) -> set[str]:
    """The codes of a CodeableConcept."""
    return {coding["code"] for coding in (element or {}).get("coding", [])}


def day_of(made: dict[str, Any]) -> date | None:
    """The day that a resource is about, where it is given to the day."""
    for name in ("effectiveDateTime", "performedDateTime", "occurrenceDateTime", "authoredOn", "sent"):
        text = made.get(name)
        if text and len(text) >= 10:
            return date.fromisoformat(text[:10])
    period = made.get("period", {}).get("start")
    return date.fromisoformat(period[:10]) if period else None


def done(bundle: dict[str, Any], *wanted: str) -> list[date]:
    """The days on which something with one of these codes was done, latest first."""
    found = []
    for made in resources(bundle):
        if made["resourceType"] not in ("Observation", "Procedure", "Immunization"):
            continue
        if made["status"] in WITHDRAWN or not codes(made.get("code") or made.get("vaccineCode")) & set(wanted):
            continue
        day = day_of(made)
        if day:
            found.append(day)
    return sorted(found, reverse=True)


def refusals(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """Whatever says that something was declined."""
    return [
        made
        for made in resources(bundle)
        if made.get("doNotPerform") or (made.get("status") in ("not-done", "cancelled") and "period" not in made
        and made["resourceType"] not in ("Appointment", "Coverage"))
    ]  # fmt: skip


def references(bundle: dict[str, Any]) -> Iterator[str]:
    """Every reference in a Bundle."""
    yield from re.findall(r'"reference": "([^"]+)"', json.dumps(bundle))


def addresses(bundle: dict[str, Any]) -> set[str]:
    """Type/id of every resource of a Bundle."""
    return {f"{made['resourceType']}/{made['id']}" for made in resources(bundle)}


def patient(bundle: dict[str, Any]) -> dict[str, Any]:
    """The one Patient of a Bundle."""
    (found,) = resources(bundle, "Patient")
    return found
