"""Reading value sets from files: official FHIR ones with an expansion, and the ones that are shipped.

A shipped file is a JSON object: ``url``, ``name``, ``source``, ``version``, ``date``, ``lacks`` (systems whose codes
are part of the set but not of the file) and ``codes`` (system → list of codes).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartapp.errors import InputError
from smartapp.facts.codes import (
    CDC_RACE,
    CDT,
    CPT,
    CVX,
    HCPCS,
    ICD10_CM,
    ICD10_PCS,
    LOINC,
    RXNORM,
    SNOMED_CT,
    Code,
    canonical_system,
)

KNOWN_SYSTEMS = frozenset(
    {
        *(CDC_RACE, CDT, CPT, CVX, HCPCS, ICD10_CM, ICD10_PCS, LOINC, RXNORM, SNOMED_CT),
        "https://nahdo.org/sopt",
        "https://www.cdc.gov/nhsn/cdaportal/terminology/codesystem/hsloc.html",
        "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/HospitalAcqCond/Coding",
        "urn:ietf:bcp:47",
    }
)
"""Systems that published value sets use, besides HL7's own."""

HL7_SYSTEMS = ("http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/")

_CUT_AT = 1000
"""Where terminology servers cut an expansion by default (VSAC among them)."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """The codes of one value set.

    ``lacks`` are the systems whose codes belong to the set and are not (all) here. ``source`` says where the codes
    are from, ``version`` and ``date`` (ISO) which edition.
    """

    codes: frozenset[Code]
    lacks: frozenset[str] = frozenset()
    source: str = ""
    version: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file: a stable code and a sentence that names the file and the set."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class SetFile:
    """One file that was read. ``expansion`` is None where it cannot be used; ``problems`` say why, or what to know."""

    path: Path
    url: str
    name: str
    expansion: Expansion | None
    problems: tuple[Problem, ...] = ()


def read_folder(folder: Path) -> Iterator[SetFile]:
    """Each ``*.json`` file of a folder, at any depth, in order. :class:`InputError` where it is no folder."""
    if not folder.is_dir():
        raise InputError("valuesets.no-folder", f"There is no folder {folder} with value sets.")
    for path in sorted(folder.rglob("*.json")):
        yield read_file(path)


def read_file(path: Path) -> SetFile:
    """One file, official or shipped; a file that is neither becomes a problem."""
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, OSError):
        content = None
    if isinstance(content, dict) and content.get("resourceType") == "ValueSet":
        return _official(path, content)
    if isinstance(content, dict) and {"url", "codes", "lacks"} <= content.keys():
        return SetFile(path, content["url"], content.get("name", ""), _shipped(content))
    problem = Problem("valuesets.unreadable", f"{path.name} is not a FHIR ValueSet as JSON.")
    return SetFile(path, "", "", None, (problem,))


def _shipped(content: Mapping[str, Any]) -> Expansion:
    return Expansion(
        frozenset(Code(system, code) for system, codes in content["codes"].items() for code in codes),
        frozenset(content["lacks"]),
        content.get("source", ""),
        content.get("version", ""),
        content.get("date", ""),
    )


def _official(path: Path, resource: Mapping[str, Any]) -> SetFile:
    url = str(resource.get("url") or "").partition("|")[0]
    name = str(resource.get("title") or resource.get("name") or resource.get("id") or path.stem)
    expansion = resource.get("expansion") or {}
    entries = list(_flat(expansion.get("contains") or ()))
    codes = frozenset(Code(canonical_system(entry["system"]), entry["code"]) for entry in entries)
    problems = []

    def problem(code: str, text: str) -> None:
        problems.append(Problem(f"valuesets.{code}", f"{path.name} (“{name}”): {text}"))

    if not url:
        problem("no-url", "it has no canonical URL, so no rule can name it. It is not used.")
    if not codes:
        problem("empty", "it has no expansion with codes. It is not used.")
    total = expansion.get("total")
    cut = len(entries) == _CUT_AT or (isinstance(total, int) and total > len(entries))
    systems = frozenset(code.system for code in codes)
    if cut:
        problem(
            "truncated",
            f"it holds {len(entries)} codes of {total if isinstance(total, int) else 'an unknown number'} and was "
            "probably cut off. What only a missing code could tell counts as unknown.",
        )
    for system in sorted(systems):
        if system not in KNOWN_SYSTEMS and not system.startswith(HL7_SYSTEMS):
            problem("unknown-system", f"the code system {system} is not known here. Its codes are used as they are.")
    if not url or not codes:
        return SetFile(path, url, name, None, tuple(problems))
    made = Expansion(
        codes,
        systems if cut else frozenset(),
        f"{url.rpartition('/')[2]}, {resource.get('publisher') or 'no publisher'}",
        str(resource.get("version") or ""),
        str(expansion.get("timestamp") or resource.get("date") or "")[:10],
    )
    return SetFile(path, url, name, made, tuple(problems))


def _flat(contains: Any) -> Iterator[dict[str, str]]:
    """The selectable codes of an expansion: nested entries too, abstract ones (headings) not."""
    for entry in contains:
        if entry.get("system") and entry.get("code") and not entry.get("abstract"):
            yield entry
        yield from _flat(entry.get("contains") or ())
