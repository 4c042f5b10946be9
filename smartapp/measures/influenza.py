"""Influenza vaccination, once a season (1 July to 30 June)."""

from __future__ import annotations

from smartapp.criteria.words import PERIOD, Condition, EventSet, If, Value, as_of, birth, define, immunizations, start
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Measure
from smartapp.measures.schedules import Schedule
from smartapp.measures.shared.statuses import is_immunization_administered

_ALL_AGES = 6
_ADULTS = 18 * 12

# The measurement period is the calendar year of the day of evaluation.
_FIRST_OF_JULY = PERIOD.start.plus(6, "month")
season_start: Value = If(as_of.on_or_after(_FIRST_OF_JULY), _FIRST_OF_JULY, PERIOD.start.minus(6, "month"))

_doses = is_immunization_administered(immunizations(*codes.INFLUENZA_VACCINES))
this_season: EventSet = _doses.where(start.day.on_or_after(season_start))


def _measure(id_: str, title: str, schedule: Schedule, eligible: Condition, *, decision: bool = False) -> Measure:
    return Measure(
        id=id_,
        version=schedule.date,
        title=title,
        source=schedule.source,
        clinical=Clinical(
            plain_title="Flu vaccine",
            source=schedule.source,
            choice="Immunization schedule",
            eligible=eligible,
            # One dose covers its season; the second one of young children in their first season is not asked for.
            closed_by=(ClosedBy("influenza vaccine of this season", this_season, None),),
            relevant=_doses,
            decision=decision,
        ),
    )


def influenza(schedule: Schedule) -> tuple[Measure, ...]:
    """The measure; and one for children of its own, where their vaccination is a shared decision."""
    routine = schedule.influenza_from_months
    measure = _measure(
        "FLU",
        "Influenza vaccination",
        schedule,
        define(
            "Old enough for influenza vaccine",
            f"{routine} months or older." if routine < _ADULTS else f"{routine // 12} or older.",
            as_of.day.on_or_after(birth.plus(routine, "month")),
        ),
    )
    if routine == _ALL_AGES:
        return (measure,)
    children = _measure(
        "FLU-CHILD",
        "Influenza vaccination of children",
        schedule,
        as_of.day.on_or_after(birth.plus(_ALL_AGES, "month")) & as_of.day.before(birth.plus(routine, "month")),
        decision=True,
    )
    return measure, children
