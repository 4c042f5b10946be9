"""CMS22: Screening for High Blood Pressure and Follow-Up. By encounter: its figures can be above 1."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
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
    define,
    define_set,
    diastolic,
    encounters,
    end,
    has,
    intent,
    medication_requests,
    not_done,
    observations,
    other,
    reference,
    service_requests,
    start,
    status,
    systolic,
    with_last,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared.statuses import (
    ORDER_INTENTS,
    done,
    is_active_or_completed,
    is_encounter_performed,
    is_vital_sign_performed,
    of_a_kind,
    problems,
    verified,
)
from smartapp.measures.shared.windows import past
from smartapp.measures.sources import USPSTF_HYPERTENSION_2021, cms

Kind = ValueSet | DirectCode

qualifying_encounter: EventSet = define_set(
    "Qualifying Encounter during Measurement Period",
    "Finished visits that ended during the period and were not virtual.",
    is_encounter_performed(encounters(vs.ENCOUNTER_TO_SCREEN_BLOOD_PRESSURE)).where(
        day_contains(PERIOD, end), ~class_.is_like("VR")
    ),
)

initial_population: EventSet = define_set(
    "Initial Population",
    "Visits of those who were 18 or older at the start of the period.",
    qualifying_encounter.where(age(PERIOD.start).at_least(18)),
)

_hypertension = verified(problems(conditions(vs.DIAGNOSIS_OF_HYPERTENSION, found_in=("problem-list-item",))))

with_hypertension: EventSet = define_set(
    "Denominator Exclusions",
    "Visits on or after the day on which a hypertension of the problem list began.",
    qualifying_encounter.with_(_hypertension, other.start.day.on_or_before(start.day)),
)

# --- readings: the last one that ended on a day of the visit ----------------------------------------
_pressures = of_a_kind(is_vital_sign_performed(observations(codes.BLOOD_PRESSURE, found_in=("vital-signs",))))
_VISIT = Interval(start, end)
_systolic, _diastolic = other.systolic, other.diastolic
_measured: Condition = _systolic.more_than(0) & _diastolic.more_than(0)
_hypertensive: Condition = _measured & (_systolic.at_least(130) | _diastolic.at_least(80))


def _with_reading(reading: Condition) -> EventSet:
    return with_last(qualifying_encounter, _pressures, on=day_contains(_VISIT, other.end), by=other.start, then=reading)


within_year_prior: EventSet = define_set(
    "Encounter with Hypertensive Reading Within Year Prior",
    "Visits whose last reading in the year before them was 130/80 or more.",
    with_last(
        qualifying_encounter,
        _pressures,
        on=other.end.on_or_after(start.minus(1, "year")) & other.end.on_or_before(start),
        by=other.start,
        then=_hypertensive,
    ),
)


def _after_another(visits: EventSet) -> EventSet:
    return visits.with_(within_year_prior, reference.same_as(other.reference))


normal: EventSet = define_set(
    "Encounter with Normal Blood Pressure Reading",
    "Visits with a last reading below 120 and below 80.",
    _with_reading(_systolic.at_least(1) & _systolic.less_than(120) & _diastolic.at_least(1) & _diastolic.less_than(80)),
)

elevated: EventSet = define_set(
    "Encounter with Elevated Blood Pressure Reading SBP 120 to 129 AND DBP less than 80",
    "Visits with a last reading of 120 to 129 and below 80.",
    _with_reading(_systolic.at_least(120) & _systolic.at_most(129) & _diastolic.at_least(1) & _diastolic.less_than(80)),
)

first_hypertensive: EventSet = define_set(
    "Encounter with First Hypertensive Reading SBP Greater than or Equal to 130 OR DBP Greater than or Equal to 80",
    "Visits with a last reading of 130/80 or more, and none such in the year before.",
    _with_reading(_hypertensive).without(within_year_prior, reference.same_as(other.reference)),
)

second_130: EventSet = define_set(
    "Encounter with Second Hypertensive Reading SBP 130 to 139 OR DBP 80 to 89",
    "Visits with a last reading of 130 to 139 or 80 to 89, and of 130/80 or more in the year before.",
    _after_another(
        _with_reading(
            ((_systolic.at_least(130) & _systolic.at_most(139)) | (_diastolic.at_least(80) & _diastolic.at_most(89)))
            & ~(_systolic.at_least(140) | _diastolic.at_least(90))
        )
    ),
)

second_140: EventSet = define_set(
    "Encounter with Second Hypertensive Reading SBP Greater than or Equal to 140 OR DBP Greater than or Equal to 90",
    "Visits with a last reading of 140/90 or more, and of 130/80 or more in the year before.",
    _after_another(_with_reading(_measured & (_systolic.at_least(140) | _diastolic.at_least(90)))),
)

# --- what follows -----------------------------------------------------------------------------------
_ADVICE = (
    vs.LIFESTYLE_RECOMMENDATION,
    vs.WEIGHT_REDUCTION_RECOMMENDED,
    vs.DIETARY_RECOMMENDATIONS,
    vs.RECOMMENDED_ACTIVITY,
    vs.ALCOHOL_REFERRAL,
)
_TESTS = (codes.EKG_12_LEAD, codes.EKG_STUDY, vs.LABS_FOR_HYPERTENSION)
_in_period: Condition = day_contains(PERIOD, at)
_other_in_period: Condition = day_contains(PERIOD, other.at)


def _ordered(*kinds: Kind) -> EventSet:
    return done(service_requests(*kinds)).where(intent.is_in(*ORDER_INTENTS))


_advice, _tests = _ordered(*_ADVICE), _ordered(*_TESTS)
_rescreen_4_weeks = _ordered(vs.FOLLOW_UP_4_WEEKS)
_rescreen_6_months = done(service_requests(vs.FOLLOW_UP_6_MONTHS)).where(intent.is_("order"))
_medicines = is_active_or_completed(medication_requests(vs.MEDICATIONS_FOR_HYPERTENSION))

referral: EventSet = define_set(
    "Referral to Alternate or Primary Healthcare Professional for Hypertensive Reading",
    "Referrals for the finding of elevated blood pressure or hypertension.",
    _ordered(vs.REFERRAL_TO_PRIMARY_CARE).where(has("reason", vs.FINDING_OF_ELEVATED_PRESSURE)),
)

_after_first = _rescreen_4_weeks.where(_in_period).with_(_advice, _other_in_period) | referral
_after_second_130 = (
    _rescreen_6_months.where(_in_period).with_(_tests, _other_in_period).with_(_advice, _other_in_period)
) | referral
_after_second_140 = (
    _rescreen_4_weeks.where(_in_period)
    .with_(_tests, _other_in_period)
    .with_(_advice, _other_in_period)
    .with_(_medicines, _other_in_period)
) | referral


def _written_at(visits: EventSet, orders: EventSet) -> EventSet:
    """Visits on a day of which one of the orders (or refusals) was written."""
    return visits.with_(orders, day_contains(_VISIT, other.at))


numerator: EventSet = define_set(
    "Numerator",
    "Visits with a normal reading, or with the follow-up that the reading asks for.",
    normal
    | _written_at(_written_at(elevated, _rescreen_6_months), _advice)
    | _written_at(elevated, referral)
    | _written_at(first_hypertensive, _after_first)
    | _written_at(second_130, _after_second_130)
    | _written_at(second_140, _after_second_140),
)


def _declined(*kinds: Kind) -> EventSet:
    return service_requests(*kinds).where(
        not_done, status.is_in("active", "completed", "on-hold"), has("reason", vs.PATIENT_DECLINED)
    )


not_measured: EventSet = define_set(
    "Encounter with Medical Reason for Not Obtaining or Patient Declined Blood Pressure Measurement",
    "Visits at which the blood pressure was not taken: declined, or for a medical reason.",
    _written_at(
        qualifying_encounter,
        observations(
            codes.BLOOD_PRESSURE, codes.SYSTOLIC_PRESSURE, codes.DIASTOLIC_PRESSURE, found_in=("vital-signs",)
        ).where(not_done, has("reason", vs.PATIENT_DECLINED, vs.MEDICAL_REASON)),
    ),
)

_not_prescribed = medication_requests(vs.MEDICATIONS_FOR_HYPERTENSION).where(
    not_done, status.is_in("active", "completed")
)

follow_up_declined: EventSet = define_set(
    "Encounter with Order for Hypertension Follow Up Declined by Patient",
    "Visits at which the patient declined a follow-up that the reading asks for.",
    _written_at(elevated, _declined(vs.REFERRAL_TO_PRIMARY_CARE, vs.FOLLOW_UP_6_MONTHS, *_ADVICE))
    | _written_at(first_hypertensive, _declined(vs.FOLLOW_UP_4_WEEKS, vs.REFERRAL_TO_PRIMARY_CARE, *_ADVICE))
    | _written_at(second_130, _declined(vs.REFERRAL_TO_PRIMARY_CARE, vs.FOLLOW_UP_6_MONTHS, *_TESTS, *_ADVICE))
    | _written_at(second_140, _declined(vs.REFERRAL_TO_PRIMARY_CARE, vs.FOLLOW_UP_4_WEEKS, *_TESTS, *_ADVICE))
    | _written_at(second_140, _not_prescribed),
)

_readings = _pressures.where(systolic.more_than(0), diastolic.more_than(0))
_last_reading: EventSet = _readings.last(by=start)
_follow_ups = _rescreen_4_weeks | _rescreen_6_months | referral

CMS22 = Measure(
    id="CMS22",
    version="1.0.000",
    title="Screening for high blood pressure and follow-up",
    canonical="https://madie.cms.gov/Measure/CMS22FHIRPCSBPScreeningFollowUp",
    source=cms(
        "Preventive Care and Screening: Screening for High Blood Pressure and Follow-Up Documented (CMS22 FHIR)",
        "CMS22FHIRPCSBPScreeningFollowUp",
    ),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(Reason("hypertension", with_hypertension),),
            numerator=numerator,
            exceptions=(
                Reason("a reason for not measuring", not_measured),
                Reason("follow-up declined", follow_up_declined),
            ),
            basis="encounter",
        ),
    ),
    clinical=Clinical(
        plain_title="Blood pressure check",
        source=USPSTF_HYPERTENSION_2021,
        eligible=age(as_of).at_least(18),
        excluded=(Reason("hypertension", _hypertension.where(start.on_or_before(as_of)).exist()),),
        closed_by=(ClosedBy("blood pressure", _readings, Every(1, "year")),),
        satisfied=define(
            "Below 130/80, or followed up",
            "The last reading was below 130/80, or a follow-up was ordered in the past year.",
            _last_reading.where(systolic.less_than(130), diastolic.less_than(80)).exist()
            | _follow_ups.where(contains(past(1, "year"), at)).exist(),
        ),
        relevant=_readings,
    ),
)
