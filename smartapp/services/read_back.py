"""What became of messages after they were handed over, read back from the EHR: opened, answered, taken back, done.

A chore of the worker. The EHR is asked about many messages at once; what it does not let us ask stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from launch.jsontext import objects
from launch.ports import Clock
from smartapp.audit.logs import Safe
from smartapp.errors import AppError
from smartapp.messages.channels.inbound import Request, read_reply
from smartapp.messages.channels.opt_outs import EVERY_CHANNEL, OptOuts
from smartapp.messages.queue import MessageQueue
from smartapp.messages.queue_reader import STAFF_TASK
from smartapp.messages.record import Message
from smartapp.messages.states import State

_log = logging.getLogger(__name__)

ASKED_FOR = timedelta(days=30)
"""How long after it was sent a message is asked about."""

_EVERY = timedelta(minutes=5)
_AT_ONCE = 20
_MOST = 2000
# FHIR R4 event-status: it is not, or no longer, with the patient.
_TAKEN_BACK = frozenset({"entered-in-error", "not-done", "stopped"})
_TASK_DONE = "completed"
_TASK_REFUSED = frozenset({"rejected", "failed", "cancelled", "entered-in-error"})


class Searches(Protocol):
    """The part of an EHR's client that reading back needs."""

    def resources(self, resource_type: str, query: str) -> Sequence[dict[str, Any]] | None:
        """What a query finds; None where we may not ask, or the server does not answer it."""
        ...


class PortOf(Protocol):
    """The client of the EHR that a message belongs to; None where only people reach it."""

    def __call__(self, message: Message, /) -> Searches | None: ...


class ReadBack:
    """Asks about each message that is on its way to an answer; :meth:`look` is called now and then."""

    def __init__(self, *, queue: MessageQueue, opt_outs: OptOuts, port_for: PortOf, clock: Clock) -> None:
        self._queue = queue
        self._opt_outs = opt_outs
        self._port_for = port_for
        self._clock = clock
        self._next = datetime.min.replace(tzinfo=clock().tzinfo)

    def look(self) -> int:
        """Ask, if it is time; how many messages changed."""
        now = self._clock()
        if now < self._next:
            return 0
        self._next = now + _EVERY
        open_ones = self._queue.unanswered(since=now - ASKED_FOR, reason=STAFF_TASK, limit=_MOST)
        changed = 0
        for some in _by_ehr(open_ones):
            try:
                changed += self._look_at(some)
            except AppError as error:
                _log.warning("reading back from %s: %s", Safe(some[0].ehr), error)
        return changed

    def _look_at(self, some: Sequence[Message]) -> int:
        port = self._port_for(some[0])
        if port is None:
            return 0
        changed = 0
        for kind in ("Communication", "CommunicationRequest", "Task"):
            asked = [one for one in some if one.delivered_as == kind and one.state is not State.REPLIED]
            by_id = {one.server_id: one for one in asked if one.server_id}
            if not by_id:
                continue
            found = port.resources(kind, f"_id={','.join(map(str, by_id))}&_count={_AT_ONCE}") or ()
            for resource in found:
                message = by_id.get(str(resource.get("id")))
                if message is not None:
                    changed += self._is_told(message, resource)
        return changed + self._answers(port, [one for one in some if one.delivered_as == "Communication"])

    def _is_told(self, message: Message, resource: dict[str, Any]) -> bool:
        """What the EHR says of one message that it holds."""
        said = resource.get("status")
        status = said if isinstance(said, str) else ""
        if message.delivered_as == "Task":
            return self._task(message, resource, status)
        if status in _TAKEN_BACK:
            if message.reason == "delivery.withdrawn":
                return False
            self._queue.taken_back(message.id, tenant=message.tenant)
            return True
        received = _moment(resource.get("received"))
        if received is None or message.seen_at is not None:
            return False
        self._queue.seen(message.id, tenant=message.tenant, at=received)
        return True

    def _task(self, message: Message, resource: dict[str, Any], status: str) -> bool:
        owner = resource.get("owner")
        who = owner.get("reference") if isinstance(owner, dict) else None
        actor = who if isinstance(who, str) and who else "ehr"
        if status == _TASK_DONE:
            self._queue.attest(message.id, tenant=message.tenant, actor=actor, reason="messages.task-done")
        elif status in _TASK_REFUSED:
            self._queue.given_back(message.id, tenant=message.tenant, actor=actor)
        else:
            return False
        return True

    def _answers(self, port: Searches, some: Sequence[Message]) -> int:
        """Replies of patients to these messages; one that asks for silence is an opt-out (47 CFR 64.1200(a)(10))."""
        by_id = {f"Communication/{one.server_id}": one for one in some if one.server_id}
        if not by_id:
            return 0
        since = min(one.sent_at for one in by_id.values() if one.sent_at is not None)
        people = ",".join(sorted({one.patient for one in by_id.values()}))
        found = port.resources("Communication", f"sender={people}&sent=ge{since:%Y-%m-%d}&_count=200") or ()
        answered: set[str] = set()
        for resource in found:
            message = next((by_id[ref] for ref in _answered(resource) if ref in by_id), None)
            if message is None or _reference(resource.get("sender")) != message.patient:
                continue
            # First: whatever goes wrong after it, nobody who asked for silence is written to.
            if any(read_reply(text) is Request.STOP for text in _texts(resource)):
                self._silence(message)
            if message.state is State.SENT and message.id not in answered:
                self._queue.replied(message.id, tenant=message.tenant, actor=message.patient)
                answered.add(message.id)
        return len(answered)

    def _silence(self, message: Message) -> None:
        tenant, patient = message.tenant, message.patient
        # A reply is found again at every look.
        if not self._opt_outs.is_out(tenant=tenant, patient=patient, channel=EVERY_CHANNEL):
            self._opt_outs.add(tenant=tenant, actor=patient, source="portal", patient=patient)


def _by_ehr(messages: Iterable[Message]) -> Iterator[Sequence[Message]]:
    groups: dict[tuple[str, str], list[Message]] = {}
    for one in messages:
        groups.setdefault((one.tenant, one.ehr), []).append(one)
    for group in groups.values():
        for first in range(0, len(group), _AT_ONCE):
            yield group[first : first + _AT_ONCE]


def _answered(resource: dict[str, Any]) -> list[str]:
    """What a Communication answers, by relative reference (FHIR R4: inResponseTo; partOf where threads are kept so)."""
    named = [*objects(resource.get("inResponseTo")), *objects(resource.get("partOf"))]
    return ["/".join((_reference(one) or "").rsplit("/", 2)[-2:]) for one in named]


def _reference(value: object) -> str | None:
    found = value.get("reference") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _texts(resource: dict[str, Any]) -> list[str]:
    return [
        one["contentString"] for one in objects(resource.get("payload")) if isinstance(one.get("contentString"), str)
    ]


def _moment(value: object) -> datetime | None:
    """An aware time; a day alone, or what is no time, is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
