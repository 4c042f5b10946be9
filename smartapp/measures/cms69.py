"""CMS69: Body Mass Index Screening and Follow-Up Plan."""

from __future__ import annotations

from smartapp.criteria.nodes import ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    Interval,
    age,
    as_of,
    at,
    class_,
    conditions,
    contains,
    day_contains,
    day_during,
    day_overlaps,
    define,
    define_set,
    encounters,
    end,
    has,
    medication_requests,
    not_done,
    observations,
    other,
    procedures,
    service_requests,
    start,
    status,
    value_above,
    value_at_least,
    value_below,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.statuses import (
    done,
    is_assessment_performed,
    is_encounter_performed,
    is_vital_sign_performed,
    problems,
)
from smartapp.measures.shared.windows import PAST_YEAR, past
from smartapp.measures.sources import cms

_SOURCE = cms(
    "Preventive Care and Screening: Body Mass Index (BMI) Screening and Follow-Up Plan (CMS69 FHIR)",
    "CMS69FHIRPCSBMIScreenAndFollowUp",
)
_BMI = "kg/m2"

qualifying_encounter: EventSet = define_set(
    "Qualifying Encounter During Day Of Measurement Period",
    "Finished visits during the period that were not virtual.",
    is_encounter_performed(encounters(vs.ENCOUNTER_TO_EVALUATE_BMI)).where(day_during(PERIOD), ~class_.is_like("VR")),
)

initial_population: Condition = define(
    "Initial Population",
    "A visit during the period at 18 or older.",
    qualifying_encounter.where(age(start).at_least(18)).exist(),
)


def is_pregnant(window: Interval = PERIOD) -> Condition:
    """Is Pregnant During Measurement Period, or in another window."""
    return define(
        "Is Pregnant During Measurement Period",
        "Pregnant during the period, by diagnosis or by the recorded pregnancy status.",
        conditions(vs.PREGNANCY_RELATED).where(day_overlaps(window)).exist()
        | is_assessment_performed(observations(codes.PREGNANCY_STATUS, found_in=("social-history",)))
        .where(day_overlaps(window), has("value", vs.PREGNANCY_RELATED))
        .exist(),
    )


_bmis = is_vital_sign_performed(observations(codes.BODY_MASS_INDEX, found_in=("vital-signs",))).where(
    value_above(0, _BMI)
)
_in_period: EventSet = _bmis.where(day_during(PERIOD))

low_bmi: Condition = define(
    "Documented Low BMI During Measurement Period",
    "A body mass index below 18.5 during the period.",
    _in_period.where(value_below(18.5, _BMI)).exist(),
)

high_bmi: Condition = define(
    "Documented High BMI During Measurement Period",
    "A body mass index of 25 or more during the period.",
    _in_period.where(value_at_least(25, _BMI)).exist(),
)

normal_bmi: Condition = define(
    "Has Normal BMI",
    "A body mass index from 18.5 to below 25 during the period, and none outside.",
    _in_period.where(value_at_least(18.5, _BMI), value_below(25, _BMI)).exist() & ~(high_bmi | low_bmi),
)


def _ordered(diagnosis: ValueSet, orders: EventSet, *, in_period: bool) -> EventSet:
    """Orders for the diagnosis, by their reason or because the patient had it when they were written."""
    diagnosed = orders.with_(conditions(diagnosis), at.day.on_or_after(other.start.day))
    if in_period:
        diagnosed = diagnosed.where(day_contains(PERIOD, at))
    return orders.where(has("reason", diagnosis)) | diagnosed


_high_orders = done(service_requests(vs.FOLLOW_UP_ABOVE_NORMAL_BMI, vs.WEIGHT_REFERRALS)) | done(
    medication_requests(vs.MEDICATIONS_ABOVE_NORMAL_BMI)
)
_low_orders = done(service_requests(vs.FOLLOW_UP_BELOW_NORMAL_BMI, vs.WEIGHT_REFERRALS)) | done(
    medication_requests(vs.MEDICATIONS_BELOW_NORMAL_BMI)
)
_high_procedures = done(procedures(vs.FOLLOW_UP_ABOVE_NORMAL_BMI))
_low_procedures = done(procedures(vs.FOLLOW_UP_BELOW_NORMAL_BMI))

# Of a diagnosis that is over, and nobody said since when, it cannot be told that it goes on: it does not count.
_goes_on = (start.day.on_or_after(other.start.day), start.day.on_or_before(other.end.day))

high_interventions_ordered: EventSet = define_set(
    "High BMI Interventions Ordered",
    "Follow-up, referral or medicine for overweight.",
    _ordered(vs.OVERWEIGHT_OR_OBESE, _high_orders, in_period=False),
)

