"""CMS155: Weight Assessment and Counseling for Nutrition and Physical Activity for Children and Adolescents."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    age,
    as_of,
    conditions,
    day_during,
    define,
    observations,
    overlaps,
    procedures,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.statuses import has_result, is_procedure_performed, is_vital_sign_performed, verified
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ncqa

_SOURCE = ncqa(
    "Weight Assessment and Counseling for Nutrition and Physical Activity for Children and Adolescents (CMS155 FHIR)",
    "CMS155FHIRWgtAssessCounseling",
)

qualifying_encounters: EventSet = finished_visits(
    vs.OFFICE_VISIT,
    vs.PREVENTIVE_INDIVIDUAL_COUNSELING,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_GROUP_COUNSELING,
    vs.HOME_HEALTHCARE,
    vs.TELEPHONE_VISITS,
)

initial_population: Condition = define(
    "Initial Population",
    "3 to 17 years old at the end of the period, with a visit during it.",
    age(PERIOD.end).at_least(3) & age(PERIOD.end).at_most(17) & qualifying_encounters.exist(),
)

pregnant = Reason(
    "pregnancy",
    define(
        "Pregnancy Diagnosis Which Overlaps Measurement Period",
        "Pregnant at some time of the period.",
        verified(conditions(vs.PREGNANCY)).where(overlaps(PERIOD)).exist(),
    ),
)


def _measured(what: DirectCode) -> EventSet:
    return is_vital_sign_performed(observations(what, found_in=("vital-signs",))).where(has_result)


def _counseled(what: ValueSet) -> EventSet:
    return is_procedure_performed(procedures(what))


_percentiles, _heights, _weights = (
    _measured(codes.BMI_PERCENTILE),
    _measured(codes.BODY_HEIGHT),
    _measured(codes.BODY_WEIGHT),
)
_nutrition, _activity = _counseled(vs.COUNSELING_NUTRITION), _counseled(vs.COUNSELING_ACTIVITY)

assessed: Condition = define(
    "Numerator 1",
    "Height, weight and the percentile of the body mass index during the period.",
    _percentiles.where(day_during(PERIOD)).exist()
    & _heights.where(day_during(PERIOD)).exist()
    & _weights.where(day_during(PERIOD)).exist(),
)


def _rate(number: int, title: str, numerator: Condition) -> Rate:
    return Rate(
        f"Group_{number}",
        initial_population,
        denominator=initial_population,
        exclusions=(exclusions.hospice(), pregnant),
        numerator=numerator,
        title=title,
    )


CMS155 = Measure(
    id="CMS155",
    version="1.0.000",
    title="Weight assessment and counseling for children and adolescents",
    canonical="https://madie.cms.gov/Measure/CMS155FHIRWgtAssessCounseling",
    source=_SOURCE,
    rates=(
        _rate(1, "height, weight and body mass index percentile", assessed),
        _rate(2, "counseling for nutrition", _nutrition.where(day_during(PERIOD)).exist()),
        _rate(3, "counseling for physical activity", _activity.where(day_during(PERIOD)).exist()),
    ),
    clinical=Clinical(
        plain_title="Growth and counseling",
        source=_SOURCE,
        eligible=age(as_of).at_least(3) & age(as_of).at_most(17),
        excluded=(
            exclusions.hospice(PAST_YEAR),
            Reason("pregnancy", verified(conditions(vs.PREGNANCY)).where(overlaps(PAST_YEAR)).exist()),
        ),
        # All of them, each once a year.
        needs="all",
        closed_by=(
            ClosedBy("body mass index percentile", _percentiles, Every(1, "year")),
            ClosedBy("height", _heights, Every(1, "year")),
            ClosedBy("weight", _weights, Every(1, "year")),
            ClosedBy("counseling for nutrition", _nutrition, Every(1, "year")),
            ClosedBy("counseling for physical activity", _activity, Every(1, "year")),
        ),
        relevant=_percentiles,
    ),
)
