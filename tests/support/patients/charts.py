"""Patients for the chart's rules: who is meant, who is excluded, when care is due, on 30 June 2026."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from support import builders as b
from support.chart_tables import ChartTable
from support.patients.charts_care import CARE
from support.patients.charts_more import MORE
from support.patients.common import FRAIL, HOSPICE, ILL, NURSING_HOME, PALLIATIVE

from smartapp.facts.instants import FOREVER
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.catalogue import MEASURES

ALL_FOUR = ("hospice", "palliative", "frailty", "nursing home")


def _common(table: ChartTable, *which: str, born: str = "1958-01-01") -> None:
    """The shared exclusions, in the past year and not before it."""
    row = partial(table.row, born=born)
    this_year = {
        "hospice": (HOSPICE,),
        "palliative": (PALLIATIVE,),
        "frailty": (FRAIL, ILL),
        "nursing home": (NURSING_HOME,),
    }
    for name in which:
        row(name, "excluded", *this_year[name])
    if "hospice" in which:
        row("hospice within a year", "excluded", b.encounter(vs.HOSPICE_ENCOUNTER, "2025-06-30"))
        row("hospice more than a year ago", "due", b.encounter(vs.HOSPICE_ENCOUNTER, "2025-06-29"))
    row("none of it", "due")


def _diabetic(table: ChartTable) -> None:
    row = partial(table.row, alone=True)
    row("no diabetes", "not-applicable")
    row("diabetes on the problem list", "due", b.problem(vs.DIABETES, "2020-01-01"))
    row("diabetes at a visit", "due", b.condition(vs.DIABETES, "2020-01-01"))
    for word in (None, "unconfirmed", "provisional", "differential"):
        row(f"diabetes, {word}", "due", b.problem(vs.DIABETES, "2020-01-01", verification=word))
    row("diabetes, refuted", "not-applicable", b.problem(vs.DIABETES, "2020-01-01", verification="refuted"))
    row("diabetes over a year ago", "not-applicable", b.problem(vs.DIABETES, "2020-01-01", "2025-06-29"))
    row("diabetes over since less than a year", "due", b.problem(vs.DIABETES, "2020-01-01", "2025-06-30T00:00"))
    row("diabetes from today", "due", b.problem(vs.DIABETES, "2026-06-30"))


def cms125() -> ChartTable:
    table = ChartTable(MEASURES["CMS125"], born="1966-05-05")
    mammogram = partial(b.observation, vs.MAMMOGRAPHY, category=codes.IMAGING)
    table.row("never screened", "due")
    table.ages(40, 74, "due")
    table.row("a man", "not-applicable", sex="male")
    table.row("sex not recorded, gender female", "due", sex=None, gender="female")
    table.row("sex not recorded, gender male", "not-applicable", sex=None, gender="male")
    table.row("sex male, gender female", "not-applicable", sex="male", gender="female")
    table.interval("mammogram", mammogram, 2, "year")
    table.row("both breasts removed", "excluded", b.procedure(vs.BILATERAL_MASTECTOMY, "2020-01-01"))
    _common(table, *ALL_FOUR)
    return table


def cms130() -> ChartTable:
    table = ChartTable(MEASURES["CMS130"], born="1966-05-05", sex="male")
    table.row("never screened", "due")
    table.ages(45, 75, "due")
    imaging = {"category": codes.IMAGING}
    table.interval("colonoscopy", partial(b.procedure, vs.COLONOSCOPY), 10, "year")
    table.interval("sigmoidoscopy", partial(b.procedure, vs.FLEXIBLE_SIGMOIDOSCOPY), 5, "year")
    table.interval("CT colonography", partial(b.observation, vs.CT_COLONOGRAPHY, **imaging), 5, "year")
    table.interval("stool DNA test", partial(b.result, vs.SDNA_FIT), 3, "year")
    table.interval("stool blood test", partial(b.result, vs.FOBT), 1, "year")
    table.row("cancer", "excluded", b.condition(vs.MALIGNANT_NEOPLASM_OF_COLON, "2020-01-01"))
    table.row("colectomy", "excluded", b.procedure(vs.TOTAL_COLECTOMY, "2020-01-01"))
    recent = (b.procedure(vs.COLONOSCOPY, "2024-01-01"), b.result(vs.FOBT, "2023-01-01"))
    table.row("the longest counts", "up-to-date 2034-01-01", *recent)
    _common(table, *ALL_FOUR)
    return table


def cms124() -> ChartTable:
    table = ChartTable(MEASURES["CMS124"], born="1980-05-05")
    table.row("never screened", "due")
    table.ages(21, 65, "due")
    table.row("a man", "not-applicable", sex="male")
    table.row("sex not recorded, gender female", "due", sex=None, gender="female")
    table.row("sex not recorded, gender male", "not-applicable", sex=None, gender="male")
    table.row("sex male, gender female", "not-applicable", sex="male", gender="female")
    table.interval("HPV test", partial(b.result, vs.HPV_TEST), 5, "year")
    table.interval("Pap test", partial(b.result, vs.PAP_TEST), 3, "year")
    table.row("HPV test before 30", "due", b.result(vs.HPV_TEST, "2025-01-01"), born="1996-01-01")
    table.row("no cervix", "excluded", b.condition(vs.ABSENCE_OF_CERVIX, "2020-01-01"))
    table.row(
        "the longest counts",
        "up-to-date 2029-06-01",
        b.result(vs.HPV_TEST, "2024-06-01"),
        b.result(vs.PAP_TEST, "2024-07-01"),
    )
    _common(table, "hospice", "palliative", born="1970-01-01")
    return table


def cms122() -> ChartTable:
    table = ChartTable(MEASURES["CMS122"], born="1966-05-05", base=(b.problem(vs.DIABETES, "2020-01-01"),))
    a1c = partial(b.result, vs.HBA1C, number=7.0, unit="%")
    table.row("never measured", "due")
    table.ages(18, 75, "due")
    _diabetic(table)
    table.interval("A1c", a1c, 6, "month")
    for number, status in ((9, "up-to-date 2026-12-01"), (9.1, "due"), (8.5, "up-to-date 2026-12-01"), (9.5, "due")):
        table.row(f"A1c {number}", status, a1c("2026-06-01", number=number))
    table.row("in another unit", "cannot-tell", a1c("2026-06-01", unit="mmol/mol"))
    table.row("without a result", "due", b.observation(vs.HBA1C, "2026-06-01"))
    table.row(
        "without a result, after a good one",
        "up-to-date 2026-11-01",
        a1c("2026-05-01"),
        b.observation(vs.HBA1C, "2026-06-01"),
    )
    table.row(
        "the last day counts: high then good", "up-to-date 2026-12-01", a1c("2026-05-01", number=10), a1c("2026-06-01")
    )
    table.row("the last day counts: good then high", "due", a1c("2026-05-01"), a1c("2026-06-01", number=10))
    for one, two in ((7, 10), (10, 7)):
        day = (a1c("2026-06-01T08:00", number=one), a1c("2026-06-01T15:00", number=two))
        table.row("the lowest of the day counts", "up-to-date 2026-12-01", *day)
    long = a1c("2026-05-01", number=10, until="2026-06-10")
    table.row("by the end of a long one", "due", long, a1c("2026-06-01"))
    table.row("high and long ago", "overdue 2020-12-01", a1c("2020-06-01", number=10))
    _common(table, *ALL_FOUR)
    return table


def cms131() -> ChartTable:
    table = ChartTable(MEASURES["CMS131"], born="1966-05-05", base=(b.problem(vs.DIABETES, "2020-01-01"),))
    exam = partial(b.observation, vs.RETINAL_EXAM, category=codes.EXAM)
    auto = partial(
        b.observation, codes.AUTONOMOUS_RETINOPATHY_SCREENING, category=codes.EXAM, value=vs.AUTONOMOUS_EYE_EXAM_RESULT
    )
    sick = b.problem(vs.DIABETIC_RETINOPATHY, "2021-01-01")
    table.row("never seen", "due")
    table.ages(18, 75, "due")
    _diabetic(table)
    table.interval("exam, no retinopathy", exam, 2, "year")
    table.interval("exam, retinopathy", lambda day: (sick, exam(day)), 1, "year")
    table.interval("autonomous exam", auto, 1, "year")
    over = partial(b.problem, vs.DIABETIC_RETINOPATHY, "2021-01-01")
    table.row("retinopathy over a year ago", "up-to-date 2027-05-01", exam("2025-05-01"), over("2025-06-29"))
    table.row("retinopathy over since less", "overdue 2026-05-01", exam("2025-05-01"), over("2025-06-30T00:00"))
    table.row(
        "retinopathy from today",
        "overdue 2026-05-01",
        exam("2025-05-01"),
        b.problem(vs.DIABETIC_RETINOPATHY, "2026-06-30"),
    )
    table.row(
        "retinopathy, refuted",
        "up-to-date 2027-05-01",
        exam("2025-05-01"),
        b.problem(vs.DIABETIC_RETINOPATHY, "2021-01-01", verification="refuted"),
    )
    table.row("no eyes", "excluded", b.condition(codes.ANOPHTHALMOS_BOTH_EYES, "2020-01-01"))
    _common(table, *ALL_FOUR)
    return table


def cms951() -> ChartTable:
    table = ChartTable(MEASURES["CMS951"], born="1966-05-05", base=(b.problem(vs.DIABETES, "2020-01-01"),))
    egfr, ratio = partial(b.result, vs.EGFR), partial(b.result, vs.URINE_ALBUMIN_CREATININE_RATIO)
    table.row("never tested", "due")
    table.ages(18, 85, "due")
    _diabetic(table)
    table.interval("filtration rate", lambda day: (egfr(day), ratio("2026-06-01")), 1, "year")
    table.interval("ratio", lambda day: (ratio(day), egfr("2026-06-01")), 1, "year")
    table.row("one of two", "due", egfr("2026-06-01"))
    table.row("the other of two", "due", ratio("2026-06-01"))
    near = (egfr("2026-06-01"), b.result(vs.URINE_ALBUMIN, "2026-06-02"), b.result(vs.URINE_CREATININE, "2026-06-04"))
    table.row("albumin near creatinine", "up-to-date 2027-06-01", *near)
    table.row("albumin far from creatinine", "due", *near[:2], b.result(vs.URINE_CREATININE, "2026-06-20"))
    for when, hit in (
        ("2026-05-28T10:00", True),
        ("2026-05-28T09:59", False),
        ("2026-06-05T10:00", True),
        ("2026-06-05T10:01", False),
    ):
        pair = (b.result(vs.URINE_ALBUMIN, when), b.result(vs.URINE_CREATININE, "2026-06-01T10:00"))
        table.row(f"albumin {when}", f"up-to-date 2027-{when[5:10]}" if hit else "due", egfr("2026-06-10"), *pair)
    table.row(
        "albumin that lasts too long",
        "due",
        egfr("2026-06-01"),
        b.result(vs.URINE_ALBUMIN, "2026-06-01", until="2026-06-20"),
        b.result(vs.URINE_CREATININE, "2026-06-01", until="2026-06-02"),
    )
    table.row(
        "a long albumin near a long creatinine",
        "up-to-date 2027-06-08",
        egfr("2026-06-20"),
        b.result(vs.URINE_ALBUMIN, "2026-06-01", until="2026-06-08"),
        b.result(vs.URINE_CREATININE, "2026-06-03", until="2026-06-06"),
    )
    early = b.result(vs.URINE_ALBUMIN, "2026-05-20", until="2026-06-01")
    table.row(
        "an albumin begun too early", "due", egfr("2026-06-01"), early, b.result(vs.URINE_CREATININE, "2026-06-01")
    )
    for kind in (vs.CKD_STAGE_5, vs.END_STAGE_RENAL_DISEASE):
        table.row(kind.name, "excluded", b.problem(kind, "2020-01-01"))
    _kidney(table, vs.CKD_STAGE_5)
    _common(table, "hospice", "palliative", born="1966-05-05")
    return table


def _kidney(table: ChartTable, kind: b.Kind) -> None:
    gone = partial(b.problem, kind, "2020-01-01")
    table.row(f"{kind.name} over a year ago", "due", gone("2025-06-29"))
    table.row(f"{kind.name} over since less", "excluded", gone("2025-06-30T23:59:59.999"))
    table.row(f"{kind.name}, refuted", "due", gone(verification="refuted"))
    table.row(f"{kind.name} from today", "excluded", b.problem(kind, "2026-06-30T12:00"))
    table.row(f"{kind.name} from the last instant", "excluded", b.problem(kind, "2026-06-30T23:59:59.999"))


def cms165() -> ChartTable:
    table = ChartTable(
        MEASURES["CMS165"], born="1966-05-05", base=(b.problem(vs.ESSENTIAL_HYPERTENSION, "2020-01-01"),)
    )

    def bp(when: str, systolic: float = 120, diastolic: float = 80, **more: Any) -> b.Event:
        return b.observation(codes.BLOOD_PRESSURE, when, systolic=systolic, diastolic=diastolic, **more)

    table.row("never measured", "due")
    table.ages(18, 85, "due")
    made = partial(b.problem, vs.ESSENTIAL_HYPERTENSION)
    table.row("no hypertension", "not-applicable", alone=True)
    table.row("hypertension from today", "due", made("2026-06-30"), alone=True)
    table.row("hypertension until yesterday", "not-applicable", made("2020-01-01", "2026-06-29"), alone=True)
    table.row("hypertension until today", "due", made("2020-01-01", "2026-06-30T01:00"), alone=True)
    table.row("hypertension, refuted", "not-applicable", made("2020-01-01", verification="refuted"), alone=True)
    table.interval("reading", bp, 1, "year")
    for systolic, diastolic, good in ((139.5, 89.5, True), (140, 80, False), (120, 90, False), (139, 89, True)):
        expected = "up-to-date 2027-06-01" if good else "due"
        table.row(f"{systolic}/{diastolic}", expected, bp("2026-06-01", systolic, diastolic))
    table.row("high then good", "up-to-date 2027-06-01", bp("2026-05-01", 150, 95), bp("2026-06-01"))
    table.row("good then high", "due", bp("2026-05-01"), bp("2026-06-01", 150))
    table.row("good then high diastolic", "due", bp("2026-05-01"), bp("2026-06-01", 120, 95))
    table.row(
        "the lowest of the day",
        "up-to-date 2027-06-01",
        bp("2026-06-01T08:00", 150, 70),
        bp("2026-06-01T20:00", 120, 95),
    )
    table.row(
        "the lowest of the day, turned",
        "up-to-date 2027-06-01",
        bp("2026-06-01T08:00", 120, 95),
        bp("2026-06-01T20:00", 150, 70),
    )
    table.row("by the end of a long one", "due", bp("2026-05-01", 150, until="2026-06-10"), bp("2026-06-01"))
    stay = b.encounter(vs.ENCOUNTER_INPATIENT, "2026-06-01", class_="IMP")
    there = bp("2026-06-01", encounter="Encounter/v")
    table.row("in hospital, nobody said at which encounter", "due", stay, bp("2026-06-01"))
    other_visit = b.encounter(vs.AUDIOLOGY_VISIT, "2026-06-01", id="w")
    table.row("in hospital, at an encounter that is not here", "due", stay, other_visit, there)
    for class_ in ("EMER", "IMP", "ACUTE", "NONAC", "PRENC", "SS", None):
        at = b.encounter(vs.AUDIOLOGY_VISIT, "2026-06-01", id="v", class_=class_)
        status = "due" if class_ else "cannot-tell"
        table.row(f"in hospital, at an encounter of class {class_}", status, stay, at, there)
    visit = b.encounter(vs.AUDIOLOGY_VISIT, "2026-06-01", id="v")
    table.row("in hospital that day, at a visit", "up-to-date 2027-06-01", stay, visit, there)
    table.row("pregnant", "excluded", b.condition(vs.PREGNANCY, "2026-01-01"))
    table.row("on dialysis", "excluded", b.procedure(vs.DIALYSIS_SERVICES, "2026-01-01"))
    table.row("monthly services", "excluded", b.encounter(vs.ESRD_MONTHLY_SERVICES, "2026-01-01"))
    for kind in (vs.END_STAGE_RENAL_DISEASE, vs.KIDNEY_TRANSPLANT_RECIPIENT, vs.CKD_STAGE_5):
        table.row(kind.name, "excluded", b.problem(kind, "2020-01-01"))
    _kidney(table, vs.CKD_STAGE_5)
    _common(table, "hospice", "palliative", "frailty", "nursing home")
    return table


def cms347() -> ChartTable:
    table = ChartTable(MEASURES["CMS347"], born="1966-05-05", base=(b.problem(vs.MYOCARDIAL_INFARCTION, "2020-01-01"),))
    pills = partial(b.medicine, vs.LOW_INTENSITY_STATIN)
    table.row("no statin", "due")
    table.row("no risk", "not-applicable", alone=True)
    table.row("taken until today", "up-to-date", pills("2026-04-01", "2026-06-30"))
    table.row("taken until yesterday", "due", pills("2026-04-01", "2026-06-29"))
    table.row("ordered, active, without a period", "up-to-date", pills(None))
    table.row("ordered, completed, without a period", "due", pills(None, status="completed"))
    table.row("completed, taken until today", "up-to-date", pills("2026-04-01", "2026-06-30", status="completed"))
    table.row("ordered, active, bounds without an end", "up-to-date", pills(None, end=FOREVER))
    table.row("ordered, completed, bounds without an end", "due", pills(None, end=FOREVER, status="completed"))
    table.row("stopped, taken until today", "due", pills("2026-04-01", "2026-06-30", status="stopped"))
    table.row("not to be given", "due", pills(None, negated=True))
    for kind in (vs.MODERATE_INTENSITY_STATIN, vs.HIGH_INTENSITY_STATIN):
        table.row(kind.name, "up-to-date", b.medicine(kind, None))
    ldl = b.result(vs.LDL_CHOLESTEROL, "2024-05-05", 200, "mg/dL")
    table.ages(20, 75, "due", ldl, alone=True)
    table.ages(20, 75, "due", b.problem(vs.FAMILIAL_HYPERCHOLESTEROLEMIA, "2020-01-01"), alone=True)
    table.ages(40, 75, "due", b.problem(vs.DIABETES, "2020-01-01"), alone=True)
    table.ages(40, 75, "due", b.result(codes.CVD_RISK_10Y, "2026-05-05", 25, "%"), alone=True)
    table.row("infarction at 90", "due", born="1936-01-01")
    allergy = partial(b.event, "AllergyIntolerance", vs.STATIN_ALLERGEN, "2010-01-01", "for ever")
    table.row("allergy since long", "excluded", allergy(clinical="active"))
    table.row("allergy no longer", "due", allergy(clinical="inactive"))
    table.row("allergy without a status", "due", allergy(clinical=None))
    table.row("breastfeeding", "excluded", b.condition(vs.BREASTFEEDING))
    for kind in (vs.LIVER_DISEASE, vs.STATIN_MUSCLE_SYMPTOMS, vs.END_STAGE_RENAL_DISEASE):
        table.row(kind.name, "excluded", b.problem(kind))
    table.row("reaction", "excluded", b.event("AdverseEvent", vs.STATIN_ALLERGEN, "2026-05-05"))
    no = b.medicine(vs.LOW_INTENSITY_STATIN, None, at="2026-03-03T12:00", negated=True, reason=vs.MEDICAL_REASON)
    table.row("a medical reason", "excluded", b.encounter(vs.OFFICE_VISIT, "2026-03-03"), no)
    _common(table, "hospice", "palliative", born="1966-05-05")
    return table


def _helped(table: ChartTable, bad: b.Event, good: str, ways: tuple[Callable[[str], b.Event], ...]) -> None:
    """A bad result is made good by help within a year."""
    for make in ways:
        table.row("helped a year ago", good, bad, make("2025-07-01"))
        table.row("helped more than a year ago", "due", bad, make("2025-06-29"))


def cms2() -> ChartTable:
    table = ChartTable(MEASURES["CMS2"], born="1980-05-05")
    negative, positive = codes.DEPRESSION_SCREENING_NEGATIVE, codes.DEPRESSION_SCREENING_POSITIVE
    adult = partial(b.observation, codes.ADULT_DEPRESSION_SCREENING, value=negative)
    teen = partial(b.observation, codes.ADOLESCENT_DEPRESSION_SCREENING, value=negative)
    table.row("never screened", "due")
    table.ages(12, None, "due")
    table.interval("screening", adult, 1, "year")
    table.interval("adolescents' screening", teen, 1, "year")
    table.row("without a result", "due", b.observation(codes.ADULT_DEPRESSION_SCREENING, "2026-06-01"))
    bad = adult("2026-06-01", value=positive)
    table.row("positive", "due", bad)
    table.row("positive then negative", "up-to-date 2027-06-10", bad, adult("2026-06-10"))
    table.row("negative then positive", "due", adult("2026-05-01"), bad)
    long = adult("2026-05-01", until="2026-06-20", value=negative)
    table.row("by the start of a long one", "due", bad, long)
    ways: list[Callable[[str], b.Event]] = []
    for kind in (vs.ADULT_DEPRESSION_MEDICATIONS, vs.ADOLESCENT_DEPRESSION_MEDICATIONS):
        ways.append(lambda at, kind=kind: b.medicine(kind, None, at=at))  # type: ignore[misc]
    ways += [
        partial(b.order, "ServiceRequest", kind)
        for kind in (vs.REFERRAL_ADULT_DEPRESSION, vs.REFERRAL_ADOLESCENT_DEPRESSION)
    ]
    ways += [partial(b.procedure, kind) for kind in (vs.FOLLOW_UP_ADULT_DEPRESSION, vs.FOLLOW_UP_ADOLESCENT_DEPRESSION)]
    _helped(table, bad, "up-to-date 2027-06-01", tuple(ways))
    _exact_year(table, bad, ways, "up-to-date 2027-06-01")
    drug = partial(b.medicine, vs.ADULT_DEPRESSION_MEDICATIONS, None, at="2026-06-01")
    for more in ({"status": "draft"}, {"intent": "plan"}, {"negated": True}):
        table.row(f"a medicine, {more}", "due", bad, drug(**more))
    table.row("a completed order", "up-to-date 2027-06-01", bad, drug(status="completed"))
    for word in ("original-order", "reflex-order", "filler-order", "instance-order"):
        table.row(f"a medicine, {word}", "up-to-date 2027-06-01", bad, drug(intent=word))
    refer = partial(b.order, "ServiceRequest", vs.REFERRAL_ADULT_DEPRESSION)
    for more in ({"status": "draft"}, {"negated": True}):
        table.row(f"a referral, {more}", "due", bad, refer(**more))
    table.row("a completed referral", "up-to-date 2027-06-01", bad, refer(status="completed"))
    done = partial(b.procedure, vs.FOLLOW_UP_ADULT_DEPRESSION)
    for more in ({"status": "in-progress"}, {"negated": True}):
        table.row(f"a follow-up, {more}", "due", bad, done(**more))
    table.row("a follow-up that goes on", "up-to-date 2027-06-01", bad, done("2026-06-01", "2027-06-01"))
    table.row("a follow-up begun too early", "due", bad, done("2025-06-01", "2025-08-01"))
    bipolar = partial(b.problem, vs.BIPOLAR_DISORDER)
    table.row("bipolar", "excluded", bipolar("2020-01-01"))
    table.row("bipolar as a health concern", "excluded", bipolar("2020-01-01", category=codes.HEALTH_CONCERN))
    table.row("bipolar as an encounter's diagnosis", "due", b.condition(vs.BIPOLAR_DISORDER, "2020-01-01"))
    table.row("bipolar, this instant", "excluded", bipolar("2026-06-30T23:59:59.999"))
    return table


def _exact_year(table: ChartTable, bad: b.Event, ways: Any, good: str) -> None:
    for make in ways:
        table.row("helped a year ago to the instant", good, bad, make("2025-06-30T23:59:59.999"))
        table.row("helped just before", "due", bad, make("2025-06-30T23:59:59.998"))
        table.row("helped in the last instant", good, bad, make("2026-06-30T23:59:59.999"))


def cms138() -> ChartTable:
    table = ChartTable(MEASURES["CMS138"], born="1980-05-05")

    def screening(when: str, value: b.Kind = vs.TOBACCO_NON_USER, **more: Any) -> b.Event:
        return b.observation(vs.TOBACCO_USE_SCREENING, when, category=codes.SOCIAL_HISTORY, value=value, **more)

    table.row("never asked", "due")
    table.ages(12, None, "due")
    table.interval("screening", screening, 1, "year")
    user = screening("2026-06-01", vs.TOBACCO_USER)
    table.row("user", "due", user)
    table.row("user, then not", "up-to-date 2027-06-10", user, screening("2026-06-10"))
    table.row("not, then a user", "due", screening("2026-05-01"), user)
    table.row("by the start of a long one", "due", user, screening("2026-05-01", until="2026-06-20"))
    good = "up-to-date 2027-06-01"
    counseling = partial(b.procedure, vs.TOBACCO_CESSATION_COUNSELING)
    diagnosis = partial(b.condition, codes.TOBACCO_ABUSE_COUNSELING)
    ordered: Callable[[str], b.Event] = lambda at: b.medicine(vs.TOBACCO_CESSATION_PHARMACOTHERAPY, None, at=at)  # noqa: E731
    _exact_year(table, user, (counseling, diagnosis, ordered), good)
    table.row("counseling that goes on", good, user, counseling("2026-06-01", "2027-01-01"))
    table.row("counseling begun too early", "due", user, counseling("2025-06-01", "2025-08-01"))
    table.row("counseling by diagnosis begun too early", "due", user, diagnosis("2025-06-01", "2025-08-01"))
    taken = partial(b.medicine, vs.TOBACCO_CESSATION_PHARMACOTHERAPY, at="2024-01-01")
    table.row("taken until a year ago", good, user, taken("2025-01-01", "2025-06-30T00:00"))
    table.row("taken until before", "due", user, taken("2025-01-01", "2025-06-29"))
    table.row("taken from today", good, user, taken("2026-06-30T10:00", "2026-07-30"))
    table.row("hospice", "excluded", HOSPICE)
    table.row("hospice within a year", "excluded", b.encounter(vs.HOSPICE_ENCOUNTER, "2025-06-30"))
    return table


def cms139() -> ChartTable:
    table = ChartTable(MEASURES["CMS139"], born="1950-05-05")
    table.row("never screened", "due")
    table.ages(65, None, "due")
    table.interval("screening", partial(b.observation, vs.FALLS_SCREENING), 1, "year")
    _common(table, "hospice")
    return table


def cms69() -> ChartTable:
    table = ChartTable(MEASURES["CMS69"], born="1980-05-05")
    bmi = partial(b.result, codes.BODY_MASS_INDEX, number=22.0, unit="kg/m2")
    table.row("never measured", "due")
    table.ages(18, None, "due")
    table.interval("body mass index", bmi, 1, "year")
    good = "up-to-date 2027-06-01"
    for number, fine in (
        (18.5, True),
        (18.4, False),
        (24.9, True),
        (25, False),
        (17.6, False),
        (19, True),
        (25.5, False),
    ):
        table.row(f"{number}", good if fine else "due", bmi("2026-06-01", number=number))
    bad = bmi("2026-06-01", number=30)
    table.row("high then normal", "up-to-date 2027-06-10", bad, bmi("2026-06-10"))
    table.row("normal then high", "due", bmi("2026-05-01"), bad)
    table.row("two on a day, one normal", good, bmi("2026-06-01T08:00", number=30), bmi("2026-06-01T07:00"))
    table.row("two on a day, turned", good, bmi("2026-06-01T07:00"), bmi("2026-06-01T08:00", number=30))
    table.row("by the start of a long one", "due", bmi("2026-05-01", until="2026-06-20"), bad)
    ways: list[Callable[[str], b.Event]] = []
    for kind in (vs.MEDICATIONS_ABOVE_NORMAL_BMI, vs.MEDICATIONS_BELOW_NORMAL_BMI):
        ways.append(lambda at, kind=kind: b.medicine(kind, None, at=at))  # type: ignore[misc]
    services = (vs.FOLLOW_UP_ABOVE_NORMAL_BMI, vs.FOLLOW_UP_BELOW_NORMAL_BMI, vs.WEIGHT_REFERRALS)
    ways += [partial(b.order, "ServiceRequest", kind) for kind in services]
    ways += [partial(b.procedure, kind) for kind in services[:2]]
    _exact_year(table, bad, ways, good)
    table.row("a follow-up that goes on", good, bad, b.procedure(services[0], "2026-06-01", "2027-06-01"))
    table.row("a follow-up begun too early", "due", bad, b.procedure(services[0], "2025-06-01", "2025-08-01"))
    pregnant = partial(b.condition, vs.PREGNANCY_RELATED)
    status = partial(b.observation, codes.PREGNANCY_STATUS, value=vs.PREGNANCY_RELATED)
    table.row("pregnant", "excluded", pregnant("2026-01-01"))
    table.row("pregnant until a year ago", "excluded", pregnant("2025-01-01", "2025-06-30T00:00"))
    table.row("pregnant until before", "due", pregnant("2025-01-01", "2025-06-29"))
    table.row("pregnant from today", "excluded", pregnant("2026-06-30T10:00"))
    table.row("pregnancy status that goes on", "excluded", status("2026-06-01", "2026-07-30"))
    table.row("pregnancy status", "excluded", status("2026-06-30T10:00"))
    table.row("pregnancy status a year ago", "excluded", status("2025-06-01", "2025-06-30T00:00"))
    table.row("pregnancy status earlier", "due", status("2025-06-01", "2025-06-29"))
    table.row("pregnancy status: no", "due", status("2026-06-01", value=codes.YES))
    _common(table, "hospice", "palliative")
    return table


CHARTS = (cms2, cms69, cms122, cms124, cms125, cms130, cms131, cms138, cms139, cms165, cms347, cms951, *CARE, *MORE)
