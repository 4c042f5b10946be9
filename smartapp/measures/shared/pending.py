"""What is on its way and may close a gap: orders, bookings, results from outside."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import EventSet, as_of, at, events, service_requests, start, status
from smartapp.measures.shared.statuses import done


def on_its_way(*kinds: ValueSet | DirectCode) -> EventSet:
    """Active orders of the past year, appointments from the day of evaluation on, and reports of the past year.

    A :class:`DiagnosticReport` without a usable result may be an outside report that somebody has yet to enter.
    """
    ordered = done(service_requests(*kinds)).where(
        status.is_in("active", "on-hold"), at.on_or_after(as_of.minus(1, "year"))
    )
    booked = events(("Appointment",), *kinds).where(
        status.is_in("proposed", "pending", "booked", "arrived", "checked-in", "waitlist"),
        start.day.on_or_after(as_of.day),
    )
    reported = events(("DiagnosticReport",), *kinds).where(
        status.is_in("registered", "partial", "preliminary", "final", "amended", "corrected"),
        start.on_or_after(as_of.minus(1, "year")),
    )
    return ordered | booked | reported
