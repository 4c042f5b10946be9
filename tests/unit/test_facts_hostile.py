"""H08: whatever is in the JSON, normalising never raises and never invents."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.facts_builders import concept, event, resource

from smartapp.errors import InputError
from smartapp.facts import concepts, elements, normalise
from smartapp.facts.elements import NotAFact
from smartapp.facts.events import Event
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.normalise import facts_from_bundle, facts_from_json, facts_from_resources, parse_json

SHARED = Path(__file__).resolve().parents[3] / "shared"

BAD: list[tuple[str, dict[str, Any], str]] = [
    # kind, elements, the element that the reason names
    ("Observation", {"status": 7}, "status"),
    ("Observation", {"status": ["final"]}, "status"),
    ("Observation", {"code": "4548-4"}, "code"),
    ("Observation", {"code": [None]}, "code"),
    ("Observation", {"code": {"coding": {}}}, "code"),
    ("Observation", {"code": {"coding": [None]}}, "code"),
    ("Observation", {"code": {"coding": ["x"]}}, "code"),
    ("Observation", {"code": {"coding": [{"code": 7}]}}, "code"),
    ("Observation", {"code": {"coding": [{"code": ["x"]}]}}, "code"),
    ("Observation", {"code": {"coding": [{"code": "x", "system": 7}]}}, "code"),
    ("Observation", {"code": {"coding": [{"code": "x", "system": {}}]}}, "code"),
    ("Observation", {"effectiveDateTime": 2026}, "effectiveDateTime"),
    ("Observation", {"effectiveDateTime": "2026-02-30"}, "effectiveDateTime"),
    ("Observation", {"effectivePeriod": "2026"}, "effectivePeriod"),
    ("Observation", {"effectivePeriod": {"start": "x"}}, "effectivePeriod.start"),
    ("Observation", {"effectivePeriod": {"end": 7}}, "effectivePeriod.end"),
    ("Observation", {"effectivePeriod": {"start": "2026-02-01", "end": "2026-01-01"}}, "effectivePeriod"),
    ("Observation", {"issued": "now"}, "issued"),
    ("Observation", {"valueQuantity": "9.1 %"}, "valueQuantity"),
    ("Observation", {"valueQuantity": {"value": "9.1"}}, "value"),
    ("Observation", {"valueQuantity": {"value": math.nan}}, "value"),
    ("Observation", {"valueQuantity": {"value": math.inf}}, "value"),
    ("Observation", {"valueQuantity": {"value": 10**400}}, "value"),
    ("Observation", {"valueQuantity": {"value": True}}, "value"),
    ("Observation", {"valueQuantity": {"value": 9, "code": 7}}, "code"),
    ("Observation", {"valueQuantity": {"value": 9, "unit": []}}, "unit"),
    ("Observation", {"valueQuantity": {"value": 9, "comparator": 7}}, "comparator"),
    ("Observation", {"valueInteger": "12"}, "valueInteger"),
    ("Observation", {"valueInteger": 10**400}, "valueInteger"),
    ("Observation", {"component": [{"valueQuantity": {"value": math.nan, "unit": "mm[Hg]"}}]}, "value"),
    ("Observation", {"code": {"text": "half a character: \ud800"}}, "code"),
    ("Observation", {"valueCodeableConcept": "neg"}, "valueCodeableConcept"),
    ("Observation", {"component": {}}, "component"),
    ("Observation", {"component": ["x"]}, "component"),
    ("Observation", {"component": [{"code": "x"}]}, "code"),
    ("Observation", {"encounter": "Encounter/1"}, "encounter"),
    ("Observation", {"encounter": {"reference": 7}}, "reference"),
    ("Observation", {"focus": ["x"]}, "focus"),
    ("Observation", {"meta": "x"}, "meta"),
    ("Observation", {"meta": {"tag": {}}}, "tag"),
    ("Observation", {"meta": {"security": [{"code": 7}]}}, "meta.security"),
    ("Observation", {"meta": {"security": [{"code": ["x"]}]}}, "meta.security"),
    ("Observation", {"extension": [7]}, "extension"),
    ("Observation", {"extension": [{"url": 7}]}, "url"),
    ("Observation", {"modifierExtension": "x"}, "modifierExtension"),
    ("Condition", {"clinicalStatus": "active"}, "clinicalStatus"),
    ("Condition", {"clinicalStatus": [{}]}, "clinicalStatus"),
    ("Condition", {"verificationStatus": {"coding": [{"code": 7}]}}, "code"),
    ("Condition", {"onsetAge": 40}, "onsetAge"),
    ("Condition", {"onsetAge": {"value": "40"}}, "value"),
    ("Condition", {"onsetRange": 40}, "onsetRange"),
    ("Condition", {"abatementDateTime": "x"}, "abatementDateTime"),
    ("Encounter", {"class": "AMB"}, "class"),
    ("Encounter", {"diagnosis": [{"condition": "Condition/1"}]}, "condition"),
    ("Encounter", {"location": "ward"}, "location"),
    ("Encounter", {"location": ["ward"]}, "location"),
    ("Encounter", {"hospitalization": {"dischargeDisposition": "home"}}, "dischargeDisposition"),
    ("ServiceRequest", {"doNotPerform": "true"}, "doNotPerform"),
    ("ServiceRequest", {"intent": 7}, "intent"),
    ("MedicationRequest", {"medicationCodeableConcept": 7}, "medicationCodeableConcept"),
    ("MedicationRequest", {"medicationReference": "x"}, "medicationReference"),
    ("MedicationStatement", {"dosage": 7, "medicationCodeableConcept": "x"}, "medicationCodeableConcept"),
    ("MedicationRequest", {"medicationReference": {"reference": "#m"}, "contained": {}}, "contained"),
    (
        "MedicationRequest",
        {
            "medicationCodeableConcept": concept(),
            "dispenseRequest": {"validityPeriod": "x", "expectedSupplyDuration": {"value": 9, "unit": "d"}},
        },
        "validityPeriod",
    ),
    ("QuestionnaireResponse", {"questionnaire": 7}, "questionnaire"),
    ("Appointment", {"end": "later"}, "end"),
]


@pytest.mark.parametrize(("kind", "more", "named"), BAD)
def test_a_wrong_element_makes_its_resource_unusable_and_is_named(kind: str, more: dict[str, Any], named: str) -> None:
    with pytest.raises(NotAFact) as why:
        event(kind, **more)
    assert named in why.value.reason and why.value.lost
    assert "9.1" not in why.value.reason  # never the content


@pytest.mark.parametrize(
    "name", ["dispenseRequest", "dosageInstruction", "doNotPerform", "reasonCode", "authoredOn", "status"]
)
@pytest.mark.parametrize("value", [7, "x", [7], {"a": 1}, [[]], True])
def test_medicines_of_any_shape_do_not_crash(name: str, value: Any) -> None:
    made = resource("MedicationRequest", medicationCodeableConcept=concept(), **{name: value})
    facts_from_resources("p1", [made])


def test_null_counts_as_absent() -> None:
    nulls = dict.fromkeys(
        ("status", "code", "effectiveDateTime", "valueQuantity", "component", "encounter", "extension", "meta", "focus")
    )
    made = {**resource("Observation"), **nulls, "modifierExtension": None, "implicitRules": None}
    assert facts_from_resources("p1", [made]).facts.events == (Event("r1", "Observation"),)


def test_the_memory_of_codes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements, "_KEPT", 3)
    elements._codings.clear()
    for number in range(20):
        assert event("Observation", code=concept(f"c{number}")).codes[0].code == f"c{number}"
        assert len(elements._codings) <= 3


def test_the_memory_of_versions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalise, "_KEPT", 3)
    normalise._VERSIONS.clear()
    both = [resource("Observation", meta={"versionId": str(number)}, status=f"s{number}") for number in range(20)]
    assert facts_from_resources("p1", both).facts.events[0].status == "s19"
    assert 0 < len(normalise._VERSIONS) <= 3


def test_the_memory_of_coded_texts_is_bounded_and_holds_no_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concepts, "_KEPT", 3)
    known = concepts.known("code")
    known.clear()
    for number in range(20):
        assert event("Observation", code=concept(f"c{number}")).codes[0].code == f"c{number}"
        assert 0 < len(known) <= 3
    before = dict(known)
    assert event("Observation", code={**concept("long"), "text": "x" * 5000}).codes[0].code == "long"
    assert known == before


# --- generated --------------------------------------------------------------------------------------

_MORE = (
    "id meta tag security extension modifierExtension url valueBoolean valueCodeableConcept valueQuantity "
    "value unit system code coding reference contained component dosageInstruction doseAndRate "
    "doseQuantity timing repeat boundsPeriod frequency period periodUnit timeOfDay dispenseRequest "
    "quantity expectedSupplyDuration daysSupply medicationReference medicationCodeableConcept "
    "verificationStatus clinicalStatus abatementAge abatementPeriod start end low high doNotPerform "
    "birthDate deceasedBoolean communication language class diagnosis condition reasonReference "
    "participant actor questionnaire valueInteger lastUpdated versionId "
)
NAMES = sorted(
    {name for row in MEANINGS.values() for path in row.codes for name in path[1].split(".")}
    | {name for row in MEANINGS.values() for name, _ in row.when}
    | {name for row in MEANINGS.values() for name in (*row.at, row.patient, row.status, row.encounter, row.focus)}
    | set(_MORE.split())
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.sampled_from(
        [
            "",
            "2026",
            "2026-02-30",
            "Patient/p1",
            "#x",
            "Condition/c",
            "d",
            "a",
            "final",
            "8480-6",
            "mm[Hg]",
            LONG := "x" * 999,
        ]
    ),
    st.text(max_size=8),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)
RESOURCES = st.builds(
    lambda kind, id_, body: {**body, "resourceType": kind, "id": id_, "subject": {"reference": "Patient/p1"}},
    st.sampled_from([*MEANINGS, "Patient", "Medication"]),
    st.sampled_from(["p1", "r1", "x"]),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(RESOURCES, JSON), max_size=4), st.booleans())
def test_nothing_ever_raises(resources: list[Any], strict: bool) -> None:
    found = facts_from_resources("p1", resources, strict=strict)
    for one in found.facts.events:
        assert isinstance(one, Event) and hash(one) is not None
        assert one.number is None or math.isfinite(one.number)
        assert one.start is None or one.end is None or one.start <= one.end


def outcome(read: Any, argument: Any) -> Any:
    try:
        return read(argument)
    except InputError as error:
        return error.code


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(RESOURCES, JSON), max_size=4), st.booleans())
def test_a_bundle_says_the_same_as_text_and_parsed(resources: list[Any], with_patient: bool) -> None:
    patient = [{"resourceType": "Patient", "id": "p1", "birthDate": "1960-05-06"}] if with_patient else []
    entries = [{"resource": one, "fullUrl": f"urn:uuid:{n}"} for n, one in enumerate(patient + resources)]
    data = json.dumps({"resourceType": "Bundle", "entry": entries}).encode()
    assert outcome(facts_from_json, data) == outcome(lambda text: facts_from_bundle(parse_json(text)), data)


# --- published and synthetic charts -----------------------------------------------------------------


@pytest.mark.skipif(not (SHARED / "decks").is_dir(), reason="the shared decks are not here")
def test_every_published_chart_is_read_whole() -> None:
    lost = []
    events = 0
    for number, path in enumerate(sorted((SHARED / "decks").glob("*/*/patient_bundle.json"))):
        text = path.read_bytes()
        found = facts_from_json(text)
        assert number % 4 or found == facts_from_bundle(parse_json(text))
        events += len(found.facts.events)
        lost += [one for one in found.skipped if one.lost]
        assert found.facts.birth_low == found.facts.birth_high != None, path  # noqa: E711
    assert lost == [] and events > 4_000


@pytest.mark.skipif(not (SHARED / "synthea").is_dir(), reason="the shared synthetic charts are not here")
def test_every_synthetic_chart_is_read_whole() -> None:
    for path in sorted((SHARED / "synthea").glob("*.json")):
        found = facts_from_json(path.read_bytes())
        assert found.skipped == () and found.others == () and found.facts.events, path
