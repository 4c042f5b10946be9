"""What has been done for a patient, drawn before any resource is written.

For each preventive or monitoring service that fits a patient one state is drawn at the rates of the
table, and a date from the state: so the share of open gaps is known in advance. The rates are not
measured anywhere; they are set so that every state turns up among two hundred patients. Intervals
are those of the guidelines named beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .dates import months_before, workday, years_before
from .draw import Draw


class State(StrEnum):
    """Where a service stands on the reference date."""

    MET = "met"  # done, and current for a while yet
    DUE = "due"  # ran out within the last three months
    OVERDUE = "overdue"  # ran out longer ago
    NEVER = "never"  # no trace of it
    REFUSED = "refused"  # not current, and the patient declined it within the last year
    EXCLUDED = "excluded"  # not needed: a condition or an operation rules it out
    UNCONTROLLED = "uncontrolled"  # measured, but the latest value is out of range


MET, DUE, OVERDUE, NEVER, REFUSED, EXCLUDED, UNCONTROLLED = State


@dataclass(frozen=True, slots=True)
class Service:
    """A service: whom it is for, how often, and how often each state occurs.

    ``methods`` maps each way to do it to (months that it lasts or None for once, share in percent).
    """

    key: str
    ages: tuple[int, int]
    methods: dict[str, tuple[int | None, int]]
    rates: dict[State, int]
    sex: str | None = None
    problem: str | None = None
    at_visit: bool = False

    def fits(self, sex: str, age: int, problems: frozenset[str]) -> bool:
        """Whether the service is for somebody like this."""
        return (
            self.sex in (None, sex)
            and self.ages[0] <= age <= self.ages[1]
            and (self.problem is None or self.problem in problems)
        )


def _rates(**percent: int) -> dict[State, int]:
    if sum(percent.values()) != 100:
        raise ValueError(f"rates must add up to 100: {percent}")
    return {State(name): share for name, share in percent.items()}


def _once() -> dict[str, tuple[int | None, int]]:
    return {"usual": (None, 100)}


def _every(months: int) -> dict[str, tuple[int | None, int]]:
    return {"usual": (months, 100)}


_USUAL = _rates(met=58, due=10, overdue=18, never=14)
_ONCE = _rates(met=60, never=34, refused=6)

SERVICES = (
    # USPSTF 2024: every two years from 40 to 74.
    Service(
        "breast", (40, 74), _every(24), _rates(met=56, due=10, overdue=16, never=8, refused=5, excluded=5), "female"
    ),
    # USPSTF 2018: cytology every three years, HPV or both every five from 30.
    Service(
        "cervical",
        (21, 65),
        {"pap": (36, 55), "cotest": (60, 45)},
        _rates(met=56, due=8, overdue=16, never=8, refused=4, excluded=8),
        "female",
    ),
    # USPSTF 2021: one of several tests, each with its own interval.
    Service(
        "colorectal",
        (45, 75),
        {"colonoscopy": (120, 50), "fit": (12, 28), "sdna": (36, 14), "sigmoidoscopy": (60, 8)},
        _rates(met=52, due=8, overdue=14, never=16, refused=7, excluded=3),
    ),
    Service("a1c", (18, 85), _every(12), _rates(met=60, uncontrolled=24, overdue=10, never=6), problem="diabetes"),
    Service("eye", (18, 85), _every(12), _rates(met=50, due=10, overdue=25, never=10, refused=5), problem="diabetes"),
    Service("kidney", (18, 85), _every(12), _rates(met=52, due=10, overdue=26, never=12), problem="diabetes"),
    Service(
        "bp",
        (18, 95),
        _every(12),
        _rates(met=60, uncontrolled=28, overdue=8, never=4),
        problem="hypertension",
        at_visit=True,
    ),
    Service("statin", (40, 85), _every(12), _rates(met=68, never=20, refused=6, excluded=6), problem="statin-needed"),
    Service("depression", (12, 99), _every(12), _rates(met=58, due=8, overdue=16, never=14, refused=4), at_visit=True),
    Service("tobacco", (12, 99), _every(12), _rates(met=74, due=6, overdue=12, never=8), at_visit=True),
    Service("falls", (65, 99), _every(12), _USUAL, at_visit=True),
    Service("social", (18, 99), _every(12), _rates(met=30, due=6, overdue=14, never=48, refused=2), at_visit=True),
    Service("wellness", (65, 99), _every(12), _rates(met=54, due=12, overdue=18, never=16), at_visit=True),
    Service(
        "chlamydia", (16, 24), _every(12), _rates(met=45, due=10, overdue=15, never=30), "female", "sexually-active"
    ),
    Service("hiv", (15, 65), _once(), _rates(met=48, never=48, refused=4)),
    Service("hepatitis-c", (18, 79), _once(), _rates(met=50, never=48, refused=2)),
    Service("bone-density", (65, 99), _once(), _ONCE, "female"),
    Service(
        "lung", (50, 80), _every(12), _rates(met=28, due=10, overdue=14, never=40, refused=8), problem="heavy-smoker"
    ),
    Service("aorta", (65, 75), _once(), _rates(met=50, never=50), "male", "ever-smoker"),
    Service("influenza", (1, 99), _every(12), _rates(met=48, overdue=30, never=12, refused=10)),
    Service("pneumococcal", (50, 99), _once(), _rates(met=55, never=38, refused=7)),
    Service("zoster", (50, 99), _once(), _rates(met=44, due=14, never=36, refused=6)),
    Service("tetanus", (19, 99), _every(120), _rates(met=66, due=4, overdue=14, never=14, refused=2)),
    Service("rsv", (75, 99), _once(), _rates(met=40, never=54, refused=6)),
    Service("childhood", (1, 11), _once(), _rates(met=70, due=18, never=6, refused=6)),
    Service("teenage", (11, 17), _once(), _rates(met=60, due=26, never=8, refused=6)),
)

BY_KEY = {service.key: service for service in SERVICES}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A service's state for one patient, by what method, and when it was last done (None: not on file)."""

    state: State
    method: str
    last: date | None
    interval: int | None


