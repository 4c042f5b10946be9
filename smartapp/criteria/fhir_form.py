"""A measure as FHIR R4: a ``Measure`` with its groups, and the ``Library`` with its rules and data requirements.

The rules are in the library, as the JSON form, each under a name; the measure's populations refer to these names.
Data requirements are those of a module definition (FHIR R4, ``DataRequirement``), derived like the searches.

The measure comes in by its shape (:class:`MeasureLike`), because measures are built on criteria and not the other
way round.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from smartapp.criteria.bounds import resolve
from smartapp.criteria.constants import Period
from smartapp.criteria.json_form import to_json
from smartapp.criteria.nodes import Condition, DirectCode, EventSet, Or, Union, ValueSet
from smartapp.criteria.plain import say
from smartapp.criteria.requirements import CATEGORIES, Requirement, requirements
from smartapp.facts.instants import Instant, day_of

Population = Condition | EventSet

_HL7 = "http://terminology.hl7.org/CodeSystem"
_BASIS = "http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-populationBasis"

CODE_PATHS = {
    "AllergyIntolerance": "code",
    "Coverage": "type",
    "DeviceRequest": "code",
    "Encounter": "type",
    "Immunization": "vaccineCode",
    "MedicationAdministration": "medication",
    "MedicationDispense": "medication",
    "MedicationRequest": "medication",
    "Appointment": "serviceType",
}
"""The element that slot ``code`` is read from, where it is not ``code`` (FHIR R4, each type's primary code path)."""

DATE_PATHS = {
    "DiagnosticReport": "effective",
    "Encounter": "period",
    "Immunization": "occurrence",
    "Observation": "effective",
    "Procedure": "performed",
}
"""The element that a lower bound on an event's times is about, where one element holds them."""


class SourceLike(Protocol):
    """Where a rule is published."""

    @property
    def title(self) -> str: ...
    @property
    def steward(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def read(self) -> str: ...
    @property
    def terms(self) -> str: ...


class ReasonLike(Protocol):
    """A named exclusion or exception."""

    @property
    def name(self) -> str: ...
    @property
    def part(self) -> Population: ...


class RateLike(Protocol):
    """One group of a measure."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def initial_population(self) -> Population: ...
    @property
    def denominator(self) -> Population: ...
    @property
    def numerator(self) -> Population: ...
    @property
    def exclusions(self) -> Sequence[ReasonLike]: ...
    @property
    def exceptions(self) -> Sequence[ReasonLike]: ...
    @property
    def numerator_exclusions(self) -> Sequence[ReasonLike]: ...


class MeasureLike(Protocol):
    """What is published of a measure; ``numerator_means`` is ``gap`` where a high rate is bad."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def canonical(self) -> str: ...
    @property
    def source(self) -> SourceLike: ...
    @property
    def rates(self) -> Sequence[RateLike]: ...
    @property
    def numerator_means(self) -> str: ...


def measure_resource(measure: MeasureLike, *, base: str) -> dict[str, Any]:
    """The FHIR R4 ``Measure``; ``base`` is the canonical address under which this app's own resources are named."""
    source = measure.source
    inverse = measure.numerator_means == "gap"
    made: dict[str, Any] = {
        "resourceType": "Measure",
        "id": measure.id,
        "url": f"{base}/Measure/{measure.id}",
        "version": measure.version,
        "name": _identifier(measure.id),
        "title": measure.title,
        "status": "active",
        "date": source.read,
        "publisher": source.steward,
        "relatedArtifact": [{"type": "derived-from", "display": source.title, "url": source.url}],
        "library": [f"{base}/Library/{measure.id}|{measure.version}"],
        "scoring": _concept("measure-scoring", "proportion"),
        "improvementNotation": _concept("measure-improvement-notation", "decrease" if inverse else "increase"),
        "group": [_group(rate) for rate in measure.rates],
    }
    if measure.canonical:
        made["relatedArtifact"].append({"type": "derived-from", "resource": measure.canonical})
    return made | ({"copyright": source.terms} if source.terms else {})


def library_resource(
    measure: MeasureLike, *, base: str, period: Period | None = None, as_of: Instant | None = None
) -> dict[str, Any]:
    """The FHIR R4 ``Library`` of a measure: its rules as JSON, and what they need.

    With a period (and ``as_of``, else its end) the requirements have their dates.
    """
    populations = [(_name(rate, code), part) for rate in measure.rates for code, _, part in _populations(rate)]
    rules = {name: to_json(part) for name, part in populations}
    last = as_of if as_of is not None or period is None else period.end
    data = [
        one
        for requirement in requirements(part for _, part in populations)
        for one in _data_requirements(requirement, period, last)
    ]
    return {
        "resourceType": "Library",
        "id": measure.id,
        "url": f"{base}/Library/{measure.id}",
        "version": measure.version,
        "name": _identifier(measure.id),
        "title": measure.title,
        "status": "active",
        "type": _concept("library-type", "module-definition"),
        "parameter": [{"name": "Measurement Period", "use": "in", "min": 1, "max": "1", "type": "Period"}],
        "dataRequirement": data,
        "content": [
            {
                "contentType": "application/json",
                "data": b64encode(json.dumps(rules, sort_keys=True).encode()).decode("ascii"),
            }
        ],
    }


def _group(rate: RateLike) -> dict[str, Any]:
    basis = "Encounter" if rate.basis == "encounter" else "boolean"
    made: dict[str, Any] = {
        "id": rate.id.replace("_", "-"),
        "extension": [{"url": _BASIS, "valueCode": basis}],
        "population": [
            {
                "code": _concept("measure-population", code),
                "description": text,
                "criteria": {"language": "application/json", "expression": _name(rate, code)},
            }
            for code, text, _ in _populations(rate)
        ],
    }
    return made | ({"description": rate.title} if rate.title else {})


def _populations(rate: RateLike) -> Iterator[tuple[str, str, Population]]:
    """Code of the population, its plain words and its rule. Several reasons are one population."""
    yield "initial-population", say(rate.initial_population), rate.initial_population
    yield "denominator", say(rate.denominator), rate.denominator
    for code, reasons in (
        ("denominator-exclusion", rate.exclusions),
        ("denominator-exception", rate.exceptions),
        ("numerator-exclusion", rate.numerator_exclusions),
    ):
        if reasons:
            yield code, "; or ".join(f"{one.name}: {say(one.part)}" for one in reasons), _any(reasons)
    yield "numerator", say(rate.numerator), rate.numerator


def _any(reasons: Sequence[ReasonLike]) -> Population:
    parts = [one.part for one in reasons]
    if len(parts) == 1:
        return parts[0]
    sets = tuple(part for part in parts if isinstance(part, EventSet))
    if len(sets) == len(parts):
        return Union(sets)
    return Or(tuple(part.exist() if isinstance(part, EventSet) else part for part in parts))


def _data_requirements(
    requirement: Requirement, period: Period | None, as_of: Instant | None
) -> Iterator[dict[str, Any]]:
    """One for each value set, and one for all single codes: the filters of one requirement hold together."""
    kind = requirement.resource_type
    made: dict[str, Any] = {"type": kind}
    path = DATE_PATHS.get(kind)
    if path and requirement.date_from is not None and period is not None and as_of is not None:
        first = day_of(resolve(requirement.date_from, period, as_of)).isoformat()
        made["dateFilter"] = [{"path": path, "valuePeriod": {"start": first}}]
    systems = CATEGORIES.get(kind, {})
    codings = [{"system": systems[name], "code": name} for name in requirement.categories if name in systems]
    filters: list[dict[str, Any]] = [{"path": "category", "code": codings}] if codings else []
    code_path = CODE_PATHS.get(kind, "code")
    if requirement.codes is None:
        yield made | ({"codeFilter": filters} if filters else {})
        return
    for one in requirement.codes:
        if isinstance(one, ValueSet):
            yield made | {"codeFilter": [{"path": code_path, "valueSet": one.url}, *filters]}
    single = [one for one in requirement.codes if isinstance(one, DirectCode)]
    if single:
        named = [{"system": one.system, "code": one.code, "display": one.name} for one in single]
        yield made | {"codeFilter": [{"path": code_path, "code": named}, *filters]}


def _name(rate: RateLike, code: str) -> str:
    return f"{rate.id}.{code}"


def _identifier(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}
