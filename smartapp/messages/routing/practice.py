"""The practice's own routing rules: a TOML file with the keys that it changes, laid over ``rules.toml``.

It may write less, later and in another order. What law or the patient's safety asks for it cannot weaken: each key has
its bound, and one beyond it is refused by its name. Lists of days and of quiet channels are added to the app's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from importlib.resources import files
from pathlib import Path
from typing import Any

from smartapp.errors import ConfigurationError
from smartapp.messages.policy import ALL_CHANNELS
from smartapp.messages.routing.rules import WEEKDAYS, Rules, Window, hours_of, read_rules

_TCPA = "47 CFR 64.1200(a)(9)(iv)"
_HOURS = "47 CFR 64.1200(c)(1) and the states' tables"
BUILT_IN = "as the app comes"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule as it holds: its key, its value in one line, where it comes from, and how far a practice may change it.

    ``given`` is the value as the file has it.
    """

    key: str
    value: str
    source: str
    bound: str
    given: Any


@dataclass(frozen=True, slots=True)
class PracticeRules:
    """The rules as they hold, and each of them for people to read."""

    rules: Rules
    rows: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    """How a key may be changed: ``taken`` gives the value that holds, or raises ``ValueError`` that says why not."""

    bound: str
    taken: Callable[[Any, Any], Any]


def practice_rules(path: Path | None = None) -> PracticeRules:
    """The app's rules, with the practice's file laid over them.

    Raises :class:`ConfigurationError` ``messages.rules`` naming the file, and the key that is unknown, malformed or
    weaker than it may be.
    """
    built_in = tomllib.loads((files("smartapp.messages.routing") / "rules.toml").read_text(encoding="utf-8"))
    own = {} if path is None else _read(path)
    name = "" if path is None else path.name
    if unknown := sorted(own.keys() - built_in.keys()):
        raise ConfigurationError("messages.rules", f"{name}: {unknown[0]} is no key of the routing rules.")
    changed: set[str] = set()
    merged = {table: dict(value) for table, value in built_in.items()}
    for key, value in _flat(own):
        table, _, rest = key.partition(".")
        try:
            _put(merged.get(table, {}), key, rest, _taken(key, value, built_in))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigurationError("messages.rules", f"{name}: {key} {error}.") from None
        changed.add(key)
    for channel, cap in merged["caps"].items():
        # Of a cap that is new the other half is as strict as it can be without another meaning.
        cap.setdefault("week", _MOST_A_WEEK)
        cap.setdefault("day", min(_MOST_A_DAY, cap["week"]))
        if cap["day"] > cap["week"]:
            raise ConfigurationError("messages.rules", f"{name}: caps.{channel}.day is more than caps.{channel}.week.")
    if not merged["preferred"]["from"] < merged["preferred"]["to"]:
        raise ConfigurationError("messages.rules", f"{name}: preferred.from is not before preferred.to.")
    rows = tuple(
        RuleRow(key, _said(value), f"the practice's file {name}" if key in changed else BUILT_IN, _bound(key), value)
        for key, value in _flat(merged)
        if key.partition(".")[0] not in _FACTS
    )
    return PracticeRules(read_rules(merged), rows)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("messages.rules", f"{path.name} cannot be read: {error}.") from None


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Every value with its whole key, in the file's order."""
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, value))
    return found


def _put(table: dict[str, Any], key: str, rest: str, value: Any) -> None:
    """Set a value within its table; the table of a state or channel that the app has no rule for is made."""
    name, _, inner = rest.partition(".")
    if not inner:
        table[name] = value
        return
    start: dict[str, Any] = {} if key.startswith("caps.") else {"all": ["00:00", "23:59"]}
    table[name] = {**table.get(name, start), inner: value}


# --- what each key may be -------------------------------------------------------------------------------------------

_FACTS = ("zones", "territories")
_MOST_A_DAY, _MOST_A_WEEK = 5, 14


def _taken(key: str, value: Any, built_in: Mapping[str, Any]) -> Any:
    table, _, rest = key.partition(".")
    if table in _FACTS:
        raise ValueError("is where states lie, and not a practice's to change")
    if table == "hours":
        return _hours(rest, value, built_in["hours"])
    known = _known(key)
    if known is None:
        raise ValueError("is no key of the routing rules")
    present = built_in.get(table, {})
    for name in rest.split("."):
        present = present.get(name, {})
    return known.taken(value, present)


def _known(key: str) -> _Key | None:
    table, _, rest = key.partition(".")
    if table == "caps":
        channel, _, span = rest.partition(".")
        if channel not in ("any", *ALL_CHANNELS) or span not in ("day", "week"):
            return None
        by_law = {"day": 1, "week": 3} if channel in ("sms", "voice") else {"day": _MOST_A_DAY, "week": _MOST_A_WEEK}
        return _whole(1, by_law[span], _TCPA if channel in ("sms", "voice") else "")
    return _KEYS.get(key)


def _whole(least: int, most: int, law: str = "") -> _Key:
    choices = f"{least} to {most}" if least < most else f"{least}"

    def taken(value: Any, _present: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"must be a whole number, {choices}{f' ({law})' if law else ''}")
        return value

    return _Key(f"{choices}{f' ({law})' if law else ''}", taken)


