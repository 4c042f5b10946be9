"""What a token endpoint said, checked member by member before anything is made of it.

SMART App Launch 2.2.0, "Access token response", over RFC 6749, 5.1: the context in it decides
whose chart is shown, so a member that is not what it must be is refused, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from launch.errors import LaunchError, TokenRefused
from launch.fetch import Response
from launch.fhirids import is_fhir_id
from launch.urls import checked_url

LONGEST_LIFE_S = 24 * 3600
UNSTATED_LIFE_S = 3600
"""When ``expires_in`` is missing: SMART says a token should live an hour at most."""
ODD_LIFE_S = 300
"""When ``expires_in`` is there and means nothing: short, so that a refresh soon says more."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class ContextItem:
    """One entry of ``fhirContext``: a reference, a canonical address or an identifier."""

    reference: str | None
    canonical: str | None
    type: str | None
    role: str


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A successful answer. ``scope`` and ``patient`` are None where the server left them out."""

    access_token: str
    expires_at: datetime
    refresh_token: str | None
    scope: str | None
    id_token: str | None
    patient: str | None
    encounter: str | None
    fhir_context: tuple[ContextItem, ...]
    need_patient_banner: bool
    style_url: str | None
    intent: str | None


def read_token_answer(response: Response, now: datetime) -> TokenAnswer:
    """Check a token endpoint's answer.

    Raises TokenRefused for an OAuth error, FetchError for what is no JSON object, and
    LaunchError ``launch.bad-token`` or ``launch.bad-context`` for members that cannot be used.
    """
    if response.status != 200:
        raise _refusal(response)
    body = response.json_object()
    if "error" in body:
        raise TokenRefused(_error_code(body))
    kind = body.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise _bad("token", "a kind of token we cannot use")
    return TokenAnswer(
        access_token=_token(body, "access_token", required=True) or "",
        expires_at=now + timedelta(seconds=life_seconds(body.get("expires_in"))),
        refresh_token=_token(body, "refresh_token"),
        scope=_scope(body),
        id_token=_text(body.get("id_token"), 65_536, "token", "an ID token we cannot read"),
        patient=_id(body, "patient"),
        encounter=_id(body, "encounter"),
        fhir_context=_fhir_context(body.get("fhirContext")),
        need_patient_banner=body.get("need_patient_banner") is not False,
        style_url=_style_url(body.get("smart_style_url")),
        intent=_intent(body.get("intent")),
    )


def life_seconds(value: object) -> float:
    """A token's life from ``expires_in``: a positive number of seconds, also as text, at most a day."""
    if value is None:
        return UNSTATED_LIFE_S
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ODD_LIFE_S
    # Not-a-number fails the comparison, as does everything that is over already.
    return min(value, LONGEST_LIFE_S) if value > 0 else ODD_LIFE_S


def _refusal(response: Response) -> LaunchError:
    if 400 <= response.status < 500 and response.status not in (408, 429):
        return TokenRefused(_error_code(response.json_object()))
    return LaunchError("launch.token-failed", "The EHR's sign-in service failed. Please try again.", status=502)


def _error_code(body: dict[str, Any]) -> str:
    code = body.get("error")
    return code if isinstance(code, str) and _ERROR.fullmatch(code) else "unknown"


def _bad(what: str, why: str) -> LaunchError:
    return LaunchError(f"launch.bad-{what}", f"The EHR answered the sign-in with {why}.", status=502)


def _text(value: object, longest: int, what: str, why: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise _bad(what, why)
    return value


def _token(body: dict[str, Any], name: str, *, required: bool = False) -> str | None:
    value = body.get(name)
    if value is None and not required:
        return None
    # Visible ASCII only: the token becomes part of a header line.
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise _bad("token", "a token we cannot use")
    return value


def _scope(body: dict[str, Any]) -> str | None:
    return _text(body.get("scope"), 65_536, "token", "scopes we cannot read")


def _id(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not is_fhir_id(value):
        raise _bad("context", f"a {name} that is not a FHIR id")
    assert isinstance(value, str)
    return value


def _fhir_context(value: object) -> tuple[ContextItem, ...]:
    items = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            texts = {k: one[k] for k in ("reference", "canonical", "type", "role") if isinstance(one.get(k), str)}
            items.append(
                ContextItem(
                    reference=texts.get("reference"),
                    canonical=texts.get("canonical"),
                    type=texts.get("type"),
                    role=texts.get("role", "launch"),
                )
            )
    return tuple(items)


def _style_url(value: object) -> str | None:
    """The address of the EHR's colours; a wish, so an odd one is dropped."""
    try:
        return checked_url(value, "The style")
    except ValueError:
        return None


def _intent(value: object) -> str | None:
    """What the user meant to do; an unknown intent gives the default view (SMART 2.2.0)."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.:/#-]{1,128}", value) else None
