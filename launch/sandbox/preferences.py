"""What a patient says about being contacted, kept as FHIR R4 Consents of the form that the charts have.

``scope`` patient-privacy, ``category`` LOINC 59284-0, and by ``policyRule`` (v3-ActCode) one of

- OPTOUT without a provision: no outreach at all;
- OPTOUT with ``provision`` ``{type: deny, code: [channel, ...]}``: not by these channels;
- OPTIN with ``provision`` ``{type: permit, code: [channel, ...]}``: these are welcome, risks known.

A channel is a code of ``https://sandbox.invalid/ids/channel``. Saving in the portal replaces what was said before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import Any

from .ehr import Ehr
from .patients.practice import SANDBOX_IDS, organization
from .search import values

Resource = dict[str, Any]
CHANNELS = {
    "sms": "Text messages",
    "email": "E-mail, which is not encrypted",
    "voice": "Phone calls",
    "letter": "Letters",
}
CHANNEL_SYSTEM = f"{SANDBOX_IDS}channel"
_HL7 = "http://terminology.hl7.org/CodeSystem"


def wishes(ehr: Ehr, patient: str) -> Resource:
    """``{"all": bool, "channels": set of welcome channels}``; e-mail is welcome only where it was said."""
    found = list(_statements(ehr, patient))
    said = {kind: {code for consent in found for code in _codes(consent, kind)} for kind in ("deny", "permit")}
    silent = set(CHANNELS) - {"email"}
    return {
        "all": not any(_rule(consent) == "OPTOUT" and not consent.get("provision") for consent in found),
        "channels": (silent | (said["permit"] & set(CHANNELS))) - said["deny"],
    }


def keep(ehr: Ehr, patient: str, *, outreach: bool, channels: Collection[str]) -> None:
    """Write a patient's wishes; every earlier statement becomes inactive."""
    welcome = [name for name in CHANNELS if name in channels]
    refused = [name for name in CHANNELS if name not in channels]
    said = []
    if not outreach:
        said.append(_consent(ehr, patient, part="all", rule="OPTOUT"))
    if welcome:
        said.append(_consent(ehr, patient, part="yes", rule="OPTIN", kind="permit", channels=welcome))
    if refused:
        said.append(_consent(ehr, patient, part="no", rule="OPTOUT", kind="deny", channels=refused))
    kept = {consent["id"] for consent in said}
    for consent in list(_statements(ehr, patient)):
        if consent["id"] not in kept:
            ehr.store.save({**consent, "status": "inactive"})
    for consent in said:
        ehr.store.save(consent)


def _statements(ehr: Ehr, patient: str) -> Iterator[Resource]:
    for consent in ehr.store.scan("Consent", [patient]):
        if consent.get("status") == "active" and _rule(consent) in ("OPTIN", "OPTOUT"):
            yield consent


def _rule(consent: Resource) -> str | None:
    return next(iter(values(consent, "policyRule.coding.code")), None)


def _codes(consent: Resource, kind: str) -> Iterator[str]:
    for provision in values(consent, "provision"):
        if provision.get("type") == kind:
            yield from values(provision, "code.coding.code")


def _consent(
    ehr: Ehr, patient: str, *, part: str, rule: str, kind: str | None = None, channels: Collection[str] = ()
) -> Resource:
    consent: Resource = {
        "resourceType": "Consent",
        "id": f"outreach-{part}-{hashlib.sha256(patient.encode()).hexdigest()[:32]}",
        "status": "active",
        "scope": {"coding": [{"system": f"{_HL7}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": ehr.clock().isoformat(timespec="seconds"),
        "organization": [organization()],
        "policyRule": {"coding": [{"system": f"{_HL7}/v3-ActCode", "code": rule}]},
    }
    if kind:
        codings = [{"system": CHANNEL_SYSTEM, "code": name, "display": CHANNELS[name]} for name in channels]
        consent["provision"] = {"type": kind, "code": [{"coding": [coding]} for coding in codings]}
    return consent
