"""A queue on a real database, a portal that counts what it received, and a message to send."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from support.storage import SetClock, Storage, open_storage

from smartapp.messages.claims import Claims, Pace
from smartapp.messages.delivery import PortalDelivery, Posted
from smartapp.messages.ledger import Ledger
from smartapp.messages.outcomes import Allow, Check
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import Message, NewMessage
from smartapp.messages.worker import Deliver, Rhythm, Worker

SYSTEM = "https://app.invalid/messages"
NURSE = "Practitioner/7"
DOCTOR = "Practitioner/8"
_keys = itertools.count(1)


def new_message(**changes: Any) -> NewMessage:
    """A portal message that says too much for any other channel."""
    values: dict[str, Any] = {
        "tenant": "clinic",
        "ehr": "demo",
        "patient": "Patient/ada-1815",
        "purpose": "recall",
        "text": "Dear Ada, your HbA1c is due.",
        "idempotency_key": f"key-{next(_keys)}",
        "sender": NURSE,
        "measure": "CMS122",
    }
    return NewMessage(**{**values, **changes})


@dataclass
class Portal:
    """A FHIR server that keeps what is created, by identifier, and can be told to answer otherwise."""

    answers: list[Posted | Exception] = field(default_factory=list)
    kinds: tuple[str, ...] = ("Communication", "CommunicationRequest", "Task")
    refuses: Mapping[str, int] = field(default_factory=dict)
    honours_if_none_exist: bool = True
    received: list[dict[str, Any]] = field(default_factory=list)
    posts: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def supports(self, resource_type: str) -> bool:
        return resource_type in self.kinds

    def post(self, resource: Mapping[str, Any], if_none_exist: str) -> Posted:
        with self.lock:
            self.posts += 1
            kind = resource["resourceType"]
            if self.answers:
                answer = self.answers.pop(0)
                if isinstance(answer, Exception):
                    raise answer
                return answer
            if kind in self.refuses:
                return Posted(self.refuses[kind], None)
            there = self.find(kind, if_none_exist)
            if there and self.honours_if_none_exist:
                return Posted(200, there)
            self.received.append(dict(resource))
            return Posted(201, str(len(self.received)))

    def find(self, resource_type: str, query: str) -> str | None:
        system, value = unquote(query.removeprefix("identifier=")).split("|")
        for number, resource in enumerate(self.received, 1):
            same = resource["identifier"] == [{"system": system, "value": value}]
            if same and resource["resourceType"] == resource_type:
                return str(number)
        return None

    @property
    def texts(self) -> list[str]:
        return [resource["payload"][0]["contentString"] for resource in self.received]


@dataclass
class Outbox:
    storage: Storage
    portal: Portal
    queue: MessageQueue
    claims: Claims
    checks: list[Check] = field(default_factory=list)
    deliver: Deliver | None = None

    @property
    def clock(self) -> SetClock:
        return self.storage.clock

    def recheck(self, _message: Message) -> Check:
        return self.checks.pop(0) if self.checks else Allow()

    def worker(
        self,
        *,
        clock: SetClock | None = None,
        lease: float = 120,
        pace: Pace | None = None,
        chores: Sequence[Callable[[], object]] = (),
    ) -> Worker:
        """Another worker, in its own process as far as the database can tell."""
        clock = clock or self.clock
        ledger = ledger_of(self.storage, clock)
        claims = Claims(ledger, clock.monotonic, lease=lease, pace=pace)
        deliver = self.deliver or PortalDelivery(lambda _: self.portal, clock, SYSTEM)
        return Worker(
            claims,
            {"portal": deliver},
            self.recheck,
            vault=self.storage.vault,
            monotonic=clock.monotonic,
            rhythm=Rhythm(idle=0.01, tend=10, unavailable=0.05),
            chores=chores,
        )

    def queued(self, **changes: Any) -> Message:
        """A message that was approved."""
        return self.queue.submit(new_message(**changes), actor=NURSE, approve=True)

    def state(self, message: Message) -> str:
        return self.queue.get(message.id, tenant=message.tenant).state.value


def ledger_of(storage: Storage, clock: SetClock | None = None) -> Ledger:
    return Ledger(storage.engine, storage.vault, storage.audit, clock=clock or storage.clock, entropy=os.urandom)


def open_outbox(url: str | Path, *, second_person: bool = False) -> Outbox:
    storage = open_storage(url)
    ledger = ledger_of(storage)
    return Outbox(
        storage, Portal(), MessageQueue(ledger, second_person=second_person), Claims(ledger, storage.clock.monotonic)
    )


def in_threads(count: int, act: Callable[[int], None]) -> None:
    """Run ``act`` in so many threads at once; raise what any of them raised."""
    failures: list[BaseException] = []
    start = threading.Barrier(count)

    def one(number: int) -> None:
        try:
            start.wait()
            act(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file there is at the moment."""
    for file in folder.iterdir():
        with suppress(FileNotFoundError):
            yield file.name, file.read_bytes()
