"""What an EHR's consent codes mean, as data that a practice can extend: ``meanings.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

from smartapp.errors import ConfigurationError
from smartapp.messages.policy import ALL_CHANNELS, Channel

EVERY = "all"
Says = Literal["permit", "deny"]
Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that a code speaks of; ``says`` where the code itself permits or denies."""

    channels: tuple[Channel, ...]
    says: Says | None = None


@dataclass(frozen=True, slots=True)
class Meanings:
    """See ``meanings.toml``. Codes are (system, code)."""

    channels: Mapping[Code, Channels]
    permit: frozenset[Code]
    deny: frozenset[Code]
    confidential: frozenset[Code]
    scopes: frozenset[Code]
    care: frozenset[Code]
    marketing: frozenset[Code]
    part_2: frozenset[Code]
    part_2_labels: frozenset[Code]
    not_proxies: frozenset[Code]


@lru_cache(maxsize=1)
def built_in_meanings() -> Meanings:
    """The meanings that come with the app: HL7's own codes and the sandbox's."""
    return read_meanings()


def read_meanings(own: Path | None = None) -> Meanings:
    """The built-in meanings with a practice's own file added to them.

    Raises :class:`ConfigurationError` ``messages.meanings`` naming what cannot be read.
    """
    text = (files("smartapp.messages.contact") / "meanings.toml").read_text(encoding="utf-8")
    tables = [tomllib.loads(text)]
    if own is not None:
        try:
            tables.append(tomllib.loads(own.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError("messages.meanings", f"{own.name} cannot be read: {error}.") from None
    try:
        return _meanings(tables)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError("messages.meanings", f"The consent codes cannot be read: {error}.") from None


def _meanings(tables: Sequence[Mapping[str, Any]]) -> Meanings:
    known = {"channels", "policies", "scopes", "purposes", "part_2", "relations"}
    for table in tables:
        if table.keys() - known:
            raise ValueError(f"there is no table {sorted(table.keys() - known)[0]}")

    def listed(table: str, name: str) -> frozenset[Code]:
        return frozenset(_code(text) for one in tables for text in one.get(table, {}).get(name, ()))

    return Meanings(
        channels={
            (system, code): _channels(value)
            for table in tables
            for system, codes in table.get("channels", {}).items()
            for code, value in codes.items()
        },
        permit=listed("policies", "permit"),
        deny=listed("policies", "deny"),
        confidential=listed("policies", "confidential"),
        scopes=listed("scopes", "read"),
        care=listed("purposes", "care"),
        marketing=listed("purposes", "marketing"),
        part_2=listed("part_2", "consents"),
        part_2_labels=listed("part_2", "labels"),
        not_proxies=listed("relations", "not_proxies"),
    )


def _code(text: str) -> Code:
    system, bar, code = text.rpartition("|")
    if not bar or not system or not code:
        raise ValueError(f"{text!r} is not system|code")
    return system, code


def _channels(value: Any) -> Channels:
    name, says = (value["channel"], value.get("says")) if isinstance(value, dict) else (value, None)
    if says not in (None, "permit", "deny"):
        raise ValueError(f"says: {says!r} is neither permit nor deny")
    if name == EVERY:
        return Channels(ALL_CHANNELS, cast("Says | None", says))
    if name not in ALL_CHANNELS:
        raise ValueError(f"there is no channel {name!r}")
    return Channels((cast(Channel, name),), cast("Says | None", says))
