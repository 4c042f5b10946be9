"""The small print of searches, dates and scopes in the sandbox, as tables of questions and answers."""

from __future__ import annotations

import pytest
from support.ehr import sandbox

from launch.sandbox import dates, scopes
from launch.sandbox.search import BadSearch, compile_search

BASE = "http://127.0.0.1:1/fhir"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def holds(kind: str, resource: dict, **query: str) -> bool:
    pairs = [(name.replace("__", ":").replace("_x_", "-"), value) for name, value in query.items()]
    return compile_search(kind, pairs, BASE)({"resourceType": kind, **resource})


@pytest.mark.parametrize(
    ("found", "asked", "answer"),
    [
        ("2026-03-01", "2026-03-01", True),
        ("2026-03-01", "2026-03", True),
        ("2026-03", "2026-03-01", False),
        ("2026-03-01T10:00:00Z", "2026-03-01", True),
        ("2026-03-01T23:30:00-05:00", "2026-03-01", False),
        ("2026-03-01T23:30:00-05:00", "2026-03-02", True),
        ("2026-03-01T10:00:00.500Z", "2026-03-01T10:00:00.500Z", True),
        ("2026-03-01", "ne2026-03-01", False),
        ("2026-03-01", "gt2026-02-28", True),
        ("2026-03-01", "gt2026-03-01", False),
        ("2026-03-01", "ge2026-03-01", True),
        ("2026-03-01", "lt2026-03-01", False),
        ("2026-03-01", "le2026-03-01", True),
        ("2026-03", "ge2026-03-15", True),
        ("2026-03", "sa2026-02-28", True),
        ("2026-03", "sa2026-03-01", False),
        ("2026-03", "eb2026-04-01", True),
        ("2026", "ap2026-12-31", True),
        ({"start": "2026-01-01", "end": "2026-01-31"}, "2026-01", True),
        ({"start": "2026-01-01"}, "2026-01", False),
        ({"start": "2026-01-01"}, "gt2030", True),
        ({"end": "2026-01-01"}, "lt1900", True),
        ("9999", "ge2026", True),
        ("not a date", "ge1900", False),
        ("2026-13-01", "ge1900", False),
        ("2026-02-30", "ge1900", False),
        (5, "ge1900", False),
        ({}, "ge1900", False),
    ],
)
def test_dates(found, asked, answer):
    field = "effectivePeriod" if isinstance(found, dict) else "effectiveDateTime"
    assert holds("Observation", {field: found}, date=asked) is answer


@pytest.mark.parametrize(
    "text", ["", "26-01-01", "2026-1-1", "2026-01-01T", "2026-13", "2026-01-01T25:00:00Z", "xx2026"]
)
def test_what_is_no_date_is_an_error(text):
    with pytest.raises(ValueError, match=r"."):
        dates.split_prefix(text)


NAMED = {"name": [{"family": "O'Brien-Ünal", "given": ["Ayşe", "Mary Ann"]}]}
CODED = {
    "code": {"coding": [{"system": "urn:a", "code": "1"}, {"code": "2"}], "text": "x"},
    "status": "final",
    "subject": {"reference": "Patient/p1"},
}


@pytest.mark.parametrize(
    ("kind", "resource", "query", "answer"),
    [
        ("Patient", NAMED, {"name": "ayse"}, True),
        ("Patient", NAMED, {"name": "o'brien-u"}, True),
        ("Patient", NAMED, {"name": "brien"}, False),
        ("Patient", NAMED, {"name__contains": "brien"}, True),
        ("Patient", NAMED, {"name__exact": "ayşe"}, False),
        ("Patient", NAMED, {"name__exact": "Ayşe"}, True),
        ("Patient", NAMED, {"family": "ayşe"}, False),
        ("Patient", NAMED, {"name": "nobody,mary"}, True),
        ("Patient", {"active": True}, {"active": "true"}, True),
        ("Patient", {"active": False}, {"active": "true"}, False),
        ("Patient", {}, {"death_x_date__missing": "true"}, True),
        ("Patient", {"deceasedDateTime": "2020"}, {"death_x_date__missing": "true"}, False),
        ("Observation", CODED, {"code": "1"}, True),
        ("Observation", CODED, {"code": "urn:a|1"}, True),
        ("Observation", CODED, {"code": "urn:b|1"}, False),
        ("Observation", CODED, {"code": "|2"}, True),
        ("Observation", CODED, {"code": "|1"}, False),
        ("Observation", CODED, {"code": "urn:a|"}, True),
        ("Observation", CODED, {"code__not": "1"}, False),
        ("Observation", CODED, {"code": "x"}, False),
        ("Observation", {}, {"code__not": "1"}, True),
        ("Observation", CODED, {"status": "final,amended"}, True),
        ("Observation", CODED, {"patient": "p1"}, True),
        ("Observation", CODED, {"patient": "Patient/p1"}, True),
        ("Observation", CODED, {"patient": f"{BASE}/Patient/p1"}, True),
        ("Observation", CODED, {"patient": "p"}, False),
        ("Observation", CODED, {"subject": "Group/p1"}, False),
        ("Observation", CODED, {"subject__Patient": "p1"}, True),
        ("Observation", {"subject": {"display": "nobody"}}, {"subject": "p1"}, False),
        ("Observation", {"code": "odd", "category": [5, None, {"coding": 7}]}, {"category": "1", "code": "2"}, False),
        ("Patient", {"identifier": [{"system": "urn:s", "value": "a,b"}]}, {"identifier": "urn:s|a\\,b"}, True),
    ],
)
def test_searches(kind, resource, query, answer):
    assert holds(kind, resource, **query) is answer


