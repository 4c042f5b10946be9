"""Patients for CMS347, Statin Therapy: four rates, so that each answer has four parts."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import (
    BAD_INTENTS,
    BAD_RESULTS,
    GOOD_ORDERS,
    HOSPICE,
    PALLIATIVE,
    beside,
    conditions_verified,
    overlapping,
    procedure_statuses,
    visit_kinds,
    visit_rows,
    within,
)

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms347 import CMS347

START, END = "2026-01-01", "2026-12-31"
VISIT = b.encounter(vs.OFFICE_VISIT, "2026-03-03")
MI = b.problem(vs.MYOCARDIAL_INFARCTION, "2020-01-01")
LDL = b.result(vs.LDL_CHOLESTEROL, "2024-05-05", 200, "mg/dL")
DIABETES = b.problem(vs.DIABETES, "2020-01-01")
RISK = b.result(codes.CVD_RISK_10Y, "2026-05-05", 25, "%")
NOBODY = "-|-|-|-"
VISITS = (
    vs.ANNUAL_WELLNESS_VISIT,
    vs.OFFICE_VISIT,
    vs.OUTPATIENT_CONSULTATION,
    vs.OUTPATIENT_PREVENTIVE_CARE,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INDIVIDUAL_COUNSELING,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.PREVENTIVE_OTHER,
    vs.TELEMEDICINE_SERVICES,
)
STATINS = (vs.LOW_INTENSITY_STATIN, vs.MODERATE_INTENSITY_STATIN, vs.HIGH_INTENSITY_STATIN)


def only(rate: int, what: str) -> str:
    """In one rate, and in no other."""
    return "|".join(what if number == rate else "-" for number in range(1, 5))


OPEN, GIVEN, OUT, EXCUSED = (only(1, w) for w in ("ip den", "ip den num", "ip den ex", "ip den exc"))


def cms347() -> Table:
    table = Table(CMS347, born="1966-05-05", sex="male", base=(VISIT,))
    table.row("a man of 59 without any risk", NOBODY)
    for rate, risk in enumerate((MI, LDL, DIABETES, RISK), 1):
        table.row(f"rate {rate}", only(rate, "ip den"), risk)
        table.row(f"rate {rate}, treated", only(rate, "ip den num"), risk, b.medicine(vs.LOW_INTENSITY_STATIN))
        table.row(f"rate {rate}, breastfeeding", only(rate, "ip den ex"), risk, b.condition(vs.BREASTFEEDING))
        table.row(f"rate {rate}, hospice", only(rate, "ip den exc"), risk, HOSPICE)
        visit_rows(table, vs.OFFICE_VISIT, only(rate, "ip den"), NOBODY, risk)
        table.row(
            f"rate {rate}, ordered only", only(rate, "ip den num"), risk, b.medicine(vs.LOW_INTENSITY_STATIN, None)
        )
        taken = b.medicine(vs.LOW_INTENSITY_STATIN, at="2024-01-01")
        table.row(f"rate {rate}, taken only", only(rate, "ip den num"), risk, taken)
        for why in _every_exception():
            table.row(f"rate {rate}, an exception", only(rate, "ip den exc"), risk, why)
    table.row("all four risks", only(1, "ip den"), MI, LDL, DIABETES, RISK)
    table.row("without the first", only(2, "ip den"), LDL, DIABETES, RISK)
    table.row("without the first two", only(3, "ip den"), DIABETES, RISK)
    table.row(
        "hypercholesterolemia and diabetes", only(2, "ip den"), b.problem(vs.FAMILIAL_HYPERCHOLESTEROLEMIA), DIABETES
    )
    table.row("hypercholesterolemia and risk", only(2, "ip den"), b.problem(vs.FAMILIAL_HYPERCHOLESTEROLEMIA), RISK)
    table.row("LDL and risk", only(2, "ip den"), LDL, RISK)
    table.row("infarction and risk", only(1, "ip den"), MI, RISK)
    table.row("infarction and diabetes", only(1, "ip den"), MI, DIABETES)
    table.row("infarction and LDL", only(1, "ip den"), MI, LDL)
    visit_kinds(table, VISITS, OPEN, MI)
    table.ages((20, 75), START, only(2, "ip den"), NOBODY, LDL)
    table.ages((40, 75), START, only(3, "ip den"), NOBODY, DIABETES)
    table.ages((40, 75), START, only(4, "ip den"), NOBODY, RISK)
    table.row("infarction at 90", OPEN, MI, born="1936-01-01")
    _ascvd(table)
    _other_risks(table)
    _exclusions(table)
    _exceptions(table)
    _statins(table)
    return table


def _every_exception() -> tuple[b.Event, ...]:
    return (
        PALLIATIVE,
        b.event("AllergyIntolerance", vs.STATIN_ALLERGEN, "2026-05-05", clinical="active"),
        b.event("AdverseEvent", vs.STATIN_ALLERGEN, "2026-05-05"),
        b.problem(vs.LIVER_DISEASE),
        b.problem(vs.STATIN_MUSCLE_SYMPTOMS),
        b.problem(vs.END_STAGE_RENAL_DISEASE),
        b.medicine(STATINS[0], None, at="2026-03-03T12:00", negated=True, reason=vs.MEDICAL_REASON),
    )


def _by_the_end(table: Table, says: str, make, hit: str) -> None:  # type: ignore[no-untyped-def]
    """What may begin late on the last day, and not after it."""
    table.row(f"{says}, late on the last day", hit, make(when="2026-12-31T23:59"))
    table.row(f"{says}, on the last day", hit, make(when=END))
    table.row(f"{says}, after the year", NOBODY, make(when="2027-01-01"))


def _ascvd(table: Table) -> None:
    for kind in (
        vs.MYOCARDIAL_INFARCTION,
        codes.SUBSEQUENT_NSTEMI,
        vs.STROKE_OR_TIA,
        vs.ATHEROSCLEROSIS_AND_PAD,
        vs.ISCHEMIC_HEART_DISEASE,
        vs.ANGINA,
    ):
        table.row(kind.name, OPEN, b.problem(kind))
    infarction = partial(b.problem, vs.MYOCARDIAL_INFARCTION)
    _by_the_end(table, "infarction", infarction, OPEN)
    conditions_verified(table, "infarction", infarction, OPEN, NOBODY, ends=False)
    table.row("as a health concern", OPEN, infarction(category=codes.HEALTH_CONCERN))
    table.row("only as an encounter's diagnosis", NOBODY, infarction(category=codes.ENCOUNTER_DIAGNOSIS))
    for kind in (vs.PCI, vs.CABG_SURGERIES, vs.CAROTID_INTERVENTION, vs.CABG_OR_PCI_PROCEDURE):
        table.row(kind.name, OPEN, b.procedure(kind))
    pci = partial(b.procedure, vs.PCI)
    procedure_statuses(table, pci, OPEN, NOBODY)
    _by_the_end(table, "PCI", pci, OPEN)
    table.row("PCI that ends after the year", OPEN, pci("2026-12-31", "2027-01-01"))


def _other_risks(table: Table) -> None:
    ldl = partial(b.result, vs.LDL_CHOLESTEROL, number=200, unit="mg/dL")
    second, fourth = only(2, "ip den"), only(4, "ip den")
    for number, hit in ((190, True), (189.9, False), (190.5, True)):
        table.row(f"LDL {number}", second if hit else NOBODY, ldl(number=number))
    table.row("LDL in another unit", NOBODY, ldl(unit="mmol/L"))
    _by_the_end(table, "LDL", ldl, second)
    table.row("LDL that ends after the year", second, ldl("2026-12-31", until="2027-01-01"))
    for word in ("final", "amended", "corrected", "appended"):
        table.row(f"LDL {word}", second, ldl(status=word))
    for word in BAD_RESULTS:
        table.row(f"LDL {word}", NOBODY, ldl(status=word))
    table.row("LDL recorded as not done", NOBODY, ldl(negated=True))
    inherited = partial(b.problem, vs.FAMILIAL_HYPERCHOLESTEROLEMIA)
    _by_the_end(table, "hypercholesterolemia", inherited, second)
    conditions_verified(table, "hypercholesterolemia", inherited, second, NOBODY, ends=False)
    table.row("hypercholesterolemia as an encounter's diagnosis", NOBODY, inherited(category=codes.ENCOUNTER_DIAGNOSIS))
    table.row("hypercholesterolemia as a health concern", second, inherited(category=codes.HEALTH_CONCERN))
    diabetes, third = partial(b.problem, vs.DIABETES), only(3, "ip den")
    overlapping(table, "diabetes", diabetes, third, NOBODY)
    conditions_verified(table, "diabetes", diabetes, third, NOBODY)
    table.row("diabetes as an encounter's diagnosis", NOBODY, diabetes(category=codes.ENCOUNTER_DIAGNOSIS))
    table.row("diabetes as a health concern", third, diabetes(category=codes.HEALTH_CONCERN))
    risk = partial(b.result, codes.CVD_RISK_10Y, number=25, unit="%")
    for number, hit in ((20, True), (19.9, False), (20.5, True)):
        table.row(f"risk {number}", fourth if hit else NOBODY, risk(number=number))
    table.row("risk in another unit", NOBODY, risk(unit="1"))
    table.row("risk by the pooled cohort", fourth, b.result(codes.CVD_RISK_10Y_GOFF, number=25, unit="%"))
    within(table, "risk", risk, START, END, fourth, NOBODY)
    for word in ("final", "amended", "corrected"):
        table.row(f"risk {word}", fourth, risk(status=word))
    for word in BAD_RESULTS:
        table.row(f"risk {word}", NOBODY, risk(status=word))
    table.row("risk recorded as not done", NOBODY, risk(negated=True))


def _exclusions(table: Table) -> None:
    table.row("rhabdomyolysis", OUT, MI, b.condition(vs.RHABDOMYOLYSIS))
    feeding = beside(MI, partial(b.condition, vs.BREASTFEEDING))
    overlapping(table, "breastfeeding", feeding, OUT, OPEN)
    conditions_verified(table, "breastfeeding", feeding, OUT, OPEN)
    table.row("breastfeeding on the problem list", OUT, *feeding(category=codes.PROBLEM_LIST_ITEM))


def _exceptions(table: Table) -> None:
    table.row("palliative care", EXCUSED, MI, PALLIATIVE)
    table.row("excused, though treated", GIVEN, MI, PALLIATIVE, b.medicine(vs.LOW_INTENSITY_STATIN))
    for kind in (vs.HEPATITIS_A, vs.HEPATITIS_B, vs.LIVER_DISEASE):
        table.row(kind.name, EXCUSED, MI, b.problem(kind))
    for kind in (vs.HEPATITIS_A, vs.STATIN_MUSCLE_SYMPTOMS, vs.END_STAGE_RENAL_DISEASE):
        made = beside(MI, partial(b.problem, kind))
        overlapping(table, kind.name, made, EXCUSED, OPEN)
        conditions_verified(table, kind.name, made, EXCUSED, OPEN)
        table.row(f"{kind.name} as an encounter's diagnosis", OPEN, *made(category=codes.ENCOUNTER_DIAGNOSIS))
        table.row(f"{kind.name} as a health concern", EXCUSED, *made(category=codes.HEALTH_CONCERN))
    allergy = partial(b.event, "AllergyIntolerance", vs.STATIN_ALLERGEN, clinical="active")
    table.window("allergy", beside(MI, allergy), (START, END), EXCUSED, OPEN)
    overlapping(table, "onset of an allergy", beside(MI, allergy), EXCUSED, OPEN)
    table.row("onset of an allergy without an end", EXCUSED, MI, allergy("2020-05-05", "for ever"))
    table.row("allergy late on the last day", EXCUSED, MI, allergy("2026-12-31T23:59"))
    table.row("allergy no longer active", OPEN, MI, allergy("2026-05-05", clinical="inactive"))
    reaction = partial(b.event, "AdverseEvent", vs.STATIN_ALLERGEN)
    table.window("reaction", beside(MI, reaction), (START, END), EXCUSED, OPEN)
    table.row("reaction late on the last day", EXCUSED, MI, reaction("2026-12-31T23:59"))
    table.row("reaction whose end is not known", EXCUSED, MI, reaction("2026-05-05", end=None))
    table.row("reaction that was only recorded", EXCUSED, MI, reaction(at="2026-05-05"))
    table.row("reaction recorded before the year", OPEN, MI, reaction(at="2025-05-05"))
    table.row("reaction before the year, recorded in it", OPEN, MI, reaction("2025-05-05", at="2026-05-05"))
    table.row("reaction in the year, recorded after it", EXCUSED, MI, reaction("2026-05-05", at="2027-05-05"))
    _medical_reason(table)


def _medical_reason(table: Table) -> None:
    def no_statin(at: str = "2026-03-03T12:00", kind: b.Kind = STATINS[0], **more: object) -> b.Event:
        more = {"negated": True, "reason": vs.MEDICAL_REASON, **more}
        return b.medicine(kind, None, at=at, **more)

    for kind in STATINS:
        table.row(f"no {kind.name} for a medical reason", EXCUSED, MI, no_statin(kind=kind))
    for word in GOOD_ORDERS:
        table.row(f"no statin, {word}", EXCUSED, MI, no_statin(status=word))
    table.row("no statin, draft", OPEN, MI, no_statin(status="draft"))
    table.row("no statin, for another reason", OPEN, MI, no_statin(reason=codes.YES))
    table.row("a statin with such a reason", GIVEN, MI, no_statin(negated=False))
    table.row("a plan for a statin, with such a reason", OPEN, MI, no_statin(negated=False, intent="plan"))
    for at, hit in (("2026-03-02T23:59", False), ("2026-03-03T00:00", True), ("2026-03-04", False)):
        table.row(f"no statin at {at}", EXCUSED if hit else OPEN, MI, no_statin(at))
    stay = b.encounter(vs.OFFICE_VISIT, "2026-04-01T10:00", "2026-04-02T10:00")
    for at, hit in (("2026-04-01", True), ("2026-04-02T23:00", True), ("2026-04-03", False), ("2026-03-31", False)):
        table.row(f"visit over two days, no statin at {at}", EXCUSED if hit else OPEN, MI, stay, no_statin(at))


def _statins(table: Table) -> None:
    for kind in STATINS:
        table.row(f"ordered: {kind.name}", GIVEN, MI, b.medicine(kind, None))
        table.row(f"taken: {kind.name}", GIVEN, MI, b.medicine(kind, at="2025-06-01"))
    ordered = beside(MI, partial(b.medicine, STATINS[0], None))
    table.window("ordered", lambda day: ordered(at=day), (START, END), GIVEN, OPEN)
    table.row("ordered late on the last day", GIVEN, *ordered(at="2026-12-31T23:59"))
    for word in ("order", "original-order", "reflex-order", "instance-order"):
        table.row(f"ordered, {word}", GIVEN, *ordered(intent=word))
    for word in (*BAD_INTENTS, "filler-order"):
        table.row(f"ordered, {word}", OPEN, *ordered(intent=word))
    taken = beside(MI, partial(b.medicine, STATINS[0], at="2024-06-01"))
    overlapping(table, "taken", taken, GIVEN, OPEN)
    table.row("bounds without an end are no period", OPEN, *taken(when=None, end=b.FOREVER))
    table.row("taken, whatever the intent", GIVEN, *taken(when="2026-02-01", intent="plan"))
    for made, says in ((ordered, "ordered"), (partial(taken, when="2026-02-01"), "taken")):
        for word in GOOD_ORDERS:
            table.row(f"{says} {word}", GIVEN, *made(status=word))
        for word in ("draft", "stopped", "cancelled", "on-hold"):
            table.row(f"{says} {word}", OPEN, *made(status=word))
        table.row(f"{says}, recorded as not to be given", OPEN, *made(negated=True))
