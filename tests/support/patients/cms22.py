"""Patients for CMS22, Screening for High Blood Pressure and Follow-Up: one visit on 10 and 11 June 2026."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import BAD_INTENTS, INTENTS

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms22 import CMS22

OPEN, DONE, OUT, EXCUSED = "ip den", "ip den num", "ip den ex", "ip den exc"
KIND = vs.ENCOUNTER_TO_SCREEN_BLOOD_PRESSURE
FIRST, LAST = "2026-06-10", "2026-06-11"
VISIT = b.encounter(KIND, "2026-06-10T10:00", "2026-06-11T11:00")
ADVICE = (
    vs.LIFESTYLE_RECOMMENDATION,
    vs.WEIGHT_REDUCTION_RECOMMENDED,
    vs.DIETARY_RECOMMENDATIONS,
    vs.RECOMMENDED_ACTIVITY,
    vs.ALCOHOL_REFERRAL,
)
TESTS = (codes.EKG_12_LEAD, codes.EKG_STUDY, vs.LABS_FOR_HYPERTENSION)


def reading(systolic: float | None, diastolic: float | None, when: str = "2026-06-10T10:30", **more: object) -> b.Event:
    pressure = {"systolic": systolic, "diastolic": diastolic}
    return b.observation(codes.BLOOD_PRESSURE, when, **{"until": when, **pressure, **more})


def ordered(kind: b.Kind, at: str = "2026-06-10T10:40", **more: object) -> b.Event:
    return b.order("ServiceRequest", kind, at=at, **more)


def referral(at: str = "2026-06-10T10:40", **more: object) -> b.Event:
    return ordered(vs.REFERRAL_TO_PRIMARY_CARE, at, **{"reason": vs.FINDING_OF_ELEVATED_PRESSURE, **more})


def medicine(at: str = "2026-06-10T10:40", **more: object) -> b.Event:
    return b.medicine(vs.MEDICATIONS_FOR_HYPERTENSION, None, at=at, **more)


WEEKS = partial(ordered, vs.FOLLOW_UP_4_WEEKS)
MONTHS = partial(ordered, vs.FOLLOW_UP_6_MONTHS)
ADVISED = partial(ordered, vs.LIFESTYLE_RECOMMENDATION)
TESTED = partial(ordered, codes.EKG_STUDY)
BEFORE = reading(130, 79, "2026-01-10T10:00")
# What each sort of reading needs beside a referral: the reading itself with what went before, and its follow-up.
SORTS = {
    "elevated": ((reading(125, 70),), {"months": MONTHS, "advice": ADVISED}),
    "first": ((reading(145, 95),), {"weeks": WEEKS, "advice": ADVISED}),
    "second, 130": ((reading(135, 85), BEFORE), {"months": MONTHS, "advice": ADVISED, "tests": TESTED}),
    "second, 140": (
        (reading(145, 95), BEFORE),
        {"weeks": WEEKS, "advice": ADVISED, "tests": TESTED, "medicine": medicine},
    ),
}


def cms22() -> Table:
    table = Table(CMS22, born="1970-05-05", base=(VISIT,))
    table.row("not measured", OPEN)
    table.ages((18, None), "2026-01-01", OPEN, "-")
    _visits(table)
    _readings(table)
    for name in SORTS:
        _followed_up(table, name)
    _hypertension(table)
    _declined(table)
    return table


def _visits(table: Table) -> None:
    row = partial(table.row, alone=True)
    row("no visit", "-")
    for word in ("planned", "in-progress", "cancelled"):
        row(f"visit {word}", "-", b.encounter(KIND, status=word))
    row("virtual visit", "-", b.encounter(KIND, class_="VR"))
    row("visit of unknown class", OPEN, b.encounter(KIND, class_=None))
    for start, end, counts in (
        ("2025-12-31T23:30", "2026-01-01T00:30", True),
        ("2025-12-31T22:30", "2025-12-31T23:30", False),
        ("2026-12-31T23:30", "2026-12-31T23:59", True),
        ("2026-12-31T23:30", "2027-01-01T00:00", False),
    ):
        row(f"visit from {start} to {end}", OPEN if counts else "-", b.encounter(KIND, start, end))


def _readings(table: Table) -> None:
    table.row("normal", DONE, reading(119, 79))
    for systolic, diastolic in ((1, 79), (119, 1), (1, 1)):
        table.row(f"{systolic}/{diastolic}", DONE, reading(systolic, diastolic))
    for systolic, diastolic in ((0.5, 79), (119, 0.5), (None, 70), (110, None), (120, 79), (119, 80), (119, 129)):
        table.row(f"{systolic}/{diastolic}, nothing done", OPEN, reading(systolic, diastolic))
    for word, what in (("amended", DONE), ("corrected", DONE), ("preliminary", OPEN), ("cancelled", OPEN)):
        table.row(f"normal, {word}", what, reading(110, 70, status=word))
    table.row("normal, recorded as not done", OPEN, reading(110, 70, negated=True))
    table.row("normal, of no particular kind by its own word", OPEN, reading(110, 70, label=codes.OF_NO_KIND))
    for until, what in (
        ("2026-06-10T00:00", DONE),
        ("2026-06-09T23:59", OPEN),
        ("2026-06-11T23:59", DONE),
        ("2026-06-12T00:00", OPEN),
    ):
        table.row(f"normal until {until}", what, reading(110, 70, "2026-06-09T20:00", until=until))
    high = reading(150, 95, "2026-06-10T10:20")
    table.row("high, then normal", DONE, high, reading(110, 70))
    table.row("normal, then high", OPEN, reading(110, 70, "2026-06-10T10:10"), high)
    long = reading(150, 95, "2026-06-10T10:20", until="2026-06-11T10:00")
    table.row("the later start counts, not the later end", DONE, long, reading(110, 70))
    early = b.encounter(KIND, "2026-02-01T10:00", "2026-02-01T11:00")
    table.row("a reading of one of two visits", DONE, reading(110, 70), early)


def _followed_up(table: Table, name: str) -> None:
    readings, steps = SORTS[name]
    row = lambda says, what, *events: table.row(f"{name}: {says}", what, *readings, *events)  # noqa: E731
    row("nothing done", OPEN)
    all_ = {step: make() for step, make in steps.items()}
    row("all done", DONE, *all_.values())
    for step in steps:
        row(f"without {step}", OPEN, *(event for other, event in all_.items() if other != step))
    for kind in ADVICE:
        row(f"advice: {kind.name}", DONE, *_but(all_, "advice"), ordered(kind))
    if "tests" in steps:
        for kind in TESTS:
            row(f"test: {kind.name}", DONE, *_but(all_, "tests"), ordered(kind))
    for step, make in steps.items():
        _when(row, name, step, make, _but(all_, step))
    _referral(row)
    _which_reading(table, name, (*readings[1:], *all_.values()))


def _which_reading(table: Table, name: str, rest: tuple[b.Event, ...]) -> None:
    """The reading is the last by its start of those that ended on a day of the visit."""
    measured, other = {
        "elevated": ((125, 70), (150, 95)),
        "first": ((145, 95), (125, 70)),
        "second, 130": ((135, 85), (150, 95)),
        "second, 140": ((145, 95), (135, 85)),
    }[name]
    for start, end, what in (
        ("2026-06-09T20:00", "2026-06-10T10:30", DONE),
        ("2026-06-11T20:00", "2026-06-11T23:59", DONE),
        ("2026-06-11T23:00", "2026-06-12T00:00", OPEN),
        ("2026-06-12T00:00", "2026-06-12T00:00", OPEN),
        ("2025-01-01T10:00", "2025-01-01T10:00", OPEN),
        ("2026-02-02T10:00", "2026-02-02T10:00", OPEN),
    ):
        table.row(f"{name}: measured from {start} to {end}", what, *rest, reading(*measured, start, until=end))
    long = reading(*other, "2026-06-10T10:10", until="2026-06-11T10:00")
    table.row(f"{name}: the later start counts", DONE, *rest, reading(*measured), long)


def _but(all_: dict[str, b.Event], step: str) -> tuple[b.Event, ...]:
    return tuple(event for other, event in all_.items() if other != step)


def _when(row, name: str, step: str, make, rest: tuple[b.Event, ...]) -> None:  # type: ignore[no-untyped-def]
    """The rescreening is ordered at the visit, with an elevated reading the advice too; else any time of the year."""
    # That no medicine was prescribed is a refusal of its own.
    row(f"{step} recorded as not ordered", EXCUSED if step == "medicine" else OPEN, *rest, make(negated=True))
    if step == "medicine":
        for word, what in (("active", DONE), ("completed", DONE), ("draft", OPEN), ("stopped", OPEN)):
            row(f"medicine {word}", what, *rest, make(status=word))
        row("medicine, only a plan", DONE, *rest, make(intent="plan"))
    else:
        wanted = ("order",) if step == "months" else INTENTS
        for word in (*INTENTS, *BAD_INTENTS):
            row(f"{step}, {word}", DONE if word in wanted else OPEN, *rest, make(intent=word))
        row(f"{step} stopped", DONE, *rest, make(status="stopped"))
    at_visit = step in ("weeks", "months") or name == "elevated"
    window = ("2026-06-10T00:00", "2026-06-11T23:59") if at_visit else ("2026-01-01T00:00", "2026-12-31T23:59")
    outside = ("2026-06-09T23:59", "2026-06-12T00:00") if at_visit else ("2025-12-31T23:59", "2027-01-01T00:00")
    for at in window:
        row(f"{step} at {at}", DONE, *rest, make(at=at))
    for at in outside:
        row(f"{step} at {at}", OPEN, *rest, make(at=at))


def _referral(row) -> None:  # type: ignore[no-untyped-def]
    row("referred", DONE, referral())
    row("referred for another reason", OPEN, referral(reason=vs.MEDICAL_REASON))
    row("not referred", OPEN, referral(negated=True))
    for word in INTENTS:
        row(f"referred, {word}", DONE, referral(intent=word))
    for word in BAD_INTENTS:
        row(f"referred, {word}", OPEN, referral(intent=word))
    for at, what in (
        ("2026-06-10T00:00", DONE),
        ("2026-06-09T23:59", OPEN),
        ("2026-06-11T23:59", DONE),
        ("2026-06-12T00:00", OPEN),
    ):
        row(f"referred at {at}", what, referral(at))


def _hypertension(table: Table) -> None:
    had = partial(b.problem, vs.DIAGNOSIS_OF_HYPERTENSION)
    table.row("hypertension", OUT, had("2020-01-01"))
    table.row("hypertension at an encounter only", OPEN, b.condition(vs.DIAGNOSIS_OF_HYPERTENSION, "2020-01-01"))
    table.row("hypertension as a concern", OUT, had("2020-01-01", category=codes.HEALTH_CONCERN))
    for word, what in (
        (None, OUT),
        ("unconfirmed", OUT),
        ("provisional", OUT),
        ("differential", OUT),
        ("refuted", OPEN),
    ):
        table.row(f"hypertension, {word}", what, had("2020-01-01", verification=word))
    table.row("hypertension, over", OUT, had("2020-01-01", "2020-02-01"))
    table.row("hypertension late on the first day", OUT, had("2026-06-10T23:00"))
    table.row("hypertension from the second day of the visit", OPEN, had("2026-06-11T01:00"))
    _year_before(table)
    _turn_of_the_year(table)
    _bounds(table)


def _year_before(table: Table) -> None:
    """A reading of 130/80 or more in the year before makes another one the second: the first needs 4 weeks only."""
    now = reading(145, 95)
    followed = (WEEKS(), ADVISED())
    for says, before, second in (
        ("130/79", reading(130, 79, "2026-01-10"), True),
        ("129/80", reading(129, 80, "2026-01-10"), True),
        ("129/79", reading(129, 79, "2026-01-10"), False),
        ("130/0", reading(130, 0, "2026-01-10"), False),
        ("0/80", reading(0, 80, "2026-01-10"), False),
        ("130/0.5", reading(130, 0.5, "2026-01-10"), True),
        ("0.5/80", reading(0.5, 80, "2026-01-10"), True),
        ("130 and nothing", reading(130, None, "2026-01-10"), False),
        ("preliminary", reading(150, 95, "2026-01-10", status="preliminary"), False),
        ("amended", reading(150, 95, "2026-01-10", status="amended"), True),
        ("not done", reading(150, 95, "2026-01-10", negated=True), False),
        ("a year ago", reading(150, 95, "2025-06-09T12:00", until="2025-06-10T10:00"), True),
        ("more than a year ago", reading(150, 95, "2025-06-09T12:00", until="2025-06-10T09:59"), False),
        ("at the start of the visit", reading(150, 95, "2026-06-10T09:00", until="2026-06-10T10:00"), True),
        ("after the start of the visit", reading(150, 95, "2026-06-10T09:00", until="2026-06-10T10:01"), False),
    ):
        table.row(f"before: {says}, followed up as the first", OPEN if second else DONE, now, before, *followed)
    high, low = reading(150, 95, "2026-01-10"), reading(110, 70, "2026-02-10")
    table.row("before: high, then normal", DONE, now, high, low, *followed)
    long = reading(150, 95, "2026-01-10", until="2026-03-10")
    table.row("before: the later start counts", DONE, now, long, low, *followed)
    other = b.encounter(KIND, "2026-08-01T10:00", "2026-08-01T11:00")
    table.row("the reading before another visit is not this one's", DONE, now, *followed, other)


def _turn_of_the_year(table: Table) -> None:
    """The rescreening is ordered in the year, also at a visit that began before it."""
    eve = b.encounter(KIND, "2025-12-31T23:00", "2026-01-01T01:00")
    last = b.encounter(KIND, "2026-12-31T10:00", "2026-12-31T11:00")
    for name, make in (("first", WEEKS), ("second, 130", MONTHS), ("second, 140", WEEKS)):
        measured, steps = SORTS[name]
        rest = tuple(step() for step in steps.values() if step is not make)
        systolic, diastolic = measured[0].systolic, measured[0].diastolic
        for visit, day, at, what in (
            (eve, "2025-12-31T23:10", "2025-12-31T23:30", OPEN),
            (eve, "2025-12-31T23:10", "2026-01-01T00:30", DONE),
            (last, "2026-12-31T10:10", "2026-12-31T10:30", DONE),
        ):
            before = () if name == "first" else (reading(150, 95, "2025-12-01" if visit is eve else "2026-09-01"),)
            events = (visit, reading(systolic, diastolic, day), *before, *rest, make(at=at))
            table.row(f"{name}: rescreening ordered {at}", what, *events, alone=True)


def _bounds(table: Table) -> None:
    """Where one sort of reading ends and the next begins, told by the follow-up that each needs."""
    months, weeks = (MONTHS(), ADVISED()), (WEEKS(), ADVISED())
    for systolic, diastolic, what in (
        (119, 80, OPEN),
        (120, 1, DONE),
        (120, 0.5, OPEN),
        (0.5, 70, OPEN),
        (129, 79, DONE),
        (129.5, 79, OPEN),
        (129, 80, OPEN),
        (130, 79, OPEN),
    ):
        table.row(f"{systolic}/{diastolic}, followed up as elevated", what, reading(systolic, diastolic), *months)
    for systolic, diastolic, what in (
        (130, 79, DONE),
        (129, 80, DONE),
        (129, 79, OPEN),
        (130, 0, OPEN),
        (0, 80, OPEN),
        (130, 0.5, DONE),
        (0.5, 80, DONE),
    ):
        table.row(f"{systolic}/{diastolic}, followed up as the first", what, reading(systolic, diastolic), *weeks)
    table.row("the first one, followed up as the second", OPEN, reading(135, 85), MONTHS(), ADVISED(), TESTED())
    second = (MONTHS(), ADVISED(), TESTED(), BEFORE)
    for systolic, diastolic, what in (
        (130, 70, DONE),
        (129.5, 70, OPEN),
        (139, 70, DONE),
        (139.5, 70, OPEN),
        (140, 85, OPEN),
        (110, 80, DONE),
        (129.5, 79.5, OPEN),
        (110, 89, DONE),
        (110, 89.5, OPEN),
        (135, 90, OPEN),
    ):
        table.row(f"{systolic}/{diastolic}, followed up as the second", what, reading(systolic, diastolic), *second)
    grave = (WEEKS(), ADVISED(), TESTED(), medicine(), BEFORE)
    for systolic, diastolic, what in (
        (140, 70, DONE),
        (139.5, 89.5, OPEN),
        (110, 90, DONE),
        (140, 0, OPEN),
        (0, 90, OPEN),
        (140, 0.5, DONE),
        (0.5, 90, DONE),
    ):
        table.row(f"{systolic}/{diastolic}, followed up as the grave one", what, reading(systolic, diastolic), *grave)


def _declined(table: Table) -> None:
    refused = lambda kind, **more: ordered(  # noqa: E731
        kind, **{"negated": True, "reason": vs.PATIENT_DECLINED, **more}
    )
    referral_and_advice = (vs.REFERRAL_TO_PRIMARY_CARE, *ADVICE)
    asked = {
        "elevated": (*referral_and_advice, vs.FOLLOW_UP_6_MONTHS),
        "first": (*referral_and_advice, vs.FOLLOW_UP_4_WEEKS),
        "second, 130": (*referral_and_advice, vs.FOLLOW_UP_6_MONTHS, *TESTS),
        "second, 140": (*referral_and_advice, vs.FOLLOW_UP_4_WEEKS, *TESTS),
    }
    everything = {*asked["second, 130"], *asked["second, 140"]}
    for name, kinds in asked.items():
        readings = SORTS[name][0]
        row = lambda says, what, *events, r=readings, n=name: table.row(f"{n}: {says}", what, *r, *events)  # noqa: E731
        for kind in sorted(everything, key=lambda one: one.name):
            row(f"declined {kind.name}", EXCUSED if kind in kinds else OPEN, refused(kind))
        for word in ("active", "completed", "on-hold"):
            row(f"declined, {word}", EXCUSED, refused(kinds[0], status=word))
        row("declined, revoked", OPEN, refused(kinds[0], status="revoked"))
        row("declined for another reason", OPEN, refused(kinds[0], reason=vs.MEDICAL_REASON))
        row("a reason, but ordered", OPEN, refused(kinds[-1], negated=False))
        for at, what in (
            ("2026-06-10T00:00", EXCUSED),
            ("2026-06-09T23:59", OPEN),
            ("2026-06-11T23:59", EXCUSED),
            ("2026-06-12T00:00", OPEN),
        ):
            row(f"declined at {at}", what, refused(kinds[0], at=at))
        no_pills = medicine(negated=True)
        row("no medicine prescribed", EXCUSED if name == "second, 140" else OPEN, no_pills)
    grave = SORTS["second, 140"][0]
    for word, what in (("completed", EXCUSED), ("draft", OPEN)):
        table.row(f"no medicine prescribed, {word}", what, *grave, medicine(negated=True, status=word))
    for at, what in (
        ("2026-06-10T00:00", EXCUSED),
        ("2026-06-09T23:59", OPEN),
        ("2026-06-11T23:59", EXCUSED),
        ("2026-06-12T00:00", OPEN),
    ):
        table.row(f"no medicine prescribed at {at}", what, *grave, medicine(at, negated=True))
    table.row("a test declined after the first high reading", OPEN, reading(145, 95), refused(codes.EKG_STUDY))
    _not_measured(table)


def _not_measured(table: Table) -> None:
    def skipped(kind: b.Kind = codes.BLOOD_PRESSURE, **more: object) -> b.Event:
        given = {
            "negated": True,
            "status": "cancelled",
            "reason": vs.PATIENT_DECLINED,
            "at": "2026-06-10T10:30",
            **more,
        }
        return b.observation(kind, **given)

    for kind in (codes.BLOOD_PRESSURE, codes.SYSTOLIC_PRESSURE, codes.DIASTOLIC_PRESSURE):
        table.row(f"not measured: {kind.name}", EXCUSED, skipped(kind))
    table.row("not measured, a medical reason", EXCUSED, skipped(reason=vs.MEDICAL_REASON))
    table.row("not measured, another reason", OPEN, skipped(reason=vs.PATIENT_REASON))
    table.row("a reason, but measured", OPEN, skipped(negated=False))
    for at, what in (
        ("2026-06-10T00:00", EXCUSED),
        ("2026-06-09T23:59", OPEN),
        ("2026-06-11T23:59", EXCUSED),
        ("2026-06-12T00:00", OPEN),
    ):
        table.row(f"not measured at {at}", what, skipped(at=at))
    table.row("not measured, and normal", DONE, skipped(), reading(110, 70))
