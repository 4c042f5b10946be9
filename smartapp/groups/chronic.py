"""Flags for chronic conditions (R11): one active condition of the kind on record; and having several of them (R40).

Where a published value set exists it is used. The other lists are our own: ICD-10-CM codes (tabular list of fiscal
year 2026, public domain), as value sets that state that they lack SNOMED CT, so that a chart coded only there is
*unknown* and never "no" until the official set is loaded.
"""

from __future__ import annotations

from itertools import combinations

from smartapp.criteria.nodes import And, Or, ValueSet
from smartapp.criteria.words import define
from smartapp.groups.model import Dimension, Group
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.risks import has_now

CHRONIC: tuple[tuple[str, str, tuple[ValueSet, ...]], ...] = (
    ("diabetes", "Diabetes", (vs.DIABETES,)),
    ("hypertension", "Hypertension", (vs.ESSENTIAL_HYPERTENSION, vs.DIAGNOSIS_OF_HYPERTENSION)),
    ("copd", "Chronic obstructive pulmonary disease", (vs.COPD,)),
    ("heart-failure", "Heart failure", (vs.HEART_FAILURE,)),
    ("chronic-kidney-disease", "Chronic kidney disease", (vs.CHRONIC_KIDNEY_DISEASE, vs.CKD_STAGE_5)),
    ("asthma", "Asthma", (vs.ASTHMA,)),
    ("coronary-disease", "Coronary heart disease", (vs.CORONARY_ARTERY_DISEASE, vs.ISCHEMIC_HEART_DISEASE)),
)
"""The conditions by the end of their group's id and by title, with their value sets."""

_several = define(
    "Several chronic conditions",
    "Two or more of the chronic conditions are active.",
    Or(tuple(And((has_now(*one), has_now(*other))) for (*_, one), (*_, other) in combinations(CHRONIC, 2))),
)

CHRONIC_GROUPS: tuple[Group, ...] = (
    *(
        Group(
            f"condition-{id_}",
            title,
            Dimension.CLINICAL,
            has_now(*kinds),
            f"{title}: active on the problem list or as an encounter's diagnosis.",
            "R11",
        )
        for id_, title, kinds in CHRONIC
    ),
    Group(
        "conditions-several",
        "Several chronic conditions",
        Dimension.CLINICAL,
        _several,
        f"Two or more of: {', '.join(title.lower() for _, title, _ in CHRONIC)}.",
        "R40, R50",
    ),
)
