"""Delivery into the patient portal, by the strongest way the EHR's server takes.

A ``Communication`` to the patient; else a ``CommunicationRequest``; else a ``Task`` for staff with
the text to paste, or the same task in this app alone. Never anything weaker, and never another
channel. Every resource carries our message's name as its identifier and is created only if the
server has none with it (FHIR R4 http.html#ccreate), so that a repeated delivery is seen once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from launch.ports import Clock
from smartapp.errors import AppError
from smartapp.messages.outcomes import ForStaff, Refused, Result, Retry, Sent
from smartapp.messages.record import Message

CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/communication-category"
CATEGORIES = ("alert", "notification", "reminder", "instruction")
# The required bindings that the model library does not check (FHIR R4 event-status, request-status, task-status).
_STATUS = {"Communication": "completed", "CommunicationRequest": "active", "Task": "requested"}

_LADDER = ("Communication", "CommunicationRequest", "Task")
_PASTE = "Send this text to the patient in the portal, then attest that it was sent"
_TASKS = {
    "portal": _PASTE,
    "voice": "Call the patient at this number and say this, then attest that it was said",
    "letter": "Send this letter to the patient at this address, then attest that it was sent",
}
_NOT_TAKEN = frozenset({400, 403, 404, 405, 406, 409, 410, 413, 415, 422, 501})
"""The server does not do this, or not for us, or not to a patient: try the next way."""
_CREATED = frozenset({200, 201})
_PATIENT = re.compile(r"Patient/[A-Za-z0-9.-]{1,64}")
_SEVERAL = 412
_AUTHORIZATION = 401


class Posted(NamedTuple):
    """A server's answer to a create: the status, the id from its Location, and Retry-After in seconds."""

    status: int
    location_id: str | None
    retry_after: float | None = None


class FhirPort(Protocol):
    """The authorised client of one EHR. May raise ``AppError`` when the server cannot be reached."""

    def supports(self, resource_type: str) -> bool:
        """Whether the server's CapabilityStatement and our grant allow to create this type."""
        ...

    def post(self, resource: Mapping[str, Any], if_none_exist: str) -> Posted:
        """Create ``resource`` unless the query ``if_none_exist`` finds one."""
        ...

    def find(self, resource_type: str, query: str) -> str | None:
        """The id of the one resource that a query finds; None if there is none, or we may not ask."""
        ...


class PortalDelivery:
    """Delivers to the portal of the EHR a message belongs to.

    ``port_for`` gives the authorised client for a message, or None where the EHR has no backend
    registration. ``system`` is the identifier system of our messages: an address of this app.
    """

    def __init__(
        self,
        port_for: Callable[[Message], FhirPort | None],
        clock: Clock,
        system: str,
        ladder: Sequence[str] = _LADDER,
    ) -> None:
        """``ladder`` are the FHIR types to try, in their order: a Task alone for what only staff can do."""
        self._ladder = tuple(ladder)
        self._port_for = port_for
        self._clock = clock
        self._system = system

    def __call__(self, message: Message) -> Result:
        """Deliver, and say what became of it. Raises ``AppError`` when the server cannot be reached."""
        port = self._port_for(message)
        if port is None:
            return ForStaff()
        query = "identifier=" + quote(f"{self._system}|{_name(message)}", safe=":/|.-_~")
        ways = [kind for kind in self._ladder if port.supports(kind)]
        if message.attempts > 1:
            # An earlier attempt may have arrived without our hearing of it, by any of the ways.
            for kind in ways:
                found = port.find(kind, query)
                if found is not None:
                    return _arrived(kind, found)
        for kind in ways:
            result = self._by(port, kind, message, query)
            if result is not None:
                return result
        return ForStaff()

    def _by(self, port: FhirPort, kind: str, message: Message, query: str) -> Result | None:
        """What became of one way; None if the server does not take it."""
        answer = port.post(self.resource(kind, message), query)
        if answer.status in _CREATED:
            server_id = answer.location_id or port.find(kind, query)
            return _arrived(kind, server_id) if server_id else Retry("delivery.no-id")
        if answer.status == _SEVERAL:
            found = port.find(kind, query)
            return _arrived(kind, found) if found else Refused("delivery.several-match")
        if answer.status == _AUTHORIZATION:
            return Retry("delivery.unauthorized", answer.retry_after)
        if answer.status in _NOT_TAKEN:
            return None
        return Retry(f"delivery.status-{answer.status}", answer.retry_after)

    def resource(self, kind: str, message: Message) -> dict[str, Any]:
        """The FHIR R4 resource, validated. Raises ``AppError`` ``delivery.invalid`` if it would not be one."""
        if not _PATIENT.fullmatch(message.patient):
            raise AppError("delivery.invalid", "The message is not to a patient.")
        build = {"Communication": self._communication, "CommunicationRequest": self._request, "Task": self._task}
        content = {
            "resourceType": kind,
            "identifier": [{"system": self._system, "value": _name(message)}],
            "status": _STATUS[kind],
            "language": message.language,
            **build[kind](message),
        }
        _check(kind, content)
        # What was checked is what is sent: to write it out of the model again costs more than everything else.
        return content

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds").replace("+00:00", "Z")

    def _communication(self, message: Message) -> dict[str, Any]:
        sent = self._now()
        topic = {"topic": {"text": message.subject}} if message.subject else {}
        return {**_to_patient(message), "payload": [{"contentString": message.text}], "sent": sent, **topic}

    def _request(self, message: Message) -> dict[str, Any]:
        # A request has no topic in R4: its subject line is the first thing to be said.
        payload = [{"contentString": part} for part in (message.subject, message.text) if part]
        authored = self._now()
        return {**_to_patient(message), "payload": payload, "authoredOn": authored}

    def _task(self, message: Message) -> dict[str, Any]:
        requester = {"requester": {"reference": message.sender}} if message.sender else {}
        return {
            "intent": "order",
            "code": {"text": _TASKS[message.channel]},
            "description": "\n\n".join(part for part in (message.address, message.subject, message.text) if part),
            "for": {"reference": message.patient},
            "authoredOn": self._now(),
            **requester,
        }


def _check(kind: str, content: Mapping[str, Any]) -> None:
    # Loading these takes 0.4 CPU-s, and only who sends needs them: no server's start, no command.
    from fhir.resources.R4B.communication import Communication  # noqa: PLC0415
    from fhir.resources.R4B.communicationrequest import CommunicationRequest  # noqa: PLC0415
    from fhir.resources.R4B.task import Task  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    model: Any = {"Communication": Communication, "CommunicationRequest": CommunicationRequest, "Task": Task}[kind]
    try:
        model.model_validate(content)
    except ValidationError:
        raise AppError("delivery.invalid", f"The message does not make a valid {kind}.") from None


def _name(message: Message) -> str:
    """What the server knows a text by. Another version is another one: the server must not take it for the old."""
    return message.id if message.version == 1 else f"{message.id}.{message.version}"


def _to_patient(message: Message) -> dict[str, Any]:
    if message.category not in CATEGORIES:
        raise AppError("delivery.invalid", f"The category must be one of {', '.join(CATEGORIES)}.")
    coding = {"system": CATEGORY_SYSTEM, "code": message.category}
    content: dict[str, Any] = {
        "category": [{"coding": [coding]}],
        "subject": {"reference": message.patient},
        "recipient": [{"reference": message.patient}],
    }
    if message.sender:
        content["sender"] = {"reference": message.sender}
    return content


def _arrived(kind: str, server_id: str) -> Result:
    return ForStaff(server_id) if kind == "Task" else Sent(kind, server_id)
