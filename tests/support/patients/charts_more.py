"""Patients for the chart's rules of the second nine published measures, on 30 June 2026."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from support import builders as b
from support.chart_tables import ChartTable
from support.patients import cms117, cms156
from support.patients.common import HOSPICE, INTENTS, PALLIATIVE, VERIFIED

from smartapp.facts.codes import SlotCode
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.catalogue import MEASURES

YESTERDAY, TODAY, TOMORROW = "2026-06-29", "2026-06-30", "2026-07-01"
LAST_INSTANT = "2026-06-30T23:59:59.999"
YEAR_AGO, BEFORE = "2025-06-30", "2025-06-29"


def _hospice(table: ChartTable, *, palliative: bool = False, open_: str = "due") -> None:
    cares = [(HOSPICE, vs.HOSPICE_ENCOUNTER)]
    cares += [(PALLIATIVE, vs.PALLIATIVE_CARE_ENCOUNTER)] if palliative else []
    for care, kind in cares:
        table.row(kind.name, "excluded", care)
        table.row(f"{kind.name} a year ago", "excluded", b.encounter(kind, YEAR_AGO))
        table.row(f"{kind.name} earlier", open_, b.encounter(kind, BEFORE))


def _begun(table: ChartTable, kind: b.Kind, miss: str = "due") -> None:
    """A condition that excludes once it has begun."""
    had = partial(b.condition, kind)
    table.row(f"{kind.name} long ago", "excluded", had("2010-01-01", "2010-02-01"))
    table.row(f"{kind.name} in the last instant", "excluded", had(LAST_INSTANT))
    table.row(f"{kind.name} tomorrow", miss, had(TOMORROW, at=YESTERDAY))
    table.row(f"{kind.name} refuted", miss, had("2010-01-01", verification="refuted"))
    for word in VERIFIED:
        table.row(f"{kind.name}, {word}", "excluded", had("2010-01-01", verification=word))


def _past_year(table: ChartTable, kind: b.Kind, hit: str, miss: str, **options: object) -> None:
    """A condition of the past year, at its edges; to the day."""
    had = partial(b.condition, kind)
    table.row(f"{kind.name} until a year ago", hit, had("2010-01-01", "2025-06-30T00:00"), **options)
    table.row(f"{kind.name} until before", miss, had("2010-01-01", BEFORE), **options)
    table.row(f"{kind.name} from today", hit, had(LAST_INSTANT), **options)
    table.row(f"{kind.name} from tomorrow", miss, had(TOMORROW, at=YESTERDAY), **options)
    table.row(f"{kind.name} refuted", miss, had("2026-01-01", verification="refuted"), **options)
    for word in VERIFIED:
        table.row(f"{kind.name}, {word}", hit, had("2026-01-01", verification=word), **options)


def cms349() -> ChartTable:
    table = ChartTable(MEASURES["CMS349"], born="1980-06-15")
    table.row("never tested", "due")
    table.ages(15, 65, "due")
    tested = partial(b.observation, vs.HIV_LAB_TESTS, value=codes.YES)
    table.row("tested once", "up-to-date", tested("2000-01-01"))
    table.row("tested on the 15th birthday", "up-to-date", tested("1995-06-15"))
    table.row("tested the day before", "due", tested("1995-06-14"))
    table.row("tested from 14 to 15", "due", tested("1995-06-14", "1995-06-16"))
    table.row("tested in the last instant", "up-to-date", tested(LAST_INSTANT))
    table.row("tested today at 65", "up-to-date", tested(TODAY), born="1960-07-01")
    _begun(table, vs.HIV)
    return table


def cms153() -> ChartTable:
    active = b.condition(vs.SEXUAL_ACTIVITY_DIAGNOSES)
    table = ChartTable(MEASURES["CMS153"], born="2004-05-05", base=(active,))
    table.row("never tested", "due")
    table.ages(16, 24, "due")
    table.row("a man", "not-applicable", sex="male")
    table.row("sex not recorded, gender female", "due", sex=None, gender="female")
    table.row("sex not recorded, gender male", "not-applicable", sex=None, gender="male")
    table.row("sex male, gender female", "not-applicable", sex="male", gender="female")
    table.interval("test", partial(b.observation, vs.CHLAMYDIA_SCREENING, value=codes.YES), 1, "year")
    _hospice(table)
    row = partial(table.row, alone=True)
    row("nothing known", "not-applicable")
    ordered = partial(b.order, "ServiceRequest")
    for kind in (
        vs.PREGNANCY_TEST,
        vs.PAP_TEST,
        vs.LABS_DURING_PREGNANCY,
        vs.LABS_FOR_STI,
        vs.STUDIES_DURING_PREGNANCY,
    ):
        row(f"{kind.name} a year ago", "due", ordered(kind, at="2025-06-30T00:00"))
        row(f"{kind.name} earlier", "not-applicable", ordered(kind, at="2025-06-29T23:00"))
        row(f"{kind.name} in the last instant", "due", ordered(kind, at=LAST_INSTANT))
    test = ordered(vs.PREGNANCY_TEST, at="2026-06-01T10:00")
    row("only before an X-ray", "excluded", test, ordered(vs.XRAY_STUDY, at="2026-06-02"))
    row("only before isotretinoin", "excluded", test, b.medicine(vs.ISOTRETINOIN, None, at="2026-06-02"))
    return table


def cms155() -> ChartTable:
    measured = {kind: partial(b.result, kind) for kind in (codes.BMI_PERCENTILE, codes.BODY_HEIGHT, codes.BODY_WEIGHT)}
    counseled = {kind: partial(b.procedure, kind) for kind in (vs.COUNSELING_NUTRITION, vs.COUNSELING_ACTIVITY)}
    table = ChartTable(MEASURES["CMS155"], born="2016-05-05")
    table.row("nothing", "due")
    table.ages(3, 17, "due")
    ways = {**measured, **counseled}
    for kind, make in ways.items():
        rest = tuple(other(YESTERDAY) for name, other in ways.items() if name is not kind)
        table.row(f"without {kind.name}", "due", *rest)
        table.interval(kind.name, lambda day, make=make, rest=rest: (*rest, make(day)), 1, "year")
    _hospice(table)
    pregnant = partial(b.condition, vs.PREGNANCY)
    a_year_ago = "2025-06-30T23:59:59.999"
    table.row("pregnant until a year ago", "excluded", pregnant("2025-01-01", a_year_ago))
    table.row("pregnant until just before", "due", pregnant("2025-01-01", "2025-06-30T23:59:59.998"))
    table.row("pregnant from today", "excluded", pregnant(LAST_INSTANT))
    table.row("pregnant from tomorrow", "due", pregnant(TOMORROW, at=YESTERDAY))
    table.row("pregnant, refuted", "due", pregnant(verification="refuted"))
    for word in VERIFIED:
        table.row(f"pregnant, {word}", "excluded", pregnant(verification=word))
    return table


def cms22() -> ChartTable:
    table = ChartTable(MEASURES["CMS22"], born="1970-05-05")
    reading = lambda when="2026-06-01", systolic=119, diastolic=70, **more: b.observation(  # noqa: E731
        codes.BLOOD_PRESSURE, when, systolic=systolic, diastolic=diastolic, **more
    )
    table.row("never measured", "due")
    table.ages(18, None, "due")
    table.interval("reading", reading, 1, "year")
    good = "up-to-date 2027-06-01"
    for systolic, diastolic, what in (
        (129.5, 79.5, good),
        (130, 70, "due"),
        (120, 80, "due"),
        (0, 70, "due"),
        (110, 0, "due"),
        (0.5, 70, good),
        (110, 0.5, good),
    ):
        table.row(f"{systolic}/{diastolic}", what, reading(systolic=systolic, diastolic=diastolic))
    bad = reading(systolic=150)
    table.row("high, then normal", "up-to-date 2027-06-02", bad, reading("2026-06-02"))
    table.row("normal, then high", "due", reading("2026-05-01"), bad)
    table.row(
        "the later start counts", "up-to-date 2027-06-20", reading("2026-05-01", 150, until="2026-06-20"), reading()
    )
    for status in ("amended", "corrected"):
        table.row(f"reading {status}", good, reading(status=status))
    table.row("reading preliminary", "due", reading(status="preliminary"))
    table.row("reading not done", "due", reading(negated=True))
    ways: dict[str, Callable[..., b.Event]] = {
        "weeks": partial(b.order, "ServiceRequest", vs.FOLLOW_UP_4_WEEKS),
        "months": partial(b.order, "ServiceRequest", vs.FOLLOW_UP_6_MONTHS),
        "referral": partial(
            b.order, "ServiceRequest", vs.REFERRAL_TO_PRIMARY_CARE, reason=vs.FINDING_OF_ELEVATED_PRESSURE
        ),
    }
    for says, make in ways.items():
        table.row(f"high, {says} a year ago", good, bad, make(at="2025-06-30T23:59:59.999"))
        table.row(f"high, {says} just before", "due", bad, make(at="2025-06-30T23:59:59.998"))
        table.row(f"high, {says} in the last instant", good, bad, make(at=LAST_INSTANT))
    had = partial(b.problem, vs.DIAGNOSIS_OF_HYPERTENSION)
    table.row("hypertension", "excluded", had("2020-01-01"))
    table.row("hypertension from the last instant", "excluded", had(LAST_INSTANT))
    table.row("hypertension from tomorrow", "due", had(TOMORROW, at=YESTERDAY))
    return table


ASIAN = (SlotCode("race", *b.code_of(codes.ASIAN)),)


def cms1154() -> ChartTable:
    bmi = lambda number: b.result(codes.BODY_MASS_INDEX, "2026-03-01", number, "kg/m2")  # noqa: E731
    table = ChartTable(MEASURES["CMS1154"], born="1975-05-05", base=(bmi(30),))
    table.row("never tested", "due")
    table.ages(35, 70, "due")
    row = partial(table.row, alone=True)
    row("not heavy", "not-applicable", bmi(24))
    row("not heavy, Asian", "due", bmi(24), codes=ASIAN)
    table.interval("test", partial(b.observation, vs.GLYCEMIC_SCREENING), 3, "year")
    for kind in (vs.DIABETES, vs.PREDIABETES, vs.PREGNANCY):
        _past_year(table, kind, "excluded", "due")
    observed = partial(b.observation, codes.PREGNANCY_STATUS, value=vs.PREGNANCY)
    table.row("pregnant by status until a year ago", "excluded", observed("2025-06-01", "2025-06-30T00:00"))
    table.row("pregnant by status until before", "due", observed("2025-06-01", BEFORE))
    table.row("pregnant by status today", "excluded", observed(LAST_INSTANT))
    table.row("pregnant by status tomorrow", "due", observed(TOMORROW, at=YESTERDAY))
    table.row("pregnant by status for a time", "excluded", observed("2026-06-01", "2026-07-30"))
    table.row("not pregnant by status", "due", observed("2026-06-01", value=codes.YES))
    table.row("status recorded as not asked", "due", observed("2026-06-01", negated=True))
    for kind in (vs.ADVANCED_ILLNESS, vs.LIMITED_LIFE_EXPECTANCY):
        ill = partial(b.condition, kind)
        table.row(f"{kind.name} until yesterday", "excluded", ill("2026-06-29T23:00"))
        table.row(f"{kind.name} from today", "due", ill(TODAY))
        table.row(f"{kind.name} from birth", "excluded", ill("1975-05-05"))
        table.row(f"{kind.name} before birth", "due", ill("1975-05-04"))
        table.row(f"{kind.name} refuted", "due", ill("2020-01-01", verification="refuted"))
        table.row(f"{kind.name}, over", "excluded", ill("2020-01-01", "2027-01-01"))
    return table


def cms149() -> ChartTable:
    dementia = partial(b.condition, vs.DEMENTIA)
    table = ChartTable(MEASURES["CMS149"], born="1940-05-05", base=(dementia("2020-01-01"),))
    table.row("never assessed", "due")
    table.interval("assessment", partial(b.observation, vs.COGNITION_TOOLS, value=codes.YES), 1, "year")
    row = partial(table.row, alone=True)
    row("no dementia", "not-applicable")
    row("until the last instant", "due", dementia("2020-01-01", LAST_INSTANT))
    row("until just before", "not-applicable", dementia("2020-01-01", "2026-06-30T23:59:59.998"))
    row("from today", "due", dementia(LAST_INSTANT))
    row("from tomorrow", "not-applicable", dementia(TOMORROW, at=YESTERDAY))
    return table


def cms135() -> ChartTable:
    failure = b.problem(vs.HEART_FAILURE, "2020-01-01")
    weak = b.result(vs.EJECTION_FRACTION, "2020-01-01", 40.0, "%")
    table = ChartTable(MEASURES["CMS135"], born="1950-05-05", base=(failure, weak))
    table.row("not treated", "due")
    table.ages(18, None, "due")
    row = partial(table.row, alone=True)
    row("no heart failure", "not-applicable", weak)
    row("no dysfunction", "not-applicable", failure)
    row("dysfunction by diagnosis", "due", failure, b.problem(vs.MODERATE_OR_SEVERE_LVSD, "2020-01-01"))
    had = partial(b.condition, vs.HEART_FAILURE)
    row("failure until a year ago", "due", weak, had("2020-01-01", "2025-06-30T00:00"))
    row("failure until before", "not-applicable", weak, had("2020-01-01", BEFORE))
    row("failure from the last instant", "due", weak, had(LAST_INSTANT))
    row("failure from tomorrow", "not-applicable", weak, had(TOMORROW, at=YESTERDAY))
    taken = partial(b.medicine, vs.ACEI_ARB_ARNI)
    table.row("taken", "up-to-date", taken("2026-06-01", LAST_INSTANT))
    table.row("taken until just before", "due", taken("2026-06-01", "2026-06-30T23:59:59.998"))
    table.row("completed, and supplied", "up-to-date", taken("2026-06-01", "2026-07-30", status="completed"))
    table.row(
        "taken, by reference to the medicine", "up-to-date", taken("2026-06-01", LAST_INSTANT, focus="Medication/m")
    )
    for word in INTENTS:
        table.row(f"taken, {word}", "up-to-date", taken("2026-06-01", LAST_INSTANT, intent=word))
    table.row("only planned", "due", taken("2026-06-01", LAST_INSTANT, intent="plan"))
    rejected = b.event("Task", codes.FULFILL, status="rejected", focus="MedicationRequest/m")
    table.row("taken, rejected", "due", taken("2026-06-01", LAST_INSTANT, id="m"), rejected)
    table.row("taken, another order was rejected", "up-to-date", taken("2026-06-01", LAST_INSTANT, id="n"), rejected)
    open_ended = partial(taken, end=None)
    table.row("active, nobody knows how long", "up-to-date", open_ended())
    table.row("completed, nobody knows how long", "cannot-tell", open_ended(status="completed"))
    for kind in (vs.HEART_TRANSPLANT, vs.LVAD_PLACEMENT):
        table.row(kind.name, "excluded", b.procedure(kind, "2020-01-01"))
    for kind in (vs.HEART_TRANSPLANT_COMPLICATIONS, vs.LVAD_COMPLICATIONS, codes.RENAL_FAILURE_BY_ACEI):
        table.row(kind.name, "excluded", b.condition(kind, "2020-01-01", "2020-02-01"))
    allergy = partial(
        b.event, "AllergyIntolerance", vs.ACEI_ARB_ARNI_INGREDIENT, "2020-01-01", "for ever", verification="confirmed"
    )
    table.row("allergy", "excluded", allergy(clinical="active"))
    table.row("allergy, over", "due", allergy(clinical="inactive"))
    for kind in (vs.ALLERGY_TO_ACEI_ARB, vs.INTOLERANCE_TO_ACEI_ARB):
        table.row(kind.name, "excluded", b.condition(kind, "2020-01-01", LAST_INSTANT))
        table.row(f"{kind.name}, over", "due", b.condition(kind, "2020-01-01", "2026-06-30T23:59:59.998"))
    pregnant = partial(b.condition, vs.PREGNANCY)
    nine = "2025-09-30T23:59:59.999"
    table.row("pregnant", "excluded", pregnant(nine, LAST_INSTANT))
    table.row("pregnant since longer", "due", pregnant("2025-09-30T23:59:59.998"))
    table.row("pregnant until just before", "due", pregnant("2026-01-01", "2026-06-30T23:59:59.998"))
    refused = partial(b.medicine, vs.ACEI_ARB_ARNI, None, negated=True)
    for reason in (vs.MEDICAL_REASON, vs.PATIENT_REASON, vs.ACEI_ARB_DECLINED):
        table.row(f"refused: {reason.name}", "excluded", refused(at="2026-06-01", reason=reason))
    table.row("not prescribed, for another reason", "due", refused(at="2026-06-01", reason=vs.PATIENT_DECLINED))
    table.row("refused a year ago", "excluded", refused(at="2025-06-30T23:59:59.999", reason=vs.MEDICAL_REASON))
    table.row("refused just before", "due", refused(at="2025-06-30T23:59:59.998", reason=vs.MEDICAL_REASON))
    table.row("refused in the last instant", "excluded", refused(at=LAST_INSTANT, reason=vs.MEDICAL_REASON))
    table.row(
        "a reason, but prescribed",
        "due",
        refused(at="2026-06-01", negated=False, status="stopped", reason=vs.MEDICAL_REASON),
    )
    return table


def _each_vaccine(table: ChartTable) -> None:
    """What was given shows, of whichever vaccine: here all the others are stood in for by a reaction to them."""
    reacted = {name: b.condition(instead[0], cms117.day(5)) for name, (*_, instead) in cms117.SERIES.items()}
    given = dict(cms117.ALL)
    ways = [(name, given[name]) for name in given]
    ways += [
        ("Hib", cms117.doses(vs.HIB_4_VACCINE, 42, 100, 200, 300)),
        ("rotavirus", cms117.doses(vs.ROTAVIRUS_3_VACCINE, 42, 100, 200)),
        (
            "influenza",
            (cms117.dose(vs.LAIV_VACCINE, cms117.LAST), cms117.given(vs.CHILD_INFLUENZA_ADMINISTERED, 200)),
        ),
    ]
    for name, doses in ways:
        others = tuple(event for other, event in reacted.items() if other != name)
        table.row(f"{name} alone", "up-to-date", *others, *doses)
    for more in ({"status": "not-done"}, {"negated": True}):
        table.row(f"nothing given, {more}", "due", *reacted.values(), cms117.dose(vs.MMR_VACCINE, 400, **more))


def childhood() -> ChartTable:
    table = ChartTable(MEASURES["CMS117"], born="2024-06-10")
    everything = tuple(event for events in cms117.ALL.values() for event in events)
    table.row("no vaccine", "due")
    table.row("all vaccines", "up-to-date", *everything)
    table.row("one is missing", "due", *cms117.but("MMR"))
    _each_vaccine(table)
    table.row("18 months today", "due", born="2024-12-30")
    table.row("18 months tomorrow", "not-applicable", born="2025-01-01")
    table.row("3 tomorrow", "due", born="2023-07-01")
    table.row("3 today", "not-applicable", born="2023-06-30")
    _hospice(table)
    for kind in (
        vs.SEVERE_COMBINED_IMMUNODEFICIENCY,
        vs.IMMUNE_DISORDERS,
        vs.HIV,
        vs.LYMPHATIC_MALIGNANCY,
        vs.INTUSSUSCEPTION,
    ):
        table.row(kind.name, "excluded", b.condition(kind, "2025-01-01"))
    return table


def medicines() -> ChartTable:
    order = partial(b.medicine, vs.NIFEDIPINE, None)
    two = (order(at="2026-03-01"), order(at="2026-06-01"))
    table = ChartTable(MEASURES["CMS156"], born="1950-05-05", base=two)
    table.row("two orders of a medicine to avoid", "due")
    table.ages(65, None, "due")
    table.row("one was stopped", "due", order(at="2026-01-01", status="stopped"))
    row = partial(table.row, alone=True)
    row("one order", "not-applicable", two[0])
    row(
        "two, none in use",
        "not-applicable",
        order(at="2026-03-01", status="completed"),
        order(at="2026-06-01", status="completed"),
    )
    supplied = partial(b.medicine, vs.NIFEDIPINE, "2026-03-01")
    first = supplied("2026-03-30", "2026-03-01", status="completed")
    row("the second one lasts", "due", first, supplied(LAST_INSTANT, "2026-06-01"))
    row("the second one is used up", "not-applicable", first, supplied("2026-06-30T23:59:59.998", "2026-06-01"))
    psych = partial(b.medicine, vs.HARMFUL_ANTIPSYCHOTICS, None)
    others = (vs.HARMFUL_ANTIPSYCHOTICS, vs.HARMFUL_BENZODIAZEPINES)
    for kind in (*cms156.SAME, *others):
        row(f"two of {kind.name}", "due", *cms156.twice(kind))
    row("two long anti-infectives", "due", *cms156.twice(vs.HARMFUL_ANTIINFECTIVES, days=60.0))
    for code, limit in {**cms156.TABLETS, **cms156.LIQUIDS}.items():
        unit = "mL" if code in cms156.LIQUIDS else None
        row(f"two of {code.name}", "due", *cms156.twice(code, number=limit * 2, unit=unit))
    over = cms156.twice(vs.NIFEDIPINE, status="completed")
    row("two, and one that is not to be given", "not-applicable", *over, order(at="2026-06-02", negated=True))
    row("an antipsychotic", "due", psych(at="2026-03-01"), psych(at="2026-06-01"))
    _hospice(table, palliative=True)
    return table


MORE: tuple[Callable[[], ChartTable], ...] = (
    cms349,
    cms153,
    cms155,
    cms22,
    cms1154,
    cms149,
    cms135,
    childhood,
    medicines,
)
