"""The routing rules in words: what each is about, and its value as a person says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from smartapp.day_words import MONTHS
from smartapp.messages.policy import Channel
from smartapp.messages.routing import CHANNEL_NAMES, RuleRow

_RULES = {
    "limits.sms_characters": "Longest text message, in characters",
    "limits.voice_seconds": "Longest call, in seconds",
    "limits.words_per_minute": "Words that are spoken in a minute",
    "channels.order": "Order of channels, where the patient prefers none",
    "channels.quiet": "Channels with quiet hours",
    "minors.own_say_from": "Young patients who may have the say alone: from the age of",
    "minors.own_say_to": "Young patients who may have the say alone: to the age of",
    "preferred.weekdays": "Preferred days",
    "preferred.from": "Preferred hours: from",
    "preferred.to": "Preferred hours: to",
    "preferred.wait_days": "Longest wait for a better day, in days",
    "closed.sundays": "Nobody is written to on Sundays",
    "closed.holidays": "Nobody is written to on holidays",
    "closed.fixed": "Holidays by date",
    "closed.floating": "Holidays by weekday",
}
_DAYS = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday",
    "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
_WHICH = {-1: "last", 1: "first", 2: "second", 3: "third", 4: "fourth"}


def rule_text(key: str) -> str:
    """What a rule is about, by its key in the file."""
    match key.split("."):
        case ["hours", state, day]:
            days = "every day" if day == "all" else f"{_DAYS[day]}s"
            return f"Hours {'everywhere' if state == 'US' else f'in {state}'}, {days}"
        case ["caps", "any", span]:
            return f"Most messages a {span}, by all channels together"
        case ["caps", channel, span]:
            return f"Most messages a {span}, by {_channel(channel)}"
    return _RULES.get(key, key)


def value_text(row: RuleRow) -> str:
    """A rule's value: channels, days and months by their names, the rest as it is."""
    say = _SAID.get(row.key)
    return row.value if say is None else ", ".join(say(one) for one in row.given)


def _channel(channel: str) -> str:
    return CHANNEL_NAMES[cast(Channel, channel)]


def _date(day: str) -> str:
    """``1 January`` for ``01-01``."""
    month, _, number = day.partition("-")
    return f"{int(number)} {MONTHS[int(month) - 1]}"


def _floating(rule: tuple[int, str, int]) -> str:
    """``the third Monday in January``."""
    month, weekday, count = rule
    return f"the {_WHICH[count]} {_DAYS[weekday]} in {MONTHS[month - 1]}"


_SAID: Mapping[str, Callable[[Any], str]] = {
    "channels.order": _channel,
    "channels.quiet": _channel,
    "preferred.weekdays": lambda day: f"{_DAYS[day]}s",
    "closed.fixed": _date,
    "closed.floating": _floating,
}
