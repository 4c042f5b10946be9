"""The sandbox's FHIR server over HTTP: searches, pages, and how scopes and the compartment bound them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from support.ehr import App, sandbox

OBSERVATION = "http://terminology.hl7.org/CodeSystem/observation-category"
CONDITION = "http://terminology.hl7.org/CodeSystem/condition-category"
PATIENT = "pt-1001"
OTHER = "pt-1002"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("fhir"), page_size=10) as running:
        yield running


@pytest.fixture(scope="module")
def chart(app: App) -> str:
    return app.tokens("launch patient/*.rs")["access_token"]


@pytest.fixture(scope="module")
def user(app: App) -> str:
    return app.tokens("launch user/*.rs", patient=None, user="sam.rivers")["access_token"]


def kinds(resources):
    return {resource["resourceType"] for resource in resources}


def categories(resource):
    return {coding["code"] for category in resource["category"] for coding in category["coding"]}


def test_read(app, chart):
    answer = app.read(chart, f"Patient/{PATIENT}")
    assert answer.json()["id"] == PATIENT
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Content-Type"].startswith("application/fhir+json")
    assert "GMT" in answer.headers["Last-Modified"]


def test_pages_hold_everything_once_and_keep_the_patient_out_of_the_address(app, chart):
    answer = app.read(chart, "Observation", patient=PATIENT).json()
    assert len(answer["entry"]) == 10
    following = next(link["url"] for link in answer["link"] if link["relation"] == "next")
    assert following.startswith(f"{app.fhir}/Observation?_page=")
    assert PATIENT not in following
    everything = app.search(chart, "Observation", patient=PATIENT)
    assert len({resource["id"] for resource in everything}) == len(everything) == answer["total"] > 20
    assert {resource["subject"]["reference"] for resource in everything} == {f"Patient/{PATIENT}"}


def test_a_page_is_kept_for_its_own_client(app, chart):
    answer = app.read(chart, "Observation", patient=PATIENT).json()
    following = next(link["url"] for link in answer["link"] if link["relation"] == "next")
    backend = app.backend("system/Observation.rs").json()["access_token"]
    assert app.read(backend, following.removeprefix(f"{app.fhir}/")).status_code == 410
    assert app.read(chart, "Observation", _page="made-up").status_code == 410


def test_count_caps_a_page_and_zero_gives_the_total_alone(app, chart):
    assert len(app.read(chart, "Observation", patient=PATIENT, _count=3).json()["entry"]) == 3
    nothing = app.read(chart, "Observation", patient=PATIENT, _count=0).json()
    assert "entry" not in nothing
    assert nothing["total"] > 20
    assert app.read(chart, "Observation", patient=PATIENT, _count="many").status_code == 400


@pytest.mark.parametrize(
    ("kind", "query", "fits"),
    [
        ("Observation", {"category": f"{OBSERVATION}|vital-signs"}, lambda r: "vital-signs" in categories(r)),
        ("Observation", {"category": "laboratory"}, lambda r: "laboratory" in categories(r)),
        ("Observation", {"date": "ge2025-06-15"}, lambda r: r["effectiveDateTime"] >= "2025-06-15"),
        (
            "Observation",
            {"date": ["ge2024-01-01", "lt2026-01-01"]},
            lambda r: "2024" <= r["effectiveDateTime"] < "2026",
        ),
        ("Condition", {"category": f"{CONDITION}|problem-list-item"}, lambda r: "problem-list-item" in categories(r)),
        ("Condition", {"clinical-status": "active"}, lambda r: r["clinicalStatus"]["coding"][0]["code"] == "active"),
        ("Encounter", {"date": "ge2025", "status": "finished"}, lambda r: r["status"] == "finished"),
        ("Encounter", {"class": "AMB"}, lambda r: r["class"]["code"] == "AMB"),
        ("MedicationRequest", {"intent": "order", "status": "active"}, lambda r: r["status"] == "active"),
        ("Immunization", {"status": "completed"}, lambda r: r["status"] == "completed"),
        ("Appointment", {"status": "booked,fulfilled"}, lambda r: r["status"] in ("booked", "fulfilled")),
        ("Coverage", {}, lambda r: r["beneficiary"]["reference"].startswith("Patient/")),
        ("Procedure", {}, lambda r: True),
    ],
)
def test_searches_find_what_fits_and_only_that(app, user, kind, query, fits):
    patients = [f"pt-10{number:02d}" for number in range(1, 9)]
    every = app.search(user, kind, patient=",".join(patients), _count=200)
    found = app.search(user, kind, patient=",".join(patients), _count=200, **query)
    assert found
    assert all(fits(resource) for resource in found)
    left_out = [resource for resource in every if resource not in found]
    assert not any(fits(resource) for resource in left_out if kind != "Encounter" or "class" in query)


def test_a_code_is_found_with_its_system_and_not_with_another(app, chart):
    some = app.search(chart, "Observation", patient=PATIENT)[0]["code"]["coding"][0]
    exact = f"{some['system']}|{some['code']}"
    assert app.search(chart, "Observation", patient=PATIENT, code=exact)
    assert not app.search(chart, "Observation", patient=PATIENT, code=f"http://other.invalid|{some['code']}")
    either = app.search(chart, "Observation", patient=PATIENT, code=f"nothing,{some['code']}")
    assert either == app.search(chart, "Observation", patient=PATIENT, code=exact)


def test_patients_by_name_birth_date_and_identifier(app, user):
    one = app.ehr.store.read("Patient", PATIENT)
    name, born = one["name"][0], one["birthDate"]
    assert PATIENT in {found["id"] for found in app.search(user, "Patient", name=name["family"][:4].lower())}
    assert [found["id"] for found in app.search(user, "Patient", name=name["family"], birthdate=born)] == [PATIENT]
    identifier = f"{one['identifier'][0]['system']}|{one['identifier'][0]['value']}"
    assert [found["id"] for found in app.search(user, "Patient", identifier=identifier)] == [PATIENT]
    assert len(app.search(user, "Patient", _id=f"{PATIENT},{OTHER}")) == 2
    assert len(app.search(user, "Patient")) == 12


def test_last_updated_tells_new_from_old(app, user):
    before = app.clock().isoformat().replace("+00:00", "Z")
    assert app.search(user, "Patient", _lastUpdated=f"le{before}")
    assert not app.search(user, "Patient", _lastUpdated=f"gt{before}")


def test_search_by_post(app, chart):
    answer = app.post(
        "/fhir/Observation/_search",
        {"patient": PATIENT, "category": "laboratory"},
        headers={"Authorization": f"Bearer {chart}"},
    )
    by_get = app.read(chart, "Observation", patient=PATIENT, category="laboratory")
    assert answer.json()["total"] == by_get.json()["total"] > 0


@pytest.mark.parametrize("query", [{"colour": "red"}, {"date": "yesterday"}, {"code:in": "x"}, {"subject.name": "x"}])
def test_what_is_not_understood_is_refused(app, chart, query):
    answer = app.read(chart, "Observation", patient=PATIENT, **query)
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_no_token_a_wrong_one_and_an_old_one_are_401(app):
    bare = app.get("/fhir/Patient")
    assert bare.status_code == 401
    assert bare.headers["WWW-Authenticate"] == 'Bearer realm="sandbox"'
    assert bare.json()["resourceType"] == "OperationOutcome"
    wrong = app.read("made-up", "Patient")
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    assert app.get(f"/fhir/Patient?access_token={'x' * 43}").status_code == 401


def test_a_token_ends(app):
    token = app.tokens("launch patient/Patient.rs")["access_token"]
    app.clock.forward(601)
    assert app.read(token, f"Patient/{PATIENT}").status_code == 401
    app.clock.forward(-601)


def test_a_type_that_was_not_granted_is_403(app):
    token = app.tokens("launch patient/Patient.rs")["access_token"]
    answer = app.read(token, "Observation", patient=PATIENT)
    assert answer.status_code == 403
    assert answer.json()["issue"][0]["code"] == "forbidden"
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_reading_and_searching_are_two_things(app):
    token = app.tokens("launch patient/Patient.r patient/Encounter.s")["access_token"]
    assert app.read(token, f"Patient/{PATIENT}").status_code == 200
    assert app.read(token, "Patient", _id=PATIENT).status_code == 403
    found = app.search(token, "Encounter", patient=PATIENT)
    assert app.read(token, f"Encounter/{found[0]['id']}").status_code == 403


def test_v1_scopes_read_and_search(app):
    answer = app.tokens("launch patient/Observation.read")
    assert answer["scope"] == "launch patient/Observation.read"
    assert app.search(answer["access_token"], "Observation", patient=PATIENT)


def test_a_category_scope_silently_limits_to_its_category(app):
    scope = f"patient/Observation.rs?category={OBSERVATION}|vital-signs"
    answer = app.tokens(f"launch {scope} patient/Condition.rs?category={CONDITION}|problem-list-item")
    assert scope in answer["scope"].split()
    token = answer["access_token"]
    found = app.search(token, "Observation", patient=PATIENT)
    assert found
    assert all("vital-signs" in categories(resource) for resource in found)
    assert app.search(token, "Observation", patient=PATIENT, category="laboratory") == []
    laboratory = next(
        resource for resource in app.ehr.store.scan("Observation", [PATIENT]) if "laboratory" in categories(resource)
    )
    assert app.read(token, f"Observation/{laboratory['id']}").status_code == 404
    assert app.read(token, f"Observation/{found[0]['id']}").status_code == 200
    assert all("problem-list-item" in categories(r) for r in app.search(token, "Condition", patient=PATIENT))


def test_scopes_add_up(app):
    one, two = (f"patient/Observation.rs?category={OBSERVATION}|{code}" for code in ("vital-signs", "laboratory"))
    token = app.tokens(f"launch {one} {two}")["access_token"]
    found = app.search(token, "Observation", patient=PATIENT)
    assert {"vital-signs", "laboratory"} <= set().union(*map(categories, found))
    assert not any({"survey", "social-history"} & categories(resource) for resource in found)


def test_there_is_no_way_out_of_the_compartment(app, chart):
    theirs = next(iter(app.ehr.store.scan("Observation", [OTHER])))["id"]
    assert app.read(chart, f"Patient/{OTHER}").status_code == 403
    assert app.read(chart, "Patient/nobody-at-all").status_code == 403
    assert app.read(chart, f"Observation/{theirs}").status_code == 404
    assert app.read(chart, "Observation", patient=OTHER).status_code == 403
    assert app.read(chart, "Observation", patient=f"{PATIENT},{OTHER}").status_code == 403
    assert app.read(chart, "Observation", subject=f"Patient/{OTHER}").status_code == 403
    assert app.search(chart, "Observation", _id=theirs) == []
    assert [found["id"] for found in app.search(chart, "Patient")] == [PATIENT]
    assert all(r["subject"]["reference"] == f"Patient/{PATIENT}" for r in app.search(chart, "Condition"))
    assert app.search(chart, "Group") == []


def test_the_directory_is_open_to_a_patient_scope(app, chart):
    assert app.search(chart, "Organization")
    assert len(app.search(chart, "PractitionerRole", practitioner="Practitioner/prac-sam-rivers")) == 1


def test_fhir_user_allows_one_s_own_entry_and_no_other(app):
    token = app.tokens("launch openid fhirUser patient/Patient.r")["access_token"]
    assert app.read(token, "Practitioner/prac-amara-cole").status_code == 200
    assert app.read(token, "Practitioner/prac-jonas-weber").status_code == 404
    assert app.read(token, "Practitioner").status_code == 403


def test_a_user_sees_their_own_groups(app, user):
    assert {group["id"] for group in app.search(user, "Group")} == {"panel", "panel-sam-rivers"}
    practice = app.read(user, "Group/panel").json()
    assert practice["quantity"] == len(practice["member"]) == 12
    assert (practice["type"], practice["actual"]) == ("person", True)
    clinician = app.tokens("launch user/*.rs", patient=None, user="jonas.weber")["access_token"]
    assert {group["id"] for group in app.search(clinician, "Group")} == {"panel-jonas-weber"}
    assert app.read(clinician, "Group/panel").status_code == 404
    mine = app.search(clinician, "Group", **{"managing-entity": "Practitioner/prac-jonas-weber"})
    assert [group["id"] for group in mine] == ["panel-jonas-weber"]


def test_unknown_types_ids_and_methods(app, chart):
    assert app.read(chart, "Spaceship").status_code == 404
    assert app.read(chart, "Observation/none").status_code == 404
    assert app.read(chart, "Observation/a/b/c").status_code == 404
    answer = app.http.delete(f"{app.fhir}/Patient/{PATIENT}", headers={"Authorization": f"Bearer {chart}"}, timeout=5)
    assert answer.status_code == 405
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_the_capability_statement_names_endpoints_and_searches(app):
    found = app.get("/fhir/metadata").json()
    assert found["fhirVersion"] == "4.0.1"
    rest = found["rest"][0]
    uris = {item["url"]: item["valueUri"] for item in rest["security"]["extension"][0]["extension"]}
    assert uris["token"] == f"{app.base}/auth/token"
    served = {item["type"]: {param["name"] for param in item["searchParam"]} for item in rest["resource"]}
    assert {"patient", "category", "code", "date"} <= served["Observation"]
    assert {"patient", "intent", "status"} <= served["MedicationRequest"]


def test_eight_searches_are_answered_side_by_side(tmp_path):
    with sandbox(tmp_path, latency_ms=1000, count=4) as slow:
        token = slow.tokens("launch patient/*.rs")["access_token"]
        begun = monotonic()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: slow.read(token, "Observation", patient=PATIENT), range(8)))
        waited = monotonic() - begun
    assert [answer.status_code for answer in answers] == [200] * 8
    assert waited < 5  # one after the other takes eight seconds, however fast the machine is


def test_a_v1_server_grants_no_v2_scope(tmp_path):
    with sandbox(tmp_path, scopes_v2=False, count=2) as old:
        assert "permission-v2" not in old.get("/fhir/.well-known/smart-configuration").json()["capabilities"]
        answer = old.tokens("launch patient/Observation.rs patient/Patient.read")
        assert answer["scope"] == "launch patient/Patient.read"
