"""From FHIR R4 JSON to facts: the one way in, for a chart, a file and a population alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from smartapp.errors import InputError
from smartapp.facts.elements import LONGEST_ID, Json, NotAFact, Surroundings, moment_span
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import Instant
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.patients import Person, patient_of, read_patient
from smartapp.facts.readers import READERS
from smartapp.facts.resources import event_from_resource, read_event
from smartapp.facts.times import KNOWN
from smartapp.facts.typed import TYPED, Meta, Reference, Resource, bundle_from_text, resource_from_text

__all__ = [
    "Normalised",
    "Skipped",
    "event_from_resource",
    "facts_from_bundle",
    "facts_from_json",
    "facts_from_resources",
    "parse_json",
    "patient_of",
    "read_event",
    "read_json",
    "resource_from_json",
    "version_of",
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
        raise InputError("facts.not-json", _NOT_JSON) from error


def resource_from_json(data: bytes) -> Any:
    """One resource's JSON text as what :func:`read_event`, :func:`patient_of` and the others here take.

    That is a :class:`~smartapp.facts.typed.Resource`; parsed JSON where an element is of the wrong type or the text is
    no resource that is known, and then those functions say what is wrong. Faster than :func:`parse_json` and what
    follows. Raises InputError as that does; what is skipped is held to less.
    """
    try:
        if not data.isascii():
            data.decode()  # the parser does not look at the characters of what it skips
        return resource_from_text(data)
    except (ValueError, RecursionError):
        return parse_json(data)


_NOT_JSON = "This is not JSON text that can be read."


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
    resources: Iterable[Json | Resource],
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
    heap = _Heap()
    heap.take((None, resource) for resource in resources)
    return _facts(patient_id, heap, coverage, strict=strict, base=base, names=names)


def _facts(
    patient_id: str, heap: _Heap, coverage: Mapping[str, Coverage], *, strict: bool, base: str, names: Mapping[str, str]
) -> Normalised:
    chosen, skipped = heap.chosen, heap.skipped
    around = Surroundings(chosen, base, names)
    whose = _Whose(patient_id, strict, around)
    plain = f"Patient/{patient_id}"
    strange = [
        name
        for name, resource in chosen.items()
        # Nearly all name the patient plainly; of the others more has to be asked.
        if type(patient := getattr(resource, "patient", None)) is not Reference or patient.reference != plain
    ]
    dropped = {name for name in strange if not whose.keeps(name, chosen[name])}
    mine = {name: resource for name, resource in chosen.items() if name not in dropped} if dropped else chosen
    skipped += whose.skipped
    person = _person(mine.get(plain), skipped)
    around = Surroundings(mine, base, names, person.birth)
    events: list[Event] = []
    for name, resource in mine.items():
        reader = READERS.get(type(resource))
        if reader is None:
            if resource.get("resourceType") not in MEANINGS:
                continue
            reader = read_event
        try:
            events.append(reader(resource, around))
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


def read_json(data: bytes) -> Any:
    """A file's JSON text: the :class:`Normalised` of a Bundle of known types, else what :func:`parse_json` gives.

    Raises InputError as :func:`parse_json` and, for a Bundle that could be typed, :func:`facts_from_bundle` do.
    """
    entries = _entries(data)
    return parse_json(data) if entries is None else _of_one_patient(entries, {})


def facts_from_json(data: bytes, *, coverage: Mapping[str, Coverage] = {}) -> Normalised:
    """The facts of a Bundle's one Patient, from the Bundle's JSON text: as :func:`facts_from_bundle`, twice as fast.

    Raises InputError as :func:`parse_json` and :func:`facts_from_bundle` do.
    """
    entries = _entries(data)
    if entries is None:  # and see what is wrong, and with which of them
        return facts_from_bundle(parse_json(data), coverage=coverage)
    return _of_one_patient(entries, coverage)


def _entries(data: bytes) -> list[tuple[Any, Any]] | None:
    """Address and resource of a Bundle's entries; None where it cannot be typed."""
    try:
        if not data.isascii():
            data.decode()
        return [(one.fullUrl, one.resource) for one in bundle_from_text(data).entry if one.resource is not None]
    except (ValueError, RecursionError):
        return None


_NOT_A_BUNDLE = "This is not a FHIR Bundle with entries."


def facts_from_bundle(bundle: Any, *, coverage: Mapping[str, Coverage] = {}) -> Normalised:
    """The facts of a Bundle's one Patient. What names another is taken too, and listed in ``others``.

    Raises InputError: ``facts.not-a-bundle``; ``facts.not-one-patient`` where there is none or more than one.
    """
    entries = bundle.get("entry") if type(bundle) is dict and bundle.get("resourceType") == "Bundle" else None
    if type(entries) is not list:
        raise InputError("facts.not-a-bundle", _NOT_A_BUNDLE)
    found = ((one.get("fullUrl"), one.get("resource")) for one in entries if type(one) is dict)
    # What is no object at all is not even a resource that was lost.
    return _of_one_patient(
        [one for one in found if _kind_and_id(one[1])[0] is not None or type(one[1]) is dict], coverage
    )


