"""Who is at higher risk from an infection: chronic conditions and a weakened defence, as the schedules list them.

The schedules' notes name more (asplenia, cochlear implants, nursing homes): what a list of codes cannot tell well is
left to the clinician, and the card says so.
"""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import Condition, as_of, conditions, define, end, start
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.statuses import verified


def has_now(*kinds: ValueSet | DirectCode) -> Condition:
    """A verified condition that has begun and not ended on the day of evaluation."""
    return verified(conditions(*kinds)).where(start.day.on_or_before(as_of.day), end.day.on_or_after(as_of.day)).exist()


weak_defence: Condition = define(
    "Weak immune defence",
    "HIV, a disorder of the immune system, or lymphoma, myeloma or leukemia.",
    has_now(vs.HIV, vs.IMMUNE_DISORDERS, vs.SEVERE_COMBINED_IMMUNODEFICIENCY, vs.LYMPHATIC_MALIGNANCY),
)

chronic_condition: Condition = define(
    "Chronic condition",
    "Diabetes or a chronic disease of the heart, the lungs, the kidneys or the liver.",
    has_now(
        vs.DIABETES,
        vs.HEART_FAILURE,
        vs.ISCHEMIC_HEART_DISEASE,
        vs.COPD,
        vs.ASTHMA,
        vs.CHRONIC_KIDNEY_DISEASE,
        vs.CKD_STAGE_5,
        vs.END_STAGE_RENAL_DISEASE,
        vs.LIVER_DISEASE,
    ),
)

smokes: Condition = define(
    "Cigarette smoker",
    "Dependence on cigarettes.",
    has_now(*codes.CIGARETTE_DEPENDENCE),
)
