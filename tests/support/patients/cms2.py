"""Patients for CMS2, Screening for Depression and Follow-Up Plan."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    BAD_INTENTS,
    GOOD_ORDERS,
    INTENTS,
    beside,
    observation_statuses,
    procedure_statuses,
    visit_kinds,
    visit_rows,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms2 import ADOLESCENT, ADULT, CMS2, Screening

OPEN, DONE, OUT, EXCUSED = "ip den", "ip den num", "ip den ex", "ip den exc"
POSITIVE, NEGATIVE = codes.DEPRESSION_SCREENING_POSITIVE, codes.DEPRESSION_SCREENING_NEGATIVE
VISIT = b.encounter(vs.ENCOUNTER_TO_SCREEN_FOR_DEPRESSION, "2026-06-15T10:00", "2026-06-15T10:30")
VISITS = (vs.ENCOUNTER_TO_SCREEN_FOR_DEPRESSION, vs.PHYSICAL_THERAPY_EVALUATION, vs.TELEPHONE_VISITS)
BORN = {ADOLESCENT: "2012-05-05", ADULT: "1980-05-05"}
OVER_TWO_DAYS = b.encounter(vs.ENCOUNTER_TO_SCREEN_FOR_DEPRESSION, "2026-06-15T10:00", "2026-06-16T10:00")


def screen(of: Screening, when: str = "2026-06-15T10:10", value: b.Kind = NEGATIVE, **more: object) -> b.Event:
    return b.observation(of.code, when, **{"value": value, **more})


def cms2() -> Table:
    table = Table(CMS2, born="1980-05-05", base=(VISIT,))
    table.row("not screened", OPEN)
    table.ages((12, None), "2026-01-01", OPEN, "-")
    visit_rows(table, VISITS[0], OPEN, "-")
    visit_kinds(table, VISITS, OPEN)
    _who_needs_which(table)
    for of in (ADOLESCENT, ADULT):
        base = Table(CMS2, born=BORN[of], base=(VISIT,))
        _negative(base, of)
        _positive(base, of)
        _reasons(base, of)
        table.rows += base.rows
    _bipolar(table)
    return table


def _who_needs_which(table: Table) -> None:
    """12 to 16 the adolescents' screening, 17 either, from 18 the adults'; at the start of the year."""
    followed = partial(b.procedure, when="2026-06-15T10:20")
    for born, adolescent, adult in (
        ("2014-01-01", DONE, OPEN),
        ("2009-01-02", DONE, OPEN),
        ("2009-01-01", DONE, DONE),
        ("2008-01-02", DONE, DONE),
        ("2008-01-01", OPEN, DONE),
        ("1950-01-01", OPEN, DONE),
    ):
        table.row(f"born {born}, not screened", OPEN, born=born)
        for of, expected in ((ADOLESCENT, adolescent), (ADULT, adult)):
            table.row(f"born {born}, {of.who} negative", expected, screen(of), born=born)
            events = (screen(of, value=POSITIVE), followed(of.follow_ups))
            table.row(f"born {born}, {of.who} positive, followed up", expected, *events, born=born)


def _negative(table: Table, of: Screening) -> None:
    made = partial(screen, of)
    observation_statuses(table, made, DONE, OPEN)
    table.row("another result", OPEN, made(value=codes.YES))
    table.row("without a result", OPEN, b.observation(of.code, "2026-06-15"))
    for start, end, hit in (
        ("2026-06-01", "2026-06-01", True),
        ("2026-05-31", "2026-05-31", False),
        ("2026-05-01", "2026-06-01T00:00", True),
        ("2026-06-15", "2026-06-15", True),
        ("2026-06-15T23:00", "2026-06-15T23:30", True),
        ("2026-06-16", "2026-06-16", False),
        ("2026-06-15", "2026-06-16T00:00", False),
    ):
        table.row(f"screened {start} to {end}", DONE if hit else OPEN, made(start, until=end))
    table.row("14 days before a visit of two days", DONE, OVER_TWO_DAYS, made("2026-06-01"), alone=True)
    table.row("on the second day of a visit", OPEN, OVER_TWO_DAYS, made("2026-06-16"), alone=True)
    table.row("positive, then negative", DONE, made("2026-06-10", value=POSITIVE), made("2026-06-12"))
    table.row("negative, then positive", OPEN, made("2026-06-10"), made("2026-06-12", value=POSITIVE))
    table.row("then one without a result", DONE, made("2026-06-10"), b.observation(of.code, "2026-06-12"))
    table.row(
        "the later start counts, not the later end",
        DONE,
        made("2026-06-05", value=POSITIVE, until="2026-06-14"),
        made("2026-06-10"),
    )
    table.row("then a positive one too late for the visit", DONE, made(), made("2026-06-20", value=POSITIVE))


def _positive(table: Table, of: Screening) -> None:
    positive = screen(of, value=POSITIVE)
    table.row("positive, no follow-up", OPEN, positive)
    table.row("follow-up without a screening", OPEN, b.procedure(of.follow_ups, "2026-06-15T10:20"))
    _procedures(table, of, positive)
    _referrals(table, of, positive)
    _medicines(table, of, positive)
    follow = b.procedure(of.follow_ups, "2026-06-15T10:20")
    for start, end, hit in (
        ("2026-06-01", "2026-06-02", True),
        ("2026-05-31T23:00", "2026-06-02", False),
        ("2026-06-15T22:00", "2026-06-15T23:00", True),
    ):
        late = screen(of, start, POSITIVE, until=end)
        table.row(f"positive {start} to {end}, followed up", DONE if hit else OPEN, late, follow)
    table.row("another result, followed up", OPEN, screen(of, value=codes.YES), follow)
    fortnight = screen(of, "2026-06-01", POSITIVE)
    table.row("14 days before a visit of two days", DONE, OVER_TWO_DAYS, fortnight, follow, alone=True)
    # Two visits: near the first the screening ended, the second is where it was followed up.
    second = b.encounter(VISITS[0], "2026-06-20T10:00", "2026-06-20T11:00")
    table.row("followed up at a later visit", DONE, positive, second, b.procedure(of.follow_ups, "2026-06-20T10:30"))
    long = screen(of, "2026-06-15T10:10", POSITIVE, until="2026-06-17")
    table.row("near the later visit, followed up at the first", DONE, long, second, follow)
    next_day = b.encounter(VISITS[0], "2026-06-16T15:00", "2026-06-16T16:00")
    late = screen(of, "2026-06-16T15:00", POSITIVE)
    early = b.procedure(of.follow_ups, "2026-06-15T11:00")
    chart = (OVER_TWO_DAYS, next_day, late, early)
    table.row("screened on the second day, followed up on the first", OPEN, *chart, alone=True)
    earlier = b.encounter(VISITS[0], "2026-06-10T10:00", "2026-06-10T11:00")
    table.row("an intervention before it", OPEN, positive, earlier, b.procedure(of.follow_ups, "2026-06-10T10:30"))


def _procedures(table: Table, of: Screening, positive: b.Event) -> None:
    made = beside(positive, partial(b.procedure, of.follow_ups))
    at = partial(made, when="2026-06-15T10:20")
    procedure_statuses(table, at, DONE, OPEN)
    for start, end, hit in (
        ("2026-06-15T10:00", "2026-06-15T10:20", True),
        ("2026-06-15T09:59", "2026-06-15T10:20", False),
        ("2026-06-15T10:30", "2026-06-15T12:00", True),
        ("2026-06-15T10:31", "2026-06-15T12:00", False),
    ):
        table.row(f"intervention {start} to {end}", DONE if hit else OPEN, *made(start, end))
    last = b.encounter(VISITS[0], "2026-12-31T10:00", "2026-12-31T12:00")
    screened = screen(of, "2026-12-31T10:00", POSITIVE)
    table.row("on the last day", DONE, last, screened, b.procedure(of.follow_ups, "2026-12-31T11:00"))
    table.row(
        "until after the year", DONE, last, screened, b.procedure(of.follow_ups, "2026-12-31T11:00", "2027-01-01")
    )
    first = b.encounter(VISITS[0], "2026-01-01T00:00", "2026-01-01T12:00")
    screened = screen(of, "2025-12-31T10:00", POSITIVE)
    table.row("on the first day", DONE, first, screened, b.procedure(of.follow_ups, "2026-01-01T00:00"), alone=True)


def _order_times(table: Table, made, says: str) -> None:  # type: ignore[no-untyped-def]
    """From the day that a visit ended to two days after it, within the year."""
    for at, hit in (
        ("2026-06-15T00:00", True),
        ("2026-06-14T23:59", False),
        ("2026-06-17T23:59", True),
        ("2026-06-18", False),
    ):
        table.row(f"{says} at {at}", DONE if hit else OPEN, *made(at))


def _year_end(table: Table, of: Screening, made, says: str) -> None:  # type: ignore[no-untyped-def]
    last = b.encounter(VISITS[0], "2026-12-31T10:00", "2026-12-31T11:00")
    screened = screen(of, "2026-12-31T10:00", POSITIVE)
    table.row(f"{says} late on the last day", DONE, last, screened, made("2026-12-31T23:00"))
    table.row(f"{says} two days later, after the year", OPEN, last, screened, made("2027-01-01"))


def _referrals(table: Table, of: Screening, positive: b.Event) -> None:
    refer = partial(b.order, "ServiceRequest", of.referrals)
    made = beside(positive, refer)
    _order_times(table, made, "referred")
    _year_end(table, of, refer, "referred")
    for word in GOOD_ORDERS:
        table.row(f"referral {word}", DONE, *made("2026-06-15", status=word))
    for word in ("draft", "revoked"):
        table.row(f"referral {word}", OPEN, *made("2026-06-15", status=word))
    table.row("referral, whatever its intent", DONE, *made("2026-06-15", intent="plan"))
    table.row("referral not to be made", OPEN, *made("2026-06-15", negated=True))
    late = b.encounter(VISITS[0], "2026-06-15T10:00", "2026-06-17T10:00")
    table.row("counted from the end of the visit", DONE, late, positive, refer("2026-06-19"), alone=True)
    table.row("before the end of the visit", OPEN, late, positive, refer("2026-06-15"), alone=True)


def _medicines(table: Table, of: Screening, positive: b.Event) -> None:
    def pills(
        at: str = "2026-06-15", when: str | None = "2026-06-15", until: str = "2026-07-15", **more: object
    ) -> b.Event:
        return b.medicine(of.medications, when, until, at, **more)

    made = beside(positive, pills)
    _order_times(table, made, "medicine")
    _year_end(table, of, lambda at: pills(at, "2026-12-31", "2027-03-01"), "medicine")
    for word in GOOD_ORDERS:
        table.row(f"medicine {word}", DONE, *made(status=word))
    for word in ("draft", "stopped"):
        table.row(f"medicine {word}", OPEN, *made(status=word))
    for word in INTENTS:
        table.row(f"medicine, {word}", DONE, *made(intent=word))
    for word in BAD_INTENTS:
        table.row(f"medicine, {word}", OPEN, *made(intent=word))
    table.row("medicine not to be given", OPEN, *made(negated=True))
    for start, end, hit in (
        ("2026-06-01", "2026-06-16", True),
        ("2026-06-15", "2026-06-15", False),
        ("2026-06-15T23:00", "2026-07-01", True),
        ("2026-06-16", "2026-07-01", False),
    ):
        table.row(f"taken {start} to {end}", DONE if hit else OPEN, *made(when=start, until=end))
    table.row("taken since before the year", DONE, *made(when="2025-12-01"))
    table.row("without a period", OPEN, *made(when=None))
    table.row("bounds without an end are no period", OPEN, *made(when=None, end=b.FOREVER))
    long = (OVER_TWO_DAYS, positive)
    two = ("2026-06-16", "2026-07-16")
    table.row("ordered before a visit of two days ends", OPEN, *long, pills("2026-06-15", *two), alone=True)
    table.row("ordered two days after it ends", DONE, *long, pills("2026-06-18", *two), alone=True)
    table.row("from the second day of the visit", DONE, *long, pills("2026-06-16", "2026-06-16"), alone=True)
    table.row(
        "until the second day of the visit", OPEN, *long, pills("2026-06-16", "2026-06-01", "2026-06-16"), alone=True
    )


def _reasons(table: Table, of: Screening) -> None:
    def declined(at: str = "2026-06-15T10:10", **more: object) -> b.Event:
        more = {"negated": True, "status": "cancelled", "reason": codes.DEPRESSION_SCREENING_DECLINED, **more}
        return b.observation(of.code, None, at=at, **more)

    table.row("declined", EXCUSED, declined())
    table.row("a medical reason", EXCUSED, declined(reason=vs.MEDICAL_REASON))
    table.row("another reason", OPEN, declined(reason=codes.YES))
    table.row("a screening with such a reason", OPEN, declined(negated=False))
    for at, hit in (
        ("2026-06-15T00:00", True),
        ("2026-06-14T23:59", False),
        ("2026-06-15T23:59", True),
        ("2026-06-16", False),
    ):
        table.row(f"declined at {at}", EXCUSED if hit else OPEN, declined(at))
    table.row("declined on the first day of two", EXCUSED, OVER_TWO_DAYS, declined("2026-06-15T12:00"), alone=True)
    table.row("declined on the second day of a visit", EXCUSED, OVER_TWO_DAYS, declined("2026-06-16T23:00"), alone=True)
    table.row("declined, screened at another time", OPEN, declined(), screen(of, "2026-06-10", POSITIVE))
    table.row("declined, screened long before", EXCUSED, declined(), screen(of, "2026-03-10", POSITIVE))


def _bipolar(table: Table) -> None:
    bipolar = partial(b.problem, vs.BIPOLAR_DISORDER)
    table.row("bipolar", OUT, bipolar("2020-01-01"))
    table.row("bipolar, screened", OUT, bipolar("2020-01-01"), screen(ADULT))
    table.row("bipolar since the day before the visit", OUT, bipolar("2026-06-14T23:59"))
    table.row("bipolar since the day of the visit", OPEN, bipolar("2026-06-15T00:00"))
    table.row("bipolar since the first day of two", OPEN, OVER_TWO_DAYS, bipolar("2026-06-15"), alone=True)
    table.row("bipolar, over since", OUT, bipolar("2019-01-01", "2020-01-01"))
    table.row("bipolar, refuted or not: no filter", OUT, bipolar("2020-01-01", verification="differential"))
    table.row("bipolar as a health concern", OUT, bipolar("2020-01-01", category=codes.HEALTH_CONCERN))
    table.row("bipolar as an encounter's diagnosis", OPEN, bipolar("2020-01-01", category=codes.ENCOUNTER_DIAGNOSIS))
    two = b.encounter(VISITS[0], "2026-09-01")
    table.row("bipolar before the second visit", OUT, two, bipolar("2026-08-01"))
