"""The patient: dates, sex, gender, race, ethnicity and language; and whose a resource is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from smartapp.facts.codes import SlotCode
from smartapp.facts.elements import (
    Json,
    NotAFact,
    Surroundings,
    add_coding,
    add_concepts,
    flag,
    moment_span,
    objects,
    reference,
    text,
    typed,
    unusable,
)
from smartapp.facts.instants import BEGINNING, Instant, truncate_to_day
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.modifiers import not_performed, read_meta
from smartapp.facts.typed import BY_PATIENT, Reference, Resource

_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_SEX = _US_CORE + "sex"
_RACE = {_US_CORE + "race": "race", _US_CORE + "ethnicity": "ethnicity"}
_SEX_CODES = {"248152002": "female", "248153007": "male", "F": "female", "M": "male"}
_NOWHERE = Surroundings()


@dataclass(frozen=True, slots=True)
class Person:
    """The part of :class:`smartapp.facts.events.Facts` that the Patient resource gives."""

    birth_low: Instant | None = None
    birth_high: Instant | None = None
    sex: str | None = None
    gender: str | None = None
    deceased: Instant | None = None
    codes: tuple[SlotCode, ...] = ()

    @property
    def birth(self) -> Instant | None:
        """The first instant of the birth date, where the whole date is known."""
        return self.birth_low if self.birth_low == self.birth_high else None


def read_patient(resource: Json | Resource) -> Person:
    """Read a Patient resource. Raises NotAFact where it cannot be used.

    ``sex`` is the us-core-sex extension (US Core 7 and later): ``female`` for SNOMED CT 248152002, ``male`` for
    248153007, else the code as recorded. Who is dead without a date is dead since the beginning of time.
    """
    resource = typed(resource)
    not_performed(resource)
    read_meta(resource.meta)
    low = high = None
    if (value := resource.get("birthDate")) is not None:
        low, high = moment_span(value, "birthDate")
        high = truncate_to_day(high)
        if low > high or low != truncate_to_day(low):
            unusable("birthDate", "is not a date")
    deceased = BEGINNING if flag(resource, "deceasedBoolean") else None
    if (value := resource.get("deceasedDateTime")) is not None:
        deceased = moment_span(value, "deceasedDateTime")[0]
    codes: list[SlotCode] = []
    sex = None
    for extension in objects(resource, "extension"):
        url = text(extension, "url") or ""
        if url == _SEX:
            sex = _sex(extension)
        elif url in _RACE:
            for part in objects(extension, "extension"):
                if part.get("valueCoding") is not None:
                    add_coding(codes, _RACE[url], part["valueCoding"], "extension.valueCoding")
    spoken = objects(resource, "communication")
    preferred = [one for one in spoken if one.get("preferred") is True and one.get("language")]
    for part in preferred or spoken:
        add_concepts(codes, "language", part.get("language") or {}, "communication.language")
    return Person(low, high, sex, text(resource, "gender"), deceased, tuple(codes))


def _sex(extension: Json) -> str | None:
    code = text(extension, "valueCode")
    coding = extension.get("valueCoding")
    if code is None and coding is not None:
        found: list[SlotCode] = []
        add_coding(found, "sex", coding, "extension.valueCoding")
        code = found[0].code if found else None
    return None if code is None else _SEX_CODES.get(code, code)


# No events, but a patient's own all the same: how somebody may be reached, and who reads along.
_BY_PATIENT = frozenset({"Consent", "RelatedPerson"})


def patient_of(resource: Json | Resource, around: Surroundings = _NOWHERE) -> str | None:
    """The id of the patient that a resource names; its own for a Patient; ``None`` where it names none.

    ``Patient/1`` names 1, as does the absolute form under ``around.base``. Any other reference is returned whole, so
    that it equals no id: somebody on another server, a group, or more than one patient. Raises NotAFact for
    references of the wrong type.
    """
    kind = resource.get("resourceType")
    if kind == "Patient":
        return text(resource, "id")
    if type(resource) is not dict:
        named = _reference_of(cast(Resource, resource).patient, around)
    else:
        meaning = MEANINGS.get(kind) if type(kind) is str else None
        element = ("patient" if kind in BY_PATIENT else "subject") if meaning is None else meaning.patient
        if element == "participant":
            named = _participant(objects(resource, element), around)
        else:
            named = reference(resource, element)
    return None if named is None else _patient_id(around.relative(named))


def _reference_of(whose: Any, around: Surroundings) -> str | None:
    if whose is None:
        return None
    if type(whose) is Reference:
        return whose.reference
    return _participant(objects({"participant": whose}, "participant"), around)


def _participant(parts: Iterable[Json], around: Surroundings) -> str | None:
    """The one patient among the actors of an appointment, as it is referred to."""
    actors = [reference(part, "actor") for part in parts]
    named = {around.relative(actor): actor for actor in actors if actor is not None}
    patients = sorted(relative for relative in named if "Patient/" in relative)
    if len({_patient_id(relative) for relative in patients}) > 1:
        raise NotAFact("participant names several patients", lost=False)
    return patients[0] if patients else None


def _patient_id(relative: str) -> str:
    kind, _, id_ = relative.partition("/")
    if kind == "Patient" and id_ and "/" not in id_:
        return id_
    return relative if "/" in relative else f"?/{relative}"  # a bare "1" must not pass for Patient/1
