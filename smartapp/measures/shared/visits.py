"""Visits that put a patient into a report (AdultOutpatientEncounters 4.19.000 and its relatives)."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import PERIOD, EventSet, day_during, define_set, encounters
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.statuses import is_encounter_performed


def finished_visits(*kinds: ValueSet | DirectCode, name: str = "Qualifying Encounters") -> EventSet:
    """Finished visits of some kinds that began and ended in the measurement period."""
    return define_set(
        name,
        "Finished visits during the measurement period.",
        is_encounter_performed(encounters(*kinds)).where(day_during(PERIOD)),
    )


ADULT_VISITS = (
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.VIRTUAL_ENCOUNTER,
    vs.TELEPHONE_VISITS,
)

adult_outpatient_visits: EventSet = finished_visits(*ADULT_VISITS)
"""AdultOutpatientEncounters "Qualifying Encounters"."""
