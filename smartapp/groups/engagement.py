"""How often a patient comes (R15 to R17): a scheme whose thresholds the practice may set.

A visit is a finished encounter that is neither a hospital stay nor an emergency; two on one day are one visit.
"""

from __future__ import annotations

from smartapp.criteria.words import EventSet, as_of, class_, define, encounters, start, status
from smartapp.groups.model import Dimension, Group

NOT_A_VISIT = ("IMP", "ACUTE", "NONAC", "OBSENC", "EMER", "SS", "PRENC")
"""Classes of encounters (HL7 v3-ActCode) that say nothing about coming to the practice."""

DORMANT = "visits-dormant"
"""The group that is asked back before any message about care (R17)."""

visits: EventSet = encounters().where(status.is_("finished"), ~class_.is_like(*NOT_A_VISIT))


def frequency_groups(*, high: int = 3, months: int = 12) -> tuple[Group, ...]:
    """High, moderate, dormant and unknown, by visits on different days in the past ``months``.

    A patient without any visit on record is not dormant but new or unknown (decision f).
    """
    recent = visits.where(start.on_or_after(as_of.minus(months, "month")))
    often = recent.at_least(high, per=start.day)
    return tuple(
        Group(f"visits-{id_}", title, Dimension.ENGAGEMENT, define(title, meaning, rule), meaning, source, "frequency")
        for id_, title, rule, meaning, source in (
            ("high", "Frequent", often, f"{high} visits or more in the past {months} months.", "R15"),
            (
                "moderate",
                "Moderate",
                recent.exist() & ~often,
                f"1 to {high - 1} visits in the past {months} months.",
                "R16",
            ),
            (
                "dormant",
                "Dormant",
                visits.exist() & ~recent.exist(),
                f"No visit in the past {months} months, but earlier.",
                "R17",
            ),
            ("unknown", "New or unknown", ~visits.exist(), "No visit on record.", "R17, decision f"),
        )
    )


FREQUENCY_GROUPS: tuple[Group, ...] = frequency_groups()
