"""CMS347: Statin Therapy for the Prevention and Treatment of Cardiovascular Disease. Four rates, by risk."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    If,
    age,
    allergies,
    as_of,
    at,
    clinical,
    conditions,
    day_contains,
    day_during,
    day_overlaps,
    define,
    define_set,
    encounters,
    end,
    events,
    has,
    intent,
    medication_requests,
    not_done,
    observations,
    other,
    procedures,
    refines,
    start,
    status,
    value_at_least,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.statuses import (
    RESULT_STATUSES,
    done,
    is_active_or_completed,
    is_encounter_performed,
    is_procedure_performed,
    problems,
    verified,
)
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ACC_AHA_CHOLESTEROL_2018, cms

_STATINS = (vs.LOW_INTENSITY_STATIN, vs.MODERATE_INTENSITY_STATIN, vs.HIGH_INTENSITY_STATIN)
# As published: "filter-order" stands where "filler-order" is meant, so a filler order is not an order here.
_ORDER_INTENTS = ("order", "original-order", "reflex-order", "instance-order")


def _problem(*kinds: ValueSet | DirectCode) -> EventSet:
    """Verified entries of the problem list and health concerns."""
    return verified(problems(conditions(*kinds, found_in=("problem-list-item",))))


qualifying_encounter: EventSet = define_set(
    "Qualifying Encounter During Day of Measurement Period",
    "Finished visits during the measurement period.",
    is_encounter_performed(
        encounters(
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
    ).where(day_during(PERIOD)),
)

ascvd: Condition = define(
    "ASCVD Diagnosis or Procedure before End of Measurement Period",
    "Atherosclerotic cardiovascular disease, or a procedure for it, that began by the end of the period.",
    _problem(
        vs.MYOCARDIAL_INFARCTION,
        codes.SUBSEQUENT_NSTEMI,
        vs.STROKE_OR_TIA,
        vs.ATHEROSCLEROSIS_AND_PAD,
        vs.ISCHEMIC_HEART_DISEASE,
        vs.ANGINA,
    )
    .where(start.day.on_or_before(PERIOD.end.day))
    .exist()
    | is_procedure_performed(procedures(vs.PCI, vs.CABG_SURGERIES, vs.CAROTID_INTERVENTION, vs.CABG_OR_PCI_PROCEDURE))
    .where(start.day.on_or_before(PERIOD.end.day))
    .exist(),
)

ldl_190: Condition = define(
    "LDL Result Greater Than or Equal To 190",
    "An LDL cholesterol of 190 mg/dL or more that began by the end of the period.",
    done(observations(vs.LDL_CHOLESTEROL, found_in=("laboratory",)))
    .where(
        value_at_least(190, "mg/dL"),
        start.day.on_or_before(PERIOD.end.day),
        status.is_in(*RESULT_STATUSES, "appended"),
    )
    .exist(),
)

hypercholesterolemia: Condition = define(
    "Hypercholesterolemia Diagnosis",
    "Familial hypercholesterolemia that began by the end of the period.",
    _problem(vs.FAMILIAL_HYPERCHOLESTEROLEMIA).where(start.day.on_or_before(PERIOD.end.day)).exist(),
)

diabetes: Condition = define(
    "Has Diabetes Diagnosis",
    "Diabetes at some time of the period.",
    _problem(vs.DIABETES).where(day_overlaps(PERIOD)).exist(),
)

high_risk: Condition = define(
    "Ten Year CVD Risk is High",
    "A ten-year cardiovascular risk of 20 % or more, assessed during the period.",
    done(observations(codes.CVD_RISK_10Y, codes.CVD_RISK_10Y_GOFF, found_in=("survey",)))
    .where(value_at_least(20, "%"), day_during(PERIOD), status.is_in(*RESULT_STATUSES))
    .exist(),
)

_visited: Condition = qualifying_encounter.exist()
_aged_20_to_75: Condition = age(PERIOD.start).at_least(20) & age(PERIOD.start).at_most(75)
_aged_40_to_75: Condition = age(PERIOD.start).at_least(40) & age(PERIOD.start).at_most(75)

initial_population_1: Condition = define(
    "Initial Population 1",
    "Atherosclerotic cardiovascular disease, with a visit.",
    ascvd & _visited,
)

initial_population_2: Condition = define(
    "Initial Population 2",
    "20 to 75 years old at the start of the period with LDL of 190 or more or familial hypercholesterolemia, without "
    "atherosclerotic cardiovascular disease, with a visit.",
    _aged_20_to_75 & (ldl_190 | hypercholesterolemia) & ~ascvd & _visited,
)

initial_population_3: Condition = define(
    "Initial Population 3",
    "40 to 75 years old at the start of the period with diabetes, in neither of the groups before, with a visit.",
    _aged_40_to_75 & diabetes & ~ascvd & ~ldl_190 & ~hypercholesterolemia & _visited,
)

initial_population_4: Condition = define(
    "Initial Population 4",
    "40 to 75 years old at the start of the period with a high ten-year risk, in none of the groups before, with a "
    "visit.",
    _aged_40_to_75 & high_risk & ~(ascvd | hypercholesterolemia | ldl_190 | diabetes) & _visited,
)

breastfeeding_or_rhabdomyolysis = Reason(
    "breastfeeding or rhabdomyolysis",
    define(
        "Denominator Exclusions",
        "Breastfeeding or rhabdomyolysis at some time of the period.",
        verified(conditions(vs.BREASTFEEDING, vs.RHABDOMYOLYSIS)).where(day_overlaps(PERIOD)).exist(),
    ),
)

# An allergy counts by its onset, as published, and not by being active: an onset that is a moment must fall into the
# period, one that is a period must reach into it (without an end, it does so for ever).
statin_allergy: Condition = define(
    "Has Allergy to Statin",
    "An active allergy to a statin, of which the onset reaches into the period.",
    allergies(vs.STATIN_ALLERGEN).where(day_overlaps(PERIOD), clinical.is_like("active")).exist(),
)

statin_reaction: Condition = define(
    "Has Adverse Reaction to Statin",
    "An adverse event with a statin, dated or recorded in the period.",
    # Few servers offer AdverseEvent at all: without it the statin stays due, and the card says what was not read.
    refines(
        "adverse reactions to a statin",
        events(("AdverseEvent",), vs.STATIN_ALLERGEN)
        .where(day_contains(PERIOD, If(start.is_known, start, at)))
        .exist(),
    ),
)

hepatitis_or_liver_disease: Condition = define(
    "Has Hepatitis or Liver Disease Diagnosis",
    "Hepatitis A or B or liver disease at some time of the period.",
    _problem(vs.HEPATITIS_A, vs.HEPATITIS_B, vs.LIVER_DISEASE).where(day_overlaps(PERIOD)).exist(),
)

muscle_symptoms: Condition = define(
    "Has Statin Associated Muscle Symptoms",
    "Muscle symptoms from a statin at some time of the period.",
    _problem(vs.STATIN_MUSCLE_SYMPTOMS).where(day_overlaps(PERIOD)).exist(),
)

esrd: Condition = define(
    "Has ESRD Diagnosis",
    "End stage renal disease at some time of the period.",
    _problem(vs.END_STAGE_RENAL_DISEASE).where(day_overlaps(PERIOD)).exist(),
)

medical_reason: Condition = define(
    "Has Medical Reason for Not Ordering Statin Therapy",
    "At a visit it was recorded that no statin is ordered, for a medical reason.",
    medication_requests(*_STATINS)
    .where(not_done, status.is_in("active", "completed"), has("reason", vs.MEDICAL_REASON))
    .with_(qualifying_encounter, at.day.on_or_after(other.start.day), at.day.on_or_before(other.end.day))
    .exist(),
)

_exceptions = (
    Reason("allergy to a statin", statin_allergy),
    exclusions.hospice(),
    exclusions.palliative_care(),
    Reason("hepatitis or liver disease", hepatitis_or_liver_disease),
    Reason("muscle symptoms from a statin", muscle_symptoms),
    Reason("end stage renal disease", esrd),
    Reason("adverse reaction to a statin", statin_reaction),
    Reason("a medical reason for not ordering a statin", medical_reason),
)

_statins = is_active_or_completed(medication_requests(*_STATINS))

statin_ordered: Condition = define(
    "Statin Therapy Ordered during Measurement Period",
    "A statin was ordered during the period.",
    _statins.where(day_contains(PERIOD, at), intent.is_in(*_ORDER_INTENTS)).exist(),
)

statin_active: Condition = define(
    "Medication Active during the Measurement Period",
    "A statin was supplied for some time of the period.",
    _statins.where(day_overlaps(PERIOD)).exist(),
)


def _rate(number: int, title: str, population: Condition) -> Rate:
    return Rate(
        f"Group_{number}",
        population,
        denominator=population,
        exclusions=(breastfeeding_or_rhabdomyolysis,),
        numerator=statin_ordered | statin_active,
        exceptions=_exceptions,
        title=title,
    )


# On the chart: a supply that reaches to the day of evaluation, or an active order without a period (bounds without an
# end are none, and say nothing of an order that is completed).
_statin_now: EventSet = done(medication_requests(*_STATINS)).where(
    (status.is_in("active", "completed") & start.is_known & end.on_or_after(as_of))
    | (status.is_("active") & ~start.is_known)
)

CMS347 = Measure(
    id="CMS347",
    version="1.0.000",
    title="Statin therapy for the prevention and treatment of cardiovascular disease",
    canonical="https://madie.cms.gov/Measure/CMS347FHIRStatinPreventionTxCVD",
    source=cms(
        "Statin Therapy for the Prevention and Treatment of Cardiovascular Disease (CMS347 FHIR)",
        "CMS347FHIRStatinPreventionTxCVD",
    ),
    rates=(
        _rate(1, "atherosclerotic cardiovascular disease", initial_population_1),
        _rate(2, "LDL of 190 or more or familial hypercholesterolemia", initial_population_2),
        _rate(3, "diabetes", initial_population_3),
        _rate(4, "high ten-year risk", initial_population_4),
    ),
    clinical=Clinical(
        plain_title="Statin",
        source=ACC_AHA_CHOLESTEROL_2018,
        eligible=define(
            "A statin is recommended",
            "Atherosclerotic cardiovascular disease; LDL of 190 or more at 20 to 75; at 40 to 75, diabetes or a high "
            "ten-year risk.",
            ascvd
            | (age(as_of).at_least(20) & age(as_of).at_most(75) & (ldl_190 | hypercholesterolemia))
            | (age(as_of).at_least(40) & age(as_of).at_most(75) & (diabetes | high_risk)),
        ),
        excluded=(
            breastfeeding_or_rhabdomyolysis,
            Reason(
                "allergy to a statin",
                allergies(vs.STATIN_ALLERGEN).where(clinical.is_like("active")).exist(),
            ),
            Reason("hepatitis or liver disease", hepatitis_or_liver_disease),
            Reason("muscle symptoms from a statin", muscle_symptoms),
            Reason("end stage renal disease", esrd),
            Reason("adverse reaction to a statin", statin_reaction),
            Reason("a medical reason for not ordering a statin", medical_reason),
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
        ),
        closed_by=(ClosedBy("statin", _statin_now, None),),
        relevant=observations(vs.LDL_CHOLESTEROL, found_in=("laboratory",)),
    ),
)
