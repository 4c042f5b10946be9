"""The population's database: an encrypted DuckDB file, or memory that is gone with the process.

AES-256 with a key that is derived from the app's secret and is in no file. DuckDB writes encrypted files only with the
OpenSSL of its ``httpfs`` extension, which is loaded from the installed wheel: nothing is fetched from anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from smartapp.criteria.sql.layout import PERSON_COLUMNS, UNREAD_COLUMNS, WORK_COLUMNS
from smartapp.errors import ConfigurationError
from smartapp.population.columns import RESOURCE_COLUMNS

_TABLES: Mapping[str, Mapping[str, str]] = {
    "source": {"number": "INTEGER", "path": "VARCHAR", "size": "BIGINT", "changed": "BIGINT"},
    "resource": RESOURCE_COLUMNS,
    "signature": {"sig": "BIGINT", "kind": "VARCHAR", "codes": "VARCHAR"},
    "patient": {"p": "INTEGER", "bundle": "INTEGER", "id": "VARCHAR"},
    "person": PERSON_COLUMNS,
    "work": WORK_COLUMNS,
    "unread": UNREAD_COLUMNS,
    "class": {"about": "VARCHAR", "number": "INTEGER", "yes": "INTEGER[]", "maybe": "INTEGER[]"},
    "class_of": {"sig": "BIGINT", "cls": "INTEGER"},
    "vector": {"measure": "VARCHAR", "number": "INTEGER", "keys": "VARCHAR", "body": "VARCHAR"},
    "dirty": {"bundle": "INTEGER", "id": "VARCHAR"},
    "meta": {"name": "VARCHAR", "value": "VARCHAR"},
}


def population_key(secret_key: str) -> str:
    """The file's key (hex), derived from the app's secret key."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"smartapp population file 1").derive(
        secret_key.encode()
    )
    return derived.hex()


SCRATCH = "scratch"
"""A database in memory beside the file, for what is made on the way: all sessions see it; it goes with the process."""


class Session:
    """A connection to a population database: its tables, and behind them those of ``scratch``, need no qualifying."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._given = 0

    def count(self, table: str) -> int:
        row = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0]) if row else 0

    def rows(self, rows: Iterable[Sequence[object]], **columns: str) -> str:
        """Rows of Python values as a query with those columns (names and types); they go in as one JSON text.

        DuckDB takes a list of parameters value by value, at a hundred times the cost.
        """
        self._given += 1
        name = f"given_{self._given % 8}"
        names = ", ".join(
            f"CAST(j->>{place} AS {kind}) AS {column}" for place, (column, kind) in enumerate(columns.items())
        )
        text = json.dumps([list(row) for row in rows])
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {names} FROM (SELECT unnest(CAST(?::JSON AS JSON[])) AS j)",
            [text],
        )
        return f"(SELECT * FROM {name})"


class Store(Session):
    """An open population database; ``main`` is its schema, as others have to name it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        for name, columns in _TABLES.items():
            written = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({written})")
        row = connection.execute("SELECT current_database()").fetchone()
        self.main = f"{row[0] if row else 'memory'}.main"
        connection.execute(f"ATTACH ':memory:' AS {SCRATCH}")
        connection.execute(f"SET search_path = '{self.main},{SCRATCH}.main'")

    @contextmanager
    def sessions(self, count: int) -> Iterator[list[Session]]:
        """Further sessions on the same database, each for one thread; in them tables of ``scratch`` come first."""
        cursors = [self.connection.cursor() for _ in range(count)]
        try:
            for cursor in cursors:
                cursor.execute(f"SET search_path = '{SCRATCH}.main,{self.main}'")
            yield [Session(cursor) for cursor in cursors]
        finally:
            for cursor in cursors:
                cursor.close()

    @classmethod
    def in_memory(cls, *, threads: int = 2, memory: str = "6GB") -> Store:
        """A database that never touches the disk."""
        return cls(_connect(threads, memory))

    @classmethod
    def open(cls, path: Path, key: str, *, threads: int = 2, memory: str = "6GB") -> Store:
        """Open or make the encrypted file.

        Raises :class:`ConfigurationError` for a wrong key, and where the extension that encrypts is not installed.
        """
        connection = _connect(threads, memory)
        try:
            connection.execute(f"LOAD '{extension()}'")
        except duckdb.Error as error:
            connection.close()
            raise ConfigurationError(
                "population.no-encryption", "The DuckDB extension that encrypts files cannot be loaded."
            ) from error
        path.parent.mkdir(parents=True, exist_ok=True)
        place = str(path).replace("'", "''")
        try:
            connection.execute(f"ATTACH '{place}' AS population (ENCRYPTION_KEY '{key}', ENCRYPTION_CIPHER 'GCM')")
        except duckdb.Error as error:
            connection.close()
            raise ConfigurationError(
                "population.locked", f"The population file {path} does not open: its key is another, or it is in use."
            ) from error
        path.chmod(0o600)
        connection.execute("USE population")
        # What does not fit into memory goes beside the file, under the same protection.
        connection.execute("SET temp_file_encryption = true")
        connection.execute(f"SET temp_directory = '{place}.tmp'")
        return cls(connection)

    def clear(self) -> None:
        """Drop the tables of ``scratch``."""
        found = f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{SCRATCH}'"
        for (name,) in self.connection.execute(found).fetchall():
            self.connection.execute(f"DROP TABLE {SCRATCH}.{name}")

    def close(self) -> None:
        self.connection.close()

    def meta(self, name: str) -> str | None:
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        self.connection.execute("DELETE FROM meta WHERE name = ?", [name])
        self.connection.execute("INSERT INTO meta VALUES (?, ?)", [name, value])

    def add_signatures(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """Keep what signatures stand for: number, kind and codings; known ones stay."""
        given = self.rows(rows, sig="BIGINT", kind="VARCHAR", codes="VARCHAR")
        self.connection.execute(
            f"INSERT INTO signature SELECT DISTINCT * FROM {given} n WHERE sig NOT IN (SELECT sig FROM signature)"
        )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connect(threads: int, memory: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": "",
            "preserve_insertion_order": False,
        }
    )


def extension() -> Path:
    """The file of the extension, in the installed wheel of DuckDB's own version."""
    import duckdb_extension_httpfs  # noqa: PLC0415  # only where a file is opened

    folder = Path(str(duckdb_extension_httpfs.__file__)).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / "httpfs.duckdb_extension"
