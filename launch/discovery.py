"""Where an EHR's endpoints are: read from the EHR, believed only within its registration.

SMART App Launch 2.2.0, "Conformance": ``.well-known/smart-configuration``; for older servers
the ``oauth-uris`` extension of the CapabilityStatement. Metadata that moves an endpoint to
another host than the registered ones is refused (RFC 9700, 4.4: mix-up), and so is metadata of
another issuer (RFC 8414, 3.3).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from launch.errors import LaunchError
from launch.fetch import Fetcher, Response
from launch.issuers import RegisteredEhr
from launch.jsontext import objects
from launch.ports import Clock
from launch.scopes import Syntax
from launch.urls import checked_url

LIFE = timedelta(minutes=10)
_DEADLINE_S = 5.0
_MAX_BYTES = 1_000_000
_MAX_CAPABILITY_BYTES = 10_000_000
_ABSENT = (400, 404, 405, 410)
_CLOSED = (401, 403)
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_CONFIGURATION = {
    "authorization": "authorization_endpoint",
    "token": "token_endpoint",
    "jwks": "jwks_uri",
    "revocation": "revocation_endpoint",
    "introspection": "introspection_endpoint",
}
_CAPABILITY = {
    "authorization": "authorize",
    "token": "token",
    "revocation": "revoke",
    "introspection": "introspect",
}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was learned of one EHR, every endpoint already checked against its registration."""

    authorization: str | None = None
    token: str | None = None
    jwks: str | None = None
    revocation: str | None = None
    introspection: str | None = None
    capabilities: frozenset[str] = frozenset()
    scopes_supported: frozenset[str] = frozenset()
    iss_in_response: bool = False

    def syntax(self, ehr: RegisteredEhr) -> Syntax:
        """How to write scopes for this EHR: as registered, else as it declares, else v1."""
        if ehr.scope_syntax != "auto":
            return ehr.scope_syntax
        declared = "permission-v2" in self.capabilities or any(scope.endswith(".rs") for scope in self.scopes_supported)
        return "v2" if declared else "v1"


class Discovery:
    """Reads and keeps each EHR's metadata for ten minutes; safe for many threads."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._kept: dict[str, tuple[datetime, RegisteredEhr, Metadata]] = {}
        self._lock = threading.Lock()

    def metadata(self, ehr: RegisteredEhr) -> Metadata:
        """The EHR's endpoints. Raises FetchError, or LaunchError ``launch.bad-metadata``,
        ``launch.foreign-endpoint``, ``launch.wrong-issuer``.
        """
        now = self._clock()
        with self._lock:
            kept = self._kept.get(ehr.fhir_base)
        if kept and kept[1] == ehr and now < kept[0]:
            return kept[2]
        metadata = self._read(ehr)
        with self._lock:
            self._kept[ehr.fhir_base] = (now + LIFE, ehr, metadata)
        return metadata

    def _read(self, ehr: RegisteredEhr) -> Metadata:
        answer = self._get(f"{ehr.fhir_base}/.well-known/smart-configuration")
        if answer.status in _ABSENT:
            metadata = self._from_capability_statement(ehr)
        else:
            document = _document(answer)
            _check_issuer(ehr, document.get("issuer"))
            metadata = Metadata(
                **_endpoints(ehr, {name: document.get(key) for name, key in _CONFIGURATION.items()}),
                capabilities=_words(document.get("capabilities")),
                scopes_supported=_words(document.get("scopes_supported")),
                iss_in_response=document.get("authorization_response_iss_parameter_supported") is True,
            )
        return self._with_jwks(ehr, metadata)

    def _from_capability_statement(self, ehr: RegisteredEhr) -> Metadata:
        answer = self._get(f"{ehr.fhir_base}/metadata", _MAX_CAPABILITY_BYTES)
        uris = _oauth_uris(_document(answer))
        # The extension has no member for the keys; they may be registered.
        return Metadata(**_endpoints(ehr, {"jwks": None, **{name: uris.get(key) for name, key in _CAPABILITY.items()}}))

    def _with_jwks(self, ehr: RegisteredEhr, metadata: Metadata) -> Metadata:
        """OpenID discovery for a server that names no keys elsewhere."""
        if metadata.jwks:
            return metadata
        answer = self._get(f"{ehr.issuer.removesuffix('/')}/.well-known/openid-configuration")
        if answer.status in (*_ABSENT, *_CLOSED):  # a FHIR server may ask for a token whatever the path
            return metadata
        document = _document(answer)
        _check_issuer(ehr, document.get("issuer"))
        return replace(metadata, jwks=_endpoints(ehr, {"jwks": document.get("jwks_uri")})["jwks"])

    def _get(self, url: str, max_bytes: int = _MAX_BYTES) -> Response:
        return self._fetcher.get(url, deadline_s=_DEADLINE_S, max_bytes=max_bytes)


def _document(answer: Response) -> dict[str, Any]:
    if answer.status != 200:
        raise LaunchError("launch.bad-metadata", "The EHR did not describe its sign-in service.", status=502)
    return answer.json_object()


def _check_issuer(ehr: RegisteredEhr, issuer: object) -> None:
    if issuer is not None and issuer != ehr.issuer:
        raise LaunchError(
            "launch.wrong-issuer",
            "The EHR names another issuer than the registered one. An administrator must check it.",
            status=502,
        )


def _endpoints(ehr: RegisteredEhr, found: Mapping[str, object]) -> dict[str, Any]:
    """Registered endpoints first, then those found, resolved against the base and checked."""
    result: dict[str, Any] = {}
    for name, value in found.items():
        if name in ehr.endpoints:
            result[name] = ehr.endpoints[name]
        elif value is None or value == "":
            result[name] = None
        else:
            result[name] = _own_endpoint(ehr, name, value)
    return result


def _own_endpoint(ehr: RegisteredEhr, name: str, value: object) -> str:
    try:
        # urljoin repairs what it is given (a line break, an empty host): only a plain relative
        # address goes through it.
        if not isinstance(value, str) or not value.isprintable():
            raise ValueError("not an address")
        whole = value if "://" in value else urljoin(ehr.fhir_base + "/", value)
        url = checked_url(whole, f"The {name} endpoint")
    except ValueError as error:
        raise LaunchError(
            "launch.bad-metadata", f"The EHR's {name} endpoint is not a usable address.", status=502
        ) from error
    if not ehr.permits_endpoint(name, url):
        raise LaunchError(
            "launch.foreign-endpoint",
            f"The EHR's {name} endpoint is on another host than the registered one. An administrator must check it.",
            status=502,
        )
    return url


def _words(value: object) -> frozenset[str]:
    return frozenset(word for word in value if isinstance(word, str)) if isinstance(value, list) else frozenset()


def _oauth_uris(statement: dict[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for rest in objects(statement.get("rest")):
        security = rest.get("security")
        for extension in objects(security.get("extension") if isinstance(security, dict) else None):
            if extension.get("url") == _OAUTH_URIS:
                for part in objects(extension.get("extension")):
                    found[str(part.get("url"))] = part.get("valueUri")
    return found
