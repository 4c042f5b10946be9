"""Patients for the chart's rules of care without a published report, on the last day of the flu season of 2025/2026."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from support import builders as b
from support.chart_tables import ChartTable
from support.patients.common import HOSPICE, PALLIATIVE, VERIFIED

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.catalogue import MEASURES, catalogue
from smartapp.measures.schedules import CDC_2026

YESTERDAY, TODAY, TOMORROW = "2026-06-29", "2026-06-30", "2026-07-01"
WEAK = (vs.HIV, vs.IMMUNE_DISORDERS, vs.SEVERE_COMBINED_IMMUNODEFICIENCY, vs.LYMPHATIC_MALIGNANCY)
CHRONIC = (
    vs.DIABETES,
    vs.HEART_FAILURE,
    vs.ISCHEMIC_HEART_DISEASE,
    vs.COPD,
    vs.ASTHMA,
    vs.CHRONIC_KIDNEY_DISEASE,
    vs.CKD_STAGE_5,
    vs.END_STAGE_RENAL_DISEASE,
    vs.LIVER_DISEASE,
)


def dose(kind: b.Kind, when: str = "2026-01-15", **more: object) -> b.Event:
    return b.event("Immunization", kind, when, **{"status": "completed", **more})


def _given_or_not(table: ChartTable, make: Callable[..., b.Event], hit: str, miss: str = "due") -> None:
    """A dose counts where it was completed."""
    table.row("given", hit, make())
    table.row("not done", miss, make(status="not-done"))
    table.row("recorded as not given", miss, make(negated=True))


def _resulted(table: ChartTable, make: Callable[..., b.Event], hit: str) -> None:
    for word in ("final", "amended", "corrected"):
        table.row(f"result {word}", hit, make(status=word))
    for word in ("preliminary", "cancelled", "registered"):
        table.row(f"result {word}", "due", make(status=word))
    table.row("recorded as not done", "due", make(negated=True))


def _now(table: ChartTable, kinds: tuple[b.Kind, ...], hit: str, miss: str, **patient: object) -> None:
    """A condition that counts while it lasts."""
    for kind in kinds:
        table.row(f"{kind.name}", hit, b.problem(kind, "2020-01-01"), **patient)
    had = partial(b.condition, kinds[0])
    table.row("over since yesterday", miss, had("2020-01-01", YESTERDAY), **patient)
    table.row("over today", hit, had("2020-01-01", "2026-06-30T00:00"), **patient)
    table.row("from today", hit, had(TODAY), **patient)
    table.row("refuted", miss, had("2020-01-01", verification="refuted"), **patient)
    for word in VERIFIED:
        table.row(f"verification {word}", hit, had("2020-01-01", verification=word), **patient)


def _ever(table: ChartTable, kinds: tuple[b.Kind, ...], hit: str, miss: str = "due", **patient: object) -> None:
    """A condition that counts once it has begun."""
    if hit == "excluded":
        table.row("begins tomorrow", miss, b.condition(kinds[0], TOMORROW, at="2026-06-01"), **patient)
        table.row("begins in the last instant", hit, b.condition(kinds[0], "2026-06-30T23:59:59.999"), **patient)
    for kind in kinds:
        table.row(f"{kind.name} {kind!r}"[:60], hit, b.problem(kind, "2020-01-01", "2020-02-01"), **patient)
    table.row("refuted", miss, b.condition(kinds[0], "2020-01-01", verification="refuted"), **patient)
    for word in VERIFIED:
        table.row(f"verification {word}", hit, b.condition(kinds[0], "2020-01-01", verification=word), **patient)


def _ending(table: ChartTable) -> None:
    for care, start in ((HOSPICE, vs.HOSPICE_ENCOUNTER), (PALLIATIVE, vs.PALLIATIVE_CARE_ENCOUNTER)):
        table.row(start.name, "excluded", care)
        table.row(f"{start.name} a year ago", "excluded", b.encounter(start, "2025-06-30"))
        table.row(f"{start.name} more than a year ago", "due", b.encounter(start, "2025-06-29"))


def awv() -> ChartTable:
    covered = partial(b.event, "Coverage", codes.MEDICARE[0], "2020-01-01", "for ever", status="active")
    table = ChartTable(MEASURES["AWV"], born="1955-05-05", base=(covered(),))
    row = partial(table.row, alone=True)
    row("no coverage", "not-applicable")
    for kind in codes.MEDICARE:
        row(f"{kind.name} {kind.code}", "due", b.event("Coverage", kind, "2020-01-01", "for ever", status="active"))
    row("another payer", "not-applicable", b.event("Coverage", codes.YES, "2020-01-01", "for ever", status="active"))
    row("cancelled", "not-applicable", covered(status="cancelled"))
    end = partial(b.event, "Coverage", codes.MEDICARE[0], status="active")
    row("over since yesterday", "not-applicable", end("2020-01-01", YESTERDAY))
    row("over today", "due", end("2020-01-01", "2026-06-30T00:00"))
    row("from today", "due", end(TODAY, "for ever"))
    table.row("never", "due")
    for last, status in (
        ("2025-06-15", "due 2026-06-01"),
        ("2025-06-30", "due 2026-06-01"),
        ("2025-07-01", "due-soon 2026-07-01"),
        ("2025-07-31", "due-soon 2026-07-01"),
        ("2025-08-31", "due-soon 2026-08-01"),
        ("2025-09-01", "up-to-date 2026-09-01"),
        ("2026-01-31", "up-to-date 2027-01-01"),
        ("2025-01-31", "overdue 2026-01-01"),
    ):
        wanted = status.replace("due 2026-06-01", "overdue 2026-06-01") if status.startswith("due ") else status
        table.row(f"last {last}", wanted, b.encounter(codes.ANNUAL_WELLNESS_SUBSEQUENT, last))
    kinds = (
        codes.WELCOME_TO_MEDICARE,
        codes.ANNUAL_WELLNESS_INITIAL,
        codes.ANNUAL_WELLNESS_SUBSEQUENT,
        vs.ANNUAL_WELLNESS_VISIT,
    )
    for kind in kinds:
        table.row(f"visit {kind.name}", "up-to-date 2027-01-01", b.encounter(kind, "2026-01-15"))
        table.row(f"procedure {kind.name}", "up-to-date 2027-01-01", b.procedure(kind, "2026-01-15"))
    table.row("visit planned", "due", b.encounter(kinds[0], "2026-01-15", status="planned"))
    table.row("procedure not done", "due", b.procedure(kinds[0], "2026-01-15", status="not-done"))
    table.row("procedure recorded as not done", "due", b.procedure(kinds[0], "2026-01-15", negated=True))
    return table


def flu() -> ChartTable:
    table = ChartTable(MEASURES["FLU"], born="1980-05-05")
    table.row("not vaccinated", "due")
    table.row("6 months today", "due", born="2025-12-30")
    table.row("6 months tomorrow", "not-applicable", born="2026-01-01")
    _season(table)
    return table


def _season(table: ChartTable) -> None:
    for kind in codes.INFLUENZA_VACCINES:
        table.row(f"{kind.name} {kind.code}", "up-to-date", dose(kind))
    _given_or_not(table, partial(dose, codes.INFLUENZA_VACCINES[0]), "up-to-date")
    table.row("on the season's first day", "up-to-date", dose(codes.INFLUENZA_VACCINES[0], "2025-07-01T00:00"))
    table.row("the day before", "due", dose(codes.INFLUENZA_VACCINES[0], "2025-06-30"))


def flu_of_children() -> ChartTable:
    table = ChartTable(catalogue(CDC_2026)["FLU-CHILD"], born="2015-05-05")
    table.row("a shared decision", "not-applicable")
    table.row("vaccinated", "up-to-date", dose(codes.INFLUENZA_VACCINES[0]))
    table.row("vaccinated at 18", "not-applicable", dose(codes.INFLUENZA_VACCINES[0]), born="2008-06-30")
    table.row("vaccinated at 17", "up-to-date", dose(codes.INFLUENZA_VACCINES[0]), born="2008-07-01")
    table.row("vaccinated at 6 months", "up-to-date", dose(codes.INFLUENZA_VACCINES[0]), born="2025-12-30")
    table.row("younger", "not-applicable", dose(codes.INFLUENZA_VACCINES[0]), born="2026-01-01")
    for kind in codes.INFLUENZA_VACCINES:
        table.row(f"{kind.name} {kind.code}", "up-to-date", dose(kind))
    _given_or_not(table, partial(dose, codes.INFLUENZA_VACCINES[0]), "up-to-date", "not-applicable")
    table.row("on the season's first day", "up-to-date", dose(codes.INFLUENZA_VACCINES[0], "2025-07-01T00:00"))
    table.row("the day before", "not-applicable", dose(codes.INFLUENZA_VACCINES[0], "2025-06-30"))
    return table


def flu_of_adults() -> ChartTable:
    table = ChartTable(catalogue(CDC_2026)["FLU"], born="1980-05-05")
    table.ages(18, None, "due")
    _season(table)
    return table


def pneumo() -> ChartTable:
    table = ChartTable(MEASURES["PNEUMO"], born="1960-05-05")
    table.row("not vaccinated", "due")
    table.ages(50, None, "due")
    _now(table, (*CHRONIC, *WEAK, *codes.CIGARETTE_DEPENDENCE), "due", "not-applicable", born="1990-05-05")
    _now(table, WEAK, "due", "not-applicable", born="1990-05-05")
    _now(table, codes.CIGARETTE_DEPENDENCE, "due", "not-applicable", born="1990-05-05")
    table.row("19 with diabetes", "due", b.problem(vs.DIABETES, "2020-01-01"), born="2007-06-30")
    table.row("18 with diabetes", "not-applicable", b.problem(vs.DIABETES, "2020-01-01"), born="2007-07-01")
    for kind in (codes.PCV20, codes.PCV21):
        _given_or_not(table, partial(dose, kind), "up-to-date")
    for kind in (codes.PCV15, codes.PCV13):
        first = partial(dose, kind, "2025-01-01")
        table.row(f"{kind.name} alone", "due", first())
        table.row(f"{kind.name}, then the other", "up-to-date", first(), dose(codes.PPSV23, "2025-02-26"))
        table.row(f"{kind.name}, then the other too early", "due", first(), dose(codes.PPSV23, "2025-02-25T23:00"))
        for more in ({"status": "not-done"}, {"negated": True}):
            table.row(f"{kind.name} {more}", "due", first(**more), dose(codes.PPSV23))
            table.row(f"{kind.name}, then the other {more}", "due", first(), dose(codes.PPSV23, **more))
    table.row("the other alone", "due", dose(codes.PPSV23))
    return table


def zoster() -> ChartTable:
    table = ChartTable(MEASURES["ZOSTER"], born="1960-05-05")
    table.row("not vaccinated", "due")
    table.ages(50, None, "due")
    _now(table, WEAK, "due", "not-applicable", born="1990-05-05")
    table.row("diabetes at 36", "not-applicable", b.problem(vs.DIABETES, "2020-01-01"), born="1990-05-05")
    table.row("19 with HIV", "due", b.problem(vs.HIV, "2020-01-01"), born="2007-06-30")
    table.row("18 with HIV", "not-applicable", b.problem(vs.HIV, "2020-01-01"), born="2007-07-01")
    first, second = dose(codes.ZOSTER_RECOMBINANT, "2025-01-01T20:00"), partial(dose, codes.ZOSTER_RECOMBINANT)
    table.row("one dose", "due", first)
    table.row("two doses", "up-to-date", first, second("2025-04-01"))
    table.row("two doses four weeks apart", "up-to-date", first, second("2025-01-29T08:00"))
    table.row("two doses too close", "due", first, second("2025-01-28"))
    for more in ({"status": "not-done"}, {"negated": True}):
        table.row(f"second dose {more}", "due", first, second("2025-04-01", **more))
    return table


def tetanus() -> ChartTable:
    table = ChartTable(MEASURES["TDAP"], born="1980-05-05")
    table.row("never", "due")
    table.ages(19, None, "due")
    table.interval("booster", partial(dose, codes.TETANUS_BOOSTERS[0]), 10, "year")
    for kind in codes.TETANUS_BOOSTERS:
        table.row(f"{kind.name} {kind.code}", "up-to-date 2036-01-15", dose(kind))
    _given_or_not(table, partial(dose, codes.TETANUS_BOOSTERS[0]), "up-to-date 2036-01-15")
    return table


def rsv() -> ChartTable:
    table = ChartTable(MEASURES["RSV"], born="1945-05-05")
    table.row("not vaccinated", "due")
    table.ages(75, None, "due")
    _now(table, (*CHRONIC, *WEAK), "due", "not-applicable", born="1966-05-05")
    _now(table, WEAK, "due", "not-applicable", born="1966-05-05")
    table.row("50 with diabetes", "due", b.problem(vs.DIABETES, "2020-01-01"), born="1976-06-30")
    table.row("49 with diabetes", "not-applicable", b.problem(vs.DIABETES, "2020-01-01"), born="1976-07-01")
    for kind in codes.RSV_VACCINES:
        table.row(kind.name, "up-to-date", dose(kind, "2023-10-01"))
    _given_or_not(table, partial(dose, codes.RSV_VACCINES[0]), "up-to-date")
    return table


def hepatitis_c() -> ChartTable:
    table = ChartTable(MEASURES["HEPC"], born="1980-05-05")
    table.row("never tested", "due")
    table.ages(18, 79, "due")
    for kind in (codes.HEPATITIS_C_ANTIBODY, codes.HEPATITIS_C_ANTIBODY_SET, codes.HEPATITIS_C_RNA):
        table.row(kind.name, "up-to-date", b.observation(kind, "2015-01-01", value=codes.YES))
    tested = partial(b.observation, codes.HEPATITIS_C_ANTIBODY, value=codes.YES)
    _resulted(table, tested, "up-to-date")
    table.row("without a result", "due", b.observation(codes.HEPATITIS_C_ANTIBODY))
    _ever(table, codes.HEPATITIS_C_DIAGNOSES, "excluded")
    return table


def osteoporosis() -> ChartTable:
    table = ChartTable(MEASURES["OSTEO"], born="1955-05-05")
    table.row("never scanned", "due")
    table.ages(65, None, "due")
    table.row("a man", "not-applicable", sex="male")
    table.row("sex not recorded, gender female", "due", sex=None, gender="female")
    table.row("sex not recorded, gender male", "not-applicable", sex=None, gender="male")
    table.row("sex male, gender female", "not-applicable", sex="male", gender="female")
    _resulted(table, partial(b.observation, vs.DXA, "2010-01-01"), "up-to-date")
    _ever(table, (vs.OSTEOPOROSIS, vs.OSTEOPOROSIS_FRACTURE), "excluded")
    _ending(table)
    return table


SMOKER = b.observation(codes.TOBACCO_SMOKING_STATUS, "2020-01-01", value=vs.TOBACCO_USER, category=codes.SOCIAL_HISTORY)


def _smoking(table: ChartTable, smokes: str, smoked: str, never: str) -> None:
    """What tells that somebody smokes or has smoked."""
    row = table.row
    row("never smoked", never)
    status = partial(b.observation, codes.TOBACCO_SMOKING_STATUS, value=vs.TOBACCO_USER, category=codes.SOCIAL_HISTORY)
    former = partial(status, value=codes.FORMER_SMOKER)
    row("smokes", smokes, status())
    row("smoked", smoked, former())
    asked = partial(b.observation, vs.TOBACCO_USE_SCREENING, category=codes.SOCIAL_HISTORY)
    row("by another question", smokes, asked(value=vs.TOBACCO_USER))
    row("another answer", never, status(value=vs.TOBACCO_NON_USER))
    for make in (status, former):
        row("not filed under social history", never, make(category=codes.EXAM))
        row("preliminary", never, make(status="preliminary"))
        row("not asked", never, make(negated=True))
    _ever(table, (codes.NICOTINE_DEPENDENCE_HISTORY, *codes.CIGARETTE_DEPENDENCE), smoked, never)


def aneurysm() -> ChartTable:
    table = ChartTable(MEASURES["AAA"], born="1957-05-05", sex="male", base=(SMOKER,))
    table.row("never scanned", "due")
    table.ages(65, 75, "due")
    table.row("a woman", "not-applicable", sex="female")
    table.row("sex not recorded, gender male", "due", sex=None, gender="male")
    table.row("sex female, gender male", "not-applicable", sex="female", gender="male")
    _smoking(_Alone(table), "due", "due", "not-applicable")
    scanned = partial(b.procedure, codes.AORTA_SCREENING_ULTRASOUND, "2010-01-01")
    table.row("scanned", "up-to-date", scanned())
    table.row("scan stopped", "due", scanned(status="stopped"))
    table.row("recorded as not done", "due", scanned(negated=True))
    _ever(table, codes.AORTIC_ANEURYSM_DIAGNOSES, "excluded")
    _ending(table)
    return table


class _Alone(ChartTable):
    """The same rows, of patients without the table's base."""

    def __init__(self, table: ChartTable) -> None:
        super().__init__(table.measure, table.born, table.sex, (), table.rows)


