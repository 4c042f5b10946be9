"""Reading FHIR JSON that may be anything: what is not of the right shape is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from smartapp.messages.contact.meanings import Code

Json = Mapping[str, Any]


def provisions(provision: object) -> Iterator[Json]:
    """A provision and what is nested in it, which are its exceptions."""
    if isinstance(provision, dict):
        yield provision
        for inner in dicts(provision.get("provision")):
            yield from provisions(inner)


def in_force(element: Json, today: date) -> bool:
    """Whether ``period`` (if there is one) has begun and not ended; one that cannot be read has not begun."""
    period = element.get("period")
    if period is None:
        return True
    if not isinstance(period, dict):
        return False
    start, end = period.get("start"), period.get("end")
    day = today.isoformat()
    # Partial dates compare by what they say: "2026" has begun on every day of it.
    begun = start is None or (isinstance(start, str) and start[:10] <= day)
    over = end is not None and (not isinstance(end, str) or end[:10] < day[: len(end[:10])])
    return begun and not over


def codes(concept: object) -> list[Code]:
    return [coding(one) for one in dicts(concept.get("coding"))] if isinstance(concept, dict) else []


def coding(coding: Json) -> Code:
    return str(coding.get("system")), str(coding.get("code"))


def dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
