"""The reader against the sandbox EHR over HTTP: every enabled measure's needs, read whole and within the scopes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.ehr import App, sandbox
from support.reading_world import World, launch_at

from launch.fetch import Fetcher
from launch.transport import new_session
from smartapp.criteria.requirements import requirements
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.events import Coverage
from smartapp.facts.normalise import facts_from_resources
from smartapp.measures.catalogue import MEASURES
from smartapp.reading.reader import Reader, codes_from

PATIENT = "pt-1001"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with sandbox(tmp_path_factory.mktemp("reading"), page_size=10) as running:
        yield running


def read(app: App, scopes: str) -> Any:
    granted = app.tokens(f"launch {scopes}")
    world = World(app.fhir, tokens=[granted["access_token"]])
    rules: list[Any] = []
    for measure in MEASURES.values():
        rules += [measure.clinical.eligible, *(one.events for one in measure.clinical.closed_by)]
    needs = requirements(rules)
    session = new_session()
    reader = Reader(
        Fetcher(session, time.monotonic),
        world.access_token,
        world,  # type: ignore[arg-type]
        clock=app.clock,
        monotonic=time.monotonic,
        sleep=time.sleep,
        codes_of=codes_from(ValueSets.load()),
    )
    found = reader.read_chart(launch_at(world.base, granted["scope"], PATIENT), needs, lambda *told: None)
    session.close()
    return found


def test_a_chart_of_the_sandbox_is_read_whole(app: App) -> None:
    found = read(app, "patient/*.rs")
    assert {(one.what, one.status, one.why) for one in found.searches if one.status is not Coverage.COMPLETE} == set()
    facts = facts_from_resources(PATIENT, found.resources, coverage=found.coverage)
    assert facts.skipped == () and len(facts.facts.events) > 10 and facts.facts.birth_low is not None


def test_only_what_was_granted_is_asked_and_the_rest_is_refused(app: App) -> None:
    laboratory = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    found = read(app, f"patient/Patient.r patient/Encounter.rs patient/Observation.rs?category={laboratory}")
    asked = {one.what for one in found.searches if one.requests}
    assert {"Patient", "Encounter"} < asked and all(
        what in ("Patient", "Encounter") or what.startswith("Observation (laboratory)") for what in asked
    )
    not_asked = {one.what for one in found.searches if not one.requests}
    assert {"Condition", "Procedure", "Observation"} <= not_asked
    assert {one["resourceType"] for one in found.resources} <= {"Patient", "Encounter", "Observation"}
    refused = [key for key, coverage in found.coverage.items() if coverage is Coverage.REFUSED]
    assert any(key.startswith("Condition:") for key in refused)
