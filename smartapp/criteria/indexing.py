"""Which events of a patient belong to which leaf: found in one pass over the events, for all rules at once.

The codes of all leaves are turned round when the rules are compiled (coding → leaves), so that a patient costs
one look-up for each coding, however many value sets the rules name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
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

    @property
    def settled(self) -> bool:
        """Whether the certain members are known to be all."""
        return not (self.unsure or self.open)


Leaves = Mapping[int, Members]
"""The members of leaves, by the leaves' numbers in the plan; of one that is not in it, none."""

EMPTY = Members((), (), False)
"""The set that is known to be empty; always this object, so that it is recognised by identity."""


def members(sure: Iterable[Event], unsure: Iterable[Event], open_: bool) -> Members:
    """A set, or :data:`EMPTY`."""
    return Members(sure, unsure, open_) if sure or unsure or open_ else EMPTY


_Numbers = tuple[int, ...]

_KEPT = 16_384


@dataclass(slots=True)
class _Kind:
    """What is looked for among the events of one FHIR type.

    ``known`` remembers for an event's codes the leaves that it is in, and those that it may be in: charts repeat
    their codes, and so do the charts of a practice.
    """

    all: list[int] = field(default_factory=list)
    coded: dict[SlotCode, list[int]] = field(default_factory=dict)
    lacking: dict[frozenset[str], list[int]] = field(default_factory=dict)
    known: dict[tuple[SlotCode, ...], tuple[_Numbers, _Numbers]] = field(default_factory=dict)

    def leaves(self, codes: tuple[SlotCode, ...]) -> tuple[_Numbers, _Numbers]:
        """The leaves that an event with these codes is in, and those that it may be in."""
        found = self.known.get(codes)
        if found is None:
            if len(self.known) >= _KEPT:
                self.known.clear()
            found = self.known[codes] = self._look_up(codes)
        return found

    def _look_up(self, codes: tuple[SlotCode, ...]) -> tuple[_Numbers, _Numbers]:
        sure = dict.fromkeys(self.all)
        for coding in codes:
            sure |= dict.fromkeys(self.coded.get(coding, ()))
        systems = {coding.system for coding in codes if coding.slot == "code"}
        doubtful = [n for lacks, numbers in self.lacking.items() if systems and systems <= lacks for n in numbers]
        return tuple(sure), tuple(number for number in doubtful if number not in sure)


class LeafIndex:
    """The leaves of compiled rules; sorts a patient's events into them."""

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

    def sort(self, facts: Facts, as_of: Instant) -> Leaves:
        """The members of every leaf that has any or is open; later events than ``as_of`` do not count."""
        sure: defaultdict[int, list[Event]] = defaultdict(list)
        unsure: defaultdict[int, list[Event]] = defaultdict(list)
        for event in facts.events:
            kind = self._kinds.get(event.kind)
            if kind is None or _later(event, as_of):
                continue
            certain, doubtful = kind.leaves(event.codes)
            for number in certain:
                sure[number].append(event)
            for number in doubtful:
                unsure[number].append(event)
        open_ = self._open(facts)
        return {
            number: Members(sure.get(number, ()), unsure.get(number, ()), number in open_)
            for number in {*sure, *unsure, *open_}
        }

    def _open(self, facts: Facts) -> set[int]:
        return {
            number
            for key, coverage in facts.coverage.items()
            if coverage != Coverage.COMPLETE
            for number in self._keys.get(key, ())
        }


def certain_only(leaves: Leaves) -> Leaves:
    """The leaves as strict answers see them: only what is certain, as if that were all."""
    return {
        number: found if found.settled else Members(found.sure, (), False)
        for number, found in leaves.items()
        if found.sure
    }


def _later(event: Event, as_of: Instant) -> bool:
    """Whether the event came after ``as_of``: by the earlier known of start and record; an appointment never."""
    if event.kind == "Appointment":
        return False
    start, at = event.start, event.at
    if start is None:
        return at is not None and at > as_of
    return start > as_of and (at is None or at > as_of)
