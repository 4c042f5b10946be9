"""How often a patient comes: by visits a year (R15 to R17) and by appointments (R18, R20, R22, R28), two schemes whose
thresholds the practice may set. They are named apart (decision e): a patient is in one group of the first, and in any
number of the second.

A visit is a finished encounter that is neither a hospital stay nor an emergency; two on one day are one visit.
"""

from __future__ import annotations

from smartapp.criteria.words import EventSet, as_of, class_, define, encounters, events, has, start, status
from smartapp.groups.chronic import CHRONIC
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


AHEAD = ("proposed", "pending", "booked", "arrived", "checked-in", "waitlist")
"""Statuses of appointments (FHIR R4) that are still to come."""


def appointment_groups(
    *, rare: int = 12, regular: int = 3, inactive: int = 9, missed: int = 2, missed_in: int = 12
) -> tuple[Group, ...]:
    """Rare, regular, inactive and frequent missers: spans in months, ``missed`` in appointments.

    Sub-groups that need to know which visit was for an acute illness (R19) are not told: nothing on record says so.
    """
    recent = visits.where(start.on_or_after(as_of.minus(rare, "month")))
    chronic = tuple(kind for *_, kinds in CHRONIC for kind in kinds)
    for_chronic = visits.where(
        start.on_or_after(as_of.minus(regular, "month")), has("diagnosis", *chronic) | has("reason", *chronic)
    )
    appointments = events(("Appointment",))
    ahead = appointments.where(status.is_in(*AHEAD), start.day.on_or_after(as_of.day))
    lately = visits.where(start.on_or_after(as_of.minus(inactive, "month")))
    missed_ones = appointments.where(status.is_("noshow"), start.on_or_after(as_of.minus(missed_in, "month")))
    return tuple(
        Group(f"visits-{id_}", title, Dimension.ENGAGEMENT, define(title, meaning, rule), meaning, source)
        for id_, title, rule, meaning, source in (
            (
                "rare",
                "Rare",
                recent.exist() & ~recent.at_least(2, per=start.day),
                f"A single visit in the past {rare} months.",
                "R18",
            ),
            (
                "regular",
                "Regular",
                for_chronic.at_least(2, per=start.day) & ~for_chronic.at_least(6, per=start.day),
                f"2 to 5 visits for a chronic condition in the past {regular} months.",
                "R20",
            ),
            (
                "inactive",
                "Inactive",
                visits.exist() & ~lately.exist() & ~ahead.exist(),
                f"No visit in the past {inactive} months, but earlier, and no appointment ahead.",
                "R22",
            ),
            (
                "missed",
                "Frequent misser",
                missed_ones.at_least(missed),
                f"{missed} or more missed appointments in the past {missed_in} months.",
                "R28",
            ),
        )
    )


APPOINTMENT_GROUPS: tuple[Group, ...] = appointment_groups()
FREQUENCY_GROUPS: tuple[Group, ...] = frequency_groups()
