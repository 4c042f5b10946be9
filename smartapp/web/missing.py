"""What was not read, in words: from requirement keys to "Procedures were not granted"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from smartapp.facts.events import Coverage
from smartapp.web.labels import CATEGORIES, KINDS

_HOW = {
    Coverage.REFUSED: "not granted by the EHR",
    Coverage.FAILED: "could not be read",
    Coverage.CUT: "not read to the end",
}


def missing_text(keys: Iterable[str], coverage: Mapping[str, Coverage]) -> list[str]:
    """One line for each kind and way of missing; a key that was read wholly says nothing."""
    said: dict[str, None] = {}
    for key in keys:
        how = _HOW.get(coverage.get(key, Coverage.COMPLETE))
        if how is not None:
            said[f"{requirement_text(key)}: {how}"] = None
    return list(said)


def requirement_text(key: str) -> str:
    """``Observation:laboratory:…`` as "Observations (laboratory)"."""
    kind, categories, *_ = [*key.split(":"), "any"]
    named = [CATEGORIES.get(one, one) for one in categories.split("+") if one != "any"]
    return KINDS.get(kind, kind) + (f" ({', '.join(named)})" if named else "")
