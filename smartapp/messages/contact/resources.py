"""Contact facts from Patient, Consent and RelatedPerson (FHIR R4).

Tolerant of what is missing, strict in what it permits: a Consent that is not plainly in force, for this purpose and
without conditions permits nothing; one that refuses is heard however it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from smartapp.messages.contact.facts import Contact, Known, Statement
from smartapp.messages.contact.fhir import Json, codes, coding, dicts, in_force, provisions
from smartapp.messages.contact.meanings import Code, Meanings, Says, built_in_meanings
from smartapp.messages.contact.part_2 import is_part_2, part_2_consent
from smartapp.messages.policy import ALL_CHANNELS, Channel

_BY_SYSTEM: Mapping[str, Channel] = {"sms": "sms", "phone": "voice", "email": "email"}
_OUTSIDE = tuple(one for one in ALL_CHANNELS if one != "portal")
_UNRANKED = 10**9
# Elements of a provision that permit less than the whole (FHIR R4 consent.html, provision).
_CONDITIONS = ("actor", "action", "securityLabel", "class", "dataPeriod", "data", "provision")


def contact_from_resources(
    resources: Iterable[Json],
    *,
    today: date,
    consents_read: Known = "not-asked",
    proxies_read: Known = "not-asked",
    meanings: Meanings | None = None,
) -> Contact:
    """One patient's contact facts; the resources must be this patient's own.

    ``today`` decides which addresses and provisions are in force. Raises nothing for malformed resources.
    """
    known = meanings or built_in_meanings()
    by_type: dict[str, list[Json]] = {}
    for resource in resources:
        by_type.setdefault(str(resource.get("resourceType")), []).append(resource)
    patient = next(iter(by_type.get("Patient", [])), {})
    related = [one for one in by_type.get("RelatedPerson", []) if one.get("active") is not False]
    shared = {_plain(one["value"]) for person in related for one in _telecoms(person, today)}
    ranked = _telecoms(patient, today)
    own = [one for one in ranked if _plain(one["value"]) not in shared]
    consents = by_type.get("Consent", [])
    said = _Consents(consents, today, known)
    addresses = _addresses(own)
    homes = [one for one in dicts(patient.get("address")) if one.get("use") != "old" and in_force(one, today)]
    if letter := _letter(homes):
        addresses["letter"] = letter
    return Contact(
        addresses=addresses,
        preference=_preference(ranked),
        state=_state(homes),
        statements=tuple(said.statements),
        no_outreach=said.no_outreach,
        confidential=None if said.confidential is None else tuple(sorted(said.confidential, key=ALL_CHANNELS.index)),
        confidential_by=said.confidential_by,
        marketing_by=said.marketing_by,
        part_2_by=part_2_consent(consents, today, known) if consents_read == "complete" else "",
        proxies=tuple(f"RelatedPerson/{one.get('id')}" for one in related if _is_proxy(one, today, known)),
        consents_read=consents_read,
        proxies_read=proxies_read,
    )


class _Consents:
    """What a patient's consents say together."""

    def __init__(self, consents: Iterable[Json], today: date, known: Meanings) -> None:
        self.statements: list[Statement] = []
        self.no_outreach = ""
        self.confidential: set[Channel] | None = None
        self.confidential_by = ""
        self.marketing_by = ""
        self._today = today
        self._known = known
        heard = known.scopes | known.part_2
        for consent in consents:
            if consent.get("status") == "active" and set(codes(consent.get("scope"))) & heard:
                self._take(consent)

    def _take(self, consent: Json) -> None:
        known, source = self._known, f"Consent/{consent.get('id')}"
        since = str(consent.get("dateTime") or "")[:10]
        policy = set(codes(consent.get("policyRule")))
        # A consent to the use of substance use records welcomes no channel.
        whole = "modifierExtension" not in consent and not is_part_2(consent, known)
        parts = list(provisions(consent.get("provision")))
        categories = [code for one in dicts(consent.get("category")) for code in codes(one)]
        if not parts and policy & known.deny and not any(code in known.channels for code in categories):
            self.no_outreach = f"{source} of {since}" if since else source
            return
        by_policy: Says | None = "deny" if policy & known.deny else "permit" if policy & known.permit else None
        for provision in parts or [{}]:
            named = [code for one in dicts(provision.get("code")) for code in codes(one)]
            named += categories
            says: Says | None = provision["type"] if provision.get("type") in ("permit", "deny") else by_policy
            purposes = {coding(one) for one in dicts(provision.get("purpose"))}
            plain = whole and in_force(provision, self._today) and not any(name in provision for name in _CONDITIONS)
            if plain and says == "permit" and purposes & known.marketing:
                self.marketing_by = source
            plain = plain and (not purposes or bool(purposes & known.care))
            if says == "deny" and not any(code in known.channels for code in named):
                if not purposes or purposes & known.care:
                    # It refuses something in a code that nobody has mapped: whatever could leave the portal.
                    self.statements += [Statement(one, "deny", source, since) for one in _OUTSIDE]
                continue
            for code in named:
                self._say(code, says, source, since, plain=plain, only=bool(policy & known.confidential))

    def _say(self, code: Code, says: Says | None, source: str, since: str, *, plain: bool, only: bool) -> None:
        meant = self._known.channels.get(code)
        if meant is None:
            return
        decided = meant.says or says
        for channel in meant.channels:
            if decided == "deny":
                self.statements.append(Statement(channel, "deny", source, since))
            elif only:
                # A request for confidential communication names the ways that are left; it welcomes none of them.
                self.confidential = (self.confidential or set()) | {channel}
                self.confidential_by = source
            elif decided == "permit" and plain:
                self.statements.append(Statement(channel, "permit", source, since))


