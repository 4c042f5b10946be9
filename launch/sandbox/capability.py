"""The CapabilityStatement (FHIR R4), with the SMART endpoints for clients that look for them there."""

from __future__ import annotations

from typing import Any

from .creating import STATUSES
from .discovery import endpoints
from .ehr import Ehr
from .search_params import COMMON, PARAMS

_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
# The extension's names for the endpoints (SMART App Launch 1.0; kept by 2.2 for older clients).
_NAMES = {
    "authorize": "authorization_endpoint",
    "token": "token_endpoint",
    "introspect": "introspection_endpoint",
    "revoke": "revocation_endpoint",
    "register": "registration_endpoint",
}


def statement(ehr: Ehr) -> dict[str, Any]:
    """What this server can do."""
    uris = endpoints(ehr)
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "software": {"name": "Sandbox EHR"},
        "implementation": {
            "description": "A sandbox with synthetic patients",
            "url": ehr.settings.fhir_base,
        },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "instantiates": ["http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "service": [{"coding": [{"system": _SERVICE, "code": "SMART-on-FHIR"}]}],
                    "extension": [
                        {
                            "url": _OAUTH_URIS,
                            "extension": [{"url": name, "valueUri": uris[member]} for name, member in _NAMES.items()],
                        }
                    ],
                },
                "resource": [_served(kind) for kind in sorted(PARAMS)],
            }
        ],
    }


def _served(kind: str) -> dict[str, Any]:
    interactions = ["read", "search-type", *(["create"] if kind in STATUSES else [])]
    parameters = {**COMMON, **PARAMS[kind]}
    return {
        "type": kind,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "no-version",
        "conditionalCreate": kind in STATUSES,
        "searchParam": [{"name": name, "type": param.kind} for name, param in sorted(parameters.items())],
    }
