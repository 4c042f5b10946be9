"""The sandbox's pages over HTTP: staff, consent, standalone launch, and the patient's portal."""

from __future__ import annotations

import html
import re

import pytest
from support.ehr import App, sandbox

MESSAGE = {
    "resourceType": "Communication",
    "status": "completed",
    "identifier": [{"system": "urn:test:messages", "value": "m-7"}],
    "recipient": [{"reference": "Patient/pt-1001"}],
    "sender": {"reference": "Practitioner/prac-sam-rivers"},
    "topic": {"text": "A message from <your> care team"},
    "payload": [{"contentString": "It is time to book your check-up.\nCall us & we help."}],
}
OBSERVATION = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.fixture(scope="module")
def module_app(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture
def app(module_app: App):
    module_app.http.cookies.clear()
    yield module_app
    module_app.http.cookies.clear()


@pytest.fixture
def inbox(app: App):
    """A message in the inbox of pt-1001, and what is there after it: its id."""
    token = app.backend("system/Communication.crs").json()["access_token"]
    return app.create(token, MESSAGE).json()["id"]


def handle(answer) -> str:
    return re.search(r'name="request" value="([^"]+)"', answer.text)[1]


def portal(app: App, patient: str = "pt-1001") -> None:
    with app.ehr.database.read() as connection:
        row = connection.execute("SELECT name FROM portal_login WHERE patient = ?", (patient,)).fetchone()
    answer = app.post("/portal/login", {"login": row[0]})
    assert answer.headers["Location"] == f"/portal/{patient}/inbox"


@pytest.mark.parametrize(
    "path", ["/patients", "/patients/pt-1001", "/worklist", "/patients/pt-1001/launch", "/worklist/launch"]
)
def test_staff_pages_need_a_session(app, path):
    answer = app.get(path)
    assert answer.status_code == 401
    assert 'data-error="ehr.signed-out"' in answer.text
    assert "Whitaker" not in answer.text


def test_every_page_says_that_the_patients_are_made_up(app):
    for path in ("/", "/portal"):
        assert "Sandbox EHR: synthetic patients" in app.get(path).text


def test_patients_are_found_by_name(app):
    app.sign_in()
    assert "Whitaker" in app.get("/patients", params={"q": "whit"}).text
    assert "Whitaker" not in app.get("/patients", params={"q": "nobody"}).text
    assert app.get("/patients", params={"q": "<script>"}).text.count("<script>") == 0


@pytest.mark.parametrize("tab", ["summary", "results", "medications", "visits", "prevention", "messages", "nonsense"])
def test_a_chart_opens_on_every_tab_and_embeds_the_app(app, tab):
    app.sign_in()
    answer = app.get("/patients/pt-1001", params={"tab": tab})
    assert answer.status_code == 200
    assert 'src="/patients/pt-1001/launch?app=' in html.unescape(answer.text)
    assert "frame-src 'self' http://localhost:8000" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self';" in answer.headers["Content-Security-Policy"]


def test_the_coordinator_starts_at_the_worklist(app):
    answer = app.post("/login", {"user": "sam.rivers"})
    assert answer.headers["Location"] == "/worklist"
    assert "/worklist/launch" in app.get("/worklist").text


def test_a_form_of_another_site_is_refused(app):
    for headers in ({"Origin": "http://evil.invalid"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert app.post("/login", {"user": "amara.cole"}, headers=headers).status_code == 403


def test_session_cookies_are_out_of_reach_for_scripts_and_other_sites(app):
    answer = app.post("/login", {"user": "amara.cole"})
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]


def test_a_standalone_launch_asks_who_and_which_patient_and_what(app):
    scope = "launch/patient openid offline_access patient/Patient.rs patient/Observation.rs user/PractitionerRole.rs"
    page = app.get("/auth/authorize", params=app.request(scope=scope))
    assert "Who are you?" in page.text
    assert "frame-ancestors 'self' http://localhost:8000" in page.headers["Content-Security-Policy"]
    page = app.post("/auth/authorize/user", {"request": handle(page), "user": "jonas.weber"})
    assert "Which patient?" in page.text
    page = app.post("/auth/authorize/patient", {"request": handle(page), "q": "whit", "search": "1"})
    assert page.text.count('name="patient"') == 1
    page = app.post("/auth/authorize/patient", {"request": handle(page), "patient": "pt-1001"})
    assert "What may the app do?" in page.text
    vital_signs = f"patient/Observation.rs?category={OBSERVATION}|vital-signs"
    assert vital_signs in html.unescape(page.text)
    ticked = ["openid", "patient/Patient.rs", vital_signs, "patient/Condition.rs"]
    answer = app.post("/auth/authorize/decision", {"request": handle(page), "decision": "allow", "scope": ticked})
    tokens = app.exchange(app.answered(answer)["code"]).json()
    assert tokens["scope"] == f"launch/patient openid patient/Patient.rs {vital_signs}"
    assert tokens["patient"] == "pt-1001"
    assert tokens["need_patient_banner"] is True
    assert "refresh_token" not in tokens
    found = app.search(tokens["access_token"], "Observation", patient="pt-1001")
    assert found
    assert all("vital-signs" in str(resource["category"]) for resource in found)


def test_a_wildcard_can_be_narrowed_to_types(app):
    app.sign_in()
    page = app.get("/auth/authorize", params=app.request(launch=app.launch(ask="1")))
    answer = app.post(
        "/auth/authorize/decision",
        {"request": handle(page), "decision": "allow", "scope": ["patient/Immunization.rs", "patient/Patient.rs"]},
    )
    scope = app.exchange(app.answered(answer)["code"]).json()["scope"]
    assert scope == "launch patient/Immunization.rs patient/Patient.rs"


def test_a_person_may_refuse(app):
    app.sign_in()
    page = app.get("/auth/authorize", params=app.request(launch=app.launch(ask="1")))
    form = {"request": handle(page), "decision": "refuse"}
    answer = app.answered(app.post("/auth/authorize/decision", form))
    assert answer["error"] == "access_denied"
    assert (answer["state"], answer["iss"]) == ("st-123", f"{app.base}/auth")
    assert app.post("/auth/authorize/decision", {**form, "decision": "allow"}).status_code == 400


def test_no_step_of_the_authorization_can_be_left_out(app):
    page = app.get("/auth/authorize", params=app.request(scope="launch/patient patient/Patient.rs"))
    early = app.post("/auth/authorize/decision", {"request": handle(page), "decision": "allow", "scope": "openid"})
    assert "Who are you?" in early.text
    early = app.post("/auth/authorize/patient", {"request": handle(page), "patient": "pt-1001"})
    assert early.status_code == 400
    page = app.post("/auth/authorize/user", {"request": handle(page), "user": "sam.rivers"})
    again = app.post("/auth/authorize/user", {"request": handle(page), "user": "alex.moreau"})
    assert again.status_code == 400
    early = app.post("/auth/authorize/decision", {"request": handle(page), "decision": "allow"})
    assert "Which patient?" in early.text
    assert app.post("/auth/authorize/patient", {"request": handle(page), "patient": "none"}).status_code == 400
    assert app.post("/auth/authorize/user", {"request": "made-up", "user": "sam.rivers"}).status_code == 400


def test_a_population_launch_can_be_standalone(app):
    app.sign_in("sam.rivers")
    page = app.get("/auth/authorize", params=app.request(scope="openid user/Patient.rs user/Group.rs"))
    assert "What may the app do?" in page.text
    form = {"request": handle(page), "decision": "allow", "scope": ["user/Patient.rs"]}
    tokens = app.exchange(app.answered(app.post("/auth/authorize/decision", form))["code"]).json()
    assert tokens["scope"] == "user/Patient.rs"
    assert not {"patient", "id_token"} & set(tokens)


@pytest.mark.parametrize("path", ["inbox", "preferences", "messages/x"])
def test_portal_pages_need_that_patient_s_session(app, path):
    assert app.get(f"/portal/pt-1001/{path}").status_code == 401
    app.sign_in()
    assert app.get(f"/portal/pt-1001/{path}").status_code == 401
    portal(app, "pt-1002")
    assert app.get(f"/portal/pt-1001/{path}").status_code == 404


def test_the_inbox_as_json_needs_the_session_too(app, inbox):
    assert app.get("/portal/pt-1001/inbox.json").status_code == 401
    portal(app, "pt-1002")
    assert app.get("/portal/pt-1001/inbox.json").status_code == 401
    portal(app)
    found = app.get("/portal/pt-1001/inbox.json").json()["messages"]
    (message,) = [message for message in found if message["id"] == inbox]
    assert message["identifiers"] == ["m-7"]
    assert message["paragraphs"] == ["It is time to book your check-up.", "Call us & we help."]


def test_a_delivered_message_is_in_its_patient_s_inbox_and_in_nobody_else_s(app, inbox):
    portal(app)
    page = app.get("/portal/pt-1001/inbox").text
    assert "A message from &lt;your&gt; care team" in page
    assert "Sam Rivers" in page
    portal(app, "pt-1002")
    assert "care team" not in app.get("/portal/pt-1002/inbox").text
    assert app.get(f"/portal/pt-1002/messages/{inbox}").status_code == 404
    assert app.post(f"/portal/pt-1002/messages/{inbox}/reply", {"text": "x"}).status_code == 404


def unread(page: str) -> int:
    """How many messages the portal's bar says are unread; other tests deliver some, too."""
    found = re.search(r'aria-label="(\d+) unread"', page)
    return int(found.group(1)) if found else 0


def test_opening_a_message_marks_it_as_received(app, inbox):
    assert "received" not in app.ehr.store.read("Communication", inbox)
    portal(app)
    before = unread(app.get("/portal/pt-1001/inbox").text)
    page = app.get(f"/portal/pt-1001/messages/{inbox}").text
    assert "Call us &amp; we help." in page
    assert before >= 1
    assert unread(page) == before - 1
    read = app.ehr.store.read("Communication", inbox)
    assert read["received"].startswith("2026-06-15T12:00")
    assert read["meta"]["versionId"] == "2"


def test_an_answer_reaches_the_practice(app, inbox):
    portal(app)
    answer = app.post(f"/portal/pt-1001/messages/{inbox}/reply", {"text": "Please call me."})
    assert answer.status_code == 303
    assert "Please call me." in app.get(f"/portal/pt-1001/messages/{inbox}").text
    token = app.backend("system/Communication.crs").json()["access_token"]
    found = app.search(token, "Communication", sender="Patient/pt-1001")
    mine = next(one for one in found if one["inResponseTo"] == [{"reference": f"Communication/{inbox}"}])
    assert mine["payload"] == [{"contentString": "Please call me."}]
    assert mine["recipient"] == [{"reference": "Practitioner/prac-sam-rivers"}]
    assert app.post(f"/portal/pt-1001/messages/{inbox}/reply", {"text": " "}).status_code == 400
    app.sign_in()
    assert "Please call me." in app.get("/patients/pt-1001", params={"tab": "messages"}).text


def ticked(app: App, patient: str) -> set[str]:
    page = app.get(f"/portal/{patient}/preferences").text
    return set(re.findall(r'value="([a-z]+)" checked', page))


def said(app: App, patient: str) -> set[tuple[str, str, str]]:
    """The active statements of a patient, as an app reads them: rule, provision, channel."""
    token = app.backend("system/Consent.rs").json()["access_token"]
    return {
        (consent["policyRule"]["coding"][0]["code"], provision.get("type", ""), coding["code"])
        for consent in app.search(token, "Consent", patient=patient, status="active")
        for provision in [consent.get("provision", {})]
        for concept in provision.get("code", [{"coding": [{"code": ""}]}])
        for coding in concept["coding"]
    }


def test_preferences_become_consents(app):
    portal(app, "pt-1002")
    assert ticked(app, "pt-1002") == {"yes", "sms", "voice", "letter"}
    answer = app.post("/portal/pt-1002/preferences", {"outreach": "yes", "channel": ["email", "letter"]})
    assert answer.status_code == 303
    assert said(app, "pt-1002") == {
        ("OPTIN", "permit", "email"),
        ("OPTIN", "permit", "letter"),
        ("OPTOUT", "deny", "sms"),
        ("OPTOUT", "deny", "voice"),
    }
    assert ticked(app, "pt-1002") == {"yes", "email", "letter"}
    app.post("/portal/pt-1002/preferences", {"outreach": "no"})
    assert ("OPTOUT", "", "") in said(app, "pt-1002")
    assert ticked(app, "pt-1002") == {"no"}
    app.post("/portal/pt-1002/preferences", {"outreach": "yes", "channel": ["sms", "email", "voice", "letter"]})
    assert {rule for rule, _, _ in said(app, "pt-1002")} == {"OPTIN"}


def test_what_the_chart_said_before_is_shown_and_replaced(app):
    assert said(app, "pt-1007") == {("OPTOUT", "deny", "sms")}
    portal(app, "pt-1007")
    assert ticked(app, "pt-1007") == {"yes", "voice", "letter"}
    app.post("/portal/pt-1007/preferences", {"outreach": "yes", "channel": ["sms"]})
    assert ("OPTOUT", "deny", "sms") not in said(app, "pt-1007")
    assert ticked(app, "pt-1007") == {"yes", "sms"}


def test_signing_out_closes_the_portal(app):
    portal(app)
    assert app.get("/portal/pt-1001/inbox").status_code == 200
    app.post("/portal/logout")
    assert app.get("/portal/pt-1001/inbox").status_code == 401


def test_sessions_end(app):
    portal(app)
    app.clock.forward(12 * 3600 + 1)
    assert app.get("/portal/pt-1001/inbox").status_code == 401
    app.clock.forward(-12 * 3600 - 1)


def test_addresses_that_do_not_exist_are_a_page(app):
    answer = app.get("/nothing/here")
    assert answer.status_code == 404
    assert "data-error" in answer.text
