"""The worker's own access to an EHR: SMART Backend Services, to read again and to deliver.

A user's launch is read-only; this registration is the only one that writes, and all it writes is a message.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from launch.context import LaunchContext
from launch.errors import LaunchError
from launch.fetch import Fetcher, Response
from launch.identity import User
from launch.issuers import RegisteredEhr
from launch.jsontext import objects
from launch.ports import Clock, EhrRegistry
from launch.scopes import Scope, permits
from launch.tokens import BackendToken, BackendTokens
from smartapp.audit.logs import Safe
from smartapp.errors import AppError
from smartapp.messages.delivery import Posted
from smartapp.messages.record import Message
from smartapp.reading.links import below, next_link
from smartapp.services.capability import offered

WORKER = User("system", "clinician", "The worker")
"""The actor of what the worker does; a role is needed by the type and opens no page."""

DELIVERY = tuple(Scope("system", kind, "cs") for kind in ("Communication", "CommunicationRequest", "Task"))
"""To deliver, and to find out whether an earlier attempt arrived."""

_log = logging.getLogger(__name__)
_JSON = {"Accept": "application/fhir+json", "Content-Type": "application/fhir+json"}
_LONGEST_WAIT_S = 3600.0
_MOST_PAGES = 20
_PORT_LIVES = timedelta(minutes=10)
"""How long a server is taken at its word on what it supports: asking before each message would double the requests."""


class Backend:
    """Tokens of the worker for the EHRs that have a backend registration."""

    def __init__(
        self, tokens: BackendTokens, registry: EhrRegistry, fetcher: Fetcher, clock: Clock, reading: Sequence[Scope]
    ) -> None:
        """``reading`` are the derived scopes, at whatever level; the worker asks for them as ``system/``."""
        self._tokens = tokens
        self._registry = registry
        self._fetcher = fetcher
        self._clock = clock
        self._ports: dict[str, tuple[EhrPort, datetime]] = {}
        self.scopes = (*(Scope("system", s.resource, s.actions, s.params) for s in reading), *DELIVERY)

    def ehr_of(self, message: Message) -> RegisteredEhr | None:
        """The EHR of a message, where it is still registered for this tenant and has a backend client."""
        return self.ehr_by_name(message.ehr, message.tenant)

    def ehr_by_name(self, name: str, tenant: str) -> RegisteredEhr | None:
        """An EHR, where it is registered for this tenant and has a backend client."""
        ehr = self._registry.by_name(name)
        if ehr is None or ehr.tenant != tenant or ehr.backend_client_id is None:
            return None
        return ehr

    def token(self, ehr: RegisteredEhr) -> BackendToken:
        """A token for reading and delivering. Raises LaunchError where the EHR gives none."""
        return self._tokens.token(ehr, self.scopes)

    def access_token(self, ehr: RegisteredEhr, rejected: str | None) -> str:
        """As ``Sessions.access_token``: another token once one was answered with 401."""
        if rejected is not None:
            self._tokens.forget(ehr)
        token = self.token(ehr).access_token
        if token == rejected:
            raise LaunchError("launch.token-expired", "The EHR refuses the app's backend access.", status=401)
        return token

    def context(self, ehr: RegisteredEhr, patient_id: str) -> LaunchContext:
        """A launch without a user, to read one patient again. Its handle is the EHR's name; no session has it."""
        now = self._clock()
        return LaunchContext(
            handle=ehr.name,
            tenant=ehr.tenant,
            ehr=ehr.name,
            fhir_base=ehr.fhir_base,
            kind="ehr",
            user=WORKER,
            patient=patient_id,
            encounter=None,
            fhir_context=(),
            need_patient_banner=False,
            style_url=None,
            intent=None,
            asked=self.scopes,
            granted=self.token(ehr).granted,
            started_at=now,
            expires_at=now + timedelta(minutes=5),
        )

    def port_for(self, message: Message) -> EhrPort | None:
        """The authorised client that delivers a message; None where only a person can."""
        ehr = self.ehr_of(message)
        if ehr is None:
            return None
        port, made_at = self._ports.get(ehr.name, (None, None))
        if port is None or made_at is None or port.ehr != ehr or self._clock() - made_at > _PORT_LIVES:
            port = EhrPort(self, ehr, self._fetcher)
            self._ports[ehr.name] = (port, self._clock())
        return port


