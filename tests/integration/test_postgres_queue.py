"""The same promises on a real PostgreSQL: migrations, the audit chain, and the queue with many workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from support.outbox import NURSE, Outbox, in_threads, ledger_of, new_message, open_outbox
from support.portal_server import serving
from support.postgres import Cluster, binaries
from support.storage import Storage, open_storage
from support.worker_fleet import Fleet, all_sent
from support.worker_process import real_storage

from launch.ports import LaunchRow
from smartapp.audit.trail import AuditError, AuditTrail
from smartapp.messages.claims import Pace
from smartapp.messages.queue import MessageQueue
from smartapp.messages.states import State
from smartapp.persistence.engine import StorageError, open_engine, reading
from smartapp.persistence.migrate import current_revision, head_revision, upgrade
from smartapp.persistence.registrations import SqlKeyStore
from smartapp.persistence.sessions import SqlSessionStore
from smartapp.persistence.tables import metadata

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = binaries()
    if folder is None:
        assert os.environ.get("CI") != "true", "CI must have PostgreSQL"
        pytest.skip("PostgreSQL's initdb is not on this machine")
    cluster = Cluster(folder)
    yield cluster
    cluster.remove()


@pytest.fixture
def url(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    return cluster.new_database(f"t{abs(hash(request.node.name))}")


@pytest.fixture
def box(url: str) -> Iterator[Outbox]:
    box = open_outbox(url)
    yield box
    box.storage.engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    engine = open_engine(url)
    in_threads(4, lambda _: upgrade(engine))
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert current_revision(engine) == head_revision()
    engine.dispose()


def test_processes_that_start_together_make_one_set_of_keys_and_one_trail(url: str) -> None:
    started: list[Storage] = []
    in_threads(6, lambda _: started.append(open_storage(url)))
    started[0].audit.record("chart.read", "success", actor="Practitioner/7", tenant="clinic")
    sealed = started[1].vault.encrypt(b"x", b"here")
    assert {one.vault.decrypt(sealed, b"here") for one in started} == {b"x"}
    assert {one.audit.verify().entries for one in started} == {1}
    for one in started:
        one.engine.dispose()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import upgrade
engine, left = open_engine(sys.argv[1]), 12
@event.listens_for(engine, "after_cursor_execute")
def count(conn, cursor, statement, *rest):
    global left
    left -= statement.strip().startswith("CREATE")
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
upgrade(engine)
"""


def test_a_migration_killed_half_way_leaves_the_old_schema(url: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, url], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    engine = open_engine(url)
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == []
    upgrade(engine)
    assert current_revision(engine) == head_revision()
    engine.dispose()


def test_sessions_are_taken_swapped_and_refreshed_by_one(url: str) -> None:
    storage = open_storage(url)
    store = SqlSessionStore(storage.engine)
    store.add_pending("state", b"sealed", NOW)
    taken: list[bytes | None] = []
    in_threads(8, lambda _: taken.append(store.take_pending("state")))
    assert taken.count(b"sealed") == 1
    row = LaunchRow("h1", "clinic", "demo", b"\x01", 1, NOW, NOW + timedelta(hours=8))
    store.add_launch(row)
    assert store.get_launch("h1") == row
    swapped: list[bool] = []
    in_threads(8, lambda n: swapped.append(store.replace_launch(replace(row, version=2, sealed=bytes([n])), 1)))
    assert swapped.count(True) == 1
    claimed: list[bool] = []
    until = NOW + timedelta(seconds=30)
    in_threads(8, lambda n: claimed.append(store.claim_refresh("h1", f"{n}", NOW, until)))
    assert claimed.count(True) == 1
    ended: list[bool] = []
    in_threads(8, lambda _: ended.append(store.end_launch("h1")))
    assert ended.count(True) == 1
    keys = SqlKeyStore(storage.engine)
    stored: list[bool] = []
    in_threads(8, lambda n: stored.append(keys.store_keys(bytes([n]), replacing=None)))
    assert stored.count(True) == 1
    storage.engine.dispose()


