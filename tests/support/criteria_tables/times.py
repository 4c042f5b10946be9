"""Times: the period, days, shifts, ages, and which instants count."""

from __future__ import annotations

from support.spec_tables import A1, SET_A, Case, Table, condition, encounter, observation, when

from smartapp.criteria.words import (
    PERIOD,
    Interval,
    age,
    as_of,
    birth,
    conditions,
    contains,
    day_contains,
    day_during,
    day_overlaps,
    death,
    during,
    encounters,
    end,
    latest,
    observations,
    overlaps,
    start,
)

_VISITS = encounters(SET_A)
_PROBLEMS = conditions(SET_A)
_TESTS = observations(SET_A, found_in=())


def _visit(start_: str | None, end_: str | None) -> tuple:
    return (encounter("a", A1, start=start_, end=end_),)


PERIODS = (
    Table(
        "during the period",
        "Both ends inside, to the instant; the period ends with the last millisecond of its last day.",
        _VISITS.where(during(PERIOD)),
        (
            Case("inside", _visit("2026-01-01", "2026-12-31T23:59"), "a"),
            Case("begins before", _visit("2025-12-31T23:59", "2026-01-02"), ""),
            Case("ends after", _visit("2026-12-31T10:00", "2027-01-01"), ""),
            Case("end unknown", _visit("2026-03-01", None), "", "?a"),
            Case("start unknown", _visit(None, "2026-03-01"), "", "?a"),
            Case("unknown, but known to be outside", _visit(None, "2027-03-01"), "", ""),
        ),
    ),
    Table(
        "during day of the period",
        "Both sides as UTC days.",
        _VISITS.where(day_during(PERIOD)),
        (Case("the last evening", _visit("2026-12-31T23:00", "2026-12-31T23:59"), "a"),),
    ),
    Table(
        "overlaps",
        "Some instant in common, both ends closed; a period without an end is for ever.",
        _PROBLEMS.where(overlaps(PERIOD)),
        (
            Case("for ever", (condition("a", A1, start="2020-01-01", end="for ever"),), "a"),
            Case("ended before", (condition("a", A1, start="2020-01-01", end="2025-12-31T23:59"),), ""),
            Case("ended at the first instant", (condition("a", A1, start="2020-01-01", end="2026-01-01"),), "a"),
            Case("end unknown", (condition("a", A1, start="2020-01-01"),), "", "?a"),
            Case("begins inside, end unknown", (condition("a", A1, start="2026-06-01"),), "a"),
            Case("begins at the first instant, end unknown", (condition("a", A1, start="2026-01-01"),), "a"),
            Case("begins before it, end unknown", (condition("a", A1, start="2025-12-31T23:59"),), "", "?a"),
            Case("begins after, end unknown", (condition("a", A1, start="2027-01-01", at="2026-01-01"),), ""),
            Case("begins after", (condition("a", A1, start="2027-01-01", at="2026-01-01", end="for ever"),), ""),
        ),
    ),
    Table(
        "overlaps, half open",
        "Where a rule ends before an instant, that instant is outside.",
        _PROBLEMS.where(start.before(PERIOD.start.plus(6, "month"))),
        (
            Case("the instant before", (condition("a", A1, start="2026-06-30T23:59"),), "a"),
            Case("the instant", (condition("a", A1, start="2026-07-01"),), ""),
        ),
    ),
    Table(
        "day overlaps",
        "Some UTC day in common.",
        _VISITS.where(day_overlaps(Interval(PERIOD.start, PERIOD.start))),
        (
            Case("later that day", _visit("2026-01-01T22:00", "2026-01-03"), "a"),
            Case("later that day, end unknown", _visit("2026-01-01T22:00", None), "a"),
            Case("the evening before, end unknown", _visit("2025-12-31T23:59", None), "", "?a"),
            Case("the next day", _visit("2026-01-02", "2026-01-03"), ""),
        ),
    ),
    Table(
        "contains",
        "To the instant.",
        _TESTS.where(contains(Interval(PERIOD.start, PERIOD.start.plus(4, "day")), start)),
        (
            Case("exactly 96 hours later", (observation("a", A1, start="2026-01-05"),), "a"),
            Case("a minute more", (observation("a", A1, start="2026-01-05T00:01"),), ""),
        ),
    ),
    Table(
        "day contains",
        "By day.",
        _TESTS.where(day_contains(Interval(PERIOD.start, PERIOD.start.plus(4, "day")), start)),
        (
            Case("that evening", (observation("a", A1, start="2026-01-05T23:59"),), "a"),
            Case("the next day", (observation("a", A1, start="2026-01-06"),), ""),
        ),
    ),
    Table(
        "which end counts",
        "latest is the end where it is known and finite, else the start.",
        _TESTS.where(latest.on_or_after(PERIOD.start)),
        (
            Case("by its end", (observation("a", A1, start="2025-12-30", end="2026-01-01"),), "a"),
            Case("for ever: by its start", (observation("a", A1, start="2025-12-30", end="for ever"),), ""),
            Case("no times", (observation("a", A1),), "", "?a"),
        ),
    ),
    *(
        Table(
            f"a time {name} another",
            "Instants are compared.",
            _TESTS.where(made),
            (
                Case("a minute before", (observation("a", A1, start="2026-05-31T23:59"),), before),
                Case("the same", (observation("a", A1, start="2026-06-01"),), same),
                Case("a minute after", (observation("a", A1, start="2026-06-01T00:01"),), after),
            ),
        )
        for name, made, before, same, after in (
            ("before", start.before(PERIOD.start.plus(5, "month")), "a", "", ""),
            ("on or before", start.on_or_before(PERIOD.start.plus(5, "month")), "a", "a", ""),
            ("same as", start.same_as(PERIOD.start.plus(5, "month")), "", "a", ""),
            ("on or after", start.on_or_after(PERIOD.start.plus(5, "month")), "", "a", "a"),
            ("after", start.after(PERIOD.start.plus(5, "month")), "", "", "a"),
        )
    ),
)

