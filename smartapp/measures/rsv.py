"""RSV vaccination of older adults: one dose."""

from __future__ import annotations

from smartapp.criteria.words import age, as_of, define, immunizations
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Measure
from smartapp.measures.schedules import Schedule
from smartapp.measures.shared.risks import chronic_condition, weak_defence
from smartapp.measures.shared.statuses import is_immunization_administered

_doses = is_immunization_administered(immunizations(*codes.RSV_VACCINES))


def rsv(schedule: Schedule) -> Measure:
    """From the schedule's age on, and from a younger one with a risk condition."""
    return Measure(
        id="RSV",
        version=schedule.date,
        title="RSV vaccination",
        source=schedule.source,
        clinical=Clinical(
            plain_title="RSV vaccine",
            source=schedule.source,
            choice="Immunization schedule",
            eligible=define(
                "RSV vaccine is recommended",
                f"{schedule.rsv_from} or older, or {schedule.rsv_at_risk_from} or older with a risk condition.",
                age(as_of).at_least(schedule.rsv_from)
                | (age(as_of).at_least(schedule.rsv_at_risk_from) & (chronic_condition | weak_defence)),
            ),
            closed_by=(ClosedBy("RSV vaccine", _doses, None),),
            relevant=_doses,
        ),
    )
