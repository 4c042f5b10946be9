"""Hospice care (Hospice 6.18.000)."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    Interval,
    at,
    conditions,
    day_contains,
    day_overlaps,
    define,
    encounters,
    end,
    has,
    observations,
    procedures,
    refines,
    service_requests,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.statuses import (
    is_assessment_performed,
    is_encounter_performed,
    is_order,
    is_procedure_performed,
    verified,
)


def has_hospice_services(window: Interval = PERIOD) -> Condition:
    """Hospice.Has Hospice Services, in the measurement period or another window."""
    discharged_to_hospice = is_encounter_performed(encounters(vs.ENCOUNTER_INPATIENT)).where(
        has("discharge", codes.DISCHARGE_TO_HOME_FOR_HOSPICE, codes.DISCHARGE_TO_FACILITY_FOR_HOSPICE),
        day_contains(window, end),
    )
    hospice_encounter = is_encounter_performed(encounters(vs.HOSPICE_ENCOUNTER)).where(day_overlaps(window))
    assessed_as_hospice = is_assessment_performed(observations(codes.HOSPICE_CARE_MDS, found_in=("survey",))).where(
        has("value", codes.YES), day_overlaps(window)
    )
    hospice_ordered = is_order(service_requests(vs.HOSPICE_CARE_AMBULATORY)).where(day_contains(window, at))
    hospice_performed = is_procedure_performed(procedures(vs.HOSPICE_CARE_AMBULATORY)).where(day_overlaps(window))
    hospice_diagnosis = verified(conditions(vs.HOSPICE_DIAGNOSIS)).where(day_overlaps(window))
    return define(
        "Has Hospice Services",
        "Discharged to hospice, or hospice care by encounter, assessment, order, intervention or diagnosis.",
        discharged_to_hospice.exist()
        | hospice_encounter.exist()
        | refines("hospice assessments", assessed_as_hospice.exist())
        | refines("hospice orders", hospice_ordered.exist())
        | hospice_performed.exist()
        | hospice_diagnosis.exist(),
    )