SHIFTS = (
    Table(
        "shift by months",
        "Months keep the day of the month, or take the month's last day.",
        _TESTS.where(start.plus(1, "month").same_as(as_of.day)),
        (
            Case("31 January", (observation("a", A1, start="2025-01-31"),), "a", as_of=when("2025-02-28")),
            Case("28 January", (observation("a", A1, start="2025-01-28"),), "a", as_of=when("2025-02-28")),
            Case("27 January", (observation("a", A1, start="2025-01-27"),), "", as_of=when("2025-02-28")),
            Case("a leap year", (observation("a", A1, start="2024-01-31"),), "a", as_of=when("2024-02-29")),
        ),
    ),
    Table(
        "shift by years",
        "29 February becomes 28 February in a common year.",
        _TESTS.where(start.minus(-1, "year").day.same_as(as_of.day)),
        (Case("leap day", (observation("a", A1, start="2024-02-29T13:00"),), "a", as_of=when("2025-02-28")),),
    ),
    Table(
        "shift of weeks and hours",
        "Weeks, days, hours and less are exact.",
        _TESTS.where(start.plus(2, "week").plus(3, "hour").same_as(as_of)),
        (Case("exact", (observation("a", A1, start="2026-02-15T01:00"),), "a", as_of=when("2026-03-01T04:00")),),
    ),
    Table(
        "shift of for ever",
        "For ever stays for ever.",
        _PROBLEMS.where(end.minus(10, "year").after(PERIOD.end)),
        (Case("for ever", (condition("a", A1, start="2020-01-01", end="for ever"),), "a"),),
    ),
    Table(
        "shift of an unknown time",
        "Unknown.",
        _TESTS.where(start.plus(1, "day").day.on_or_after(PERIOD.start)),
        (Case("unknown", (observation("a", A1),), "", "?a"),),
    ),
    Table(
        "14 days or less before",
        "Closed on both sides.",
        _TESTS.where(start.on_or_after(as_of.minus(14, "day")), start.on_or_before(as_of)),
        (
            Case("14 days", (observation("a", A1, start="2026-03-01"),), "a", as_of=when("2026-03-15")),
            Case("the same instant", (observation("a", A1, start="2026-03-15"),), "a", as_of=when("2026-03-15")),
            Case("more", (observation("a", A1, start="2026-02-28T23:59"),), "", as_of=when("2026-03-15")),
        ),
    ),
)

