"""A measure as FHIR: valid resources that hold the rules and what they need."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import date
from typing import Any

from fhir.resources.R4B.library import Library
from fhir.resources.R4B.measure import Measure as FhirMeasure

from smartapp.criteria import words as w
from smartapp.criteria.constants import Period
from smartapp.criteria.fhir_form import library_resource, measure_resource
from smartapp.criteria.json_form import from_json
from smartapp.criteria.nodes import DirectCode, Or, Union, ValueSet
from smartapp.facts.codes import LOINC
from smartapp.facts.instants import end_of_day, start_of_day
from smartapp.measures.model import Clinical, ClosedBy, Hit, Measure, Rate, Reason, Source

A, B = ValueSet("urn:a", "A"), ValueSet("urn:b", "B")
CODE = DirectCode(LOINC, "4548-4", "HbA1c")
TESTS = w.observations(A, B, CODE, found_in=("laboratory",))
VISITS = w.encounters()
SOURCE = Source("A measure", "A steward", "2026", "https://example.invalid/m", "2026-01-05", terms="Free to use.")
YEAR = Period(start_of_day(date(2026, 1, 1)), end_of_day(date(2026, 12, 31)))
RATE = Rate(
    "Group_1",
    w.age(w.as_of).at_least(18),
    VISITS.where(w.start.after(w.PERIOD.start)).exist(),
    TESTS.where(w.start.after(w.PERIOD.start)).exist(),
    exclusions=(Reason("Hospice", w.conditions(A).exist()), Reason("Visits", VISITS)),
    exceptions=(Reason("Refused", w.Always(False)),),
    title="The only rate",
)
MEASURE = Measure(
    "CMS1",
    "1.0.0",
    "A measure",
    SOURCE,
    Clinical(w.Always(), (ClosedBy("Test", TESTS, None),), SOURCE),
    (RATE,),
    canonical="https://example.invalid/Measure/CMS1",
)
BASE = "https://app.example.invalid/fhir"


def populations(measure: Measure) -> dict[str, Any]:
    made = measure_resource(measure, base=BASE)
    FhirMeasure.model_validate(made)
    return {one["code"]["coding"][0]["code"]: one for one in made["group"][0]["population"]}


def rules(measure: Measure) -> dict[str, Any]:
    made = library_resource(measure, base=BASE)
    Library.model_validate(made)
    content = json.loads(b64decode(made["content"][0]["data"]))
    return {name: from_json(form) for name, form in content.items()}


def test_a_measure_says_what_it_is() -> None:
    made = measure_resource(MEASURE, base=BASE)
    assert made["url"] == f"{BASE}/Measure/CMS1"
    assert made["library"] == [f"{BASE}/Library/CMS1|1.0.0"]
    assert made["copyright"] == "Free to use."
    assert made["relatedArtifact"][1] == {"type": "derived-from", "resource": MEASURE.canonical}
    assert made["group"][0]["description"] == "The only rate"


def test_a_measure_without_terms_canonical_or_titles_is_as_valid() -> None:
    bare = replace(MEASURE, canonical="", source=replace(SOURCE, terms=""), rates=(replace(RATE, title=""),))
    made = measure_resource(bare, base=BASE)
    FhirMeasure.model_validate(made)
    assert len(made["relatedArtifact"]) == 1
    assert "copyright" not in made
    assert "description" not in made["group"][0]


def test_the_direction_is_the_measures_own() -> None:
    for means, notation in ((Hit.CARE_GIVEN, "increase"), (Hit.GAP, "decrease")):
        made = measure_resource(replace(MEASURE, numerator_means=means), base=BASE)
        assert made["improvementNotation"]["coding"][0]["code"] == notation


def test_the_basis_is_said() -> None:
    for basis, code in (("patient", "boolean"), ("encounter", "Encounter")):
        made = measure_resource(replace(MEASURE, rates=(replace(RATE, basis=basis),)), base=BASE)  # type: ignore[arg-type]
        assert made["group"][0]["extension"][0]["valueCode"] == code


def test_populations_are_said_in_words_and_refer_to_the_rules() -> None:
    found = populations(MEASURE)
    assert list(found) == [
        "initial-population",
        "denominator",
        "denominator-exclusion",
        "denominator-exception",
        "numerator",
    ]
    assert found["denominator-exclusion"]["description"] == (
        "Hospice: there is a diagnosis with “A”; or Visits: encounters"
    )
    assert {one["criteria"]["expression"] for one in found.values()} == rules(MEASURE).keys()


def test_the_library_holds_the_rules() -> None:
    found = rules(MEASURE)
    assert found["Group_1.numerator"] == RATE.numerator
    assert found["Group_1.denominator-exception"] == w.Always(False)
    assert found["Group_1.denominator-exclusion"] == Or((w.conditions(A).exist(), VISITS.exist()))
    by_visit = replace(RATE, exclusions=(Reason("a", VISITS), Reason("b", w.encounters(A))))
    assert rules(replace(MEASURE, rates=(by_visit,)))["Group_1.denominator-exclusion"] == Union(
        (VISITS, w.encounters(A))
    )


def test_the_library_says_what_is_needed() -> None:
    lab = {
        "path": "category",
        "code": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}],
    }
    dates = {"dateFilter": [{"path": "effective", "valuePeriod": {"start": "2026-01-01"}}]}
    made = library_resource(MEASURE, base=BASE, period=YEAR)
    Library.model_validate(made)
    data = made["dataRequirement"]
    assert [one for one in data if one["type"] == "Observation"] == [
        {"type": "Observation", "codeFilter": [{"path": "code", "valueSet": "urn:a"}, lab], **dates},
        {"type": "Observation", "codeFilter": [{"path": "code", "valueSet": "urn:b"}, lab], **dates},
        {
            "type": "Observation",
            "codeFilter": [
                {"path": "code", "code": [{"system": LOINC, "code": "4548-4", "display": "HbA1c"}]},
                lab,
            ],
            **dates,
        },
    ]
    # The visits that exclude are not bounded.
    assert [one for one in data if one["type"] == "Encounter"] == [{"type": "Encounter"}]
    assert "dateFilter" not in json.dumps(library_resource(MEASURE, base=BASE)["dataRequirement"])


def test_a_requirement_without_codes_may_have_categories() -> None:
    rate = replace(RATE, exclusions=(), numerator=w.conditions(found_in=("problem-list-item",)).exist())
    made = library_resource(replace(MEASURE, rates=(rate,)), base=BASE, period=YEAR, as_of=YEAR.start)
    (condition,) = (one for one in made["dataRequirement"] if one["type"] == "Condition")
    assert condition["codeFilter"][0]["path"] == "category"
