"""``smartapp evaluate --format deqm``: one valid FHIR R4 document for each patient, saying what the lines say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from smartapp.cli import main
from smartapp.measures.catalogue import MEASURES

PERIOD = ("--period", "2026-01-01", "2026-12-31")
ASKED = ("--measure", "CMS122,CMS125")


def _patient(id_: str, gender: str) -> dict[str, Any]:
    sex = {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex", "valueCode": "248152002"}
    return {
        "resourceType": "Patient",
        "id": id_,
        "birthDate": "1966-05-05",
        "gender": gender,
        "extension": [sex] if gender == "female" else [],
    }


def _about(kind: str, id_: str, whose: str, system: str, code: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": kind, "id": id_, "subject": {"reference": f"Patient/{whose}"}, "code": coded, **more}


def _diabetic(whose: str) -> list[dict[str, Any]]:
    """Diabetes, a visit and a good HbA1c."""
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    visit = {
        "resourceType": "Encounter",
        "id": f"v-{whose}",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [{"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "G0438"}]}],
        "subject": {"reference": f"Patient/{whose}"},
        "period": {"start": "2026-02-03T10:00:00Z", "end": "2026-02-03T10:30:00Z"},
    }
    quantity = {"value": 6.5, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    return [
        visit,
        _about(
            "Condition",
            f"c-{whose}",
            whose,
            "http://hl7.org/fhir/sid/icd-10-cm",
            "E11.9",
            clinicalStatus=active,
            onsetDateTime="2020-01-01",
        ),
        _about(
            "Observation",
            f"o-{whose}",
            whose,
            "http://loinc.org",
            "4548-4",
            status="final",
            effectiveDateTime="2026-03-04",
            valueQuantity=quantity,
        ),
    ]


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for id_, gender, facts in (("w1", "female", _diabetic("w1")), ("m1", "male", [])):
        entry = [{"resource": one} for one in (_patient(id_, gender), *facts)]
        (folder / f"{id_}.json").write_text(
            json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry})
        )
    return folder


def _run(arguments: list[str], output: Path) -> tuple[int, list[dict[str, Any]]]:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *arguments, "--output", str(output)])
    assert isinstance(ended.value.code, int)
    text = output.read_text() if output.exists() else ""
    return ended.value.code, [json.loads(line) for line in text.splitlines()]


def _resources(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in document["entry"] if entry["resource"]["resourceType"] == kind]


def _said(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Each measure with the gap that the document states, found by following the references of its sections."""
    by_url = {entry["fullUrl"]: entry["resource"] for entry in document["entry"]}
    found = set()
    for section in document["entry"][0]["resource"]["section"]:
        report = by_url[section["focus"]["reference"]]
        issue = by_url[section["entry"][0]["reference"]]
        measure = next(one for one in MEASURES.values() if f"{one.canonical}|{one.version}" == report["measure"])
        (status,) = issue["modifierExtension"]
        (coding,) = status["valueCodeableConcept"]["coding"]
        found.add((measure.id, coding["code"]))
    return found


def test_each_patient_is_a_valid_document_that_says_what_the_lines_say(patients: Path, tmp_path: Path) -> None:
    arguments = [str(patients), *ASKED, *PERIOD]
    code, documents = _run([*arguments, "--format", "deqm"], tmp_path / "deqm.ndjson")
    assert code == 0
    _, lines = _run(arguments, tmp_path / "lines.ndjson")
    assert len(documents) == 2
    for document, patient in zip(documents, ("m1", "w1"), strict=True):
        assert Bundle.model_validate(document).type == "document"
        composition = document["entry"][0]["resource"]
        assert composition["resourceType"] == "Composition"
        assert composition["subject"]["reference"].endswith(patient)
        mine = [line for line in lines if line["patient_id"] == patient]
        reports = _resources(document, "MeasureReport")
        assert len(reports) == len({line["measure"] for line in mine})
        for report in reports:
            assert (report["period"]["start"], report["period"]["end"]) == ("2026-01-01", "2026-12-31")
        assert _said(document) == {(line["measure"], line["gap_status"]) for line in mine}
    assert ("CMS125", "open-gap") in _said(documents[1])


@pytest.mark.parametrize("more", [("--engine", "population"), ("--evidence",)])
def test_what_the_format_cannot_hold_is_refused(patients: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    arguments = [str(patients), *ASKED, *PERIOD, "--format", "deqm", *more]
    assert _run(arguments, tmp_path / "out.ndjson") == (2, [])
