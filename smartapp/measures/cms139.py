"""CMS139: Falls: Screening for Future Fall Risk."""

from __future__ import annotations

from smartapp.criteria.words import PERIOD, Condition, EventSet, age, as_of, day_during, define, observations
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import is_assessment_performed
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ncqa

_SOURCE = ncqa("Falls: Screening for Future Fall Risk (CMS139 FHIR)", "CMS139FHIRFallRiskScreening")

_screenings = is_assessment_performed(observations(vs.FALLS_SCREENING, found_in=("survey",)))

qualifying_encounter: EventSet = finished_visits(
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.OPHTHALMOLOGICAL_SERVICES,
    vs.PREVENTIVE_INDIVIDUAL_COUNSELING,
    vs.DISCHARGE_SERVICES_NURSING_FACILITY,
    vs.NURSING_FACILITY_VISIT,
    vs.LONG_TERM_RESIDENTIAL_CARE,
    vs.AUDIOLOGY_VISIT,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
    vs.PHYSICAL_THERAPY_EVALUATION,
    vs.OCCUPATIONAL_THERAPY_EVALUATION,
    name="Qualifying Encounter",
)

initial_population: Condition = define(
    "Initial Population",
    "65 years or older at the start of the period, with a visit during it.",
    age(PERIOD.start).at_least(65) & qualifying_encounter.exist(),
)

screened: Condition = define(
    "Numerator",
    "A screening for the risk of falls during the period.",
    _screenings.where(day_during(PERIOD)).exist(),
)

CMS139 = Measure(
    id="CMS139",
    version="1.0.000",
    title="Falls: screening for future fall risk",
    canonical="https://madie.cms.gov/Measure/CMS139FHIRFallRiskScreening",
    source=_SOURCE,
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(exclusions.hospice(),),
            numerator=screened,
        ),
    ),
    clinical=Clinical(
        plain_title="Fall risk screening",
        source=_SOURCE,
        eligible=age(as_of).at_least(65),
        excluded=(exclusions.hospice(PAST_YEAR),),
        closed_by=(ClosedBy("fall risk screening", _screenings, Every(1, "year")),),
        relevant=_screenings,
        on_its_way=on_its_way(vs.FALLS_SCREENING),
    ),
)
