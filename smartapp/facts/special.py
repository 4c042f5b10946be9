"""What a table cannot say of some types: ends of conditions, diagnoses of encounters, medicines by reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Raw

from smartapp.facts.codes import SlotCode
from smartapp.facts.concepts import concepts
from smartapp.facts.elements import (
    NotAFact,
    Surroundings,
    age_span,
    flag,
    moment_span,
    object_,
    objects,
    period_span,
    range_span,
    reference,
    text,
    typed,
    unusable,
)
from smartapp.facts.events import Draft
from smartapp.facts.instants import BEGINNING, FOREVER, Instant
from smartapp.facts.medicines import (
    dispense_supply,
    order_of,
    request_amount,
    request_repeats,
    request_since,
    request_supply,
)
from smartapp.facts.modifiers import check_parts, not_performed
from smartapp.facts.profiles import OF_NO_KIND, is_of_no_kind
from smartapp.facts.typed import ABSENT, Elements, Reference, Resource
from smartapp.facts.values import Observed, read_value

_CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_GOES_ON = frozenset({"active", "recurrence", "relapse"})
NOT_TRUE = frozenset({"refuted", "entered-in-error"})

Special = Callable[[Draft, Any, Surroundings], None]
"""What is particular to a type: completes the draft from the resource."""


def _condition(draft: Draft, resource: Resource, around: Surroundings) -> None:
    """Rules 8 to 11 of the language: the end is the abatement; else for ever while active; else unknown.

    A condition without any onset starts at the beginning of time, as CQL's null start of a closed interval does
    (QICoreCommon 4.0.000, ``prevalenceInterval``): a problem list without dates still says what the patient has.
    An onset that is only described in words, or by the end of its period, stays unknown, for it says that there is one
    (so expects case 6bd80fce of CMS149).
    """
    _statuses(draft, resource, _CONDITION_VERIFICATION, _CONDITION_CLINICAL)
    if not any(resource.get(name) is not None for name in _ONSETS):
        draft.start = BEGINNING
    draft.end = _abatement(resource, around.birth)
    if draft.end is None and draft.clinical in _GOES_ON and not any(resource.get(name) is not None for name in _AGES):
        draft.end = FOREVER


def _allergy(draft: Draft, resource: Resource, around: Surroundings) -> None:
    """Its time is that of its onset (CMS347 1.0.000: ``onset.toInterval()``): a moment, or a period that may go on for
    ever. Whether it still holds is its clinical status."""
    _statuses(draft, resource, _ALLERGY_VERIFICATION, _ALLERGY_CLINICAL)
    draft.status = None


_ONSETS = ("onsetDateTime", "onsetPeriod", "onsetAge", "onsetRange", "onsetString")
_AGES = ("abatementAge", "abatementRange")


def _abatement(resource: Elements, birth: Instant | None) -> Instant | None:
    if (value := resource.get("abatementDateTime")) is not None:
        return moment_span(value, "abatementDateTime")[1]
    if (value := resource.get("abatementPeriod")) is not None:
        # Its end is not inside, and without one nobody said when it had ended (QICoreCommon, ``abatementInterval``).
        period_span(value, "abatementPeriod")
        return None if value.end is None else moment_span(value.end, "abatementPeriod.end")[0] - 1
    if (value := resource.get("abatementAge")) is not None:
        return age_span(value, "abatementAge", birth)[1]
    if (value := resource.get("abatementRange")) is not None:
        return range_span(value, "abatementRange", birth)[1]
    return None


def _statuses(draft: Draft, resource: Any, verification: str, clinical: str) -> None:
    draft.verification = _verification(resource, verification)
    if draft.verification in NOT_TRUE:
        raise NotAFact(f"verificationStatus is {draft.verification}", lost=False)
    draft.clinical = _of_system(_status(resource.clinicalStatus, "clinicalStatus"), clinical)


def _verification(resource: Any, system: str) -> str | None:
    """The verification status; among several codings one that withdraws the resource counts, wherever it stands."""
    codes = _status(resource.verificationStatus, "verificationStatus")
    return next((coding.code for coding in codes if coding.code in NOT_TRUE), None) or _of_system(codes, system)


def _status(text: Raw, name: str) -> tuple[SlotCode, ...]:
    """The codes of a status, which is one concept."""
    if text is ABSENT:
        return ()
    found = concepts("", text, f"{name} code")
    if found.is_list:
        unusable(name)
    return found.codes


def _of_system(codes: tuple[SlotCode, ...], system: str) -> str | None:
    """The code of a system; else the first that there is."""
    return next((coding.code for coding in codes if coding.system == system), codes[0].code if codes else None)


def _encounter(draft: Draft, resource: Any, around: Surroundings) -> None:
    """Its class, and the codes of the conditions that it names and that are in the same chart."""
    class_ = object_(resource, "class")
    draft.class_ = None if class_ is None else text(class_, "code")
    if resource.diagnosis is not None:
        check_parts(resource, "diagnosis")
        for part in objects(resource, "diagnosis"):
            _add_condition(draft, resource, reference(part, "condition"), around, "diagnosis")
    if resource.reasonReference is not None:
        for part in objects(resource, "reasonReference"):
            _add_condition(draft, resource, text(part, "reference"), around, "diagnosis", "reason")


def _add_condition(draft: Draft, resource: Resource, name: str | None, around: Surroundings, *slots: str) -> None:
    condition = _found(resource, name, around, "Condition")
    if condition is None or not _is_true(condition):
        return
    for slot in slots:
        draft.codes += concepts(slot, condition.code, f"{slot} code").codes


def _found(resource: Resource, name: str | None, around: Surroundings, kind: str) -> Any:
    """The resource that a reference means, if it is of this type."""
    found = None if name is None else around.find(resource, name)
    return None if found is None or found.get("resourceType") != kind else typed(found)


def _is_true(condition: Any) -> bool:
    """Whether the condition may count as a fact: not refuted, no error, no modifier that turns it round."""
    try:
        not_performed(condition)
        return _verification(condition, _CONDITION_VERIFICATION) not in NOT_TRUE
    except NotAFact:
        return False


def observed(resource: Any, codes: tuple[SlotCode, ...], focus: str | None) -> Observed:
    """What an observation found, with its codes: those given, and those of its value."""
    if resource.component is not None:
        check_parts(resource, "component")
    if focus is not None and focus.startswith(("RelatedPerson/", "Patient/")):
        # FHIR R4, Observation.focus: what was observed when it is not the subject (a parent, a foetus).
        raise NotAFact("focus is another person", lost=False)
    if resource.meta is not None and is_of_no_kind(resource.meta.profile):
        codes += (OF_NO_KIND,)
    return read_value(resource, codes)


def _medicine(draft: Draft, resource: Any, around: Surroundings) -> None:
    """The medicine's codes, from the element or from the Medication that it refers to (which is its ``focus`` then)."""
    found = concepts("code", resource.medicationCodeableConcept, "medicationCodeableConcept")
    if not found.is_there:
        named = _named(resource.medicationReference)
        medication = _found(resource, named, around, "Medication")
        if named is None or medication is None:
            # Which medicine it is cannot be told; as an event without codes it would silently be none at all.
            raise NotAFact("medicationReference could not be resolved")
        found = concepts("code", medication.code, "medicationCodeableConcept")
        draft.focus = around.relative(named)
    draft.codes += found.codes
    draft.display = found.words


