"""Osteoporosis screening of women from 65 on."""

from __future__ import annotations

from smartapp.criteria.words import If, age, as_of, conditions, gender, observations, sex, start, status
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Measure, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import RESULT_STATUSES, done, verified
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import USPSTF_OSTEOPOROSIS_2025

_scans = done(observations(vs.DXA, found_in=("imaging",))).where(status.is_in(*RESULT_STATUSES))

OSTEO = Measure(
    id="OSTEO",
    version="2025",
    title="Osteoporosis screening",
    source=USPSTF_OSTEOPOROSIS_2025,
    clinical=Clinical(
        plain_title="Bone density scan",
        source=USPSTF_OSTEOPOROSIS_2025,
        # Younger women after the menopause need a risk tool first, whose result is not on record.
        eligible=age(as_of).at_least(65) & If(sex.is_known, sex, gender).is_("female"),
        excluded=(
            Reason(
                "osteoporosis",
                verified(conditions(vs.OSTEOPOROSIS, vs.OSTEOPOROSIS_FRACTURE))
                .where(start.on_or_before(as_of))
                .exist(),
            ),
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
        ),
        # Once: the recommendation gives no interval.
        closed_by=(ClosedBy("bone density scan", _scans, None),),
        relevant=_scans,
        on_its_way=on_its_way(vs.DXA),
    ),
)
