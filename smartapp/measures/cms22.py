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
    day_contains,
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
    problems,
    verified,
)
from smartapp.measures.sources import USPSTF_HYPERTENSION_2021, cms

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

with_hypertension: EventSet = define_set(
    "Denominator Exclusions",
    "Visits on or after the day on which a hypertension of the problem list began.",
    qualifying_encounter.with_(
        verified(problems(conditions(vs.DIAGNOSIS_OF_HYPERTENSION, found_in=("problem-list-item",)))),
        other.start.day.on_or_before(end.day),
    ),
)

_pressures = is_vital_sign_performed(observations(codes.BLOOD_PRESSURE, found_in=("vital-signs",)))
