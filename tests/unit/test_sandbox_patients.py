"""The sandbox's patients as a whole: repeatable, valid, dated from the reference date, marked as made up."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from datetime import date, timedelta
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class
from support.sandbox_charts import REFERENCE, SEED, addresses, day_of, patient, references, resources

from launch.sandbox import patients
from launch.sandbox.patients.practice import ADMINISTRATOR, CLINICIANS, COORDINATOR, NPI

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(patients.__file__).parent


@cache
def charts() -> list[dict]:
    return list(patients.generate(SEED, REFERENCE, 120))


@cache
def practice() -> dict:
    return patients.generate_practice(SEED, REFERENCE)


def test_two_processes_with_other_hash_seeds_write_the_same_bytes():
    script = (
        "import hashlib, json; from datetime import date; from launch.sandbox import patients as p;"
        "made = [p.generate_practice(5, date(2026, 3, 18)), *p.generate(5, date(2026, 3, 18), 30)];"
        "print(hashlib.sha256(json.dumps(made).encode()).hexdigest())"
    )

    def run(hash_seed: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, capture_output=True, check=True)
        return done.stdout.decode().strip()

    made = [patients.generate_practice(5, date(2026, 3, 18)), *patients.generate(5, date(2026, 3, 18), 30)]
    assert run("1") == run("4242") == hashlib.sha256(json.dumps(made).encode()).hexdigest()


def test_another_seed_writes_other_people_but_the_same_cast():
    one, other = (list(patients.generate(seed, REFERENCE, 30)) for seed in (1, 2))
    members = len(patients.cast(REFERENCE))
    assert one[:members] == other[:members]
    assert all(mine != theirs for mine, theirs in zip(one[members:], other[members:], strict=True))
    panels = {patient(chart)["generalPractitioner"][0]["reference"] for chart in one[:members]}
    assert panels == {f"Practitioner/{CLINICIANS[0]}"}


def test_a_patient_does_not_depend_on_how_many_there_are():
    assert list(patients.generate(SEED, REFERENCE, 25)) == charts()[:25]


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_as_many_patients_as_were_asked_for(count):
    assert len(list(patients.generate(SEED, REFERENCE, count))) == count


@pytest.mark.parametrize("reference", [date(2024, 2, 29), date(2025, 7, 1), date(2026, 1, 1), date(2027, 12, 31)])
def test_any_reference_date_will_do(reference):
    for chart in patients.generate(3, reference, 40):
        check_references(chart)
        check_nothing_after(chart, reference)


def test_every_id_is_used_once_and_is_a_fhir_id():
    found = list(chain.from_iterable(addresses(chart) for chart in (*charts(), practice())))
    assert len(found) == len(set(found)) == sum(len(chart["entry"]) for chart in (*charts(), practice()))
    assert all(re.fullmatch(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}", address) for address in found)


def check_references(chart: dict) -> None:
    known = addresses(chart) | addresses(practice())
    assert set(references(chart)) <= known


def test_references_resolve_in_the_chart_or_in_the_practice():
    assert set(references(practice())) <= addresses(practice())
    for chart in charts():
        check_references(chart)


def check_nothing_after(chart: dict, reference: date) -> None:
    """Nothing was done after the reference date nor after death; what is booked lies ahead."""
    died = patient(chart).get("deceasedDateTime")
    end = min(reference, date.fromisoformat(died)) if died else reference
    for made in resources(chart):
        day = day_of(made)
        if made["resourceType"] not in ("Appointment", "Coverage") and day:
            assert day <= end, made
        if made["resourceType"] == "Appointment":
            start = date.fromisoformat(made["start"][:10])
            assert start > reference if made["status"] == "booked" else start <= end


def test_nothing_happens_after_the_reference_date_or_death():
    for chart in charts():
        check_nothing_after(chart, REFERENCE)
    assert any("deceasedDateTime" in patient(chart) for chart in charts()[10:])


def test_nothing_happens_before_birth():
    for chart in charts():
        born = date.fromisoformat(patient(chart)["birthDate"])
        assert all(day >= born for made in resources(chart) if (day := day_of(made)))


@pytest.mark.parametrize("kind", sorted({made["resourceType"] for chart in charts() for made in resources(chart)}))
def test_each_type_is_valid_fhir(kind):
    model = get_fhir_model_class(kind)
    every = [made for chart in charts() for made in resources(chart, kind)]
    step = max(1, len(every) // 150)
    for made in every[::step]:
        model.model_validate(made)


def test_the_practice_is_valid_and_has_each_role():
    for made in resources(practice()):
        get_fhir_model_class(made["resourceType"]).model_validate(made)
    staff = {made["id"] for made in resources(practice(), "Practitioner")}
    assert {*CLINICIANS, COORDINATOR, ADMINISTRATOR} == staff
    roles = {made["practitioner"]["reference"].split("/")[1] for made in resources(practice(), "PractitionerRole")}
    assert roles == staff


def test_no_npi_could_be_anybodys():
    """The check digit of an NPI is Luhn's over 80840 and the number (45 CFR 162.406)."""
    for made in resources(practice()):
        for identifier in made.get("identifier", []):
            if identifier["system"] == NPI:
                digits = [int(digit) for digit in reversed("80840" + identifier["value"])]
                doubled = [sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(digits)]
                assert sum(doubled) % 10 != 0


