# ruff: noqa: RUF001  (signs that texts are written with)
"""Which parts of a text are accounted for: typed slots, names, neutral vocabulary. The rest is not.

The policy is closed by default. A token that is *accounted* for stands in a phrase or place of its language's neutral
vocabulary; one that is only *known* is a word of everyday life, and what such words say together is weighed (see
``allusion``). One that is neither holds the text back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from smartapp.messages.languages import LANGUAGES
from smartapp.messages.policy.disguise import disguised
from smartapp.messages.policy.fold import Folded, fold
from smartapp.messages.policy.lexicon import TOKEN, Lexicon, lexicon, words
from smartapp.messages.policy.links import link_words
from smartapp.messages.policy.slots import Slot, find_slots
from smartapp.messages.policy.structure import out_of_place

_SILENT = frozenset(".,;:!?'\"()-/&@#*=|[]¡¿…\n>~_•")
# Signs and pictures of weather, plants, feasts, play, buildings, animals, money, post, telephones, locks, clocks,
# smiles and traffic; what shows a body, an illness, its care, a drink or a drug is not among them.
_PICTURES = (
    (0x1F300, 0x1F320), (0x1F324, 0x1F32C), (0x1F337, 0x1F343), (0x1F380, 0x1F393), (0x1F3A0, 0x1F3C2),
    (0x1F3C5, 0x1F3C6), (0x1F3D4, 0x1F3E4), (0x1F3E6, 0x1F3F0), (0x1F3FB, 0x1F43F), (0x1F48C, 0x1F48C),
    (0x1F4A1, 0x1F4A1), (0x1F4AC, 0x1F4AF), (0x1F4B0, 0x1F51D), (0x1F51F, 0x1F529), (0x1F531, 0x1F567),
    (0x1F58A, 0x1F58D), (0x1F5A5, 0x1F5FF), (0x1F600, 0x1F611), (0x1F617, 0x1F61D), (0x1F642, 0x1F644),
    (0x1F680, 0x1F690), (0x1F692, 0x1F6AB), (0x1F6B2, 0x1F6B6), (0x1F6D1, 0x1F6EC), (0x1F917, 0x1F917),
    (0x1F91D, 0x1F91D), (0x1F929, 0x1F929), (0x1F970, 0x1F970), (0x1F973, 0x1F973), (0x1F980, 0x1F98C),
    (0x1F9E1, 0x1F9E1), (0x1F9E3, 0x1F9E9), (0x1F9ED, 0x1F9EF), (0x1F9F0, 0x1F9F3), (0x1F9F5, 0x1F9F7),
    (0x1FA91, 0x1FA9F),
)  # fmt: skip
_NEUTRAL_PICTURES = frozenset(chr(at) for first, last in _PICTURES for at in range(first, last + 1)) | frozenset(
    "⏰☎✉⭐✨☀❄✅☑✔➡🅿⏳⚠❗❕‼⭕✏⛄☔⛅✈ℹ▪►▶→⬇🙋🙌🙏🙈👋👍👎👏👌👇👉👀✋☺☕☂❤💛💚💙💜🧡🤍🖤🤭🤞🥪🍪🍰🍕🧁🤖🪧🧵♀♂🤝"
)
_ABBREVIATED = words("dr dra mr mrs ms sr sra srta st ave rd blvd ste no tel ext apt appt bldg a p m vs jr lic av num")
_GREETING = words(
    "hi hello hey dear hola estimado estimada thanks gracias dr dra doctor doctora mr mrs ms miss sr sra "
    "srta don dona nurse for to de"
)
_TITLES = words("dr dra doctor doctora mr mrs ms miss mx sr sra srta")
_PREMISES = words(
    "clinic clinics office offices practice family medical medicine health healthcare care center centre centro group "
    "pediatrics associates physicians doctors building tower campus location suite lot garage entrance parking library "
    "school hall clinica oficina consultorio edificio calle avenida sede st ave rd blvd ln dr hwy route exit primary "
    "community internal"
)
_MAX_NAME_WORDS = 6
_MOST_STARS = 10
_SIGN_IN = 6  # digits of a code to sign in with; clinical codes have five or fewer, or letters
_INSIDE, _BOUND = 1, 2
_MOST_HOURS = 12
_BEFORE_HOUR = words("at by before after until till around las antes")
# What begins, opens or is kept at an hour; and what a number is of, where it is not one.
_HOURLY = words(
    "appointment appointments visit visits open opens opened close closes closed phones phone office "
    "clinic start starts begin begins arrive arriving come coming call calls see meet schedule scheduled "
    "ready available back here join lunch"
)
# Numbers that no code and no value is made of; what they may tell is weighed with the words beside them.
_NUMBERS = ("<num>", "<six>", "<amount>")
_SMALL, _ANY = 99, 999  # a bare number of three digits may be a value, unless the text speaks of rooms
_ROOMS = words("room rooms suite floor ext extension window sala salas piso consultorio ventanilla salon")
_UNITS = words("day days week weeks month months year years points percent times of out in out over under or more less")
# Words of a sentence that asks for an answer by key or grade, and the grades it may name.
_ANSWERING = words(
    "reply replying select choose pick elija seleccione escoja press rating scale stars survey responda conteste "
    "oprima marque presione encuesta escala"
)
_GRADES = words(
    "number numero letter letra poor fair average good excellent great terrible neutral y n c r x s "
    "malo mala regular bueno buena excelente"
)


@dataclass(slots=True)
class Token:
    """A word, number, sign or slot of folded text; ``plain`` is how the phrases see it."""

    text: str
    start: int
    end: int
    plain: str
    accounted: bool = False
    capital: bool = False
    known: bool = field(default=False)  # a word, number or sign that may stand in a neutral text at all
    approved: bool = field(default=False)  # part of a wording that a person has approved
    phrased: bool = field(default=False)  # covered by a slot or by a phrase of two words or more
    bound: bool = field(default=False)  # covered by a phrase that holds the token before, too

    @property
    def is_word(self) -> bool:
        return self.plain == self.text and self.text[0].isalpha()


def tokenise(folded: Folded) -> tuple[list[Token], list[Slot]]:
    """The tokens of a text, slots first; silent punctuation is dropped, sentence ends are kept."""
    slots = find_slots(folded.text)
    tokens: list[Token] = []
    at = 0
    for slot in (*slots, None):
        upto = slot.start if slot else len(folded.text)
        tokens.extend(_words(folded.text, at, upto))
        if slot:
            text = folded.text[slot.start : slot.end]
            tokens.append(
                Token(
                    text,
                    slot.start,
                    slot.end,
                    f"<{slot.kind}>",
                    slot.kind not in ("link", "amount"),
                    phrased=slot.kind != "amount",
                )
            )
            at = slot.end
    return tokens, slots


def _words(text: str, start: int, end: int) -> Iterable[Token]:
    for match in TOKEN.finditer(text, start, end):
        word = match.group()
        if word.isascii() and word.isdigit() and len(word) <= 3:
            yield Token(word, match.start(), match.end(), word if word in ("911", "988") else "<n>")
        elif word.isascii() and word.isdigit() and len(word) == _SIGN_IN:
            yield Token(word, match.start(), match.end(), "<six>")
        elif word[0].isdigit() and not any(c.isalpha() for c in word):
            yield Token(word, match.start(), match.end(), "<num>")
        elif len(word) > 1 or word.isalnum():
            yield Token(word, match.start(), match.end(), word)
        elif (
            word in "!?;|¡¿"
            or (word == "." and _ends_sentence(text, match.start()))
            or (word == "/" and text[match.start() - 1 : match.start()].isspace())
        ):
            yield Token(word, match.start(), match.end(), "<end>", True)
        elif word not in _SILENT:
            yield Token(word, match.start(), match.end(), "<sign>", word in _NEUTRAL_PICTURES)


def _ends_sentence(text: str, at: int) -> bool:
    last = re.search(r"[a-z]+$", text[:at])
    return not (last and last.group() in _ABBREVIATED) and not text[at + 1 : at + 2].isalnum()


def sentences(tokens: Sequence[Token], text: str) -> list[list[Token]]:
    """Tokens by sentence: each must be neutral within one language."""
    out: list[list[Token]] = [[]]
    previous = 0
    for token in tokens:
        if token.plain == "<end>" or "\n" in text[previous : token.start]:
            out.append([])
        if token.plain != "<end>":
            out[-1].append(token)
        previous = token.end
    return [sentence for sentence in out if sentence]


def plain_form(sentence: Sequence[Token]) -> str:
    return " " + "".join(token.plain + " " for token in sentence)


def account(folded: Folded, names: Sequence[str], approved: Sequence[str]) -> tuple[list[Token], list[list[Token]]]:
    """Tokenise and mark what is accounted for; tokens left unmarked are what holds the text back.

    ``names`` are people and places on file, ``approved`` wordings that a clinician or an administrator
    has approved once as a template's fixed text.
    """
    lex = lexicon()
    names = (*names, *lex.own.names)
    tokens, _ = tokenise(folded)
    largest = _ANY if any(token.plain in _ROOMS for token in tokens) else _SMALL
    _mark_links(tokens, names, lex)
    _mark_names(tokens, folded, names, lex)
    _mark_wording(tokens, approved)
    parts = sentences(tokens, folded.text)
    for part in parts:
        covered = max((_cover(part, code) for code in LANGUAGES), key=_weight)
        for token, (accounted, phrased, bound) in zip(part, covered, strict=True):
            token.accounted |= accounted
            token.phrased |= phrased
            token.bound |= bound
            token.known = token.accounted or _known(token, lex, largest)
        for token, following in pairwise(part):
            token.known |= token.text == "+" and following.is_word  # "ID + card"; a plus alone is a result
        for letters in zip(part, part[1:], part[2:], strict=False):
            if all(len(token.text) == 1 and token.is_word and not token.accounted for token in letters):
                letters[1].known = False  # a word spelt with spaces
    return tokens, parts


def _known(token: Token, lex: Lexicon, largest: int) -> bool:
    small = token.plain == "<n>" and int(token.text) <= largest
    return small or token.plain in _NUMBERS or lex.reads_as_known(_bare(token.plain))


def _bare(word: str) -> str:
    return word.removesuffix("'s").rstrip("'")


def spoken_language(part: Sequence[Token]) -> str:
    """The language that knows most words of a sentence; English where both know as many."""
    vocabularies = lexicon().vocabularies

    def known(code: str) -> int:
        return sum(_bare(token.plain) in vocabularies[code].known_words for token in part)

    return max(LANGUAGES, key=known)


def _weight(cover: list[tuple[bool, bool, bool]]) -> int:
    return sum(accounted for accounted, _, _ in cover)


def _cover(part: Sequence[Token], language: str) -> list[tuple[bool, bool, bool]]:
    """For each token: is it covered in this language and in its place there, by a phrase, by that of the one before?"""
    vocabulary = lexicon().vocabularies[language]
    plain = plain_form(part)
    at, starts = 1, []
    for token in part:
        starts.append(at)
        at += len(token.plain) + 1
    marks = _phrase_marks(plain, language)
    answering = any(token.plain in _ANSWERING for token in part)
    hourly = any(token.plain in _HOURLY for token in part)
    out = []
    following: list[str | None] = [*(token.plain for token in part[1:]), None]
    for index, (token, start, after) in enumerate(zip(part, starts, following, strict=True)):
        phrased = bool(marks[start]) or (answering and _is_answer(token))
        phrased = phrased or (hourly and index > 0 and _is_hour(part[index - 1], token, after))
        word = _bare(token.plain)
        out.append((token.accounted or phrased or vocabulary.allows(word, after), phrased))
    firm = [phrased or token.accounted for token, (_, phrased) in zip(part, out, strict=True)]
    bound = [marks[start - 1] == _BOUND for start in starts[1:]]
    for index in out_of_place(part, firm, bound, vocabulary.structure):
        out[index] = (False, out[index][1])
    return [(accounted, phrased, on) for (accounted, phrased), on in zip(out, [False, *bound], strict=True)]


@lru_cache(maxsize=16_384)
def _phrase_marks(plain: str, language: str) -> bytes:
    """Not 0 for each character of a sentence's plain form that lies in a neutral phrase; a space inside one is _BOUND.

    Kept, because the plain form of a template is the same for every patient: names and dates are tags in it.
    """
    marks = bytearray(len(plain))
    for phrase in lexicon().vocabularies[language].phrases_in(plain.split()):
        for match in phrase.finditer(plain):
            start, end = match.span()
            for at in range(start, end):
                marks[at] = _BOUND if plain[at] == " " and at < end - 1 else marks[at] or _INSIDE
    return bytes(marks)


def _is_hour(before: Token, token: Token, after: str | None) -> bool:
    """A number from 1 to 12 where an hour is expected: "starts at 4", and no unit behind it."""
    return (
        token.plain == "<n>"
        and 1 <= int(token.text) <= _MOST_HOURS
        and before.plain in _BEFORE_HOUR
        and after not in _UNITS
    )


def _is_answer(token: Token) -> bool:
    """A digit, a letter or a grade that a reply or a survey may offer as an answer."""
    return token.plain in _GRADES or (token.plain == "<n>" and int(token.text) <= _MOST_STARS)


def _mark_links(tokens: list[Token], names: Sequence[str], lex: Lexicon) -> None:
    """A link is accounted for when every word that can be read in it is."""
    allowed = {word for name in names for word in TOKEN.findall(fold(name).text)}
    for token in tokens:
        if token.plain == "<link>":
            words = link_words(token.text, lex, frozenset(allowed))
            token.accounted = token.phrased = words is not None and not any(map(lex.single, words))


def _mark_names(tokens: list[Token], folded: Folded, names: Sequence[str], lex: Lexicon) -> None:
    allowed = _allowed_names(names, lex)
    for index, token in enumerate(tokens):
        word = _bare(token.text)
        token.capital = token.is_word and folded.original[folded.origin[token.start][0]].isupper()
        if not token.is_word or token.accounted:
            continue
        before = tokens[index - 1].text if index else ""
        placed = token.capital or before in _GREETING
        titled = token.capital and _behind_a_title(tokens, index, folded.text)
        if (
            (word in allowed and (placed or not lex.reads_as_known(word)))
            or (placed and word in lex.people and not lex.single(word))
            or (placed and word in lex.places and not lex.single(word) and _beside_a_place(tokens, index, lex))
            or (titled and (word in lex.titled or disguised(word, lex) is None))
        ):
            token.accounted = True
            if titled or not lex.reads_as_known(word):
                token.plain, token.phrased = "<name>", token.phrased or titled
        elif len(word) == 1 and token.capital and index and tokens[index - 1].plain == "<name>":
            token.accounted = True  # a middle initial


def _behind_a_title(tokens: Sequence[Token], index: int, text: str) -> bool:
    """Whether a title stands before this word, at once or with a given name between: Dr. Amy Foster."""
    if index and tokens[index - 1].text in _TITLES:
        return True
    between = text[tokens[index - 1].end : tokens[index].start] if index > 1 else ""
    return between == " " and tokens[index - 1].plain == "<name>" and tokens[index - 2].text in _TITLES


def _beside_a_place(tokens: Sequence[Token], index: int, lex: Lexicon) -> bool:
    """Whether the word beside it makes an address or a practice of a place's name: Oak Street, Lake Clinic."""
    beside = (*tokens[max(index - 1, 0) : index], *tokens[index + 1 : index + 2])
    return any(
        t.text in lex.places or t.text in lex.people or t.text in _PREMISES or t.plain in ("<n>", "<num>")
        for t in beside
    )


def _allowed_names(names: Sequence[str], lex: Lexicon) -> frozenset[str]:
    """Words of the names on file, none of which may be a clinical term: a name is no way round the policy."""
    out: set[str] = set()
    for name in names:
        folded = fold(name)
        words = [w for w in TOKEN.findall(folded.text) if w[0].isalpha()]
        if folded.odd or len(words) > _MAX_NAME_WORDS or disguised("".join(words), lex):
            continue
        plain = (word.removesuffix("'s") for word in words)
        out.update(w for w in plain if len(w) > 1 and w.replace("'", "").isalpha() and not disguised(w, lex))
    return frozenset(out)


def _mark_wording(tokens: list[Token], approved: Sequence[str]) -> None:
    for wording in approved:
        wanted = [t.text for t in tokenise(fold(wording))[0] if t.plain != "<end>"]
        spoken = [t for t in tokens if t.plain != "<end>"]
        for at in range(len(spoken) - len(wanted) + 1 if wanted else 0):
            if [t.text for t in spoken[at : at + len(wanted)]] == wanted:
                for token in spoken[at : at + len(wanted)]:
                    token.accounted = token.approved = True
