"""What reading brings back: resources, and for everything that was asked how much of it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from smartapp.errors import AppError
from smartapp.facts.events import Coverage

_WORST_FIRST = (Coverage.REFUSED, Coverage.FAILED, Coverage.CUT, Coverage.COMPLETE)


class ReadingError(AppError):
    """The chart as a whole cannot be read: ``reading.refused``, ``reading.failed``, ``reading.wrong-patient``, …"""

    def __init__(self, code: str, message: str, *, status: int = 502) -> None:
        super().__init__(code, message, status=status)


def worst(*found: Coverage) -> Coverage:
    """The coverage of something that was read in several parts."""
    return next(one for one in _WORST_FIRST if one in found or one is Coverage.COMPLETE)


@dataclass(frozen=True, slots=True)
class SearchReport:
    """How one search ended. ``url`` names the parameters that were sent, without their values.

    ``status`` is complete, refused (by the EHR or for want of a scope), failed or cut; ``why`` says it in a stable
    word. ``dropped`` counts resources in the answer that were not this patient's and not asked for.
    """

    what: str
    scope: str
    url: str
    requests: int
    resources: int
    status: Coverage
    milliseconds: int
    why: str = ""
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class ChartRead:
    """One patient's resources as the EHR gave them, each once. ``coverage`` is by requirement key."""

    resources: tuple[dict[str, Any], ...]
    coverage: Mapping[str, Coverage]
    searches: tuple[SearchReport, ...]
    started: datetime
    finished: datetime

    @property
    def lines(self) -> tuple[SearchReport, ...]:
        """The searches, for the page."""
        return self.searches


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one chart may take. Whatever hits a limit is said to be cut or failed, never complete."""

    workers: int = 8
    seconds: float = 45.0
    seconds_a_call: float = 20.0
    page_bytes: int = 10_000_000
    chart_bytes: int = 30_000_000
    pages: int = 100
    resources: int = 20_000
    calls: int = 6
    longest_wait: float = 5.0
    page_size: int = 200


@dataclass(slots=True)
class Answer:
    """What one search brought, while it is under way."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    status: Coverage = Coverage.COMPLETE
    why: str = ""
    requests: int = 0
    dropped: int = 0

    def ended(self, status: Coverage, why: str) -> None:
        self.status, self.why = status, why
