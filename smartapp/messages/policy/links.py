"""What can be read in a link, an address or a file name: every piece of it must be a neutral word.

``https://clinic.example/book`` reads *clinic book*; a piece written together (``oakstreetclinic``) is cut
into known words. An opaque slug is accepted only when it is plainly random: digits and letters mixed, and
nothing in it reads as a code or a term.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from smartapp.messages.policy.disguise import disguised, looks_medical
from smartapp.messages.policy.lexicon import Lexicon, lexicon, words

_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?")
_TOP = words("com org net health example clinic care info edu gov us mx invalid test io ly link me app co md page")
_ADDRESS_WORDS = words(
    "www m en es app go my web page html htm php appointments appt appts schedule scheduling booking book "
    "survey surveys checkin precheckin signin login portal feedback review reviews contact info hello office "
    "frontdesk noreply reply donotreply support help team care health clinic family medical medicine practice "
    "primary video join visit telehealth visits reschedule confirm cancel forms form hours locations location "
    "directions map maps index home start patient patients online pay unsubscribe optout stop preferences "
    "register encuesta citas cita reservar paciente clinica salud familiar medica centro confirmar "
    "formularios videoconsulta bit tinyurl google zoom doxy yelp facebook physicians doctors associates group "
    "center centers central wellness pediatrics street avenue city county valley community the of and at "
    "fm fp fhc cal med assoc phys news newpatient new room rooms call visit v1 j waiting p1 "
    "signup calendar calendario p g s r svy chk bk cal rev revs resv prefs pref newpt newpatients npt mapa reviews "
    "q l v t u w meet chat txt msg sms pay bill billing statement account acct parking gmaps goo gl "
    "estacionamiento lleg llegada checkout profile perfil update actualizar noticias faq vote poll rate rating "
)
_RANDOM = re.compile(r"(?=(?:[a-z]*\d){2})(?=(?:\d*[a-z]){2})[a-z0-9]{6,40}")
_SHORT_RANDOM = re.compile(r"(?=\d+[a-z])\d[a-z0-9]{1,4}|[a-z]{2,4}\d{1,3}")  # written as no clinical code is
_CODE = re.compile(r"[a-z]\d\d[0-9a-z]{0,5}|[a-z]\d{4}|\d{4,5}[a-z]?")
_RUNNING = re.compile(r"\d{1,4}|\d{6,12}|[a-z]\d?")  # the number of a room, of a page: never five digits, as codes have
_SHORTEST = 3
_SHORT = ("of", "at", "my", "dr", "md", "fm", "fp", "pc")


def pieces_of(link: str) -> list[str]:
    """The runs of letters and digits in a link, its percent signs decoded (twice, for the doubly hidden)."""
    return re.findall(r"[a-z0-9']+", _SCHEME.sub("", unquote(unquote(link)).lower()))


def link_words(link: str, lex: Lexicon, allowed: frozenset[str]) -> tuple[str, ...] | None:
    """The words that a link spells, or None where some piece of it spells nothing that is known."""
    spelt: list[str] = []
    host = len(pieces_of(link.partition("://")[2].partition("/")[0] or link.partition("/")[0]))
    pieces = pieces_of(link)
    for at, piece in enumerate(pieces):
        filed = at > host and piece.isdigit() and len(pieces[at - 1]) == 1  # /r/40213, as link shorteners write
        if filed or piece in _TOP or piece in _ADDRESS_WORDS or piece in allowed or _RUNNING.fullmatch(piece):
            spelt.append(piece)
        elif piece.isalpha() and (cut := cut_into_words(piece, allowed)) is not None:
            spelt.extend(cut)
        elif at < host and piece.isalpha() and _is_made_up(piece, lex):
            spelt.append(piece)
        elif not ((_RANDOM.fullmatch(piece) or _SHORT_RANDOM.fullmatch(piece)) and _nothing_reads(piece, lex)):
            return None
    return tuple(spelt)


@lru_cache(maxsize=4096)
def cut_into_words(piece: str, allowed: frozenset[str]) -> tuple[str, ...] | None:
    """``piece`` cut into known words; None where that cannot be done."""
    lex = lexicon()
    if lex.reads_as_known(piece):
        return (piece,)
    free = [vocabulary.words for vocabulary in lex.vocabularies.values()]
    known = frozenset().union(*free, lex.people, lex.places, _ADDRESS_WORDS, allowed)
    found: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(1, len(piece) + 1):
        starts = (start for start in found if piece[start:end] in known and _long_enough(piece, start, end))
        start = next(starts, None)
        if start is not None:
            found[end] = (*found[start], piece[start:end])
    return found.get(len(piece))


def _long_enough(piece: str, start: int, end: int) -> bool:
    """Words of one or two letters only where they are common in addresses: any text can be cut into the others."""
    return end - start >= _SHORTEST or end - start == len(piece) or piece[start:end] in _SHORT


def _is_made_up(piece: str, lex: Lexicon) -> bool:
    """Whether an unknown word of a host may be somebody's made-up name: no term is in it, whole, misspelt or short."""
    ends = (piece[:3], piece[-3:])
    inside = (piece[a:b] for a in range(len(piece)) for b in range(a + 4, len(piece) + 1))
    told = disguised(piece, lex) or looks_medical(piece) or next(filter(None, map(lex.single, (*ends, *inside))), None)
    return len(piece) > _SHORTEST and told is None


def _nothing_reads(piece: str, lex: Lexicon) -> bool:
    """A random slug must not be a code, nor spell a term of three letters or more, digits read as letters."""
    if _CODE.fullmatch(piece):
        return False
    spelt = piece.translate(str.maketrans("013457", "oleast"))
    forms = (piece, spelt, re.sub(r"\d", "", piece))
    return not any(
        lex.single(form[start:end])
        for form in forms
        for start in range(len(form))
        for end in range(start + 3, len(form) + 1)
    )
