"""Naming what a text reveals: terms, disguised terms, codes, values and telling sequences.

This layer only ever makes a verdict stricter and more useful: what it misses is held back as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from smartapp.messages.policy.accounted import Token, plain_form
from smartapp.messages.policy.disguise import SHORTEST_FUZZY, disguised, leet, looks_medical, misspelt
from smartapp.messages.policy.lexicon import Lexicon, Pattern, Term, lexicon
from smartapp.messages.policy.links import pieces_of
from smartapp.messages.policy.verdict import Disclosure

_LONGEST_TERM = 5
_LONGEST_SPELLING = 26
_SHORTEST_TERM = 3
_LEET_RUN = re.compile(r"[a-z0-9@$!|+]*[a-z][a-z0-9@$!|+]*")
# Codes and values as they are written; each is looked for only where no typed slot stands.
_WRITTEN: tuple[tuple[Term, re.Pattern[str]], ...] = tuple(
    (Term(cast(Disclosure, kind), concept), re.compile(pattern))
    for kind, concept, pattern in (
        ("diagnosis", "ICD-10 code", r"(?<!\w)(?:[a-tv-z]\d[0-9ab](?:\.[0-9a-z]{1,4})?|icd(?:-?10)?)(?!\w)"),
        ("result", "LOINC code", r"(?<![\w-])\d{3,5}-\d(?![\w-])|(?<!\w)loinc(?!\w)"),
        ("procedure", "CPT code", r"(?<![\w#-])(?:\d{5}|\d{4}[ftu])(?![\w-])|(?<!\w)cpt(?!\w)"),
        ("procedure", "HCPCS code", r"(?<![\w#-])[a-v]\d{4}(?![\w-])|(?<!\w)hcpcs(?!\w)"),
        ("medication", "RxNorm code", r"(?<!\w)(?:rxnorm|rxcui)(?!\w)"),
        ("medication", "NDC code", r"(?<!\w)ndc(?!\w)|(?<![\w-])\d{4,5}-\d{3,4}-\d{1,2}(?![\w-])"),
        ("medication", "dose", r"(?<!\w)\d+(?:[.,]\d+)? ?(?:mg|mcg|ml|units?|unidades|g)(?!\w|/)"),
        ("result", "value with a unit", r"(?<!\w)\d+(?:[.,]\d+)? ?(?:%|mg/dl|mmol|mmhg|bpm|kg|lbs?|kilos|pounds)"),
        # No blood pressure is as low as the numbers of a day and a month.
        (
            "result",
            "blood pressure value",
            r"(?<![\w/])(?!(?:0\d|1[0-2])/(?:[0-2]\d|3[01])(?!\d))\d{2,3} ?(?:/|over|sobre) ?\d{2,3}(?![\w/])",
        ),
        ("result", "value", r"(?<![\w.,/:$-])\d+[.,]\d+(?![\w/:]|[.,]\d)"),
    )
)  # fmt: skip

_SLOTS = frozenset(("<date>", "<time>", "<phone>", "<place>", "<link>", "<amount>", "<reference>"))


@dataclass(frozen=True, slots=True)
class Found:
    """A recognised piece of folded text; a ``weak`` one tells something in most company, not in all."""

    start: int
    end: int
    term: Term
    weak: bool = False


def recognise(text: str, tokens: Sequence[Token], parts: Iterable[Sequence[Token]]) -> list[Found]:
    """Everything recognised in folded ``text``; overlapping pieces are all kept, the longest term first."""
    lex = lexicon()
    words = [token for token in tokens if token.plain not in ("<end>", "<sign>")]
    found = [
        *_terms(words, lex),
        *_spelt_out(words, lex),
        *_single_words(words, lex),
        *_written(text, words),
        *_links(words, lex),
    ]
    for part in parts:
        found.extend(_sequences(part))
    for run in _LEET_RUN.finditer(text):
        if not run.group().isalnum() or not run.group().isalpha():
            found.extend(_leet_run(run, words, lex))
    return _widest(found)


def _terms(words: Sequence[Token], lex: Lexicon) -> Iterator[Found]:
    for at in range(len(words)):
        for length in range(min(_LONGEST_TERM, len(words) - at), 0, -1):
            piece = words[at : at + length]
            key = tuple(token.text for token in piece)
            term = lex.terms.get(key) or (lex.single(key[0]) if length == 1 else None)
            if term is not None and not (
                all(token.phrased for token in piece)
                and (length == 1 or (key in lex.in_phrases and all(token.bound for token in piece[1:])))
                and key not in lex.own.terms
            ):
                yield Found(piece[0].start, piece[-1].end, term, key in lex.weak)
                break


def _spelt_out(words: Sequence[Token], lex: Lexicon) -> Iterator[Found]:
    """Terms cut by spaces, hyphens or the end of a field: ``d i a b e t e s``, ``dia-betes``."""
    for at in range(len(words)):
        joined, letters = words[at].text, len(words[at].text) == 1
        if len(joined) >= _SHORTEST_TERM and lex.single(joined):
            continue
        for end in range(at + 1, len(words)):
            joined += words[end].text
            letters = letters and len(words[end].text) == 1
            if len(joined) > _LONGEST_SPELLING:
                break
            open_piece = not all(token.accounted for token in words[at : end + 1])
            if (len(joined) >= 6 and open_piece) or (letters and len(joined) >= 3):
                term = lex.single(joined) or next(filter(None, map(lex.single, leet(joined))), None)
                if term is not None:
                    known = all(token.known for token in words[at : end + 1])
                    yield Found(words[at].start, words[end].end, term, known and not letters)


def _single_words(words: Sequence[Token], lex: Lexicon) -> Iterator[Found]:
    """Words that nothing accounts for: misspelt terms, and the endings of medical words."""
    for token in words:
        if token.accounted or not token.is_word or len(token.text) < SHORTEST_FUZZY or lex.reads_as_known(token.text):
            continue
        term = lex.single(token.text) or misspelt(token.text) or misspelt(_single_letters(token.text))
        term = term or looks_medical(token.text)
        if term is not None:
            yield Found(token.start, token.end, term)


def _single_letters(word: str) -> str:
    """``diiabeetes`` with each run of one letter cut to a single one."""
    return re.sub(r"(.)\1+", r"\1", word)


def _leet_run(run: re.Match[str], words: Sequence[Token], lex: Lexicon) -> Iterator[Found]:
    for start, end in ((run.start(), run.end()), (run.start(), run.end() - 1)):
        text = run.string[start:end]
        if len(text) < 3 or any((t.phrased or t.plain in _SLOTS) and t.start <= start < t.end for t in words):
            continue
        for spelling in leet(text):
            term = lex.single(spelling) or (misspelt(spelling) if len(spelling) >= SHORTEST_FUZZY else None)
            if term is not None:
                yield Found(start, end, term)
                return


def _written(text: str, words: Sequence[Token]) -> Iterator[Found]:
    for term, pattern in _WRITTEN:
        for match in pattern.finditer(text):
            if not any(t.plain in _SLOTS and t.start < match.end() and match.start() < t.end for t in words):
                yield Found(match.start(), match.end(), term)


def _links(words: Sequence[Token], lex: Lexicon) -> Iterator[Found]:
    """Terms that a link, an address or a domain spells, whole or inside a piece of it."""
    for token in words:
        if token.plain == "<link>":
            for piece in pieces_of(token.text):
                # "appointments" spells an ointment, too
                term = lex.single(piece) if lex.reads_as_known(piece) else disguised(piece, lex)
                if term is not None:
                    yield Found(token.start, token.end, term)


def _sequences(part: Sequence[Token]) -> Iterator[Found]:
    plain = plain_form(part)
    for start, end, pattern in _telling(plain):
        first = plain.count(" ", 0, start + 1) - (plain[start] != " ") if start else 0
        last = plain.count(" ", 0, end) - 1
        inside = part[max(first, 0) : max(last, first + 1)]
        yield Found(inside[0].start, inside[-1].end, pattern.term, weak=not pattern.always)


@lru_cache(maxsize=16_384)
def _telling(plain: str) -> tuple[tuple[int, int, Pattern], ...]:
    """Where a telling sequence stands in a sentence's plain form; kept, as a template's is the same for everybody."""
    return tuple((*match.span(), pattern) for pattern in lexicon().patterns for match in pattern.match.finditer(plain))


def _widest(found: Iterable[Found]) -> list[Found]:
    """Without the pieces that lie inside another of the same kind; and each once."""
    unique = sorted(set(found), key=lambda f: (f.start, -f.end, f.term.kind, f.term.concept))
    return [
        f
        for i, f in enumerate(unique)
        if not any(
            g.start <= f.start
            and f.end <= g.end
            and g.term.kind == f.term.kind
            and (g.end - g.start > f.end - f.start or j < i)
            for j, g in enumerate(unique)
            if j != i
        )
    ]
