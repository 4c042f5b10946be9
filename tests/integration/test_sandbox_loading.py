"""What the sandbox makes of a folder of Bundles, and that it keeps it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from support.ehr import TestClock, TestEntropy, sandbox

from launch.sandbox.ehr import assemble
from launch.sandbox.loading import LoadError, load
from launch.sandbox.settings import SandboxSettings

SYNTHEA = Path(__file__).parents[3] / "shared" / "synthea"
PERSON = "urn:uuid:11111111-2222-3333-4444-555555555555"
VISIT = "urn:uuid:66666666-7777-8888-9999-000000000000"


def loaded(data: Path, patients: Path):
    settings = SandboxSettings("http://127.0.0.1:1", data, patients=patients)
    ehr = assemble(settings, TestClock(), TestEntropy(), lambda url: {})
    try:
        load(settings, ehr.database, ehr.store, ehr.clock, None)
    finally:
        ehr.database.close()
    return ehr.store


def entry(full_url: str, **resource):
    return {"fullUrl": full_url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}


@pytest.fixture
def folder(tmp_path):
    patients = tmp_path / "patients"
    patients.mkdir()
    chart = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            entry(PERSON, resourceType="Patient", name=[{"family": "Ünal", "given": ["Ayşe"]}]),
            entry(VISIT, resourceType="Encounter", status="finished", subject={"reference": PERSON}),
            entry(
                "https://elsewhere.invalid/fhir/Observation/o1",
                resourceType="Observation",
                id="o1",
                subject={"reference": PERSON},
                encounter={"reference": VISIT},
                performer=[{"reference": "Practitioner?identifier=urn:npi|42"}],
            ),
        ],
    }
    (patients / "a.json").write_text(json.dumps(chart))
    staff = {"resourceType": "Practitioner", "id": "p42", "identifier": [{"system": "urn:npi", "value": "42"}]}
    (patients / "z.json").write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": staff}]}))
    return patients


def test_references_between_entries_become_relative(tmp_path, folder):
    store = loaded(tmp_path / "data", folder)
    observation = store.read("Observation", "o1")
    assert observation["subject"] == {"reference": f"Patient/{PERSON[9:]}"}
    assert observation["encounter"] == {"reference": f"Encounter/{VISIT[9:]}"}
    assert observation["performer"] == [{"reference": "Practitioner/p42"}]
    assert [found["id"] for found in store.scan("Observation", [PERSON[9:]])] == ["o1"]
    assert "category" not in observation


def test_each_patient_is_on_the_practice_s_panel_and_can_sign_in(tmp_path, folder):
    store = loaded(tmp_path / "data", folder)
    panel = store.read("Group", "panel")
    assert panel["member"] == [{"entity": {"reference": f"Patient/{PERSON[9:]}"}}]
    with store.database.read() as connection:
        rows = connection.execute("SELECT name, patient FROM portal_login").fetchall()
    assert rows == [("ayse.unal", PERSON[9:])]


def test_data_are_kept_until_the_folder_changes(tmp_path, folder):
    store = loaded(tmp_path / "data", folder)
    store.save({"resourceType": "Communication", "id": "kept", "status": "completed"})
    assert loaded(tmp_path / "data", folder).exists("Communication/kept")
    (folder / "b.json").write_text(json.dumps({"resourceType": "Patient", "id": "new"}))
    store = loaded(tmp_path / "data", folder)
    assert not store.exists("Communication/kept")
    assert store.exists("Patient/new")


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_file_that_is_no_resource_is_named(tmp_path, folder, content):
    (folder / "bad.json").write_text(content)
    with pytest.raises(LoadError, match=r"bad\.json"):
        loaded(tmp_path / "data", folder)


def test_a_folder_that_is_missing_or_empty_is_said(tmp_path):
    with pytest.raises(LoadError, match="no such folder"):
        loaded(tmp_path / "data", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LoadError, match=r"no \.json files"):
        loaded(tmp_path / "data", tmp_path / "empty")


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the shared synthetic charts are not on this machine")
def test_a_hundred_charts_load_in_seconds_and_start_again_at_once(tmp_path):
    started = monotonic()
    with sandbox(tmp_path, patients=SYNTHEA) as app:
        assert monotonic() - started < 30
        token = app.tokens("launch user/*.rs", patient=None, user="sam.rivers")["access_token"]
        patients = app.search(token, "Patient", _count=100)
        assert len(patients) == 100
        assert app.search(token, "Observation", patient=patients[0]["id"], _count=500)
    started = monotonic()
    with sandbox(tmp_path, patients=SYNTHEA):
        assert monotonic() - started < 5


def test_the_generated_patients_are_dated_by_the_clock_or_by_the_setting(tmp_path):
    with sandbox(tmp_path / "one", count=3, reference_date="2026-01-31") as app:
        dates = [one["effectiveDateTime"][:10] for one in app.ehr.store.scan("Observation")]
        assert max(dates) <= "2026-01-31"
        assert app.clock() == datetime(2026, 6, 15, 12, tzinfo=UTC)
