"""How often a patient comes: the pattern is drawn first, the visits follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .dates import age_on, months_before, workday
from .draw import Draw


class Engagement(StrEnum):
    """How closely a patient keeps in touch with the practice."""

    HIGH = "high"  # three visits a year and more
    MODERATE = "moderate"  # one or two a year
    RARE = "rare"  # a single visit in three years
    DORMANT = "dormant"  # came for years, and has stayed away for more than twelve months
    NEW = "new"  # registered, never seen


@dataclass(frozen=True, slots=True)
class Visit:
    """A contact that took place. ``kind`` is a key of encounters.KINDS."""

    day: date
    kind: str
    hour: int
    minute: int

    @property
    def in_office(self) -> bool:
        """Whether the patient was at the practice."""
        return self.kind not in ("telehealth", "emergency", "inpatient")


# Days from one visit to the next, and from the last one to the reference date.
_STEPS = {Engagement.HIGH: (45, 125), Engagement.MODERATE: (175, 330), Engagement.DORMANT: (90, 330)}
_GAPS = {Engagement.HIGH: (8, 80), Engagement.MODERATE: (15, 250), Engagement.RARE: (60, 700)}


def draw_engagement(draw: Draw, chronic: bool, age: int) -> Engagement:
    """A pattern; chronic illness brings people in."""
    if age < 2:
        return Engagement.HIGH
    if chronic:
        return draw.weighted({Engagement.HIGH: 52, Engagement.MODERATE: 30, Engagement.DORMANT: 14, Engagement.RARE: 4})
    weights = {Engagement.HIGH: 14, Engagement.MODERATE: 52, Engagement.DORMANT: 18, Engagement.RARE: 9}
    return draw.weighted({**weights, Engagement.NEW: 7})


def draw_visits(
    draw: Draw,
    engagement: Engagement,
    start: date,
    end: date,
    *,
    chronic: bool,
    birth: date,
    away_months: int | None = None,
) -> tuple[Visit, ...]:
    """The visits from ``start`` to before ``end``, oldest first, no two on one day."""
    if engagement is Engagement.NEW:
        return ()
    if engagement is Engagement.DORMANT:
        months = away_months or draw.between(13, 34)
        day = months_before(end, months) - timedelta(days=0 if away_months else draw.between(0, 20))
    else:
        low, high = _GAPS[engagement]
        day = end - timedelta(days=draw.between(low, high))
    days: list[date] = []
    while day >= start:
        if not days or workday(day) < days[-1]:
            days.append(workday(day))
        if engagement is Engagement.RARE:
            break
        low, high = _STEPS[engagement]
        day -= timedelta(days=draw.between(low, high))
    days = [day for day in reversed(days) if day >= start]
    return tuple(
        _visit(draw, day, days[index - 1] if index else None, chronic, birth) for index, day in enumerate(days)
    )


def _visit(draw: Draw, day: date, before: date | None, chronic: bool, birth: date) -> Visit:
    """A kind for the visit: check-ups once a year or so, follow-ups for the chronically ill."""
    age = age_on(birth, day)
    fresh = before is None or day.year != before.year
    if age < 18:
        kind = "pediatric" if fresh or draw.chance(50) else "acute"
    elif fresh and draw.chance(80):
        kind = "checkup"
    else:
        follow_up, stays = (60, 3) if chronic else (25, 0.5)
        kind = draw.weighted({"followup": follow_up, "acute": 30, "telehealth": 8, "emergency": 4, "inpatient": stays})
    return Visit(day, kind, draw.between(13, 20), draw.pick((0, 15, 30, 45)))
