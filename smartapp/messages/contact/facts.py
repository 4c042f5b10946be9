"""What is on file of how a patient may be reached. What was not read is unknown, never permitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from smartapp.messages.policy import Channel

Known = Literal["complete", "refused", "failed", "cut", "not-asked"]
"""How much of a kind of record was read. ``not-asked``: nobody has asked the EHR for it yet."""

_UNREAD: Mapping[Known, str] = {
    "complete": "nothing is on file",
    "refused": "the EHR did not permit reading consents",
    "failed": "the EHR's consents could not be read",
    "cut": "the EHR's consents were not read to their end",
    "not-asked": "the EHR's consents were not asked for",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What one record says of one channel. ``source`` is its reference, ``since`` the day it was made (ISO)."""

    channel: Channel
    says: Literal["permit", "deny"]
    source: str
    since: str = ""

    @property
    def told(self) -> str:
        """Where it stands, for the staff's page: ``Consent/1 of 2026-05-03``."""
        return f"{self.source} of {self.since}" if self.since else self.source


@dataclass(frozen=True, slots=True)
class Contact:
    """A patient's addresses, wishes and consents.

    ``addresses`` are the patient's own: one that a related person has too is left out. ``preference`` is what the
    patient documented, by the rank of a telecom. ``no_outreach``, ``confidential_by``, ``marketing_by`` and
    ``part_2_by`` (consent under 42 CFR 2.31 to the use of substance use records for care) name the record that says so;
    ``confidential`` are the only channels then. ``proxies`` are references of people who may read what is in the
    portal. ``state`` is the postal code of the one state the patient lives in.
    """

    addresses: Mapping[Channel, str] = field(default_factory=dict)
    preference: Channel | None = None
    state: str | None = None
    statements: tuple[Statement, ...] = ()
    no_outreach: str = ""
    confidential: tuple[Channel, ...] | None = None
    confidential_by: str = ""
    marketing_by: str = ""
    part_2_by: str = ""
    proxies: tuple[str, ...] = ()
    consents_read: Known = "not-asked"
    proxies_read: Known = "not-asked"

    def consent(self, channel: Channel) -> Literal["given", "refused", "unknown"]:
        """Whether the patient agreed to a channel. A refusal outweighs every permission, whatever their dates."""
        said = {one.says for one in self.statements if one.channel == channel}
        if "deny" in said:
            return "refused"
        return "given" if "permit" in said and self.consents_read == "complete" else "unknown"

    def source(self, channel: Channel) -> str:
        """What the answer of :meth:`consent` rests on, in words."""
        decisive = "deny" if self.consent(channel) == "refused" else "permit"
        found = [one.told for one in self.statements if one.channel == channel and one.says == decisive]
        if found and self.consent(channel) != "unknown":
            return found[0]
        return _UNREAD[self.consents_read]

    @property
    def untold(self) -> str:
        """Why an opt-out that is on file in the EHR could be missed, in words; empty where all consents were read."""
        return "" if self.consents_read == "complete" else _UNREAD[self.consents_read]

    @property
    def others_may_read(self) -> bool:
        """Whether somebody else may read along in the portal; what was asked for and not answered counts as yes."""
        return bool(self.proxies) or self.proxies_read in ("refused", "failed", "cut")


NOTHING_READ = Contact()
"""Nothing is known of how somebody may be reached."""
