"""Instants, their days, and moving them by calendar units."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from smartapp.facts.instants import (
    BEGINNING,
    DAY,
    FOREVER,
    day_of,
    end_of_day,
    instant,
    moment,
    shift,
    start_of_day,
    truncate_to_day,
)

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_an_instant_and_its_moment_are_one() -> None:
    assert moment(instant(NOON)) == NOON
    assert instant(NOON) == instant(NOON.astimezone(timezone(timedelta(hours=5))))
    assert instant(datetime(1960, 1, 1, tzinfo=UTC)) < 0


def test_a_day_has_a_first_and_a_last_instant() -> None:
    day = date(1960, 2, 29)
    assert end_of_day(day) - start_of_day(day) == DAY - 1
    assert day_of(start_of_day(day)) == day_of(end_of_day(day)) == day
    assert truncate_to_day(end_of_day(day)) == start_of_day(day)
    assert (truncate_to_day(FOREVER), truncate_to_day(BEGINNING)) == (FOREVER, BEGINNING)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2024-02-29", 1, "year", "2025-02-28"),
        ("2024-02-29", -4, "year", "2020-02-29"),
        ("2024-01-31", 1, "month", "2024-02-29"),
        ("2024-03-31", -1, "month", "2024-02-29"),
        ("2024-12-15", 2, "month", "2025-02-15"),
        ("2024-02-29", 1, "day", "2024-03-01"),
        ("2024-02-29", 2, "week", "2024-03-14"),
        ("2024-02-29", 24, "hour", "2024-03-01"),
    ],
)
def test_calendar_units(start: str, amount: int, unit: str, end: str) -> None:
    expected = start_of_day(date.fromisoformat(end))
    assert shift(start_of_day(date.fromisoformat(start)), amount, unit) == expected


def test_the_time_of_day_is_kept() -> None:
    assert moment(shift(instant(NOON), 1, "month")) == datetime(2024, 3, 29, 12, tzinfo=UTC)


def test_without_end_stays_without_end() -> None:
    assert shift(FOREVER, -5, "year") == FOREVER and shift(BEGINNING, 5, "day") == BEGINNING
    assert shift(instant(NOON), 9000, "year") == FOREVER and shift(instant(NOON), -9000, "year") == BEGINNING
