"""Lung cancer screening: a low-dose CT every year for heavy smokers of 50 to 80.

Pack-years are often not on record: then whether the screening is meant for a smoker cannot be told, which is said. So
is it for former smokers of whom no status as a smoker is on record, because nobody knows when they quit.
"""

from __future__ import annotations

from smartapp.criteria.words import Condition, Field, age, as_of, conditions, define, observations, start, status
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.smoking import ever_smoked, smoking_recorded
from smartapp.measures.shared.statuses import RESULT_STATUSES, done, verified
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import USPSTF_LUNG_2021

_scans = done(observations(codes.CT_LUNG_SCREENING, found_in=("imaging",))).where(status.is_in(*RESULT_STATUSES))
_pack_years = done(observations(codes.PACK_YEARS, found_in=("social-history",))).where(status.is_in(*RESULT_STATUSES))

# The highest of none is unknown: without a record it stays open whether this holds.
heavy_smoker: Condition = define(
    "Twenty pack-years",
    "Twenty pack-years or more on record.",
    _pack_years.highest(Field("number")).at_least(20),
)

smoked_lately: Condition = define(
    "Smokes, or quit within fifteen years",
    "The last status as a smoker is at most fifteen years old.",
    smoking_recorded.highest(Field("start")).on_or_after(as_of.minus(15, "year")),
)

LUNG = Measure(
    id="LUNG",
    version="2021",
    title="Lung cancer screening",
    source=USPSTF_LUNG_2021,
    clinical=Clinical(
        plain_title="Lung scan",
        source=USPSTF_LUNG_2021,
        # Medicare pays for it up to 77 (NCD 210.14).
        eligible=age(as_of).at_least(50) & age(as_of).at_most(80) & ever_smoked & heavy_smoker & smoked_lately,
        excluded=(
            Reason(
                "lung cancer",
                verified(conditions(*codes.LUNG_CANCER_DIAGNOSES)).where(start.on_or_before(as_of)).exist(),
            ),
            Reason(
                "limited life expectancy",
                verified(conditions(vs.LIMITED_LIFE_EXPECTANCY)).where(start.on_or_before(as_of)).exist(),
            ),
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
        ),
        closed_by=(ClosedBy("low-dose CT of the chest", _scans, Every(1, "year")),),
        relevant=_scans,
        on_its_way=on_its_way(codes.CT_LUNG_SCREENING),
    ),
)
