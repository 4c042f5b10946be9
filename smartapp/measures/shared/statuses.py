"""Which events count: the published ``Status`` library (1.15.000), one function for each of its definitions.

A published measure retrieves by profile: what is recorded as *not* done never satisfies a positive criterion, so
every function but those for encounters and conditions leaves it out.
"""

from __future__ import annotations

from smartapp.criteria.words import (
    Condition,
    EventSet,
    has,
    intent,
    not_done,
    status,
    value_kind,
    verification,
)
from smartapp.measures import codes

ORDER_INTENTS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
RESULT_STATUSES = ("final", "amended", "corrected")

has_result: Condition = ~value_kind.is_("none")
"""The observation has a value, of whatever kind ("value is not null")."""


def done(events: EventSet) -> EventSet:
    """Those that are not recorded as not done (the positive profile)."""
    return events.where(~not_done)


def of_a_kind(observations: EventSet) -> EventSet:
    """Those that do not claim, by their profile, to be of no particular kind.

    A published retrieve asks by profile. Claims are looked at where published patients make such ones (CMS22, CMS124,
    CMS130, CMS131): elsewhere they name profiles freely and are counted by their content.
    """
    return observations.where(~has("label", codes.OF_NO_KIND))


def is_encounter_performed(encounters: EventSet) -> EventSet:
    """Encounter, Performed: finished."""
    return encounters.where(status.is_("finished"))


def verified(conditions: EventSet) -> EventSet:
    """Without a verification status, or confirmed, unconfirmed, provisional or differential."""
    return conditions.where(
        ~verification.is_known | verification.is_in("confirmed", "unconfirmed", "provisional", "differential")
    )


def not_refuted(conditions: EventSet) -> EventSet:
    """Neither refuted nor entered in error (measures that do not use the ``Status`` library)."""
    return conditions.where(~verification.is_like("refuted", "entered-in-error"))


def encounter_diagnoses(conditions: EventSet) -> EventSet:
    """Conditions that are the diagnosis of an encounter."""
    return conditions.where(has("category", codes.ENCOUNTER_DIAGNOSIS))


def problems(conditions: EventSet) -> EventSet:
    """Conditions of the problem list and health concerns."""
    return conditions.where(has("category", codes.PROBLEM_LIST_ITEM, codes.HEALTH_CONCERN))


def is_assessment_performed(observations: EventSet) -> EventSet:
    """Assessment, Performed: final, amended or corrected."""
    return done(observations).where(status.is_in(*RESULT_STATUSES))


def is_laboratory_test_performed(observations: EventSet) -> EventSet:
    """Laboratory Test, Performed: final, amended or corrected."""
    return done(observations).where(status.is_in(*RESULT_STATUSES))


def is_vital_sign_performed(observations: EventSet) -> EventSet:
    """Blood pressure, height, weight, BMI: final, amended or corrected."""
    return done(observations).where(status.is_in(*RESULT_STATUSES))


def is_diagnostic_study_performed(observations: EventSet) -> EventSet:
    """Diagnostic Study, Performed: final, amended or corrected, filed under imaging."""
    return done(observations).where(status.is_in(*RESULT_STATUSES), has("category", codes.IMAGING))


def is_physical_exam_performed(observations: EventSet) -> EventSet:
    """Physical Exam, Performed: final, amended or corrected, filed under exam."""
    return of_a_kind(done(observations)).where(status.is_in(*RESULT_STATUSES), has("category", codes.EXAM))


def is_smoking_status(observations: EventSet) -> EventSet:
    """Observation Smoking Status: final, filed under social history."""
    return done(observations).where(status.is_("final"), has("category", codes.SOCIAL_HISTORY))


def is_symptom(observations: EventSet) -> EventSet:
    """Symptom: preliminary, final, amended or corrected."""
    return done(observations).where(status.is_in("preliminary", *RESULT_STATUSES))


def is_procedure_performed(procedures: EventSet) -> EventSet:
    """Procedure, Performed and Intervention, Performed: completed."""
    return done(procedures).where(status.is_("completed"))


def is_order(requests: EventSet) -> EventSet:
    """Intervention, Device, Laboratory Test, Diagnostic Study or Medication, Order: active or completed, an order."""
    return done(requests).where(status.is_in("active", "completed"), intent.is_in(*ORDER_INTENTS))


def is_active_or_completed(requests: EventSet) -> EventSet:
    """Active or completed, whatever the intent."""
    return done(requests).where(status.is_in("active", "completed"))


def is_medication_active(requests: EventSet) -> EventSet:
    """Medication, Active: an active order."""
    return done(requests).where(status.is_("active"), intent.is_in(*ORDER_INTENTS))


def is_immunization_administered(immunizations: EventSet) -> EventSet:
    """Immunization, Administered: completed."""
    return done(immunizations).where(status.is_("completed"))
