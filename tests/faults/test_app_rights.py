"""Security cases G01 to G06: who may see and do what, and what a request cannot change about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from support.running_app import Browser, Page, RunningApp, handle_of
from support.smart_ehr import SmartEhr
from support.smart_patients import OTHER_NAME, PHI

from smartapp.app import create_app

NUCC = "http://nucc.org/provider-taxonomy"


def role(code: str, system: str = NUCC, **more: Any) -> dict[str, Any]:
    """What the EHR says of its user."""
    return {
        "resourceType": "PractitionerRole",
        "id": "r1",
        "active": True,
        "practitioner": {"reference": "Practitioner/doc-1"},
        "code": [{"coding": [{"system": system, "code": code}]}],
        **more,
    }


COORDINATOR = role("171M00000X")


def addresses(app: RunningApp, handle: str) -> list[tuple[str, str]]:
    """Every method and address that lives within a launch, as the app's own map of routes has them."""
    wsgi: Flask = create_app(app.core)
    found = []
    for rule in wsgi.url_map.iter_rules():
        if "<handle>" in rule.rule:
            path = re.sub(r"<[^>]*measure_id>", "CMS130", rule.rule.replace("<handle>", handle))
            path = re.sub(r"<[^>]*>", "p1", path)
            found += [(method, path) for method in (rule.methods or set()) & {"GET", "POST"}]
    return found


def draft(visitor: Browser, chart: Page) -> str:
    """Draft a message; its address."""
    page = visitor.submit(chart.form_to("CMS130/draft"))
    assert page.status == 303, page.error
    return page.location


def test_g01_nothing_is_shown_without_a_session(
    app: RunningApp, new_visitor: Callable[[], Browser], smart: SmartEhr
) -> None:
    owner, stranger, other = new_visitor(), new_visitor(), new_visitor()
    handle = handle_of(owner.open(smart))
    other.sign_in(smart, "p2")
    smart.asked.clear()
    every = addresses(app, handle)
    assert len(every) >= 12
    for method, path in every:
        for one in (stranger, other):
            page = one.request(method, path, {"Origin": app.url, "Sec-Fetch-Site": "same-origin"})
            assert page.status in (401, 403), (method, path)
            assert not any(phi in page.text for phi in PHI)
    assert smart.asked == []
    assert app.audited(launch=handle)[-1].action == "chart.view"


def test_g02_no_other_patient_by_id(new_visitor: Callable[[], Browser], smart: SmartEhr) -> None:
    mine, theirs = new_visitor(), new_visitor()
    other_chart = theirs.open(smart, "p2")
    other_message = draft(theirs, other_chart).rpartition("/")[2]
    chart = mine.open(smart, "p1")
    handle, token = handle_of(chart), chart.form_to("/read").fields()["form_token"]
    smart.asked.clear()
    asking = {"form_token": token, "patient": "p2", "patient_id": "p2", "subject": "Patient/p2", "version": "1"}
    base = f"/l/{handle}"
    pages = [
        mine.get(f"{base}/chart?patient=p2&patient_id=p2"),
        mine.get(f"{base}/?patient=p2"),
        mine.get(f"{base}/patients/p2"),
        mine.get(f"{base}/patient/p2/chart"),
        mine.get(f"{base}/messages/{other_message}"),
        mine.get(f"{base}/messages/{other_message}?patient=p2"),
        mine.get(other_chart.response.url),
        mine.post(f"{base}/messages/{other_message}/approve", asking),
        mine.post(f"{base}/messages/{other_message}/cancel", asking),
        mine.post(f"{base}/messages/{other_message}/edit", {**asking, "subject": "x", "body": "y"}),
        mine.post(f"{base}/population/open", {**asking, "group": "g1"}),
    ]
    assert pages[0].patient == "p1" and pages[1].status == 303
    for page in pages[2:]:
        assert page.status in (401, 403, 404), page.response.url
    for page in pages:
        assert OTHER_NAME not in page.text and "Ottilie" not in page.text
    assert smart.asked == []
    mine.post(f"{base}/read", asking)
    assert not any("p2" in one.whole for one in smart.asked)


def test_g03_objects_of_another_tenant(visitor: Browser, new_ehr: Callable[..., SmartEhr]) -> None:
    here, there = new_ehr(), new_ehr()
    foreign = draft(visitor, visitor.open(there)).rpartition("/")[2]
    chart = visitor.open(here)  # the same user, the same patient id, another tenant
    base, token = f"/l/{handle_of(chart)}", chart.form_to("/read").fields()["form_token"]
    fields = {"form_token": token, "version": "1", "subject": "x", "body": "y", "tenant": there.name}
    for page in (
        visitor.get(f"{base}/messages/{foreign}"),
        visitor.get(f"{base}/messages/{foreign}?tenant={there.name}"),
        *(visitor.post(f"{base}/messages/{foreign}/{action}", fields) for action in ("edit", "approve", "cancel")),
    ):
        assert (page.status == 404 and page.error == "messages.unknown") or page.error == "queue.unknown", page.error


