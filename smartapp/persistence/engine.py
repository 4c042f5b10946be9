"""Opening the database, and the two kinds of transaction: one that reads and one that writes.

SQLite runs with a write-ahead log, every commit on the disk before it is reported, foreign keys
checked, deleted bytes overwritten and temporary tables in memory only. A writing transaction takes
the write lock when it begins: two processes that read and then write cannot both go ahead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeDecorator

from smartapp.errors import AppError, ConfigurationError
from smartapp.persistence.line import Line

BUSY_SECONDS = 10  # for another process to let go of the file
LINE_SECONDS = 30  # for the threads of this process that came before
_WRITES = "smartapp_writes"
_ADVISORY_LOCK = 7_210_561  # any number, the same in every process

# SQLite lets those who wait for its write lock try again at random, and some never get it. The threads of one
# process stand in line here, so that only processes compete for the file.
_lines: WeakKeyDictionary[Engine, Line] = WeakKeyDictionary()


class StorageError(AppError):
    """The database could not be read or written: locked, full, gone. Nothing was half done."""

    def __init__(self) -> None:
        super().__init__(
            "persistence.unavailable",
            "The app's own records cannot be reached at the moment, so nothing was shown or changed. "
            "Please try again shortly.",
            status=503,
        )


class DamagedError(StorageError):
    """The file is no database, or not a whole one: waiting does not help."""

    def __init__(self) -> None:
        AppError.__init__(
            self,
            "persistence.damaged",
            "The app's database is damaged, or is no database: restore it from a backup. Nothing was shown or changed.",
            status=503,
        )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; a naive one is refused, because nobody can tell what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_engine(url: str) -> Engine:
    """An engine for a SQLite file or a PostgreSQL server.

    The SQLite file and its folder are made readable by their owner alone. Raises
    :class:`ConfigurationError` for an address that is neither.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigurationError("config.invalid", "SMARTAPP_DATABASE_URL: is not a database address") from None
    backend = address.get_backend_name()
    if backend == "sqlite":
        if not address.database or address.database == ":memory:":
            raise ConfigurationError(
                "config.invalid", "SMARTAPP_DATABASE_URL: SQLite needs a file, shared by all workers"
            )
        _private_file(Path(address.database))
        engine = create_engine(
            address, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, hide_parameters=True
        )
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        _lines[engine] = Line()
        return engine
    if backend == "postgresql":
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
        )
    raise ConfigurationError("config.invalid", "SMARTAPP_DATABASE_URL: only sqlite and postgresql are supported")


def _private_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(
            "config.invalid", f"SMARTAPP_DATABASE_URL: {path} cannot be opened ({error.strerror})"
        ) from None


def _sqlite_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine, *, snapshot: bool = False) -> Iterator[Connection]:
    """A transaction that only reads; with ``snapshot`` all its statements see one moment.

    Raises :class:`StorageError` when the database cannot be reached, :class:`DamagedError` when it is none.
    """
    options: dict[str, Any] = {_WRITES: False}
    if snapshot and engine.dialect.name == "postgresql":  # in SQLite every transaction is one moment
        options["isolation_level"] = "REPEATABLE READ"
    with _transaction(engine, options) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: all of it is committed at the end, or none of it.

    Raises :class:`StorageError` when the database is locked, full or gone, :class:`DamagedError` when it is none.
    """
    line = _lines.get(engine)
    with line.place(LINE_SECONDS) if line else nullcontext(True) as came:
        if not came:
            raise StorageError
        with _transaction(engine, {_WRITES: True}) as connection:
            yield connection


def preparing(connection: Connection) -> None:
    """Let one process at a time make what a new database lacks, until its transaction ends.

    SQLite lets only one write anyway; on PostgreSQL two that start together would both find nothing.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})


@contextmanager
def _transaction(engine: Engine, options: dict[str, Any]) -> Iterator[Connection]:
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except (OperationalError, InterfaceError) as error:
        # From None: the driver's text can hold the row that it could not write.
        raise StorageError from (error if _says_nothing(error) else None)
    except PoolTimeout as error:  # all connections to the server are in use
        raise StorageError from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # its branches are errors of a statement
            raise
        raise DamagedError from (error if _says_nothing(error) else None)


def _says_nothing(error: DBAPIError) -> bool:
    """SQLite's operational errors name a table or a lock, never a value."""
    return type(error.orig).__module__ == "sqlite3"