high_interventions_performed: EventSet = define_set(
    "High BMI Interventions Performed",
    "Follow-up for overweight, by its reason or while overweight is on the problem list.",
    _high_procedures.where(has("reason", vs.OVERWEIGHT_OR_OBESE))
    | _high_procedures.with_(problems(conditions(vs.OVERWEIGHT_OR_OBESE, found_in=("problem-list-item",))), *_goes_on),
)

low_interventions_ordered: EventSet = define_set(
    "Low BMI Interventions Ordered",
    "Follow-up, referral or medicine for underweight.",
    _ordered(vs.UNDERWEIGHT, _low_orders, in_period=True),
)

# As published, a diagnosis counts here only as a health concern.
low_interventions_performed: EventSet = define_set(
    "Low BMI Interventions Performed",
    "Completed follow-up for underweight, or follow-up during the period while underweight is a health concern.",
    _low_procedures.where(has("reason", vs.UNDERWEIGHT), status.is_("completed"))
    | _low_procedures.where(day_during(PERIOD)).with_(
        conditions(vs.UNDERWEIGHT, found_in=("problem-list-item",)).where(has("category", codes.HEALTH_CONCERN)),
        *_goes_on,
    ),
)

high_bmi_followed_up: Condition = define(
    "High BMI And Follow Up Provided",
    "A high body mass index, and follow-up that began during the period.",
    high_bmi
    & (
        high_interventions_ordered.where(day_contains(PERIOD, at)).exist()
        | high_interventions_performed.where(day_contains(PERIOD, start)).exist()
    ),
)

low_bmi_followed_up: Condition = define(
    "Low BMI And Follow Up Provided",
    "A low body mass index, and follow-up that began during the period.",
    low_bmi
    & (
        low_interventions_ordered.where(day_contains(PERIOD, at)).exist()
        | low_interventions_performed.where(day_contains(PERIOD, start)).exist()
    ),
)

no_bmi_for_a_reason: Condition = define(
    "Medical Reason Or Patient Reason For Not Performing BMI Exam",
    "On the day that a visit began it was recorded that there is no body mass index: declined, or a medical reason.",
    observations(codes.BODY_MASS_INDEX, found_in=("vital-signs",))
    .where(not_done, has("reason", vs.PATIENT_DECLINED, vs.MEDICAL_REASON))
    .with_(qualifying_encounter, end.day.same_as(other.start.day))
    .exist(),
)

_not_requested = service_requests(
    vs.WEIGHT_REFERRALS, vs.FOLLOW_UP_ABOVE_NORMAL_BMI, vs.FOLLOW_UP_BELOW_NORMAL_BMI
) | medication_requests(vs.MEDICATIONS_ABOVE_NORMAL_BMI, vs.MEDICATIONS_BELOW_NORMAL_BMI)

no_follow_up_for_a_reason: Condition = define(
    "Medical Reason For Not Documenting A Follow Up Plan For Low Or High BMI",
    "On the day that a visit began it was recorded that no follow-up is ordered, for a medical reason.",
    _not_requested.where(not_done, status.is_like("completed"), has("reason", vs.MEDICAL_REASON))
    .with_(qualifying_encounter, at.day.same_as(other.start.day))
    .exist(),
)

_last_day: EventSet = _bmis.on_the_last(start.day)
_follow_up_past_year = (_high_orders | _low_orders).where(contains(past(1, "year"), at)).exist() | (
    _high_procedures | _low_procedures
).where(contains(past(1, "year"), start)).exist()

CMS69 = Measure(
    id="CMS69",
    version="1.0.000",
    title="Body mass index screening and follow-up plan",
    canonical="https://madie.cms.gov/Measure/CMS69FHIRPCSBMIScreenAndFollowUp",
    source=_SOURCE,
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                exclusions.hospice(),
                exclusions.palliative_care(),
                Reason("pregnancy", is_pregnant()),
            ),
            numerator=high_bmi_followed_up | low_bmi_followed_up | normal_bmi,
            exceptions=(
                Reason("a medical reason for no follow-up", no_follow_up_for_a_reason),
                Reason("a reason for not measuring", no_bmi_for_a_reason),
            ),
        ),
    ),
    clinical=Clinical(
        plain_title="Body mass index",
        source=_SOURCE,
        eligible=age(as_of).at_least(18),
        excluded=(
            Reason("pregnancy", is_pregnant(PAST_YEAR)),
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
        ),
        closed_by=(ClosedBy("body mass index", _bmis, Every(1, "year")),),
        satisfied=define(
            "Normal, or followed up",
            "The last body mass index is from 18.5 to below 25, or follow-up was ordered or done in the past year.",
            _last_day.where(value_at_least(18.5, _BMI), value_below(25, _BMI)).exist() | _follow_up_past_year,
        ),
        relevant=_bmis,
    ),
)
