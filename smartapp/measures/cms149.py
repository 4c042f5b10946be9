"""CMS149: Dementia: Cognitive Assessment."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    as_of,
    at,
    birth,
    conditions,
    define,
    define_set,
    end,
    has,
    not_done,
    observations,
    other,
    start,
)
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared.statuses import has_result, is_assessment_performed, verified
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.sources import aan

_ASSESSMENTS = (vs.COGNITION_TOOLS, vs.COGNITIVE_ASSESSMENT)

ENCOUNTERS_TO_ASSESS_COGNITION = (
    vs.PSYCH_DIAGNOSTIC_EVALUATION,
    vs.NURSING_FACILITY_VISIT,
    vs.LONG_TERM_RESIDENTIAL_CARE,
    vs.HOME_HEALTHCARE,
    vs.PSYCH_PSYCHOTHERAPY,
    vs.BEHAVIORAL_ASSESSMENT,
    vs.OCCUPATIONAL_THERAPY_EVALUATION,
    vs.OFFICE_VISIT,
    vs.OUTPATIENT_CONSULTATION,
)

_dementia = verified(conditions(vs.DEMENTIA))

_visits = finished_visits(*ENCOUNTERS_TO_ASSESS_COGNITION, name="Encounter to Assess Cognition")

dementia_encounter: EventSet = define_set(
    "Dementia Encounter During Measurement Period",
    "Visits to assess cognition during the period, with a dementia that outlasts the period, or that began on a day of "
    "the visit and of which no end is known.",
    # What outlasts the period outlasts the visit: its start alone tells whether they overlap. A dementia without any
    # onset (which is before birth here) does not count: published case 6bd80fce, whose onset has no start.
    _visits.with_(
        _dementia.where(end.day.after(PERIOD.end.day), start.on_or_after(birth)),
        other.start.day.on_or_before(end.day),
    )
    | _visits.with_(
        _dementia.where(~end.is_known), other.start.day.on_or_after(start.day), other.start.day.on_or_before(end.day)
    ),
)

initial_population: Condition = define(
    "Initial Population",
    "A visit with dementia, and two visits of any kind, during the period.",
    dementia_encounter.exist()
    & finished_visits(
        *ENCOUNTERS_TO_ASSESS_COGNITION,
        vs.PATIENT_PROVIDER_INTERACTION,
        name="Qualifying Encounter During Measurement Period",
    ).at_least(2),
)

_assessments = is_assessment_performed(observations(*_ASSESSMENTS, found_in=("survey",))).where(has_result)

assessed: Condition = define(
    "Assessment of Cognition Using Standardized Tools or Alternate Methods",
    "An assessment of cognition with a result in the twelve months up to the end of a visit with dementia.",
    _assessments.with_(
        dementia_encounter,
        start.day.on_or_after(other.end.day.minus(12, "month")),
        start.day.on_or_before(other.end.day),
    ).exist(),
)

declined: Condition = define(
    "Patient Reason for Not Performing Assessment of Cognition Using Standardized Tools or Alternate Methods",
    "At a visit with dementia it was recorded that cognition was not assessed, for a reason of the patient's.",
    observations(*_ASSESSMENTS, found_in=("survey",))
    .where(not_done, has("reason", vs.PATIENT_REASON))
    .with_(dementia_encounter, at.day.on_or_after(other.start.day), at.day.on_or_before(other.end.day))
    .exist(),
)

_SOURCE = aan("Dementia: Cognitive Assessment (CMS149 FHIR)", "CMS149FHIRDementiaCognitiveAssess")

CMS149 = Measure(
    id="CMS149",
    version="1.0.000",
    title="Dementia: cognitive assessment",
    canonical="https://madie.cms.gov/Measure/CMS149FHIRDementiaCognitiveAssess",
    source=_SOURCE,
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            numerator=assessed,
            exceptions=(Reason("a reason of the patient's", declined),),
        ),
    ),
    clinical=Clinical(
        plain_title="Memory assessment",
        source=_SOURCE,
        eligible=_dementia.where(start.day.on_or_before(as_of.day), end.on_or_after(as_of)).exist(),
        closed_by=(ClosedBy("assessment of cognition", _assessments, Every(1, "year")),),
        relevant=_assessments,
        sensitive="mental-health",
    ),
)
