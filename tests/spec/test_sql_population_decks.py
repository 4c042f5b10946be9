"""The published test patients through ``smartapp evaluate``: both engines write the very same lines."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from support.decks import DECKS

from smartapp.population.charts import Reading
from smartapp.population.evaluating import Request, chart_lines, when
from smartapp.population.memory import population_lines

pytestmark = pytest.mark.skipif(
    not DECKS.is_dir(), reason="no ../shared/decks: the published test patients are not here"
)
MEASURES = ("CMS125", "CMS130", "CMS138", "CMS155", "CMS22", "CMS347")


def _request(engine: str, *patients: Path) -> Request:
    return Request.of(
        patients=[str(path) for path in patients],
        value_sets=DECKS / "valuesets",
        measures=MEASURES,
        times=when(("2026-01-01", "2026-12-31"), date(2026, 12, 31).isoformat()),
        engine=engine,
        evidence=False,
        deqm=False,
    )


def _compare(*patients: Path) -> int:
    readings = (Reading(), Reading())
    chart = list(chart_lines(_request("chart", *patients), readings[0]))
    population = list(population_lines(_request("population", *patients), readings[1]))
    assert len(chart) == len(population)
    for one, other in zip(chart, population, strict=True):
        assert one == other
    assert sorted(readings[0].problems) == sorted(readings[1].problems)
    return len(chart)


def test_bundles_give_the_same_lines() -> None:
    decks = [deck for name in MEASURES for deck in sorted(DECKS.glob(f"{name}[FS]*"))]
    assert _compare(*decks) > 500


def test_the_same_patients_as_ndjson_give_the_same_lines(tmp_path: Path) -> None:
    """Each type in a file of its own: what refers to others (diagnoses, medicines) is read in a second pass."""
    files: dict[str, list[str]] = {}
    seen: set[str] = set()
    for path in sorted(DECKS.glob("CMS*/*/patient_bundle.json")):
        resources = [entry["resource"] for entry in json.loads(path.read_text())["entry"]]
        patient = next(one["id"] for one in resources if one["resourceType"] == "Patient")
        if patient not in seen:
            seen.add(patient)
            for one in resources:
                files.setdefault(one["resourceType"], []).append(json.dumps(one))
    for kind, rows in files.items():
        (tmp_path / f"{kind}.ndjson").write_text("\n".join(rows))
    assert _compare(tmp_path) > 500
