"""CMS122: Diabetes: Glycemic Status Assessment Greater Than 9%. An inverse measure: its numerator is the gap."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    age,
    as_of,
    conditions,
    day_contains,
    day_overlaps,
    define,
    latest,
    observations,
    value_above,
    value_at_most,
    value_kind,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Hit, Measure, Rate
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import encounter_diagnoses, has_result, is_laboratory_test_performed, verified
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ADA_GLYCEMIC, ncqa

_assessments = is_laboratory_test_performed(
    observations(vs.HBA1C, codes.GLUCOSE_MANAGEMENT_INDICATOR, found_in=("laboratory",))
)

qualifying_encounters: EventSet = finished_visits(
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.NUTRITION_SERVICES,
    codes.NUTRITION_THERAPY_INITIAL,
    codes.NUTRITION_THERAPY_REASSESSMENT,
    codes.NUTRITION_THERAPY_GROUP,
    codes.NUTRITION_THERAPY_SECOND_REFERRAL,
    codes.NUTRITION_THERAPY_SECOND_REFERRAL_GROUP,
    vs.TELEPHONE_VISITS,
)

initial_population: Condition = define(
    "Initial Population",
    "18 to 75 years old at the end of the period, with a visit during it and diabetes, by an encounter's diagnosis.",
    age(PERIOD.end).at_least(18)
    & age(PERIOD.end).at_most(75)
    & qualifying_encounters.exist()
    & verified(encounter_diagnoses(conditions(vs.DIABETES, found_in=("encounter-diagnosis",))))
    .where(day_overlaps(PERIOD))
    .exist(),
)

# Every assessment on the most recent day with one; the lowest of them counts.
_in_period: EventSet = _assessments.where(day_contains(PERIOD, latest))
_on_last_day: EventSet = _in_period.on_the_last(latest.day)

no_record: Condition = define(
    "Has No Record Of Glycemic Status Assessment",
    "No A1c or glucose management indicator during the period.",
    ~_in_period.exist(),
)

without_result: Condition = define(
    "Has Most Recent Glycemic Status Assessment Without Result",
    "On the most recent day with an assessment there is one without a result.",
    _on_last_day.where(~has_result).exist(),
)

# A result that is no quantity sorts before all others (CQL 1.5.3, "Sort": nulls first): it is the lowest, not above.
elevated: Condition = define(
    "Has Most Recent Elevated Glycemic Status Assessment",
    "The lowest assessment on the most recent day is above 9 %; each of them is a quantity.",
    _on_last_day.where(value_above(9, "%")).exist()
    & ~_on_last_day.where(value_at_most(9, "%")).exist()
    & ~_on_last_day.where(~value_kind.is_("quantity")).exist(),
)

_ever_last_day: EventSet = _assessments.where(has_result).on_the_last(latest.day)

CMS122 = Measure(
    id="CMS122",
    version="1.0.000",
    title="Diabetes: glycemic status assessment greater than 9 %",
    canonical="https://madie.cms.gov/Measure/CMS122FHIRDiabetesAssessGT9Pct",
    source=ncqa("Diabetes: Glycemic Status Assessment Greater Than 9% (CMS122 FHIR)", "CMS122FHIRDiabetesAssessGT9Pct"),
    numerator_means=Hit.GAP,
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                exclusions.hospice(),
                exclusions.nursing_home(),
                exclusions.frailty(),
                exclusions.palliative_care(),
            ),
            numerator=without_result | elevated | no_record,
        ),
    ),
    clinical=Clinical(
        plain_title="Blood sugar control (A1c)",
        source=ADA_GLYCEMIC,
        eligible=age(as_of).at_least(18)
        & age(as_of).at_most(75)
        & verified(conditions(vs.DIABETES)).where(day_overlaps(PAST_YEAR)).exist(),
        excluded=(
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
            exclusions.frailty(PAST_YEAR),
            exclusions.nursing_home(PAST_YEAR),
        ),
        # At least twice a year; overdue after the year that the report allows. Above 9 % the gap is open at once.
        closed_by=(ClosedBy("A1c or glucose management indicator", _assessments.where(has_result), Every(6, "month")),),
        grace=Every(6, "month"),
        satisfied=define(
            "Last glycemic status at most 9 %",
            "The lowest result on the most recent day is at most 9 %.",
            _ever_last_day.where(value_at_most(9, "%")).exist(),
        ),
        relevant=_assessments,
        on_its_way=on_its_way(vs.HBA1C),
    ),
)
