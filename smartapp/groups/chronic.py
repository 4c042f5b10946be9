"""Flags for chronic conditions (R11): one active condition of the kind on record.

Where a published value set exists it is used. The other lists are our own: ICD-10-CM codes (tabular list of fiscal
year 2026, public domain), as value sets that state that they lack SNOMED CT, so that a chart coded only there is
*unknown* and never "no" until the official set is loaded.
"""

from __future__ import annotations

from smartapp.criteria.nodes import ValueSet
from smartapp.criteria.words import Condition, as_of, conditions, end, start
from smartapp.groups.model import Dimension, Group
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.statuses import verified
from smartapp.measures.valuesets import vsac

OWN = "https://smartapp.invalid/ValueSet/"

HYPERTENSION = vsac("2.16.840.1.113883.3.600.263", "Diagnosis of Hypertension")
HEART_FAILURE = vsac("2.16.840.1.113883.3.526.3.376", "Heart Failure")
ASTHMA = vsac("2.16.840.1.113883.3.526.3.362", "Asthma")
CORONARY_ARTERY_DISEASE = vsac("2.16.840.1.113883.3.526.3.369", "Coronary Artery Disease No MI")
COPD = ValueSet(OWN + "copd", "Chronic obstructive pulmonary disease")
CHRONIC_KIDNEY_DISEASE = ValueSet(OWN + "chronic-kidney-disease", "Chronic kidney disease")


def has_active(*kinds: ValueSet) -> Condition:
    """An active condition of the kind: begun, not ended and not refuted on the day of evaluation."""
    return verified(conditions(*kinds)).where(start.day.on_or_before(as_of.day), end.day.on_or_after(as_of.day)).exist()


def _flag(id_: str, title: str, *kinds: ValueSet) -> Group:
    return Group(
        f"condition-{id_}",
        title,
        Dimension.CLINICAL,
        has_active(*kinds),
        f"{title}: active on the problem list or as an encounter's diagnosis.",
        "R11",
    )


CHRONIC_GROUPS: tuple[Group, ...] = (
    _flag("diabetes", "Diabetes", vs.DIABETES),
    _flag("hypertension", "Hypertension", vs.ESSENTIAL_HYPERTENSION, HYPERTENSION),
    _flag("copd", "Chronic obstructive pulmonary disease", COPD),
    _flag("heart-failure", "Heart failure", HEART_FAILURE),
    _flag("chronic-kidney-disease", "Chronic kidney disease", CHRONIC_KIDNEY_DISEASE, vs.CKD_STAGE_5),
    _flag("asthma", "Asthma", ASTHMA),
    _flag("coronary-disease", "Coronary heart disease", CORONARY_ARTERY_DISEASE, vs.ISCHEMIC_HEART_DISEASE),
)
