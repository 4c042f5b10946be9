"""Patients for CMS156, Use of High-Risk Medications in Older Adults: three rates, by which medicine."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    BAD_INTENTS,
    BAD_ORDERS,
    GOOD_ORDERS,
    HOSPICE,
    INTENTS,
    PALLIATIVE,
    conditions_verified,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms156 import CMS156

GOOD, NOBODY, OUT = "ip den|ip den|ip den", "-|-|-", "ip den ex|ip den ex|ip den ex"
AVOID, NO_REASON = "ip den num|ip den|ip den num", "ip den|ip den num|ip den num"
BOTH = "ip den num|ip den num|ip den num"
VISIT = b.encounter(vs.OFFICE_VISIT)
VISITS = (
    vs.OFFICE_VISIT,
    vs.OPHTHALMOLOGICAL_SERVICES,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.DISCHARGE_SERVICES_NURSING_FACILITY,
    vs.NURSING_FACILITY_VISIT,
    vs.LONG_TERM_RESIDENTIAL_CARE,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.HOME_HEALTHCARE,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
    codes.OFFICE_VISIT_WITHOUT_PHYSICIAN,
)
SAME = (
    vs.HARMFUL_ANTIHISTAMINES,
    vs.HARMFUL_ANTIPARKINSONIANS,
    vs.HARMFUL_ANTISPASMODICS,
    vs.DIPYRIDAMOLE,
    vs.GUANFACINE,
    vs.NIFEDIPINE,
    vs.HARMFUL_ANTIDEPRESSANTS,
    vs.HARMFUL_BARBITURATES,
    codes.ERGOLOID_MESYLATES,
    vs.MEPROBAMATE,
    vs.HARMFUL_ESTROGENS,
    vs.HARMFUL_SULFONYLUREAS,
    vs.DESICCATED_THYROID,
    vs.HARMFUL_HYPNOTICS,
    vs.HARMFUL_MUSCLE_RELAXANTS,
    vs.HARMFUL_PAIN_MEDICATIONS,
    vs.MEGESTROL,
    vs.MEPERIDINE,
)
TABLETS = {
    codes.DIGOXIN_TABLET_0_0625: 2,
    codes.DIGOXIN_TABLET_0_125: 1,
    codes.DIGOXIN_TABLET_0_25: 0.5,
    codes.DOXEPIN_TABLET_3: 2,
    codes.DOXEPIN_TABLET_6: 1,
    codes.DOXEPIN_CAPSULE_10: 0.6,
    codes.DOXEPIN_CAPSULE_25: 0.24,
    codes.DOXEPIN_CAPSULE_50: 0.12,
    codes.DOXEPIN_CAPSULE_75: 0.08,
    codes.DOXEPIN_CAPSULE_100: 0.06,
    codes.DOXEPIN_CAPSULE_150: 0.04,
}
LIQUIDS = {
    codes.DIGOXIN_SOLUTION_0_05: 2.5,
    codes.DIGOXIN_INJECTION_0_1: 1.25,
    codes.DIGOXIN_INJECTION_0_25: 0.5,
    codes.DOXEPIN_SOLUTION_10: 0.6,
}


def order(kind: b.Kind, at: str = "2026-06-01T10:00", **more: object) -> b.Event:
    """An order without a supply."""
    return b.medicine(kind, None, at=at, **more)


_order = order


def twice(kind: b.Kind, **more: object) -> tuple[b.Event, b.Event]:
    return order(kind, "2026-03-01T10:00", **more), order(kind, "2026-06-01T10:00", **more)


def cms156() -> Table:
    table = Table(CMS156, born="1950-05-05", base=(VISIT,))
    table.row("no medicine", GOOD)
    table.ages((65, None), "2026-12-31", GOOD, NOBODY)
    _visits(table)
    for kind in SAME:
        _pairs(table, kind, AVOID)
    # A pair is of one kind.
    table.row("one of two kinds", GOOD, order(vs.NIFEDIPINE), order(vs.GUANFACINE, "2026-03-01"))
    _anti_infectives(table)
    _doses(table)
    _pairs(table, vs.HARMFUL_ANTIPSYCHOTICS, NO_REASON)
    _pairs(table, vs.HARMFUL_BENZODIAZEPINES, NO_REASON)
    for kind in (vs.SCHIZOPHRENIA, vs.BIPOLAR_DISORDER):
        _reasons(table, vs.HARMFUL_ANTIPSYCHOTICS, kind)
    for kind in (
        vs.SEIZURE_DISORDER,
        vs.REM_SLEEP_BEHAVIOR_DISORDER,
        vs.BENZODIAZEPINE_WITHDRAWAL,
        vs.ALCOHOL_WITHDRAWAL,
        vs.GENERALIZED_ANXIETY,
    ):
        _reasons(table, vs.HARMFUL_BENZODIAZEPINES, kind)
    table.row(
        "a reason for the other medicine", NO_REASON, *twice(vs.HARMFUL_ANTIPSYCHOTICS), _ill(vs.SEIZURE_DISORDER)
    )
    table.row("both", BOTH, *twice(vs.HARMFUL_ANTIPSYCHOTICS), *twice(vs.NIFEDIPINE))
    table.row("hospice", OUT, HOSPICE)
    table.row("palliative care", OUT, PALLIATIVE)
    return table


def _visits(table: Table) -> None:
    row = partial(table.row, alone=True)
    row("no visit", NOBODY)
    for kind in VISITS:
        row(f"visit: {kind.name}", GOOD, b.encounter(kind))
    for word in ("planned", "in-progress", "cancelled"):
        row(f"visit {word}", NOBODY, b.encounter(vs.OFFICE_VISIT, status=word))
    for start, end, counts in (
        ("2026-01-01T00:00", "2026-01-01T00:30", True),
        ("2025-12-31T23:59:59.999", "2026-01-01T00:30", False),
        ("2026-12-31T23:30", "2026-12-31T23:59:59.999", True),
        ("2026-12-31T23:30", "2027-01-01T00:00", False),
    ):
        row(f"visit from {start} to {end}", GOOD if counts else NOBODY, b.encounter(vs.OFFICE_VISIT, start, end))


def _pairs(table: Table, kind: b.Kind, hit: str, **given: object) -> None:
    """When two orders of a medicine count, and when one does."""
    order = partial(_order, **given)
    row = lambda says, what, *events: table.row(f"{kind.name}: {says}", what, *events)  # noqa: E731
    one = order(kind)
    row("one order", GOOD, one)
    row("two orders", hit, *twice(kind, **given))
    row("two of one day", GOOD, one, order(kind, "2026-06-01T12:00"))
    row("two of two days, an hour apart", hit, order(kind, "2026-06-01T23:30"), order(kind, "2026-06-02T00:30"))
    for at, what in (
        ("2026-01-01T00:00", hit),
        ("2025-12-31T23:59:59.999", GOOD),
        ("2026-12-31T23:59:59.999", hit),
        ("2027-01-01T00:00", GOOD),
    ):
        row(f"and one at {at}", what, one, order(kind, at))
        row(f"one at {at}, refilled", what, order(kind, at, repeats=1.0))
    row("without refills", GOOD, order(kind, repeats=0.0))
    row("refilled twice", hit, order(kind, repeats=2.0))
    for word in GOOD_ORDERS:
        row(f"and one {word}", hit, one, order(kind, "2026-03-01", status=word))
    for word in BAD_ORDERS:
        row(f"and one {word}", GOOD, one, order(kind, "2026-03-01", status=word))
    for word in INTENTS:
        row(f"and one, {word}", hit, one, order(kind, "2026-03-01", intent=word))
    for word in BAD_INTENTS:
        row(f"and one, {word}", GOOD, one, order(kind, "2026-03-01", intent=word))
    row("and one not to be given", GOOD, one, order(kind, "2026-03-01", negated=True))
    _supplies(row, kind, hit, **given)


def _supplies(row, kind: b.Kind, hit: str, **given: object) -> None:  # type: ignore[no-untyped-def]
    """Two orders of one day whose supplies begin on different days of the year."""
    supply = lambda start, at="2026-06-01T10:00": b.medicine(kind, start, "2027-02-01", at, **given)  # noqa: E731
    row("two supplies of two days", hit, supply("2026-06-01"), supply("2026-07-01", "2026-06-01T12:00"))
    row("two supplies of one day", GOOD, supply("2026-06-01"), supply("2026-06-01T08:00"))
    row("two supplies of two days, an hour apart", hit, supply("2026-06-01T23:30"), supply("2026-06-02T00:30"))
    row("of which one has no supply", GOOD, supply("2026-06-01"), _order(kind, "2026-06-01T12:00", **given))
    for start, what in (
        ("2026-01-01", hit),
        ("2025-12-31T23:59:59.999", GOOD),
        ("2026-12-31T23:59:59.999", hit),
        ("2027-01-01", GOOD),
    ):
        row(f"two supplies, one from {start}", what, supply("2026-06-01"), supply(start))
    early = b.medicine(kind, "2026-06-01", "2026-06-20", "2026-06-01T10:00", **given)
    late = b.medicine(kind, "2026-06-01", "2026-06-30", "2026-06-01T12:00", **given)
    row("two supplies of one day that end on others", GOOD, early, late)


def _anti_infectives(table: Table) -> None:
    kind = vs.HARMFUL_ANTIINFECTIVES
    _pairs(table, kind, AVOID, days=91.0)
    row = lambda says, what, *events: table.row(f"anti-infective: {says}", what, *events)  # noqa: E731
    first, second = partial(order, kind, "2026-03-01"), partial(order, kind, "2026-06-01")
    row("90 days", GOOD, first(days=60.0), second(days=30.0))
    row("91 days", AVOID, first(days=60.0), second(days=31.0))
    row("90 days and a half", AVOID, first(days=60.0), second(days=30.5))
    row("91 days of one order", GOOD, first(days=91.0))
    row("91 days, one of unknown length", AVOID, first(days=91.0), second())
    row("one of unknown length", GOOD, first(days=30.0), second())
    row("91 days, one the year before", GOOD, order(kind, "2025-06-01", days=60.0), second(days=31.0))
    row(
        "the longer one of the year before does not add",
        GOOD,
        order(kind, "2025-06-01", days=60.0),
        first(days=20.0),
        second(days=31.0),
    )
    row("120 days of one order with refills", AVOID, order(kind, repeats=3.0, days=120.0))


def _doses(table: Table) -> None:
    _pairs(table, codes.DIGOXIN_TABLET_0_25, AVOID, number=9.0)
    _pairs(table, codes.DOXEPIN_CAPSULE_75, AVOID, number=9.0)
    for code, limit in TABLETS.items():
        row = partial(_dose_row, table, code)
        row("at the limit", GOOD, limit, None)
        row("above the limit", AVOID, limit * 1.01, None)
        row("below by half a tablet's worth of thirty", GOOD, limit * 0.99, None)
        table.row(f"{code.name}: one order above the limit", GOOD, order(code, number=limit * 2))
        high, low = order(code, "2026-03-01", number=limit * 2), order(code, number=limit)
        table.row(f"{code.name}: above once, at it once", GOOD, high, low)
        table.row(f"{code.name}: no amount", GOOD, *twice(code))
    for code, limit in LIQUIDS.items():
        row = partial(_dose_row, table, code)
        row("at the limit", GOOD, limit, "mL")
        row("above the limit", AVOID, limit * 1.01, "mL")
        row("above the limit in another unit", GOOD, limit * 1.01, "{bottle}")
        row("above the limit without a unit", GOOD, limit * 1.01, None)
    two = (order(codes.DIGOXIN_TABLET_0_125, "2026-03-01", number=2.0), order(codes.DIGOXIN_TABLET_0_25, number=2.0))
    table.row("two strengths of one medicine", AVOID, *two)
    table.row("two medicines", GOOD, two[0], order(codes.DOXEPIN_TABLET_3, number=9.0))


def _dose_row(table: Table, code: b.Kind, says: str, what: str, number: float, unit: str | None) -> None:
    table.row(f"{code.name}: {says}", what, *twice(code, number=number, unit=unit))


def _ill(kind: b.Kind, when: str = "2026-01-10", until: str = "for ever", **more: object) -> b.Event:
    return b.condition(kind, when, until, **more)


def _reasons(table: Table, medicine: b.Kind, kind: b.Kind) -> None:
    """What excuses a medicine: a disorder from a year before the period to the first order in it (1 March, 10:00)."""
    two = twice(medicine)
    for start, end, counts in (
        ("2020-01-01", "2024-12-31T23:59:59.999", False),
        ("2020-01-01", "2025-01-01T00:00", True),
        ("2026-03-01T10:00", "for ever", True),
        ("2026-03-01T10:01", "for ever", False),
    ):
        table.row(f"{kind.name} from {start} to {end}", GOOD if counts else NO_REASON, *two, _ill(kind, start, end))
    make = lambda **more: (*two, _ill(kind, **more))  # noqa: E731
    conditions_verified(table, kind.name, make, GOOD, NO_REASON)
    table.row(f"{kind.name} on the problem list", GOOD, *two, b.problem(kind, "2026-01-10"))
    late = _ill(kind, "2026-02-01")
    earlier = {
        "the year before": order(medicine, "2025-12-31"),
        "in the first instant": order(medicine, "2026-01-01T00:00"),
        "not to be given": order(medicine, "2026-01-05", negated=True),
        "only planned": order(medicine, "2026-01-05", intent="plan"),
        "stopped": order(medicine, "2026-01-05", status="stopped"),
    }
    for says, first in earlier.items():
        what = NO_REASON if says == "in the first instant" else GOOD
        table.row(f"{kind.name} after an order {says}", what, *two, first, late)
    last = (order(medicine, "2026-12-31T23:59:59.999", repeats=1.0), _ill(kind, "2026-06-01"))
    table.row(f"{kind.name} before an order in the last instant", GOOD, *last)
