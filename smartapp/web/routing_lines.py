"""How a message would go now, in few lines for people: one sentence for all channels that are closed for one reason.

The rules' own sentences, with the records that they rest on, stay below them for whoever wants to check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, tzinfo

from smartapp.day_words import day_text
from smartapp.messages.routing import CHANNEL_NAMES, RoutingDecision
from smartapp.web.labels import moment_text
from smartapp.web.message_words import CHANNEL_TEXT, REVEALS

_CHANNEL_NAMES: Mapping[str, str] = {channel: name for channel, name in CHANNEL_NAMES.items() if channel != "portal"}
_RECORD = re.compile(r"\b(?:Consent|RelatedPerson|Patient)/[A-Za-z0-9.-]*[A-Za-z0-9](?: of (\d{4}-\d{2}-\d{2}))?")
_TELLS = re.compile(r"the text tells of ([a-z, ]+)\.")
_OBVIOUS = "By the portal."


@dataclass(frozen=True, slots=True)
class RoutingLine:
    """How the message would go now. ``text`` with its ``tone`` only where that is not simply as it is meant to go.

    ``said`` is the reasons for people, ``reasons`` each of the rules' own by its code.
    """

    text: str
    tone: str
    said: Sequence[str]
    reasons: Sequence[tuple[str, str]]


def routing_line(decision: RoutingDecision, channel: str, zone: tzinfo = UTC) -> RoutingLine:
    """The decision on a message that is on ``channel`` now."""
    reasons = [(reason.code, reason.text) for reason in decision.reasons]
    text, tone = _would(decision, zone)
    if decision.action == "send" and decision.channel == channel:
        text = ""
    return RoutingLine(text, tone, _said(reasons), reasons)


def _would(decision: RoutingDecision, zone: tzinfo) -> tuple[str, str]:
    if decision.action == "none":
        return "May not be sent", "bad"
    if decision.action == "send":
        return f"Goes {CHANNEL_TEXT[decision.channel or 'portal']}", "good"
    if decision.not_before is None:
        return "Would wait", "warn"
    return f"Would wait until {moment_text(decision.not_before, zone)}", "warn"


def _said(reasons: Sequence[tuple[str, str]]) -> list[str]:
    """The reasons' sentences, those that differ in the channel alone made one.

    What the text tells is on the page already, by its words; only what they do not show is said here.
    """
    closed: dict[str, list[str]] = {}
    for code, text in reasons:
        if text == _OBVIOUS or _is_on_the_page(text):
            continue
        name = _CHANNEL_NAMES.get(code.rpartition("-")[2], "")
        pattern = text.replace(name, "{}", 1) if name else text
        closed.setdefault(pattern, []).append(name)
    return [_plain(pattern.replace("{}", _either(names), 1)) for pattern, names in closed.items()]


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _plain(text: str) -> str:
    """Without references of resources."""
    return _RECORD.sub(_record, text)


def _record(match: re.Match[str]) -> str:
    return "the EHR's record" + (f" of {day_text(date.fromisoformat(match[1]))}" if match[1] else "")


def _is_on_the_page(text: str) -> bool:
    match = _TELLS.search(text)
    return match is not None and all(one in REVEALS for one in match[1].split(", "))
