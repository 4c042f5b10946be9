"""Make the shipped value sets from a folder of official ones: the codes of open systems, and what is left out.

    python -m smartapp.criteria.make_valuesets FOLDER smartapp.measures.catalogue:MEASURES

Only sets that the named rules use are made. Which codes of an open system belong to a published set is a fact;
texts and codes of systems with other terms (CPT, CDT, SNOMED CT) stay out, and the file names those systems.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from smartapp.criteria.official import HL7_SYSTEMS, SetFile, read_folder
from smartapp.criteria.valuesets import SHIPPED, value_sets_in
from smartapp.errors import AppError
from smartapp.facts.codes import CDC_RACE, CDT, CPT, CVX, HCPCS, ICD10_CM, ICD10_PCS, LOINC, RXNORM, Code

OPEN_SYSTEMS = frozenset({LOINC, ICD10_CM, ICD10_PCS, CVX, HCPCS, RXNORM, CDC_RACE})

_LEVEL_II = re.compile(r"[A-CE-V]\d{4}")


def closed_system(code: Code) -> str | None:
    """The system for whose sake a code may not be shipped; None where it may.

    HCPCS holds more than its open level II: its level I (digits) is CPT, its D codes are CDT (45 CFR 162.1002).
    """
    if code.system == HCPCS and not _LEVEL_II.fullmatch(code.code):
        return CDT if code.code.startswith("D") else CPT
    if code.system in OPEN_SYSTEMS or code.system.startswith(HL7_SYSTEMS):
        return None
    return code.system


def shippable(one: SetFile) -> dict[str, object]:
    """The content of the shipped file for an official set."""
    expansion = one.expansion
    assert expansion is not None, "only usable sets are shipped"
    codes: dict[str, list[str]] = {}
    lacks = set(expansion.lacks)
    for code in sorted(expansion.codes):
        closed = closed_system(code)
        if closed is None:
            codes.setdefault(code.system, []).append(code.code)
        else:
            lacks.add(closed)
    return {
        "url": one.url,
        "name": one.name,
        "source": expansion.source,
        "version": expansion.version,
        "date": expansion.date,
        "lacks": sorted(lacks),
        "codes": codes,
    }


def text_of(content: dict[str, object]) -> str:
    """The file: JSON with one line for each entry and each code system."""
    head = [f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items()]
    codes = content["codes"]
    assert isinstance(codes, dict)
    lines = [f"  {json.dumps(system)}: {json.dumps(values)}" for system, values in codes.items()]
    head[-1] = ' "codes": {' + ("\n" + ",\n".join(lines) + "\n " if lines else "") + "}"
    return "{\n" + ",\n".join(head) + "\n}\n"


def make(folder: Path, urls: Iterable[str], target: Path) -> tuple[str, ...]:
    """Write the files of the sets with these URLs; returns the URLs that the folder does not have.

    Raises :class:`InputError` where there is no such folder.
    """
    wanted = set(urls)
    target.mkdir(parents=True, exist_ok=True)
    for one in read_folder(folder):
        if one.expansion is not None and one.url in wanted:
            wanted.discard(one.url)
            (target / f"{one.url.rpartition('/')[2]}.json").write_text(text_of(shippable(one)), encoding="utf-8")
    return tuple(sorted(wanted))


def main(arguments: list[str], target: Path = SHIPPED) -> int:
    """The command: a folder of official sets, and ``module:name`` of the rules; 2 for wrong arguments, 1 for gaps."""
    try:
        folder, rules = arguments
        module, _, name = rules.partition(":")
        named = getattr(import_module(module), name)
        left = make(Path(folder), {one.url for one in value_sets_in(named)}, target)
    except (ValueError, ImportError, AttributeError):
        sys.stderr.write("make_valuesets: give a folder of official value sets and module:name of the rules\n")
        return 2
    except AppError as error:
        sys.stderr.write(f"make_valuesets: {error.message}\n")
        return 2
    for url in left:
        sys.stderr.write(f"make_valuesets: the folder has no usable {url}\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
