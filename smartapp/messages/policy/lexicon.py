"""The policy's data, read once from the package: neutral vocabulary, terms, patterns, ordinary names.

Everything a practice may want to read is in ``lexicon/*.toml``; here is only the reading.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, cast

from smartapp.messages.languages import LANGUAGES
from smartapp.messages.policy.inflect import DONE_TO_PEOPLE, english_forms, spanish_forms, variants
from smartapp.messages.policy.phrases import NUMBER_WORDS, first_words, translate, words_of
from smartapp.messages.policy.verdict import Disclosure

_LISTS = ("cautious", "cautious_before", "adjectives", "nouns")
_STRUCTURE = ("loose", "office", "anchors", "possessive", "modifiers", "heads", "objects", "agents")
_NAMED = ("<time>", "<date>", "<place>")  # a slot that a cautious verb may stand before
TOKEN = re.compile(
    r"\d{1,3}(?=(?:mins?|hrs?|hours?|minutes?)\b)|[a-z0-9]*[a-z][a-z0-9]*(?:'[a-z]+)*|\d+(?:[.,/:]\d+)*|\S",
    re.ASCII,  # a digit of another script is a sign that nothing accounts for
)


def words(text: str) -> frozenset[str]:
    """A set of words, written as one text."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Structure:
    """How neutral words may stand together: ``loose`` ones beside a word of the ``office``; each sentence with one
    of its ``anchors``; behind a ``possessive`` and any ``modifiers`` one of the ``heads``; an ``object`` pronoun
    never before one of its ``acts`` (Spanish: *la toma*); what an ``agent`` does (``doings``) said by a phrase.
    """

    loose: frozenset[str]
    office: frozenset[str]
    anchors: frozenset[str]
    possessive: frozenset[str]
    modifiers: frozenset[str]
    heads: frozenset[str]
    objects: frozenset[str]
    acts: frozenset[str]
    agents: frozenset[str]
    doings: frozenset[str]
    formulas: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one language calls neutral: ``words`` anywhere, ``phrases`` as a whole (``beginning`` finds them by
    their first words); of other ``known_words`` a text may consist, too, where the whole does not allude to anything;
    ``cautious`` verbs before a named object, ``adjectives`` before certain ``nouns``.
    """

    words: frozenset[str]
    phrases: tuple[re.Pattern[str], ...]
    beginning: dict[str, tuple[int, ...]]
    known_words: frozenset[str]
    cautious: frozenset[str]
    cautious_before: frozenset[str]
    adjectives: frozenset[str]
    nouns: frozenset[str]
    structure: Structure

    def phrases_in(self, plain: Iterable[str]) -> list[re.Pattern[str]]:
        """The phrases that may stand in a sentence of these words and tags."""
        numbers = {number for word in plain for number in self.beginning.get(word, ())}
        return [self.phrases[number] for number in numbers]

    def allows(self, word: str, following: str | None) -> bool:
        """Whether ``word`` is neutral before ``following`` (the next word or slot; None ends the sentence)."""
        if word in self.cautious:
            return following is None or following in self.cautious_before or following in _NAMED
        if word in self.adjectives and following in self.nouns:
            return True
        return word in self.words


@dataclass(frozen=True, slots=True)
class Term:
    """A recognised term: what kind of disclosure it is, and the concept's plain name."""

    kind: Disclosure
    concept: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Neutral words that reveal something in this order; ``match`` runs on a sentence's plain form.

    Those that do not ``always`` are weighed with the words beside them.
    """

    term: Term
    match: re.Pattern[str]
    always: bool


@dataclass(frozen=True, slots=True)
class Own:
    """What a practice adds; see ``practice``."""

    names: tuple[str, ...] = ()
    neutral: frozenset[str] = frozenset()
    terms: Mapping[tuple[str, ...], Term] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lexicon:
    vocabularies: dict[str, Vocabulary]
    terms: dict[tuple[str, ...], Term]
    patterns: tuple[Pattern, ...]
    in_phrases: frozenset[tuple[str, ...]]
    weak: frozenset[tuple[str, ...]]
    sensitive: dict[str, str]
    people: frozenset[str]
    places: frozenset[str]
    titled: frozenset[str]
    own: Own

    def single(self, word: str) -> Term | None:
        """The term that this one word is, if any."""
        return self.terms.get((word,)) or self.terms.get((word.removesuffix("'s"),))

    def reads_as_known(self, word: str) -> bool:
        """Whether the word has an everyday meaning in some language, so that it is not just a name."""
        return (word,) in self.weak or any(word in v.known_words for v in self.vocabularies.values())


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("smartapp.messages.policy") / "lexicon" / name).read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """``text`` without accents, in lower case: the form in which the data are compared."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


