"""Files into the population's database, by as many processes as the machine has cores.

The processes send frames of rows through a pipe, which DuckDB reads as a table: the rows are never in a file, and
nothing is built up in this process. What did not change since the last time (by name, size and time) is not read again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smartapp.facts.events import Facts
from smartapp.population.charts import Reading
from smartapp.population.files import Found, Problem, chunks_of, holds_lines
from smartapp.population.later import line_number, read_later
from smartapp.population.pipe import load_frames
from smartapp.population.processes import Readers
from smartapp.population.rows import LOST
from smartapp.population.store import Store
from smartapp.population.worker import Report, Task, Worker

_SMALL = 8_000_000
"""Bytes below which starting processes costs more than they save."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """``files`` were read anew, ``gone`` are not there any more; ``rows`` were written."""

    files: int
    gone: int
    rows: int


def ingest(store: Store, found: Found, reading: Reading, *, processes: int | None = None) -> Ingested:
    """Bring the database up to the files. What cannot be used is in ``reading``, with file and line."""
    reading.problems += found.problems
    sources, gone = _sources(store, found)
    tasks = list(_tasks(sources, found.named, reading))
    size = sum(Path(task.path).stat().st_size if task.end < 0 else task.end - task.start for task in tasks)
    wanted = processes or (1 if size < _SMALL else os.cpu_count() or 1)
    reports = _run(store, tasks, wanted) if tasks else []
    _tell(reports, reading)
    signatures = dict.fromkeys(one for report in reports for one in report.signatures)
    if signatures:
        store.add_signatures(signatures)
    rows = sum(report.rows for report in reports)
    rows += read_later(store, {number: str(path) for path, number in sources.items()}, reading)
    numbers = ", ".join(str(number) for number in sources.values()) or "NULL"
    reading.problems += _strangers(store, numbers, {number: str(path) for path, number in sources.items()})
    store.connection.execute(
        f"INSERT INTO dirty SELECT DISTINCT bundle, patient FROM resource WHERE source IN ({numbers}) AND patient <> ''"
    )
    return Ingested(len(sources), gone, rows)


def load_charts(store: Store, charts: Iterable[Facts]) -> None:
    """Fill an empty store with charts that were read elsewhere; their coverage comes with them."""
    reports: list[Report] = []

    def made() -> Iterator[bytes]:
        done: list[bytes] = []
        worker = Worker(done.append)
        for number, facts in enumerate(charts, 1):
            report = Report(Task(number, "", 0, -1, named=False))
            worker.chart(facts, report)
            reports.append(worker.done(report))
            yield from _taken(done)
        worker.flush()
        yield from done

    load_frames(store, made())
    store.add_signatures(one for report in reports for one in report.signatures)


def _sources(store: Store, found: Found) -> tuple[dict[Path, int], int]:
    """The files that are new or changed, with their numbers; what they gave before is taken out."""
    known = {
        path: (number, size, changed)
        for number, path, size, changed in store.connection.execute("SELECT * FROM source").fetchall()
    }
    seen = {str(path.resolve()): path for path in found.files}
    gone = [number for path, (number, _, _) in known.items() if path not in seen]
    fresh: dict[Path, int] = {}
    following = max((number for number, _, _ in known.values()), default=0) + 1
    for resolved, path in seen.items():
        number, size, changed = known.get(resolved, (0, -1, -1))
        stat = path.stat()
        if (size, changed) == (stat.st_size, stat.st_mtime_ns):
            continue
        if number:
            gone.append(number)
        fresh[path] = following
        following += 1
    if gone:
        numbers = ", ".join(map(str, gone))
        for statement in (
            f"INSERT INTO dirty SELECT DISTINCT bundle, patient FROM resource "
            f"WHERE source IN ({numbers}) AND patient <> ''",
            f"DELETE FROM resource WHERE source IN ({numbers})",
            f"DELETE FROM source WHERE number IN ({numbers})",
        ):
            store.connection.execute(statement)
    for path, number in fresh.items():
        stat = path.stat()
        row = [number, str(path.resolve()), stat.st_size, stat.st_mtime_ns]
        store.connection.execute("INSERT INTO source VALUES (?, ?, ?, ?)", row)
    return fresh, len(gone)


def _tasks(sources: Mapping[Path, int], named: frozenset[Path], reading: Reading) -> Iterator[Task]:
    for path, number in sources.items():
        try:
            if holds_lines(path):
                for first, last in chunks_of(path):
                    yield Task(number, str(path), first, last, path in named)
            else:
                yield Task(number, str(path), 0, -1, path in named)
        except OSError as error:
            reading.problems.append(Problem(str(path), 0, f"cannot be read: {error.strerror}"))


def _run(store: Store, tasks: Sequence[Task], processes: int) -> list[Report]:
    if processes > 1:
        with Readers(tasks, processes) as readers:
            load_frames(store, readers.frames())
        return readers.reports
    reports: list[Report] = []

    def made() -> Iterator[bytes]:
        done: list[bytes] = []
        worker = Worker(done.append)
        for task in tasks:
            reports.append(worker.run(task))
            yield from _taken(done)
        worker.flush()
        yield from done

    load_frames(store, made())
    return reports


def _taken(frames: list[bytes]) -> list[bytes]:
    """What is in the list, which is empty then."""
    taken = frames.copy()
    frames.clear()
    return taken


def _strangers(store: Store, numbers: str, paths: Mapping[int, str]) -> list[Problem]:
    """Resources of patients that are in none of the files."""
    rows = store.connection.execute(
        "SELECT patient, arg_min(source, (source, place)), arg_min(place, (source, place)), count(*) FROM resource r "
        f"WHERE source IN ({numbers}) AND bundle = 0 AND patient <> '' AND kind <> '{LOST}' AND NOT EXISTS "
        "(SELECT 1 FROM resource q WHERE q.kind = 'Patient' AND q.bundle = 0 AND q.id = r.patient) "
        "GROUP BY patient ORDER BY ALL"
    ).fetchall()
    what = "Patient/{0} is in none of the files; {1} resources name that patient"
    return [
        Problem(paths[source], line_number(paths[source], place), what.format(patient, count))
        for patient, source, place, count in rows
    ]


def _tell(reports: Sequence[Report], reading: Reading) -> None:
    """Problems with their line in the file: the parts of a file come in order, each knows how many lines it had."""
    before: dict[str, int] = {}
    for report in reports:
        path = report.task.path
        first = before.get(path, 0)
        for line, what in report.problems:
            reading.problems.append(Problem(path, first + line + 1 if line >= 0 else 0, what))
        before[path] = first + report.lines
        reading.notes += report.notes
