"""The database: migrations, both kinds of transaction, and what a reader of its files can see."""

from __future__ import annotations

import base64
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, inspect, select
from sqlalchemy.exc import StatementError
from support.storage import open_storage

from launch.ports import LaunchRow
from smartapp.errors import AppError, ConfigurationError
from smartapp.persistence.charts import ChartStore
from smartapp.persistence.engine import StorageError, open_engine, reading, writing
from smartapp.persistence.migrate import current_revision, head_revision, upgrade
from smartapp.persistence.sessions import SqlSessionStore
from smartapp.persistence.tables import metadata, opt_out

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def test_the_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'app.db'}")
    upgrade(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert current_revision(engine) == head_revision()


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'app.db'}")
    upgrade(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(AppError, match=r"later version") as refused:
        upgrade(engine)
    assert refused.value.code == "persistence.newer"
    assert current_revision(engine) == "9999"


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_text("The patients of last year, in no order. " * 30)
    engine = open_engine(f"sqlite:///{tmp_path / 'app.db'}")
    for transaction in (reading, writing):
        with pytest.raises(StorageError) as refused, transaction(engine):
            pass
        assert refused.value.code == "persistence.damaged"


def test_a_server_whose_connections_are_all_in_use_is_one_clear_error(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    engine = create_engine(storage.engine.url, pool_size=1, max_overflow=0, pool_timeout=0)
    with reading(engine), pytest.raises(StorageError), reading(engine):
        pass
    engine.dispose()


UPGRADES = """
import sys
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import upgrade
engine = open_engine(sys.argv[1])
sys.stdin.readline()  # both have started
upgrade(engine)
"""


def test_two_processes_may_upgrade_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UPGRADES, f"sqlite:///{tmp_path / 'app.db'}"]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    for process in processes:
        process.wait(timeout=60)
    assert [process.returncode for process in processes] == [0, 0]
    assert current_revision(open_engine(f"sqlite:///{tmp_path / 'app.db'}")) == head_revision()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import upgrade
engine, left = open_engine(sys.argv[1]), int(sys.argv[2])
@event.listens_for(engine, "after_cursor_execute")
def count(conn, cursor, statement, *rest):
    global left
    left -= statement.startswith(("CREATE", "\\nCREATE", "INSERT"))
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
upgrade(engine)
"""
OLD_ROW = (
    "INSERT INTO message (id, tenant, ehr, patient_key, idempotency_key, request_digest, state, channel, purpose,"
    " language, portal_only, sealed, version, created_at, updated_at, attempts) VALUES ('m1', 't', 'e', 'p', 'k', 'd',"
    " 'queued', 'portal', 'recall', 'en', 1, x'01', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 0)"
)


def test_old_data_is_kept_whether_or_not_the_migration_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    engine = open_engine(url)
    upgrade(engine, "0001")
    with writing(engine) as connection:
        connection.exec_driver_sql(OLD_ROW)
    killed = KILLED.replace('("CREATE", "\\nCREATE", "INSERT")', '"ALTER"')
    done = subprocess.run([sys.executable, "-c", killed, url, "1"], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert current_revision(engine) == "0001"
    with reading(engine) as connection:
        assert "address_key" not in {column["name"] for column in inspect(connection).get_columns("message")}
    upgrade(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT id, state, address_key FROM message").all() == [
            ("m1", "queued", None)
        ]
    assert current_revision(engine) == head_revision()


@pytest.mark.parametrize("after", [1, 12, 25])
def test_a_migration_killed_half_way_leaves_the_old_schema(tmp_path: Path, after: int) -> None:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    done = subprocess.run([sys.executable, "-c", KILLED, url, str(after)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    engine = open_engine(url)
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == []
    upgrade(engine)
    assert current_revision(engine) == head_revision()


def test_sqlite_is_opened_safely(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    with reading(storage.engine) as connection:
        read = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    assert read == PRAGMAS
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "temp_store": 2}


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense", "sqlite:////proc/no/such/app.db"]
)
def test_an_address_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SMARTAPP_DATABASE_URL"):
        open_engine(url)


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    engine = open_storage(tmp_path).engine
    row = {"tenant": "t", "person_key": "p", "channel": "sms", "at": NOW, "source": "reply"}
    with pytest.raises(RuntimeError), writing(engine) as connection:
        connection.execute(insert(opt_out).values(row))
        raise RuntimeError
    with reading(engine) as connection:
        assert connection.execute(select(opt_out)).all() == []


def test_a_time_without_a_zone_is_refused_and_zones_come_back_as_utc(tmp_path: Path) -> None:
    engine = open_storage(tmp_path).engine
    row = {"tenant": "t", "person_key": "p", "channel": "sms", "source": "reply"}
    with pytest.raises(StatementError), writing(engine) as connection:
        connection.execute(insert(opt_out).values({**row, "at": NOW.replace(tzinfo=None)}))
    with writing(engine) as connection:
        connection.execute(insert(opt_out).values({**row, "at": NOW}))
    with reading(engine) as connection:
        assert connection.execute(select(opt_out.c.at)).scalar() == NOW


def test_a_locked_database_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartapp.persistence.engine.BUSY_SECONDS", 0.1)
    engine = open_engine(f"sqlite:///{open_storage(tmp_path).path}")
    holder = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StorageError) as caught, writing(engine):
            pass
    finally:
        holder.close()
    assert caught.value.status == 503


def test_a_full_disk_leaves_no_half_rows(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    with storage.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageError), writing(storage.engine) as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(1000):
            row = {"tenant": "t" * 150, "person_key": f"{number}", "channel": "sms", "at": NOW, "source": "x"}
            connection.execute(insert(opt_out).values(row))
    with reading(storage.engine) as connection:
        assert connection.execute(select(opt_out)).all() == []


def launch_row(handle: str = "h1", **changes: object) -> LaunchRow:
    values: dict[str, object] = {
        "handle": handle, "tenant": "clinic", "ehr": "demo", "sealed": b"\x01sealed",
        "version": 1, "seen_at": NOW, "expires_at": NOW.replace(hour=23),
    }  # fmt: skip
    return LaunchRow(**{**values, **changes})  # type: ignore[arg-type]


def test_a_chart_lives_and_ends_with_its_launch(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    sessions, charts = SqlSessionStore(storage.engine), ChartStore(storage.engine, storage.vault, storage.clock)
    with pytest.raises(AppError, match="ended"):
        charts.put("h1", "clinic", "facts", b"{}")
    sessions.add_launch(launch_row())
    charts.put("h1", "clinic", "facts", b"Ada Lovelace, E11.9")
    charts.put("h1", "clinic", "facts", b"Ada Lovelace, E11.65")
    assert charts.get("h1", "clinic", "facts") == b"Ada Lovelace, E11.65"
    assert charts.get("h1", "other", "facts") is None
    assert charts.get("h1", "clinic", "other") is None
    with pytest.raises(AppError, match="ended"):
        charts.put("h1", "other", "facts", b"{}")
    assert sessions.end_launch("h1")
    assert charts.get("h1", "clinic", "facts") is None
    assert not sessions.end_launch("h1")


def test_nothing_personal_is_readable_in_any_file(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    sessions, charts = SqlSessionStore(storage.engine), ChartStore(storage.engine, storage.vault, storage.clock)
    personal = ["Ada Lovelace", "Patient/ada-1815", "eyJhbGciOiJSUzM4NCJ9.access-token"]
    sessions.add_launch(launch_row())
    charts.put("h1", "clinic", "facts", " ".join(personal).encode())
    storage.audit.record(
        "chart.read", "success", actor="Practitioner/7", tenant="clinic", launch="h1", patient=personal[1],
        detail={"note": personal[0]},
    )  # fmt: skip
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert any(name.endswith("-wal") for name in files)
    for text in personal:
        raw = text.encode()
        for spelling in (raw, raw.hex().encode(), *(base64.b64encode(b"x" * n + raw)[4:-4] for n in range(3))):
            for name, content in files.items():
                assert spelling not in content, name


def test_the_process_that_is_killed_loses_only_what_was_not_committed(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    code = (
        "import os, signal, sys; from support.storage import *; from pathlib import Path\n"
        "from smartapp.persistence.sessions import SqlSessionStore; from smartapp.persistence.engine import writing\n"
        "s = open_storage(Path(sys.argv[1]))\n"
        "SqlSessionStore(s.engine).add_pending('kept', b'x', s.clock())\n"
        "with writing(s.engine) as c:\n"
        "    c.exec_driver_sql(\"INSERT INTO opt_out VALUES ('t', 'p', 'sms', '2026-01-01', 'x')\")\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, env=environ, timeout=60)
    assert SqlSessionStore(storage.engine).take_pending("kept") == b"x"
    with reading(storage.engine) as connection:
        assert connection.execute(select(opt_out)).all() == []
