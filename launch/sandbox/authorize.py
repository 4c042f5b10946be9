"""The authorization request, checked, and what becomes of it (SMART App Launch 2.2; RFC 6749, 7636, 9207)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from .clients import Client
from .ehr import Ehr
from .scopes import CONTEXT, narrower, offer, parse
from .search_params import DIRECTORY
from .staff import STAFF

_CHALLENGE = re.compile(r"^[A-Za-z0-9\-_]{43}$")
PENDING_SECONDS = 600
_KINDS = {
    "*": "all records",
    "AllergyIntolerance": "allergies",
    "CarePlan": "care plans",
    "Condition": "problems and diagnoses",
    "Coverage": "insurance",
    "Encounter": "visits",
    "FamilyMemberHistory": "family history",
    "MedicationRequest": "medications",
    "Observation": "results and measurements",
    "Patient": "name, birth date and contacts",
    "PractitionerRole": "the roles of the staff",
    "Practitioner": "the names of the staff",
    "QuestionnaireResponse": "answers to questionnaires",
    "RelatedPerson": "relatives and proxies",
    "ServiceRequest": "orders",
}


class NoRedirect(Exception):
    """The client or its redirect URI cannot be trusted: the error is shown here, never sent on (RFC 6749, 4.1.2.1)."""


class Refused(Exception):
    """The request is refused, and the client is told so at its redirect URI."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


def client_of(ehr: Ehr, form: Mapping[str, str]) -> Client:
    """The client and proof that its redirect URI is one it registered, compared as exact text."""
    client = ehr.clients.get(form.get("client_id"))
    if client is None:
        raise NoRedirect("The app is not registered here.")
    if form.get("redirect_uri") not in client.redirect_uris:
        raise NoRedirect("The app asked to be answered at an address that it has not registered.")
    return client


def check(ehr: Ehr, client: Client, form: Mapping[str, str], session: str | None) -> dict[str, Any]:
    """The authorization that is now under way. Raises Refused.

    ``session`` is the login name of who is signed in at the EHR in this browser, if anybody.
    """
    if "authorization_code" not in client.grants:
        raise Refused("unauthorized_client", "The app is not registered for this flow.")
    if form.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type must be code.")
    if not form.get("state"):
        raise Refused("invalid_request", "state is missing.")
    if form.get("code_challenge_method") != "S256" or not _CHALLENGE.match(form.get("code_challenge", "")):
        raise Refused("invalid_request", "PKCE with S256 is required.")
    if form.get("aud") != ehr.settings.fhir_base:
        raise Refused("invalid_request", "aud must be the FHIR base URL of this server.")
    offered = offer(form.get("scope", "").split(), client.scope.split(), v2=ehr.settings.scopes_v2)
    pending: dict[str, Any] = {
        "client": client.client_id,
        "redirect_uri": form["redirect_uri"],
        "state": form["state"],
        "challenge": form["code_challenge"],
        "nonce": form.get("nonce"),
        "offered": offered,
        "user": session,
        "need_patient_banner": True,
        "ask": True,
    }
    if form.get("launch"):
        pending |= _launched(ehr, client, form["launch"], offered, session)
    elif "launch" in offered:
        raise Refused("invalid_request", "The scope launch needs the launch parameter.")
    if not pending["offered"]:
        raise Refused("invalid_scope", "None of the scopes is open to this app.")
    return pending


def _launched(ehr: Ehr, client: Client, handle: str, offered: list[str], session: str | None) -> dict[str, Any]:
    if "launch" not in offered:
        raise Refused("invalid_scope", "A launch from the EHR needs the scope launch.")
    launch, first = ehr.tickets.take("launch", handle)
    if launch is None or not first or launch["client"] != client.client_id:
        raise Refused("invalid_request", "The launch is unknown, used or too old.")
    if session is not None and session != launch["user"]:
        raise Refused("access_denied", "Somebody else is signed in at the EHR in this browser.")
    found = {name: launch.get(name) for name in ("patient", "encounter", "intent", "fhirContext", "session")}
    if launch["patient"] is None and "launch/patient" not in offered:
        # A population launch: there is no patient, so what needs one is not granted.
        found["offered"] = [text for text in offered if not text.startswith("patient/")]
    return {
        **found,
        "user": launch["user"],
        "need_patient_banner": False,
        "ask": launch["ask"] or ehr.settings.always_ask,
    }


