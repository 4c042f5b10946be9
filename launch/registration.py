"""The sheet to hand to an EHR's administrator, who registers this app there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launch.identity import ROLE_SCOPE
from launch.issuers import RegisteredEhr
from launch.launcher import LaunchSettings
from launch.scopes import Scope, Syntax, write

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
)
_ROLE = (ROLE_SCOPE, "the user's role: clinician, coordinator or administrator")


def registration_sheet(ehr: RegisteredEhr, asked: Mapping[str, Sequence[tuple[Scope, str]]], public_url: str) -> str:
    """Plain text with everything an EHR's administrator has to enter, and why.

    ``asked`` are the derived clinical scopes with the reason for each, by what they are asked for
    (``the chart view``); they are written as the EHR is registered to read them, else in v2.
    ``public_url`` is the app's origin. ValueError if that is no origin.
    """
    settings = LaunchSettings(public_url)
    app = settings.public_url
    keys = ehr.auth == "private_key_jwt" or ehr.backend_client_id is not None
    lines = [
        f"Registration of the app at {ehr.name} ({ehr.fhir_base})",
        "",
        f"Launch address           {app}/launch",
        f"Launch, population view  {app}/launch?view=population",
        f"Redirect address         {settings.redirect_uri(ehr)}",
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
    syntax: Syntax = "v2" if ehr.scope_syntax == "auto" else ehr.scope_syntax
    lines += ["", "Scopes at every sign-in, and the reason for each:"]
    lines += [f"  {word}\n      {reason}" for word, reason in (*_WHO, *_written([_ROLE], syntax))]
    for what, scopes in asked.items():
        lines += ["", f"Scopes for {what}:"]
        lines += [f"  {word}\n      {reason}" for word, reason in _written(scopes, syntax)]
    if ehr.untested_since:
        lines += ["", f"Not tried against this server; facts as of {ehr.untested_since}."]
    return "\n".join(lines) + "\n"


def _written(scopes: Sequence[tuple[Scope, str]], syntax: Syntax) -> Sequence[tuple[str, str]]:
    """Each scope as one word, with its reasons; in v1 several scopes become one word."""
    reasons: dict[str, dict[str, None]] = {}
    for scope, reason in scopes:
        (word,) = write([scope], syntax)
        reasons.setdefault(word, {})[reason] = None
    return [(word, "; ".join(found)) for word, found in reasons.items()]