@pytest.mark.parametrize(
    "query", [{"nothing": "1"}, {"code__text": "1"}, {"date__contains": "2026"}, {"patient__Group": "1"}, {"code": ""}]
)
def test_what_a_search_does_not_know_is_an_error(query):
    with pytest.raises(BadSearch):
        holds("Observation", {}, **query)


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.sr",
        "patient/Observation.",
        "patient/Observation.rs?",
        "patient/Observation.rs?colour=red",
        "patient/Observation.rs?category=",
        "patient/*.rs?category=x",
        "patient/Spaceship.rs",
        "everyone/Observation.rs",
        "patient/Observation.readwrite",
        "patient/Observation",
        "openid",
    ],
)
def test_what_is_no_data_scope(text):
    assert scopes.parse(text) is None


@pytest.mark.parametrize(
    ("asked", "allowed", "granted"),
    [
        (["patient/Observation.rs"], ["patient/*.rs"], ["patient/Observation.rs"]),
        (["patient/Observation.cruds"], ["patient/*.rs"], ["patient/Observation.rs"]),
        (["patient/Observation.*"], ["patient/*.rs"], ["patient/Observation.rs"]),
        (["patient/Observation.read"], ["patient/*.rs"], ["patient/Observation.read"]),
        (["patient/Observation.r"], ["patient/*.s"], []),
        (["patient/*.rs"], ["patient/Observation.rs"], []),
        (["user/Observation.rs"], ["patient/*.rs"], []),
        (["patient/Observation.rs"], [f"patient/Observation.rs?category={CATEGORY}|laboratory"], []),
        (
            [f"patient/Observation.rs?category={CATEGORY}|laboratory"],
            ["patient/Observation.rs"],
            [f"patient/Observation.rs?category={CATEGORY}|laboratory"],
        ),
        (["patient/Patient.rs"], ["patient/Patient.r", "patient/*.s"], ["patient/Patient.rs"]),
        (["openid", "openid", "fhirUser"], ["openid"], ["openid"]),
        (["nonsense", "launch/nonsense"], ["patient/*.rs", "launch"], []),
    ],
)
def test_offers(asked, allowed, granted):
    assert scopes.offer(asked, allowed) == granted


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("semantics"), count=3) as running:
        yield running


@pytest.fixture(scope="module")
def chart(app) -> str:
    return app.tokens("launch patient/*.rs")["access_token"]


def test_results_can_be_sorted(app, chart):
    def days(order: str) -> list[str]:
        found = app.search(chart, "Observation", patient="pt-1001", _sort=order)
        return [resource["effectiveDateTime"] for resource in found]

    assert days("date") == sorted(days("date"))
    assert days("-date") == sorted(days("date"), reverse=True)
    assert app.read(chart, "Encounter", patient="pt-1001", _sort="-date").status_code == 200
    assert app.read(chart, "Observation", patient="pt-1001", _sort="code").status_code == 400


def test_a_lenient_client_may_send_what_is_not_known(app, chart):
    answer = app.get(
        "/fhir/Observation?patient=pt-1001&colour=red",
        headers={"Authorization": f"Bearer {chart}", "Prefer": "handling=lenient"},
    )
    assert answer.status_code == 200
    own = next(link["url"] for link in answer.json()["link"] if link["relation"] == "self")
    assert "colour" not in own


def test_the_total_alone(app, chart):
    answer = app.read(chart, "Observation", patient="pt-1001", _summary="count").json()
    assert answer["total"] > 0
    assert not answer.get("entry")
    assert [link["relation"] for link in answer["link"]] == ["self"]