def test_everything_is_labelled_as_test_data():
    for chart in (*charts(), practice()):
        for made in resources(chart):
            assert [tag["code"] for tag in made["meta"]["security"]] == ["HTEST"]
    for chart in charts():
        assert "Synthetic test data" in patient(chart)["text"]["div"]


def test_ways_to_reach_somebody_lead_nowhere():
    for chart in charts():
        for way in patient(chart)["telecom"]:
            assert re.search(r"-555-01\d\d$", way["value"]) or way["value"].endswith("@example.com")


def test_no_code_of_a_system_that_may_not_be_shipped():
    text = json.dumps([charts(), practice()])
    assert "ama-assn" not in text
    assert "cpt" not in text.lower()
    assert "ada.org" not in text


def test_the_package_needs_the_standard_library_alone():
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert node.module.split(".")[0] in sys.stdlib_module_names
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1
            elif isinstance(node, ast.Import):
                assert {name.name.split(".")[0] for name in node.names} <= sys.stdlib_module_names


def test_nothing_reads_the_clock():
    for path in PACKAGE.glob("*.py"):
        assert not re.search(r"\b(now|today|utcnow|time_ns|monotonic)\(", path.read_text()), path


def test_two_hundred_patients_in_seconds_and_of_a_usual_size():
    """Ten seconds leave room for a busy machine: it is about two on one core."""
    start = time.process_time()
    sizes = [len(json.dumps(chart)) for chart in patients.generate(SEED, REFERENCE)]
    assert time.process_time() - start < 10
    assert len(sizes) == 200
    assert 40_000 < sum(sizes) / len(sizes) < 200_000


def test_histories_go_back_three_to_ten_years():
    for case in patients.cases(SEED, REFERENCE, 120):
        assert 3 <= case.years <= 10
        assert all(visit.day >= REFERENCE - timedelta(days=3660) for visit in case.visits)


def test_untidy_data_occurs():
    found = {made["effectiveDateTime"] for chart in charts() for made in resources(chart, "Observation")}
    assert any(re.fullmatch(r"\d{4}-\d\d", text) for text in found)
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\d", text) for text in found)
    assert any(text.endswith("-05:00") for text in found)
    texts = [made["code"] for chart in charts() for made in resources(chart, "Observation")]
    assert any("coding" not in code for code in texts)
    verification = {
        made["verificationStatus"]["coding"][0]["code"] for chart in charts() for made in resources(chart, "Condition")
    }
    assert {"confirmed", "provisional", "refuted", "entered-in-error"} <= verification
