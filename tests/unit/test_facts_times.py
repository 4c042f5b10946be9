"""FHIR times to milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.facts import times
from smartapp.facts.instants import DAY, instant
from smartapp.facts.times import span


def at(*parts: int) -> int:
    return instant(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", at(2026, 1, 1), at(2027, 1, 1) - 1),
        ("9999", at(9999, 1, 1), at(9999, 12, 31) + DAY - 1),
        ("2026-03", at(2026, 3, 1), at(2026, 4, 1) - 1),
        ("2026-11", at(2026, 11, 1), at(2026, 12, 1) - 1),
        ("2026-12", at(2026, 12, 1), at(2027, 1, 1) - 1),
        ("9999-12", at(9999, 12, 1), at(9999, 12, 31) + DAY - 1),
        ("2024-02", at(2024, 2, 1), at(2024, 3, 1) - 1),
        ("2026-03-04", at(2026, 3, 4), at(2026, 3, 5) - 1),
        ("1900-02-28", at(1900, 2, 28), at(1900, 3, 1) - 1),
    ],
)
def test_a_date_covers_all_that_it_may_mean(text: str, first: int, last: int) -> None:
    assert span(text) == (first, last)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-04T10:20:30Z", at(2026, 3, 4, 10, 20, 30)),
        ("2026-03-04T10:20:30", at(2026, 3, 4, 10, 20, 30)),
        ("2026-03-04T10:20", at(2026, 3, 4, 10, 20)),
        ("2026-03-04T10:20Z", at(2026, 3, 4, 10, 20)),
        ("2026-03-04T10:20:30.5Z", at(2026, 3, 4, 10, 20, 30) + 500),
        ("2026-03-04T10:20:30.0Z", at(2026, 3, 4, 10, 20, 30)),
        ("2026-03-04T10:20:30.123456789+00:00", at(2026, 3, 4, 10, 20, 30) + 123),
        ("2026-03-04T10:20:30.999-00:00", at(2026, 3, 4, 10, 20, 30) + 999),
        ("2026-03-04T23:30:00-05:00", at(2026, 3, 5, 4, 30)),
        ("2026-03-04T01:00:00+05:30", at(2026, 3, 3, 19, 30)),
        ("2026-03-04T01:00:00+14:00", at(2026, 3, 3, 11)),
        ("2016-12-31T23:59:60Z", at(2017, 1, 1)),
    ],
)
def test_a_time_of_day_is_a_point_in_utc(text: str, expected: int) -> None:
    assert span(text) == (expected, expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "202",
        "0000",
        "abcd",
        "+202",
        "2 26",
        "2_26",
        "\uff12\uff10\uff12\uff16",
        "2026-",
        "2026-1",
        "2026-13",
        "2026-00",
        "2026/03",
        "20260304",
        "2026-3-4",
        "2026-02-30",
        "2026-02-29",
        "2026/03/04",
        "03/04/2026",
        "2026-03-04T",
        "2026-03-04 10:20:30",
        "2026-03-04t10:20:30z",
        "2026-03-04T10",
        "2026-03-04T10:2",
        "2026-03-04T1020:30",
        "2026-03-04T24:00:00Z",
        "2026-03-04T10:60:00Z",
        "2026-03-04T10:20:61Z",
        "2026-03-04T10:20:5",
        "2026-03-04T10:20:5Z",
        "2026-03-04T10:20:",
        "2026-03-04T10:20:30.Z",
        "2026-03-04T10:20:30.5a",
        "2026-03-04T10:20:30ZZ",
        "2026-03-04T10:20:30+5",
        "2026-03-04T10:20:30+15:00",
        "2026-03-04T10:20:30+05:60",
        "2026-03-04T10:20:30+05-00",
        "2026-03-04T10:20:30*05:00",
        "2026-03-04T10:20:30+0a:00",
        "2026-03-04T10:20:30Z" + " " * 50,
        "2026-03-04T10:20:30." + "1" * 100,
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        span(text)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_what_python_writes_is_read_back(when: datetime) -> None:
    text = when.isoformat(timespec="milliseconds") + "Z"
    whole = when.replace(tzinfo=UTC, microsecond=when.microsecond // 1000 * 1000)
    assert span(text) == (instant(whole), instant(whole))


def test_the_memory_of_times_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "_KEPT", 3)
    times.KNOWN.clear()
    for year in range(1990, 2010):
        assert span(str(year))[0] == at(year, 1, 1)
        assert len(times.KNOWN) <= 3


def test_the_memory_of_the_parts_of_times_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "_KEPT", 3)
    monkeypatch.setattr(times, "_PARTS", ({}, {}, {}))
    times.KNOWN.clear()
    for second in range(20):
        text = f"2026-01-{second + 1:02}T10:20:{second:02}.{second:03}Z"
        assert span(text)[0] == at(2026, 1, second + 1) + ((10 * 60 + 20) * 60 + second) * 1000 + second
        assert all(len(known) <= 3 for known in times._PARTS)
