"""Immunization schedules: versioned sources, of which the practice chooses one.

Since 5 January 2026 the schedules of the Centers for Disease Control and Prevention and of the American Academy of
Pediatrics differ for children. What differs is data here; the vaccines' measures are built for the chosen schedule,
and its edition and date are shown. The default is the last edition on which both agree and which the CMS measures for
2026 count (``docs/decisions/0041-immunization-schedules.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartapp.errors import CriteriaError
from smartapp.measures.model import Source

_READ = "2026-11-22"


@dataclass(frozen=True, slots=True)
class Schedule:
    """One edition of one body's schedule.

    ``source.since`` is from when it holds. Ages are in years. ``influenza_from_months`` is the age from which influenza
    vaccine is for everybody; where that is the 18th birthday, it is a shared decision before. ``children_without``
    are the vaccines of the first two years (by the names of CMS117's definitions) that are no longer for all children.
    """

    id: str
    source: Source
    influenza_from_months: int = 6
    children_without: frozenset[str] = frozenset()
    pneumococcal_from: int = 50
    zoster_from: int = 50
    rsv_from: int = 75
    rsv_at_risk_from: int = 50
    tetanus_every_years: int = 10

    @property
    def date(self) -> str:
        """From when it holds (ISO)."""
        return self.source.since


def _cdc(edition: str, url: str, since: str) -> Source:
    return Source(
        "Recommended immunization schedules",
        steward="Centers for Disease Control and Prevention",
        edition=edition,
        url=url,
        read=_READ,
        since=since,
    )


CDC_2025 = Schedule(
    "cdc-2025",
    _cdc(
        "2025, with the changes for RSV (June 2025) and pneumococcal vaccine (January 2025)",
        "https://www.cdc.gov/vaccines/hcp/imz-schedules/index.html",
        "2025-07-02",
    ),
)
CDC_2026 = Schedule(
    "cdc-2026",
    _cdc(
        "5 January 2026: eleven diseases for all children; adults as before; stayed by a federal court in March 2026",
        "https://www.hhs.gov/childhood-immunization-schedule/index.html",
        "2026-01-05",
    ),
    influenza_from_months=18 * 12,
    children_without=frozenset({"rotavirus", "hepatitis A", "hepatitis B", "influenza"}),
)
AAP_2026 = Schedule(
    "aap-2026",
    Source(
        "Recommended Childhood and Adolescent Immunization Schedule; adults after the CDC's schedule of 2025",
        steward="American Academy of Pediatrics",
        edition="January 2026",
        url="https://publications.aap.org/redbook/pages/immunization-schedules",
        read=_READ,
        since="2026-01-26",
    ),
)

SCHEDULES: Mapping[str, Schedule] = {one.id: one for one in (CDC_2025, CDC_2026, AAP_2026)}
DEFAULT = CDC_2025


def schedule(id_: str) -> Schedule:
    """The schedule with this id; a :class:`CriteriaError` (``measures.no-schedule``) where there is none."""
    try:
        return SCHEDULES[id_]
    except KeyError:
        names = ", ".join(SCHEDULES)
        raise CriteriaError("measures.no-schedule", f"There is no schedule {id_!r}; there are {names}.") from None
