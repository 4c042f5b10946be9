"""Appointments: kept, missed, cancelled and booked, in step with how the patient keeps in touch."""

from __future__ import annotations

from datetime import date, timedelta

from .case import Case
from .chart import Chart
from .codes import Resource, concept, hl7, snomed
from .dates import instant, workday
from .draw import Draw
from .practice import MAIN_SITE, location, practitioner
from .visits import Engagement

# Percent of patients with a visit ahead, and of missed or cancelled appointments beside each kept one.
_BOOKED = {
    Engagement.HIGH: 62,
    Engagement.MODERATE: 36,
    Engagement.RARE: 10,
    Engagement.DORMANT: 6,
    Engagement.NEW: 55,
}
_MISSED = {
    Engagement.HIGH: 5,
    Engagement.MODERATE: 9,
    Engagement.RARE: 18,
    Engagement.DORMANT: 30,
    Engagement.NEW: 0,
}

_REASON = snomed("185349003", "Encounter for check up (procedure)")


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """The last three years, and what is booked."""
    for visit in case.visits:
        if visit.kind in ("emergency", "inpatient") or (case.reference - visit.day).days > 1100:
            continue
        here = draw.stream(visit.day.isoformat())
        _appointment(chart, case, "fulfilled", visit.day, (visit.hour, visit.minute))
        if here.chance(_MISSED[case.engagement]):
            _off(chart, case, visit.day - timedelta(days=here.between(10, 40)), here)
    if case.engagement is Engagement.DORMANT and case.visits:
        # Those who stay away have often missed the appointment that was to follow.
        missed = case.visits[-1].day + timedelta(days=draw.between(60, 200))
        if missed < case.reference and case.person.deceased is None:
            _off(chart, case, missed, draw.stream("last"))
    if case.person.deceased:
        return
    if "here-today" in case.traits:
        _appointment(chart, case, "arrived", case.reference, (14, 0))
    if "booked" in case.traits or (draw.chance(_BOOKED[case.engagement]) and "not-booked" not in case.traits):
        day = case.reference + timedelta(days=draw.between(3, 110))
        _appointment(chart, case, "booked", day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0))


def _off(chart: Chart, case: Case, day: date, draw: Draw) -> None:
    status = draw.weighted({"noshow": 65, "cancelled": 35})
    if day > case.start:
        _appointment(chart, case, status, workday(day), (draw.between(13, 20), 0))


def _appointment(chart: Chart, case: Case, status: str, day: date, time: tuple[int, int] = (15, 0)) -> None:
    accepted: Resource = {"status": "accepted"}
    start, end = time, divmod(time[0] * 60 + time[1] + 20, 60)
    cancelled = concept(hl7("appointment-cancellation-reason", "pat", "Patient")) if status == "cancelled" else None
    chart.add(
        "Appointment",
        status=status,
        cancelationReason=cancelled,
        serviceType=[concept(_REASON, text="Office visit")],
        start=instant(day, *start),
        end=instant(day, *end),
        minutesDuration=20,
        participant=[
            {"actor": chart.subject, **accepted},
            {"actor": practitioner(case.person.clinician), **accepted},
            {"actor": location(MAIN_SITE), **accepted},
        ],
    )
