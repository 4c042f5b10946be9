"""The codes behind a rule's value sets: data from files, never in a rule.

A shipped set may lack code systems whose terms forbid shipping; it says so in ``lacks``, and the evaluators make
unknown what only such a code could tell. Official sets that a site loads replace ours by canonical URL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.errors import CriteriaError
from smartapp.facts.codes import Code


@dataclass(frozen=True, slots=True)
class Expansion:
    """The codes of one value set.

    ``lacks`` are the systems whose codes belong to the set and are not here. ``source`` says where the codes are
    from, ``version`` and ``date`` (ISO) which edition.
    """

    codes: frozenset[Code]
    lacks: frozenset[str] = frozenset()
    source: str = ""
    version: str = ""
    date: str = ""


class ValueSets:
    """Value sets by canonical URL."""

    def __init__(self, sets: Mapping[str, Expansion]) -> None:
        self._sets = dict(sets)

    def codes(self, ref: ValueSet | DirectCode) -> Expansion:
        """The codes of a set, or of a code that a rule names itself.

        Raises :class:`CriteriaError` naming the set where no expansion of it is loaded.
        """
        if isinstance(ref, DirectCode):
            return Expansion(frozenset({Code(ref.system, ref.code)}), source="named by the rule")
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
