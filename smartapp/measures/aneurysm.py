"""Abdominal aortic aneurysm: one ultrasound for men of 65 to 75 who have ever smoked."""

from __future__ import annotations

from smartapp.criteria.words import If, age, as_of, conditions, gender, procedures, sex, start
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Measure, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.smoking import ever_smoked
from smartapp.measures.shared.statuses import is_procedure_performed, verified
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import USPSTF_ANEURYSM_2019

_ultrasounds = is_procedure_performed(procedures(codes.AORTA_SCREENING_ULTRASOUND))

AAA = Measure(
    id="AAA",
    version="2019",
    title="Abdominal aortic aneurysm screening",
    source=USPSTF_ANEURYSM_2019,
    clinical=Clinical(
        plain_title="Aorta ultrasound",
        source=USPSTF_ANEURYSM_2019,
        # For men who never smoked it is offered selectively (C): no gap.
        eligible=age(as_of).at_least(65)
        & age(as_of).at_most(75)
        & If(sex.is_known, sex, gender).is_("male")
        & ever_smoked,
        excluded=(
            Reason(
                "abdominal aortic aneurysm",
                verified(conditions(*codes.AORTIC_ANEURYSM_DIAGNOSES)).where(start.on_or_before(as_of)).exist(),
            ),
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
        ),
        closed_by=(ClosedBy("ultrasound of the aorta", _ultrasounds, None),),
        relevant=_ultrasounds,
        on_its_way=on_its_way(codes.AORTA_SCREENING_ULTRASOUND),
    ),
)
