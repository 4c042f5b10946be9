"""A practice's own words: its sites and people, harmless words of its own, and what reveals something only there.

They only add. A neutral word that is, hides or misspells a recognised term is refused when the file is read, so
that no practice can talk its way round the policy; a revealing word of its own wins over every neutral one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from smartapp.errors import ConfigurationError
from smartapp.messages.policy import disguise, lexicon, links
from smartapp.messages.policy.disguise import SHORTEST_FUZZY, disguised, looks_medical, misspelt
from smartapp.messages.policy.inflect import variants
from smartapp.messages.policy.lexicon import TOKEN, Term, plain
from smartapp.messages.policy.verdict import DISCLOSURES, Disclosure

_KEYS = ("names", "neutral", "revealing")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


@dataclass(frozen=True, slots=True)
class PracticeWords:
    """``names`` of sites and people, ``neutral`` single words, ``revealing`` terms by what they disclose."""

    names: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    revealing: Mapping[Disclosure, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


def read_practice_words(path: Path) -> PracticeWords:
    """The words of a TOML file with ``names``, ``neutral`` and a table ``[revealing]`` of lists by disclosure.

    Raises ConfigurationError, naming the entry, where the file is not so or a neutral word may reveal something.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refuse(f"cannot be read: {error}") from None
    unknown = set(data) - set(_KEYS)
    if unknown:
        raise _refuse(f"names an unknown list: {min(unknown)}")
    table = data.get("revealing", {})
    if not isinstance(table, dict) or not set(table) <= set(DISCLOSURES):
        raise _refuse(f"[revealing] lists terms by {', '.join(DISCLOSURES)}")
    neutral = _texts(data.get("neutral", []), "neutral")
    for word in neutral:
        _check_neutral(word)
    return PracticeWords(
        _texts(data.get("names", []), "names"),
        neutral,
        {cast(Disclosure, kind): _texts(terms, f"revealing.{kind}") for kind, terms in table.items()},
    )


def use_practice_words(words: PracticeWords) -> None:
    """Let the policy of this process know ``words``, in place of any before: once, where the app is put together."""
    neutral = frozenset(plain(word) for word in words.neutral)
    terms = {
        (*tokens[:-1], last): Term(kind, "a word of the practice's own")
        for kind, listed in words.revealing.items()
        for tokens in (TOKEN.findall(plain(term)) for term in listed)
        for last in variants(tokens[-1])
    }
    lexicon.use_own(lexicon.Own(words.names, neutral, terms))
    disguise.terms_with_slips.cache_clear()
    disguise.misspelt.cache_clear()
    links.cut_into_words.cache_clear()


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise _refuse(f'"{name}" is not a list of texts')
    return tuple(value)


def _check_neutral(word: str) -> None:
    folded = plain(word)
    if not _WORD.fullmatch(folded):
        raise _refuse(f'"neutral" holds single words: {word}')
    slip = len(folded) >= SHORTEST_FUZZY and misspelt(folded) is not None
    if slip or disguised(folded, lexicon.lexicon()) is not None or looks_medical(folded):
        raise _refuse(f'"neutral" holds a word that may reveal something: {word}')


def _refuse(why: str) -> ConfigurationError:
    return ConfigurationError("config.invalid", f"The file of the practice's own words {why}")
