"""Whether neutral words are put together as office talk is; what is not is weighed more closely (see ``allusion``).

Every word of "bring the other one next time" is harmless, and together they allude to something that both sides
know. So a sentence must also be about the office's own business (an anchor), name what it calls yours by a word
for something an office keeps, and use everyday words only where it speaks of premises, post or weather. Words
that stand for something unsaid count only inside a phrase; the vocabulary sees to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from smartapp.messages.policy.lexicon import Structure, words

_SLOTS_BETWEEN = ("<date>", "<time>", "<name>", "<nth>")  # "your Tuesday visit", "your 9 AM visit"
_TITLES = ("dr", "dra", "doctor", "doctora", "nurse", "enfermera")
_WITH_AGENT = words("dr dra doctor doctora nurse enfermera <name> the your our care whole la el su nuestro nuestra")
_NO_SUBJECT_AFTER = words("with of from for by at to see on and con de del para por a y")
_LONG = 4  # shorter words stay small in a title, too
_ANCHORED_BY = ("<phone>", "<link>", "<place>")


class Piece(Protocol):
    """What a sentence is made of; see ``accounted.Token``."""

    @property
    def plain(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def capital(self) -> bool: ...


def out_of_place(
    part: Sequence[Piece], phrased: Sequence[bool], together: Sequence[bool], structure: Structure
) -> Iterator[int]:
    """Indices of the pieces of one sentence that do not belong where they stand.

    ``phrased`` says which pieces a phrase or a slot covers, ``together`` which lie in the same phrase as the next.
    """
    said = [piece.plain.rstrip("'") for piece in part]
    business = not structure.office.isdisjoint(said)
    titled = all(piece.capital for piece in part if piece.plain == piece.text and len(piece.text) >= _LONG)
    for index, word in enumerate(said):
        # A capital in mid-sentence makes a name of it: "the Blue Ribbon building".
        named = part[index].capital and index > 0 and not titled
        if word in structure.loose and not phrased[index] and (named or not business):
            yield index
        elif word in structure.possessive:
            head = _head(said, index, structure)
            if head is not None and not all(together[index:head]):
                yield head
        elif _acts_unsaid(said, index, together, structure):
            yield index + 1
        elif word in structure.objects and _next_is(structure.acts, said, index, together):
            yield index
    if not _anchored(part, said, phrased, structure):
        yield from range(len(part))


def _acts_unsaid(said: Sequence[str], index: int, together: Sequence[bool], structure: Structure) -> bool:
    """Whether a doctor or a team does something here that no phrase says ("Dr. Lee has a thought")."""
    agent = said[index] in structure.agents or (said[index] == "<name>" and index > 0 and said[index - 1] in _TITLES)
    if not agent or not _next_is(structure.doings, said, index, together):
        return False
    before = index
    while before > 0 and (said[before] in structure.agents or said[before] in _WITH_AGENT):
        before -= 1
    return said[before] not in _NO_SUBJECT_AFTER


def _next_is(wanted: frozenset[str], said: Sequence[str], index: int, together: Sequence[bool]) -> bool:
    """Whether one of ``wanted`` follows, outside the phrase that this word is in."""
    return index + 1 < len(said) and said[index + 1] in wanted and not together[index]


def _head(said: Sequence[str], index: int, structure: Structure) -> int | None:
    """The place of what is called yours, if no office calls it so; None where it is in order."""
    for at in range(index + 1, len(said)):
        if said[at] in structure.heads:
            return None
        if said[at] not in structure.modifiers and said[at] not in _SLOTS_BETWEEN:
            return at
    return None


def _anchored(part: Sequence[Piece], said: Sequence[str], phrased: Sequence[bool], structure: Structure) -> bool:
    return (
        not structure.anchors.isdisjoint(said)
        or not structure.office.isdisjoint(said)
        or any(piece.plain in _ANCHORED_BY for piece in part)
        or all(ok or word in structure.modifiers for ok, word in zip(phrased, said, strict=True))
        or structure.formulas.search(" " + "".join(piece.plain + " " for piece in part)) is not None
    )
