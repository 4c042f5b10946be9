"""From claims to a member of staff with a role."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from support.fake_ehr import practitioner_role
from support.launch_world import World, failed

from launch.context import LaunchContext

NUCC = "http://nucc.org/provider-taxonomy"
OWN = "https://clinic.invalid/roles"
MISSING: Any = ...


def roles(world: World, *entries: Any) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in entries]}
    world.ehr.on("GET", f"{world.ehr.base}/PractitionerRole", lambda _: bundle)


PRACTICE = "http://terminology.hl7.org/CodeSystem/practitioner-role"
COORDINATOR = practitioner_role("Practitioner/doc-1", NUCC, "171M00000X")


@pytest.mark.parametrize(
    ("entries", "role"),
    [
        ([], "clinician"),
        ([COORDINATOR], "coordinator"),
        ([practitioner_role("https://ehr.invalid/fhir/Practitioner/doc-1", NUCC, "171M00000X")], "coordinator"),
        ([practitioner_role("Practitioner/doc-1", OWN, "boss"), COORDINATOR], "administrator"),
        ([practitioner_role("Practitioner/doc-1", OWN, "unheard-of")], "clinician"),
        ([COORDINATOR, practitioner_role("Practitioner/doc-1", PRACTICE, "doctor")], "clinician"),
        # Not this user's, not active, not a role, not even a resource
        ([practitioner_role("Practitioner/doc-2", NUCC, "171M00000X")], "clinician"),
        ([practitioner_role("https://evil.invalid/Practitioner/doc-1", NUCC, "171M00000X")], "clinician"),
        ([{**COORDINATOR, "practitioner": "Practitioner/doc-1"}], "clinician"),
        ([{**COORDINATOR, "active": False}], "clinician"),
        ([{**COORDINATOR, "resourceType": "Basic"}], "clinician"),
        ([{**COORDINATOR, "code": "x"}, {**COORDINATOR, "code": [5, {"coding": [5]}]}, "odd"], "clinician"),
    ],
)
def test_g04_the_role_comes_from_practitioner_role(world: World, entries: list[Any], role: str) -> None:
    world.register(world.registered(role_codes={f"{OWN}|boss": "administrator"}))
    roles(world, *entries)
    assert world.context().user.role == role
    (asked,) = world.ehr.requests("/fhir/PractitionerRole")
    assert str(asked.url).endswith("?practitioner=Practitioner%2Fdoc-1")
    assert asked.headers["Authorization"] == "Bearer at-code-1"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410])
def test_an_ehr_without_roles_has_clinicians(world: World, status: int) -> None:
    world.ehr.on("GET", f"{world.ehr.base}/PractitionerRole", lambda _: (status, {}, ""))
    user = world.context().user
    assert (user.role, user.role_read) == ("clinician", True)


@pytest.mark.parametrize("fhir_user", ["Practitioner/doc-1", "PractitionerRole/role-1"])
@pytest.mark.parametrize(
    "answer", [(500, {}, "x"), (503, {}, ""), (429, {}, ""), (200, {}, "<html>"), (200, {}, "[]"), "late"]
)
def test_g04_roles_that_cannot_be_read_give_the_least_role(world: World, answer: Any, fhir_user: str) -> None:
    def respond(_: Any) -> Any:
        if answer == "late":
            raise requests.ReadTimeout
        return answer

    world.ehr.claims["fhirUser"] = fhir_user
    world.ehr.on("GET", f"{world.ehr.base}/PractitionerRole", respond)
    world.ehr.on("GET", f"{world.ehr.base}/PractitionerRole/role-1", respond)
    context = world.context()
    assert (context.user.role, context.user.role_read) == ("coordinator", False)
    assert LaunchContext.from_dict(context.to_dict()) == context


def test_roles_are_not_asked_for_where_that_was_not_granted(world: World) -> None:
    world.ehr.answer["scope"] = "openid fhirUser launch patient/Condition.rs"
    roles(world, COORDINATOR)
    assert world.context().user.role == "clinician"
    assert world.ehr.requests("/fhir/PractitionerRole") == []


@pytest.mark.parametrize("key", ["Practitioner/doc-1", "https://ehr.invalid/fhir/Practitioner/doc-1", "user-1"])
def test_the_practices_own_list_comes_first(world: World, key: str) -> None:
    world.register(world.registered(users={key: "administrator"}))
    roles(world, COORDINATOR)
    assert world.context().user.role == "administrator"
    assert world.ehr.requests("/fhir/PractitionerRole") == []


@pytest.mark.parametrize("stated", ["Practitioner/doc-1", "https://ehr.invalid/fhir/Practitioner/doc-1"])
def test_the_user_may_be_stated_relative_or_absolute(world: World, stated: str) -> None:
    world.ehr.claims["fhirUser"] = stated
    assert world.context().user.reference == "Practitioner/doc-1"


def test_older_servers_state_the_user_as_a_profile(world: World) -> None:
    world.ehr.claims |= {"fhirUser": MISSING, "profile": "Practitioner/doc-1"}
    assert world.context().user.name == "Ada Lind"


def test_a_user_may_be_a_practitioner_role(world: World) -> None:
    world.ehr.claims["fhirUser"] = "PractitionerRole/role-1"
    role = {**COORDINATOR, "practitioner": {"reference": "Practitioner/doc-1", "display": "Dr\x00 Lind\n"}}
    world.ehr.on("GET", f"{world.ehr.base}/PractitionerRole/role-1", lambda _: role)
    user = world.context().user
    assert (user.reference, user.role, user.name) == ("PractitionerRole/role-1", "coordinator", "Dr Lind")


@pytest.mark.parametrize(
    "stated",
    [
        *("Patient/pat-1", "RelatedPerson/r", "Person/p", "https://ehr.invalid/fhir/Patient/pat-1"),
        *("https://evil.invalid/Patient/p", "", "nonsense", "Practitioner/../x", "Practitioner/..", 5, None, MISSING),
        "https://evil.invalid/" + "x" * 1100 + "/Practitioner/1",
    ],
)
def test_whoever_is_not_staff_is_refused(world: World, stated: Any) -> None:
    world.ehr.claims["fhirUser"] = stated
    failed(world.signed_in(), "launch.not-staff", 403)
    assert len(world.ehr.requests("/auth/revoke")) == 2


@pytest.mark.parametrize("stated", ["Patient/pat-1", "https://evil.invalid/RelatedPerson/r"])
def test_a_patient_is_no_staff_even_on_the_list(world: World, stated: str) -> None:
    world.register(world.registered(users={"user-1": "administrator"}))
    world.ehr.claims["fhirUser"] = stated
    failed(world.signed_in(), "launch.not-staff", 403)


@pytest.mark.parametrize("stated", ["Person/p", "nonsense", MISSING])
def test_a_listed_user_needs_no_practitioner(world: World, stated: Any) -> None:
    world.register(world.registered(users={"user-1": "coordinator"}))
    world.ehr.claims |= {"fhirUser": stated, "name": "Kim\u202e Ek"}
    user = world.context().user
    assert (user.role, user.name) == ("coordinator", "Kim Ek")
    assert user.reference == ("Person/p" if stated == "Person/p" else "sub:user-1")


def test_c12_a_user_on_another_host_is_not_fetched(world: World) -> None:
    world.ehr.claims["fhirUser"] = "https://evil.invalid/fhir/Practitioner/doc-1"
    user = world.context().user
    assert (user.reference, user.role, user.name) == (
        "https://evil.invalid/fhir/Practitioner/doc-1",
        "clinician",
        None,
    )
    assert world.ehr.requests("/fhir/PractitionerRole") == []
    assert not any("evil" in str(call.request.url) for call in world.mock.calls)


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ({"name": [{"text": "Dr Ada Lind"}]}, "Dr Ada Lind"),
        ({"name": [{"text": " "}, {"family": "Lind"}]}, "Lind"),
        ({"name": [{"given": ["Ada", 5], "family": None}]}, "Ada"),
        ({"name": [5, {}]}, None),
        ({"name": "Ada"}, None),
        ({"id": "another"}, None),
        ({"resourceType": "Patient"}, None),
        ({"name": [{"text": "x" * 5000}]}, "x" * 120),
        ({"practitioner": {"display": 5}}, None),
    ],
)
def test_names_are_read_with_care(world: World, resource: dict[str, Any], name: str | None) -> None:
    found = {"resourceType": "Practitioner", "id": "doc-1", **resource}
    world.ehr.on("GET", f"{world.ehr.base}/Practitioner/doc-1", lambda _: found)
    assert world.context().user.name == name