class EhrPort:
    """The :class:`smartapp.messages.delivery.FhirPort` of one EHR."""

    def __init__(self, backend: Backend, ehr: RegisteredEhr, fetcher: Fetcher) -> None:
        self._backend = backend
        self.ehr = ehr
        self._fetcher = fetcher
        self._offers: dict[str, frozenset[str]] | None = None

    def supports(self, resource_type: str) -> bool:
        """Whether the CapabilityStatement and our grant allow to create this type."""
        granted = self._backend.token(self.ehr).granted
        return self._offered(resource_type, "create") and permits(granted, Scope("system", resource_type, "c"))

    def should_answer(self, resource_type: str) -> bool:
        """Whether the server says that it can be searched for this type, and we were granted to."""
        granted = self._backend.token(self.ehr).granted
        return self._offered(resource_type, "search-type") and permits(granted, Scope("system", resource_type, "s"))

    def post(self, resource: Mapping[str, Any], if_none_exist: str) -> Posted:
        """Conditional create (FHIR R4 http.html#ccreate): a repeated delivery finds the first one."""
        kind = str(resource["resourceType"])
        answer = self._call("POST", f"{self.ehr.fhir_base}/{kind}", resource, {"If-None-Exist": if_none_exist})
        return Posted(answer.status, self._created_id(kind, answer), _retry_after(answer))

    def find(self, resource_type: str, query: str) -> str | None:
        """The id of the one resource of that type which a query finds; None if there is none, or we may not ask."""
        ids = [one["id"] for one in self.resources(resource_type, query) or ()]
        return ids[0] if len(ids) == 1 else None

    def resources(self, resource_type: str, query: str) -> Sequence[dict[str, Any]] | None:
        """The resources of that type that a query finds, page by page; None where we may not ask or are not answered.

        Where a later page does not come, is not below the EHR's base or is one too many, what came before is given.
        """
        if not permits(self._backend.token(self.ehr).granted, Scope("system", resource_type, "s")):
            return None
        url = f"{self.ehr.fhir_base}/{resource_type}?{quote(query, safe='=&:/|.-_~%,')}"
        answer = self._call("GET", url)
        if answer.status != 200:
            return None
        bundle, seen = answer.json_object(), {url}
        found = _of_type(bundle, resource_type)
        while (address := next_link(bundle)) is not None:
            try:
                url = below(self.ehr.fhir_base, address)
                if url in seen or len(seen) >= _MOST_PAGES:
                    raise AppError("reading.too-many-pages", "The EHR's answer has no end.")
                seen.add(url)
                answer = self._call("GET", url)
                if answer.status != 200:
                    raise AppError("reading.failed", f"The EHR answered {answer.status} to a later page.")
                bundle = answer.json_object()
            except AppError as error:
                _log.warning("searching %s of %s, page %d: %s", resource_type, Safe(self.ehr.name), len(seen), error)
                break
            found += _of_type(bundle, resource_type)
        return found

    def _offered(self, resource_type: str, interaction: str) -> bool:
        if self._offers is None:
            self._offers = offered(self._fetcher.get(f"{self.ehr.fhir_base}/metadata", _JSON).json_object())
        return interaction in self._offers.get(resource_type, frozenset())

    def _call(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        token: str | None = None
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        for _ in range(2):  # a token that was refused is replaced once
            token = self._backend.access_token(self.ehr, token)
            sent = {**_JSON, **(headers or {}), "Authorization": f"Bearer {token}"}
            answer = self._fetcher.request(method, url, sent, content)
            if answer.status != 401:
                return answer
        return answer

    def _created_id(self, kind: str, answer: Response) -> str | None:
        location = next((v for k, v in answer.headers.items() if k.lower() == "location"), "")
        parts = urlsplit(location).path.strip("/").split("/")
        if kind in parts and len(parts) > parts.index(kind) + 1:
            return parts[parts.index(kind) + 1]
        try:
            made = answer.json_object() if answer.body else {}
        except AppError:
            return None
        return made["id"] if made.get("resourceType") == kind and isinstance(made.get("id"), str) else None


def _of_type(bundle: Mapping[str, Any], resource_type: str) -> list[dict[str, Any]]:
    found = [entry.get("resource") for entry in objects(bundle.get("entry"))]
    return [
        one
        for one in found
        if isinstance(one, dict) and one.get("resourceType") == resource_type and isinstance(one.get("id"), str)
    ]


def _retry_after(answer: Response) -> float | None:
    value = next((v for k, v in answer.headers.items() if k.lower() == "retry-after"), "")
    return min(float(value), _LONGEST_WAIT_S) if value.isascii() and value.isdigit() and len(value) < 7 else None
