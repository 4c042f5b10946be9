"""``smartapp bench --queue``: messages through the queue, with workers in processes of their own, nothing simulated
but the portal and the chart.

Counted is what the portal took: every message once, none missing. Charts are not read again before a send: that is
the EHR's time, and is measured with it.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from smartapp.audit.trail import AuditTrail
from smartapp.errors import AppError, ConfigurationError
from smartapp.messages.claims import Claims
from smartapp.messages.delivery import PortalDelivery, Posted
from smartapp.messages.ledger import Ledger
from smartapp.messages.outcomes import Allow
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import NewMessage
from smartapp.messages.states import State
from smartapp.messages.worker import Rhythm, Worker, run_until_signalled
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import current_revision, upgrade
from smartapp.persistence.vault import DatabaseVault, master_key

_TENANT, _SYSTEM, _ACTOR = "bench", "https://app.invalid/messages", "Practitioner/bench"
_TOGETHER = 200
_SECRET = "SMARTAPP_BENCH_SECRET"  # noqa: S105 - the name of the variable that hands it to the workers
_LONGEST_S = 3600.0

Figures = dict[str, Any]


def run(count: int, workers: int, database: str, say: Callable[[str], None]) -> Figures:
    """Queue so many messages, send them with so many workers, count what arrived.

    ``database`` is the address of an empty database, or empty for a SQLite file of its own. Raises
    :class:`ConfigurationError` for one that is in use, and :class:`AppError` where messages stay behind.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = database or f"sqlite:///{Path(folder) / 'bench.db'}"
        engine = open_engine(url)
        if current_revision(engine) is not None:
            raise ConfigurationError("bench.in-use", "The database for --queue must be empty.")
        upgrade(engine)
        engine.dispose()
        secret = os.urandom(32).hex()
        ledger = _ledger(url, secret)
        queue = MessageQueue(ledger)
        say(f"queue: {count:,} messages, approved")
        queued = _fill(queue, count)
        say(f"queue: sending, {workers} workers")
        with _portal() as (portal, port):
            command = [sys.executable, "-m", "smartapp.messages.bench", url, str(port)]
            sent = _send(queue, portal, command, secret, count=count, workers=workers)
        say("queue: verifying the audit trail")
        began = time.monotonic()
        verdict = ledger.audit.verify()
        counts = queue.counts(tenant=_TENANT)
        return {
            "messages": count,
            "workers": workers,
            "database": open_engine(url).dialect.name,
            "queued_per_second": round(count / queued, 1),
            "sent_per_second": round(count / sent, 1),
            "lost": count - len(portal),
            "twice": sum(number - 1 for number in portal.values()),
            "not_sent": count - counts[State.SENT],
            "audit_entries": verdict.entries,
            "audit_intact": verdict.intact,
            "audit_verified_per_second": round(verdict.entries / (time.monotonic() - began), 1),
        }


def _now() -> datetime:
    return datetime.now(UTC)


def _ledger(url: str, secret: str) -> Ledger:
    engine = open_engine(url)
    vault = DatabaseVault(engine, [master_key(secret)], entropy=os.urandom, clock=_now, monotonic=time.monotonic)
    vault.prepare()
    audit = AuditTrail(engine, vault, _now)
    audit.prepare()
    return Ledger(engine, vault, audit, clock=_now, entropy=os.urandom)


def _message(number: int) -> NewMessage:
    return NewMessage(
        tenant=_TENANT,
        ehr="bench",
        patient=f"Patient/{number}",
        purpose="recall",
        text=f"Please call us about your next visit ({number}).",
        idempotency_key=str(number),
    )


def _fill(queue: MessageQueue, count: int) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    for first in range(0, count, _TOGETHER):
        numbers = range(first, min(first + _TOGETHER, count))
        queue.submit_all([_message(number) for number in numbers], actor=_ACTOR, approve=True)
    return time.monotonic() - began


def _send(
    queue: MessageQueue, portal: Counter[str], command: Sequence[str], secret: str, *, count: int, workers: int
) -> float:
    """Seconds from the first message that arrived to the last one that is written down as sent."""
    processes = [subprocess.Popen(command, env={**os.environ, _SECRET: secret}) for _ in range(workers)]  # noqa: S603
    try:
        waiting, began = time.monotonic(), None
        # The rows are counted only at the end: to count them all the time would be what is measured.
        while len(portal) < count or queue.counts(tenant=_TENANT)[State.SENT] < count:
            began = began or (time.monotonic() if portal else None)
            if time.monotonic() - waiting > _LONGEST_S or all(one.poll() is not None for one in processes):
                raise AppError("bench.unfinished", "The workers ended, or took too long: messages are left.")
            time.sleep(0.2)
        return time.monotonic() - (began or waiting)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


@contextmanager
def _portal() -> Iterator[tuple[Counter[str], int]]:
    """How often each message came, by its identifier, and the port."""
    taken: Counter[str] = Counter()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                taken[body["identifier"][0]["value"]] += 1
            self.send_response(201)
            self.send_header("Location", f"/Communication/{body['identifier'][0]['value']}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield taken, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Port:
    """The client of that portal."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def supports(self, resource_type: str) -> bool:
        return resource_type == "Communication"

    def find(self, resource_type: str, query: str) -> str | None:
        return None

    def post(self, resource: Mapping[str, Any], if_none_exist: str) -> Posted:
        headers = {"If-None-Exist": if_none_exist, "Content-Type": "application/fhir+json"}
        try:
            self._connection.request("POST", "/Communication", json.dumps(resource), headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise AppError("bench.portal", "The portal could not be reached.") from None
        return Posted(answer.status, (answer.headers["Location"] or "").rpartition("/")[2])


def work(url: str, port: int, secret: str) -> None:
    """One worker, until it is told to stop."""
    ledger = _ledger(url, secret)
    client = _Port(port)
    worker = Worker(
        Claims(ledger, time.monotonic),
        {"portal": PortalDelivery(lambda _: client, _now, _SYSTEM)},
        lambda _: Allow(),
        vault=ledger.vault,
        monotonic=time.monotonic,
        rhythm=Rhythm(idle=0.05, most=32),
    )
    run_until_signalled(worker)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), os.environ[_SECRET])
