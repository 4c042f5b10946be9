# ruff: noqa: RUF001  (signs that look alike are its subject)
"""A text as the eye reads it: one plain alphabet, with the way back to the original offsets.

Case, accents, full-width and mathematical letters, invisible characters, HTML entities and look-alike
letters are folded away (Unicode UAX #15 NFKD, UTS #39 skeletons), so that one spelling is judged and not
its disguises. What no honest text contains is remembered as *odd*: it can never be neutral.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from smartapp.messages.policy.confusables import EUROPEAN, LOOK_ALIKES

_ENTITY = re.compile(r"&(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z][^<>]*)>", re.DOTALL)
_PUNCTUATION = {
    "‘": "'", "’": "'", "‛": "'", "`": "'", "´": "'", "ʼ": "'", "“": '"', "”": '"', "«": '"', "»": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "⁄": "/", "·": " ", "•": " ",
}  # fmt: skip
_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@dataclass(frozen=True, slots=True)
class Folded:
    """``text`` is folded; ``origin[i]`` is the (start, end) in the original that made ``text[i]``.

    ``odd`` are original (start, end, why) pieces that no honest message contains.
    """

    original: str
    text: str
    origin: tuple[tuple[int, int], ...]
    odd: tuple[tuple[int, int, str], ...]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Original offsets of the folded slice ``[start, end)``; the slice is not empty."""
        return self.origin[start][0], self.origin[end - 1][1]


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> tuple[str, str | None]:
    """The plain form of one character, and why it is odd, if it is."""
    if char in _PUNCTUATION:
        return _PUNCTUATION[char], None
    category = unicodedata.category(char)
    if category == "Cf":
        odd = "hidden direction" if unicodedata.bidirectional(char) in _BIDI else None
        return "", odd
    if category == "Cc":
        return (" " if char != "\n" else "\n"), None if char in "\t\n\r" else "control character"
    out: list[str] = []
    why: str | None = None
    for part in unicodedata.normalize("NFKD", char).lower():
        kind = unicodedata.category(part)
        if kind in ("Mn", "Me"):
            continue
        if part.isascii():
            out.append(part if not part.isspace() or part == "\n" else " ")
        elif part in EUROPEAN and unicodedata.name(part).startswith("LATIN"):
            out.append(EUROPEAN[part])
        elif part in LOOK_ALIKES:
            out.append(LOOK_ALIKES[part])
            why = "look-alike letter"
        else:
            out.append(_PUNCTUATION.get(part, " " if part.isspace() else part))
            if kind.startswith(("L", "M", "N")):
                why = "letter of another alphabet"
    return "".join(out), why


def fold(text: str) -> Folded:
    """Fold ``text``; every folded character knows which original characters made it."""
    out: list[str] = []
    origin: list[tuple[int, int]] = []
    odd: list[tuple[int, int, str]] = []
    at = 0
    while at < len(text):
        end, piece = at + 1, text[at]
        if piece == "&" and (entity := _ENTITY.match(text, at)):
            plain = entity.group()
            for _ in range(3):  # an entity inside an entity: &amp;#100;
                plain = html.unescape(plain)
            if plain != entity.group():
                end, piece = entity.end(), plain
        elif piece == "<" and (tag := _TAG.match(text, at)):
            odd.append((at, tag.end(), "markup"))
            at = tag.end()
            continue
        for char in piece:
            plain, why = _fold_char(char)
            if why:
                odd.append((at, end, why))
            out.append(plain)
            origin.extend([(at, end)] * len(plain))
        at = end
    return Folded(text, "".join(out), tuple(origin), tuple(odd))
