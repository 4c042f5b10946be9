"""Patients for CMS153, Chlamydia Screening in Women."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    HOSPICE,
    INTENTS,
    Make,
    conditions_verified,
    observation_statuses,
    order_statuses,
    overlapping,
    procedure_statuses,
    visit_kinds,
    visit_rows,
    within,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms153 import CMS153

START, END = "2026-01-01", "2026-12-31"
OPEN, TESTED, OUT = "ip den", "ip den num", "ip den ex"
VISIT = b.encounter(vs.OFFICE_VISIT)
ACTIVE = b.condition(vs.SEXUAL_ACTIVITY_DIAGNOSES)
VISITS = (
    vs.OFFICE_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.HOME_HEALTHCARE,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
)
ordered = partial(b.order, "ServiceRequest")
TEST = ordered(vs.PREGNANCY_TEST, at="2026-06-01T10:00")
XRAY = ordered(vs.XRAY_STUDY, at="2026-06-01T10:00")


def cms153() -> Table:
    table = Table(CMS153, born="2004-05-05", base=(VISIT, ACTIVE))
    table.row("not tested", OPEN)
    table.ages((16, 24), END, OPEN, "-")
    table.row("a man", "-", sex="male")
    table.row("sex unknown, gender female", "-", sex=None)
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", ACTIVE)
    visit_kinds(table, VISITS, OPEN, ACTIVE)
    tested = partial(b.observation, vs.CHLAMYDIA_SCREENING, value=codes.YES)
    table.window("tested until", partial(tested, "2025-06-01"), (START, END), TESTED, OPEN)
    table.row("tested late on the last day", TESTED, tested("2026-12-31T23:59"))
    table.row("tested on a day without an end", TESTED, tested("2026-06-01", until="for ever"))
    observation_statuses(table, tested, TESTED, OPEN)
    table.row("test without a result", OPEN, b.observation(vs.CHLAMYDIA_SCREENING))
    table.row("hospice", OUT, HOSPICE)
    _activity(table)
    _pregnancy_test(table)
    return table


def _activity(main: Table) -> None:
    """How sexual activity is known, for a patient of whom nothing else tells it."""
    table = Table(CMS153, born=main.born, base=(VISIT,))
    table.row("nothing known", "-")
    asked = partial(b.observation, codes.VAGINAL_INTERCOURSE_EVER, value=codes.YES)
    observation_statuses(table, asked, OPEN, "-")
    table.row("asked long ago", OPEN, asked("2010-01-01"))
    table.row("answered otherwise", "-", asked(value=codes.LEFT))
    table.row("asked until the last instant", OPEN, asked("2026-12-31", "2026-12-31T23:59:59.999"))
    table.row("asked until after the year", "-", asked("2026-12-31", "2027-01-01"))
    for kind in (vs.SEXUAL_ACTIVITY_DIAGNOSES, vs.HIV, vs.COMPLICATIONS_OF_PREGNANCY):
        diagnosed = partial(b.condition, kind)
        overlapping(table, kind.name, diagnosed, OPEN, "-", exact=True)
        conditions_verified(table, kind.name, diagnosed, OPEN, "-")
    taken = partial(b.medicine, vs.CONTRACEPTIVES, at="2024-01-01")
    overlapping(table, "contraceptive", taken, OPEN, "-", exact=True)
    for word in INTENTS:
        table.row(f"contraceptive taken, {word}", OPEN, taken(intent=word))
    table.row("contraceptive only planned", "-", taken(intent="plan"))
    table.row("contraceptive completed", "-", taken(status="completed"))
    table.row("contraceptive not to be taken", "-", taken(negated=True))
    prescribed: Make = partial(b.medicine, vs.CONTRACEPTIVES, None)
    table.window("contraceptive ordered", lambda day: prescribed(at=day), (START, END), OPEN, "-")
    table.row("contraceptive ordered late on the last day", OPEN, prescribed(at="2026-12-31T23:00"))
    order_statuses(table, prescribed, OPEN, "-")
    for kind in (
        vs.PREGNANCY_TEST,
        vs.PAP_TEST,
        vs.LABS_DURING_PREGNANCY,
        vs.LABS_FOR_STI,
        vs.STUDIES_DURING_PREGNANCY,
    ):
        tested: Make = partial(ordered, kind)
        table.window(kind.name, lambda day, make=tested: make(at=day), (START, END), OPEN, "-")
        table.row(f"{kind.name} late on the last day", OPEN, tested(at="2026-12-31T23:00"))
        order_statuses(table, tested, OPEN, "-")
    treated = partial(b.procedure, vs.SEXUAL_ACTIVITY_PROCEDURES)
    within(table, "procedure", treated, START, END, OPEN, "-")
    procedure_statuses(table, treated, OPEN, "-")
    main.rows += table.rows


def _pregnancy_test(main: Table) -> None:
    """A pregnancy test before an X-ray or isotretinoin is no sign of sexual activity."""
    table = Table(CMS153, born=main.born, base=(VISIT, TEST))
    table.row("a pregnancy test alone", OPEN)
    table.row("an X-ray too", OUT, XRAY)
    table.row("an X-ray, and known otherwise", OPEN, XRAY, ACTIVE)
    xray: Make = partial(ordered, vs.XRAY_STUDY)
    acne: Make = partial(b.medicine, vs.ISOTRETINOIN, None)
    for says, make in (("X-ray", xray), ("isotretinoin", acne)):
        order_statuses(table, make, OUT, OPEN)
        for at, counts in (
            ("2026-06-01T00:00", True),
            ("2026-05-31T23:00", False),
            ("2026-06-07T23:00", True),
            ("2026-06-08T00:00", False),
        ):
            table.row(f"{says} ordered {at}", OUT if counts else OPEN, make(at=at))
    alone = partial(table.row, alone=True)
    test: Make = partial(ordered, vs.PREGNANCY_TEST)
    alone("test on the first instant", OUT, VISIT, test(at="2026-01-01T00:00"), xray(at="2026-01-02"))
    alone("test before the year", "-", VISIT, test(at="2025-12-31T23:59"), xray(at="2026-01-01"))
    alone("test in the last instant", OUT, VISIT, test(at="2026-12-31T23:59:59.999"), xray(at="2027-01-02"))
    for day, counts in ((START, False), ("2026-01-02", True), ("2026-12-30", True), (END, False)):
        dated = test(at=day, start=b.first(day), end=b.last(day))
        alone(f"test on {day}, nobody said when", OUT if counts else OPEN, VISIT, dated, xray(at=f"{day}T09:00"))
    for at in (b.first(START), b.last(END)):
        timed = test(at=at, start=at, end=at)
        alone(f"test at {at}, a point in time", OUT, VISIT, timed, xray(at=at))
    # One test in the year tells activity; the one of the year before, with its X-ray, excludes nothing.
    alone("X-ray after last year's test", OPEN, VISIT, TEST, test(at="2025-12-31"), xray(at="2026-01-01"))
    alone("X-ray after next year's test", OPEN, VISIT, TEST, test(at="2027-01-01"), xray(at="2027-01-01"))
    alone(
        "X-ray after a cancelled test",
        OPEN,
        VISIT,
        TEST,
        test(at="2026-03-01", status="revoked"),
        xray(at="2026-03-01"),
    )
    main.rows += table.rows
