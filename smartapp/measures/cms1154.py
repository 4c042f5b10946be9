"""CMS1154: Screening for Abnormal Glucose Metabolism in Patients at Risk of Developing Diabetes."""

from __future__ import annotations

from smartapp.criteria.nodes import ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    If,
    Interval,
    Literal,
    age,
    as_of,
    birth,
    conditions,
    day_contains,
    day_during,
    day_overlaps,
    define,
    encounters,
    end,
    has,
    observations,
    patient_has,
    start,
    value_at_least,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import (
    done,
    is_encounter_performed,
    is_laboratory_test_performed,
    is_vital_sign_performed,
    verified,
)
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import USPSTF_PREDIABETES_2021, ama

_BMI = "kg/m2"

most_recent_bmi: EventSet = is_vital_sign_performed(
    observations(codes.BODY_MASS_INDEX, found_in=("vital-signs",))
).last(by=start)

# Whose race is not recorded is not counted as Asian, as published.
_asian = If(patient_has("race", codes.ASIAN), Literal("yes"), Literal("no"))

overweight: Condition = define(
    "Most Recent BMI Equal to or Greater Than 25, or 23 and Is Asian",
    "The last body mass index is 25 or more, of Asians 23 or more.",
    most_recent_bmi.where(value_at_least(25, _BMI)).exist()
    | (_asian.is_("yes") & most_recent_bmi.where(value_at_least(23, _BMI)).exist()),
)

visited: Condition = define(
    "Preventive Care Visit or Two Office Visits During the Measurement Period",
    "A preventive visit that ended during the period, or two other visits during it.",
    is_encounter_performed(encounters(vs.PREVENTATIVE_CLINICAL_ENCOUNTERS)).where(day_contains(PERIOD, end)).exist()
    | is_encounter_performed(encounters(vs.OUTPATIENT_CLINICAL_ENCOUNTERS)).where(day_during(PERIOD)).at_least(2),
)

initial_population: Condition = define(
    "Initial Population",
    "35 to 70 years old at the start of the period, overweight, with a preventive visit or two others.",
    visited & age(PERIOD.start).at_least(35) & age(PERIOD.start).at_most(70) & overweight,
)

_tests = is_laboratory_test_performed(observations(vs.GLYCEMIC_SCREENING, found_in=("laboratory",)))


def _look_back(window: Interval) -> Interval:
    """The two years before the window, to the day before it."""
    return Interval(window.start.minus(2, "year"), window.start.minus(1, "day"))


def _diagnosed(window: Interval, kind: ValueSet) -> Condition:
    return verified(conditions(kind)).where(day_overlaps(window)).exist()


def _pregnant(window: Interval) -> Reason:
    observed = done(observations(codes.PREGNANCY_STATUS, found_in=("social-history",)))
    return Reason(
        "pregnancy",
        define(
            "Has Pregnancy Observation or Diagnosis During Measurement Period",
            "Pregnant at some time of the period, by status or diagnosis.",
            observed.where(has("value", vs.PREGNANCY), day_overlaps(window)).exist() | _diagnosed(window, vs.PREGNANCY),
        ),
    )


def _gravely_ill(window: Interval) -> Reason:
    return Reason(
        "advanced illness or limited life expectancy",
        define(
            "Has Advanced Illness or Limited Life Expectancy",
            "An advanced illness or limited life expectancy with a recorded onset before the last day of the period.",
            verified(conditions(vs.ADVANCED_ILLNESS, vs.LIMITED_LIFE_EXPECTANCY))
            # What has no onset begins with time, and so before birth: it does not count, as published.
            .where(start.day.before(window.end.day), start.on_or_after(birth))
            .exist(),
        ),
    )


CMS1154 = Measure(
    id="CMS1154",
    version="1.0.000",
    title="Screening for prediabetes and diabetes",
    canonical="https://madie.cms.gov/Measure/CMS1154ScreeningPrediabetesFHIR",
    source=ama(
        "Screening for Abnormal Glucose Metabolism in Patients at Risk of Developing Diabetes (CMS1154 FHIR)",
        "CMS1154ScreeningPrediabetesFHIR",
    ),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                _pregnant(PERIOD),
                _gravely_ill(PERIOD),
                Reason("diabetes", _diagnosed(_look_back(PERIOD), vs.DIABETES)),
                Reason("prediabetes", _diagnosed(_look_back(PERIOD), vs.PREDIABETES)),
                Reason("tested in the two years before", _tests.where(day_during(_look_back(PERIOD))).exist()),
            ),
            numerator=define(
                "Numerator",
                "A glycemic test during the period.",
                _tests.where(day_during(PERIOD)).exist(),
            ),
        ),
    ),
    clinical=Clinical(
        plain_title="Diabetes screening",
        source=USPSTF_PREDIABETES_2021,
        eligible=age(as_of).at_least(35) & age(as_of).at_most(70) & overweight,
        excluded=(
            _pregnant(PAST_YEAR),
            _gravely_ill(PAST_YEAR),
            Reason("diabetes", _diagnosed(PAST_YEAR, vs.DIABETES)),
            Reason("prediabetes", _diagnosed(PAST_YEAR, vs.PREDIABETES)),
        ),
        # Every three years after a normal result (the recommendation's suggestion).
        closed_by=(ClosedBy("glycemic test", _tests, Every(3, "year")),),
        relevant=_tests,
        on_its_way=on_its_way(vs.GLYCEMIC_SCREENING),
    ),
)
