"""The codes behind a rule's value sets: data from files, never in a rule.

A shipped set may lack code systems whose terms forbid shipping; it says so in ``lacks``, and the evaluators make
unknown what only such a code could tell. Official sets that a site loads replace ours by canonical URL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.official import Expansion, Problem, SetFile, read_folder
from smartapp.errors import CriteriaError
from smartapp.facts.codes import Code, canonical_system

__all__ = ["Expansion", "ImportReport", "Problem", "ValueSets", "import_folder", "value_sets_in"]

SHIPPED = Path(__file__).parent / "data" / "valuesets"


class ValueSets:
    """Value sets by canonical URL. Does not change; loading more makes a new one."""

    def __init__(self, sets: Mapping[str, Expansion]) -> None:
        self._sets = dict(sets)

    @classmethod
    def load(cls, *folders: Path | str) -> ValueSets:
        """The shipped sets, with those of each folder in their place.

        Problems of single files are not raised here: :func:`import_folder` tells them. :class:`InputError` where a
        folder is not there.
        """
        sets: dict[str, Expansion] = {}
        for folder in (SHIPPED, *(Path(folder) for folder in folders)):
            if folder.is_dir() or folder is not SHIPPED:
                sets.update({one.url: one.expansion for one in read_folder(folder) if one.expansion is not None})
        return cls(sets)

    def __contains__(self, url: str) -> bool:
        return url in self._sets

    def codes(self, ref: ValueSet | DirectCode) -> Expansion:
        """The codes of a set, or of a code that a rule names itself.

        Raises :class:`CriteriaError` naming the set where no expansion of it is loaded.
        """
        if isinstance(ref, DirectCode):
            return Expansion(frozenset({Code(canonical_system(ref.system), ref.code)}), source="named by the rule")
        try:
            return self._sets[ref.url]
        except KeyError:
            raise CriteriaError(
                "criteria.no-expansion", f"The codes of the value set “{ref.name}” ({ref.url}) are not loaded."
            ) from None

    def joined(self, refs: Iterable[ValueSet | DirectCode]) -> Expansion:
        """The codes of several sets together; what any of them lacks, the whole lacks."""
        parts = [self.codes(ref) for ref in refs]
        return Expansion(
            frozenset().union(*(part.codes for part in parts)), frozenset().union(*(part.lacks for part in parts))
        )

    def with_(self, sets: Mapping[str, Expansion]) -> ValueSets:
        """These, with others in their place."""
        return ValueSets({**self._sets, **sets})


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a folder of official sets would change.

    ``sets`` are the usable ones by URL (give them to :meth:`ValueSets.with_`); ``added`` and ``replaced`` are their
    URLs, ``changed`` those whose codes differ from what was loaded before.
    """

    sets: Mapping[str, Expansion]
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    changed: tuple[str, ...]
    problems: tuple[Problem, ...]

    def touched(self, rules: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of those rules (measures, groups: anything made of criteria) whose codes change."""
        changed = {*self.changed, *self.added}
        return tuple(name for name, rule in rules.items() if any(one.url in changed for one in value_sets_in(rule)))


def import_folder(folder: Path | str, before: ValueSets) -> ImportReport:
    """Read a folder of official FHIR value sets, and compare it with what is loaded.

    Said of a file: not a value set, no URL, no codes, probably cut off, a code system that is not known, a URL that
    came before in the same folder. :class:`InputError` where there is no such folder.
    """
    sets: dict[str, Expansion] = {}
    problems: list[Problem] = []
    for one in read_folder(Path(folder)):
        problems += one.problems
        if one.expansion is None:
            continue
        if one.url in sets:
            problems.append(_twice(one))
        sets[one.url] = one.expansion
    known = {url: before.codes(ValueSet(url, url)) for url in sets if url in before}
    changed = (url for url, old in known.items() if (old.codes, old.lacks) != (sets[url].codes, sets[url].lacks))
    return ImportReport(
        sets,
        tuple(sorted(sets.keys() - known.keys())),
        tuple(sorted(known)),
        tuple(sorted(changed)),
        tuple(problems),
    )


def _twice(one: SetFile) -> Problem:
    return Problem(
        "valuesets.twice", f"{one.path.name} (“{one.name}”): the URL {one.url} came before; the last is used."
    )


def value_sets_in(part: Any) -> Iterator[ValueSet]:
    """The value sets that a rule, a measure or a collection of them names; what is named twice comes twice."""
    if isinstance(part, ValueSet):
        yield part
    elif isinstance(part, Mapping):
        for one in part.values():
            yield from value_sets_in(one)
    elif isinstance(part, tuple | list):
        for one in part:
            yield from value_sets_in(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from value_sets_in(getattr(part, one.name))