def test_the_audit_chain_is_one_and_is_verified_while_it_grows(url: str) -> None:
    storage = open_storage(url)
    growing, verdicts = threading.Event(), []

    def verify() -> None:
        while not growing.is_set():
            verdicts.append(storage.audit.verify())

    verifier = threading.Thread(target=verify)
    verifier.start()

    def write(number: int) -> None:
        trail = AuditTrail(storage.engine, storage.vault, storage.clock)
        for _ in range(20):
            trail.record("chart.read", "success", actor=f"Practitioner/{number}", tenant="clinic")

    in_threads(6, write)
    growing.set()
    verifier.join()
    assert all(verdict.intact for verdict in verdicts)
    assert storage.audit.verify().entries == 120
    storage.engine.dispose()


def test_equal_requests_with_one_key_make_one_message(box: Outbox) -> None:
    request = new_message(idempotency_key="once")
    made: list[str] = []
    in_threads(8, lambda _: made.append(box.queue.submit(request, actor=NURSE, approve=True).id))
    assert len(set(made)) == 1
    assert len(box.queue.find(tenant="clinic")) == 1


def test_four_workers_at_once_send_each_message_once(box: Outbox) -> None:
    messages = [box.queued(text=f"number {n}") for n in range(60)]
    in_threads(4, lambda _: [box.worker().drain()])
    assert sorted(box.portal.texts) == sorted(m.text for m in messages)
    assert box.portal.posts == 60
    assert box.storage.audit.verify().intact


def test_a_claim_passes_over_what_another_is_claiming(box: Outbox) -> None:
    one, two = box.queued(), box.queued()
    with box.claims._ledger.writing() as tx:
        first = box.claims._ledger.locked(tx, one.id)
        second = box.worker()._claims.claim(["portal"])
    assert second is not None
    assert {first.id, second.id} == {one.id, two.id}


def test_the_rate_of_a_channel_holds_over_workers_at_once(box: Outbox) -> None:
    for _ in range(10):
        box.queued()
    pace = Pace(per_minute={"portal": 60})
    box.worker(pace=pace).run_once()
    box.clock.pass_time(1)
    in_threads(4, lambda _: [box.worker(pace=pace).run_once()])
    assert len(box.portal.received) == 2


def test_processes_that_die_and_a_server_that_crashes_lose_and_double_nothing(cluster: Cluster, url: str) -> None:
    open_storage(url).engine.dispose()
    storage = real_storage(url)
    queue = MessageQueue(ledger_of(storage))
    count = 120
    for number in range(count):
        queue.submit(new_message(text=f"number {number}"), actor=NURSE, approve=True)
    crashed: list[float] = []

    def done() -> bool:
        if len(portal.texts) >= count // 2 and not crashed:
            cluster.stop("immediate")
            time.sleep(0.5)
            cluster.start()
            crashed.append(time.monotonic())
        try:
            return all_sent(queue, count)()
        except StorageError:
            return False

    with serving() as (portal, port):
        fleet = Fleet(url, port, size=4, dies=5)
        fleet.work_until(done, within=150)
    assert crashed
    assert fleet.problems == []
    assert sorted(portal.texts) == sorted(f"number {number}" for number in range(count))
    for message in queue.find(tenant="clinic", limit=count):
        assert message.state is State.SENT
        assert message.server_id == portal.created[message.id]
    assert storage.audit.verify().intact
    storage.engine.dispose()


def test_a_server_that_is_down_is_one_clear_error(cluster: Cluster, url: str, tmp_path: Path) -> None:
    storage = open_storage(url)
    cluster.stop()
    try:
        with pytest.raises(StorageError):
            SqlSessionStore(storage.engine).get_launch("h1")
        with pytest.raises(AuditError):
            storage.audit.record("chart.read", "success", actor=NURSE, tenant="clinic")
    finally:
        cluster.start()
    storage.engine.dispose()
