"""Public sandboxes, as far as their own documentation tells.

None of them has been tried with this app: each is marked with the date of the facts it rests on,
and `smartapp ehr check` reads what the server says today. The client id is your own.
"""

from __future__ import annotations

from typing import Any

FACTS_AS_OF = "2026-11-22"

PRESETS: dict[str, dict[str, Any]] = {
    "smart-health-it": {
        "fhir_base": "https://launch.smarthealthit.org/v/r4/fhir",
        "auth": "public",
        "frame_ancestors": ("https://launch.smarthealthit.org",),
    },
    "meld": {
        # Each sandbox has a name of its own in the path: replace SANDBOX. (Formerly Logica.)
        "fhir_base": "https://gw.interop.community/SANDBOX/data",
        "issuer": "https://auth.interop.community/",
        "auth": "public",
        "endpoints": {
            "authorization": "https://auth.interop.community/authorize",
            "token": "https://auth.interop.community/token",
            "jwks": "https://auth.interop.community/jwk",
        },
        "scope_syntax": "v1",
    },
    "epic": {
        "fhir_base": "https://fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4",
        "issuer": "https://fhir.epic.com/interconnect-fhir-oauth/oauth2",
        "auth": "public",
        "signing": "RS384",
        "scope_syntax": "v1",
    },
    "oracle-health": {
        "fhir_base": "https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d",
        "issuer": "https://authorization.cerner.com/tenants/ec2458f2-1e24-41c8-b71b-0e701af7583d"
        "/oidc/idsps/ec2458f2-1e24-41c8-b71b-0e701af7583d/",
        "auth": "public",
    },
    "hapi-open": {
        "fhir_base": "https://hapi.fhir.org/baseR4",
        "open": True,
    },
}
"""Values for ``RegisteredEhr.from_dict``, without ``name`` and ``client_id``, by preset name."""


def preset(which: str, **own: Any) -> dict[str, Any]:
    """The values of a preset with your own (``name``, ``client_id``, ``tenant``, …) put in.

    Raises ValueError for a preset that does not exist, naming those that do.
    """
    if which not in PRESETS:
        raise ValueError(f"There is no preset {which!r}; there are {', '.join(sorted(PRESETS))}")
    return {**PRESETS[which], "name": which, "untested_since": FACTS_AS_OF, **own}
