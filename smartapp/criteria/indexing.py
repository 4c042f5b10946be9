"""Which events of a patient belong to which leaf: found in one pass over the events, for all rules at once.

The codes of all leaves are turned round when the rules are compiled (coding → leaves), so that a patient costs
one look-up for each coding, however many value sets the rules name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from smartapp.criteria.nodes import Events
from smartapp.criteria.requirements import coverage_keys
from smartapp.criteria.valuesets import Expansion, ValueSets
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import Instant


class Members:
    """An event set of one patient: certain members, uncertain ones, and whether there may be others unseen."""

    __slots__ = ("open", "sure", "unsure")

    def __init__(self, sure: Iterable[Event], unsure: Iterable[Event], open_: bool) -> None:
        self.sure = tuple(sure)
        self.unsure = tuple(unsure)
        self.open = open_


EMPTY = Members((), (), False)
"""The set that is known to be empty; always this object, so that it is recognised by identity."""


def members(sure: Iterable[Event], unsure: Iterable[Event], open_: bool) -> Members:
    """A set, or :data:`EMPTY`."""
    return Members(sure, unsure, open_) if sure or unsure or open_ else EMPTY


@dataclass(slots=True)
class _Kind:
    """What is looked for among the events of one FHIR type."""

    all: list[int] = field(default_factory=list)
    coded: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    lacking: dict[frozenset[str], list[int]] = field(default_factory=dict)


class LeafIndex:
    """The leaves of compiled rules; makes each patient's :data:`Found`."""

    def __init__(self, leaves: Iterable[tuple[int, Events]], value_sets: ValueSets) -> None:
        self._kinds: dict[str, _Kind] = {}
        self._keys: dict[str, list[int]] = {}
        for number, leaf in leaves:
            expansion = None if leaf.codes is None else value_sets.joined(leaf.codes)
            for kind in dict.fromkeys(leaf.types):
                self._add(self._kinds.setdefault(kind, _Kind()), number, expansion)
            for key in coverage_keys(leaf):
                self._keys.setdefault(key, []).append(number)

    @staticmethod
    def _add(kind: _Kind, number: int, expansion: Expansion | None) -> None:
        if expansion is None:
            kind.all.append(number)
            return
        for code in expansion.codes:
            kind.coded.setdefault(SlotCode("code", *code), []).append(number)
        if expansion.lacks:
            kind.lacking.setdefault(expansion.lacks, []).append(number)

    def sort(self, facts: Facts, as_of: Instant, *, certain_only: bool) -> dict[int, Members]:
        """The members of every leaf that has any or is open; later events than ``as_of`` do not count."""
        sure: dict[int, list[Event]] = {}
        unsure: dict[int, list[Event]] = {}
        for event in facts.events:
            kind = self._kinds.get(event.kind)
            if kind is None or _later(event, as_of):
                continue
            for number in kind.all:
                sure.setdefault(number, []).append(event)
            coded = kind.coded
            for coding in event.codes:
                for number in coded.get(coding, ()):
                    bucket = sure.setdefault(number, [])
                    if not bucket or bucket[-1] is not event:
                        bucket.append(event)
            if kind.lacking and not certain_only:
                self._doubt(event, kind, sure, unsure)
        open_ = set() if certain_only else self._open(facts)
        return {
            number: members(sure.get(number, ()), unsure.get(number, ()), number in open_)
            for number in {*sure, *unsure, *open_}
        }

    @staticmethod
    def _doubt(event: Event, kind: _Kind, sure: dict[int, list[Event]], unsure: dict[int, list[Event]]) -> None:
        systems = {coding.system for coding in event.codes if coding.slot == "code"}
        if not systems:
            return
        for lacks, numbers in kind.lacking.items():
            if systems <= lacks:
                for number in numbers:
                    bucket = sure.get(number)
                    if bucket is None or bucket[-1] is not event:
                        unsure.setdefault(number, []).append(event)

    def _open(self, facts: Facts) -> set[int]:
        return {
            number
            for key, coverage in facts.coverage.items()
            if coverage != Coverage.COMPLETE
            for number in self._keys.get(key, ())
        }


def _later(event: Event, as_of: Instant) -> bool:
    """Whether the event came after ``as_of``: by the earlier known of start and record; an appointment never."""
    if event.kind == "Appointment":
        return False
    start, at = event.start, event.at
    if start is None:
        return at is not None and at > as_of
    return start > as_of and (at is None or at > as_of)
