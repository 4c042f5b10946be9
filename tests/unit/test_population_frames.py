"""Rows on their way into the database: as columns in memory, from this process or others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.population import processes
from smartapp.population.arrow import stream
from smartapp.population.charts import Reading
from smartapp.population.columns import RESOURCE_COLUMNS
from smartapp.population.files import find_files
from smartapp.population.frames import ROWS, Row, frame, frames
from smartapp.population.ingest import ingest
from smartapp.population.pipe import load_rows, read_frames, write_end, write_frame
from smartapp.population.rows import KINDS, mark_row
from smartapp.population.store import Store
from smartapp.population.worker import Worker

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "i": st.integers(-(2**31), 2**31 - 1),
    "q": st.sampled_from([0, 1]) | st.integers(-(2**63), 2**63 - 1),
    "d": st.floats(allow_nan=False),
    "b": st.booleans(),
    "u": st.sampled_from(["", "a", "ü", "final"]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
}
ANY = st.tuples(*(VALUES[kind] | st.none() for kind in KINDS))
# A column of one value is made another way than one of many.
SOME = st.lists(ANY | st.just((None,) * len(KINDS)), min_size=1, max_size=20) | ANY.map(lambda row: [row] * 9)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Store.in_memory() as made:
        yield made


def marks(count: int) -> list[Row]:
    return [mark_row((1, place, 0), "p", "Medication", f"m{place % 10}") for place in range(count)]


@settings(max_examples=60, deadline=None)
@given(SOME)
def test_what_goes_in_comes_out(store: Store, rows: list[Row]) -> None:
    store.connection.execute("DELETE FROM resource")
    load_rows(store, rows)
    found = store.connection.execute("SELECT * FROM resource").fetchall()
    assert sorted(map(repr, found)) == sorted(map(repr, rows))


def test_many_rows_are_several_frames(store: Store) -> None:
    rows = marks(2 * ROWS + 1)
    made = list(frames(rows, KINDS))
    assert len(made) == 3
    store.connection.execute("DELETE FROM resource")
    load_rows(store, rows)
    assert sorted(store.connection.execute("SELECT place FROM resource").fetchall()) == [(n,) for n in range(len(rows))]


def test_a_failure_on_the_way_is_raised_and_nothing_is_stored() -> None:
    def failing() -> Iterator[Row]:
        yield from marks(5 * ROWS)
        raise LookupError("no more")

    with Store.in_memory() as other:
        with pytest.raises(LookupError, match="no more"):
            load_rows(other, failing())
        assert other.count("resource") == 0
        load_rows(other, marks(3))
        assert other.count("resource") == 3


def test_a_frame_with_too_many_rows_is_refused() -> None:
    columns = dict(zip(RESOURCE_COLUMNS, KINDS, strict=True))
    rows = frame(list(zip(*marks(ROWS + 1), strict=True)), KINDS)
    with pytest.raises(ValueError, match="more rows"):
        stream(columns, [rows])


def test_a_pipe_says_its_end() -> None:
    made = list(frames(marks(30), KINDS))
    receiver, sender = os.pipe()
    try:
        for one in made:
            write_frame(sender, one)
        write_end(sender)
        assert list(read_frames(receiver)) == made
        write_frame(sender, made[0][:-1])
        os.close(sender)
        sender = -1
        with pytest.raises(EOFError):
            list(read_frames(receiver))
    finally:
        os.close(receiver)
        if sender >= 0:
            os.close(sender)


# --- processes ------------------------------------------------------------------------------------------


def written(folder: Path) -> Path:
    """Patients and results in several files, one line of them wrong."""
    for number in range(3):
        lines = [json.dumps({"resourceType": "Patient", "id": f"p{number}", "birthDate": "1960-05-05"})]
        lines += [
            json.dumps(
                {
                    "resourceType": "Observation",
                    "id": f"o{number}-{one}",
                    "status": "final",
                    "subject": {"reference": f"Patient/p{number}"},
                    "code": {"coding": [{"system": "http://loinc.org", "code": f"a{one % 3}"}]},
                    "effectiveDateTime": "2026-02-03",
                }
            )
            for one in range(40)
        ]
        lines[20] = "{"
        (folder / f"{number}.ndjson").write_text("\n".join(lines) + "\n")
    return folder


def everything(store: Store) -> list[Any]:
    return [
        sorted(store.connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
        for table in ("resource", "signature", "dirty")
    ]


def test_by_two_processes_it_is_the_same_as_by_one(tmp_path: Path) -> None:
    found = find_files([written(tmp_path)])
    results = []
    for count in (1, 2):
        with Store.in_memory() as other:
            reading = Reading()
            done = ingest(other, found, reading, processes=count)
            results.append((done, reading.problems, everything(other)))
    assert results[0] == results[1]
    assert [str(one).removeprefix(f"{tmp_path}/") for one in results[1][1]] == [
        f"{number}.ndjson:21: This is not JSON text that can be read." for number in range(3)
    ]


@pytest.mark.skipif(processes._START != "fork", reason="what is replaced here is not replaced in a new process")
@pytest.mark.parametrize("how", ["raises", "is killed"])
def test_a_reader_that_fails_is_told_of_and_nothing_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    real = Worker.run

    def run(worker: Worker, task: Any) -> Any:
        if not task.path.endswith("1.ndjson"):
            return real(worker, task)
        if how == "raises":
            raise MemoryError("as if")
        os._exit(9)

    monkeypatch.setattr(Worker, "run", run)
    with Store.in_memory() as other:
        with pytest.raises(MemoryError if how == "raises" else BrokenProcessPool):
            ingest(other, find_files([written(tmp_path)]), Reading(), processes=2)
        assert other.count("resource") == 0


@pytest.mark.skipif(processes._START != "fork", reason="what is replaced here is not replaced in a new process")
def test_readers_end_when_nobody_wants_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the disk is full: the query fails while they would go on for ever."""
    rows = next(frames(marks(ROWS), KINDS))

    def run(worker: Worker, task: Any) -> Any:
        while True:
            worker._write(rows)

    monkeypatch.setattr(Worker, "run", run)
    with Store.in_memory() as other:
        other.connection.execute("DROP TABLE resource")
        other.connection.execute("CREATE TABLE resource (nothing INTEGER)")
        with pytest.raises(Exception, match="nothing|columns"):
            ingest(other, find_files([written(tmp_path)]), Reading(), processes=2)
