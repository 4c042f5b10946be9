"""What the last check before a send, and the send itself, can answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Allow:
    """Eligibility, consent, policy and hours still permit it: send now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now. ``until`` is when to look again; None: only when a person releases it."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Never: the gap closed, the patient died or opted out."""

    reason: str


Check = Allow | Hold | Cancel


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver took it and gave it ``server_id``, as a ``delivered_as`` (``Communication``)."""

    delivered_as: str
    server_id: str


@dataclass(frozen=True, slots=True)
class ForStaff:
    """No server takes it: a person pastes the text into the portal and attests.

    ``task_id`` is the server's id of the Task that asks them to, where it took one.
    """

    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It may work later; ``after`` is what the receiver asked to wait, in seconds."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never work as it is: somebody must look."""

    reason: str


Result = Sent | ForStaff | Retry | Refused