def _is_proxy(person: Json, today: date, known: Meanings) -> bool:
    if not in_force(person, today):
        return False
    named = {code for one in dicts(person.get("relationship")) for code in codes(one)}
    return not named or not named <= known.not_proxies


def _telecoms(resource: Json, today: date) -> list[dict[str, Any]]:
    """The contact points in force, the preferred first (FHIR R4 datatypes.html#ContactPoint: rank 1 is highest)."""
    found = [
        one
        for one in dicts(resource.get("telecom"))
        if one.get("system") in _BY_SYSTEM
        and isinstance(one.get("value"), str)
        and one["value"].strip()
        and one.get("use") != "old"
        and in_force(one, today)
    ]
    return sorted(found, key=_rank)


def _rank(telecom: Json) -> int:
    rank = telecom.get("rank")
    return rank if type(rank) is int and rank > 0 else _UNRANKED


def _preference(ranked: list[dict[str, Any]]) -> Channel | None:
    """The channel of the highest rank; None where nothing is ranked, or two channels equally."""
    first = [one for one in ranked if _rank(one) == _rank(ranked[0]) < _UNRANKED]
    channels = {_BY_SYSTEM[one["system"]] for one in first}
    return channels.pop() if len(channels) == 1 else None


def _addresses(own: list[dict[str, Any]]) -> dict[Channel, str]:
    found: dict[Channel, str] = {}
    for one in own:
        found.setdefault(_BY_SYSTEM[one["system"]], one["value"].strip())
    mobile = next((one["value"].strip() for one in own if (one["system"], one.get("use")) == ("phone", "mobile")), None)
    if mobile is not None:
        found.setdefault("sms", mobile)
    return found


def _letter(homes: list[dict[str, Any]]) -> str:
    for home in homes:
        lines = [line for line in home.get("line") or [] if isinstance(line, str)]
        parts = [*lines, home.get("city"), " ".join(str(home.get(k) or "") for k in ("state", "postalCode")).strip()]
        if lines and home.get("city"):
            return ", ".join(str(part) for part in parts if part)
    return ""


def _state(homes: list[dict[str, Any]]) -> str | None:
    """The one state somebody lives in; None where it is not known, or there are several."""
    states = {str(one.get("state")).upper() for one in homes if one.get("state")}
    one = states.pop() if len(states) == 1 else ""
    return one if re.fullmatch("[A-Z]{2}", one) else None


def _plain(value: str) -> str:
    """An address as it is compared: digits of a number, the lower case of a mailbox."""
    if "@" in value:
        return value.strip().casefold()
    digits = re.sub(r"\D", "", value)
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
