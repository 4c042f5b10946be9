"""The sheet to hand to an EHR's administrator, who registers this app there."""

from __future__ import annotations

from collections.abc import Sequence

from launch.identity import ROLE_SCOPE
from launch.issuers import RegisteredEhr
from launch.scopes import Scope
from launch.urls import checked_origin

_AUTH = {
    "public": "public client (no secret), PKCE S256 always",
    "client_secret_basic": "confidential client with a secret, PKCE S256 always",
    "private_key_jwt": "confidential client with signed assertions (private_key_jwt), PKCE S256 always",
}
_WHO = (
    ("openid", "sign-in: who is using the app"),
    ("fhirUser", "sign-in: the user's own Practitioner resource, for the audit trail"),
    ("launch", "the chart that is open when the app is launched from the EHR"),
    ("launch/patient", "the choice of a chart when the app is opened on its own"),
    ("online_access", "renewing the sign-in while the user works; nothing outlives the session"),
    (str(ROLE_SCOPE), "the user's role: clinician, coordinator or administrator"),
)


def registration_sheet(ehr: RegisteredEhr, scopes_with_reasons: Sequence[tuple[Scope, str]], public_url: str) -> str:
    """Plain text with everything an EHR's administrator has to enter, and why.

    ``scopes_with_reasons`` are the derived clinical scopes with the reason for each;
    ``public_url`` is the app's origin. ValueError if that is no origin.
    """
    app = checked_origin(public_url, "The public URL")
    keys = ehr.auth == "private_key_jwt" or ehr.backend_client_id is not None
    lines = [
        f"Registration of the app at {ehr.name} ({ehr.fhir_base})",
        "",
        f"Launch address           {app}/launch",
        f"Launch, population view  {app}/launch?view=population",
        f"Redirect address         {app}/callback",
        f"Client authentication    {_AUTH[ehr.auth]}",
        f"Client id                {ehr.client_id or '(none: open server)'}",
    ]
    if keys:
        lines.append(f"Key set (JWKS)           {app}/.well-known/jwks.json")
        lines.append(f"Signing algorithm        {ehr.signing}")
    if ehr.backend_client_id is not None:
        lines.append(f"Backend service          {ehr.backend_client_id} (client_credentials)")
    if ehr.frame_ancestors:
        lines.append(f"Opens in a frame of      {', '.join(ehr.frame_ancestors)}")
    lines += ["", "Scopes, all read-only for users, and the reason for each:"]
    asked = [*_WHO, *((str(scope), reason) for scope, reason in scopes_with_reasons)]
    lines += [f"  {scope}\n      {reason}" for scope, reason in asked]
    if ehr.untested_since:
        lines += ["", f"Not tried against this server; facts as of {ehr.untested_since}."]
    return "\n".join(lines) + "\n"
