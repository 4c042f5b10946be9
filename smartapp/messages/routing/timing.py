"""When a message may go: quiet hours of the recipient's own clock, then the better days of the week.

A moment is allowed only if it is in every zone and state where the recipient could be (47 CFR 64.1200(c)(1)
and the state table). Moments are aware; zones follow the tz database, so a change of the clock is theirs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from smartapp.messages.routing.rules import Rules

_HORIZON_DAYS = 21


def places_of(zone: str | None, state: str | None, rules: Rules) -> tuple[tuple[ZoneInfo, str], ...]:
    """Every (zone, state) where somebody could be of whom ``zone`` and ``state`` are on file, or are not."""
    known = _zone(zone)
    zones = (zone,) if known is not None and zone is not None else rules.zones_of(state)
    out: list[tuple[ZoneInfo, str]] = []
    for name in zones:
        info = ZoneInfo(name)
        states = (state,) if state else sorted(rules.states_of(name))
        out.extend((info, one) for one in states)
    return tuple(out)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def allowed_at(moment: datetime, zone: str | None, state: str | None, rules: Rules) -> bool:
    """Whether somebody may be written to at ``moment`` (aware), wherever they could be."""
    return _allowed(moment, places_of(zone, state, rules), rules)


def _allowed(moment: datetime, places: Collection[tuple[ZoneInfo, str]], rules: Rules) -> bool:
    for zone, state in places:
        local = moment.astimezone(zone)
        window = rules.window(state, local.date())
        if window is None or not window[0] <= local.time() < window[1]:
            return False
    return True


def next_allowed(moment: datetime, zone: str | None, state: str | None, rules: Rules) -> datetime | None:
    """The first allowed moment from ``moment`` on, in UTC; None if there is none within three weeks."""
    places = places_of(zone, state, rules)
    if _allowed(moment, places, rules):
        return moment.astimezone(UTC)
    starts = sorted(
        {
            start
            for zone_info, state_code in places
            for days in range(_HORIZON_DAYS)
            if (start := _opening(moment, days, zone_info, state_code, rules)) is not None and start > moment
        }
    )
    return next((start for start in starts if _allowed(start, places, rules)), None)


def _opening(moment: datetime, days: int, zone: ZoneInfo, state: str, rules: Rules) -> datetime | None:
    day: date = moment.astimezone(zone).date() + timedelta(days=days)
    window = rules.window(state, day)
    if window is None:
        return None
    return datetime.combine(day, window[0], zone).astimezone(UTC)


def preferred_time(
    moment: datetime,
    zone: str | None,
    state: str | None,
    rules: Rules,
    *,
    weekdays: Collection[int] = (),
) -> datetime | None:
    """The best moment to write: allowed, in the preferred hours, on a preferred weekday (R60).

    ``weekdays`` (0 is Monday) are those on which this patient has answered before: documented habit beats
    the general rule. Where no such moment comes within the rules' wait, the first allowed one; None where
    there is none.
    """
    first = next_allowed(moment, zone, state, rules)
    if first is None:
        return None
    places = places_of(zone, state, rules)
    good_days = frozenset(weekdays) or rules.preferred_weekdays
    start, end = rules.preferred_hours
    local_zone = places[0][0]
    for days in range(rules.wait_days + 1):
        day = first.astimezone(local_zone).date() + timedelta(days=days)
        if day.weekday() not in good_days:
            continue
        latest_start = max(datetime.combine(day, start, zone_info).astimezone(UTC) for zone_info, _ in places)
        candidate = max(first, latest_start)
        if all(candidate.astimezone(z).time() < end for z, _ in places) and _allowed(candidate, places, rules):
            return candidate
    return first
