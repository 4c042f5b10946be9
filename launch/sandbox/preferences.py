"""What a patient says about being contacted, kept as one FHIR R4 Consent.

Form: ``scope`` patient-privacy; ``category`` ``urn:sandbox-ehr:consent|outreach-preferences``; ``policyRule``
v3-ActCode OPTIN, or OPTOUT where the patient wants no outreach at all; for every channel that is refused a
nested ``provision`` with ``type`` deny and ``code`` ``urn:sandbox-ehr:outreach-channel|<channel>``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from .ehr import Ehr
from .patients.practice import organization

Resource = dict[str, Any]
CHANNELS = {"sms": "Text messages", "email": "E-mail", "voice": "Phone calls", "letter": "Letters"}
CHANNEL_SYSTEM = "urn:sandbox-ehr:outreach-channel"
CATEGORY = {"system": "urn:sandbox-ehr:consent", "code": "outreach-preferences"}


def consent_id(patient: str) -> str:
    """The id of a patient's Consent, short enough for any patient id."""
    return f"outreach-{hashlib.sha256(patient.encode()).hexdigest()[:32]}"


def wishes(ehr: Ehr, patient: str) -> Resource:
    """``{"all": bool, "channels": set of the channels that are welcome}``; everything without a Consent."""
    consent = ehr.store.read("Consent", consent_id(patient)) or {}
    rule = [coding.get("code") for coding in consent.get("policyRule", {}).get("coding", [])]
    denied = {
        coding["code"]
        for provision in consent.get("provision", {}).get("provision", [])
        for code in provision.get("code", [])
        for coding in code.get("coding", [])
    }
    return {"all": "OPTOUT" not in rule, "channels": {name for name in CHANNELS if name not in denied}}


def keep(ehr: Ehr, patient: str, *, outreach: bool, channels: Iterable[str]) -> Resource:
    """Write a patient's wishes, replacing earlier ones as a new version."""
    welcome = set(channels)
    denied = [
        {
            "type": "deny",
            "code": [{"coding": [{"system": CHANNEL_SYSTEM, "code": name, "display": label}], "text": label}],
        }
        for name, label in CHANNELS.items()
        if name not in welcome
    ]
    rule = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "code": "OPTIN" if outreach else "OPTOUT",
    }
    consent: Resource = {
        "resourceType": "Consent",
        "id": consent_id(patient),
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [CATEGORY], "text": "Wishes about reminders and messages"}],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": ehr.clock().isoformat(timespec="seconds"),
        "organization": [organization()],
        "policyRule": {"coding": [rule]},
    }
    if denied:
        consent["provision"] = {"provision": denied}
    return ehr.store.save(consent)