@lru_cache(maxsize=len(LANGUAGES))
def _phrases(language: str) -> tuple[tuple[re.Pattern[str], ...], dict[str, tuple[int, ...]], frozenset[str]]:
    """A language's phrases compiled, the places of those that begin with a word, and the words in them."""
    data, built = _read(f"neutral_{language}.toml"), _read(f"structure_{language}.toml")
    macros = data["macros"] | built["macros"]
    lines = [line for line in (data["phrases"] + built["phrases"] + built["formulas"]).splitlines() if line.strip()]
    compiled = tuple(re.compile("(?<= )(?:" + translate(line, macros, language) + ")") for line in lines)
    beginning: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        for first in first_words(line, macros, language):
            beginning.setdefault(first, []).append(number)
    known: set[str] = set().union(*map(words_of, lines), *map(words_of, macros.values()))
    return compiled, {first: tuple(numbers) for first, numbers in beginning.items()}, frozenset(known)


def _vocabulary(language: str, singles: set[str]) -> Vocabulary:
    data = _read(f"neutral_{language}.toml")
    free = set(plain(data["words"]).split()) | _own[0].neutral
    forms: Callable[[str], set[str]] = spanish_forms if language == "es" else english_forms
    for verb in plain(data["verbs"]).split():
        free |= forms(verb)
    built = _read(f"structure_{language}.toml")
    macros = data["macros"] | built["macros"]
    compiled, index, known = _phrases(language)
    listed = {key: frozenset(plain(data[key]).split()) for key in _LISTS}
    parts = {key: frozenset(plain(built.get(key, "")).split()) for key in _STRUCTURE}
    held = frozenset(plain(built["held"]).split())
    # A word that is also a clinical term, a telling adjective or a cautious verb is neutral in company only.
    free -= singles | listed["cautious"] | listed["adjectives"] | held
    known = known | set(NUMBER_WORDS[language]) | listed["cautious"] | listed["adjectives"] | held
    acts = (
        _acts(data["verbs"]) - parts["heads"] - parts["office"] - parts["anchors"] if parts["objects"] else frozenset()
    )
    said = (translate(line, macros, language) for line in built["formulas"].splitlines() if line.strip())
    doings = set(plain(built["doings"]).split()).union(*(forms(verb) - {verb} for verb in plain(data["verbs"]).split()))
    structure = Structure(
        **parts,
        acts=frozenset(acts),
        doings=frozenset(doings - parts["heads"] if language == "es" else doings),
        formulas=re.compile("(?<= )(?:" + "|".join(said) + ")"),
    )
    known |= free | _everyday(language)
    return Vocabulary(frozenset(free), compiled, index, frozenset(known), **listed, structure=structure)


def _everyday(language: str) -> set[str]:
    """Words of everyday life, with their regular forms."""
    everyday = plain(_read("everyday.toml")[language]).split()
    if language == "es":
        return set().union(*(spanish_forms(word, anything_done=True) for word in everyday))
    return set().union(*map(english_forms, everyday))


def _acts(verbs: str) -> set[str]:
    """What is done to a thing rather than to a person: before these *la* and *lo* stand for something unsaid."""
    return set().union(*(spanish_forms(verb) - {verb} for verb in plain(verbs).split() if verb not in DONE_TO_PEOPLE))


def _terms(data: dict[str, Any]) -> Iterable[tuple[tuple[str, ...], Term]]:
    for kind, concepts in data.items():
        if kind not in ("sensitive", "in_phrases", "weak"):
            for concept, listed in concepts.items():
                yield from ((tokens, Term(cast(Disclosure, kind), concept)) for tokens in _forms(listed))


def _forms(listed: str) -> Iterable[tuple[str, ...]]:
    """The terms of a list divided by commas, each word by word, in its singular and its plurals."""
    for term in plain(listed).split(","):
        tokens = TOKEN.findall(term)
        yield from ((*tokens[:-1], last) for last in variants(tokens[-1]))


_own = [Own()]  # the one that is in use


def use_own(own: Own) -> None:
    """Let ``lexicon()`` hold these words of the practice, in place of any before; see ``practice``."""
    _own[0] = own
    lexicon.cache_clear()


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The one lexicon of the package; reading it takes some tenths of a second, once."""
    data = _read("terms.toml")
    terms: dict[tuple[str, ...], Term] = dict(_own[0].terms)
    for tokens, term in _terms(data):
        terms.setdefault(tokens, term)
    patterns = tuple(
        Pattern(Term(entry["kind"], entry["concept"]), re.compile(entry["match"]), entry.get("always", False))
        for entry in _read("patterns.toml")["pattern"]
    )
    names = _read("ordinary_names.toml")
    return Lexicon(
        {language: _vocabulary(language, {t[0] for t in terms if len(t) == 1}) for language in LANGUAGES},
        terms,
        patterns,
        frozenset(tuple(TOKEN.findall(term)) for term in data["in_phrases"]["terms"].split(",")),
        frozenset(_forms(data["weak"]["terms"])),
        {c.strip(): label for label, listed in data["sensitive"].items() for c in listed.split(",")},
        frozenset(plain(names["people"]).split()),
        frozenset(plain(names["places"]).split()),
        frozenset(plain(names["titled"]).split()),
        _own[0],
    )
