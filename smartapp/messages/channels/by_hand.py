"""Calls and letters: staff make them, from a list of Tasks, and attest each. Nothing dials or prints by itself."""

from __future__ import annotations

from collections.abc import Callable

from smartapp.messages.outcomes import ForStaff, Refused, Result
from smartapp.messages.record import Message
from smartapp.messages.worker import Deliver

CHANNELS = ("voice", "letter")


def in_the_app(_message: Message) -> Result:
    """No EHR takes a Task: staff find the message on their page."""
    return ForStaff()


def by_hand(task: Deliver, may_leave: Callable[[Message], bool]) -> Deliver:
    """A delivery that hands a neutral text over to staff.

    ``task`` makes the Task (where the EHR takes one); ``may_leave`` is the content policy's word.
    """

    def deliver(message: Message) -> Result:
        if message.portal_only or not may_leave(message):
            return Refused("messages.portal-only")
        return task(message) if message.address else Refused("delivery.address")

    return deliver
