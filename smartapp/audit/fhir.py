"""The audit trail as FHIR R4 ``AuditEvent`` resources, for whoever collects them."""

from __future__ import annotations

from typing import Any

from smartapp.audit.trail import Entry

_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT_TYPES = {
    "chart": "rest",
    "population": "rest",
    "launch": "110114",  # User Authentication
    "audit": "110101",  # Audit Log Used
    "message.sent": "110106",  # Export
}
"""AuditEvent.type (R4, audit-event-type) by action, or by the area before its dot; else Application Activity."""
_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
_OUTCOMES = {"success": "0", "refused": "4", "failed": "8"}
"""AuditEvent.outcome (R4, required binding): success, minor failure (refused), serious failure."""

_ACTIONS = {"read": "R", "draft": "C", "edit": "U", "remark": "C", "setting": "U"}


def audit_event(entry: Entry, observer: str) -> dict[str, Any]:
    """One entry as an AuditEvent. ``observer`` is what this app is called in the collection.

    Its id is the entry's number, so that what is collected twice is kept once. Actors that are FHIR references
    become references; ``unknown`` and ``system`` become names.
    """
    area, _, what = entry.action.partition(".")
    code = _EVENT_TYPES.get(entry.action) or _EVENT_TYPES.get(area, "110100")
    who = {"reference": entry.actor} if "/" in entry.actor else {"display": entry.actor}
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(entry.seq),
        "type": {"system": _TYPES if code == "rest" else _DICOM, "code": code},
        "subtype": [{"system": "urn:smartapp:action", "code": entry.action}],
        "action": _ACTIONS.get(what, "E"),
        "recorded": entry.at.isoformat(timespec="milliseconds"),
        "outcome": _OUTCOMES[entry.outcome],
        "agent": [{"who": who, "requestor": True}],
        "source": {"site": entry.tenant, "observer": {"display": observer}},
    }
    details = [{"type": key, "valueString": value} for key, value in sorted(entry.detail.items()) if value]
    entity: list[dict[str, Any]] = []
    if entry.patient is not None:
        entity.append({"what": {"reference": entry.patient}, "role": {"system": _ROLES, "code": "1"}})
    if details:
        entity.append({"name": entry.action, "detail": details})
    if entity:
        event["entity"] = entity
    return event
