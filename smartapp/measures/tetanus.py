"""Tetanus, diphtheria (and pertussis) boosters of adults."""

from __future__ import annotations

from smartapp.criteria.words import age, as_of, immunizations
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure
from smartapp.measures.schedules import Schedule
from smartapp.measures.shared.statuses import is_immunization_administered

_boosters = is_immunization_administered(immunizations(*codes.TETANUS_BOOSTERS))


def tetanus(schedule: Schedule) -> Measure:
    """Td or Tdap every ten years from 19 on."""
    return Measure(
        id="TDAP",
        version=schedule.date,
        title="Tetanus and diphtheria booster",
        source=schedule.source,
        clinical=Clinical(
            plain_title="Tetanus booster",
            source=schedule.source,
            choice="Immunization schedule",
            eligible=age(as_of).at_least(19),
            closed_by=(ClosedBy("Td or Tdap", _boosters, Every(schedule.tetanus_every_years, "year")),),
            relevant=_boosters,
        ),
    )
