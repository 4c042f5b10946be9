"""What a practice decides about its measures: the immunization schedule, and how often chronic conditions are followed.

The choices are data that can be kept as JSON; the measures follow from them and from nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from smartapp.errors import CriteriaError
from smartapp.measures.cadences import with_intervals
from smartapp.measures.catalogue import MEASURES, catalogue
from smartapp.measures.model import Measure
from smartapp.measures.schedules import DEFAULT, Schedule, schedule

Intervals = Mapping[str, Mapping[str, str]]
"""Own intervals by cadence and check: ``{"HF": {"visit": "2 months"}}``."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The practice's choices; the defaults are those that the app comes with."""

    schedule: Schedule = DEFAULT
    intervals: Intervals = field(default_factory=dict)

    def __post_init__(self) -> None:
        with_intervals(self.intervals)  # raises for what there is not

    @classmethod
    def of(cls, schedule_id: Any, intervals: Any) -> Choices:
        """The choices as they were kept (``None``: not chosen).

        Raises :class:`CriteriaError` (``measures.no-schedule``, ``measures.cadence``) for a schedule, condition, check
        or interval that there is not, or not any more.
        """
        kept = intervals if isinstance(intervals, dict) else {}
        if not all(isinstance(checks, dict) for checks in kept.values()):
            raise CriteriaError("measures.cadence", "The intervals that were kept for cadences cannot be read.")
        return cls(DEFAULT if schedule_id is None else schedule(str(schedule_id)), kept)

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Every measure, for the schedule and the intervals."""
        if self.schedule is DEFAULT and not self.intervals:
            return MEASURES
        return catalogue(self.schedule, with_intervals(self.intervals))

    def with_schedule(self, id_: str) -> Choices:
        """The same with another schedule."""
        return replace(self, schedule=schedule(id_))

    def with_interval(self, cadence: str, check: str, every: str | None) -> Choices:
        """The same with another interval of a check; ``None`` for the one that the app comes with."""
        kept = {id_: dict(checks) for id_, checks in self.intervals.items()}
        # Checked with some interval first, so that a wrong name is refused even where there is nothing to put back.
        with_intervals({cadence: {check: every or "1 year"}})
        if every is None:
            kept.get(cadence, {}).pop(check, None)
        else:
            kept.setdefault(cadence, {})[check] = " ".join(every.split())
        return replace(self, intervals={id_: checks for id_, checks in kept.items() if checks})


def choices_of(schedule_id: str | None, cadences: tuple[str, ...]) -> Choices:
    """Choices as a command line says them: ``aap-2026`` and ``HF visit=2 months``, ``COPD spirometry=2 years`` …

    Raises :class:`CriteriaError` as :meth:`Choices.of` does.
    """
    made = Choices.of(schedule_id, None)
    for text in cadences:
        what, _, every = text.partition("=")
        cadence, _, check = what.strip().partition(" ")
        if not every.strip() or not check.strip():
            raise CriteriaError("measures.cadence", f"{text!r} is no cadence; write it like 'HF visit=2 months'.")
        made = made.with_interval(cadence, check.strip(), every)
    return made
