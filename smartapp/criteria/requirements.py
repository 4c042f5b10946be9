"""What a rule has to read: which resources, with which codes, from when on; and for which of them it can do without."""

from __future__ import annotations

from hashlib import sha256

from smartapp.criteria.nodes import Codes, Events, ValueSet
from smartapp.errors import CriteriaError


def requirement_keys(leaf: Events) -> tuple[str, ...]:
    """The keys under which what a leaf reads is asked for and its coverage told, one for each FHIR type."""
    return tuple(_key(kind, leaf.codes, leaf.found_in) for kind in leaf.types)


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
