"""Patients for CMS165, Controlling High Blood Pressure."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    common_exclusions,
    conditions_verified,
    observation_statuses,
    overlapping,
    procedure_statuses,
    visit_kinds,
    visit_rows,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms165 import CMS165
from smartapp.measures.shared.visits import ADULT_VISITS

OPEN, GOOD, OUT = "ip den", "ip den num", "ip den ex"
END = "2026-12-31"
LAST_INSTANT = "2026-12-31T23:59:59.999"
VISIT = b.encounter(vs.OFFICE_VISIT, "2026-02-02")
HYPERTENSION = b.condition(vs.ESSENTIAL_HYPERTENSION, "2020-01-01")


def bp(
    when: str = "2026-06-01T10:00", systolic: float | None = 120, diastolic: float | None = 80, **more: object
) -> b.Event:
    return b.observation(codes.BLOOD_PRESSURE, when, systolic=systolic, diastolic=diastolic, **more)


def cms165() -> Table:
    table = Table(CMS165, born="1966-05-05", base=(VISIT, HYPERTENSION))
    table.row("no reading", OPEN)
    table.ages((18, 85), END, OPEN, "-")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", HYPERTENSION)
    visit_kinds(table, ADULT_VISITS, OPEN, HYPERTENSION)
    _hypertension(table)
    _readings(table)
    _where_taken(table)
    _renal(table)
    common_exclusions(table, OUT, OPEN, "hospice", "palliative", "frailty or 81", "nursing home")
    return table


def _hypertension(table: Table) -> None:
    made = lambda **m: (VISIT, b.condition(vs.ESSENTIAL_HYPERTENSION, **m))  # noqa: E731
    conditions_verified(table, "hypertension", made, OPEN, "-", alone=True)
    for start, end, hit in (
        ("2026-06-30T23:59:59.999", "for ever", True),
        ("2026-07-01T00:00", "for ever", False),
        ("2020-01-01", "2026-01-01T00:00", True),
        ("2020-01-01", "2025-12-31T23:59:59.999", False),
    ):
        table.row(f"hypertension {start} to {end}", OPEN if hit else "-", *made(when=start, until=end), alone=True)


def _readings(table: Table) -> None:
    for systolic, diastolic, hit in ((139.5, 89.5, True), (140, 80, False), (130, 90, False), (139, 80, True)):
        table.row(f"{systolic}/{diastolic}", GOOD if hit else OPEN, bp(systolic=systolic, diastolic=diastolic))
    table.row("140/90", OPEN, bp(systolic=140, diastolic=90))
    table.row("systolic alone", OPEN, bp(diastolic=None))
    table.row("diastolic alone", OPEN, bp(systolic=None))
    observation_statuses(table, bp, GOOD, OPEN)
    table.window("120/80", bp, ("2026-01-01", END), GOOD, OPEN)
    table.row("120/80 late on the last day", GOOD, bp("2026-12-31T23:59"))
    table.row("a reading that ends in the year", GOOD, bp("2025-12-31", until="2026-01-01T00:00"))
    table.row("a reading that ends after the year", OPEN, bp("2026-12-31", until="2027-01-01"))
    table.row("the most recent day counts: high then low", GOOD, bp("2026-03-01", 160, 100), bp())
    table.row("the most recent day counts: low then high", OPEN, bp("2026-03-01"), bp(systolic=160))
    morning, evening = "2026-06-01T08:00", "2026-06-01T20:00"
    table.row("lowest of the day, each for itself", GOOD, bp(morning, 120, 95), bp(evening, 150, 70))
    table.row("lowest of the day, the other way round", GOOD, bp(morning, 150, 70), bp(evening, 120, 95))
    table.row("of the day all systolic are high", OPEN, bp(morning, 150, 70), bp(evening, 145, 70))
    table.row("of the day all diastolic are high", OPEN, bp(morning, 120, 95), bp(evening, 120, 90))
    table.row("that day a reading without systolic pressure", OPEN, bp(morning), bp(evening, None, 70))
    table.row("that day a reading without diastolic pressure", OPEN, bp(morning), bp(evening, 120, None))
    table.row("a reading without values, days before", GOOD, bp("2026-03-01", None, None), bp())
    table.row("after the year", OPEN, bp(systolic=160), bp("2027-01-01"))
    long = bp("2026-05-01", 160, 80, until="2026-07-01")
    table.row("by the end of a long one, not its start", OPEN, long, bp("2026-06-01"))


def _where_taken(table: Table) -> None:
    there = partial(bp, encounter="Encounter/stay")
    for kind in (vs.ENCOUNTER_INPATIENT, vs.EMERGENCY_DEPARTMENT_VISIT):
        stay = partial(b.encounter, kind, class_="IMP", id="stay")
        table.row(f"reading during {kind.name}", OPEN, stay("2026-05-30", "2026-06-02"), there())
        table.row(f"on the first day of {kind.name}, before it", OPEN, stay("2026-06-01T12:00", "2026-06-03"), there())
        table.row(f"on the last day of {kind.name}, after it", OPEN, stay("2026-05-30", "2026-06-01T08:00"), there())
        table.row(f"a day before {kind.name}", GOOD, stay("2026-06-02", "2026-06-03"), there())
        table.row(f"a day after {kind.name}", GOOD, stay("2026-05-30", "2026-05-31"), there())
        planned = stay("2026-05-30", "2026-06-02", status="planned")
        table.row(f"during {kind.name} that is not finished", GOOD, planned, there())
    long = there("2026-06-01", until="2026-06-03T09:00")
    short = b.encounter(vs.ENCOUNTER_INPATIENT, "2026-06-01", "2026-06-02", class_="IMP", id="stay")
    table.row("by its end a day after", GOOD, short, long)
    stay = b.encounter(vs.ENCOUNTER_INPATIENT, "2026-06-01", class_="IMP", id="stay")
    visit = b.encounter(vs.AUDIOLOGY_VISIT, id="v")
    table.row("in hospital that day, at a visit", GOOD, stay, visit, bp(encounter="Encounter/v"))
    table.row("in hospital that day, and taken there", OPEN, stay, there())
    # "not (null in a list)" is true: what has no encounter of a hospital's class was not taken there.
    table.row("in hospital that day, nobody said where", GOOD, stay, bp())
    table.row("in hospital that day, at a visit that is not here", GOOD, stay, bp(encounter="Encounter/gone"))
    for class_ in ("EMER", "IMP", "ACUTE", "NONAC", "PRENC", "SS"):
        at = b.encounter(vs.AUDIOLOGY_VISIT, id="v", class_=class_)
        table.row(f"in hospital that day, taken in class {class_}", OPEN, stay, at, bp(encounter="Encounter/v"))
    for class_ in ("AMB", "OBSENC", None):
        at = b.encounter(vs.AUDIOLOGY_VISIT, id="v", class_=class_)
        table.row(f"in hospital that day, taken in class {class_}", GOOD, stay, at, bp(encounter="Encounter/v"))
    for status, what in (("in-progress", OPEN), ("finished", OPEN)):
        at = b.encounter(vs.AUDIOLOGY_VISIT, id="v", status=status, class_="IMP")
        table.row(f"taken in a hospital's class, {status}", what, stay, at, bp(encounter="Encounter/v"))
    later = b.encounter(vs.ENCOUNTER_INPATIENT, "2026-06-03", class_="IMP", id="stay")
    table.row("by the end of the reading it is in hospital", OPEN, later, long)
    at_visit = b.observation(codes.BLOOD_PRESSURE, "2026-03-01", systolic=120, diastolic=80, encounter="Encounter/w")
    table.row(
        "the reading at a visit is of the year, too",
        GOOD,
        b.encounter(vs.ENCOUNTER_INPATIENT, "2026-02-28", "2026-03-02", class_="IMP"),
        b.encounter(vs.AUDIOLOGY_VISIT, "2026-03-01", id="w"),
        at_visit,
    )


def _renal(table: Table) -> None:
    for kind in (vs.PREGNANCY, vs.END_STAGE_RENAL_DISEASE, vs.KIDNEY_TRANSPLANT_RECIPIENT, vs.CKD_STAGE_5):
        made = partial(b.condition, kind)
        table.row(kind.name, OUT, made())
    pregnant = partial(b.condition, vs.PREGNANCY)
    conditions_verified(table, "pregnancy", pregnant, OUT, OPEN)
    overlapping(table, "pregnancy", pregnant, OUT, OPEN, exact=True)
    for kind in (vs.KIDNEY_TRANSPLANT, vs.DIALYSIS_SERVICES):
        table.row(kind.name, OUT, b.procedure(kind))
    dialysis = partial(b.procedure, vs.DIALYSIS_SERVICES)
    procedure_statuses(table, dialysis, OUT, OPEN)
    table.row("dialysis until the last instant", OUT, dialysis("2026-12-31", LAST_INSTANT))
    table.row("dialysis until after the year", OPEN, dialysis("2026-12-31", "2027-01-01"))
    monthly = partial(b.encounter, vs.ESRD_MONTHLY_SERVICES)
    table.row("monthly services", OUT, monthly("2019-01-01"))
    table.row("monthly services begun in the last instant", OUT, monthly(LAST_INSTANT, "2027-01-31"))
    table.row("monthly services after the year", OPEN, monthly("2027-01-01"))
    table.row("monthly services planned", OPEN, monthly("2026-01-01", status="planned"))