def window(state: State, interval: int | None, reference: date) -> tuple[date, date] | None:
    """The earliest and latest day on which evidence for ``state`` may lie; None where there is no evidence."""
    if state in (NEVER, EXCLUDED):
        return None
    if interval is None:
        return (months_before(reference, 60), months_before(reference, 2)) if state in (MET, DUE) else None
    if state in (MET, UNCONTROLLED):
        return months_before(reference, max(4, interval * 3 // 4)), reference - timedelta(days=10)
    if state is DUE:
        return months_before(reference, interval + 3), months_before(reference, interval) - timedelta(days=3)
    return months_before(reference, interval * 2 + 12), months_before(reference, interval + 6)


@dataclass(frozen=True, slots=True)
class Course:
    """When something can have been done for a patient: ``visits`` are those in the office, oldest first.

    Nothing happens after ``horizon``: earlier than ``end`` for somebody who stays away.
    """

    birth: date
    visits: tuple[date, ...]
    horizon: date
    end: date


def settle(service: Service, state: State, method: str, course: Course, draw: Draw) -> Outcome:
    """A date for the state, or another state where the patient's course does not allow this one.

    What is done at visits happens at one, and nothing happens before the age at which the service
    starts. Evidence that cannot be is not written, and the state says so: OVERDUE where something
    older can be, else NEVER.
    """
    interval = service.methods[method][0]
    bounds = window(state, interval, course.end)
    if bounds is None:
        return Outcome(state, method, None, interval)
    low, high = max(bounds[0], years_before(course.birth, -service.ages[0])), min(bounds[1], course.horizon)
    if service.at_visit:
        days = [day for day in course.visits if low <= day <= high]
        if days:
            return Outcome(state, method, days[-1], interval)
    elif low <= high:
        day = max(low, workday(low + timedelta(days=draw.between(0, (high - low).days))))
        return Outcome(state, method, day, interval)
    if state is REFUSED:
        return Outcome(REFUSED, method, None, interval)
    if state is OVERDUE or interval is None:
        return Outcome(NEVER, method, None, interval)
    return settle(service, OVERDUE, method, course, draw)
