"""The typed slots of free text: dates, times, telephone numbers, street addresses and links.

Only well-formed values count. Whatever number is left over may be a result, and is not accounted for.
All patterns run on folded text (lower case, plain letters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from smartapp.messages.policy.lexicon import lexicon

_WEEKDAY = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?(?!\w)\.?"
    r"|(?:lunes|martes|miercoles|jueves|viernes|sabados?|domingos?)(?!\w)"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre)(?!\w)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:20[2-4]\d)"
_CLOCK = r"(?:[01]?\d|2[0-3])"
_MERIDIEM = r"(?:(?:a\.?\s?m|p\.?\s?m)(?!\w)\.?|(?<=\d)[ap](?!\w))"
_HOUR = rf"{_CLOCK}(?::[0-5]\d)?"
_STREET = r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|drive|dr|lane|ln|way|court|ct|place|pl|parkway|pkwy|highway|hwy|plaza|square|circle|terrace)"
_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR"
).lower().replace(" ", "|")  # fmt: skip
_BEFORE_DATE = (
    r"(?:(?<=\bon )|(?<=\bel )|(?<=\bdia )|(?<=\bby )|(?<=\buntil )|(?<=\bfrom )|(?<=\bthrough )|(?<=\bthru )|(?<=\bto )|(?<=\bsince )|(?<=\bbefore )|(?<=\bafter )"
    r"|(?<=\bfor )|(?<=\bstarting )|(?<=\bof )|(?<=\bdate )|(?<=\bdel )|(?<=\bal )|(?<=\bdesde )|(?<=\bhasta )|(?<=\bpara )|(?<=day )|(?<=day, )|(?<=\()|(?<=^)|(?<=es )|(?<=is )"
    r"|(?<=on: )|(?<=date: )|(?<=mon )|(?<=tue )|(?<=wed )|(?<=thu )|(?<=fri )|(?<=tomorrow )|(?<=manana ))"
)


def _link() -> str:
    domain = r"(?:[a-z0-9-]+\.)+(?:com|org|net|health|example|clinic|care|info|edu|gov|us|mx|invalid|test|io|ly|link|me|app|co|md)(?!\w)"
    return rf"(?:https?://|www\.)[^\s<>\"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w@]){domain}(?:[/?#][^\s<>\"']*)?"


_PHONE = (
    r"(?<![\w-])(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?:,? ?(?:ext|x|extension)\.? ?\d{1,5})?(?![\w]|-\d)"
    r"|(?<![\w.-])[2-9]\d{2}[.-]\d{4}(?![\w]|[-.]\d)"
    r"|(?<=call )[2-9]\d{2}[2-9]\d{6}(?!\d)|(?<=text )[2-9]\d{2}[2-9]\d{6}(?!\d)|(?<= at )[2-9]\d{2}[2-9]\d{6}(?!\d)|(?<= al )[2-9]\d{2}[2-9]\d{6}(?!\d)"
)
_TIME = (
    rf"(?<![\w/.:]){_HOUR}(?: ?{_MERIDIEM})? ?(?:-|to|a|and|through|until|y) ?{_HOUR} ?{_MERIDIEM}"
    rf"|(?<![\w/.:]){_HOUR} ?{_MERIDIEM}"
    rf"|(?<![\w/.:]){_CLOCK}:[0-5]\d(?: ?(?:-|to|and|a|y) ?{_CLOCK}:[0-5]\d)?(?: (?:de la (?:manana|tarde|noche)|hrs?|horas))?(?![\w:/%]|\.\d)"
    rf"|(?<![\w/.:])(?:[1-9]|1[0-2]) o'clock|\bnoon\b|\bmediodia\b|(?<![\w/])24/7(?![\w/])"
    rf"|(?:\ba |\bde |\bpara |\by |\bhasta |\bdesde |\bentre |\bantes de )?\blas? {_HOUR}(?: y media| y cuarto| en punto)?(?: (?:a|y|hasta) (?:las )?{_HOUR})?(?: ?{_MERIDIEM}| de la (?:manana|tarde|noche))?(?![\w:/%]|\.\d)(?! (?:dias|horas|minutos|semanas|meses|anos|preguntas))"
    rf"|(?<=from )(?:[1-9]|1[0-2]) ?(?:-|to|until) ?(?:[1-9]|1[0-2])(?![\w:/%]|\.\d)|(?<=between )(?:[1-9]|1[0-2]) and (?:[1-9]|1[0-2])(?![\w:/%]|\.\d)"
    rf"|(?<=\bde )(?:[1-9]|1[0-2]) a (?:[1-9]|1[0-2])(?![\w:/%]|\.\d)"
    rf"|(?:(?<=day )|(?<=days )|(?<=day, ))(?:[1-9]|1[0-2]) ?(?:-|to) ?(?:[1-9]|1[0-2])(?![\w:/%]|\.\d)"
    rf"|(?:(?<=day at )|(?<=days at )|(?<=tomorrow at )|(?<=today at )|(?<=\d at )|(?<=th at )|(?<=st at )|(?<=open at )|(?<=close at )|(?<=opens at )|(?<=closes at )|(?<=until )|(?<=closed at ))(?:[1-9]|1[0-2])(?![\w:/%]|\.\d)(?! (?:of|out|weeks|months|days|points))"
    rf"|(?<= at )(?:[1-9]|1[0-2])(?= (?:on (?:mon|tue|wed|thu|fri|sat|sun)|tomorrow|today|this (?:mon|tue|wed|thu|fri|sat|sun|morning|afternoon)|in the (?:morning|afternoon|evening)))"
)
_DATE = (
    rf"(?<!\w){_MONTH} {_DAY}(?:st|nd|rd|th)?(?: ?(?:-|to|through|and) ?{_DAY}(?:st|nd|rd|th)?)?(?![\w:/%]|\.\d)(?:,? {_YEAR})?"
    rf"|(?<!\w){_DAY}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? {_YEAR})?"
    rf"|(?<!\w){_DAY} (?:(?:al|y|o) {_DAY} )?de {_MONTH}(?: (?:de |del )?{_YEAR})?"
    rf"|(?<![\w/]){_MONTH_NUMBER}[/-]{_DAY}[/-](?:{_YEAR}|2\d)(?![\w/-])|(?<![\w/]){_DAY}[/-]{_MONTH_NUMBER}[/-](?:{_YEAR}|2\d)(?![\w/-])"
    rf"|(?<![\w-]){_YEAR}-{_MONTH_NUMBER}-{_DAY}(?![\w-])"
    rf"|{_BEFORE_DATE}(?:{_MONTH_NUMBER}/{_DAY}|{_DAY}/{_MONTH_NUMBER})(?![\w/%]|\.\d)"
    rf"|(?<!\w)(?:{_WEEKDAY})(?:,? (?:the )?{_DAY}(?![\w:/%.]|-\d| ?(?:a\.?m|p\.?m|to |o'clock)))?"
    rf"|(?<!\w)(?!may(?!\w)|mar(?!\w)|march(?!\w)){_MONTH}(?: (?:of |de |del )?{_YEAR})?|(?:(?<=in )|(?<=for )|(?<=of )|(?<=year )|(?<=en )|(?<=ano )|(?<=del )|(?<=de )|(?<=this ))(?:{_YEAR})(?![\w/-]|\.\d)"
)
_AMOUNT = r"\$ ?\d{1,3}(?:\.\d{2})?(?![\d,.]\d|\w)"
_NTH = r"(?<!\w)\d{1,2}(?:st|nd|rd|th|er|do|ro|to|o|a)(?!\w)"


@dataclass(frozen=True, slots=True)
class Slot:
    """A typed value in folded text: ``kind`` is date, time, phone, place, nth or link."""

    kind: str
    start: int
    end: int


def _place() -> str:
    """Street addresses whose words are ordinary street names, with suite and ZIP code."""
    names = "|".join(
        sorted(lexicon().places | {"martin luther king", r"\d{1,3}(?:st|nd|rd|th)"}, key=len, reverse=True)
    )
    heading = r"(?:(?:north|south|east|west|[nsew])\.? )?"
    suite = (
        r"(?:suite|ste|room|rm|unit|building|bldg|floor|fl|piso|oficina|consultorio|edificio|puerta|local|num|numero)\.? ?(?:#|no\. ?)?"
        r"(?:[a-z]|\d{1,4}[a-z]?)(?!\w)(?!:\d)"
    )
    zipped = rf"(?:,? (?:{_STATES}),? \d{{5}}(?:-\d{{4}})?)"
    line = rf"(?<![\w/.])\d{{1,5}} {heading}(?:(?:{names}) ){{1,2}}{_STREET}(?!\w)\.?"
    calle = rf"(?<!\w)(?:calle|avenida|av\.|paseo) (?:(?:{names})(?: |,|(?=\W|$))){{1,2}}(?:,? ?(?:#|num\. |numero )?\d{{1,5}}(?!\w))?"
    return rf"{line}(?:,? {suite})?{zipped}?|{calle}|(?<!\w){suite}"


_COMPILED: list[tuple[str, re.Pattern[str]]] = []


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    if not _COMPILED:
        listed = (
            ("link", _link()),
            ("phone", _PHONE),
            ("place", _place()),
            ("time", _TIME),
            ("date", _DATE),
            ("nth", _NTH),
            ("amount", _AMOUNT),
        )
        _COMPILED.extend((kind, re.compile(pattern)) for kind, pattern in listed)
    return _COMPILED


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
        end = match.start() + len(match.group().rstrip(" .,;:!?)"))
        if end > match.start():
            yield match.start(), end
