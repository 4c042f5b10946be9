"""What one vector says, as the measures ask it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from smartapp.criteria.compiling import Mode
from smartapp.criteria.nodes import Condition, EventSet, Node, Value
from smartapp.facts.instants import Instant
from smartapp.population.vectors import TRUTHS_IN_A_WORD, Truth, Vectors


class Encounter(NamedTuple):
    """An encounter of a tally: it has no name, only its populations."""

    reference: str


@dataclass
class VectorAnswers:
    """One vector as :class:`smartapp.measures.answers.Answers`.

    ``truths`` by place, ``last`` the instants by way of closing the gap, ``tally`` the encounters by which sets they
    are in, ``unread`` whether anything of the patient was not read. ``incomplete`` gets a word where what was not read,
    or what would refine, had to be named: that is not in a vector, and the chart engine says it for the patient.
    """

    vectors: Vectors
    mode: Mode
    truths: Sequence[Truth]
    last: Sequence[Instant | None]
    tally: dict[int, int]
    unread: bool
    incomplete: list[str] = field(default_factory=list)

    def truth(self, node: Condition) -> Truth:
        return self.truths[self.vectors.places[self.vectors.plan.number(node), self.mode]]

    def value(self, node: Value) -> Any:
        number = self.vectors.plan.number(node)
        if self.mode is Mode.KLEENE and self.truths[self.vectors.places[number, Mode.KLEENE]] is None:
            return None
        place = next(i for i, edge in enumerate(self.vectors.edges) if self.vectors.plan.number(edge) == number)
        return self.last[place]

    def events(self, node: EventSet) -> Sequence[Encounter]:
        number = self.vectors.plan.number(node)
        place = next(i for i, one in enumerate(self.vectors.sets) if self.vectors.plan.number(one) == number)
        return [
            Encounter(f"{mask}#{one}")
            for mask, count in self.tally.items()
            if mask >> place & 1
            for one in range(count)
        ]

    def caveats(self, node: Condition) -> Sequence[str]:
        place = self.vectors.places.get((self.vectors.plan.number(node), Mode.UNREFINED))
        if place is not None and self.truths[place] is None:
            self.incomplete.append("caveats")
        return ()

    def missing(self, node: Node) -> Sequence[str]:
        if not self.unread:
            return ()
        self.incomplete.append("missing")
        return ("?",)


def unpack(vectors: Vectors, words: Sequence[int]) -> tuple[Truth, ...]:
    """The truths of a vector's words."""
    meaning: tuple[Truth, ...] = (False, True, None)
    return tuple(
        meaning[words[place // TRUTHS_IN_A_WORD] >> 2 * (place % TRUTHS_IN_A_WORD) & 3]
        for place in range(len(vectors.truths))
    )


def read_tally(text: str | None) -> dict[int, int]:
    """``mask:count,…`` as a mapping."""
    pairs = (pair.split(":") for pair in text.split(",")) if text else ()
    return {int(mask): int(count) for mask, count in pairs}
