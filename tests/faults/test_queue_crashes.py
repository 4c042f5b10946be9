"""Processes that are killed while they work: nothing lost, nothing seen twice (P03, M08, M09, M16)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.outbox import NURSE, ledger_of, new_message
from support.portal_server import serving
from support.storage import open_storage
from support.worker_fleet import Fleet, all_sent
from support.worker_process import real_storage

from smartapp.messages.queue import MessageQueue
from smartapp.messages.states import State

COUNT = 60


def test_workers_that_die_between_send_and_commit(tmp_path: Path) -> None:
    open_storage(tmp_path)
    url = f"sqlite:///{tmp_path / 'app.db'}"
    storage = real_storage(url)
    queue = MessageQueue(ledger_of(storage))
    for number in range(COUNT):
        queue.submit(new_message(text=f"number {number}"), actor=NURSE, approve=True)
    with serving() as (portal, port):
        fleet = Fleet(url, port, size=3, dies=10)
        fleet.work_until(all_sent(queue, COUNT), within=120)
    assert fleet.problems == []
    assert fleet.deaths >= 1
    assert sorted(portal.texts) == sorted(f"number {number}" for number in range(COUNT))
    assert sum(portal.posts.values()) >= COUNT + fleet.deaths
    for message in queue.find(tenant="clinic", limit=COUNT):
        assert message.server_id == portal.created[message.id]
    assert storage.audit.verify().intact


SUBMITS = """
import sys
from support.outbox import NURSE, ledger_of, new_message
from support.worker_process import real_storage
from smartapp.messages.queue import MessageQueue
storage = real_storage(sys.argv[1])
queue = MessageQueue(ledger_of(storage))
for number in range(10_000):
    queue.submit(new_message(text=f"number {number}", idempotency_key=f"{number}"), actor=NURSE, approve=True)
    print(number, flush=True)
"""


def test_who_submits_and_is_killed_leaves_whole_decisions_only(tmp_path: Path) -> None:
    open_storage(tmp_path)
    url = f"sqlite:///{tmp_path / 'app.db'}"
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", SUBMITS, url], env=environ, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(20)]
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    storage = real_storage(url)
    queue = MessageQueue(ledger_of(storage))
    found = queue.find(tenant="clinic", limit=10_000)
    # What was reported is there; at most one more was committed and not yet reported.
    assert len(said) <= len(found) <= len(said) + 1
    assert {message.state for message in found} == {State.QUEUED}
    assert len(queue.events(tenant="clinic")) == 2 * len(found)
    verdict = storage.audit.verify()
    assert verdict.intact
    assert verdict.entries == len(found)


def test_sigterm_finishes_the_message_in_hand(tmp_path: Path) -> None:
    open_storage(tmp_path)
    url = f"sqlite:///{tmp_path / 'app.db'}"
    queue = MessageQueue(ledger_of(real_storage(url)))
    for number in range(200):
        queue.submit(new_message(text=f"number {number}"), actor=NURSE, approve=True)
    with serving() as (portal, port):
        fleet = Fleet(url, port, size=1, dies=0)
        fleet.work_until(lambda: len(portal.texts) >= 20, within=60)
    assert fleet.problems == []
    counts = queue.counts(tenant="clinic")
    assert counts[State.SENDING] == 0
    assert counts[State.SENT] == len(portal.texts) == sum(portal.posts.values())