def lung() -> ChartTable:
    years = b.result(codes.PACK_YEARS, "2020-01-01", 20.0, "a")
    table = ChartTable(MEASURES["LUNG"], born="1960-05-05", base=(SMOKER, years))
    table.row("never scanned", "due")
    table.ages(50, 80, "due")
    row = partial(table.row, alone=True)
    row("nothing on record", "not-applicable")
    row("smokes, pack-years not on record", "cannot-tell", SMOKER)
    pack_years = lambda n, **more: b.result(codes.PACK_YEARS, "2020-01-01", n, "a", **more)  # noqa: E731
    row("smokes, 19 pack-years", "not-applicable", SMOKER, pack_years(19.9))
    row("smokes, 19, later 25", "due", SMOKER, pack_years(19.0), pack_years(25.0))
    for word in ("final", "amended", "corrected"):
        row(f"pack-years {word}", "due", SMOKER, pack_years(30.0, status=word))
    row("pack-years preliminary", "cannot-tell", SMOKER, pack_years(30.0, status="preliminary"))
    row("pack-years not asked", "cannot-tell", SMOKER, pack_years(30.0, negated=True))
    status = partial(b.observation, codes.TOBACCO_SMOKING_STATUS, value=vs.TOBACCO_USER, category=codes.SOCIAL_HISTORY)
    former = status("2024-01-01", value=codes.FORMER_SMOKER)
    row("former smoker, never seen smoking", "cannot-tell", former, years)
    row("former smoker who smoked in 2020", "due", former, SMOKER, years)
    late = "2011-06-30T23:59:59.999"
    row("smoked fifteen years ago", "due", former, status(late), years)
    row("smoked longer ago", "not-applicable", former, status("2011-06-30T23:59:59.998"), years)
    row("smoked long ago and lately", "due", status("2000-01-01"), status("2020-01-01"), years)
    row("smoked longer ago, written until later", "not-applicable", former, status("2010-01-01", "2012-01-01"), years)
    _smoking(_With(_Alone(table), (years,)), "due", "cannot-tell", "not-applicable")
    row("only dependence on record", "cannot-tell", b.problem(codes.CIGARETTE_DEPENDENCE[0], "2020-01-01"), years)
    row("heavy, but no word of smoking", "not-applicable", years)
    scanned = partial(b.observation, codes.CT_LUNG_SCREENING)
    table.interval("scan", scanned, 1, "year")
    _resulted(table, partial(scanned, "2026-01-15"), "up-to-date 2027-01-15")
    _ever(table, codes.LUNG_CANCER_DIAGNOSES, "excluded")
    _ever(table, (vs.LIMITED_LIFE_EXPECTANCY,), "excluded")
    _ending(table)
    return table


