"""The routing rules as data: quiet hours by state, caps, holidays, order of channels.

Read from ``rules.toml``; a practice's own file is laid over it (:mod:`smartapp.messages.routing.practice`). Nothing
here decides anything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

from smartapp.errors import ConfigurationError
from smartapp.messages.policy import ALL_CHANNELS, Channel

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LAST = -1
Window = tuple[time, time] | None


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``day`` messages in any 24 hours and ``week`` in any seven days."""

    day: int
    week: int


@dataclass(frozen=True, slots=True)
class Rules:
    """See ``rules.toml``. ``hours`` maps a state (``US`` for all) to its window for each weekday, Monday first."""

    sms_characters: int
    voice_words: int
    caps: Mapping[str, Cap]
    order: tuple[Channel, ...]
    quiet: frozenset[str]
    own_say: tuple[int, int]
    preferred_weekdays: frozenset[int]
    preferred_hours: tuple[time, time]
    wait_days: int
    sundays_closed: bool
    holidays_closed: bool
    fixed: frozenset[str]
    floating: tuple[tuple[int, int, int], ...]
    hours: Mapping[str, tuple[Window, ...]]
    zones: Mapping[str, frozenset[str]]
    territories: Mapping[str, frozenset[str]]

    def zones_of(self, state: str | None) -> tuple[str, ...]:
        """The zones somebody in ``state`` could be in; all of the fifty states' where it is not known."""
        held = (*self.zones.items(), *self.territories.items())
        fitting = tuple(zone for zone, states in held if state in states)
        return fitting or tuple(self.zones)

    def states_of(self, zone: str) -> frozenset[str]:
        """The states that lie in ``zone``; every one with a rule of its own where the zone is not in the table."""
        return self.zones.get(zone) or self.territories.get(zone) or frozenset(self.hours)

    def window(self, state: str, day: date) -> Window:
        """The hours of ``day`` at which somebody in ``state`` may be written to; None for not at all."""
        if (self.sundays_closed and day.weekday() == WEEKDAYS.index("sun")) or self.is_holiday(day):
            return None
        windows = [self.hours["US"][day.weekday()]]
        if state in self.hours:
            windows.append(self.hours[state][day.weekday()])
        open_windows = [window for window in windows if window is not None]
        if len(open_windows) < len(windows):
            return None
        start, end = max(w[0] for w in open_windows), min(w[1] for w in open_windows)
        return (start, end) if start < end else None

    def is_holiday(self, day: date) -> bool:
        """Whether ``day`` is one of the practice's holidays, on which nobody is written to."""
        if not self.holidays_closed:
            return False
        return f"{day:%m-%d}" in self.fixed or any(day == _nth(day.year, *rule) for rule in self.floating)


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """The ``count``-th ``weekday`` of a month, -1 for the last."""
    if count == _LAST:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def hours_of(table: Mapping[str, Sequence[str]]) -> tuple[Window, ...]:
    """The window of each weekday, Monday first, of one state's table: ``all`` but for the days that it names."""
    out: list[Window] = []
    for weekday in WEEKDAYS:
        pair = table.get(weekday, table["all"])
        out.append((time.fromisoformat(pair[0]), time.fromisoformat(pair[1])) if pair else None)
    return tuple(out)


def read_rules(data: Mapping[str, Any]) -> Rules:
    """Rules from a parsed TOML table. Raises :class:`ConfigurationError` naming what is missing or wrong."""
    try:
        channels, closed, preferred, limits = data["channels"], data["closed"], data["preferred"], data["limits"]
        if set(channels["order"]) - set(ALL_CHANNELS):
            raise ValueError("channels.order")
        return Rules(
            sms_characters=limits["sms_characters"],
            voice_words=limits["voice_seconds"] * limits["words_per_minute"] // 60,
            caps={name: Cap(cap["day"], cap["week"]) for name, cap in data["caps"].items()},
            order=tuple(cast(Channel, name) for name in channels["order"]),
            quiet=frozenset(channels["quiet"]),
            own_say=(data["minors"]["own_say_from"], data["minors"]["own_say_to"]),
            preferred_weekdays=frozenset(WEEKDAYS.index(day) for day in preferred["weekdays"]),
            preferred_hours=(time.fromisoformat(preferred["from"]), time.fromisoformat(preferred["to"])),
            wait_days=preferred["wait_days"],
            sundays_closed=closed["sundays"],
            holidays_closed=closed["holidays"],
            fixed=frozenset(closed["fixed"]),
            floating=tuple((month, WEEKDAYS.index(day), count) for month, day, count in closed["floating"]),
            hours={state: hours_of(table) for state, table in data["hours"].items()},
            zones={zone: frozenset(states.split()) for zone, states in data["zones"].items()},
            territories={zone: frozenset(states.split()) for zone, states in data["territories"].items()},
        )
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise ConfigurationError("messages.rules", f"The routing rules cannot be read: {error}.") from error


@lru_cache(maxsize=1)
def built_in_rules() -> Rules:
    """The rules that come with the app."""
    path = files("smartapp.messages.routing") / "rules.toml"
    return read_rules(tomllib.loads(path.read_text(encoding="utf-8")))
