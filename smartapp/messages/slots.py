"""The typed slots of a template: what may be filled in, and how it is written in each language.

A value that is missing or of the wrong kind is an error, never a message with a hole. A value is put in as
it is: nothing in it is read as template syntax (OWASP ASVS 1.3.7), and no value may carry a line break.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from urllib.parse import urlsplit

from smartapp.errors import InputError

_MONTHS = {
    "en": "January|February|March|April|May|June|July|August|September|October|November|December",
    "es": "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre",
}
_WEEKDAYS = {
    "en": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "es": "lunes|martes|miércoles|jueves|viernes|sábado|domingo",
}
_PREMIUM = frozenset({"900", "976"})
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029{}<>]{1,120}")
_NAME = re.compile(r"[^\W\d_]+(?:[ '\u2019.-]+[^\W\d_]+)*\.?")


class SlotError(InputError):
    """A slot's value is missing or is not what its kind asks for; the message names the slot, not the value."""

    def __init__(self, slot: str, reason: str) -> None:
        super().__init__("messages.slot", f"The message needs {slot.replace('_', ' ')}: {reason}.")
        self.slot = slot


@dataclass(frozen=True, slots=True)
class SlotKind:
    """How a value of one kind is written; ``is_name`` when the policy may take it for a name on file."""

    write: Callable[[object, str], str]
    sample: object
    is_name: bool = False


def _text(value: object, _language: str) -> str:
    if not isinstance(value, str) or not _PLAIN.fullmatch(value.strip()):
        raise ValueError("it must be one line of plain text, 120 characters or less")
    return value.strip()


def _name(value: object, language: str) -> str:
    text = _text(value, language)
    if not _NAME.fullmatch(text):
        raise ValueError("it must be a name")
    return text


def phone_number(value: object) -> str:
    """A North American telephone number as people read it: (555) 555-0100, or 555-0100 where it is local.

    Raises ValueError for a foreign number and for one that costs the caller (area or exchange 900, 976).
    """
    if not isinstance(value, str) or re.search(r"[\r\n]", value):
        raise ValueError("it must be a telephone number")
    digits = re.sub(r"[ ().-]", "", value)
    match = re.fullmatch(r"(?:\+?1)?([2-9]\d{2})([2-9]\d{2})(\d{4})|([2-9]\d{2})(\d{4})", digits)
    if match is None or _PREMIUM & {match[1], match[2], match[4]}:
        raise ValueError("it must be a North American number that is free of extra cost")
    return f"({match[1]}) {match[2]}-{match[3]}" if match[1] else f"{match[4]}-{match[5]}"


def _link(value: object, language: str) -> str:
    text = _text(value, language)
    address = urlsplit(text)
    if address.scheme != "https" or not address.hostname or address.username or " " in text:
        raise ValueError("it must be an https link")
    return text


def _date(value: object, language: str) -> str:
    if not isinstance(value, date):
        raise ValueError("it must be a date")
    weekday = _WEEKDAYS[language].split("|")[value.weekday()]
    month = _MONTHS[language].split("|")[value.month - 1]
    return f"{weekday}, {month} {value.day}" if language == "en" else f"{weekday} {value.day} de {month}"


def _time(value: object, language: str) -> str:
    if not isinstance(value, time):
        raise ValueError("it must be a time of day")
    half = ("AM", "PM") if language == "en" else ("a. m.", "p. m.")
    return f"{value.hour % 12 or 12}:{value.minute:02d} {half[value.hour >= 12]}"


KINDS: Mapping[str, SlotKind] = {
    "first_name": SlotKind(_name, "Maria", is_name=True),
    "clinician": SlotKind(_name, "Dr. Lee", is_name=True),
    "practice": SlotKind(_text, "Oak Street Clinic", is_name=True),
    "place": SlotKind(_text, "120 Main Street, Suite 4", is_name=True),
    "phone": SlotKind(lambda value, _: phone_number(value), "(555) 555-0100"),
    "link": SlotKind(_link, "https://clinic.example/book"),
    "date": SlotKind(_date, date(2026, 5, 12)),
    "time": SlotKind(_time, time(10, 30)),
    "service": SlotKind(_text, "Mammogram"),
    "medicine": SlotKind(_text, "metformin"),
}


def write(slot: str, values: Mapping[str, object], language: str) -> str:
    """The text of one slot in ``language``. Raises :class:`SlotError` if it is missing or of the wrong kind."""
    value = values.get(slot)
    if value is None or value == "":
        raise SlotError(slot, "it is missing")
    try:
        return KINDS[slot].write(value, language)
    except ValueError as error:
        raise SlotError(slot, str(error)) from None
