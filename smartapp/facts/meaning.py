"""What each FHIR R4 resource means as an event: which element is its start, its codes, its status.

One row a type, and no second place where it is said. What does not fit a table (an observation's value, the
supply of a medicine, the end of a condition) is a function in the module named after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Form(Enum):
    """How a time is written."""

    TIME = "date, dateTime or instant"
    PERIOD = "Period"
    AGE = "Age, counted from birth"
    RANGE = "Range of ages, counted from birth"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One type's row.

    ``codes`` are (slot, path); ``when`` are the elements that give start and end, the first that is present
    counts; ``at`` those that say when it was authored, issued or recorded. ``not_done`` are the statuses that say
    it did not happen. ``patient``, ``encounter`` and ``focus`` are the elements that refer to them.
    """

    codes: tuple[tuple[str, str], ...]
    when: tuple[tuple[str, Form], ...] = ()
    at: tuple[str, ...] = ()
    patient: str = "subject"
    status: str = "status"
    encounter: str = "encounter"
    focus: str = ""
    intent: bool = False
    not_done: frozenset[str] = frozenset()


_EFFECTIVE = (("effectiveDateTime", Form.TIME), ("effectivePeriod", Form.PERIOD), ("effectiveInstant", Form.TIME))
_OCCURRENCE = (("occurrenceDateTime", Form.TIME), ("occurrencePeriod", Form.PERIOD))
_ONSET = (
    ("onsetDateTime", Form.TIME),
    ("onsetPeriod", Form.PERIOD),
    ("onsetAge", Form.AGE),
    ("onsetRange", Form.RANGE),
)
_PERFORMED = (
    ("performedDateTime", Form.TIME),
    ("performedPeriod", Form.PERIOD),
    ("performedAge", Form.AGE),
    ("performedRange", Form.RANGE),
)
_REASONS = (("reason", "reasonCode"), ("reason", "statusReason"))
_NOT_DONE = frozenset({"not-done"})
_CANCELLED = frozenset({"cancelled"})

MEANINGS: Mapping[str, Meaning] = {
    "AdverseEvent": Meaning(
        (("code", "event"), ("category", "category")), (("date", Form.TIME),), ("recordedDate",), status="actuality"
    ),
    "AllergyIntolerance": Meaning(
        (("code", "code"), ("reason", "reaction.manifestation")), _ONSET, ("recordedDate",), patient="patient"
    ),
    "Appointment": Meaning(
        (
            ("code", "serviceType"),
            ("type", "appointmentType"),
            ("reason", "reasonCode"),
            ("reason", "cancelationReason"),
        ),
        (("start", Form.TIME),),
        ("created",),
        patient="participant",
    ),
    "CarePlan": Meaning(
        (("code", "activity.detail.code"), ("category", "category")),
        (("period", Form.PERIOD),),
        ("created",),
        intent=True,
    ),
    "Communication": Meaning(
        (("code", "topic"), ("category", "category"), *_REASONS),
        (("sent", Form.TIME), ("received", Form.TIME)),
        ("sent",),
        focus="about",
        not_done=_NOT_DONE,
    ),
    "CommunicationRequest": Meaning((("category", "category"), *_REASONS), _OCCURRENCE, ("authoredOn",), focus="about"),
    "Condition": Meaning(
        (("code", "code"), ("category", "category"), ("body", "bodySite"), ("severity", "severity")),
        _ONSET,
        ("recordedDate",),
        status="",
    ),
    "Coverage": Meaning((("code", "type"),), (("period", Form.PERIOD),), patient="beneficiary", encounter=""),
    "Device": Meaning((("code", "type"), ("reason", "statusReason")), patient="patient", encounter=""),
    "DeviceRequest": Meaning(
        (("code", "codeCodeableConcept"), *_REASONS), (("authoredOn", Form.TIME),), ("authoredOn",), intent=True
    ),
    "DeviceUseStatement": Meaning(
        (("reason", "reasonCode"), ("body", "bodySite")),
        (("timingPeriod", Form.PERIOD), ("timingDateTime", Form.TIME)),
        ("recordedOn",),
        encounter="",
    ),
    "DiagnosticReport": Meaning(
        (("code", "code"), ("category", "category"), ("value", "conclusionCode")),
        _EFFECTIVE[:2],
        ("issued",),
        not_done=_CANCELLED,
    ),
    "DocumentReference": Meaning(
        (("code", "type"), ("category", "category")), (("date", Form.TIME),), ("date",), encounter=""
    ),
    "Encounter": Meaning(
        (
            ("code", "type"),
            ("type", "serviceType"),
            ("reason", "reasonCode"),
            ("discharge", "hospitalization.dischargeDisposition"),
            ("location", "location.physicalType"),
        ),
        (("period", Form.PERIOD),),
        encounter="",
        not_done=_CANCELLED,
    ),
    "FamilyMemberHistory": Meaning(
        (("code", "condition.code"), ("type", "relationship"), *_REASONS), at=("date",), patient="patient", encounter=""
    ),
    "Flag": Meaning((("code", "code"), ("category", "category")), (("period", Form.PERIOD),)),
    "Goal": Meaning(
        (("code", "description"), ("category", "category")),
        (("startDate", Form.TIME),),
        ("statusDate",),
        status="lifecycleStatus",
        encounter="",
    ),
    "ImagingStudy": Meaning(
        (("code", "procedureCode"), ("reason", "reasonCode")), (("started", Form.TIME),), not_done=_CANCELLED
    ),
    "Immunization": Meaning(
        (("code", "vaccineCode"), *_REASONS, ("body", "site")),
        (("occurrenceDateTime", Form.TIME),),
        ("recorded",),
        patient="patient",
        not_done=_NOT_DONE,
    ),
    "MedicationAdministration": Meaning(
        (("category", "category"), *_REASONS), _EFFECTIVE[:2], encounter="context", not_done=_NOT_DONE
    ),
    # The times of a request and a dispense are the supply's, see facts/medicines.py.
    "MedicationDispense": Meaning(
        (("category", "category"), ("reason", "statusReasonCodeableConcept")),
        at=("whenHandedOver", "whenPrepared"),
        encounter="context",
        not_done=frozenset({"declined", "cancelled"}),
    ),
    "MedicationRequest": Meaning((("category", "category"), *_REASONS), at=("authoredOn",), intent=True),
    "MedicationStatement": Meaning(
        (("category", "category"), *_REASONS),
        _EFFECTIVE[:2],
        ("dateAsserted",),
        encounter="context",
        not_done=frozenset({"not-taken"}),
    ),
    "Observation": Meaning(
        (("code", "code"), ("category", "category"), ("body", "bodySite"), ("type", "component.code")),
        _EFFECTIVE,
        ("issued",),
        focus="focus",
        not_done=_CANCELLED,
    ),
    "Procedure": Meaning(
        (("code", "code"), ("category", "category"), *_REASONS, ("body", "bodySite")), _PERFORMED, not_done=_NOT_DONE
    ),
    "QuestionnaireResponse": Meaning((), (("authored", Form.TIME),), ("authored",)),
    "ServiceRequest": Meaning(
        (("code", "code"), ("category", "category"), *_REASONS, ("body", "bodySite")),
        (("authoredOn", Form.TIME),),
        ("authoredOn",),
        intent=True,
    ),
    "Task": Meaning(
        (("code", "code"), *_REASONS),
        (("executionPeriod", Form.PERIOD),),
        ("authoredOn",),
        patient="for",
        focus="focus",
        intent=True,
    ),
}
"""A type that is not here is never an event (Practitioner, Organization, Medication, …)."""
