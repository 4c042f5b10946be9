"""Which events of a patient belong to which leaf: found in one pass over the events, for all rules at once.

The codes of all leaves are turned round when the rules are compiled (coding → leaves), so that a patient costs
one look-up for each coding, however many value sets the rules name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

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


_KEPT = 16_384


class _Place:
    """Where an event belongs: the leaves that it is in, and those that it may be in. Compared by identity."""

    __slots__ = ("sure", "unsure")

    def __init__(self, sure: tuple[int, ...], unsure: tuple[int, ...]) -> None:
        self.sure = sure
        self.unsure = unsure


_NOWHERE = _Place((), ())


@dataclass(slots=True)
class _Kind:
    """What is looked for among the events of one FHIR type.

    ``known`` remembers the place of an event's codes: charts repeat their codes, and so do the charts of a practice.
    """

    all: list[int] = field(default_factory=list)
    coded: dict[SlotCode, list[int]] = field(default_factory=dict)
    lacking: dict[frozenset[str], list[int]] = field(default_factory=dict)
    known: dict[tuple[SlotCode, ...], _Place] = field(default_factory=dict)
    places: dict[tuple[tuple[int, ...], tuple[int, ...]], _Place] = field(default_factory=dict)

    def place(self, codes: tuple[SlotCode, ...]) -> _Place:
        """The place of an event with codes that are not ``known``; the same object for the same leaves."""
        if len(self.known) >= _KEPT:
            self.known.clear()
            self.places.clear()
        leaves = self._look_up(codes)
        found = self.places.setdefault(leaves, _Place(*leaves)) if any(leaves) else _NOWHERE
        self.known[codes] = found
        return found

    def _look_up(self, codes: tuple[SlotCode, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        sure = dict.fromkeys(self.all)
        for coding in codes:
            sure |= dict.fromkeys(self.coded.get(coding, ()))
        systems = {coding.system for coding in codes if coding.slot == "code"}
        doubtful = [n for lacks, numbers in self.lacking.items() if systems and systems <= lacks for n in numbers]
        return tuple(sure), tuple(number for number in doubtful if number not in sure)


_Group = list[int]
"""Events of one place, by their numbers in the chart."""


class _Joined:
    """The events of several groups in the order of the chart; of the same groups always the same tuple.

    Where value sets lack a code system, dozens of leaves hold the same uncertain events. As one tuple they are put
    together once, and a condition is asked of them once (see :func:`smartapp.criteria.set_closures.sifted`).
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._known: dict[tuple[int, ...], tuple[Event, ...]] = {}

    def events(self, groups: list[_Group] | None) -> tuple[Event, ...]:
        if groups is None:
            return ()
        key = tuple(map(id, groups))
        found = self._known.get(key)
        if found is None:
            together = groups[0] if len(groups) == 1 else sorted(chain.from_iterable(groups))
            found = self._known[key] = tuple(map(self._events.__getitem__, together))
        return found


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
        kinds = self._kinds
        groups: dict[_Place, _Group] = {}
        for number, event in enumerate(facts.events):
            kind = kinds.get(event.kind)
            if kind is None:
                continue
            start, codes = event.start, event.codes
            place = kind.known.get(codes) or kind.place(codes)
            if place is _NOWHERE or ((start is None or start > as_of) and _later(event, as_of)):
                continue
            group = groups.get(place)
            if group is None:
                groups[place] = [number]
            else:
                group.append(number)
        sure: dict[int, list[_Group]] = {}
        unsure: dict[int, list[_Group]] = {}
        for place, group in groups.items():
            for leaf in place.sure:
                sure.setdefault(leaf, []).append(group)
            for leaf in place.unsure:
                unsure.setdefault(leaf, []).append(group)
        joined, open_ = _Joined(facts.events), self._open(facts)
        return {
            leaf: Members(joined.events(sure.get(leaf)), joined.events(unsure.get(leaf)), leaf in open_)
            for leaf in {*sure, *unsure, *open_}
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
    """Whether an event that is not known to have begun came after ``as_of``: by the earlier known of start and
    record; an appointment never."""
    if event.kind == "Appointment":
        return False
    at = event.at
    return at > as_of if at is not None else event.start is not None
