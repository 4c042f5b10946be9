"""The small language in which the vocabulary's phrases are written, compiled to regular expressions.

``(a|b c)`` is a choice, ``[x]`` may be left out, ``[x]+`` may also be said more than once, ``)+`` and ``)?`` mean
what they mean in a regular expression; a word in capitals is a macro or a typed slot. Phrases are matched against
the *plain form* of a sentence: words and slot tags, each followed by one space, the whole beginning with one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SLOT_TAGS = {
    "DATE": "<date>", "TIME": "<time>", "PHONE": "<phone>", "LINK": "<link>",
    "PLACE": "<place>", "NTH": "<nth>", "NAME": "<name>", "AMOUNT": "<amount>", "SIX": "<six>",
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
_PIECE = re.compile(r"[a-z0-9']+|[A-Z_]+|\]\+|[()\[\]|+?,\s]|.")


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
        elif piece == "]+":
            out.append(")*")
        else:
            raise ValueError(f"phrase {phrase!r}: {piece!r} means nothing here")
    return "".join(out)


def first_words(phrase: str, macros: Mapping[str, str], language: str) -> frozenset[str]:
    """The words and slot tags that a phrase can begin with: only in a sentence with one of them is it looked for."""
    pieces = [piece for piece in _PIECE.findall(phrase) if not piece.isspace() and piece != ","]
    return frozenset(_choice(pieces, macros, language)[0])


def _choice(pieces: list[str], macros: Mapping[str, str], language: str) -> tuple[set[str], bool]:
    """What the alternatives at the head of ``pieces`` begin with, and whether one may be empty; they are consumed."""
    begins: set[str] = set()
    empty = False
    while True:
        found, may_be_empty = _sequence(pieces, macros, language)
        begins |= found
        empty |= may_be_empty
        if not pieces or pieces.pop(0) != "|":
            return begins, empty


def _sequence(pieces: list[str], macros: Mapping[str, str], language: str) -> tuple[set[str], bool]:
    begins: set[str] = set()
    empty = True
    while pieces and pieces[0] not in ("|", ")", "]", "]+"):
        piece = pieces.pop(0)
        if piece in "([":
            found, skipped = _choice(pieces, macros, language)
            skipped |= piece == "["
            if pieces and pieces[0] in ("+", "?"):
                skipped |= pieces.pop(0) == "?"
        elif piece in macros:
            found, skipped = set(first_words(macros[piece], macros, language)), False
        else:
            found, skipped = _tags(piece, language), False
        if empty:
            begins |= found
        empty &= skipped
    return begins, empty


def _tags(piece: str, language: str) -> set[str]:
    if piece == "N":
        return {"<n>", *NUMBER_WORDS[language]}
    if piece.isdigit():
        return {"911" if piece == "911" else "<n>"}
    return {SLOT_TAGS.get(piece, piece)}


def words_of(phrase: str) -> set[str]:
    """The plain words that a phrase mentions: known in company, whatever they mean alone."""
    return set(re.findall(r"[a-z][a-z']*", phrase))
