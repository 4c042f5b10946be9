"""Quiet hours on the recipient's own clock, holidays, and the better days of the week."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.errors import ConfigurationError
from smartapp.messages.routing import allowed_at, built_in_rules, next_allowed, preferred_time, read_rules

RULES = built_in_rules()
NEW_YORK = ZoneInfo("America/New_York")


def local(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "state", "when", "allowed"),
    [
        ("America/New_York", "NY", (2026, 6, 2, 8, 0), True),
        ("America/New_York", "NY", (2026, 6, 2, 7, 59), False),
        ("America/New_York", "NY", (2026, 6, 2, 20, 59), True),
        ("America/New_York", "NY", (2026, 6, 2, 21, 0), False),
        ("America/New_York", "CT", (2026, 6, 2, 8, 30), False),
        ("America/New_York", "FL", (2026, 6, 2, 20, 0), False),
        ("America/Chicago", "TX", (2026, 6, 2, 8, 59), False),
        ("America/Chicago", "TX", (2026, 6, 2, 20, 30), True),
        ("America/New_York", "RI", (2026, 6, 2, 18, 0), False),
        ("America/New_York", "RI", (2026, 6, 6, 12, 0), False),  # a Saturday
        ("America/New_York", "NY", (2026, 6, 7, 12, 0), False),  # a Sunday
        ("America/New_York", "NY", (2026, 7, 4, 12, 0), False),
        ("America/New_York", "NY", (2026, 11, 26, 12, 0), False),  # Thanksgiving
        ("America/New_York", "NY", (2026, 5, 25, 12, 0), False),  # Memorial Day, the last Monday
        (None, "FL", (2026, 6, 2, 12, 30), True),
    ],
)  # fmt: skip
def test_the_hours_of_each_state(zone: str | None, state: str, when: tuple[int, ...], allowed: bool) -> None:
    moment = local(zone or "America/New_York", *when)
    assert allowed_at(moment, zone, state, RULES) is allowed


def test_an_unknown_zone_is_every_zone_of_the_state() -> None:
    """8:30 in Miami is 7:30 in Pensacola: Florida has both."""
    early = local("America/New_York", 2026, 6, 2, 8, 30)
    assert not allowed_at(early, None, "FL", RULES)
    assert allowed_at(early, "America/New_York", "FL", RULES)
    late = local("America/New_York", 2026, 6, 2, 20, 30)  # 19:30 in Pensacola, but past eight in Miami
    assert not allowed_at(late, None, "FL", RULES)


def test_an_unknown_place_is_everywhere() -> None:
    """Hawaii must be up, and Rhode Island not yet at supper."""
    assert allowed_at(local("America/New_York", 2026, 6, 2, 16, 0), None, None, RULES)
    assert not allowed_at(local("America/New_York", 2026, 6, 2, 12, 0), None, None, RULES)
    assert not allowed_at(local("America/New_York", 2026, 6, 2, 18, 0), None, None, RULES)


def test_a_zone_that_nobody_knows_is_not_trusted() -> None:
    moment = local("America/New_York", 2026, 6, 2, 8, 30)
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        assert allowed_at(moment, zone, "NY", RULES) is allowed_at(moment, None, "NY", RULES)


def test_a_zone_abroad_takes_the_strictest_of_all_states() -> None:
    assert not allowed_at(local("Europe/Paris", 2026, 6, 2, 8, 30), "Europe/Paris", None, RULES)
    assert allowed_at(local("Europe/Paris", 2026, 6, 2, 10, 0), "Europe/Paris", None, RULES)


def test_a_territory_is_considered_where_the_state_says_so() -> None:
    assert RULES.zones_of("GU") == ("Pacific/Guam",)
    assert "Pacific/Guam" not in RULES.zones_of(None)
    assert RULES.states_of("Pacific/Guam") == {"GU", "MP"}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ((2026, 6, 2, 7, 0), (2026, 6, 2, 8, 0)),
        ((2026, 6, 2, 21, 0), (2026, 6, 3, 8, 0)),
        ((2026, 6, 6, 22, 0), (2026, 6, 8, 8, 0)),  # over a Sunday
        ((2026, 3, 7, 23, 0), (2026, 3, 9, 8, 0)),  # over a Sunday on which the clock goes forward
        ((2026, 10, 31, 23, 0), (2026, 11, 2, 8, 0)),  # and back
        ((2026, 6, 2, 12, 0), (2026, 6, 2, 12, 0)),
    ],
)
def test_the_next_allowed_moment(when: tuple[int, ...], expected: tuple[int, ...]) -> None:
    found = next_allowed(local("America/New_York", *when), "America/New_York", "NY", RULES)
    assert found is not None
    assert found.tzinfo is UTC
    assert found.astimezone(NEW_YORK) == local("America/New_York", *expected)


def test_the_clock_that_changes_is_the_recipients() -> None:
    """8:00 in New York is 13:00 UTC in winter and 12:00 UTC in summer."""
    winter, summer = datetime(2026, 1, 6, 12, 30, tzinfo=UTC), datetime(2026, 7, 7, 12, 30, tzinfo=UTC)
    assert not allowed_at(winter, "America/New_York", "NY", RULES)
    assert allowed_at(summer, "America/New_York", "NY", RULES)


def test_where_no_hour_is_allowed_there_is_none() -> None:
    closed = replace(RULES, hours={"US": (None,) * 7})
    assert next_allowed(local("America/New_York", 2026, 6, 2, 12, 0), "America/New_York", "NY", closed) is None
    assert preferred_time(local("America/New_York", 2026, 6, 2, 12, 0), "America/New_York", "NY", closed) is None
    crossed = replace(RULES, hours={**RULES.hours, "NY": (tuple(map(time.fromisoformat, ("06:00", "07:00"))),) * 7})
    assert crossed.window("NY", date(2026, 6, 2)) is None


@pytest.mark.parametrize(
    ("when", "weekdays", "expected"),
    [
        ((2026, 6, 1, 9, 0), (), (2026, 6, 2, 10, 0)),  # Monday waits for Tuesday
        ((2026, 6, 2, 9, 0), (), (2026, 6, 2, 10, 0)),
        ((2026, 6, 3, 12, 0), (), (2026, 6, 3, 12, 0)),
        ((2026, 6, 4, 16, 30), (), (2026, 6, 9, 10, 0)),  # Thursday evening waits for Tuesday
        ((2026, 6, 5, 9, 0), (), (2026, 6, 9, 10, 0)),
        ((2026, 6, 1, 9, 0), (0,), (2026, 6, 1, 10, 0)),  # who answers on Mondays is written to on a Monday
        ((2026, 6, 1, 9, 0), (6,), (2026, 6, 1, 9, 0)),  # never on a Sunday: the first allowed moment
    ],
)
def test_r60_the_middle_of_the_week(
    when: tuple[int, ...], weekdays: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    found = preferred_time(
        local("America/New_York", *when), "America/New_York", "NY", RULES, weekdays=weekdays
    )  # fmt: skip
    assert found is not None
    assert found.astimezone(NEW_YORK) == local("America/New_York", *expected)


@settings(max_examples=150, deadline=None)
@given(
    moment=st.integers(0, 26_000).map(lambda hours: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
    zone=st.sampled_from([None, *RULES.zones]),
    state=st.sampled_from([None, *sorted(RULES.hours), "CA", "FL", "GU"]),
)
def test_the_next_moment_is_allowed_and_never_earlier(moment: datetime, zone: str | None, state: str | None) -> None:
    found = next_allowed(moment, zone, state, RULES)
    if found is not None:
        assert found >= moment
        assert allowed_at(found, zone, state, RULES)


def test_holidays_and_sundays_are_the_practices_choice() -> None:
    open_always = replace(RULES, sundays_closed=False, holidays_closed=False)
    assert open_always.window("TX", date(2026, 6, 7)) == (time(12), time(21))
    assert allowed_at(local("America/New_York", 2026, 7, 4, 12, 0), "America/New_York", "NY", open_always)


def table() -> dict:
    return tomllib.loads((files("smartapp.messages.routing") / "rules.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channels", {"order": ["pigeon"], "quiet": []}),
        ("hours", {"US": {"all": ["8", "nine"]}}),
        ("caps", {"any": {"day": 1}}),
        ("zones", 5),
        ("preferred", {"weekdays": ["someday"]}),
    ],
)
def test_rules_that_cannot_be_read_stop_the_start(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_rules(table() | {key: value})
    assert error.value.code == "messages.rules"
