"""Patients for CMS138, Tobacco Use: three rates (screened, helped, both)."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import HOSPICE, beside, conditions_verified, order_statuses, procedure_statuses, within

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms138 import CMS138

START, SINCE, END = "2026-01-01", "2025-07-01", "2026-12-31"
OPEN, NON_USER = "ip den|ip|ip den", "ip den num|ip|ip den num"
USER, HELPED = "ip den num|ip den|ip den", "ip den num|ip den num|ip den num"
NOBODY = "-|-|-"
WELLNESS = b.encounter(vs.ANNUAL_WELLNESS_VISIT)
PREVENTIVE = (
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_GROUP_COUNSELING,
    vs.PREVENTIVE_INDIVIDUAL_COUNSELING,
    codes.UNLISTED_PREVENTIVE_SERVICE,
    codes.POSTOPERATIVE_FOLLOW_UP,
    vs.NUTRITION_SERVICES,
)
QUALIFYING = (
    codes.HEALTH_BEHAVIOR_INTERVENTION,
    codes.HEALTH_BEHAVIOR_ASSESSMENT,
    vs.HOME_HEALTHCARE,
    vs.OCCUPATIONAL_THERAPY_EVALUATION,
    vs.OFFICE_VISIT,
    vs.OPHTHALMOLOGICAL_SERVICES,
    vs.PHYSICAL_THERAPY_EVALUATION,
    vs.PSYCH_DIAGNOSTIC_EVALUATION,
    vs.PSYCH_PSYCHOTHERAPY,
    vs.PSYCHOANALYSIS,
    vs.SPEECH_AND_HEARING_EVALUATION,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
)


def screening(when: str = "2026-06-01", value: b.Kind = vs.TOBACCO_USER, **more: object) -> b.Event:
    return b.observation(vs.TOBACCO_USE_SCREENING, when, **{"category": codes.SOCIAL_HISTORY, "value": value, **more})


def cms138() -> Table:
    table = Table(CMS138, born="1980-05-05", base=(WELLNESS,))
    table.row("not screened", OPEN)
    table.ages((12, None), START, OPEN, NOBODY)
    _visits(table)
    _screenings(table)
    _help(table)
    table.row("hospice, user", "ip den ex|ip den ex|ip den ex", HOSPICE, screening())
    table.row("hospice, not screened", "ip den ex|ip|ip den ex", HOSPICE)
    return table


def _visits(table: Table) -> None:
    for kind in PREVENTIVE:
        table.row(f"one {kind.name}", OPEN, b.encounter(kind), alone=True)
    for kind in QUALIFYING:
        table.row(f"one {kind.name}", NOBODY, b.encounter(kind), alone=True)
        table.row(f"two {kind.name}", OPEN, b.encounter(kind), b.encounter(kind, "2026-07-01"), alone=True)
    table.row("two visits on one day", OPEN, b.encounter(vs.OFFICE_VISIT), b.encounter(vs.OFFICE_VISIT), alone=True)
    three = tuple(b.encounter(vs.OFFICE_VISIT) for _ in range(3))
    table.row("three visits", OPEN, *three, alone=True)
    for rest, kind in (((), vs.ANNUAL_WELLNESS_VISIT), ((b.encounter(vs.OFFICE_VISIT),), vs.OFFICE_VISIT)):
        made = beside(rest, partial(b.encounter, kind))
        within(table, f"visit {kind.name}", made, START, END, OPEN, NOBODY, alone=True)
        table.row(f"{kind.name} planned", NOBODY, *made("2026-06-01", status="planned"), alone=True)


def _screenings(table: Table) -> None:
    table.row("no user", NON_USER, screening(value=vs.TOBACCO_NON_USER))
    table.row("user", USER, screening())
    table.row("another answer", OPEN, screening(value=codes.YES))
    within(table, "user", screening, START, END, USER, OPEN)
    table.row("a user, then not", NON_USER, screening("2026-02-01"), screening(value=vs.TOBACCO_NON_USER))
    table.row("no user, then one", USER, screening("2026-02-01", vs.TOBACCO_NON_USER), screening())
    table.row("a user, then another answer", OPEN, screening("2026-02-01"), screening(value=codes.YES))
    table.row(
        "the later start counts, not the later end",
        NON_USER,
        screening("2026-02-01", until="2026-08-01"),
        screening("2026-06-01", vs.TOBACCO_NON_USER),
    )
    table.row("another screening after the year", USER, screening(), screening("2027-01-01", vs.TOBACCO_NON_USER))
    for word in ("amended", "corrected", "preliminary", "cancelled"):
        table.row(f"screening {word}", OPEN, screening(status=word))
    table.row("recorded as not done", OPEN, screening(negated=True))
    table.row("not filed under social history", OPEN, screening(category=codes.EXAM))


def _help(table: Table) -> None:
    non_user = screening(value=vs.TOBACCO_NON_USER)
    table.row("no user and helped", NON_USER, non_user, b.procedure(vs.TOBACCO_CESSATION_COUNSELING))
    table.row("not screened and helped", OPEN, b.procedure(vs.TOBACCO_CESSATION_COUNSELING))
    user = Table(CMS138, born=table.born, base=(WELLNESS, screening()))
    counseling = partial(b.procedure, vs.TOBACCO_CESSATION_COUNSELING)
    within(user, "counseling", counseling, SINCE, END, HELPED, USER)
    procedure_statuses(user, counseling, HELPED, USER)
    diagnosed = partial(b.condition, codes.TOBACCO_ABUSE_COUNSELING)
    user.window("counseling by diagnosis", diagnosed, (SINCE, END), HELPED, USER)
    user.row("counseling by diagnosis, late on the last day", HELPED, diagnosed("2026-12-31T23:59"))
    user.row("counseling by diagnosis, over before", HELPED, diagnosed("2026-02-01", until="2027-02-01"))
    conditions_verified(user, "counseling by diagnosis", diagnosed, HELPED, USER, ends=False)
    ordered = partial(b.medicine, vs.TOBACCO_CESSATION_PHARMACOTHERAPY, None)
    user.window("ordered", lambda day: ordered(at=day), (SINCE, END), HELPED, USER)
    user.row("ordered late on the last day", HELPED, ordered(at="2026-12-31T23:59"))
    order_statuses(user, ordered, HELPED, USER)
    task = partial(b.event, "Task", codes.FULFILL, status="rejected", focus="MedicationRequest/m")
    order = ordered(id="m")
    user.row("ordered and rejected", USER, order, task())
    user.row("ordered and accepted", HELPED, order, task(status="accepted"))
    user.row("another order was rejected", HELPED, order, task(focus="MedicationRequest/n"))
    other_task = b.event("Task", codes.YES, status="rejected", focus="MedicationRequest/m")
    user.row("rejected, another task", HELPED, order, other_task)
    user.row("one of two was rejected", HELPED, order, task(), ordered())
    taken = partial(b.medicine, vs.TOBACCO_CESSATION_PHARMACOTHERAPY, at="2024-01-01")
    within(user, "taken", taken, SINCE, END, HELPED, USER)
    user.row("taken and completed", USER, taken(status="completed"))
    for word in ("order", "original-order", "reflex-order", "filler-order", "instance-order"):
        user.row(f"taken, {word}", HELPED, taken(intent=word))
    user.row("taken, only planned", USER, taken(intent="plan"))
    user.row("taken, recorded as not", USER, taken(negated=True))
    table.rows += user.rows
