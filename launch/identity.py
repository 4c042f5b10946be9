"""From a verified ID token to a member of staff with a role.

The role is never taken from the request: it comes from the practice's own list of users, else
from the EHR's PractitionerRole; a Practitioner without either is a clinician. Whose roles could not
be read may do no more than the role that may do least.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from launch.errors import FetchError, LaunchError
from launch.fetch import Fetcher
from launch.fhirids import relative_reference
from launch.issuers import RegisteredEhr, Role
from launch.jsontext import objects
from launch.scopes import Scope, permits

_DEADLINE_S = 3.0
_MAX_BYTES = 1_000_000
ROLE_SCOPE = Scope("user", "PractitionerRole", "rs")
"""Asked for at every sign-in, to tell a coordinator from a clinician."""

_STAFF = ("Practitioner", "PractitionerRole")
_ABSOLUTE = re.compile(r"https?://[^\s?#]+/(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}")

_FIRST: tuple[Role, ...] = ("clinician", "administrator", "coordinator")
"""Of several roles that the EHR states, the one that may do more here: who is a clinician too may decide as one."""

_LEAST: Role = "coordinator"
"""Whatever this role may do, a clinician may do as well."""

_PASSING = frozenset({408, 429})
"""Statuses below 500 that say nothing of what was asked for (RFC 9110, 15.5.9; RFC 6585, 4)."""

ROLE_CODES: dict[str, Role] = {
    "http://terminology.hl7.org/CodeSystem/practitioner-role|doctor": "clinician",
    "http://terminology.hl7.org/CodeSystem/practitioner-role|nurse": "clinician",
    "http://terminology.hl7.org/CodeSystem/practitioner-role|pharmacist": "clinician",
    "http://nucc.org/provider-taxonomy|171M00000X": "coordinator",  # case manager, care coordinator
}
"""Roles by PractitionerRole code, where a registration says nothing of the code."""


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in: a reference for the audit, a name for the page, a role for what is allowed.

    ``reference`` is relative (``Practitioner/12``) for a user of the EHR's own FHIR server.
    ``role_read`` is False where the EHR could not be asked for the role, so that it is the least one.
    """

    reference: str
    role: Role
    name: str | None = None
    role_read: bool = True


