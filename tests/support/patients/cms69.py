"""Patients for CMS69, Body Mass Index Screening and Follow-Up Plan."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    HOSPICE,
    PALLIATIVE,
    beside,
    observation_statuses,
    overlapping,
    visit_rows,
    within,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms69 import CMS69

OPEN, DONE, OUT, EXCUSED = "ip den", "ip den num", "ip den ex", "ip den exc"
START, END = "2026-01-01", "2026-12-31"
VISIT = b.encounter(vs.ENCOUNTER_TO_EVALUATE_BMI, "2026-06-15T10:00", "2026-06-15T10:30")


def bmi(when: str = "2026-06-15T10:10", number: float = 22.0, unit: str = "kg/m2", **more: object) -> b.Event:
    return b.result(codes.BODY_MASS_INDEX, when, number, unit, **more)


HIGH, LOW = bmi(number=30), bmi(number=17)


def cms69() -> Table:
    table = Table(CMS69, born="1980-05-05", base=(VISIT,))
    table.row("not measured", OPEN)
    _visits(table)
    _values(table)
    for reading, diagnosis, orders, drug, intervention in (
        (
            HIGH,
            vs.OVERWEIGHT_OR_OBESE,
            (vs.FOLLOW_UP_ABOVE_NORMAL_BMI, vs.WEIGHT_REFERRALS),
            vs.MEDICATIONS_ABOVE_NORMAL_BMI,
            vs.FOLLOW_UP_ABOVE_NORMAL_BMI,
        ),
        (
            LOW,
            vs.UNDERWEIGHT,
            (vs.FOLLOW_UP_BELOW_NORMAL_BMI, vs.WEIGHT_REFERRALS),
            vs.MEDICATIONS_BELOW_NORMAL_BMI,
            vs.FOLLOW_UP_BELOW_NORMAL_BMI,
        ),
    ):
        for kind in orders:
            _orders(table, reading, diagnosis, partial(b.order, "ServiceRequest", kind))
        _orders(table, reading, diagnosis, _medicine_order(drug))
        _performed(table, reading, diagnosis, partial(b.procedure, intervention))
    _exceptions(table)
    _exclusions(table)
    return table


def _medicine_order(drug: b.Kind):  # type: ignore[no-untyped-def]
    return lambda when="2026-06-01", **more: b.medicine(drug, None, at=when, **more)


def _visits(table: Table) -> None:
    visit_rows(table, vs.ENCOUNTER_TO_EVALUATE_BMI, OPEN, "-")
    visit = partial(b.encounter, vs.ENCOUNTER_TO_EVALUATE_BMI)
    table.row("virtual visit", "-", visit(class_="VR"), alone=True)
    table.row("visit without a class", OPEN, visit(class_=None), alone=True)
    born = "2008-06-15"
    table.row("visit on the 18th birthday", OPEN, visit("2026-06-15"), alone=True, born=born)
    table.row("visit the day before", "-", visit("2026-06-14", "2026-06-16"), alone=True, born=born)
    table.row("visit at 19", OPEN, visit("2026-06-15"), alone=True, born="2007-06-15")


def _values(table: Table) -> None:
    for number, hit in (
        (18.4, False),
        (18.5, True),
        (19, True),
        (24.9, True),
        (25, False),
        (25.5, False),
        (17.6, False),
    ):
        table.row(f"{number}", DONE if hit else OPEN, bmi(number=number))
    table.row("0", OPEN, bmi(number=0))
    table.row("0, and a normal one", DONE, bmi(number=0), bmi())
    table.row("0.5, and a normal one", OPEN, bmi(number=0.5), bmi())
    table.row("normal in another unit", OPEN, bmi(unit="g/m2"))
    table.row("high in another unit, and a normal one", DONE, bmi(number=30, unit="g/m2"), bmi())
    observation_statuses(table, bmi, DONE, OPEN)
    within(table, "normal", bmi, START, END, DONE, OPEN)
    table.row("normal, and a high one", OPEN, bmi(), HIGH)
    table.row("normal, and a low one", OPEN, bmi(), LOW)
    table.row("normal, and a high one before the year", DONE, bmi(), bmi("2025-06-01", 30))


def _orders(table: Table, reading: b.Event, diagnosis: b.Kind, order) -> None:  # type: ignore[no-untyped-def]
    made = beside(reading, order)
    table.row("ordered for it", DONE, *made(reason=diagnosis))
    table.row("ordered for it, without a reading", OPEN, order(reason=diagnosis))
    table.row("ordered for it, with a normal reading", DONE, order(reason=diagnosis), bmi())
    table.row("ordered for something else", OPEN, *made(reason=codes.YES))
    table.row("recorded as not ordered", OPEN, *made(reason=diagnosis, negated=True))
    table.row("ordered, whatever the status", DONE, *made(reason=diagnosis, status="draft"))
    table.window("ordered", partial(made, reason=diagnosis), (START, END), DONE, OPEN)
    table.row("ordered late on the last day", DONE, *made(when="2026-12-31T23:00", reason=diagnosis))
    for since, hit in (("2026-06-01T20:00", True), ("2026-06-02", False), ("2020-01-01", True)):
        expected = DONE if hit else OPEN
        table.row(
            f"ordered on 1 June, diagnosed {since}", expected, *made("2026-06-01T08:00"), b.problem(diagnosis, since)
        )
    table.row("diagnosed at a visit", DONE, *made("2026-06-01"), b.condition(diagnosis, "2020-01-01"))
    diagnosed = b.problem(diagnosis, "2020-01-01")
    table.window("ordered, diagnosed", beside((reading, diagnosed), order), (START, END), DONE, OPEN)
    table.row("ordered late on the last day, diagnosed", DONE, reading, diagnosed, order("2026-12-31T23:00"))
    table.row("diagnosed, over since", DONE, *made("2026-06-01"), b.problem(diagnosis, "2020-01-01", "2021-01-01"))


def _performed(table: Table, reading: b.Event, diagnosis: b.Kind, done) -> None:  # type: ignore[no-untyped-def]
    low = reading is LOW
    made = beside(reading, done)
    table.row("done for it", DONE, *made(reason=diagnosis))
    table.row("done for it, without a reading", OPEN, done(reason=diagnosis))
    table.row("done for something else", OPEN, *made(reason=codes.YES))
    table.row("done for it, in progress", OPEN if low else DONE, *made(reason=diagnosis, status="in-progress"))
    table.row("recorded as not done", OPEN, *made(reason=diagnosis, negated=True))
    table.window("done", partial(made, reason=diagnosis), (START, END), DONE, OPEN)
    table.row("done late on the last day", DONE, *made("2026-12-31T23:00", reason=diagnosis))
    table.row("begun in the year, for it", DONE, *made("2026-12-31", "2027-01-03", reason=diagnosis))
    concern = partial(b.problem, diagnosis, category=codes.HEALTH_CONCERN)
    at = "2026-06-01T08:00"
    for start, end, hit in (
        ("2026-06-01T20:00", "for ever", True),
        ("2026-06-02", "for ever", False),
        ("2020-01-01", "2026-06-01T00:00", True),
        ("2020-01-01", "2026-05-31", False),
    ):
        table.row(f"done on 1 June, a concern {start} to {end}", DONE if hit else OPEN, *made(at), concern(start, end))
    over = concern("2020-01-01", clinical="inactive", end=None)
    table.row("a concern, over and nobody said when", OPEN, *made(at), over)
    over = concern("2026-06-01T07:00", clinical="inactive", end=None)
    table.row("a concern from that day on, over and nobody said when", OPEN, *made(at), over)
    since = concern("2020-01-01")
    table.row("done, on the problem list", OPEN if low else DONE, *made(at), b.problem(diagnosis, "2020-01-01"))
    table.row("done, diagnosed at a visit", OPEN, *made(at), b.condition(diagnosis, "2020-01-01"))
    table.row("recorded as not done, a concern", OPEN, *made(at, negated=True), since)
    table.row("in progress, a concern", DONE, *made(at, status="in-progress"), since)
    table.window("done, a concern", beside((reading, since), done), (START, END), DONE, OPEN)
    table.row("begun late on the last day, a concern", DONE, *made("2026-12-31T22:00", "2026-12-31T23:00"), since)
    table.row("until after the year, a concern", OPEN if low else DONE, *made("2026-12-31", "2027-01-03"), since)
    table.row("begun before the year, a concern", OPEN, *made("2025-12-31", "2026-01-03"), since)
    two_days = made("2026-06-01", "2026-06-03")
    table.row("over days, a concern from the second", OPEN, *two_days, concern("2026-06-02"))
    table.row("over days, a concern until the first", DONE, *two_days, concern("2020-01-01", "2026-06-01"))
    table.row("begun before the year, for it", OPEN, *made("2025-12-31", "2026-01-03", reason=diagnosis))
    for number in (17.6, 18.4) if low else (25, 25.5):
        table.row(f"done for {number}", DONE, bmi(number=number), done(reason=diagnosis))


def _exceptions(table: Table) -> None:
    def unmeasured(when: str = "2026-06-15T12:00", **more: object) -> b.Event:
        more = {"negated": True, "status": "cancelled", "reason": vs.PATIENT_DECLINED, **more}
        return b.observation(codes.BODY_MASS_INDEX, when, **more)

    table.row("declined", EXCUSED, unmeasured())
    table.row("not measured for a medical reason", EXCUSED, unmeasured(reason=vs.MEDICAL_REASON))
    table.row("not measured for another reason", OPEN, unmeasured(reason=codes.YES))
    table.row("measured, with such a reason", OPEN, unmeasured(negated=False))
    table.row("declined the day before", OPEN, unmeasured("2026-06-14T23:59"))
    table.row("declined the day after", OPEN, unmeasured("2026-06-16T00:00"))
    table.row("declined early that day", EXCUSED, unmeasured("2026-06-15T00:00"))
    table.row("declined until that day", EXCUSED, unmeasured("2026-06-10", until="2026-06-15T00:00"))
    two_days = b.encounter(vs.ENCOUNTER_TO_EVALUATE_BMI, "2026-07-01", "2026-07-02")
    table.row("declined on the second day of a visit", OPEN, two_days, unmeasured("2026-07-02"))
    referral = partial(b.order, "ServiceRequest")
    services = (vs.WEIGHT_REFERRALS, vs.FOLLOW_UP_ABOVE_NORMAL_BMI, vs.FOLLOW_UP_BELOW_NORMAL_BMI)
    drugs = (vs.MEDICATIONS_ABOVE_NORMAL_BMI, vs.MEDICATIONS_BELOW_NORMAL_BMI)
    for make in (*(partial(referral, kind) for kind in services), *(_medicine_order(kind) for kind in drugs)):
        none = partial(make, when="2026-06-15T12:00", status="completed", negated=True, reason=vs.MEDICAL_REASON)
        table.row("no follow-up for a medical reason", EXCUSED, none())
        table.row("no follow-up for another reason", OPEN, none(reason=vs.PATIENT_DECLINED))
        table.row("no follow-up, active", OPEN, none(status="active"))
        table.row("follow-up, with such a reason", OPEN, none(negated=False))
        table.row("no follow-up, early that day", EXCUSED, none(when="2026-06-15T00:00"))
        table.row("no follow-up the day before", OPEN, none(when="2026-06-14T23:59"))
        table.row("no follow-up on the second day of a visit", OPEN, two_days, none(when="2026-07-02"))
    table.row("excused, though normal", DONE, unmeasured(), bmi())


def _exclusions(table: Table) -> None:
    table.row("hospice", OUT, HOSPICE)
    table.row("palliative care", OUT, PALLIATIVE)
    pregnant = partial(b.condition, vs.PREGNANCY_RELATED)
    overlapping(table, "pregnant", pregnant, OUT, OPEN)
    table.row("pregnant, over and nobody said when", OPEN, pregnant("2020-01-01", clinical="inactive", end=None))
    status = partial(b.observation, codes.PREGNANCY_STATUS, value=vs.PREGNANCY_RELATED)
    overlapping(table, "pregnancy status", status, OUT, OPEN)
    observation_statuses(table, status, OUT, OPEN)
    table.row("pregnancy status: not", OPEN, status(value=codes.YES))
