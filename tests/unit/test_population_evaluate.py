"""``smartapp evaluate``: the same lines from both engines, bad input named by file and line, the rest computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smartapp.cli import main
from smartapp.population import ingest as ingesting
from smartapp.population.charts import Reading
from smartapp.population.files import find_files, lines_of
from smartapp.population.results import facts_of
from smartapp.population.store import Store

LOINC = "http://loinc.org"
A1C = "4548-4"
ENGINES = ("chart", "population")
FIELDS = [
    "patient_id",
    "measure",
    "group_id",
    "initial_population",
    "denominator",
    "denominator_exclusion",
    "denominator_exception",
    "numerator",
    "gap_status",
    "clinical_status",
    "due_date",
    "reasons",
]


def patient(id_: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "birthDate": "1960-05-05", "gender": "female", **more}


def about(kind: str, id_: str, whose: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": id_, "subject": {"reference": f"Patient/{whose}"}, **more}


def a1c(id_: str, whose: str, value: float, day: str = "2026-03-04") -> dict[str, Any]:
    coded = {"coding": [{"system": LOINC, "code": A1C}]}
    quantity = {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    times = {"effectiveDateTime": day, "valueQuantity": quantity}
    return about("Observation", id_, whose, status="final", code=coded, **times)


def diabetes(id_: str, whose: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]}
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    return about("Condition", id_, whose, code=coded, clinicalStatus=active, **({"onsetDateTime": "2020-01-01"} | more))


def bundle(path: Path, *resources: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = [{"resource": one} for one in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry}))
    return path


def ndjson(path: Path, *resources: dict[str, Any] | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in resources))
    return path


@dataclass(frozen=True)
class Run:
    code: int
    lines: list[dict[str, Any]]
    said: str


@pytest.fixture
def evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(engine: str, *arguments: str | Path, measures: Sequence[str] = ("CMS122",), period: str = "") -> Run:
        days = period.split() or ["2026-01-01", "2026-12-31"]
        output = tmp_path / "out.ndjson"
        named = [word for measure in measures for word in ("--measure", measure)]
        options = ["--period", *days, "--engine", engine, "--output", str(output)]
        with pytest.raises(SystemExit) as ended:
            main(["evaluate", *map(str, arguments), *named, *options])
        text = output.read_text() if output.exists() else ""
        code = ended.value.code
        assert isinstance(code, int)
        return Run(code, [json.loads(line) for line in text.splitlines()], capsys.readouterr().err)

    return run


def test_bundles_in_folders_and_ndjson_give_the_same_lines_on_both_engines(tmp_path: Path, evaluate: Any) -> None:
    place = tmp_path / "in"
    bundle(place / "deep" / "er" / "one.json", patient("b1"), diabetes("c1", "b1"), a1c("o1", "b1", 9.5))
    bundle(place / "two.json", patient("b2"), diabetes("c2", "b2"), a1c("o2", "someone-else", 7.0))
    ndjson(place / "People.ndjson", patient("n1"), patient("n2", birthDate="1990"), patient("n3", deceasedBoolean=True))
    ndjson(
        place / "Facts.ndjson",
        diabetes("c3", "n1", onsetDateTime=None, onsetAge={"value": 40, "unit": "a", "code": "a"}),
        a1c("o3", "n1", 8.0),
        diabetes("c4", "n2"),
        diabetes("c5", "n3"),
        {"resourceType": "Organization", "id": "x"},
    )
    (place / "expected.json").write_text('{"what": "no FHIR"}')
    measures = ("CMS122", "CMS139", "SDOH")
    runs = [evaluate(engine, place, measures=measures) for engine in ENGINES]
    assert [run.code for run in runs] == [0, 0]
    assert runs[0].lines == runs[1].lines
    assert runs[0].said == runs[1].said
    assert "two.json: 1 resources name another patient or none" in runs[0].said
    assert [list(line) for line in runs[0].lines] == [FIELDS] * len(runs[0].lines)
    status = {line["patient_id"]: line["clinical_status"] for line in runs[0].lines if line["measure"] == "CMS122"}
    assert list(status) == ["b1", "b2", "n1", "n2", "n3"]
    assert status["b1"] == "due"  # too high, so it is open at once
    assert status["n3"] == "not-applicable"
    assert {line["group_id"] for line in runs[0].lines if line["measure"] == "SDOH"} == {"Clinical"}


@pytest.mark.parametrize("engine", ENGINES)
def test_bad_input_is_named_with_its_place_and_the_rest_is_computed(tmp_path: Path, evaluate: Any, engine: str) -> None:
    place = tmp_path / "in"
    bundle(place / "both.json", patient("x1"), patient("x2"))
    (place / "broken.json").write_text('{"resourceType": "Bundle", "entry": [')
    ndjson(
        place / "rows.ndjson",
        patient("n1"),
        "{broken",
        "",
        diabetes("c1", "n1"),
        a1c("o1", "n1", 8.0) | {"valueQuantity": "eight"},
        a1c("o2", "nobody", 8.0),
        a1c("o3", "n1", 8.0) | {"subject": None},
        "[1, 2]",
        a1c("o4", "n1", 7.0),
    )
    run = evaluate(engine, place, place / "missing.json", measures=("CMS122", "CMS999"))
    assert run.code == 1
    assert [line["patient_id"] for line in run.lines] == ["n1"]
    for said in (
        "There is no measure CMS999",
        "missing.json: there is no such file or folder",
        "both.json: The Bundle has 2 patients",
        "broken.json: ",
        "rows.ndjson:2: ",
        "rows.ndjson:5: Observation/o1: ",
        "rows.ndjson:6: Patient/nobody is in none of the files; 1 resources",
        "rows.ndjson:7: Observation/o3: names no patient",
        "rows.ndjson:8: this is no FHIR resource",
    ):
        assert said in run.said
    assert "Traceback" not in run.said


def test_what_could_not_be_read_is_said_alike_on_both_engines(tmp_path: Path, evaluate: Any) -> None:
    """A result that cannot be read makes its type partly unread: what rests on it cannot be told."""
    ndjson(
        tmp_path / "rows.ndjson",
        patient("n1"),
        patient("n2"),
        diabetes("c1", "n1"),
        diabetes("c2", "n2"),
        a1c("o1", "n1", 8.0) | {"valueQuantity": "eight"},
        a1c("o2", "n2", 7.0),
    )
    chart, population = (evaluate(engine, tmp_path / "rows.ndjson") for engine in ENGINES)
    assert chart.lines == population.lines
    statuses = {line["patient_id"]: line for line in chart.lines if line["measure"] == "CMS122"}
    assert statuses["n1"]["clinical_status"] == "cannot-tell"
    assert statuses["n1"]["reasons"][-1]["missing"]
    assert statuses["n2"]["clinical_status"] != "cannot-tell"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"period": "2026-12-31 2026-01-01"}, "before it starts"),
        ({"period": "2026-01-01 2026-13-31"}, "2026-13-31 is not a day"),
        ({"measures": ("CMS999",)}, "There is no measure CMS999"),
    ],
)
def test_nothing_is_done_where_the_question_makes_no_sense(
    tmp_path: Path, evaluate: Any, arguments: dict[str, Any], said: str
) -> None:
    path = bundle(tmp_path / "one.json", patient("b1"))
    run = evaluate("chart", path, **arguments)
    assert (run.code, run.lines) == (2, [])
    assert said in run.said
    assert run.said.count("\n") == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_the_schedule_and_the_cadences_are_chosen_on_the_command_line(
    tmp_path: Path, evaluate: Any, engine: str
) -> None:
    path = bundle(tmp_path / "one.json", patient("b1", birthDate="2020-05-05"))
    children = {"measures": ["FLU-CHILD"]}  # a shared decision, by the CDC's schedule of 2026 alone
    assert evaluate(engine, path, **children).code == 2
    run = evaluate(engine, path, "--schedule", "cdc-2026", "--cadence", "HF visit=2 months", **children)
    assert (run.code, [line["measure"] for line in run.lines]) == (0, ["FLU-CHILD"])
    assert "aap-2026" in evaluate(engine, path, "--schedule", "aap-1999").said
    assert "HF visit=2 months" in evaluate(engine, path, "--cadence", "HF visit").said


@pytest.mark.parametrize("engine", ENGINES)
def test_files_without_patients_are_nothing_done(tmp_path: Path, evaluate: Any, engine: str) -> None:
    ndjson(tmp_path / "empty.ndjson", "")
    run = evaluate(engine, tmp_path / "empty.ndjson")
    assert run.code == 2
    assert "Nothing was evaluated" in run.said


def test_several_processes_write_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts of files, so that both processes get some; lines across the borders are read once."""
    monkeypatch.setattr(ingesting, "chunks_of", lambda path: _parts(path, 1500))
    people = [patient(f"p{n}") for n in range(40)]
    facts = [a1c(f"o{n}", f"p{n % 40}", 5 + n % 7, f"2026-03-{n % 28 + 1:02}") for n in range(400)]
    refers = about("Encounter", "e1", "p3", status="finished", diagnosis=[{"condition": {"reference": "Condition/c1"}}])
    refers["class"] = {"code": "AMB"}
    ndjson(tmp_path / "a.ndjson", refers, *facts[:200], "{broken", *people)
    ndjson(tmp_path / "b.ndjson", *facts[200:], diabetes("c1", "p3"))
    found = find_files([tmp_path])
    charts = []
    for processes in (1, 2):
        reading = Reading()
        with Store.in_memory() as store:
            done = ingesting.ingest(store, found, reading, processes=processes)
            store.connection.execute(
                "INSERT INTO patient SELECT row_number() OVER (ORDER BY id), 0, id FROM resource WHERE kind = 'Patient'"
            )
            charts.append(facts_of(store, range(1, 41)))
        assert done.rows >= 442
        assert [(one.path, one.line) for one in reading.problems] == [(str(tmp_path / "a.ndjson"), 202)]
    assert _events(charts[0]) == _events(charts[1])
    assert sum(len(one.events) for one in charts[0].values()) == 402
    encounter = next(e for one in charts[0].values() for e in one.events if e.kind == "Encounter")
    assert ("diagnosis", "E11.9") in {(coding.slot, coding.code) for coding in encounter.codes}


def _parts(path: Path, size: int) -> list[tuple[int, int]]:
    whole = path.stat().st_size
    return [(start, min(start + size, whole)) for start in range(0, whole, size)]


def _events(charts: dict[int, Any]) -> dict[str, set[Any]]:
    return {facts.patient_id: set(facts.events) for facts in charts.values()}


def test_parts_of_a_file_have_every_line_once(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\n\nthree is longer\n" * 50 + b"the last has no end")
    whole = [line for _, _, line in lines_of(path)]
    for size in (1, 2, 3, 5, 7, 64, 10_000):
        parts = [line for start, end in _parts(path, size) for _, _, line in lines_of(path, start, end)]
        assert parts == whole
