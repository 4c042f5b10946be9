"""What an observation says of its own kind by the profiles that it claims (``meta.profile``).

A published measure asks for observations by profile: [ObservationClinicalResult: …] gives those that claim to be
clinical results (US Quality Core 0.1.0; CQL 1.5.3, "Retrieve"). What claims a profile of US Quality Core and none that
names a kind of observation is no result of any kind by its own word. What claims none, or another guide's as well,
is judged by its content alone, as most records are.
"""

from __future__ import annotations

from typing import Any

from smartapp.facts.codes import SlotCode

_QUALITY_CORE = "us-quality-core"
US_QUALITY_CORE = "http://fhir.org/guides/astp/us-quality-core"
OF_NO_KIND = SlotCode("label", US_QUALITY_CORE, "us-quality-core-observation")
"""The label of an observation that claims to be no particular kind of observation."""

_KINDS = frozenset(
    f"{_QUALITY_CORE}-{name}"
    for name in (
        "observation-clinical-result",
        "observation-lab",
        "observation-screening-assessment",
        "observationcancelled",
    )
)


def is_of_no_kind(profiles: Any) -> bool:
    """Whether the claimed profiles are US Quality Core's alone and none of them names a kind of observation."""
    if type(profiles) is not list or not profiles:
        return False
    return all(type(url) is str and _QUALITY_CORE in url and not _names_a_kind(url) for url in profiles)


def _names_a_kind(url: str) -> bool:
    """``…/us-quality-core-observation-lab``, with or without a version. The guide has had several homes."""
    return url.startswith(("http://", "https://")) and url.rpartition("/")[2].partition("|")[0] in _KINDS
