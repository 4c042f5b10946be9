"""Palliative care (PalliativeCare 1.18.000)."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    Interval,
    conditions,
    day_overlaps,
    define,
    encounters,
    observations,
    procedures,
    refines,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.statuses import (
    is_assessment_performed,
    is_encounter_performed,
    is_procedure_performed,
    verified,
)


def has_palliative_care(window: Interval = PERIOD) -> Condition:
    """PalliativeCare.Has Palliative Care in the Measurement Period, or in another window."""
    assessed = is_assessment_performed(observations(codes.FACIT_PAL, found_in=("survey",)))
    diagnosed = verified(conditions(vs.PALLIATIVE_CARE_DIAGNOSIS))
    visited = is_encounter_performed(encounters(vs.PALLIATIVE_CARE_ENCOUNTER))
    treated = is_procedure_performed(procedures(vs.PALLIATIVE_CARE_INTERVENTION))
    return define(
        "Has Palliative Care in the Measurement Period",
        "Palliative care by assessment, diagnosis, encounter or intervention.",
        refines(
            "palliative care",
            assessed.where(day_overlaps(window)).exist()
            | diagnosed.where(day_overlaps(window)).exist()
            | visited.where(day_overlaps(window)).exist()
            | treated.where(day_overlaps(window)).exist(),
        ),
    )
