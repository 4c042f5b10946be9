"""Read a form's fields strictly: what is wrong is named, and nothing is stored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from werkzeug.datastructures import MultiDict

from smartapp.errors import InputError


def text_field(form: MultiDict[str, str], name: str, *, most: int, required: bool = True) -> str:
    """One line or block of text without control characters."""
    values = form.getlist(name)
    if len(values) > 1:
        raise InputError("form.repeated", f"The field “{name}” was sent more than once.")
    value = (values[0] if values else "").replace("\r\n", "\n").strip()
    if required and not value:
        raise InputError("form.missing", f"Please fill in “{name}”.")
    if len(value) > most:
        raise InputError("form.too-long", f"“{name}” takes at most {most} characters; this is {len(value)}.")
    if any(ord(c) < 32 and c != "\n" for c in value):
        raise InputError("form.characters", f"“{name}” holds characters that cannot be used.")
    return value


def choice_field(form: MultiDict[str, str], name: str, choices: Collection[str]) -> str:
    """One of the choices that the form offered."""
    value = text_field(form, name, most=100)
    if value not in choices:
        raise InputError("form.choice", f"“{name}” must be one of the choices offered.")
    return value


def date_field(form: MultiDict[str, str], name: str, *, earliest: date, latest: date) -> date:
    """A calendar day between two others."""
    value = text_field(form, name, most=10)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise InputError("form.date", f"“{name}” must be a date such as {earliest.isoformat()}.") from None
    if not earliest <= day <= latest:
        raise InputError(
            "form.date-range", f"“{name}” must lie between {earliest.isoformat()} and {latest.isoformat()}."
        )
    return day


def number_field(form: MultiDict[str, str], name: str) -> int:
    """A whole number of at most nine digits."""
    value = text_field(form, name, most=9)
    if not value.isascii() or not value.isdigit():
        raise InputError("form.number", f"“{name}” must be a whole number.")
    return int(value)
