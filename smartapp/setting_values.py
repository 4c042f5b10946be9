"""What the text of one setting may be: a parser for each kind, which names the setting that is wrong.

Every parser takes the setting's name and its text, and raises :class:`ConfigurationError`; a value is never repeated
in the message.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from launch.urls import checked_url, origin
from smartapp.errors import ConfigurationError

PREFIX = "SMARTAPP_"

# Words of the keys that tutorials and examples ship with. At least five letters, so that a random
# key practically never holds one.
_COMMON_WORDS = (
    "change", "secret", "insecure", "default", "example", "passw", "placeholder", "dummy", "sample",
    "qwerty", "letmein", "admin", "flask", "django", "12345", "abcde", "deadbeef", "replace", "develop",
)  # fmt: skip
_LEAST_KEY_LENGTH = 32
_LEAST_KEY_BITS = 100.0


def refuse(name: str, why: str) -> ConfigurationError:
    """The error to raise: ``why`` goes on from the setting's name."""
    return ConfigurationError("config.invalid", f"{PREFIX}{name.upper()}: {why}")


def check_secret(name: str, value: str) -> str:
    """``value`` if it can serve as a key; :class:`ConfigurationError` naming the setting if not.

    Refused: fewer than 32 characters, one built from a common default, or one whose characters
    repeat so much that they carry fewer than 100 bits (OWASP ASVS 5.0, 11.2.3 and 13.3.1).
    """
    if len(value) < _LEAST_KEY_LENGTH:
        raise refuse(name, f"is shorter than {_LEAST_KEY_LENGTH} characters. Make one with: openssl rand -hex 32")
    counts = Counter(value)
    bits = -sum(n * math.log2(n / len(value)) for n in counts.values())
    half_repeats = any(value == (value[:size] * len(value))[: len(value)] for size in range(1, len(value) // 2 + 1))
    is_hex = all(c in "0123456789abcdefABCDEF" for c in value) and len(counts) > 8
    kinds = any(map(str.isdigit, value)) + any(map(str.islower, value)) + any(map(str.isupper, value))
    common = any(word in value.lower() for word in _COMMON_WORDS) and not is_hex
    if common or kinds < 2 or half_repeats or bits < _LEAST_KEY_BITS:
        raise refuse(name, "is a common or predictable value. Make one with: openssl rand -hex 32")
    return value


def public_url(name: str, value: str) -> str:
    """The app's origin as browsers write it: in lower case, without the usual port and a slash at the end."""
    try:
        address = checked_url(value.lower().removesuffix("/"), "the address")
    except ValueError as error:
        raise refuse(name, str(error)) from None
    parts = urlsplit(address)
    if parts.path or "?" in address:
        raise refuse(name, "must have no path or query: the app's cookies are bound to the root of its host")
    return origin(address)


def address_if_any(name: str, value: str) -> str:
    """An address that the app may call, or nothing."""
    try:
        return checked_url(value, "the address") if value else ""
    except ValueError as error:
        raise refuse(name, str(error)) from None


def text(name: str, value: str) -> str:
    """Any text."""
    return value


def secret_if_any(name: str, value: str) -> str:
    """As :func:`check_secret`, or nothing."""
    return check_secret(name, value) if value else ""


def secrets(name: str, value: str) -> tuple[str, ...]:
    """Secrets with commas between them, each as in :func:`check_secret`."""
    return tuple(check_secret(name, part) for part in words(name, value))


def words(name: str, value: str) -> tuple[str, ...]:
    """Words with commas or spaces between them."""
    return tuple(part for part in value.replace(",", " ").split() if part)


def words_of(*choices: str) -> Callable[[str, str], tuple[str, ...]]:
    """As :func:`words`, each out of ``choices``."""

    def parse(name: str, value: str) -> tuple[str, ...]:
        found = words(name, value)
        if set(found) - set(choices):
            raise refuse(name, f"must be out of {', '.join(choices)}")
        return found

    return parse


def folder(name: str, value: str) -> Path:
    """A folder, which need not be there."""
    return Path(value).expanduser()


def file(name: str, value: str) -> Path:
    """A file; whoever needs it reads it."""
    return Path(value).expanduser()


def flag(name: str, value: str) -> bool:
    """True or false, yes or no, on or off, 1 or 0."""
    word = value.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise refuse(name, "must be true or false")


def zone(name: str, value: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    try:
        return ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise refuse(name, "is not a time zone such as America/Chicago") from None


def whole(least: int, most: int) -> Callable[[str, str], int]:
    """A whole number within bounds, both included."""

    def parse(name: str, value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise refuse(name, "must be a whole number") from None
        if not least <= number <= most:
            raise refuse(name, f"must be between {least} and {most}")
        return number

    return parse


def one_of(*choices: str) -> Callable[[str, str], str]:
    """One word out of ``choices``."""

    def parse(name: str, value: str) -> str:
        if value not in choices:
            raise refuse(name, "must be one of " + ", ".join(choices))
        return value

    return parse