def _always(law: str) -> _Key:
    def taken(value: Any, _present: Any) -> bool:
        if value is not True:
            raise ValueError(f"cannot be switched off: {law}")
        return True

    return _Key(f"nothing else ({law})", taken)


def _added(one: Callable[[Any], Any], bound: str) -> _Key:
    def taken(value: Any, present: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError("must be a list")
        for item in value:
            one(item)
        return [*present, *(item for item in value if item not in present)]

    return _Key(bound, taken)


def _clock(value: Any, _present: Any = None) -> str:
    try:
        return time.fromisoformat(value).strftime("%H:%M")
    except (TypeError, ValueError):
        raise ValueError("must be a time such as 09:00") from None


def _order(value: Any, _present: Any) -> list[str]:
    if not isinstance(value, list) or len(set(value)) != len(value) or set(value) - set(ALL_CHANNELS):
        raise ValueError(f"must list channels out of {', '.join(ALL_CHANNELS)}, each once")
    if "portal" not in value:
        raise ValueError("must hold the portal: nothing else may carry what tells of care")
    return value


def _weekdays(value: Any, _present: Any) -> list[str]:
    if not isinstance(value, list) or not value or set(value) - set(WEEKDAYS):
        raise ValueError(f"must list weekdays out of {', '.join(WEEKDAYS)}")
    return value


def _channel(value: Any) -> None:
    if value not in ALL_CHANNELS:
        raise ValueError(f"must list channels out of {', '.join(ALL_CHANNELS)}")


def _fixed_day(value: Any) -> None:
    try:
        date.fromisoformat(f"2028-{value}")  # a leap year
    except ValueError:
        raise ValueError('must list days such as "12-26"') from None


def _floating_day(value: Any) -> None:
    match value:
        case [int(month), str(weekday), int(count)] if 1 <= month <= 12 and weekday in WEEKDAYS and count in _COUNTS:
            return
    raise ValueError('must list days such as [11, "fri", 4]: the month, the weekday, which of them (-1: the last)')


_COUNTS = (-1, 1, 2, 3, 4)
_KEYS: Mapping[str, _Key] = {
    "limits.sms_characters": _whole(40, 160, _TCPA),
    "limits.voice_seconds": _whole(10, 60, _TCPA),
    "limits.words_per_minute": _whole(60, 150),
    "channels.order": _Key("any, with the portal among them", _order),
    "channels.quiet": _added(_channel, "channels are added to these"),
    "minors.own_say_from": _whole(0, 12, "state law"),
    "minors.own_say_to": _whole(17, 25, "state law"),
    "preferred.weekdays": _Key("any", _weekdays),
    "preferred.from": _Key("any; the quiet hours hold all the same", _clock),
    "preferred.to": _Key("any; the quiet hours hold all the same", _clock),
    "preferred.wait_days": _whole(0, 14),
    "closed.sundays": _always("some states forbid it"),
    "closed.holidays": _always("some states forbid it"),
    "closed.fixed": _added(_fixed_day, "days are added to these"),
    "closed.floating": _added(_floating_day, "days are added to these"),
}


def _hours(rest: str, value: Any, built_in: Mapping[str, Any]) -> list[str]:
    """A window that is no wider than the app's for that state, and for the whole country."""
    state, _, day = rest.partition(".")
    if not (len(state) == 2 and state.isascii() and state.isupper()) or day not in ("all", *WEEKDAYS):
        raise ValueError("is no key of the routing rules: hours are those of a state, such as hours.NY.sat")
    if not isinstance(value, list) or len(value) not in (0, 2):
        raise ValueError('must be a window such as ["09:00", "18:00"], or [] for not at all')
    window = [_clock(one) for one in value]
    if window and not window[0] < window[1]:
        raise ValueError("ends before it begins")
    wanted: Window = (time.fromisoformat(window[0]), time.fromisoformat(window[1])) if window else None
    for place in {"US", state} & built_in.keys():
        present = hours_of(built_in[place])
        for number, name in enumerate(WEEKDAYS):
            if name == day or (day == "all" and name not in built_in.get(state, {})):
                _within(wanted, present[number], place, name)
    return window


def _within(wanted: Window, allowed: Window, place: str, day: str) -> None:
    if wanted is None or (allowed is not None and allowed[0] <= wanted[0] and wanted[1] <= allowed[1]):
        return
    hours = "not at all" if allowed is None else f"{allowed[0]:%H:%M} to {allowed[1]:%H:%M}"
    raise ValueError(f"is wider than may be in {place} on {day}: {hours} ({_HOURS})")


def _bound(key: str) -> str:
    if key.startswith("hours."):
        return f"only narrower ({_HOURS})"
    known = _known(key)
    return "" if known is None else known.bound


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, list):
        return str(value)
    if len(value) == 2 and all(isinstance(one, str) and ":" in one for one in value):
        return f"{value[0]} to {value[1]}"
    return ", ".join(_day_said(*one) if isinstance(one, list) else str(one) for one in value) or "not at all"


def _day_said(month: int, weekday: str, count: int) -> str:
    """``third mon in Jan``."""
    which = ("last", "first", "second", "third", "fourth")[max(count, 0)]
    return f"{which} {weekday} in {date(2028, month, 1):%b}"
