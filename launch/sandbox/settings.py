"""What the embedded EHR is told from outside, all in one frozen value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]
Bundles = Callable[[int, date, int], Iterable[Mapping[str, Any]] | Iterator[Mapping[str, Any]]]


@dataclass(frozen=True)
class SandboxSettings:
    """The sandbox's configuration.

    ``base_url`` is the EHR's own address without a trailing slash; the FHIR base is ``base_url + /fhir``
    and the OpenID issuer ``base_url + /auth``: two different things, as with most vendors.
    ``patients`` is a folder of FHIR Bundles (any depth); without it ``count`` patients are generated from
    ``seed`` relative to ``reference_date`` (an ISO date; today when None). Lives are in seconds,
    ``latency_ms`` delays every answer of the FHIR server, ``page_size`` caps a page of a search.
    ``scopes_v2=False`` makes it a server that only understands SMART v1 scopes.
    """

    base_url: str
    data: Path
    patients: Path | None = None
    seed: int = 1
    count: int = 60
    reference_date: str | None = None
    tenant: str | None = "harbor-street"
    access_token_seconds: int = 3600
    code_seconds: int = 60
    launch_seconds: int = 300
    refresh_seconds: int = 30 * 86400
    session_seconds: int = 12 * 3600
    page_size: int = 50
    latency_ms: int = 0
    scopes_v2: bool = True
    always_ask: bool = False

    @property
    def fhir_base(self) -> str:
        """The FHIR base URL: ``iss`` of a launch and ``aud`` of an authorization request."""
        return f"{self.base_url}/fhir"

    @property
    def issuer(self) -> str:
        """The OpenID issuer, which is not the FHIR base."""
        return f"{self.base_url}/auth"

    @property
    def token_url(self) -> str:
        """The token endpoint, which client assertions must name as audience."""
        return f"{self.issuer}/token"