def needs_patient(pending: Mapping[str, Any]) -> bool:
    """Whether somebody still has to pick a patient."""
    wanted = any(text == "launch/patient" or text.startswith("patient/") for text in pending["offered"])
    return wanted and not pending.get("patient")


def choices(offered: Iterable[str]) -> list[dict[str, Any]]:
    """The consent page's rows: each scope with its words and the narrower scopes that may be granted instead."""
    return [
        {"scope": text, "label": describe(text), "narrower": narrower(text)} for text in offered if text not in CONTEXT
    ]


def decide(offered: list[str], ticked: Iterable[str]) -> list[str]:
    """What is granted of what was offered, by what a person ticked; a narrower scope counts without its wider one."""
    ticked = set(ticked)
    granted: list[str] = []
    for text in offered:
        if text in CONTEXT or text in ticked:
            granted.append(text)
        else:
            granted.extend(narrow for _, narrow in narrower(text) if narrow in ticked)
    return granted


def describe(text: str) -> str:
    """A scope in words."""
    plain = {
        "openid": "Know who you are",
        "fhirUser": "Read your own entry in the staff directory",
        "profile": "Know your name",
        "offline_access": "Keep access after you sign out",
        "online_access": "Keep access while you are signed in",
    }
    scope = parse(text)
    if scope is None:
        return plain.get(text, text)
    verbs = {"c": "create", "r": "read", "u": "change", "d": "delete", "s": "search"}
    doing = [verbs[operation] for operation in scope.operations]
    words = " and ".join([", ".join(doing[:-1]), doing[-1]] if doing[1:] else doing)
    kind = _KINDS.get(scope.resource_type) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", scope.resource_type).lower() + "s"
    whose = {"patient": "of this patient", "user": "of everybody you may see", "system": "of the practice"}[scope.level]
    if scope.resource_type in DIRECTORY:
        whose = "of the practice"
    only = ", ".join(f"{name} {value.rpartition('|')[2]}" for name, value in scope.query)
    return f"{words.capitalize()} {kind} {whose}" + (f" ({only} only)" if only else "")


def code_url(ehr: Ehr, pending: Mapping[str, Any], granted: list[str]) -> str:
    """Open the grant, and the address that hands the code over."""
    member = STAFF[pending["user"]]
    in_context = any(text in CONTEXT or text.startswith("patient/") for text in granted)
    body: dict[str, Any] = {
        "user": f"Practitioner/{member.practitioner}",
        "user_name": member.name,
        "need_patient_banner": pending["need_patient_banner"],
        "session": pending.get("session") if "offline_access" not in granted else None,
    }
    if in_context and pending.get("patient"):
        body |= {name: pending.get(name) for name in ("patient", "encounter", "intent", "fhirContext")}
    elif in_context:
        body["intent"] = pending.get("intent")
    code = ehr.tickets.issue(
        "code",
        {
            **{name: pending[name] for name in ("client", "redirect_uri", "challenge", "nonce")},
            "scope": " ".join(granted),
            "grant": ehr.grants.open(pending["client"], body),
            "body": body,
        },
        ehr.settings.code_seconds,
    )
    return answer_url(ehr, pending["redirect_uri"], {"code": code, "state": pending["state"]})


def answer_url(ehr: Ehr, redirect_uri: str, parameters: Mapping[str, str]) -> str:
    """The redirect URI with the answer and the issuer (RFC 9207)."""
    joint = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{joint}{urlencode({**parameters, 'iss': ehr.settings.issuer})}"
