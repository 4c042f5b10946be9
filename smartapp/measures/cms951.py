"""CMS951: Kidney Health Evaluation."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    Interval,
    age,
    as_of,
    conditions,
    day_during,
    day_overlaps,
    define,
    define_set,
    end,
    has,
    observations,
    other,
    start,
    unit,
    value_kind,
)
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import has_result, is_laboratory_test_performed, not_refuted
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ADA_KIDNEY, nkf

outpatient_visit: EventSet = finished_visits(
    vs.ANNUAL_WELLNESS_VISIT,
    vs.HOME_HEALTHCARE,
    vs.OFFICE_VISIT,
    vs.OUTPATIENT_CONSULTATION,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.TELEPHONE_VISITS,
    name="Outpatient Visit During Measurement Period",
)

# "Overlaps before": it began before the first day of the period and reaches into it.
active_diabetes: Condition = define(
    "Has Active Diabetes Overlaps Start Of Measurement Period",
    "Diabetes that began before the period and reaches into it.",
    not_refuted(conditions(vs.DIABETES))
    .where(start.day.before(PERIOD.start.day), end.day.on_or_after(PERIOD.start.day))
    .exist(),
)

initial_population: Condition = define(
    "Initial Population",
    "18 to 85 years old at the start of the period, with diabetes since before it and an outpatient visit during it.",
    age(PERIOD.start).at_least(18) & age(PERIOD.start).at_most(85) & active_diabetes & outpatient_visit.exist(),
)


def ckd_5_or_esrd(window: Interval = PERIOD) -> Condition:
    """Has CKD Stage 5 Or ESRD Diagnosis Overlaps Measurement Period, or another window."""
    return define(
        "Has CKD Stage 5 Or ESRD Diagnosis Overlaps Measurement Period",
        "Chronic kidney disease stage 5 or end stage renal disease during the period.",
        not_refuted(conditions(vs.CKD_STAGE_5, vs.END_STAGE_RENAL_DISEASE)).where(day_overlaps(window)).exist(),
    )


_egfr = is_laboratory_test_performed(observations(vs.EGFR, found_in=("laboratory",))).where(has_result)
# A quantity, or that it was too low to be measured. "Below 5 mg/g" (a quantity with a comparator) is a result as well.
_ratio = is_laboratory_test_performed(observations(vs.URINE_ALBUMIN_CREATININE_RATIO, found_in=("laboratory",))).where(
    value_kind.is_("quantity") | unit.is_known | has("value", vs.UNDETECTABLE_RESULT)
)
_albumin = is_laboratory_test_performed(observations(vs.URINE_ALBUMIN, found_in=("laboratory",))).where(has_result)
_creatinine = is_laboratory_test_performed(observations(vs.URINE_CREATININE, found_in=("laboratory",))).where(
    has_result
)


def albumin_near_creatinine(albumin: EventSet, creatinine: EventSet) -> EventSet:
    """Urine Albumin Test And Urine Creatinine Test Less Than Or Equal To Four Days (96 hours) Apart."""
    return define_set(
        "Urine Albumin Test And Urine Creatinine Test Less Than Or Equal To Four Days Apart",
        "A urine albumin test from four days before to four days after a urine creatinine test.",
        albumin.with_(
            creatinine,
            start.on_or_after(other.start.minus(4, "day")),
            end.on_or_before(other.end.plus(4, "day")),
        ),
    )


egfr_performed: Condition = define(
    "Has Estimated Glomerular Filtration Rate Performed During Measurement Period",
    "An estimated glomerular filtration rate during the period.",
    _egfr.where(day_during(PERIOD)).exist(),
)

urine_albumin_creatinine: Condition = define(
    "Has Urine Albumin Creatinine Ratio, or Urine Albumin and Urine Creatinine",
    "A urine albumin-creatinine ratio during the period, or urine albumin and creatinine at most four days apart.",
    _ratio.where(day_during(PERIOD)).exist()
    | albumin_near_creatinine(
        _albumin.where(day_during(PERIOD)),
        _creatinine.where(day_during(PERIOD)),
    ).exist(),
)

CMS951 = Measure(
    id="CMS951",
    version="1.0.000",
    title="Kidney health evaluation",
    canonical="https://madie.cms.gov/Measure/CMS951FHIRKidneyHealthEval",
    source=nkf("Kidney Health Evaluation (CMS951 FHIR)", "CMS951FHIRKidneyHealthEval"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                Reason("chronic kidney disease stage 5 or end stage renal disease", ckd_5_or_esrd()),
                exclusions.hospice(),
                exclusions.palliative_care(),
            ),
            numerator=egfr_performed & urine_albumin_creatinine,
        ),
    ),
    clinical=Clinical(
        plain_title="Kidney check for diabetes",
        source=ADA_KIDNEY,
        eligible=age(as_of).at_least(18)
        & age(as_of).at_most(85)
        & not_refuted(conditions(vs.DIABETES)).where(day_overlaps(PAST_YEAR)).exist(),
        excluded=(
            Reason("chronic kidney disease stage 5 or end stage renal disease", ckd_5_or_esrd(PAST_YEAR)),
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
        ),
        # Both, every year.
        needs="all",
        closed_by=(
            ClosedBy("estimated glomerular filtration rate", _egfr, Every(1, "year")),
            ClosedBy(
                "urine albumin-creatinine ratio",
                _ratio | albumin_near_creatinine(_albumin, _creatinine),
                Every(1, "year"),
            ),
        ),
        relevant=_egfr | _ratio,
        on_its_way=on_its_way(vs.EGFR, vs.URINE_ALBUMIN_CREATININE_RATIO, vs.URINE_ALBUMIN),
    ),
)
