"""Which groups the patient is in, why, and which cannot be told."""

from __future__ import annotations

from collections.abc import Sequence

from smartapp.facts.events import Event
from smartapp.services.chart import Membership
from smartapp.web.chart_page import GroupLine
from smartapp.web.labels import code_text, instant_text, what_text


def group_lines(memberships: Sequence[Membership]) -> tuple[list[GroupLine], list[str]]:
    """The groups that the patient is in, and the titles of those that cannot be told."""
    inside = [
        GroupLine(one.group.id, one.group.title, _why(one), one.group.meaning) for one in memberships if one.truth
    ]
    return inside, [one.group.title for one in memberships if one.truth is None]


def _why(membership: Membership) -> str:
    events = sorted(membership.outcome.events(membership.group.rule), key=_latest_first)
    if not events:
        return ""
    named = f"{what_text(events[0])}, {instant_text(events[0].start)}"
    code = code_text(events[0])
    more = f" and {len(events) - 1} more" if len(events) > 1 else ""
    return named + (f" ({code})" if code else "") + more


def _latest_first(event: Event) -> tuple[int, str]:
    return (-(event.latest or 0), event.id)
