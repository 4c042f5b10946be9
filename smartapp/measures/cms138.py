"""CMS138: Tobacco Use: Screening and Cessation Intervention. Three rates: screened, helped, both."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    age,
    as_of,
    at,
    conditions,
    contains,
    day_contains,
    day_during,
    day_overlaps,
    define,
    events,
    has,
    medication_requests,
    observations,
    other,
    procedures,
    reference,
    start,
    status,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.statuses import (
    is_medication_active,
    is_order,
    is_procedure_performed,
    is_smoking_status,
    verified,
)
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR, past, period_and
from smartapp.measures.sources import USPSTF_TOBACCO_2021, ncqa

preventive_visits: EventSet = finished_visits(
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_GROUP_COUNSELING,
    vs.PREVENTIVE_INDIVIDUAL_COUNSELING,
    codes.UNLISTED_PREVENTIVE_SERVICE,
    codes.POSTOPERATIVE_FOLLOW_UP,
    vs.NUTRITION_SERVICES,
    name="Preventive Visit During Measurement Period",
)

qualifying_visits: EventSet = finished_visits(
    codes.HEALTH_BEHAVIOR_INTERVENTION,
    codes.HEALTH_BEHAVIOR_ASSESSMENT,
    vs.HOME_HEALTHCARE,
    vs.OCCUPATIONAL_THERAPY_EVALUATION,
    vs.OFFICE_VISIT,
    vs.OPHTHALMOLOGICAL_SERVICES,
    vs.PHYSICAL_THERAPY_EVALUATION,
    vs.PSYCH_DIAGNOSTIC_EVALUATION,
    vs.PSYCH_PSYCHOTHERAPY,
    vs.PSYCHOANALYSIS,
    vs.SPEECH_AND_HEARING_EVALUATION,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
    name="Qualifying Visit During Measurement Period",
)

# Two visits are two encounters, on whatever days.
initial_population: Condition = define(
    "Initial Population",
    "12 years or older at the start of the period, with two visits or a preventive one.",
    age(PERIOD.start).at_least(12) & (qualifying_visits.at_least(2) | preventive_visits.exist()),
)

_screenings = is_smoking_status(observations(vs.TOBACCO_USE_SCREENING, found_in=("social-history",)))
_last_screening: EventSet = _screenings.where(day_during(PERIOD)).last(by=start)

non_user: Condition = define(
    "Most Recent Tobacco Use Screening Indicates Tobacco Non User",
    "The last screening of the period says that the patient does not use tobacco.",
    _last_screening.where(has("value", vs.TOBACCO_NON_USER)).exist(),
)

user: Condition = define(
    "Most Recent Tobacco Use Screening Indicates Tobacco User",
    "The last screening of the period says that the patient uses tobacco.",
    _last_screening.where(has("value", vs.TOBACCO_USER)).exist(),
)

WITH_SIX_MONTHS_BEFORE = period_and(6, "month")

_counseling_procedures = is_procedure_performed(procedures(vs.TOBACCO_CESSATION_COUNSELING))
_counseling_diagnoses = verified(conditions(codes.TOBACCO_ABUSE_COUNSELING))
_rejections = events(("Task",), codes.FULFILL).where(status.is_("rejected"))
# An order that somebody has refused to fulfil does not count.
_pharmacotherapy_orders = is_order(medication_requests(vs.TOBACCO_CESSATION_PHARMACOTHERAPY)).without(
    _rejections, reference.same_as(other.focus)
)
_active_pharmacotherapy = is_medication_active(medication_requests(vs.TOBACCO_CESSATION_PHARMACOTHERAPY))

counseling_given: Condition = define(
    "Tobacco Cessation Counseling Given",
    "Counseling on giving up tobacco during the period or the six months before.",
    _counseling_procedures.where(day_during(WITH_SIX_MONTHS_BEFORE)).exist()
    | _counseling_diagnoses.where(day_contains(WITH_SIX_MONTHS_BEFORE, start)).exist(),
)

pharmacotherapy_ordered: Condition = define(
    "Tobacco Cessation Pharmacotherapy Ordered",
    "A medicine for giving up tobacco, ordered during the period or the six months before.",
    _pharmacotherapy_orders.where(day_contains(WITH_SIX_MONTHS_BEFORE, at)).exist(),
)

active_pharmacotherapy: Condition = define(
    "Active Pharmacotherapy for Tobacco Cessation",
    "A medicine for giving up tobacco, taken within the period and the six months before.",
    _active_pharmacotherapy.where(day_during(WITH_SIX_MONTHS_BEFORE)).exist(),
)

intervention: Condition = counseling_given | pharmacotherapy_ordered | active_pharmacotherapy

# On the chart: the last screening ever, and help within the past six months and later.
_last_ever: EventSet = _screenings.last(by=start)
_helped: Condition = (
    _counseling_procedures.where(contains(past(1, "year"), start)).exist()
    | _counseling_diagnoses.where(contains(past(1, "year"), start)).exist()
    | _pharmacotherapy_orders.where(contains(past(1, "year"), at)).exist()
    | _active_pharmacotherapy.where(start.is_known, day_overlaps(PAST_YEAR)).exist()
)

CMS138 = Measure(
    id="CMS138",
    version="1.0.000",
    title="Tobacco use: screening and cessation intervention",
    canonical="https://madie.cms.gov/Measure/CMS138FHIRTobaccoScrnCessation",
    source=ncqa("Tobacco Use: Screening and Cessation Intervention (CMS138 FHIR)", "CMS138FHIRTobaccoScrnCessation"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(exclusions.hospice(),),
            numerator=non_user | user,
            title="screened",
        ),
        Rate(
            "Group_2",
            initial_population,
            denominator=define("Denominator 2", "Screened and found to use tobacco.", initial_population & user),
            exclusions=(exclusions.hospice(),),
            numerator=intervention,
            title="users who were helped",
        ),
        Rate(
            "Group_3",
            initial_population,
            denominator=initial_population,
            exclusions=(exclusions.hospice(),),
            numerator=non_user | (user & intervention),
            title="screened, and helped if a user",
        ),
    ),
    clinical=Clinical(
        plain_title="Tobacco use: asked and helped",
        source=USPSTF_TOBACCO_2021,
        eligible=age(as_of).at_least(12),
        excluded=(exclusions.hospice(PAST_YEAR),),
        closed_by=(ClosedBy("tobacco use screening", _screenings, Every(1, "year")),),
        satisfied=define(
            "No tobacco use, or helped",
            "The last screening says that the patient does not use tobacco, or help was given in the past year.",
            ~_last_ever.where(has("value", vs.TOBACCO_USER)).exist() | _helped,
        ),
        relevant=_screenings,
    ),
)
