"""Who made each change of a message: its events, matched with the audit entries of the same transactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from smartapp.audit.trail import AuditTrail, Entry
from smartapp.messages.claims import WORKER
from smartapp.messages.ledger import Event
from smartapp.messages.record import Message
from smartapp.messages.states import State

EHR = "ehr"
"""The actor of what the EHR told about a message."""
_TRANSACTION = timedelta(minutes=1)
"""An event's entry is the last thing in its transaction: what comes later is of something else."""
_LEADS_TO: Mapping[str, frozenset[State]] = {
    "draft": frozenset({State.DRAFT, State.FOR_REVIEW}),
    "review": frozenset({State.FOR_REVIEW}),
    "edit": frozenset({State.FOR_REVIEW}),
    "approve": frozenset({State.DRAFT, State.QUEUED}),
    "hold": frozenset({State.HELD}),
    "release": frozenset({State.QUEUED}),
    "cancel": frozenset({State.CANCELLED}),
    "attest": frozenset({State.SENT}),
    "reply": frozenset({State.REPLIED}),
    "call": frozenset({State.HELD}),
    "call-undone": frozenset({State.HELD}),
}
"""What people do to a message, and where it is after that."""


def actors_of(message: Message, events: Sequence[Event], audit: AuditTrail) -> list[str]:
    """The actor of each event, as the audit trail has it; empty where it does not tell."""
    entries = audit.entries(tenant=message.tenant, patient=message.patient, since=message.created_at)
    return matched(events, [one for one in entries if one.detail.get("message") == message.id])


def matched(events: Iterable[Event], entries: Sequence[Entry]) -> list[str]:
    """The actor of each event, by the entries about its message, the oldest first."""
    return [_actor(event, entries) for event in events]


def _actor(event: Event, entries: Sequence[Entry]) -> str:
    if event.after is State.SENDING or event.reason == "messages.due":
        return WORKER  # which takes a message, and looks at one again, without a decision to be recorded
    fitting = (one for one in entries if event.at <= one.at < event.at + _TRANSACTION and _fits(one, event))
    return next((one.actor for one in fitting), "")


def _fits(entry: Entry, event: Event) -> bool:
    area, _, action = entry.action.partition(".")
    if area != "message":
        return False
    if action in _LEADS_TO:
        return event.after in _LEADS_TO[action]
    return entry.actor in (WORKER, EHR) and action != "recheck"
