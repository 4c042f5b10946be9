"""Frailty, advanced illness and long-term nursing home care (AdvancedIllnessandFrailty 1.27.000)."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    Interval,
    age,
    at,
    conditions,
    day_contains,
    day_overlaps,
    define,
    device_requests,
    encounters,
    end,
    has,
    medication_requests,
    observations,
    refines,
    start,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.statuses import (
    is_assessment_performed,
    is_encounter_performed,
    is_medication_active,
    is_order,
    is_symptom,
    verified,
)


def has_criteria_indicating_frailty(window: Interval = PERIOD) -> Condition:
    """AIFrailLTCF.Has Criteria Indicating Frailty."""
    device_ordered = is_order(device_requests(vs.FRAILTY_DEVICE)).where(day_contains(window, at))
    equipment_used = is_assessment_performed(observations(codes.MEDICAL_EQUIPMENT_USED, found_in=("survey",))).where(
        has("value", vs.FRAILTY_DEVICE), day_contains(window, end)
    )
    diagnosis = verified(conditions(vs.FRAILTY_DIAGNOSIS)).where(day_overlaps(window))
    encounter = is_encounter_performed(encounters(vs.FRAILTY_ENCOUNTER)).where(day_overlaps(window))
    symptom = is_symptom(observations(vs.FRAILTY_SYMPTOM, found_in=("survey", "exam"))).where(day_overlaps(window))
    return define(
        "Has Criteria Indicating Frailty",
        "A frailty device, diagnosis, encounter or symptom.",
        device_ordered.exist() | equipment_used.exist() | diagnosis.exist() | encounter.exist() | symptom.exist(),
    )


def has_advanced_illness(window: Interval = PERIOD) -> Condition:
    """AIFrailLTCF.Has Advanced Illness in Year Before or During Measurement Period: by onset."""
    return define(
        "Has Advanced Illness in Year Before or During Measurement Period",
        "An advanced illness that began in the period or the year before.",
        verified(conditions(vs.ADVANCED_ILLNESS)).where(day_contains(_with_year_before(window), start)).exist(),
    )


def has_dementia_medications(window: Interval = PERIOD) -> Condition:
    """AIFrailLTCF.Has Dementia Medications in Year Before or During Measurement Period."""
    return define(
        "Has Dementia Medications in Year Before or During Measurement Period",
        "An active order of a dementia medicine for a time in the period or the year before.",
        is_medication_active(medication_requests(vs.DEMENTIA_MEDICATIONS))
        .where(day_overlaps(_with_year_before(window)))
        .exist(),
    )


def is_66_or_older_with_advanced_illness_and_frailty(window: Interval = PERIOD) -> Condition:
    """AIFrailLTCF.Is Age 66 or Older with Advanced Illness and Frailty."""
    return define(
        "Is Age 66 or Older with Advanced Illness and Frailty",
        "66 or older at the end of the period, frail, with an advanced illness or a dementia medicine.",
        refines(
            "frailty and advanced illness",
            age(window.end).at_least(66)
            & has_criteria_indicating_frailty(window)
            & (has_advanced_illness(window) | has_dementia_medications(window)),
        ),
    )


def is_66_to_80_with_illness_and_frailty_or_81_with_frailty(window: Interval = PERIOD) -> Condition:
    """AIFrailLTCF.Is Age 66 to 80 with Advanced Illness and Frailty or Is Age 81 or Older with Frailty."""
    return define(
        "Is Age 66 to 80 with Advanced Illness and Frailty or Is Age 81 or Older with Frailty",
        "66 to 80, frail, with an advanced illness or a dementia medicine; or 81 or older and frail.",
        refines(
            "frailty and advanced illness",
            (
                age(window.end).at_least(66)
                & age(window.end).at_most(80)
                & has_criteria_indicating_frailty(window)
                & (has_advanced_illness(window) | has_dementia_medications(window))
            )
            | (age(window.end).at_least(81) & has_criteria_indicating_frailty(window)),
        ),
    )


def is_66_or_older_in_nursing_home(window: Interval = PERIOD) -> Condition:
    """AIFrailLTCF.Is Age 66 or Older Living Long Term in a Nursing Home: by the last housing status."""
    last_housing_status = (
        is_assessment_performed(observations(codes.HOUSING_STATUS, found_in=("survey", "social-history")))
        .where(end.day.on_or_before(window.end.day))
        .last(by=end)
    )
    return define(
        "Is Age 66 or Older Living Long Term in a Nursing Home",
        "66 or older at the end of the period; the last housing status is a nursing home.",
        refines(
            "living in a nursing home",
            age(window.end).at_least(66) & last_housing_status.where(has("value", codes.LIVES_IN_NURSING_HOME)).exist(),
        ),
    )


def _with_year_before(window: Interval) -> Interval:
    return Interval(window.start.minus(1, "year"), window.end)
