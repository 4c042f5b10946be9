"""The typed slots of free text: dates, times, telephone numbers, street addresses, amounts and links.

Only well-formed values count. Whatever number is left over may be a result, and is not accounted for.
All patterns run on folded text (lower case, plain letters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from smartapp.messages.policy.lexicon import lexicon, words


@dataclass(frozen=True, slots=True)
class Slot:
    """A typed value in folded text: ``kind`` is date, time, phone, place, nth, amount, reference or link."""

    kind: str
    start: int
    end: int


def _either(*patterns: str) -> str:
    return "(?:" + "|".join(patterns) + ")"


def _after(words: str) -> str:
    """Only behind one of ``words`` (``_`` stands for a space in one) and a space."""
    return _either(*(rf"(?<={re.escape(word.replace('_', ' '))} )" for word in words.split()))


_ENDS = r"(?![\w/%]|:\d|\.\d)"  # not the start of a longer number, a ratio or a percentage
_STARTS = r"(?<![\w/.:])"

_WEEKDAY = _either(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|satur(?=d)|sun(?=d))(?:days?)?(?!\w)\.?",
    # "sat" and "sun" are other words too, and so are the Spanish ones: days where a date or an hour goes with them.
    r"(?:sat|sun|lun|mar|mie|jue|vie|sab|dom)(?!\w)\.?(?=,? ?(?:\d|at \d|a las|@|-|[a-z]{3,4}\.? \d|$))",
    r"(?<=on )(?:sat|sun)(?!\w)|(?<=- )(?:sat|sun)(?!\w)",
    r"(?:lunes|martes|miercoles|jueves|viernes|sabados?|domingos?)(?!\w)",
)
_MONTH = _either(
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|ene|abr|ago|dic|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?",
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|enero|febrero|marzo|abril|mayo|junio|julio|agosto",
    r"septiembre|setiembre|octubre|noviembre|diciembre",
) + r"(?!\w)\.?"  # fmt: skip
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DAY_TH = _DAY + r"(?:st|nd|rd|th)?"
_AFTER_MONTH = "".join(  # "Jun 12 - 8:00 AM" is a date and a time, not a span of hours
    rf"(?<!{month} )"
    for month in words(
        "jan feb mar apr may jun jul aug sep oct nov dec january february march april june july august september "
        "october november december enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
        "diciembre"
    )
)
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:20[2-4]\d)"
_SHORT_YEAR = _either(_YEAR, r"2\d")
# "may" and "march" are other words too: alone they are no date.
_MONTH_ALONE = rf"(?!may(?!\w)|mar(?!\w)|march(?!\w)){_MONTH}"
_BEFORE_DATE = (
    "on el dia by until from through thru to since before after for starting of date del al desde hasta para "
    "day day, es is on: date: mon tue wed thu fri tomorrow manana"
)
_DATE = _either(
    rf"(?<!\w){_MONTH} {_DAY_TH}(?: ?(?:-|to|through|and) ?{_DAY_TH})?{_ENDS}(?:,? {_YEAR})?",
    rf"(?<!\w){_DAY_TH}(?: of)? {_MONTH}(?:,? {_YEAR})?",
    rf"(?<!\w){_DAY} (?:(?:al|y|o) {_DAY} )?de {_MONTH}(?: (?:de |del )?{_YEAR})?",
    rf"(?<![\w/]){_MONTH_NUMBER}[/-]{_DAY}[/-]{_SHORT_YEAR}(?![\w/-])",
    rf"(?<![\w/]){_DAY}[/-]{_MONTH_NUMBER}[/-]{_SHORT_YEAR}(?![\w/-])",
    rf"(?<![\w-]){_YEAR}-{_MONTH_NUMBER}-{_DAY}(?![\w-])",
    # Two numbers alone may be a blood pressure: a date only where one is expected.
    rf"{_either(_after(_BEFORE_DATE), r'(?<=[(])', r'(?<=^)')}(?:{_MONTH_NUMBER}/{_DAY}|{_DAY}/{_MONTH_NUMBER}){_ENDS}",
    rf"(?<![\w/.])(?:{_MONTH_NUMBER}/{_DAY}|{_DAY}/{_MONTH_NUMBER})(?=,? (?:at |a las |@ ?)?\d?\d:[0-5]\d)",
    rf"(?<!\w){_WEEKDAY}(?:,? (?:the )?{_DAY}(?![\w:/%.]|-\d| ?(?:a\.?m|p\.?m|to |o'clock)))?",
    rf"(?<!\w){_MONTH_ALONE}(?: (?:of |de |del )?{_YEAR})?",
    rf"{_after('in for of year en ano del de this')}{_YEAR}(?![\w/-]|\.\d)",
)

_ZONE = r"(?: ?[ecmp][ds]?t(?!\w))?"
_HALF = _either(r"(?:a\.?\s?m|p\.?\s?m)(?!\w)\.?" + _ZONE, r"(?<=\d)[ap](?!\w)" + _ZONE)
_CLOCK = r"(?:[01]?\d|2[0-3])"
_HOUR = rf"{_CLOCK}(?::[0-5]\d)?"
_FULL = r"(?:[1-9]|1[0-2])"  # a full hour without minutes: a time only in company
_UNTIL = r" ?(?:-|to|a|and|through|until|till|y) ?"
_PART_OF_DAY = r"de la (?:manana|tarde|noche)"
_BEFORE_HOUR = (
    "day_at days_at tmrw_at tmw_at 2moro_at "
    "tomorrow_at today_at 0_at 1_at 2_at 3_at 4_at 5_at 6_at 7_at 8_at 9_at th_at st_at nd_at rd_at "
    "open_at close_at opens_at closes_at until closed_at"
)
_DAY_FOLLOWS = (
    r"(?= (?:on (?:mon|tue|wed|thu|fri|sat|sun)|tomorrow|today|this (?:mon|tue|wed|thu|fri|sat|sun|morning|afternoon)"
    r"|in the (?:morning|afternoon|evening)))"
)
_TIME = _either(
    rf"{_STARTS}{_AFTER_MONTH}{_HOUR}(?: ?{_HALF})?{_UNTIL}{_HOUR} ?{_HALF}",
    rf"{_STARTS}(?:0?[1-9]|1[0-2])[0-5]\d ?{_HALF}",  # 930am
    rf"(?<=@ ){_FULL}{_ENDS}|(?<=@){_FULL}{_ENDS}",
    rf"{_STARTS}{_HOUR} ?{_HALF}(?:{_UNTIL}(?:noon|midnight)\b)?",
    rf"{_STARTS}{_FULL}{_UNTIL}noon\b",
    rf"{_STARTS}{_CLOCK}:[0-5]\d(?:{_UNTIL}{_CLOCK}:[0-5]\d)?(?: (?:{_PART_OF_DAY}|hrs?|horas))?{_ENDS}",
    rf"{_STARTS}{_FULL} o'clock|\bnoon\b|\bmediodia\b|(?<![\w/])24/7(?![\w/])",
    rf"(?:\b(?:a|de|para|y|hasta|desde|entre|antes de) )?\blas? {_HOUR}(?: y media| y cuarto| en punto)?"
    rf"(?: (?:a|y|hasta) (?:las )?{_HOUR})?(?: ?{_HALF}| {_PART_OF_DAY})?{_ENDS}"
    r"(?! (?:dias|horas|minutos|semanas|meses|anos|preguntas))",
    rf"(?<=from ){_FULL} ?(?:-|to|until) ?{_FULL}{_ENDS}",
    rf"(?<=between ){_FULL} and {_FULL}{_ENDS}",
    rf"(?<=\bde ){_FULL} a {_FULL}{_ENDS}",
    rf"{_either(_after('day days'), '(?<=day, )')}{_FULL} ?(?:-|to) ?{_FULL}{_ENDS}",
    rf"{_after(_BEFORE_HOUR)}{_FULL}{_ENDS}(?! (?:of|out|weeks|months|days|points))",
    rf"(?<= at ){_FULL}{_DAY_FOLLOWS}",
    rf"{_after('tmrw tomorrow manana tmw')}(?:0?[1-9]|1[0-2])[0-5][05](?!\w|[.,/]\d)",  # tomorrow 930
)

_EXTENSION = r"(?:,? ?(?:ext|x|extension)\.? ?\d{1,5})?"
_PHONE = _either(
    rf"(?<![\w-])(?:\+?1[ .-]?)?(?:\(\d{{3}}\) ?|\d{{3}}[ .-])\d{{3}}[ .-]\d{{4}}{_EXTENSION}(?![\w]|-\d)",
    r"(?<![\w.-])[2-9]\d\d[.-]\d{4}(?![\w]|[-.]\d)",
    # Ten digits in a row may be a code: a number only where one is dialled.
    rf"{_after('call text at to al llame llamar telefono phone')}[2-9]\d{{9}}(?!\d)",
    rf"{_after('text from to del al code, code codigo_corto')}[2-9]\d{{4}}(?!\d)",  # a short code
)

# What an office files or books something under. Five digits may be a clinical code, so what a code is of must be said.
_FILED = _after(
    "confirmation conf reference ref account acct invoice receipt receipt_number confirmation_number account_number "
    "ticket ticket_number order recibo folio factura confirmacion cuenta referencia"
)
_SECRET = _after(
    "code code: code_is password password: pin pin: key key: codigo codigo: contrasena contrasena: clave clave:"
)
_SIGNING_IN = _after("access_code sign-in_code code_is codigo_es acceso_es acceso: acceso")
_REFERENCE = _either(
    rf"{_FILED}(?:number |no\.? |is |es )?[:#]? ?(?=[a-z-]*\d)[a-z0-9-]{{5,14}}(?!\w|\.\w)",
    r"(?<=conf)[:#] ?(?=[a-z-]*\d)[a-z0-9-]{5,14}(?!\w|\.\w)",
    rf"{_SIGNING_IN}\d{{4,8}}(?!\w|[.-]\d)",
    rf"{_SECRET}\d{{3}}[ -]\d{{3}}(?!\w|[.-]\d)",
    rf"{_SECRET}(?=[a-z-]*\d)[a-z0-9-]{{6,14}}(?!\w|\.\w)",
)
_AMOUNT = r"\$ ?\d{1,3}(?:,\d{3})?(?:\.\d{2})?(?![\d,.]\d|\w)"
_NTH = r"(?<!\w)\d{1,2}(?:st|nd|rd|th|er|do|ro|to|o|a)(?!\w)"

_TOP = "com|org|net|health|example|clinic|care|info|edu|gov|us|mx|invalid|test|io|ly|link|me|app|co|md|page"
_TAIL = r"[^\s<>\"']"
_LINK = _either(
    rf"(?:https?://|www\.){_TAIL}+",
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    rf"(?<![\w@])(?:[a-z0-9-]+\.)+(?:{_TOP})(?!\w)(?:[/?#]{_TAIL}*)?",
)

_STREET = (
    "street|st|avenue|ave|road|rd|boulevard|blvd|drive|dr|lane|ln|way|court|ct|place|pl|parkway|pkwy|highway|hwy|plaza|"
    "square|circle|terrace"
)
_ROOM = (
    "route|exit|gate|lane|row|lot|suite|ste|room|rm|unit|building|bldg|floor|fl|piso|oficina|consultorio|edificio|"
    "puerta|local|num|numero"
)
_STATES = (
    "al|ak|az|ar|ca|co|ct|de|fl|ga|hi|id|il|in|ia|ks|ky|la|me|md|ma|mi|mn|ms|mo|mt|ne|nv|nh|nj|nm|ny|nc|nd|oh|ok|or|pa|ri|"
    "sc|sd|tn|tx|ut|vt|va|wa|wv|wi|wy|dc|pr"
)


def _place() -> str:
    """Street addresses whose words are ordinary street names, with suite and ZIP code."""
    known = sorted(lexicon().places | {"martin luther king"}, key=len, reverse=True)
    names = _either(*known, r"\d{1,3}(?:st|nd|rd|th)")
    heading = r"(?:(?:north|south|east|west|[nsew])\.? )?"
    suite = rf"(?:{_ROOM})(?:\.? (?:#|no\. )?(?:[a-z]|\d{{1,4}}[a-z]?)|\.? ?#?\d{{1,4}}[a-z]?)(?!\w)(?!:\d)"
    zipped = rf"(?:,? (?:{_STATES}),? \d{{5}}(?:-\d{{4}})?)"
    line = rf"(?<![\w/.])\d{{1,5}} {heading}(?:{names} ){{1,2}}(?:{_STREET})(?!\w)\.?"
    calle = (
        rf"(?<!\w)(?:calle|avenida|av\.|paseo) (?:{names}(?: |,|(?=\W|$))){{1,2}}"
        r"(?:,? ?(?:#|num\. |numero )?\d{1,5}(?!\w))?"
    )
    town = rf"(?<=, )(?:{_STATES}),? \d{{5}}(?:-\d{{4}})?(?!\w)"
    return _either(rf"{line}(?:,? {suite})?{zipped}?", town, calle, rf"(?<!\w){suite}")


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """By kind, in the order in which they win."""
    listed = (
        ("link", _LINK), ("phone", _PHONE), ("place", _place()), ("time", _TIME), ("date", _DATE), ("nth", _NTH),
        ("amount", _AMOUNT), ("reference", _REFERENCE),
    )  # fmt: skip
    return tuple((kind, re.compile(pattern)) for kind, pattern in listed)


def find_slots(text: str) -> list[Slot]:
    """The typed slots of folded ``text``, in order, none overlapping; an earlier kind wins."""
    taken = bytearray(len(text))
    out: list[Slot] = []
    for kind, pattern in _patterns():
        for start, end in _spans(pattern, text):
            if not any(taken[start:end]):
                taken[start:end] = b"\x01" * (end - start)
                out.append(Slot(kind, start, end))
    return sorted(out, key=lambda slot: slot.start)


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        yield match.start(), match.start() + len(match.group().rstrip(" .,;:!?)"))
