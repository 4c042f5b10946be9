"""The ``$care-gaps`` Bundle: valid FHIR R4, whole within itself, and true to the result."""

from __future__ import annotations

from datetime import date

import pytest
from fhir.resources.R4B.bundle import Bundle

from smartapp.measures.catalogue import MEASURES
from smartapp.measures.deqm import DEQM, care_gaps_bundle
from smartapp.measures.due import Due
from smartapp.measures.results import MeasureResult, Populations, RateResult
from smartapp.measures.statuses import Because, ClinicalStatus, GapStatus, ReasonCode

PERIOD = (date(2026, 1, 1), date(2026, 12, 31))


def result(measure: str, status: GapStatus, *reasons: Because) -> tuple:
    found = MEASURES[measure]
    rates = tuple(RateResult(rate.id, Populations(1, 1, 0, 0, 0), status, reasons) for rate in found.rates)
    return found, MeasureResult(measure, rates, Due(ClinicalStatus.DUE))


def document(*results: tuple) -> dict:
    return care_gaps_bundle("p1", results, period=PERIOD, as_of=date(2026, 6, 15), reporter="Harbor Street")


def resources(bundle: dict, kind: str) -> list[dict]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


@pytest.mark.parametrize("status", GapStatus)
def test_every_status_makes_a_valid_document(status: GapStatus) -> None:
    bundle = document(
        result("CMS125", status, Because(ReasonCode.NOT_FOUND, "No mammogram on record.")),
        result("CMS122", status, Because(ReasonCode.EXCLUDED, "Excluded: hospice care.")),
    )
    Bundle.model_validate(bundle)
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"


def test_references_resolve_within_the_document() -> None:
    bundle = document(result("CMS138", GapStatus.OPEN), result("CMS125", GapStatus.CLOSED))
    known = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(known) == len(bundle["entry"])

    def references(part: object) -> set[str]:
        if isinstance(part, dict):
            own = {part["reference"]} if isinstance(part.get("reference"), str) else set()
            return own.union(*(references(value) for value in part.values()))
        return set().union(*(references(one) for one in part)) if isinstance(part, list) else set()

    assert references(bundle) - known == {"Patient/p1"}


def test_the_status_is_a_modifier_and_the_reasons_are_said() -> None:
    bundle = document(result("CMS125", GapStatus.OPEN, Because(ReasonCode.NOT_FOUND, "No mammogram on record.")))
    issue = resources(bundle, "DetectedIssue")[0]
    coding = issue["modifierExtension"][0]["valueCodeableConcept"]["coding"][0]
    assert (coding["system"], coding["code"]) == (f"{DEQM}/CodeSystem/gaps-status", "open-gap")
    reason = resources(bundle, "GuidanceResponse")[0]["reasonCode"][0]
    assert reason["coding"][0]["code"] == "NotFound"
    assert reason["text"] == "No mammogram on record."


def test_what_cannot_be_told_is_never_given_a_deqm_status() -> None:
    bundle = document(result("CMS125", GapStatus.CANNOT_TELL, Because(ReasonCode.MISSING, "Not read.")))
    issue = resources(bundle, "DetectedIssue")[0]
    assert issue["status"] == "preliminary"
    assert "coding" not in issue["modifierExtension"][0]["valueCodeableConcept"]
    assert resources(bundle, "GuidanceResponse")[0]["status"] == "data-required"


def test_an_inverse_measure_says_that_less_is_better() -> None:
    report = resources(document(result("CMS122", GapStatus.OPEN)), "MeasureReport")[0]
    assert report["improvementNotation"]["coding"][0]["code"] == "decrease"
    assert {p["code"]["coding"][0]["code"]: p["count"] for p in report["group"][0]["population"]}["denominator"] == 1


def test_each_rate_has_an_issue_of_its_own() -> None:
    bundle = document(result("CMS138", GapStatus.OPEN))
    assert len(resources(bundle, "DetectedIssue")) == len(MEASURES["CMS138"].rates) > 1
    assert len(resources(bundle, "MeasureReport")) == 1


def test_the_same_result_makes_the_same_document() -> None:
    one = result("CMS125", GapStatus.OPEN)
    assert document(one) == document(one)
