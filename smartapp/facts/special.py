"""What a table cannot say of some types: ends of conditions, diagnoses of encounters, medicines by reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from smartapp.facts.codes import SlotCode
from smartapp.facts.draft import Draft
from smartapp.facts.elements import (
    Json,
    NotAFact,
    Surroundings,
    add_concepts,
    age_span,
    concept_code,
    flag,
    moment_span,
    object_,
    objects,
    period_span,
    range_span,
    reference,
    shown,
    text,
)
from smartapp.facts.instants import BEGINNING, FOREVER, Instant
from smartapp.facts.medicines import dispense_supply, request_amount, request_repeats, request_supply
from smartapp.facts.modifiers import check_parts, not_performed
from smartapp.facts.values import read_value

_CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_GOES_ON = frozenset({"active", "recurrence", "relapse"})
NOT_TRUE = frozenset({"refuted", "entered-in-error"})

Special = Callable[[Draft, "list[SlotCode]", Json, Surroundings], None]


def _condition(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    """Rules 8 to 11 of the language: the end is the abatement; else for ever while active; else unknown.

    A condition without any onset starts at the beginning of time, as CQL's null start of a closed interval does
    (QICoreCommon 4.0.000, ``prevalenceInterval``): a problem list without dates still says what the patient has.
    An onset that is only described in words stays unknown, for it says that there is one.
    """
    _statuses(draft, resource, _CONDITION_VERIFICATION, _CONDITION_CLINICAL)
    if not any(resource.get(name) is not None for name in _ONSETS):
        draft.start = BEGINNING
    draft.end = _abatement(resource, around.birth)
    if draft.end is None and not any(resource.get(name) is not None for name in _ABATEMENTS):
        draft.end = FOREVER if draft.clinical in _GOES_ON else None


def _allergy(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    """Its time is that of its onset (CMS347 1.0.000: ``onset.toInterval()``): a moment, or a period that may go on for
    ever. Whether it still holds is its clinical status."""
    _statuses(draft, resource, _ALLERGY_VERIFICATION, _ALLERGY_CLINICAL)
    draft.status = None


_ONSETS = ("onsetDateTime", "onsetPeriod", "onsetAge", "onsetRange", "onsetString")
_ABATEMENTS = ("abatementDateTime", "abatementPeriod", "abatementAge", "abatementRange", "abatementString")


def _abatement(resource: Json, birth: Instant | None) -> Instant | None:
    if (value := resource.get("abatementDateTime")) is not None:
        return moment_span(value, "abatementDateTime")[1]
    if (value := resource.get("abatementPeriod")) is not None:
        end = period_span(value, "abatementPeriod")[1]
        return None if end == FOREVER else end  # it is ending, and nobody said when it had
    if (value := resource.get("abatementAge")) is not None:
        return age_span(value, "abatementAge", birth)[1]
    if (value := resource.get("abatementRange")) is not None:
        return range_span(value, "abatementRange", birth)[1]
    return None


def _statuses(draft: Draft, resource: Json, verification: str, clinical: str) -> None:
    draft.verification = _verification(resource, verification)
    if draft.verification in NOT_TRUE:
        raise NotAFact(f"verificationStatus is {draft.verification}", lost=False)
    draft.clinical = concept_code(resource, "clinicalStatus", clinical)


def _encounter(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    """Its class, and the codes of the conditions that it names and that are in the same chart."""
    check_parts(resource, "diagnosis")
    class_ = object_(resource, "class")
    draft.class_ = None if class_ is None else text(class_, "code")
    for part in objects(resource, "diagnosis"):
        _add_condition(codes, resource, reference(part, "condition"), around, "diagnosis")
    for part in objects(resource, "reasonReference"):
        _add_condition(codes, resource, text(part, "reference"), around, "diagnosis", "reason")


def _add_condition(codes: list[SlotCode], resource: Json, name: str | None, around: Surroundings, *slots: str) -> None:
    found = None if name is None else around.find(resource, name)
    if found is None or found.get("resourceType") != "Condition" or not _is_true(found):
        return
    for slot in slots:
        add_concepts(codes, slot, found.get("code") or {}, f"{slot} code")


def _verification(resource: Json, system: str) -> str | None:
    """The verification status; among several codings one that withdraws the resource counts, wherever it stands."""
    concept = object_(resource, "verificationStatus") or {}
    withdrawn = (code for coding in objects(concept, "coding") if (code := text(coding, "code")) in NOT_TRUE)
    return next(withdrawn, None) or concept_code(resource, "verificationStatus", system)


def _is_true(condition: Json) -> bool:
    """Whether the condition may count as a fact: not refuted, no error, no modifier that turns it round."""
    try:
        not_performed(condition)
        return _verification(condition, _CONDITION_VERIFICATION) not in NOT_TRUE
    except NotAFact:
        return False


def _observation(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    if resource.get("component") is not None:
        check_parts(resource, "component")
    if draft.focus is not None and draft.focus.startswith(("RelatedPerson/", "Patient/")):
        # FHIR R4, Observation.focus: what was observed when it is not the subject (a parent, a foetus).
        raise NotAFact("focus is another person", lost=False)
    read_value(draft, codes, resource)


def _medicine(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    """The medicine's codes, from the element or from the Medication that it refers to."""
    concept = resource.get("medicationCodeableConcept")
    if concept is None:
        name = reference(resource, "medicationReference")
        medication = None if name is None else around.find(resource, name)
        if medication is None or medication.get("resourceType") != "Medication":
            # Which medicine it is cannot be told; as an event without codes it would silently be none at all.
            raise NotAFact("medicationReference could not be resolved")
        concept = medication.get("code") or {}
    add_concepts(codes, "code", concept, "medicationCodeableConcept")
    draft.display = shown(concept)


def _request(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    draft.negated = draft.negated or flag(resource, "doNotPerform")


def _medication_request(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    _medicine(draft, codes, resource, around)
    _request(draft, codes, resource, around)
    draft.start, draft.end, draft.days = request_supply(resource)
    draft.number, draft.unit = request_amount(resource)
    draft.repeats = request_repeats(resource)


def _medication_dispense(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    _medicine(draft, codes, resource, around)
    draft.start, draft.end, draft.days = dispense_supply(resource)


def _appointment(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    if (value := resource.get("end")) is not None:
        draft.end = moment_span(value, "end")[1]


def _questionnaire_response(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    """The questionnaire's canonical address, without its version, is the code (system: URI)."""
    questionnaire = text(resource, "questionnaire")
    if questionnaire:
        codes.append(SlotCode("code", "urn:ietf:rfc:3986", questionnaire.partition("|")[0]))


def _device(draft: Draft, codes: list[SlotCode], resource: Json, around: Surroundings) -> None:
    """A device by reference: the codes of its type."""
    name = reference(resource, "device" if draft.kind == "DeviceUseStatement" else "codeReference")
    device = None if name is None else around.find(resource, name)
    if device is not None and device.get("resourceType") == "Device":
        add_concepts(codes, "code", device.get("type") or {}, "device type")


SPECIAL: Mapping[str, Special] = {
    "AllergyIntolerance": _allergy,
    "Appointment": _appointment,
    "Condition": _condition,
    "DeviceRequest": _device,
    "DeviceUseStatement": _device,
    "Encounter": _encounter,
    "MedicationAdministration": _medicine,
    "MedicationDispense": _medication_dispense,
    "MedicationRequest": _medication_request,
    "MedicationStatement": _medicine,
    "Observation": _observation,
    "QuestionnaireResponse": _questionnaire_response,
    "ServiceRequest": _request,
}
