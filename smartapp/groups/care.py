"""Situations that ask for follow-up for a time: pregnancy, and the weeks after a hospital stay or an emergency."""

from __future__ import annotations

from smartapp.criteria.words import as_of, class_, define, encounters, end, has, observations, start, status
from smartapp.groups.engagement import NOT_A_VISIT
from smartapp.groups.model import Dimension, Group
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.risks import has_now
from smartapp.measures.shared.statuses import is_assessment_performed

STAY_DAYS = 30

_stays = encounters().where(status.is_("finished"), class_.is_in(*NOT_A_VISIT))

CARE_GROUPS: tuple[Group, ...] = (
    Group(
        "pregnant",
        "Pregnant",
        Dimension.CLINICAL,
        define(
            "Pregnant",
            "A pregnancy that has begun and not ended, or recorded as the pregnancy status of the past nine months.",
            has_now(vs.PREGNANCY)
            | is_assessment_performed(observations(codes.PREGNANCY_STATUS, found_in=("social-history",)))
            .last(by=start)
            .where(has("value", vs.PREGNANCY), start.on_or_after(as_of.minus(9, "month")))
            .exist(),
        ),
        "Pregnant, by diagnosis or by the last recorded status.",
        "R86",
        sensitive="reproductive",
    ),
    Group(
        "recent-stay",
        "Lately in hospital",
        Dimension.CLINICAL,
        define(
            "Lately in hospital",
            f"A hospital stay or an emergency visit that ended in the past {STAY_DAYS} days.",
            _stays.where(end.on_or_after(as_of.minus(STAY_DAYS, "day")), end.on_or_before(as_of)).exist(),
        ),
        f"A hospital stay or an emergency visit that ended in the past {STAY_DAYS} days.",
        "R50, R69",
    ),
)