@pytest.mark.parametrize(
    "claimed", [{}, {"role": "clinician"}, {"X-Role": "administrator", "X-User-Role": "clinician"}]
)
def test_g04_a_coordinator_cannot_decide(
    app: RunningApp, new_visitor: Callable[[], Browser], smart: SmartEhr, claimed: dict[str, str]
) -> None:
    clinician, coordinator = new_visitor(), new_visitor()
    message = draft(clinician, clinician.open(smart)).rpartition("/")[2]
    smart.roles = [COORDINATOR]
    smart.claims = {"role": "clinician", "roles": ["clinician", "administrator"]}
    chart = coordinator.open(smart)
    handle = handle_of(chart)
    fields = {
        "form_token": chart.form_to("/read").fields()["form_token"], "version": "1", "subject": "x", "body": "y",
        "remark": "deferred", "until": "2026-12-01", **claimed,
    }  # fmt: skip
    base = f"/l/{handle}"
    for action in (
        "gaps/CMS130/dismiss", "gaps/CMS130/restore", "gaps/CMS130/draft", f"messages/{message}/edit",
        f"messages/{message}/approve", f"messages/{message}/cancel",
    ):  # fmt: skip
        page = coordinator.post(f"{base}/{action}?role=clinician", fields, **claimed)
        assert page.status == 403 and page.error == "web.role", action
    refusals = [one for one in app.audited(launch=handle) if one.action == "web.role-refused"]
    assert len(refusals) == 6 and {one.outcome for one in refusals} == {"refused"}
    assert {(one.actor, one.patient) for one in refusals} == {("Practitioner/doc-1", "Patient/p1")}
    seen = coordinator.get(chart.response.url)
    assert not seen.tree.find("div", class_="gap-dismissed")


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ([role("171M00000X")], 403),
        ([role("doctor", "http://terminology.hl7.org/CodeSystem/practitioner-role")], 303),
        ([role("171M00000X", active=False)], 303),  # no active role: a Practitioner is a clinician
        ([role("171M00000X", practitioner={"reference": "Practitioner/doc-2"})], 303),
        ([role("171M00000X"), role("administrator", "https://evil.invalid/roles")], 403),
    ],
)
def test_g04_the_role_is_what_the_ehr_says(
    visitor: Browser, smart: SmartEhr, roles: list[dict[str, Any]], status: int
) -> None:
    smart.roles = roles
    chart = visitor.open(smart)
    fields = {"form_token": chart.form_to("/read").fields()["form_token"], "remark": "deferred", "until": "2026-12-01"}
    page = visitor.post(f"/l/{handle_of(chart)}/gaps/CMS130/dismiss", fields)
    assert page.status == status


def test_g05_what_a_request_says_of_itself_is_ignored(
    app: RunningApp, visitor: Browser, new_ehr: Callable[..., SmartEhr]
) -> None:
    here, there = new_ehr(), new_ehr()
    chart = visitor.open(here)
    claims = {
        "tenant": there.name, "tenant_id": there.name, "patient": "p2", "patient_id": "Patient/p2",
        "actor": "Practitioner/9", "user": "Practitioner/9", "role": "administrator", "handle": handle_of(chart),
        "launch": "x", "ehr": there.name, "id": "x", "state": "sent", "channel": "sms", "version": "1",
    }  # fmt: skip
    page = visitor.submit(chart.form_to("CMS130/dismiss"), remark="deferred", until="2026-12-01", **claims)
    assert page.status == 303
    drafted = visitor.submit(chart.form_to("CMS125/draft"), **claims)
    message = visitor.follow(drafted)
    assert message.tree.first("span", data_state="draft") is not None
    remarks = [one for one in app.audited(tenant=here.name) if one.action.startswith(("gap.", "message."))]
    assert remarks and {(one.actor, one.patient) for one in remarks} == {("Practitioner/doc-1", "Patient/p1")}
    assert [one.action for one in app.audited(tenant=there.name)] == ["ehr.register"]
    assert visitor.open(there).tree.find("div", class_="gap-dismissed") == []


def group(id_: str, *members: str) -> dict[str, Any]:
    return {
        "resourceType": "Group", "id": id_, "active": True, "type": "person", "actual": True, "name": f"List {id_}",
        "member": [{"entity": {"reference": f"Patient/{one}"}} for one in members],
    }  # fmt: skip


def test_g06_only_the_lists_and_patients_that_the_ehr_offers(visitor: Browser, smart: SmartEhr) -> None:
    smart.resources = [*smart.resources, group("g1", "p1"), group("g2", "p1")]
    landed = visitor.follow(visitor.sign_in(smart, view="population"))
    assert landed.status == 200, landed.error
    handle = handle_of(landed)
    token = next(f for f in landed.tree.find("form") if "form_token" in f.fields()).fields()["form_token"]
    smart.asked.clear()
    for wanted in ("g3", "../g1", "g1?x", "", "p2", "Group/g1", "g1,g2", "x" * 65):
        page = visitor.post(f"/l/{handle}/population/open", {"form_token": token, "group": wanted})
        assert page.status in (400, 403, 404), (wanted, page.status)
    assert smart.of("Group") == []
    opened = visitor.read(visitor.post(f"/l/{handle}/population/open", {"form_token": token, "group": "g1"}))
    assert opened.status == 200
    smart.asked.clear()
    for patient in ("p2", "p3", "p1%2f..%2fp2", "P1"):
        page = visitor.get(f"/l/{handle}/patients/{patient}")
        assert page.status in (403, 404) and OTHER_NAME not in page.text
    assert not any("p2" in one.whole for one in smart.asked)


def test_g06_a_population_launch_never_shows_the_open_chart(visitor: Browser, smart: SmartEhr) -> None:
    smart.tokens["patient"] = "p1"
    handle = handle_of(visitor.sign_in(smart, view="population"))
    for address in (f"/l/{handle}/chart", f"/l/{handle}/progress", f"/l/{handle}/messages/x"):
        page = visitor.get(address)
        assert page.status == 404 and not any(phi in page.text for phi in PHI)
    assert smart.of("Patient") == []
