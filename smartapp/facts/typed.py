"""FHIR JSON text decoded straight into objects that hold what is read of each type, and nothing else.

The classes are made from :data:`smartapp.facts.meaning.MEANINGS` and :data:`SPECIAL_ELEMENTS`: the two together are the
allow-list of elements. What is not on it (narrative, identifiers, performers…) is skipped by the parser and never
becomes an object, and what is on it need not be asked for its type again: of a chart of 300 events parsing and reading
take little more than half of the time that they took by way of dictionaries.

Elements that mean the same have the same name in all classes: ``patient`` (FHIR: subject, patient, for…), ``status``,
``encounter`` (context) and ``focus`` (about). A coded element stays JSON text (:class:`msgspec.Raw`), for nearly all
texts were read before: see :mod:`smartapp.facts.concepts`.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, cast

import msgspec
from msgspec import Raw, Struct

from smartapp.facts.meaning import MEANINGS, Form, Meaning


class Elements(Protocol):
    """Anything with FHIR elements: a JSON object, or one of the classes here. An element that is absent is ``None``."""

    def get(self, name: str, /) -> Any: ...


ABSENT = Raw()
"""A coded element that is not there. (It is no text; one that is ``null`` is the text ``null``.)"""


class Reference(Struct, gc=False):
    """A FHIR ``Reference``."""

    reference: str | None = None


class Period(Struct, gc=False):
    """A FHIR ``Period``; its times are looked at when they are read."""

    start: Any = None
    end: Any = None


class Quantity(Struct, gc=False):
    """A FHIR ``Quantity``."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Meta(Struct, gc=False):
    """A FHIR ``Meta``: the version, what it claims to be, and what may turn the resource round."""

    lastUpdated: Any = None
    versionId: Any = None
    profile: Any = None
    tag: Any = None
    security: Any = None

    def get(self, name: str, /) -> Any:
        return getattr(self, name)


class Resource(Struct, gc=False):
    """What all types have. The collector need not look at resources: JSON holds no cycles."""

    resourceType: ClassVar[str]
    id: Any = None
    meta: Meta | None = None
    implicitRules: Any = None
    modifierExtension: Any = None
    extension: Any = None
    contained: Any = None
    patient: Any = None
    status: str | None = None
    encounter: Any = None
    focus: Any = None

    def get(self, name: str, /) -> Any:
        """An element by its FHIR name, as a JSON object has it. Asking for one that is not read is a mistake."""
        return getattr(self, name)


_MEDICINE = {"medicationCodeableConcept": Raw, "medicationReference": Reference | None}
_STATUSES = {"verificationStatus": Raw, "clinicalStatus": Raw}

SPECIAL_ELEMENTS: Mapping[str, Mapping[str, Any]] = {
    "AllergyIntolerance": _STATUSES,
    "Appointment": {"end": Any},
    "Condition": {
        **_STATUSES,
        "onsetString": Any,
        "abatementDateTime": Any,
        "abatementPeriod": Period | None,
        "abatementAge": Any,
        "abatementRange": Any,
        "abatementString": Any,
    },
    "DeviceRequest": {"codeReference": Reference | None},
    "DeviceUseStatement": {"device": Reference | None},
    "Encounter": {"class": Any, "diagnosis": Any, "reasonReference": Any},
    "Medication": {"code": Raw},
    "MedicationAdministration": _MEDICINE,
    "MedicationDispense": {**_MEDICINE, "quantity": Any, "daysSupply": Any, "dosageInstruction": Any},
    "MedicationRequest": {**_MEDICINE, "dispenseRequest": Any, "dosageInstruction": Any, "doNotPerform": Any},
    "MedicationStatement": _MEDICINE,
    "Observation": {
        "valueQuantity": Quantity | None,
        "valueCodeableConcept": Raw,
        "valueString": Any,
        "valueBoolean": Any,
        "valueInteger": Any,
        "valueDateTime": Any,
        "valueTime": Any,
        "valuePeriod": Any,
        "valueRange": Any,
        "valueRatio": Any,
        "valueSampledData": Any,
        "component": Any,
    },
    "Patient": dict.fromkeys(("birthDate", "gender", "deceasedBoolean", "deceasedDateTime", "communication"), Any),
    "QuestionnaireResponse": {"questionnaire": Any},
    "ServiceRequest": {"doNotPerform": Any},
}
"""The elements that are read of a type beside those of its meaning."""