_AGE = age(as_of)
_OLD_ENOUGH = age(PERIOD.end).at_least(65)

AGES = (
    Table(
        "death",
        "The time of death; unknown while alive.",
        ~death.is_known | death.on_or_after(PERIOD.start),
        (
            Case("alive", (), True),
            Case("died in the period", (), True, patient={"deceased": when("2026-01-01")}),
            Case("died before", (), False, patient={"deceased": when("2025-12-31T23:59")}),
        ),
    ),
    Table(
        "age",
        "Completed years on the UTC day.",
        _AGE,
        (
            Case("on the birthday", (), 40, patient={"birth": "1986-05-17"}, as_of=when("2026-05-17")),
            Case("the day before", (), 39, patient={"birth": "1986-05-17"}, as_of=when("2026-05-16T23:59")),
            Case("before birth", (), -1, patient={"birth": "2026-05-17"}, as_of=when("2026-05-16")),
            Case("no birth date", (), None),
        ),
    ),
    Table(
        "born on 29 February",
        "The birthday in a common year is 1 March.",
        _AGE,
        (
            Case("28 February", (), 64, patient={"birth": "1960-02-29"}, as_of=when("2025-02-28")),
            Case("1 March", (), 65, patient={"birth": "1960-02-29"}, as_of=when("2025-03-01")),
            Case("leap year", (), 64, patient={"birth": "1960-02-29"}, as_of=when("2024-02-29")),
        ),
    ),
    Table(
        "partial birth date",
        "Known only where every day that it allows gives the same age.",
        _AGE,
        (
            Case("month over", (), 40, patient={"birth": ("1986-05-01", "1986-05-31")}, as_of=when("2026-06-01")),
            Case(
                "within the month", (), None, patient={"birth": ("1986-05-01", "1986-05-31")}, as_of=when("2026-05-15")
            ),
            Case("last day of the year", (), 40, patient={"birth": ("1986-01-01", "1986-12-31")}),
        ),
    ),
    Table(
        "age limit and a partial birth date",
        "Unknown near the limit.",
        _OLD_ENOUGH,
        (
            Case("old enough whatever the day", (), True, patient={"birth": ("1961-01-01", "1961-12-31")}),
            Case("too young", (), False, patient={"birth": ("1962-01-01", "1962-12-31")}),
            Case("nothing recorded", (), None),
        ),
    ),
    Table(
        "age at an event",
        "On the event's day; unknown where that is.",
        _TESTS.where(age(start).at_least(30)),
        (
            Case(
                "30 that day", (observation("a", A1, start="2016-05-17T00:30"),), "a", patient={"birth": "1986-05-17"}
            ),
            Case("29", (observation("a", A1, start="2016-05-16T23:30"),), "", patient={"birth": "1986-05-17"}),
            Case("time unknown", (observation("a", A1),), "", "?a", patient={"birth": "1986-05-17"}),
        ),
    ),
    Table(
        "age at the end of something that lasts for ever",
        "Unknown.",
        _PROBLEMS.where(age(end).at_least(30)),
        (Case("for ever", (condition("a", A1, end="for ever"),), "", "?a", patient={"birth": "1986-05-17"}),),
    ),
    Table(
        "anchored at birth",
        "The first instant of the birth date; unknown where that is partial.",
        _TESTS.where(start.day.on_or_before(birth.plus(2, "year"))),
        (
            Case(
                "on the second birthday",
                (observation("a", A1, start="2025-05-17T10:00"),),
                "a",
                patient={"birth": "2023-05-17"},
            ),
            Case("after it", (observation("a", A1, start="2025-05-18"),), "", patient={"birth": "2023-05-17"}),
            Case(
                "partial",
                (observation("a", A1, start="2025-05-17"),),
                "",
                "?a",
                patient={"birth": ("2023-05-01", "2023-05-31")},
            ),
            Case("absent", (observation("a", A1, start="2025-05-17"),), "", "?a"),
        ),
    ),
)

TABLES = (*PERIODS, *SHIFTS, *AGES)
