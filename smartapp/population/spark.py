"""The same SQL on Spark, in local mode: for whoever has more patients than one process of DuckDB likes.

What Spark reads leaves the encrypted file: into a folder that only this user may enter, in memory where the system has
a file system there, and gone when the computation ends. It has numbers in place of patients' and resources' ids. What
Spark itself puts on disk is encrypted with a key of its own that ends with it (``docs/decisions/0062-spark.md``).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartapp.criteria.sql import SPARK, Script
from smartapp.criteria.sql.layout import WORK_COLUMNS
from smartapp.errors import ConfigurationError
from smartapp.population.engines import tally_table
from smartapp.population.store import SCRATCH, Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108  # not a file name that others could guess: a folder of a random name goes there
_EVENTS_IN_A_PART = 500_000
_BYTES_OF_AN_EVENT = 150
"""Of an exported event and its share of the results, generously."""


def missing() -> str | None:
    """What Spark needs and this machine lacks; None where it can run."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed: pip install 'smartapp[spark]'"
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        return "there is no Java: Spark needs Java 17 or later"
    return None


@contextmanager
def session(folder: Path, *, memory: str = "4g", cores: int | None = None) -> Iterator[SparkSession]:
    """Spark on this machine, with all that it writes in ``folder``, encrypted.

    Raises :class:`ConfigurationError` where pyspark or Java is missing.
    """
    lacking = missing()
    if lacking:
        raise ConfigurationError("population.no-spark", f"The engine spark cannot run here: {lacking}.")
    from pyspark.sql import SparkSession  # noqa: PLC0415  # an extra, slow to load

    count = cores or os.cpu_count() or 1
    settings = {
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.io.encryption.enabled": "true",
        "spark.io.encryption.keySizeBits": "256",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        # The queries are many and each is short: planning is what they cost.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.optimizer.maxIterations": "20",
        "spark.sql.debug.maxToStringFields": "10",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master(f"local[{count}]").appName("smartapp population")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


class Spark:
    """The engine. With ``running`` a session that is at hand is used and left running."""

    dialect = SPARK

    def __init__(self, *, memory: str = "4g", running: SparkSession | None = None) -> None:
        self._memory = memory
        self._running = running

    def run(self, store: Store, script: Script) -> None:
        with store.sessions(1) as (session_,):
            events = session_.count("work")
        with private_folder(events * _BYTES_OF_AN_EVENT) as folder:
            export(store, folder)
            partitions = 1 + events // _EVENTS_IN_A_PART
            if self._running is not None:
                _compute(self._running, script, folder, partitions)
            else:
                with session(folder, memory=self._memory) as spark:
                    _compute(spark, script, folder, partitions)
            for name in ("people", *map(tally_table, script.tallies)):
                made = f"SELECT * FROM read_parquet('{folder}/{name}.parquet/*.parquet')"
                store.connection.execute(f"CREATE OR REPLACE TABLE {SCRATCH}.{name} AS {made}")


@contextmanager
def private_folder(size: int) -> Iterator[Path]:
    """A folder for this user alone, in memory where so many bytes fit; gone afterwards, whatever happened."""
    in_memory = _MEMORY_FOLDER.is_dir() and os.access(_MEMORY_FOLDER, os.W_OK)
    if in_memory:
        in_memory = shutil.disk_usage(_MEMORY_FOLDER).free > 2 * size
    with tempfile.TemporaryDirectory(prefix="smartapp-", dir=_MEMORY_FOLDER if in_memory else None) as folder:
        yield Path(folder)


def export(store: Store, folder: Path) -> None:
    """The tables that the SQL reads as Parquet. An event's id becomes its place among the patient's."""
    place = "lpad(CAST(dense_rank() OVER (PARTITION BY p ORDER BY concat(id, chr(1), kind)) AS VARCHAR), 9, '0')"
    columns = ", ".join(f"{place} AS id" if name == "id" else name for name in WORK_COLUMNS)
    selects = {"work": f"SELECT {columns} FROM work", "person": "FROM person", "unread": "FROM unread"}
    with store.sessions(1) as (one,):
        for name, select in selects.items():
            one.connection.execute(f"COPY ({select}) TO '{folder}/{name}.parquet' (FORMAT parquet)")


def _compute(spark: SparkSession, script: Script, folder: Path, partitions: int) -> None:
    made: list[Any] = []
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
    try:
        for name in ("work", "person", "unread"):
            spark.read.parquet(f"{folder}/{name}.parquet").createOrReplaceTempView(name)
        for name, select in script.tables:
            # Kept once it is worked out, as DuckDB's tables are.
            made.append(spark.sql(select).persist())
            made[-1].createOrReplaceTempView(name)
        spark.sql(script.people).write.parquet(f"{folder}/people.parquet")
        for name, select in script.tallies.items():
            spark.sql(select).write.parquet(f"{folder}/{tally_table(name)}.parquet")
    finally:
        for table in made:
            table.unpersist()
        for name in ("work", "person", "unread", *(name for name, _ in script.tables)):
            spark.catalog.dropTempView(name)
