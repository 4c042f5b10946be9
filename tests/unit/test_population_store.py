"""The population's database: encrypted, brought up to date by files, computed only where something changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.spec_tables import SET_A, VALUE_SETS

from smartapp.criteria.constants import Period
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.words import PERIOD, age, as_of, day_during, observations
from smartapp.errors import ConfigurationError
from smartapp.facts.codes import LOINC
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import end_of_day, start_of_day
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Source
from smartapp.population.charts import Reading
from smartapp.population.compute import Population
from smartapp.population.files import find_files
from smartapp.population.ingest import ingest, load_charts
from smartapp.population.results import Lines
from smartapp.population.store import Store, population_key

SOURCE = Source("A test", "Nobody", "1", "https://example.invalid", "2026-01-01")
TESTS = observations(SET_A, found_in=("laboratory",))
MEASURE = Measure(
    id="TEST1",
    version="1",
    title="A test",
    source=SOURCE,
    rates=(
        Rate(
            "Group_1",
            age(PERIOD.end).at_least(18),
            age(PERIOD.end).at_least(18),
            TESTS.where(day_during(PERIOD)).exist(),
        ),
    ),
    clinical=Clinical(
        eligible=age(as_of).at_least(18), closed_by=(ClosedBy("test", TESTS, Every(1, "year")),), source=SOURCE
    ),
)
YEAR = Times(Period(start_of_day(date(2026, 1, 1)), end_of_day(date(2026, 12, 31))), end_of_day(date(2026, 12, 31)))
KEY = "11" * 32


def patient(id_: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "birthDate": "1960-05-05"}


def result(id_: str, whose: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": f"Patient/{whose}"},
        "code": {"coding": [{"system": LOINC, "code": "a1"}]},
        "effectiveDateTime": day,
        **more,
    }


def write(path: Path, *resources: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in resources))
    return path


def read(store: Store, folder: Path) -> Reading:
    reading = Reading()
    ingest(store, find_files([folder]), reading)
    return reading


def computed(store: Store) -> tuple[int, dict[str, tuple[str, str | None]]]:
    """How many patients were computed, and of each patient the gap and the due date."""
    population = Population.of([MEASURE])
    done = population.compute(store, VALUE_SETS, YEAR)
    lines = Lines(store, population, VALUE_SETS, YEAR).all()
    return done.patients, {str(one["patient_id"]): (one["gap_status"], one["due_date"]) for one in lines}


def test_the_file_holds_nothing_in_plain_and_opens_with_its_key_only(tmp_path: Path) -> None:
    files = tmp_path / "in"
    files.mkdir()
    write(files / "all.ndjson", patient("patient-of-note"), result("result-of-note", "patient-of-note", "2026-02-03"))
    path = tmp_path / "population.duckdb"
    with Store.open(path, KEY) as store:
        read(store, files)
        computed(store)
    for file in tmp_path.glob("population*"):
        assert b"of-note" not in file.read_bytes()
        assert b"loinc" not in file.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigurationError) as refused:
        Store.open(path, "22" * 32)
    assert refused.value.code == "population.locked"
    assert KEY not in refused.value.message
    with Store.open(path, KEY) as store:
        assert computed(store) == (0, {"patient-of-note": ("closed-gap", "2027-02-03")})


def test_the_key_is_derived_and_differs_with_the_secret() -> None:
    assert population_key("a" * 32) != population_key("b" * 32)
    assert "a" * 8 not in population_key("a" * 32)
    assert len(bytes.fromhex(population_key("a" * 32))) == 32


def test_only_what_changed_is_read_and_computed_again(tmp_path: Path) -> None:
    write(tmp_path / "people.ndjson", *(patient(f"p{n}") for n in range(5)))
    write(tmp_path / "a.ndjson", result("o1", "p1", "2026-02-03"))
    with Store.in_memory() as store:
        read(store, tmp_path)
        count, first = computed(store)
        assert count == 5
        assert first["p1"] == ("closed-gap", "2027-02-03")
        assert first["p2"] == ("open-gap", None)
        read(store, tmp_path)
        assert computed(store) == (0, first)
        # A file more: one patient changes. A file less: what it gave is gone.
        write(tmp_path / "b.ndjson", result("o2", "p2", "2026-03-04"))
        read(store, tmp_path)
        count, second = computed(store)
        assert count == 1
        assert second == {**first, "p2": ("closed-gap", "2027-03-04")}
        (tmp_path / "a.ndjson").unlink()
        read(store, tmp_path)
        count, third = computed(store)
        assert count == 1
        assert third == {**second, "p1": ("open-gap", None)}
        # A new patient.
        write(tmp_path / "more.ndjson", patient("p9"), result("o9", "p9", "2020-03-04"))
        read(store, tmp_path)
        count, fourth = computed(store)
        assert count == 1
        assert fourth == {**third, "p9": ("open-gap", "2021-03-04")}


def test_of_two_versions_the_newer_counts_and_an_error_takes_the_fact_away(tmp_path: Path) -> None:
    write(tmp_path / "people.ndjson", patient("p1"), patient("p2"))
    write(
        tmp_path / "results.ndjson",
        result("o1", "p1", "2026-06-01", meta={"versionId": "2"}),
        result("o1", "p1", "2026-02-01", meta={"versionId": "1"}),
        result("o2", "p2", "2026-02-01", meta={"versionId": "1"}),
        result("o2", "p2", "2026-02-01", meta={"versionId": "2"}, status="entered-in-error"),
    )
    with Store.in_memory() as store:
        assert read(store, tmp_path).problems == []
        assert computed(store)[1] == {"p1": ("closed-gap", "2027-06-01"), "p2": ("open-gap", None)}


def test_another_rule_of_the_same_name_computes_everything_again(tmp_path: Path) -> None:
    write(tmp_path / "all.ndjson", patient("p1"), result("o1", "p1", "2026-02-03"))
    closed = replace(MEASURE.clinical.closed_by[0], holds=Every(6, "month"))
    more_often = Population.of([replace(MEASURE, clinical=replace(MEASURE.clinical, closed_by=(closed,)))])
    with Store.in_memory() as store:
        read(store, tmp_path)
        assert computed(store) == (1, {"p1": ("closed-gap", "2027-02-03")})
        assert computed(store)[0] == 0
        assert more_often.compute(store, VALUE_SETS, YEAR).patients == 1
        assert [one["due_date"] for one in Lines(store, more_often, VALUE_SETS, YEAR).all()] == ["2026-08-03"]


def test_texts_are_kept_whole(tmp_path: Path) -> None:
    """Quotes, line ends, the word null; only half of a character cannot be kept."""
    odd = ["null", "a,b", 'q"uote', "back\\slash", "tab\tline\n", "nul\0", "ü", "\udc00", ""]
    events = [Event(f"e{n}", "Observation", status=text) for n, text in enumerate(odd)]
    with Store.in_memory() as store:
        load_charts(store, [Facts(patient_id='the "patient"', events=tuple(events)), Facts("null")])
        rows = store.connection.execute("SELECT id, status, patient FROM resource WHERE kind <> 'Patient' ORDER BY id")
        found = rows.fetchall()
        people = store.connection.execute("SELECT id FROM resource WHERE kind = 'Patient' ORDER BY id").fetchall()
    assert people == [("null",), ('the "patient"',)]
    assert [status for _, status, _ in found] == ["?" if text == "\udc00" else text for text in odd]


def test_other_value_sets_and_other_days_compute_everything_again(tmp_path: Path) -> None:
    write(tmp_path / "all.ndjson", patient("p1"), result("o1", "p1", "2026-02-03"))
    population = Population.of([MEASURE])
    with Store.in_memory() as store:
        read(store, tmp_path)
        assert population.compute(store, VALUE_SETS, YEAR).patients == 1
        earlier = Times(YEAR.period, end_of_day(date(2026, 1, 31)))
        assert population.compute(store, VALUE_SETS, earlier).patients == 1
        lines = list(Lines(store, population, VALUE_SETS, earlier).all())
        assert [(one["numerator"], one["gap_status"]) for one in lines] == [(0, "prospective-gap")]
        empty = VALUE_SETS.with_({SET_A.url: VALUE_SETS.codes(SET_A).__class__(frozenset())})
        assert population.compute(store, empty, YEAR).patients == 1
        assert [one["numerator"] for one in Lines(store, population, empty, YEAR).all()] == [0]
