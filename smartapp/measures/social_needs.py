"""Screening for unmet social needs, every year."""

from __future__ import annotations

from smartapp.criteria.words import age, as_of, observations
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure
from smartapp.measures.shared.statuses import is_assessment_performed
from smartapp.measures.sources import NCQA_SOCIAL_NEED

_screenings = is_assessment_performed(
    observations(codes.PRAPARE, codes.AHC_HRSN, codes.HUNGER_VITAL_SIGN, found_in=("survey", "sdoh"))
)

SDOH = Measure(
    id="SDOH",
    version="2023",
    title="Social needs screening",
    source=NCQA_SOCIAL_NEED,
    clinical=Clinical(
        plain_title="Social needs questionnaire",
        source=NCQA_SOCIAL_NEED,
        eligible=age(as_of).at_least(18),
        closed_by=(ClosedBy("social needs screening", _screenings, Every(1, "year")),),
        relevant=_screenings,
        sensitive="social",
    ),
)