def _of_one_patient(entries: Iterable[tuple[Any, Any]], coverage: Mapping[str, Coverage]) -> Normalised:
    """The facts of the one patient among entries: address and resource."""
    heap = _Heap()
    heap.take(entries)
    if len(heap.patients) != 1:
        raise InputError("facts.not-one-patient", f"The Bundle has {len(heap.patients)} patients; one is needed.")
    return _facts(next(iter(heap.patients)), heap, coverage, strict=False, base="", names=heap.names)


def _kind_and_id(resource: Any) -> tuple[Any, Any]:
    if type(resource) is dict:
        return resource.get("resourceType"), resource.get("id")
    return getattr(resource, "resourceType", None), getattr(resource, "id", None)


class _Heap:
    """Each resource once, by ``Type/id``: its newest version; of equals the last.

    ``names`` are the resources by the address that they came with, ``patients`` the ids of those that are Patients.
    """

    def __init__(self) -> None:
        self.chosen: dict[str, Json | Resource] = {}
        self.names: dict[str, str] = {}
        self.patients: set[str] = set()
        self.skipped: list[Skipped] = []

    def take(self, entries: Iterable[tuple[Any, Any]]) -> None:
        """Take resources, each with its address or None."""
        chosen, names = self.chosen, self.names
        for number, (address, resource) in enumerate(entries):
            kind, id_ = (resource.resourceType, resource.id) if type(resource) in TYPED else _kind_and_id(resource)
            name = f"{kind}/{id_}"
            if type(kind) is not str or not kind:
                self.skipped.append(Skipped(f"#{number}", "resourceType has the wrong type"))
            elif type(id_) is not str or not 0 < len(id_) <= LONGEST_ID:
                self.skipped.append(Skipped(f"{kind}/#{number}", "id has the wrong type"))
            elif name not in chosen or version_of(resource) >= version_of(chosen[name]):
                chosen[name] = resource
            if type(address) is str:
                names[address] = name
            if kind == "Patient":
                self.patients.add(str(id_))


def version_of(resource: Json | Resource) -> tuple[Instant, int]:
    """When it was last updated, then its version where that is a number; what is unreadable is oldest."""
    meta: Any = resource.get("meta") if type(resource) is dict else resource.meta  # type: ignore[union-attr]
    if type(meta) is Meta:
        updated, version = meta.lastUpdated, meta.versionId
    elif type(meta) is dict:
        updated, version = meta.get("lastUpdated"), meta.get("versionId")
    else:
        return -1, -1
    try:
        at = (KNOWN.get(updated) or moment_span(updated, "meta.lastUpdated"))[0]
    except (NotAFact, TypeError):
        at = -1
    try:
        return at, _VERSIONS[version]
    except (KeyError, TypeError):  # another one, or no text at all
        return at, _version(version)


_VERSIONS: dict[Any, int] = {}
_KEPT = 65_536


def _version(version: Any) -> int:
    if type(version) is not str or not version.isascii() or not version.isdigit() or len(version) >= _DIGITS:
        return -1
    if len(_VERSIONS) >= _KEPT:
        _VERSIONS.clear()
    number = _VERSIONS[version] = int(version)
    return number


_DIGITS = 19
"""As many digits fit into no whole number of 64 bits for certain, which a version is where it is kept."""


def _person(resource: Json | Resource | None, skipped: list[Skipped]) -> Person:
    if resource is None:
        return Person()
    try:
        return read_patient(resource)
    except NotAFact as why:
        skipped.append(Skipped(f"Patient/{resource.get('id')}", why.reason, why.lost))
        return Person()


# What may be kept although it names no patient, because others refer to it.
_SHARED = frozenset({"Medication", "Organization", "Practitioner", "PractitionerRole", "Location"})


class _Whose:
    """Whether a resource is this patient's."""

    def __init__(self, patient_id: str, strict: bool, around: Surroundings) -> None:
        self._patient_id = patient_id
        self._strict = strict
        self._around = around
        self.skipped: list[Skipped] = []
        self.others: list[str] = []

    def keeps(self, name: str, resource: Json | Resource) -> bool:
        kind = resource.get("resourceType")
        if kind in _SHARED:
            return True
        try:
            named = patient_of(resource, self._around)
        except NotAFact as why:
            self.skipped.append(Skipped(name, why.reason, why.lost))
            return False
        if named == self._patient_id:
            return True
        if self._strict or kind == "Patient":
            why_not = "names no patient" if named is None else "names another patient"
            self.skipped.append(Skipped(name, why_not, lost=False))
            return False
        self.others.append(name)
        return True
