"""The practice that the patients belong to: who works there and where. Ids never change."""

from __future__ import annotations

from typing import NamedTuple

from .chart import bundle, resource
from .codes import Code, Resource, concept, snomed

ORGANIZATION = "org-harbor-street"
MAIN_SITE = "loc-harbor-street"
SECOND_SITE = "loc-mill-road"
NPI = "http://hl7.org/fhir/sid/us-npi"
SANDBOX_IDS = "https://sandbox.invalid/ids/"


class Staff(NamedTuple):
    """Someone who works at the practice and may sign in at the sandbox."""

    id: str
    given: str
    family: str
    prefix: str | None
    npi: str | None
    role: Code | None  # None: a local role, in words
    role_text: str
    specialty: Code | None


_PHYSICIAN = snomed("59058001", "General physician")
_NURSE = snomed("224571005", "Nurse practitioner")
_FAMILY = snomed("419772000", "Family practice")

# NPIs of this form are invented: none passes the check digit of 45 CFR 162.406, so none is anybody's.
STAFF = (
    Staff("prac-amara-cole", "Amara", "Cole", "Dr.", "1000000001", _PHYSICIAN, "Physician", _FAMILY),
    Staff("prac-jonas-weber", "Jonas", "Weber", "Dr.", "1000000002", _PHYSICIAN, "Physician", _FAMILY),
    Staff("prac-lena-ortiz", "Lena", "Ortiz", None, "1000000003", _NURSE, "Nurse practitioner", _FAMILY),
    Staff("prac-sam-rivers", "Sam", "Rivers", None, None, None, "Care coordinator", None),
    Staff("prac-alex-moreau", "Alex", "Moreau", None, None, None, "Practice administrator", None),
)

CLINICIANS = tuple(person.id for person in STAFF if person.npi)
COORDINATOR = "prac-sam-rivers"
ADMINISTRATOR = "prac-alex-moreau"

# The sandbox's own words for roles that HL7's tables lack.
LOCAL_ROLES = {
    COORDINATOR: Code(SANDBOX_IDS + "role", "care-coordinator", "Care coordinator"),
    ADMINISTRATOR: Code(SANDBOX_IDS + "role", "administrator", "Practice administrator"),
}


def practitioner(staff_id: str) -> Resource:
    """A reference to someone of the practice, by name."""
    person = next(person for person in STAFF if person.id == staff_id)
    return {"reference": f"Practitioner/{staff_id}", "display": f"{person.given} {person.family}"}


def organization() -> Resource:
    """A reference to the practice."""
    return {"reference": f"Organization/{ORGANIZATION}", "display": "Harbor Street Family Practice"}


def location(location_id: str = MAIN_SITE) -> Resource:
    """A reference to one of its sites."""
    return {"reference": f"Location/{location_id}"}


def _address(line: str, postal_code: str) -> Resource:
    return {"line": [line], "city": "Springfield", "state": "MA", "postalCode": postal_code, "country": "US"}


def _site(location_id: str, name: str, line: str, phone: str) -> Resource:
    return resource(
        "Location",
        location_id,
        "us-core-location",
        status="active",
        name=name,
        telecom=[{"system": "phone", "value": phone, "use": "work"}],
        address=_address(line, "01103"),
        managingOrganization=organization(),
    )


def _person(person: Staff) -> Resource:
    name: Resource = {"use": "official", "family": person.family, "given": [person.given]}
    if person.prefix:
        name["prefix"] = [person.prefix]
    identifiers = [{"system": SANDBOX_IDS + "staff", "value": person.id}]
    if person.npi:
        identifiers.insert(0, {"system": NPI, "value": person.npi})
    return resource("Practitioner", person.id, "us-core-practitioner", identifier=identifiers, active=True, name=[name])


def _role(person: Staff) -> Resource:
    code = person.role or LOCAL_ROLES[person.id]
    return resource(
        "PractitionerRole",
        person.id.replace("prac-", "role-"),
        "us-core-practitionerrole",
        active=True,
        practitioner=practitioner(person.id),
        organization=organization(),
        code=[concept(code, text=person.role_text)],
        specialty=[concept(person.specialty)] if person.specialty else None,
        location=[location()],
        telecom=[{"system": "phone", "value": "413-555-0100", "use": "work"}],
    )


def practice_resources() -> list[Resource]:
    """Organization, Locations, Practitioners and PractitionerRoles."""
    office = resource(
        "Organization",
        ORGANIZATION,
        "us-core-organization",
        identifier=[{"system": NPI, "value": "1000000000"}],
        active=True,
        name="Harbor Street Family Practice",
        telecom=[{"system": "phone", "value": "413-555-0100", "use": "work"}],
        address=[_address("12 Harbor Street", "01103")],
    )
    sites = [
        _site(MAIN_SITE, "Harbor Street", "12 Harbor Street", "413-555-0100"),
        _site(SECOND_SITE, "Mill Road", "340 Mill Road", "413-555-0110"),
    ]
    return [office, *sites, *map(_person, STAFF), *map(_role, STAFF)]


def practice_bundle() -> Resource:
    """The practice as one ``collection`` Bundle."""
    return bundle("practice", practice_resources())
