"""The audit trail as AuditEvents: valid FHIR R4, for every kind of entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from support.storage import open_storage

from smartapp.audit.fhir import audit_event


@pytest.mark.parametrize(
    ("action", "outcome", "actor", "expected"),
    [
        ("chart.read", "success", "Practitioner/7", ("rest", "R", "0")),
        ("launch.begin", "refused", "unknown", ("110114", "E", "4")),
        ("population.members", "success", "Practitioner/7", ("rest", "E", "0")),
        ("message.sent", "failed", "system", ("110106", "E", "8")),
        ("message.approve", "success", "Practitioner/7", ("110100", "E", "0")),
        ("audit.export", "success", "system", ("110101", "E", "0")),
        ("practice.setting", "success", "Practitioner/7", ("110100", "U", "0")),
    ],
)
def test_every_entry_is_a_valid_audit_event(
    tmp_path: Path, action: str, outcome: str, actor: str, expected: tuple[str, str, str]
) -> None:
    storage = open_storage(tmp_path)
    storage.audit.record(
        action, outcome, actor=actor, tenant="clinic", patient="Patient/1", detail={"message": "m1", "empty": ""}
    )  # type: ignore[arg-type]
    (entry,) = storage.audit.entries()
    event = audit_event(entry, "smartapp")
    AuditEvent.model_validate(event)
    assert (event["type"]["code"], event["action"], event["outcome"]) == expected
    assert event["id"] == "1"
    assert event["agent"][0]["who"] == ({"reference": actor} if "/" in actor else {"display": actor})
    assert event["entity"][0]["what"] == {"reference": "Patient/1"}
    assert event["entity"][1]["detail"] == [{"type": "message", "valueString": "m1"}]


def test_an_entry_about_nobody_names_nobody(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    storage.audit.record("keys.rotate", "success", actor="system", tenant="clinic")
    (entry,) = storage.audit.entries()
    event = audit_event(entry, "smartapp")
    AuditEvent.model_validate(event)
    assert "entity" not in event
