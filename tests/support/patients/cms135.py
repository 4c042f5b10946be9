"""Patients for CMS135, Heart Failure: ACE inhibitor, ARB or ARNI."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    BAD_INTENTS,
    BAD_ORDERS,
    GOOD_ORDERS,
    INTENTS,
    conditions_verified,
    observation_statuses,
    procedure_statuses,
    visit_rows,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms135 import CMS135, OUTPATIENT_ENCOUNTERS

START = "2026-01-01"
OPEN, TREATED, OUT, EXCUSED, NO_LVSD = "ip den", "ip den num", "ip den ex", "ip den exc", "ip"
VISIT = b.encounter(vs.OFFICE_VISIT, "2026-06-10T10:00", "2026-06-11T11:00")
OTHER = b.encounter(vs.PATIENT_PROVIDER_INTERACTION, "2026-02-01")
FAILURE = b.problem(vs.HEART_FAILURE, "2020-01-01")
LVSD = b.problem(vs.MODERATE_OR_SEVERE_LVSD, "2020-01-01")


def cms135() -> Table:
    table = Table(CMS135, born="1950-05-05", base=(VISIT, OTHER, FAILURE, LVSD))
    table.row("not treated", OPEN)
    table.ages((18, None), START, OPEN, "-")
    _visits(table)
    _dysfunction(table)
    _exclusions(table)
    _orders(table)
    _taken(table)
    _exceptions(table)
    return table


def _visits(table: Table) -> None:
    row = partial(table.row, alone=True)
    ill = (FAILURE, LVSD)
    row("one visit", "-", VISIT, *ill)
    row("three visits", OPEN, VISIT, OTHER, b.encounter(vs.OFFICE_VISIT, "2026-09-01"), *ill)
    another = b.encounter(vs.PATIENT_PROVIDER_INTERACTION, "2026-03-01")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", *ill, OTHER)
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", *ill, OTHER, another)
    visit_rows(table, vs.PATIENT_PROVIDER_INTERACTION, OPEN, "-", *ill, VISIT)
    for kind in OUTPATIENT_ENCOUNTERS:
        row(f"visit: {kind.name}", OPEN, b.encounter(kind, "2026-06-10T10:00", "2026-06-11T11:00"), OTHER, *ill)
        row(f"second visit: {kind.name}", OPEN, VISIT, b.encounter(kind, "2026-09-01"), *ill)
    failure = lambda **more: (VISIT, OTHER, LVSD, b.condition(vs.HEART_FAILURE, **more))  # noqa: E731
    conditions_verified(table, "heart failure", failure, OPEN, "-", alone=True)
    for start, end, counts in (
        ("2026-01-01", "2026-06-09", False),
        ("2026-01-01", "2026-06-10T00:00", True),
        ("2026-06-11T23:00", "for ever", True),
        ("2026-06-12", "for ever", False),
    ):
        row(f"heart failure from {start} to {end}", OPEN if counts else "-", *failure(when=start, until=end))


def _dysfunction(main: Table) -> None:
    """What puts the patient into the denominator: by the end of a visit with heart failure."""
    table = Table(CMS135, born=main.born, base=(VISIT, OTHER, FAILURE))
    table.row("no dysfunction known", NO_LVSD)
    fraction = lambda when="2026-06-01", number=40.0, **more: b.result(  # noqa: E731
        vs.EJECTION_FRACTION, when, number, **{"unit": "%", **more}
    )
    table.row("ejection fraction 40", OPEN, fraction())
    table.row("ejection fraction 40.5", NO_LVSD, fraction(number=40.5))
    table.row("ejection fraction in another unit", NO_LVSD, fraction(unit="mL"))
    observation_statuses(table, fraction, OPEN, NO_LVSD)
    diagnosed = partial(b.condition, vs.MODERATE_OR_SEVERE_LVSD)
    severe = partial(b.condition, codes.LV_SYSTOLIC_DYSFUNCTION, severity=vs.MODERATE_OR_SEVERE)
    for says, make in (("fraction", fraction), ("diagnosis", diagnosed), ("severe dysfunction", severe)):
        table.row(f"{says} a millisecond before the end", OPEN, make(when="2026-06-11T10:59:59.999"))
        table.row(f"{says} at the end of the visit", NO_LVSD, make(when="2026-06-11T11:00"))
        table.row(f"{says} long ago", OPEN, make(when="2010-01-01", until="2010-02-01"))
        table.row(f"{says} until after the visit", OPEN, make(when="2026-06-10", until="2026-07-01"))
    for make in (diagnosed, severe):
        conditions_verified(table, "dysfunction", make, OPEN, NO_LVSD, ends=False)
    table.row("mild dysfunction", NO_LVSD, b.condition(codes.LV_SYSTOLIC_DYSFUNCTION, severity=codes.LEFT))
    table.row("dysfunction of unknown severity", NO_LVSD, b.condition(codes.LV_SYSTOLIC_DYSFUNCTION))
    main.rows += table.rows


def _exclusions(table: Table) -> None:
    for kind, edge, after in (
        (vs.HEART_TRANSPLANT, "2026-06-11T10:59:59.999", "2026-06-11T11:00"),
        (vs.LVAD_PLACEMENT, "2026-06-10T23:59", "2026-06-11T00:00"),
    ):
        operated = partial(b.procedure, kind)
        procedure_statuses(table, operated, OUT, OPEN)
        table.row(f"{kind.name} at {edge}", OUT, operated(edge))
        table.row(f"{kind.name} at {after}", OPEN, operated(after))
        table.row(f"{kind.name} until after the visit", OUT, operated("2026-06-01", "2026-07-01"))
    for kind in (vs.HEART_TRANSPLANT_COMPLICATIONS, vs.LVAD_COMPLICATIONS):
        ill = partial(b.condition, kind)
        conditions_verified(table, kind.name, ill, OUT, OPEN, ends=False)
        table.row(f"{kind.name} on the last day of the visit", OUT, ill("2026-06-11T23:00"))
        table.row(f"{kind.name} from the day after", OPEN, ill("2026-06-12"))
        unknown = partial(ill, start=None)
        table.row(f"{kind.name}, onset unknown, recorded", OUT, unknown(at="2026-06-11T23:00"))
        table.row(f"{kind.name}, onset unknown, recorded later", OPEN, unknown(at="2026-06-12"))
        table.row(f"{kind.name}, onset known, recorded later", OUT, ill("2026-06-01", at="2026-09-01"))
        over = partial(ill, clinical="inactive", end=None)
        table.row(f"{kind.name} over, recorded later", OUT, over("2026-06-01", at="2026-09-01"))
        ever = partial(ill, "beginning")
        table.row(f"{kind.name} without onset, recorded", OUT, ever(at="2026-06-11T23:00"))
        table.row(f"{kind.name} without onset, recorded later", OPEN, ever(at="2026-06-12"))
        table.row(f"{kind.name} without onset and record", OUT, ever())
        table.row(f"{kind.name} from birth on, recorded later", OUT, ill("1950-05-05", at="2026-09-01"))
        table.row(f"{kind.name} over", OUT, ill("2020-01-01", "2020-02-01"))


def _orders(table: Table) -> None:
    ordered = partial(b.medicine, vs.ACEI_ARB_ARNI, None, at="2026-06-10T10:30")
    for word in GOOD_ORDERS:
        table.row(f"ordered, {word}", TREATED, ordered(status=word))
    for word in BAD_ORDERS:
        table.row(f"ordered, {word}", OPEN, ordered(status=word))
    for word in INTENTS:
        table.row(f"ordered, {word}", TREATED, ordered(intent=word))
    for word in BAD_INTENTS:
        table.row(f"ordered, {word}", OPEN, ordered(intent=word))
    table.row("not to be taken", OPEN, ordered(negated=True))
    for at, what in (
        ("2026-06-10T00:00", TREATED),
        ("2026-06-09T23:59", OPEN),
        ("2026-06-11T23:59", TREATED),
        ("2026-06-12T00:00", OPEN),
    ):
        table.row(f"ordered at {at}", what, ordered(at=at))
    table.row("ordered at the other visit", OPEN, ordered(at="2026-02-01T10:00"))
    table.row("ordered by reference to the medicine", OPEN, ordered(focus="Medication/m"))
    task = partial(b.event, "Task", codes.FULFILL, status="rejected", focus="MedicationRequest/m")
    for says, order in (
        ("ordered", ordered(id="m")),
        ("taken", b.medicine(vs.ACEI_ARB_ARNI, "2026-06-01", "2026-07-01", "2026-05-01", id="m")),
    ):
        table.row(f"{says} and rejected", OPEN, order, task())
        table.row(f"{says} and accepted", TREATED, order, task(status="accepted"))
        table.row(f"{says}, another order was rejected", TREATED, order, task(focus="MedicationRequest/n"))
        other_task = b.event("Task", codes.YES, status="rejected", focus="MedicationRequest/m")
        table.row(f"{says}, another task was rejected", TREATED, order, other_task)


def _taken(table: Table) -> None:
    taken = partial(b.medicine, vs.ACEI_ARB_ARNI, at="2026-05-01")
    for start, end, counts in (
        ("2026-01-01", "2026-06-11", False),
        ("2026-01-01", "2026-06-12T00:00", True),
        ("2026-06-11T23:00", "2026-07-01", True),
        ("2026-06-12", "2026-07-01", False),
    ):
        table.row(f"taken from {start} to {end}", TREATED if counts else OPEN, taken(start, end))
    for word in GOOD_ORDERS:
        table.row(f"taken, {word}", TREATED, taken("2026-01-01", "2026-09-01", status=word))
    for word in BAD_ORDERS:
        table.row(f"taken, {word}", OPEN, taken("2026-01-01", "2026-09-01", status=word))
    for word in INTENTS:
        table.row(f"taken, {word}", TREATED, taken("2026-01-01", "2026-09-01", intent=word))
    table.row("taken, only planned", OPEN, taken("2026-01-01", "2026-09-01", intent="plan"))
    table.row("recorded as not taken", OPEN, taken("2026-01-01", "2026-09-01", negated=True))
    table.row("taken, by reference to the medicine", OPEN, taken("2026-01-01", "2026-09-01", focus="Medication/m"))
    # Bounds without an end: no period of supply, and since when they hold is the latest that is known.
    since = lambda when, **more: taken(None, end=b.FOREVER, latest=b.first(when), **more)  # noqa: E731
    table.row("taken since long ago", TREATED, since("2025-01-01"))
    table.row("taken since the last day of the visit", TREATED, since("2026-06-11T23:00"))
    table.row("taken since the day after", OPEN, since("2026-06-12T00:00"))
    table.row("taken since long ago, by reference to the medicine", OPEN, since("2025-01-01", focus="Medication/m"))
    table.row("taken since long ago, only planned", OPEN, since("2025-01-01", intent="plan"))
    table.row("without any period", OPEN, taken(None, latest=b.first("2025-01-01")))


def _exceptions(table: Table) -> None:
    refused = partial(b.medicine, vs.ACEI_ARB_ARNI, None, at="2026-06-10T10:30", negated=True, reason=vs.MEDICAL_REASON)
    for reason in (vs.MEDICAL_REASON, vs.PATIENT_REASON, vs.ACEI_ARB_DECLINED):
        table.row(f"not ordered: {reason.name}", EXCUSED, refused(reason=reason))
    table.row("not ordered, another reason", OPEN, refused(reason=vs.PATIENT_DECLINED))
    table.row("not ordered, by reference to the medicine", OPEN, refused(focus="Medication/m"))
    for word, what in (("active", EXCUSED), ("completed", EXCUSED), ("revoked", OPEN), ("draft", OPEN)):
        table.row(f"not ordered, {word}", what, refused(status=word))
    for word in (*INTENTS, *BAD_INTENTS):
        table.row(f"not ordered, {word}", EXCUSED if word in INTENTS else OPEN, refused(intent=word))
    for at, what in (
        ("2026-06-10T00:00", EXCUSED),
        ("2026-06-09T23:59", OPEN),
        ("2026-06-11T23:59", EXCUSED),
        ("2026-06-12T00:00", OPEN),
    ):
        table.row(f"not ordered at {at}", what, refused(at=at))
    rejected = b.event("Task", codes.FULFILL, status="rejected", focus="MedicationRequest/m")
    table.row("not ordered, and that was rejected", OPEN, refused(id="m"), rejected)
    table.row("not ordered, something else was rejected", EXCUSED, refused(id="n"), rejected)
    table.row("a reason for what was ordered", TREATED, refused(negated=False))
    table.row("a reason for an order at another time", OPEN, refused(negated=False, intent="plan"))
    allergy = lambda kind=vs.ACEI_ARB_ARNI_INGREDIENT, when="2026-01-01", **more: b.event(  # noqa: E731
        "AllergyIntolerance", kind, when, "for ever", **{"verification": "confirmed", "clinical": "active", **more}
    )
    for kind in (vs.ACEI_ARB_ARNI_INGREDIENT, codes.ACEI_MECHANISM, codes.ARB_MECHANISM, codes.NEPRILYSIN_MECHANISM):
        table.row(f"allergy: {kind.name}", EXCUSED, allergy(kind))
    for word, what in ((None, EXCUSED), ("unconfirmed", EXCUSED), ("refuted", OPEN), ("presumed", OPEN)):
        table.row(f"allergy, {word}", what, allergy(verification=word))
    table.row("allergy from the last day of the visit", EXCUSED, allergy(when="2026-06-11T23:00"))
    table.row("allergy from the day after", OPEN, allergy(when="2026-06-12"))
    for kind in (vs.ALLERGY_TO_ACEI_ARB, vs.INTOLERANCE_TO_ACEI_ARB):
        diagnosed = partial(b.condition, kind)
        conditions_verified(table, kind.name, diagnosed, EXCUSED, OPEN)
        for start, end, counts in (
            ("2020-01-01", "2026-06-11", False),
            ("2020-01-01", "2026-06-12T00:00", True),
            ("2026-06-11T23:00", "for ever", True),
            ("2026-06-12", "for ever", False),
        ):
            table.row(f"{kind.name} from {start} to {end}", EXCUSED if counts else OPEN, diagnosed(start, end))
    pregnant = partial(b.condition, vs.PREGNANCY)
    conditions_verified(table, "pregnant", partial(pregnant, when="2026-03-01"), EXCUSED, OPEN, ends=False)
    observed = partial(b.observation, codes.PREGNANCY_STATUS, value=vs.PREGNANCY)
    observation_statuses(table, partial(observed, "2026-03-01"), EXCUSED, OPEN)
    table.row("not pregnant by status", OPEN, observed("2026-03-01", value=codes.YES))
    for make in (pregnant, observed):
        for when, what in (
            ("2025-09-10T10:00", EXCUSED),
            ("2025-09-10T09:59", OPEN),
            ("2026-06-10T10:00", EXCUSED),
            ("2026-06-10T10:01", OPEN),
        ):
            table.row(f"pregnant from {when}", what, make(when, "2026-08-01"))
    failure = partial(b.condition, codes.RENAL_FAILURE_BY_ACEI)
    conditions_verified(table, "renal failure", failure, EXCUSED, OPEN)
    for start, end, counts in (
        ("2026-01-01", "2026-06-09", False),
        ("2026-01-01", "2026-06-10T00:00", True),
        ("2026-06-11T23:00", "for ever", True),
        ("2026-06-12", "for ever", False),
    ):
        table.row(f"renal failure from {start} to {end}", EXCUSED if counts else OPEN, failure(start, end))
