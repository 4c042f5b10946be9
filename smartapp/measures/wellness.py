"""Medicare wellness visit: the welcome visit in the first year of Part B, then the annual ones."""

from __future__ import annotations

from smartapp.criteria.words import (
    Condition,
    EventSet,
    as_of,
    coverages,
    define,
    encounters,
    end,
    events,
    procedures,
    start,
    status,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure
from smartapp.measures.shared.statuses import is_encounter_performed, is_procedure_performed
from smartapp.measures.sources import CMS_WELLNESS

_VISITS = (
    codes.WELCOME_TO_MEDICARE,
    codes.ANNUAL_WELLNESS_INITIAL,
    codes.ANNUAL_WELLNESS_SUBSEQUENT,
    vs.ANNUAL_WELLNESS_VISIT,
)

# A Coverage says that it is Medicare and seldom which parts: one that may hold Part B counts.
insured: Condition = define(
    "Medicare coverage",
    "A Medicare coverage that may include Part B and is in force.",
    coverages(*codes.MEDICARE, vs.PAYER_UNTOLD)
    .where(status.is_("active"), start.day.on_or_before(as_of.day), end.day.on_or_after(as_of.day))
    .exist(),
)

_wellness: EventSet = is_encounter_performed(encounters(*_VISITS)) | is_procedure_performed(procedures(*_VISITS))

AWV = Measure(
    id="AWV",
    version="2026",
    title="Medicare annual wellness visit",
    source=CMS_WELLNESS,
    clinical=Clinical(
        plain_title="Wellness visit",
        source=CMS_WELLNESS,
        eligible=insured,
        # Covered again when eleven full months have passed after the month of the last one, the welcome visit included.
        closed_by=(ClosedBy("wellness visit", _wellness, Every(11, "month", full=True)),),
        relevant=_wellness,
        on_its_way=events(("Appointment",), *_VISITS).where(
            status.is_in("proposed", "pending", "booked", "arrived", "checked-in", "waitlist"),
            start.day.on_or_after(as_of.day),
        ),
    ),
)
