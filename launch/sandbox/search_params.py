"""Which search parameters each type has, and where in a resource their values are.

US Core's searches (reference: US Core 9.0.0, CapabilityStatement us-core-server) and the few more that a
population view needs. A dotted path walks through lists; several paths are alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["token", "date", "reference", "string"]


@dataclass(frozen=True)
class Param:
    """One search parameter: its kind and the paths of its values."""

    kind: Kind
    paths: tuple[str, ...]


def _token(*paths: str) -> Param:
    return Param("token", paths)


def _date(*paths: str) -> Param:
    return Param("date", paths)


def _ref(*paths: str) -> Param:
    return Param("reference", paths)


def _string(*paths: str) -> Param:
    return Param("string", paths)


def _either(stem: str) -> Param:
    return _date(f"{stem}DateTime", f"{stem}Period", f"{stem}Instant")


_SUBJECT = {"patient": _ref("subject"), "subject": _ref("subject")}
_PATIENT = {"patient": _ref("patient")}
_ENCOUNTER = {"encounter": _ref("encounter")}
_STATUS = {"status": _token("status")}
_INTENT = {"intent": _token("intent")}
_CATEGORY = {"category": _token("category")}
_CODE = {"code": _token("code")}

COMMON: dict[str, Param] = {
    "_id": _token("id"),
    "_lastUpdated": _date("meta.lastUpdated"),
    "_security": _token("meta.security"),
    "_tag": _token("meta.tag"),
    "identifier": _token("identifier"),
}

PARAMS: dict[str, dict[str, Param]] = {
    "AdverseEvent": {**_SUBJECT, "event": _token("event"), "date": _date("date")},
    "AllergyIntolerance": {
        **_PATIENT,
        **_CODE,
        "clinical-status": _token("clinicalStatus"),
        "date": _date("recordedDate"),
    },
    "Appointment": {
        "patient": _ref("participant.actor"),
        "actor": _ref("participant.actor"),
        "practitioner": _ref("participant.actor"),
        "date": _date("start"),
        "service-type": _token("serviceType"),
        **_STATUS,
    },
    "CarePlan": {**_SUBJECT, **_CATEGORY, **_STATUS, **_INTENT, "date": _date("period")},
    "CareTeam": {**_SUBJECT, **_STATUS, "role": _token("participant.role")},
    "Communication": {
        **_SUBJECT,
        **_STATUS,
        **_CATEGORY,
        "recipient": _ref("recipient"),
        "sender": _ref("sender"),
        "sent": _date("sent"),
        "received": _date("received"),
        "part-of": _ref("partOf"),
        "based-on": _ref("basedOn"),
    },
    "CommunicationRequest": {
        **_SUBJECT,
        **_STATUS,
        **_CATEGORY,
        "recipient": _ref("recipient"),
        "authored": _date("authoredOn"),
    },
    "Condition": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_CATEGORY,
        **_CODE,
        "clinical-status": _token("clinicalStatus"),
        "verification-status": _token("verificationStatus"),
        "onset-date": _either("onset"),
        "abatement-date": _either("abatement"),
        "recorded-date": _date("recordedDate"),
    },
    "Consent": {**_PATIENT, **_STATUS, **_CATEGORY, "date": _date("dateTime"), "scope": _token("scope")},
    "Coverage": {
        "patient": _ref("beneficiary"),
        "beneficiary": _ref("beneficiary"),
        "type": _token("type"),
        "period": _date("period"),
        **_STATUS,
    },
    "Device": {**_PATIENT, **_STATUS, "type": _token("type")},
    "DeviceRequest": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_STATUS,
        **_INTENT,
        "code": _token("codeCodeableConcept"),
        "authored-on": _date("authoredOn"),
    },
    "DiagnosticReport": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_CATEGORY,
        **_CODE,
        **_STATUS,
        "date": _either("effective"),
    },
    "DocumentReference": {
        **_SUBJECT,
        **_CATEGORY,
        **_STATUS,
        "type": _token("type"),
        "date": _date("date"),
        "period": _date("context.period"),
    },
    "Encounter": {
        **_SUBJECT,
        **_STATUS,
        "class": _token("class"),
        "date": _date("period"),
        "type": _token("type"),
        "location": _ref("location.location"),
        "participant": _ref("participant.individual"),
    },
    "FamilyMemberHistory": {**_PATIENT, **_STATUS, **_CODE, "relationship": _token("relationship")},
    "Flag": {**_SUBJECT, **_CODE, "date": _date("period")},
    "Goal": {
        **_SUBJECT,
        **_CATEGORY,
        "lifecycle-status": _token("lifecycleStatus"),
        "target-date": _date("target.dueDate"),
        "description": _token("description"),
    },
    "Group": {
        "type": _token("type"),
        "actual": _token("actual"),
        "member": _ref("member.entity"),
        "managing-entity": _ref("managingEntity"),
        **_CODE,
    },
    "Immunization": {
        **_PATIENT,
        **_STATUS,
        "vaccine-code": _token("vaccineCode"),
        "date": _date("occurrenceDateTime"),
    },
    "List": {**_SUBJECT, **_STATUS, **_CODE, "item": _ref("entry.item"), "date": _date("date")},
    "Location": {"name": _string("name"), "address": _string("address"), **_STATUS},
    "MedicationRequest": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_INTENT,
        **_STATUS,
        **_CATEGORY,
        "code": _token("medicationCodeableConcept"),
        "authoredon": _date("authoredOn"),
    },
    "Observation": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_CATEGORY,
        **_CODE,
        **_STATUS,
        "date": _either("effective"),
        "value-concept": _token("valueCodeableConcept"),
    },
    "Organization": {"name": _string("name"), "address": _string("address"), "active": _token("active")},
    "Patient": {
        "name": _string("name"),
        "family": _string("name.family"),
        "given": _string("name.given"),
        "birthdate": _date("birthDate"),
        "gender": _token("gender"),
        "active": _token("active"),
        "death-date": _date("deceasedDateTime"),
        "general-practitioner": _ref("generalPractitioner"),
        "organization": _ref("managingOrganization"),
        "language": _token("communication.language"),
    },
    "Practitioner": {"name": _string("name"), "active": _token("active")},
    "PractitionerRole": {
        "practitioner": _ref("practitioner"),
        "organization": _ref("organization"),
        "specialty": _token("specialty"),
        "role": _token("code"),
        "active": _token("active"),
    },
    "Procedure": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_CATEGORY,
        **_CODE,
        **_STATUS,
        "date": _either("performed"),
    },
    "QuestionnaireResponse": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_STATUS,
        "authored": _date("authored"),
        "questionnaire": _token("questionnaire"),
    },
    "RelatedPerson": {**_PATIENT, "name": _string("name")},
    "ServiceRequest": {
        **_SUBJECT,
        **_ENCOUNTER,
        **_CATEGORY,
        **_CODE,
        **_STATUS,
        **_INTENT,
        "authored": _date("authoredOn"),
        "occurrence": _either("occurrence"),
    },
    "Task": {
        "patient": _ref("for"),
        "subject": _ref("for"),
        "owner": _ref("owner"),
        "authored-on": _date("authoredOn"),
        "focus": _ref("focus"),
        **_CODE,
        **_STATUS,
        **_INTENT,
    },
}

# Types that belong to no patient: a patient-level scope on them opens the directory, not another chart.
DIRECTORY = frozenset({"Location", "Organization", "Practitioner", "PractitionerRole"})


def params_of(resource_type: str) -> dict[str, Param]:
    """All parameters of a type by name. Raises KeyError for a type that is not served."""
    return {**COMMON, **PARAMS[resource_type]}
