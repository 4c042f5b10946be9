"""A worker in a process of its own, which may kill itself where it hurts most.

Arguments: database address, portal's port, chance in percent to die right after the portal took a message
(before that is committed). Runs until SIGTERM.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from support.outbox import SYSTEM, ledger_of
from support.portal_server import HttpPort
from support.storage import SECRET, Storage

from smartapp.audit.trail import AuditTrail
from smartapp.messages.claims import Claims, Pace
from smartapp.messages.delivery import PortalDelivery
from smartapp.messages.outcomes import Allow, Result
from smartapp.messages.record import Message
from smartapp.messages.worker import Rhythm, Worker, run_until_signalled
from smartapp.persistence.engine import open_engine
from smartapp.persistence.vault import DatabaseVault, master_key


class RealClock:
    """The machine's own time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def real_storage(url: str) -> Storage:
    """The database as another process sees it, under the machine's clock."""
    clock = RealClock()
    engine = open_engine(url)
    vault = DatabaseVault(engine, [master_key(SECRET)], entropy=os.urandom, clock=clock, monotonic=clock.monotonic)
    return Storage(engine, vault, AuditTrail(engine, vault, clock), clock)  # type: ignore[arg-type]


def dying(deliver: Callable[[Message], Result], percent: int) -> Callable[[Message], Result]:
    """``deliver``, and sometimes the end of the process before anybody hears of it."""

    def act(message: Message) -> Result:
        result = deliver(message)
        if random.randrange(100) < percent:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return act


def main(url: str, port: str, percent: str) -> None:
    """Work until told to stop."""
    storage = real_storage(url)
    clock = storage.clock
    claims = Claims(ledger_of(storage), clock.monotonic, lease=1.5, pace=Pace(attempts=50, first_delay=0.1))
    deliver = PortalDelivery(lambda _: client, clock, SYSTEM)
    client = HttpPort(int(port))
    worker = Worker(
        claims,
        {"portal": dying(deliver, int(percent))},
        lambda _: Allow(),
        vault=storage.vault,
        monotonic=clock.monotonic,
        rhythm=Rhythm(idle=0.05, tend=0.2, unavailable=0.1),
    )
    run_until_signalled(worker)


if __name__ == "__main__":
    main(*sys.argv[1:])
