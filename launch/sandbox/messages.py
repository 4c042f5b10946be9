"""Secure messages between the practice and a patient: Communications as the portal shows them."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

from .ehr import Ehr
from .patients.practice import organization
from .search import reference_ids

Resource = dict[str, Any]
LONGEST_REPLY = 4000
_SHOWN = frozenset({"completed", "in-progress"})


def inbox(ehr: Ehr, patient: str) -> list[Resource]:
    """The messages that are addressed to a patient, newest first, each as a dict ready to show."""
    return [message for message in thread(ehr, patient) if not message["from_patient"]]


def thread(ehr: Ehr, patient: str) -> list[Resource]:
    """All messages to and from a patient, newest first."""
    own = f"Patient/{patient}"
    found = [
        _shown(ehr, resource, own)
        for resource in ehr.store.scan("Communication", [patient])
        if resource.get("status") in _SHOWN
        and own in (*reference_ids(resource, "recipient"), *reference_ids(resource, "sender"))
    ]
    return sorted(found, key=lambda message: str(message["sent"]), reverse=True)


def message(ehr: Ehr, patient: str, message_id: str) -> Resource | None:
    """One message to or from a patient; None for anybody else's."""
    return next((found for found in thread(ehr, patient) if found["id"] == message_id), None)


def mark_read(ehr: Ehr, message_id: str) -> None:
    """Note when the patient first opened a message (``Communication.received``)."""
    resource = ehr.store.read("Communication", message_id)
    if resource is not None and "received" not in resource:
        ehr.store.save({**resource, "received": ehr.clock().isoformat(timespec="seconds")})


def reply(ehr: Ehr, patient: str, message_id: str, text: str) -> Resource:
    """The patient's answer to a message, as a Communication to whoever sent it."""
    original = ehr.store.read("Communication", message_id)
    assert original is not None
    topic = _topic(original)
    answer, _ = ehr.store.create(
        {
            "resourceType": "Communication",
            "id": "new",
            "status": "completed",
            "inResponseTo": [{"reference": f"Communication/{message_id}"}],
            "category": original.get("category", []),
            "subject": {"reference": f"Patient/{patient}"},
            "topic": {"text": topic if topic.startswith("Re: ") else f"Re: {topic}"},
            "sent": ehr.clock().isoformat(timespec="seconds"),
            "recipient": [original.get("sender") or organization()],
            "sender": {"reference": f"Patient/{patient}"},
            "payload": [{"contentString": text}],
        }
    )
    return answer


def _shown(ehr: Ehr, resource: Resource, own: str) -> Resource:
    sent = str(resource.get("sent") or resource["meta"]["lastUpdated"])
    sender = resource.get("sender") or organization()
    return {
        "id": resource["id"],
        "topic": _topic(resource),
        "sender": _name(ehr, sender),
        "from_patient": sender.get("reference") == own,
        "sent": sent,
        "day": _moment(sent),
        "received": resource.get("received"),
        "identifiers": [str(one["value"]) for one in resource.get("identifier", []) if "value" in one],
        "answers": [ref.rpartition("/")[2] for ref in reference_ids(resource, "inResponseTo")],
        "paragraphs": [line for text in _texts(resource) for line in text.splitlines() if line.strip()],
    }


def _topic(resource: Resource) -> str:
    for concept in (resource.get("topic", {}), *resource.get("category", [])):
        coding: Resource = next(iter(concept.get("coding", [])), {})
        words = concept.get("text") or coding.get("display")
        if words:
            return str(words)
    return "Message from your practice"


def _texts(resource: Resource) -> list[str]:
    texts = []
    for payload in resource.get("payload", []):
        attachment = payload.get("contentAttachment", {})
        if "contentString" in payload:
            texts.append(str(payload["contentString"]))
        elif str(attachment.get("contentType", "")).startswith("text/plain"):
            try:
                texts.append(base64.b64decode(attachment.get("data", "")).decode())
            except (binascii.Error, UnicodeDecodeError):
                texts.append("This attachment cannot be shown.")
        else:
            texts.append(f"Attachment: {attachment.get('title', 'without a title')}")
    return texts


def _name(ehr: Ehr, reference: Resource) -> str:
    if reference.get("display"):
        return str(reference["display"])
    kind, _, resource_id = str(reference.get("reference", "")).partition("/")
    resource = ehr.store.read(kind, resource_id) or {}
    name = resource.get("name")
    if isinstance(name, list) and name:
        parts = [*name[0].get("prefix", []), *name[0].get("given", []), name[0].get("family", "")]
        return " ".join(part for part in parts if part)
    return name if isinstance(name, str) else "Your practice"


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    shown = f"{moment.day} {moment:%B %Y}"
    return f"{shown}, {moment:%H:%M}" if len(text) > 10 else shown
