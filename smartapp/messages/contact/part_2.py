"""A patient's consent to the use of substance use records for care (42 CFR 2.31, 89 FR 12472). Default: there is none.

It lets such care be written about at all, in the portal that only the patient reads. It opens no channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from smartapp.messages.contact.fhir import Json, codes, coding, dicts, in_force, provisions
from smartapp.messages.contact.meanings import Meanings

# What a provision may hold and still be a consent to all of it (FHIR R4 consent.html, provision). A consent that names
# recipients, actions or single records is for a person to read.
_PLAIN = frozenset({"id", "type", "period", "purpose", "securityLabel"})


def is_part_2(consent: Json, known: Meanings) -> bool:
    """Whether a Consent is about substance use records."""
    named = [*codes(consent.get("policyRule")), *codes(consent.get("scope"))]
    named += [code for one in dicts(consent.get("category")) for code in codes(one)]
    return bool(set(named) & known.part_2)


def part_2_consent(consents: Iterable[Json], today: date, known: Meanings) -> str:
    """The reference of the Consent that permits it; empty where there is none, or any of them refuses something."""
    found = [one for one in consents if one.get("status") == "active" and is_part_2(one, known)]
    if any(_refuses(one, known) for one in found):
        return ""
    return next((f"Consent/{one.get('id')}" for one in found if _permits(one, today, known)), "")


def _refuses(consent: Json, known: Meanings) -> bool:
    if set(codes(consent.get("policyRule"))) & known.deny:
        return True
    return any(one.get("type") == "deny" for one in provisions(consent.get("provision")))


def _permits(consent: Json, today: date, known: Meanings) -> bool:
    provision = consent.get("provision")
    if "modifierExtension" in consent or not isinstance(provision, dict) or provision.get("type") != "permit":
        return False
    if any(one.get("verified") is not True for one in dicts(consent.get("verification"))):
        return False
    if not set(codes(consent.get("scope"))) & (known.scopes | known.part_2):
        return False
    purposes = {coding(one) for one in dicts(provision.get("purpose"))}
    labels = {coding(one) for one in dicts(provision.get("securityLabel"))}
    plain = provision.keys() <= _PLAIN and in_force(provision, today) and labels <= known.part_2_labels
    return plain and (not purposes or bool(purposes & known.care))