_COMING_ALONG = """Account Basic CareTeam Claim ClaimResponse Composition DetectedIssue Endpoint EpisodeOfCare
ExplanationOfBenefit Group HealthcareService ImmunizationRecommendation InsurancePlan List Location Media
NutritionOrder OperationOutcome Organization Person Practitioner PractitionerRole Provenance Questionnaire
RequestGroup ResearchSubject RiskAssessment Schedule Slot Specimen SupplyDelivery SupplyRequest VisionPrescription"""
"""Types that come with a chart and are not read. Of any other the whole text takes the slower way."""


BY_PATIENT = frozenset({"Consent", "RelatedPerson"})
"""No events, but a patient's own all the same: how somebody may be reached, and who reads along."""


def _coded(kind: str) -> frozenset[str]:
    """The elements of a type that stay text."""
    paths = {path for _, path in _meaning(kind).codes if "." not in path}
    return frozenset(paths | {name for name, type_ in SPECIAL_ELEMENTS.get(kind, {}).items() if type_ is Raw})


def _meaning(kind: str) -> Meaning:
    return MEANINGS.get(kind) or Meaning((), patient="patient" if kind in BY_PATIENT else "subject")


def _class(kind: str) -> type[Resource]:
    """The class of a type: the elements of its meaning and its special ones."""
    meaning = _meaning(kind)
    elements: dict[str, Any] = {
        # What refers to one resource is typed; what may refer to several stays as it is.
        "patient": Any if meaning.patient == "participant" else Reference | None,
        "status": str | None,
        "encounter": Reference | list[Any] | None,
        "focus": Any,
        **({"intent": str | None} if meaning.intent else {}),
        **{path.partition(".")[0]: Any for _, path in meaning.codes},
        **{name: Period | None if form is Form.PERIOD else Any for name, form in meaning.when},
        **dict.fromkeys(meaning.at, Any),
        **SPECIAL_ELEMENTS.get(kind, {}),
        **dict.fromkeys(_coded(kind), Raw),
    }
    made = msgspec.defstruct(
        kind,
        [(name, type_, ABSENT if type_ is Raw else None) for name, type_ in elements.items()],
        bases=(Resource,),
        module=__name__,
        namespace={"resourceType": kind},
        tag_field="resourceType",
        tag=kind,
        rename={
            "patient": meaning.patient,
            # A type without such an element has none by that name either.
            "status": meaning.status or "no status",
            "encounter": meaning.encounter or "no encounter",
            "focus": meaning.focus or "no focus",
        },
        gc=False,
    )
    return cast(type[Resource], made)


CLASSES: Mapping[str, type[Resource]] = {
    kind: _class(kind) for kind in sorted({*MEANINGS, *SPECIAL_ELEMENTS, *BY_PATIENT, *_COMING_ALONG.split()})
}
TYPED = frozenset(CLASSES.values())
"""The classes; to be asked instead of ``isinstance``, which is slow for msgspec's."""

_CODED = {kind: _coded(kind) for kind in CLASSES}
_Any = functools.reduce(operator.or_, CLASSES.values())


class WrongType(Exception):
    """An element is of the wrong type. The message names it, and never its content."""


_PATH = re.compile(r"`\$\.?(.*)`$")


def from_object(resource: Mapping[str, Any]) -> Resource:
    """A parsed JSON object, whose type is one of :data:`CLASSES`, as an object of it. Raises :class:`WrongType`."""
    kind = resource["resourceType"]
    texts: dict[str, Any] = {}
    for name in _CODED[kind]:
        if name in resource:
            try:
                texts[name] = Raw(msgspec.json.encode(resource[name]))
            except (TypeError, ValueError, RecursionError):  # half a character, a number without bounds
                raise WrongType(f"{name} has the wrong type") from None
    try:
        return msgspec.convert({**resource, **texts}, CLASSES[kind])
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        name = re.sub(r"\[(\d+|\.\.\.)\]", "", found[1]) if found else "an element"
        raise WrongType(f"{name} has the wrong type") from None


class Entry(Struct, gc=False):
    """An entry of a Bundle."""

    resource: _Any | None = None  # type: ignore[valid-type]  # the classes are made above
    fullUrl: Any = None


class Bundle(Struct, tag_field="resourceType", tag="Bundle", gc=False):
    """A FHIR ``Bundle`` of types that are known here."""

    entry: list[Entry]


bundle_from_text: Callable[[bytes], Bundle] = msgspec.json.Decoder(Bundle).decode
"""A Bundle's JSON text. Raises msgspec's ValidationError where it, or any of its resources, cannot be typed."""

resource_from_text: Callable[[bytes], Resource] = msgspec.json.Decoder(_Any).decode
"""A resource's JSON text; raises as above."""
