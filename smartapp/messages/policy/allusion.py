"""Whether known words allude to something when put together: the last question before a text may leave.

Every word of "bring the other one next time" is harmless, and together they allude to something that both sides
know. No list of phrases keeps up with that, so the putting together is weighed: each sentence, and each two that
stand together, by words and neighbours with weights learned from labelled texts (``learn``), and by how far the
vocabulary's own phrases and places account for them. This only ever holds a text back; what it lets pass has had
every word accounted for.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from smartapp.messages.policy.accounted import Token, spoken_language
from smartapp.messages.policy.lexicon import Structure, lexicon
from smartapp.messages.policy.recognise import Found

_DAMPING = 4  # a sentence of n words counts by 1 / sqrt(n + 4): long ones are not telling for their length
_EDGES = ("^", "$")
_MANY = 3
_STEM = 5
_SURE = 1.0  # how much more it takes where phrases account for every word
_LONG, _STEP = 4, 4


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned: a text alludes where a window's weights and ``bias`` exceed ``limit``."""

    bias: float
    limit: float
    weights: Mapping[str, float]

    def of(self, window: Window) -> float:
        return self.bias + window.scale * sum(self.weights.get(sign, 0.0) for sign in window.signs)


@dataclass(frozen=True, slots=True)
class Window:
    """One sentence or two neighbours: what speaks for and against it, and where it stands in the folded text."""

    signs: tuple[str, ...]
    scale: float
    start: int
    end: int


@lru_cache(maxsize=1)
def learned() -> Weights:
    """The weights that the package ships."""
    data = json.loads((files("smartapp.messages.policy") / "lexicon" / "allusion.json").read_text(encoding="utf-8"))
    return Weights(data["bias"], data["limit"], data["weights"])


def alluding(parts: Sequence[Sequence[Token]], hints: Sequence[Found]) -> list[tuple[int, int]]:
    """The places (of folded text) of the windows that allude to something; a window inside another is left out.

    ``hints`` are what was recognised by sequences that are telling more often than not.
    """
    model = learned()
    sure = not hints and all(token.accounted for part in parts for token in part)
    limit = model.limit + (_SURE if sure else 0)
    places = sorted({(w.start, w.end) for w in windows(parts, hints) if model.of(w) > limit})
    return [(a, b) for a, b in places if not any((c, d) != (a, b) and a <= c and d <= b for c, d in places)]


def windows(parts: Sequence[Sequence[Token]], hints: Sequence[Found]) -> Iterator[Window]:
    """The sentences of a text, then each two that follow each other; approved wording is left out."""
    open_parts = [part for part in ([t for t in part if not t.approved] for part in parts) if part]
    structures = [lexicon().vocabularies[spoken_language(part)].structure for part in open_parts]
    business = [not of.office.isdisjoint(_plain(part)) for part, of in zip(open_parts, structures, strict=True)]
    for at, (part, structure) in enumerate(zip(open_parts, structures, strict=True)):
        company = f"#beside {_company((*business[:at], *business[at + 1 :]))}"
        yield _window(part, (*_neighbours(_plain(part)), *_standing(part, structure), *_hinted(part, hints), company))
    for one, two in pairwise(open_parts):
        yield _window([*one, *two], _neighbours([*_plain(one), "|", *_plain(two)]))


def _window(tokens: Sequence[Token], signs: Iterable[str]) -> Window:
    scale = round(1 / math.sqrt(len(tokens) + _DAMPING), 4)
    return Window(tuple(sorted(set(signs))), scale, tokens[0].start, tokens[-1].end)


def _plain(part: Sequence[Token]) -> list[str]:
    return [token.plain for token in part]


def _neighbours(said: Sequence[str]) -> Iterator[str]:
    """Words and how they begin, pairs of neighbours, and pairs with one word between."""
    line = (_EDGES[0], *said, _EDGES[1])
    yield from line
    yield from (f"{a} {b}" for a, b in pairwise(line))
    yield from (f"{a} _ {b}" for a, b in zip(line, line[2:], strict=False))
    yield from (f"{word[:_STEM]}*" for word in said if len(word) > _STEM)


def _hinted(part: Sequence[Token], hints: Sequence[Found]) -> Iterator[str]:
    for found in hints:
        if part[0].start <= found.start < part[-1].end:
            yield f"!{found.term.concept}"


def _company(beside: Sequence[bool]) -> str:
    """What the other sentences of the text are about."""
    return "nothing" if not beside else "office" if any(beside) else "other"


def _standing(part: Sequence[Token], structure: Structure) -> Iterator[str]:
    """How the sentence stands to the vocabulary: about the office's business, covered by phrases, by how many not."""
    said = [token.plain.rstrip("'") for token in part]
    anchored = not structure.anchors.isdisjoint(said)
    business = not structure.office.isdisjoint(said)
    if not anchored:
        yield "#no anchor"
    if not business:
        yield "#no office"
    if anchored and business:
        yield "#both"
    yield f"#open {min(_MANY, sum(not token.accounted for token in part))}"
    yield f"#length {min(_LONG, len(part) // _STEP)}"
    yield f"#phrased {_MANY * sum(token.phrased for token in part) // len(part)}"
    if any(_calls_yours(said, at, structure) for at in range(len(said))):
        yield "#yours"


def _calls_yours(said: Sequence[str], at: int, structure: Structure) -> bool:
    """Whether something is called yours here by a word for nothing that an office keeps."""
    if said[at] not in structure.possessive:
        return False
    head = next((word for word in said[at + 1 :] if word in structure.heads or word not in structure.modifiers), None)
    return head is not None and head not in structure.heads