def social_needs() -> ChartTable:
    table = ChartTable(MEASURES["SDOH"], born="1980-05-05")
    table.row("never asked", "due")
    table.ages(18, None, "due")
    for kind in (codes.PRAPARE, codes.AHC_HRSN, codes.HUNGER_VITAL_SIGN):
        table.row(kind.name, "up-to-date 2027-01-15", b.observation(kind, "2026-01-15"))
    table.interval("asked", partial(b.observation, codes.PRAPARE), 1, "year")
    _resulted(table, partial(b.observation, codes.PRAPARE, "2026-01-15"), "up-to-date 2027-01-15")
    return table


def _cadence(id_: str, kinds: tuple[b.Kind, ...], tests: dict[b.Kind, tuple[int, str]], visits: int) -> ChartTable:
    """A condition, its visits and its tests; all but the one in question done yesterday."""
    ill = b.problem(kinds[0], "2020-01-01")
    table = ChartTable(MEASURES[id_], born="1960-05-05", base=(ill,))
    table.row("nothing done", "due")
    table.ages(18, None, "due")
    _now(_Alone(table), kinds, "due", "not-applicable")
    visit = partial(b.encounter, vs.OFFICE_VISIT)
    tested = {kind: partial(b.result, kind) for kind in tests}
    for kind, (amount, unit) in tests.items():
        others = (visit(YESTERDAY), *(make(YESTERDAY) for other, make in tested.items() if _apart(kind, other)))
        table.interval(kind.name, lambda day, make=tested[kind], rest=others: (*rest, make(day)), amount, unit)
        _resulted(_With(table, others), partial(tested[kind], YESTERDAY), _first_due(tests, kind, visits))
        table.row(f"{kind.name} without a result", "due", *others, b.observation(kind, YESTERDAY))
        table.row(f"without {kind.name}", "due", *others)
    rest = tuple(make(YESTERDAY) for make in tested.values())
    table.interval("visit", lambda day: (*rest, visit(day)), visits, "month")
    table.row("visit planned", "due", *rest, visit(YESTERDAY, status="planned"))
    for kind in VISITS:
        table.row(f"visit: {kind.name}", _first_due(tests, None, visits), *rest, b.encounter(kind, YESTERDAY))
    return table


