"""Pneumococcal vaccination of adults."""

from __future__ import annotations

from smartapp.criteria.words import EventSet, age, as_of, define, immunizations, other, start
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Measure
from smartapp.measures.schedules import Schedule
from smartapp.measures.shared.risks import chronic_condition, smokes, weak_defence
from smartapp.measures.shared.statuses import is_immunization_administered

_enough_alone = is_immunization_administered(immunizations(codes.PCV20, codes.PCV21))
_first = is_immunization_administered(immunizations(codes.PCV15, codes.PCV13))
# A year later; eight weeks are enough for some, so that a dose after eight weeks is not asked for again.
_completed: EventSet = is_immunization_administered(immunizations(codes.PPSV23)).with_(
    _first, start.day.on_or_after(other.start.day.plus(8, "week"))
)


def pneumococcal(schedule: Schedule) -> Measure:
    """From the schedule's age on, and from 19 with a risk condition."""
    return Measure(
        id="PNEUMO",
        version=schedule.date,
        title="Pneumococcal vaccination",
        source=schedule.source,
        clinical=Clinical(
            plain_title="Pneumonia vaccine",
            source=schedule.source,
            choice="Immunization schedule",
            eligible=define(
                "Pneumococcal vaccine is recommended",
                f"{schedule.pneumococcal_from} or older, or 19 or older with a risk condition.",
                age(as_of).at_least(schedule.pneumococcal_from)
                | (age(as_of).at_least(19) & (chronic_condition | weak_defence | smokes)),
            ),
            closed_by=(
                ClosedBy("20- or 21-valent conjugate vaccine", _enough_alone, None),
                ClosedBy("13- or 15-valent conjugate and 23-valent vaccine", _completed, None),
            ),
            relevant=_enough_alone | _first | is_immunization_administered(immunizations(codes.PPSV23)),
        ),
    )
