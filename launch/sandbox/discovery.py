"""What the server says of itself: SMART configuration, OpenID configuration, keys, style."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from .client_auth import ALGORITHMS
from .clients import GRANTS, METHODS
from .ehr import Ehr

CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-style",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)
SCOPES = (
    "openid",
    "fhirUser",
    "profile",
    "launch",
    "launch/patient",
    "launch/encounter",
    "offline_access",
    "online_access",
    "patient/*.rs",
    "user/*.rs",
    "system/*.rs",
    "system/Communication.c",
)
# The eleven properties of SMART App Launch 2.2, "Styling"; a new look gets a new URL.
STYLE = {
    "color_background": "#f5f7fa",
    "color_error": "#b3261e",
    "color_highlight": "#0b6b75",
    "color_modal_backdrop": "#1b2733",
    "color_success": "#1e6b3a",
    "color_text": "#1b2733",
    "dim_border_radius": "8px",
    "dim_font_size": "16px",
    "dim_spacing_size": "16px",
    "font_family_body": "system-ui, sans-serif",
    "font_family_heading": "system-ui, sans-serif",
}


def endpoints(ehr: Ehr) -> dict[str, str]:
    """The addresses of the authorization server's endpoints by their metadata names."""
    issuer = ehr.settings.issuer
    return {
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": ehr.settings.token_url,
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "registration_endpoint": f"{issuer}/register",
    }


def configuration(ehr: Ehr) -> dict[str, Any]:
    """The members that SMART and OpenID discovery share."""
    scopes = [text for text in SCOPES if ehr.settings.scopes_v2 or not text.endswith((".rs", ".c"))]
    if not ehr.settings.scopes_v2:
        scopes += ["patient/*.read", "user/*.read", "system/*.read"]
    return {
        "issuer": ehr.settings.issuer,
        "jwks_uri": f"{ehr.settings.issuer}/jwks",
        **endpoints(ehr),
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "scopes_supported": scopes,
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def blueprint(ehr: Ehr) -> Blueprint:
    """The well-known documents, the JWKS and the style."""
    views = Blueprint("discovery", __name__)

    @views.get("/fhir/.well-known/smart-configuration")
    def smart() -> Response:
        hidden = () if ehr.settings.scopes_v2 else ("permission-v2",)
        capabilities = [name for name in CAPABILITIES if name not in hidden]
        return _public({**configuration(ehr), "capabilities": capabilities})

    @views.get("/auth/.well-known/openid-configuration")
    def openid() -> Response:
        return _public(
            {
                **configuration(ehr),
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "name", "fhirUser"],
            }
        )

    @views.get("/auth/jwks")
    def jwks() -> Response:
        return _public(ehr.key.public())

    @views.get("/smart-style/v1.json")
    def style() -> Response:
        answer = _public(STYLE)
        answer.headers["Cache-Control"] = "public, max-age=86400"
        return answer

    return views


def _public(body: dict[str, Any]) -> Response:
    answer = jsonify(body)
    # Public documents without a secret: an app in a browser reads them across origins (SMART 2.2, Conformance).
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
