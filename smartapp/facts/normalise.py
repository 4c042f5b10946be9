"""From FHIR R4 JSON to facts: the one way in, for a chart, a file and a population alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from smartapp.errors import InputError
from smartapp.facts.codes import SlotCode
from smartapp.facts.draft import Draft
from smartapp.facts.elements import (
    Json,
    NotAFact,
    Surroundings,
    add_concepts,
    age_span,
    moment_span,
    period_span,
    range_span,
    shown,
    text,
    unusable,
    walk,
)
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import Instant
from smartapp.facts.meaning import MEANINGS, Form, Meaning
from smartapp.facts.modifiers import not_performed, read_extensions, read_meta
from smartapp.facts.patients import Person, patient_of, read_patient
from smartapp.facts.special import SPECIAL

__all__ = [
    "Normalised",
    "Skipped",
    "event_from_resource",
    "facts_from_bundle",
    "facts_from_resources",
    "parse_json",
    "patient_of",
    "read_event",
]

_NOWHERE = Surroundings()
_DECODER = msgspec.json.Decoder()
_LONGEST_ID = 256


def parse_json(data: bytes) -> Any:
    """Parse JSON text as fast as can be. Raises InputError ``facts.not-json``; never anything else.

    Too deep nesting is refused by the parser; of a repeated key the last one counts, as in most parsers. Where
    repeated keys must be refused, ``launch.jsontext`` does so at ten times the cost.
    """
    try:
        return _DECODER.decode(data)
    except (ValueError, RecursionError) as error:
        raise InputError("facts.not-json", "This is not JSON text that can be read.") from error


# --- one resource -----------------------------------------------------------------------------------

# Split once: the paths of one element are read without walking.
_PLAIN = {kind: tuple(pair for pair in row.codes if "." not in pair[1]) for kind, row in MEANINGS.items()}
_DEEP = {
    kind: tuple((slot, tuple(path.split("."))) for slot, path in row.codes if "." in path)
    for kind, row in MEANINGS.items()
}


def event_from_resource(resource: Json, around: Surroundings = _NOWHERE) -> Event | None:
    """The event that a resource means; ``None`` where it gives none. See :func:`read_event` for why not."""
    try:
        return read_event(resource, around)
    except NotAFact:
        return None


def read_event(resource: Json, around: Surroundings = _NOWHERE) -> Event:
    """The event that a resource means; whose it is, is not looked at.

    Raises NotAFact with the reason: another type, an error or refuted, a modifier that is not understood,
    or an element that cannot be read.
    """
    kind, id_ = resource.get("resourceType"), resource.get("id")
    meaning = MEANINGS.get(kind) if type(kind) is str else None
    if meaning is None or kind is None:
        raise NotAFact("not a type that criteria read", lost=False)
    if type(id_) is not str or not 0 < len(id_) <= _LONGEST_ID:
        unusable("id")
    draft = Draft(kind, id_)
    codes: list[SlotCode] = []
    if "modifierExtension" in resource or "implicitRules" in resource:
        draft.negated = not_performed(resource)
    _read_status(draft, resource, meaning)
    if "meta" in resource:
        read_meta(codes, resource["meta"])
    _read_codes(draft, codes, resource, kind)
    _read_times(draft, resource, meaning, around)
    if "extension" in resource:
        not_done, recorded = read_extensions(codes, resource)
        draft.negated = draft.negated or not_done
        draft.at = recorded if draft.at is None else draft.at
    if meaning.encounter in resource:
        draft.encounter = _relative(resource[meaning.encounter], meaning.encounter, around)
    if meaning.focus in resource:
        draft.focus = _relative(resource[meaning.focus], meaning.focus, around)
    special = SPECIAL.get(kind)
    if special is not None:
        special(draft, codes, resource, around)
    draft.codes = tuple(codes)
    return draft.seal()


def _read_status(draft: Draft, resource: Json, meaning: Meaning) -> None:
    status = text(resource, meaning.status)
    if status is not None:
        if status == "entered-in-error":
            raise NotAFact("status is entered-in-error", lost=False)
        draft.status = status
        draft.negated = draft.negated or status in meaning.not_done
    if meaning.intent:
        draft.intent = text(resource, "intent")


def _read_codes(draft: Draft, codes: list[SlotCode], resource: Json, kind: str) -> None:
    for slot, name in _PLAIN[kind]:
        value = resource.get(name)
        if value is not None:
            add_concepts(codes, slot, value, name)
            if draft.display is None and slot == "code":
                draft.display = shown(value)
    for slot, path in _DEEP[kind]:
        if path[0] in resource:
            for concept in walk(resource, path):
                add_concepts(codes, slot, concept, path[-1])


def _read_times(draft: Draft, resource: Json, meaning: Meaning, around: Surroundings) -> None:
    for name, form in meaning.when:
        value = resource.get(name)
        if value is not None:
            draft.start, draft.end = _span(value, name, form, around.birth)
            break
    for name in meaning.at:
        value = resource.get(name)
        if value is not None:
            draft.at = moment_span(value, name)[0]
            break


def _span(value: Any, name: str, form: Form, birth: Instant | None) -> tuple[Instant | None, Instant | None]:
    if form is Form.TIME:
        return moment_span(value, name)
    if form is Form.PERIOD:
        return period_span(value, name)
    return (age_span if form is Form.AGE else range_span)(value, name, birth)


def _relative(value: Any, name: str, around: Surroundings) -> str | None:
    """The reference of an element; the first of several."""
    if type(value) is list:
        value = value[0] if value else None
    if value is None:
        return None
    if type(value) is not dict:
        unusable(name)
    named = text(value, "reference")
    return None if named is None else around.relative(named)


# --- one chart --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Skipped:
    """A resource that is no fact, and why. ``lost``: it may have been one, had it been readable."""

    reference: str
    reason: str
    lost: bool = True


@dataclass(frozen=True, slots=True)
class Normalised:
    """The facts, what was skipped, and (not strict) what was taken although it names another patient or none."""

    facts: Facts
    skipped: tuple[Skipped, ...] = ()
    others: tuple[str, ...] = ()


def facts_from_resources(
    patient_id: str,
    resources: Iterable[Json],
    *,
    coverage: Mapping[str, Coverage] = {},
    strict: bool = True,
    base: str = "",
    names: Mapping[str, str] = {},
) -> Normalised:
    """The facts of one patient from their FHIR R4 resources, in any order.

    Strict: a resource that does not name ``Patient/<patient_id>`` is skipped. Of two versions of one
    resource the newer counts. ``base`` is the FHIR base whose absolute references count as relative; ``names``
    maps a Bundle's ``fullUrl`` to relative references. A resource that may have been a fact and could not be read
    makes its type ``cut`` in ``coverage``, under the type's name. Raises nothing for bad resources.
    """
    skipped: list[Skipped] = []
    chosen = _newest(resources, skipped)
    around = Surroundings(chosen, base, names)
    whose = _Whose(patient_id, strict, around)
    mine = {name: resource for name, resource in chosen.items() if whose.keeps(name, resource)}
    skipped += whose.skipped
    person = _person(mine.get(f"Patient/{patient_id}"), skipped)
    around = Surroundings(mine, base, names, person.birth)
    events: list[Event] = []
    for name, resource in mine.items():
        if resource["resourceType"] not in MEANINGS:
            continue
        try:
            events.append(read_event(resource, around))
        except NotAFact as why:
            skipped.append(Skipped(name, why.reason, why.lost))
    cut = {lost.reference.partition("/")[0]: Coverage.CUT for lost in skipped if lost.lost}
    facts = Facts(
        patient_id=patient_id,
        events=tuple(events),
        birth_low=person.birth_low,
        birth_high=person.birth_high,
        sex=person.sex,
        gender=person.gender,
        deceased=person.deceased,
        codes=person.codes,
        coverage={**cut, **coverage},
    )
    return Normalised(facts, tuple(skipped), tuple(whose.others))


def facts_from_bundle(bundle: Any, *, coverage: Mapping[str, Coverage] = {}) -> Normalised:
    """The facts of a Bundle's one Patient. What names another is taken too, and listed in ``others``.

    Raises InputError: ``facts.not-a-bundle``; ``facts.not-one-patient`` where there is none or more than one.
    """
    entries = bundle.get("entry") if type(bundle) is dict and bundle.get("resourceType") == "Bundle" else None
    if type(entries) is not list:
        raise InputError("facts.not-a-bundle", "This is not a FHIR Bundle with entries.")
    resources: list[Any] = []
    names: dict[str, str] = {}
    for entry in entries:
        resource = entry.get("resource") if type(entry) is dict else None
        if type(resource) is dict:
            resources.append(resource)
            if type(entry.get("fullUrl")) is str:
                names[entry["fullUrl"]] = f"{resource.get('resourceType')}/{resource.get('id')}"
    patients = {str(r.get("id")) for r in resources if r.get("resourceType") == "Patient"}
    if len(patients) != 1:
        raise InputError("facts.not-one-patient", f"The Bundle has {len(patients)} patients; one is needed.")
    return facts_from_resources(patients.pop(), resources, coverage=coverage, strict=False, names=names)


def _newest(resources: Iterable[Any], skipped: list[Skipped]) -> dict[str, Json]:
    """Each resource once, by ``Type/id``: its newest version; of equals the last."""
    chosen: dict[str, Json] = {}
    for number, resource in enumerate(resources):
        kind, id_ = (resource.get("resourceType"), resource.get("id")) if type(resource) is dict else (None, None)
        if type(kind) is not str or not kind:
            skipped.append(Skipped(f"#{number}", "resourceType has the wrong type"))
        elif type(id_) is not str or not 0 < len(id_) <= _LONGEST_ID:
            skipped.append(Skipped(f"{kind}/#{number}", "id has the wrong type"))
        else:
            name = f"{kind}/{id_}"
            before = chosen.get(name)
            if before is None or _version(resource) >= _version(before):
                chosen[name] = resource
    return chosen


def _version(resource: Json) -> tuple[Instant, int]:
    """When it was last updated, then its version where that is a number; what is unreadable is oldest."""
    meta = resource.get("meta")
    updated, version = (meta.get("lastUpdated"), meta.get("versionId")) if type(meta) is dict else (None, None)
    try:
        at = moment_span(updated, "meta.lastUpdated")[0]
    except NotAFact:
        at = -1
    if type(version) is str and version.isascii() and version.isdigit() and len(version) < 20:
        return at, int(version)
    return at, -1


def _person(resource: Json | None, skipped: list[Skipped]) -> Person:
    if resource is None:
        return Person()
    try:
        return read_patient(resource)
    except NotAFact as why:
        skipped.append(Skipped(f"Patient/{resource['id']}", why.reason, why.lost))
        return Person()


# What may be kept although it names no patient, because others refer to it.
_SHARED = frozenset({"Medication", "Organization", "Practitioner", "PractitionerRole", "Location"})


_BY_SUBJECT = frozenset(kind for kind, row in MEANINGS.items() if row.patient == "subject")


class _Whose:
    """Whether a resource is this patient's."""

    def __init__(self, patient_id: str, strict: bool, around: Surroundings) -> None:
        self._patient_id = patient_id
        self._strict = strict
        self._around = around
        self._plain = f"Patient/{patient_id}"
        self.skipped: list[Skipped] = []
        self.others: list[str] = []

    def keeps(self, name: str, resource: Json) -> bool:
        kind = resource["resourceType"]
        if kind in _SHARED:
            return True
        # The usual case first: it names the patient, plainly.
        subject = resource.get("subject")
        if type(subject) is dict and subject.get("reference") == self._plain and kind in _BY_SUBJECT:
            return True
        try:
            named = patient_of(resource, self._around)
        except NotAFact as why:
            self.skipped.append(Skipped(name, why.reason, why.lost))
            return False
        if named == self._patient_id:
            return True
        if self._strict or resource["resourceType"] == "Patient":
            why_not = "names no patient" if named is None else "names another patient"
            self.skipped.append(Skipped(name, why_not, lost=False))
            return False
        self.others.append(name)
        return True