class Identity:
    """Finds the user and the role behind verified claims."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def user(
        self,
        ehr: RegisteredEhr,
        claims: dict[str, Any],
        access_token: str,
        granted: Iterable[Scope],
    ) -> User:
        """The member of staff who signed in.

        Reads the user's own resource and roles from the EHR's own FHIR server where that is
        allowed. Where the EHR fails instead of answering, the role is the one that may do least.
        Raises LaunchError ``launch.not-staff`` for anybody but staff.
        """
        stated = claims.get("fhirUser", claims.get("profile"))
        reference = relative_reference(stated, ehr.fhir_base) if isinstance(stated, str) else None
        listed = _listed(ehr, reference, stated, claims["sub"])
        kind = reference.partition("/")[0] if reference else _absolute_type(stated)
        if kind not in _STAFF and listed is None:
            raise LaunchError(
                "launch.not-staff",
                "This app is for the practice's staff; the EHR did not say that you are one of them.",
                status=403,
            )
        if kind in ("Patient", "RelatedPerson"):
            raise LaunchError("launch.not-staff", "This app is for the practice's staff, not for patients.", status=403)
        reader = _Reader(self._fetcher, ehr, access_token)
        resource = reader.read(reference) if reference and kind in _STAFF else {}
        role = listed or self._role(reader, reference, kind, resource, granted)
        known = resource or {}
        name = _name(known) or _plain(claims.get("name")) or _display(known)
        return User(reference or _outside(stated, claims["sub"]), role or _LEAST, name, role_read=role is not None)

    def _role(
        self,
        reader: _Reader,
        reference: str | None,
        kind: str | None,
        resource: dict[str, Any] | None,
        granted: Iterable[Scope],
    ) -> Role | None:
        """The role that the EHR states, None where that could not be read."""
        roles: list[dict[str, Any]] | None = []
        if kind == "PractitionerRole":
            roles = None if resource is None else [resource]
        elif kind == "Practitioner" and reference and permits(granted, Scope("user", "PractitionerRole", "s")):
            roles = reader.roles_of(reference)
        if roles is None:
            return None
        found = {role for one in roles if (role := reader.role_in(one)) is not None}
        return next((role for role in _FIRST if role in found), "clinician")


class _Reader:
    """Reads about one user from the EHR's own FHIR server: empty where there is nothing, None where it fails."""

    def __init__(self, fetcher: Fetcher, ehr: RegisteredEhr, access_token: str) -> None:
        self._fetcher = fetcher
        self._ehr = ehr
        self._headers = {
            "Authorization": f"Bearer {access_token}",
            "Accept": "application/fhir+json",
        }

    def read(self, reference: str) -> dict[str, Any] | None:
        resource = self._get(f"{self._ehr.fhir_base}/{reference}")
        if resource is None:
            return None
        kind, _, wanted = reference.partition("/")
        return resource if (resource.get("resourceType"), resource.get("id")) == (kind, wanted) else {}

    def roles_of(self, practitioner: str) -> list[dict[str, Any]] | None:
        bundle = self._get(f"{self._ehr.fhir_base}/PractitionerRole?practitioner={quote(practitioner, safe='')}")
        if bundle is None:
            return None
        resources = [one.get("resource") for one in objects(bundle.get("entry"))]
        return [
            one
            for one in resources
            if isinstance(one, dict)
            and one.get("resourceType") == "PractitionerRole"
            and self._is_about(one, practitioner)
        ]

    def role_in(self, resource: dict[str, Any]) -> Role | None:
        """The highest role among the codes of one active PractitionerRole."""
        if resource.get("active") is False:
            return None
        codes = {**ROLE_CODES, **self._ehr.role_codes}
        found = {
            codes.get(f"{coding.get('system')}|{coding.get('code')}")
            for concept in objects(resource.get("code"))
            for coding in objects(concept.get("coding"))
        }
        return next((role for role in _FIRST if role in found), None)

    def _is_about(self, role: dict[str, Any], practitioner: str) -> bool:
        about = role.get("practitioner")
        reference = about.get("reference") if isinstance(about, dict) else None
        return isinstance(reference, str) and relative_reference(reference, self._ehr.fhir_base) == practitioner

    def _get(self, url: str) -> dict[str, Any] | None:
        try:
            answer = self._fetcher.get(url, self._headers, deadline_s=_DEADLINE_S, max_bytes=_MAX_BYTES)
            if answer.status == 200:
                return answer.json_object()
        except FetchError:
            return None
        return None if answer.status >= 500 or answer.status in _PASSING else {}


def _listed(ehr: RegisteredEhr, reference: str | None, stated: object, subject: str) -> Role | None:
    keys = (reference, stated if isinstance(stated, str) else None, subject)
    return next((ehr.users[key] for key in keys if key is not None and key in ehr.users), None)


def _absolute_type(stated: object) -> str | None:
    match = _ABSOLUTE.fullmatch(stated) if isinstance(stated, str) and len(stated) < 1024 else None
    return match["type"] if match else None


def _outside(stated: object, subject: str) -> str:
    """How to name, for the audit, a user who is not of the EHR's own server."""
    return stated if isinstance(stated, str) and _ABSOLUTE.fullmatch(stated) else f"sub:{subject}"


def _name(resource: dict[str, Any]) -> str | None:
    for name in objects(resource.get("name")):
        if text := _plain(name.get("text")):
            return text
        given = name.get("given")
        parts = [*(given if isinstance(given, list) else []), name.get("family")]
        if text := _plain(" ".join(part for part in parts if isinstance(part, str))):
            return text
    return None


def _display(resource: dict[str, Any]) -> str | None:
    about = resource.get("practitioner")
    return _plain(about.get("display")) if isinstance(about, dict) else None


def _plain(value: object) -> str | None:
    """A name fit for a line of text: printable, at most 120 characters."""
    if not isinstance(value, str):
        return None
    text = " ".join("".join(c if c.isprintable() else " " for c in value[:240]).split())[:120]
    return text or None
