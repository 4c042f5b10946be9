"""Public sandboxes, as far as their own documentation tells.

None of them has been tried with this app: each carries the date of the facts it rests on, and
`smartapp ehr check` reads what the server says today. The client id is your own.
"""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "smart-health-it": {
        "fhir_base": "https://launch.smarthealthit.org/v/r4/fhir",
        "auth": "public",
        "frame_ancestors": ("https://launch.smarthealthit.org",),
        "untested_since": "2026-11-22",
    },
    "meld": {
        # Formerly Logica. Each sandbox has its own path: replace SANDBOX. Its authorization server is on
        # another host: register the issuer and the endpoints that its smart-configuration names.
        "fhir_base": "https://gw.interop.community/SANDBOX/data",
        "auth": "public",
        "untested_since": "2026-11-22",
    },
    "epic": {
        "fhir_base": "https://fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4",
        "issuer": "https://fhir.epic.com/interconnect-fhir-oauth/oauth2",
        "auth": "public",
        "signing": "RS384",
        "scope_syntax": "v1",
        "untested_since": "2026-04-26",
    },
    "oracle-health": {
        # Its authorization server is authorization.cerner.com: register the issuer that its metadata names.
        "fhir_base": "https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d",
        "auth": "public",
        "untested_since": "2025-10-17",
    },
    "hapi-open": {
        "fhir_base": "https://hapi.fhir.org/baseR4",
        "open": True,
        "untested_since": "2026-11-22",
    },
}
"""Values for ``RegisteredEhr.from_dict``, without ``name`` and ``client_id``, by preset name."""


def preset(which: str, **own: Any) -> dict[str, Any]:
    """The values of a preset with your own (``name``, ``client_id``, ``tenant``, …) put in.

    Raises ValueError for a preset that does not exist, naming those that do.
    """
    if which not in PRESETS:
        raise ValueError(f"There is no preset {which!r}; there are {', '.join(sorted(PRESETS))}")
    return {**PRESETS[which], "name": which, **own}