def _named(reference: Reference | None) -> str | None:
    return None if reference is None else reference.reference


def _request(draft: Draft, resource: Resource, around: Surroundings) -> None:
    draft.negated = draft.negated or flag(resource, "doNotPerform")


def _medication_request(draft: Draft, resource: Any, around: Surroundings) -> None:
    _medicine(draft, resource, around)
    _request(draft, resource, around)
    if resource.dispenseRequest is not None or resource.dosageInstruction is not None:
        order = order_of(resource)
        draft.start, draft.end, draft.days = request_supply(resource, order)
        if draft.start is None and (since := request_since(order)) is not None:
            draft.end, draft.latest = FOREVER, since
        draft.number, draft.unit = request_amount(order)
        draft.repeats = request_repeats(order)


def _medication_dispense(draft: Draft, resource: Resource, around: Surroundings) -> None:
    _medicine(draft, resource, around)
    draft.start, draft.end, draft.days = dispense_supply(resource)


def _appointment(draft: Draft, resource: Resource, around: Surroundings) -> None:
    if (value := resource.get("end")) is not None:
        draft.end = moment_span(value, "end")[1]


def _questionnaire_response(draft: Draft, resource: Resource, around: Surroundings) -> None:
    """The questionnaire's canonical address, without its version, is the code (system: URI)."""
    questionnaire = text(resource, "questionnaire")
    if questionnaire:
        draft.codes += (SlotCode("code", "urn:ietf:rfc:3986", questionnaire.partition("|")[0]),)


def _device(draft: Draft, resource: Any, around: Surroundings) -> None:
    """A device by reference: the codes of its type."""
    name = _named(resource.device if draft.kind == "DeviceUseStatement" else resource.codeReference)
    device = _found(resource, name, around, "Device")
    if device is not None:
        draft.codes += concepts("code", device.type, "device type").codes


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
    "QuestionnaireResponse": _questionnaire_response,
    "ServiceRequest": _request,
}
