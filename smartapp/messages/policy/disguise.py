"""Terms in disguise: misspelt, with digits and signs for letters, inside a word; words medical by their ending."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import cast

from smartapp.messages.policy.lexicon import Lexicon, Term, lexicon
from smartapp.messages.policy.verdict import Disclosure

_LEET = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "l", "+": "t",
}  # fmt: skip
_MAX_SIGNS = 5
SHORTEST_FUZZY = 5  # shorter words have too many neighbours that mean something else
_SHORTEST_IN_NAME = 7  # a family name one letter away from a short term is common; from a long one it is not

_DRUG_ENDINGS = (  # stems of the United States Adopted Names Council
    "statin|estatina|[aeiou]pril|sartan|olol|gliptin|flozin|glutide|cillin|cilina|mycin|micina|[ao]zole|prazol|cycline|"
    "floxacin|[aeiou]vir|[uixt]mab|tinib|oxetine|azepam|zolam|triptan|codone|parib|setron|dipine|dipino|thiazide|"
    "semide|lukast"
)
_ENDINGS: tuple[tuple[Term, re.Pattern[str]], ...] = tuple(
    (Term(cast(Disclosure, kind), concept), re.compile(rf"[a-z]{{2,}}(?:{endings})s?"))
    for kind, concept, endings in (
        ("medication", "medication", _DRUG_ENDINGS),
        ("diagnosis", "illness", "itis|osis|emia|[rhnl]oma|pathy|patia|algia|plegia|uria|penia|phobia|fobia"),
        ("procedure", "procedure", "scopy|scopia|ectomy|ectomia|otomy|otomia|plasty|plastia|graphy|grafia"),
        ("service", "department", "ology|ologia|ologist|ologo|ologa|iatry|iatria"),
    )
)  # fmt: skip


def leet(word: str) -> Iterator[str]:
    """The spellings of ``word`` with its digits and signs read as letters; none if it has none, or only those."""
    signs = sum(c in _LEET for c in word)
    if 0 < signs <= _MAX_SIGNS and signs < len(word):
        for letters in product(*(_LEET.get(c, c) for c in word)):
            yield "".join(letters)


@lru_cache(maxsize=1)
def terms_with_slips() -> dict[str, tuple[str, Term]]:
    """Each single-word term of five letters or more, whole and with one letter left out."""
    out: dict[str, tuple[str, Term]] = {}
    for tokens, term in lexicon().terms.items():
        if len(tokens) == 1 and len(tokens[0]) >= SHORTEST_FUZZY and tokens[0].isalpha():
            word = tokens[0]
            out[word] = (word, term)
            for at in range(len(word)):
                out.setdefault(word[:at] + word[at + 1 :], (word, term))
    return out


@lru_cache(maxsize=8192)
def misspelt(word: str) -> Term | None:
    """The term one slip away from ``word``: a letter missing, added or changed, or two neighbours swapped."""
    table = terms_with_slips()
    for near in (word, *(word[:at] + word[at + 1 :] for at in range(len(word)))):
        hit = table.get(near)
        if hit is not None and _one_slip(word, hit[0]):
            return hit[1]
    return None


def _one_slip(one: str, other: str) -> bool:
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = len(a) == len(b) and len(a) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a == b[1:] or a[1:] == b


def disguised(word: str, lex: Lexicon) -> Term | None:
    """The term that a word is: plainly, with digits for letters, misspelt, or inside it; None if it is none."""
    for spelling in (word, *leet(word)):
        if (term := lex.single(spelling)) is not None:
            return term
    if not word.isalpha():
        return None
    if len(word) >= _SHORTEST_IN_NAME and (term := misspelt(word)) is not None:
        return term
    inside = (
        word[start : start + length]
        for length in range(len(word) - 1, _SHORTEST_IN_NAME - 1, -1)
        for start in range(len(word) - length + 1)
    )
    return next(filter(None, map(lex.single, inside)), None)


def looks_medical(word: str) -> Term | None:
    """What a word tells by its ending alone, as names of illnesses, medicines and procedures are made."""
    return next((term for term, ending in _ENDINGS if ending.fullmatch(word)), None)
