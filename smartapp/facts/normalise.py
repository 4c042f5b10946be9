"""From FHIR R4 JSON to facts: the one way in, for a chart, a file and a population alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from smartapp.errors import InputError
from smartapp.facts.elements import Json, NotAFact, Surroundings, is_id, moment_span
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import Instant
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.patients import Person, patient_of, read_patient
from smartapp.facts.resources import event_from_resource, read_event

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

_DECODER = msgspec.json.Decoder()


def parse_json(data: bytes) -> Any:
    """Parse JSON text as fast as can be. Raises InputError ``facts.not-json``; never anything else.

    Too deep nesting is refused by the parser; of a repeated key the last one counts, as in most parsers. Where
    repeated keys must be refused, ``launch.jsontext`` does so at ten times the cost.
    """
    try:
        return _DECODER.decode(data)
    except (ValueError, RecursionError) as error:
        raise InputError("facts.not-json", "This is not JSON text that can be read.") from error


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
        elif not is_id(id_):
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
