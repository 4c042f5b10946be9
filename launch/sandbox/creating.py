"""Creating what an app may write: messages, requests for messages, tasks.

The checks are those of FHIR R4's cardinalities and required bindings that a portal relies on; references must
resolve here. A conditional create (``If-None-Exist``) makes a retry harmless.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from .access import Access
from .ehr import Ehr
from .fhir_errors import FhirError, forbidden
from .search import BadSearch, compile_search, values

Resource = dict[str, Any]

LARGEST_BODY = 256_000
_EVENT = {
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
    "unknown",
}
_REQUEST = {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
_TASK = {
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
}
_INTENTS = {
    "unknown",
    "proposal",
    "plan",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
}
STATUSES = {"Communication": _EVENT, "CommunicationRequest": _REQUEST, "Task": _TASK}
_REFERENCES = ("subject", "recipient", "sender", "for", "owner", "requester", "encounter", "basedOn", "focus")


def create(ehr: Ehr, kind: str, body: bytes, access: Access, unless: str | None) -> tuple[Resource, bool]:
    """The created resource and whether it is new. Raises FhirError.

    ``unless`` is the query of If-None-Exist: 200 with the one that matches, 412 where several do.
    """
    if kind not in STATUSES:
        raise FhirError(405, "not-supported", f"{kind} cannot be created here.")
    resource = _parsed(kind, body)
    _check(ehr, kind, resource)
    if not access.admits(resource):
        raise forbidden(f"The token's scopes do not allow this {kind}.")
    test = _condition(ehr, kind, unless) if unless else None
    try:
        return ehr.store.create(resource, test)
    except LookupError as error:
        raise FhirError(412, "multiple-matches", "Several resources match If-None-Exist.") from error


def _parsed(kind: str, body: bytes) -> Resource:
    if len(body) > LARGEST_BODY:
        raise FhirError(413, "too-long", "The body is too large.")
    try:
        resource = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FhirError(400, "structure", "The body is not JSON.") from error
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise FhirError(400, "structure", f"The body is not a {kind}.")
    meta = resource.get("meta", {})
    if not isinstance(meta, dict):
        raise FhirError(422, "structure", "meta is not an object.")
    kept = {name: value for name, value in meta.items() if name in ("profile", "security", "tag")}
    return {**{name: value for name, value in resource.items() if name != "id"}, "id": "new", "meta": kept}


def _check(ehr: Ehr, kind: str, resource: Resource) -> None:
    if resource.get("status") not in STATUSES[kind]:
        raise FhirError(422, "code-invalid", "status is missing or not one of its codes.")
    if kind == "Task" and resource.get("intent") not in _INTENTS:
        raise FhirError(422, "code-invalid", "intent is missing or not one of its codes.")
    for element in _REFERENCES:
        for reference in values(resource, element):
            _resolves(ehr, element, reference)
    if kind == "Task":
        return
    if not any(True for _ in values(resource, "recipient")):
        raise FhirError(422, "required", "recipient is missing.")
    payloads = list(values(resource, "payload"))
    if not payloads or not all(map(_has_content, payloads)):
        raise FhirError(422, "required", "payload is missing or has no content.")


def _resolves(ehr: Ehr, element: str, reference: Any) -> None:
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str):
        raise FhirError(422, "structure", f"{element} has no reference.")
    if not ehr.store.exists(text.removeprefix(f"{ehr.settings.fhir_base}/")):
        raise FhirError(422, "not-found", f"{element} does not resolve on this server.")


def _has_content(payload: Any) -> bool:
    if not isinstance(payload, dict):
        return False
    text, attachment = payload.get("contentString"), payload.get("contentAttachment")
    if isinstance(text, str) and text.strip():
        return True
    return isinstance(attachment, dict) and bool(attachment.get("data") or attachment.get("url"))


def _condition(ehr: Ehr, kind: str, query: str) -> Any:
    pairs = parse_qsl(query.lstrip("?"))
    if not any(name == "identifier" for name, _ in pairs):
        raise FhirError(412, "not-supported", "If-None-Exist must name an identifier.")
    try:
        return compile_search(kind, pairs, ehr.settings.fhir_base)
    except BadSearch as error:
        raise FhirError(400, "invalid", str(error)) from error
