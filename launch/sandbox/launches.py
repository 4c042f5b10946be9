"""A launch from the EHR: an opaque token that stands for user, patient and visit."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from .clients import Client
from .ehr import Ehr
from .search import reference_ids
from .staff import StaffMember

_OPEN = frozenset({"arrived", "triaged", "in-progress", "onleave"})
_TOOK_PLACE = _OPEN | {"finished"}


def launch_url(
    ehr: Ehr,
    client: Client,
    member: StaffMember,
    patient: str | None,
    *,
    session: str | None = None,
    intent: str | None = None,
    ask: bool = False,
) -> str:
    """The app's launch URL with ``iss`` and a fresh ``launch``; no patient is a population launch.

    ``ask`` shows the consent page even though the practice has approved the app.
    """
    body: dict[str, Any] = {
        "client": client.client_id,
        "user": member.login,
        "session": session,
        "patient": patient,
        "intent": intent,
        "ask": ask,
    }
    if patient is not None:
        body |= {"encounter": _current_visit(ehr, patient), "fhirContext": _next_appointment(ehr, patient)}
    handle = ehr.tickets.issue("launch", body, ehr.settings.launch_seconds)
    address = str(client.launch_url if patient is not None else client.worklist_url or client.launch_url)
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode({'iss': ehr.settings.fhir_base, 'launch': handle})}"


def _current_visit(ehr: Ehr, patient: str) -> str | None:
    """The visit that is under way, else the latest that took place."""
    visits = [visit for visit in ehr.store.scan("Encounter", [patient]) if visit.get("status") in _TOOK_PLACE]
    if not visits:
        return None
    found = max(visits, key=lambda visit: (visit["status"] in _OPEN, visit.get("period", {}).get("start", "")))
    return str(found["id"])


def _next_appointment(ehr: Ehr, patient: str) -> list[dict[str, str]]:
    now = ehr.clock().isoformat()
    coming = [
        booked
        for booked in ehr.store.scan("Appointment", [patient])
        if booked.get("status") in ("booked", "pending")
        and booked.get("start", "") > now
        and f"Patient/{patient}" in reference_ids(booked, "participant.actor")
    ]
    if not coming:
        return []
    first = min(coming, key=lambda booked: str(booked["start"]))
    return [{"reference": f"Appointment/{first['id']}", "type": "Appointment"}]
