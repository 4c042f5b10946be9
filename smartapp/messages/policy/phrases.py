"""The small language in which the vocabulary's phrases are written, compiled to regular expressions.

``(a|b c)`` is a choice, ``[x]`` may be left out, ``)+`` and ``)?`` mean what they mean in a regular
expression; a word in capitals is a macro or a typed slot. Phrases are matched against the *plain form* of
a sentence: words and slot tags, each followed by one space, the whole beginning with one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SLOT_TAGS = {
    "DATE": "<date>", "TIME": "<time>", "PHONE": "<phone>", "LINK": "<link>",
    "PLACE": "<place>", "NTH": "<nth>", "NAME": "<name>", "AMOUNT": "<amount>",
}  # fmt: skip
NUMBER_WORDS = {
    "en": [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "fifteen",
        "twenty",
        "thirty",
        "forty",
        "sixty",
    ],
    "es": [
        "uno",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "doce",
        "quince",
        "veinte",
        "treinta",
        "cuarenta",
        "sesenta",
    ],
}
_PIECE = re.compile(r"[a-z0-9']+|[A-Z_]+|[()\[\]|+?,\s]|.")


def translate(phrase: str, macros: Mapping[str, str], language: str) -> str:
    """The regular expression of one phrase.

    Raises ValueError for a character or a macro that the language does not have: a vocabulary with a slip
    in it must not load.
    """
    out: list[str] = []
    for piece in _PIECE.findall(phrase):
        if piece.isspace() or piece == ",":
            continue
        if piece == "N":
            out.append("(?:<n> |" + "|".join(f"{word} " for word in NUMBER_WORDS[language]) + ")")
        elif piece in SLOT_TAGS:
            out.append(re.escape(SLOT_TAGS[piece]) + " ")
        elif piece in macros:
            out.append("(?:" + translate(macros[piece], macros, language) + ")")
        elif piece.isdigit():
            out.append("911 " if piece == "911" else "<n> ")
        elif piece[0].islower():
            out.append(re.escape(piece) + " ")
        elif piece in "([":
            out.append("(?:")
        elif piece in ")|+?":
            out.append(piece)
        elif piece == "]":
            out.append(")?")
        else:
            raise ValueError(f"phrase {phrase!r}: {piece!r} means nothing here")
    return "".join(out)


def words_of(phrase: str) -> set[str]:
    """The plain words that a phrase mentions: known in company, whatever they mean alone."""
    return set(re.findall(r"[a-z][a-z']*", phrase))
