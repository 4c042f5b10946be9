"""FHIR ids and references, checked before they reach an address.

FHIR R4, "Data types": an id is 1 to 64 of letters, digits, ``-`` and ``.``.
"""

from __future__ import annotations

import re

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE = re.compile(r"(?P<type>[A-Z][A-Za-z]{1,63})/(?P<id>[A-Za-z0-9\-.]{1,64})")
_DOTS = (".", "..")


def is_fhir_id(value: object) -> bool:
    """Whether a value is a FHIR id that may stand as one segment of a path."""
    return isinstance(value, str) and bool(_ID.fullmatch(value)) and value not in _DOTS


def relative_reference(value: str, fhir_base: str) -> str | None:
    """``Type/id`` from a relative reference, or an absolute one under ``fhir_base``; else None."""
    text = value.removeprefix(fhir_base + "/")
    match = _REFERENCE.fullmatch(text)
    return text if match and is_fhir_id(match["id"]) else None
