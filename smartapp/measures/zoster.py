"""Zoster (shingles) vaccination: two doses of the recombinant vaccine."""

from __future__ import annotations

from smartapp.criteria.words import EventSet, age, as_of, define, immunizations, other, start
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Measure
from smartapp.measures.schedules import Schedule
from smartapp.measures.shared.risks import weak_defence
from smartapp.measures.shared.statuses import is_immunization_administered

_doses = is_immunization_administered(immunizations(codes.ZOSTER_RECOMBINANT))
# Two to six months apart; four weeks are the shortest interval at which the second dose counts.
_second: EventSet = _doses.with_(_doses, start.day.on_or_after(other.start.day.plus(4, "week")))


def zoster(schedule: Schedule) -> Measure:
    """From the schedule's age on, and from 19 with a weak immune defence."""
    return Measure(
        id="ZOSTER",
        version=schedule.date,
        title="Zoster vaccination",
        source=schedule.source,
        clinical=Clinical(
            plain_title="Shingles vaccine",
            source=schedule.source,
            choice="Immunization schedule",
            eligible=define(
                "Zoster vaccine is recommended",
                f"{schedule.zoster_from} or older, or 19 or older with a weak immune defence.",
                age(as_of).at_least(schedule.zoster_from) | (age(as_of).at_least(19) & weak_defence),
            ),
            closed_by=(ClosedBy("second dose of zoster vaccine", _second, None),),
            relevant=_doses,
        ),
    )