VISITS = (
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.VIRTUAL_ENCOUNTER,
    vs.TELEPHONE_VISITS,
    vs.OUTPATIENT_CONSULTATION,
)
_URINE = {vs.URINE_ALBUMIN, vs.URINE_ALBUMIN_CREATININE_RATIO}


def _apart(one: b.Kind, other: b.Kind) -> bool:
    """Two tests that do not stand in for each other."""
    return one is not other and not {one, other} <= _URINE


def _first_due(tests: dict[b.Kind, tuple[int, str]], kind: b.Kind | None, visits: int) -> str:
    """What a chart shows where everything was done yesterday: the visit comes first."""
    del tests, kind
    return {3: "up-to-date 2026-09-29", 6: "up-to-date 2026-12-29"}[visits]


class _With(ChartTable):
    """The same rows, of patients with more than the table's base."""

    def __init__(self, table: ChartTable, more: tuple[b.Event, ...]) -> None:
        super().__init__(table.measure, table.born, table.sex, (*table.base, *more), table.rows)


def copd() -> ChartTable:
    return _cadence("COPD", (vs.COPD,), {codes.FEV1_TO_FVC: (1, "year")}, 6)


def kidney() -> ChartTable:
    year = (1, "year")
    tests = dict.fromkeys((vs.EGFR, vs.URINE_ALBUMIN, vs.URINE_ALBUMIN_CREATININE_RATIO), year)
    return _cadence("CKD", (vs.CHRONIC_KIDNEY_DISEASE, vs.CKD_STAGE_5), tests, 6)


def asthma() -> ChartTable:
    return _cadence("ASTHMA", (vs.ASTHMA,), {}, 6)


def heart() -> ChartTable:
    return _cadence("HF", (vs.HEART_FAILURE,), {vs.EGFR: (6, "month")}, 3)


CARE: tuple[Callable[[], ChartTable], ...] = (
    awv,
    flu,
    flu_of_children,
    flu_of_adults,
    pneumo,
    zoster,
    tetanus,
    rsv,
    hepatitis_c,
    osteoporosis,
    aneurysm,
    lung,
    social_needs,
    copd,
    kidney,
    asthma,
    heart,
)
