"""Patients from files one chart at a time, for the chart engine.

A Bundle with one Patient is that patient's chart. All NDJSON files together are one heap of resources, of which each
belongs to the patient that it names, strictly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartapp.errors import InputError
from smartapp.facts.elements import NotAFact
from smartapp.facts.events import Facts
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.normalise import (
    Normalised,
    facts_from_bundle,
    facts_from_resources,
    parse_json,
    patient_of,
    read_json,
)
from smartapp.population.files import Found, Problem, holds_lines, is_bundle, lines_of, said

SHARED = frozenset({"Medication"})
"""Resources of nobody's that others refer to."""


@dataclass
class Reading:
    """What was wrong with the input, filled while charts are read, and what was not strictly the patient's."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Heap:
    """The resources of NDJSON files by patient, each with its place."""

    patients: dict[str, None] = field(default_factory=dict)
    resources: dict[str, list[tuple[Any, str, int]]] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)


def read_charts(found: Found, reading: Reading) -> Iterator[Facts]:
    """The facts of each patient: Bundles in the order of the files, then those of NDJSON as their Patients come."""
    reading.problems += found.problems
    heap = _Heap()
    for path in found.files:
        try:
            yield from _read_file(path, found, heap, reading)
        except OSError as error:
            reading.problems.append(Problem(str(path), 0, f"cannot be read: {error.strerror}"))
    for patient, resources in heap.resources.items():
        if patient not in heap.patients:
            _, place, line = resources[0]
            what = f"Patient/{patient} is in none of the files; {len(resources)} resources name that patient"
            reading.problems.append(Problem(place, line, what))
    for patient in heap.patients:
        yield _chart(patient, heap, reading)


def _read_file(path: Path, found: Found, heap: _Heap, reading: Reading) -> Iterator[Facts]:
    name = str(path)
    if holds_lines(path):
        for number, _, line in lines_of(path):
            _take_line(line, name, number + 1, heap, reading)
        return
    try:
        read = read_json(path.read_bytes())
        chart = facts_from_bundle(read) if is_bundle(read) else read
    except InputError as error:
        reading.problems.append(Problem(name, 0, error.message))
        return
    if isinstance(chart, Normalised):
        tell_of_bundle(name, chart, reading)
        yield chart.facts
    elif type(read) is dict and "resourceType" in read:
        _take(read, name, 1, heap, reading)
    elif path in found.named:
        reading.problems.append(Problem(name, 0, "this is neither a Bundle nor another FHIR resource"))


def tell_of_bundle(name: str, normalised: Normalised, reading: Reading) -> None:
    """Note what a Bundle's chart lacks, and what it has of others."""
    reading.problems += [Problem(name, 0, f"{one.reference}: {one.reason}") for one in normalised.skipped if said(one)]
    if normalised.others:
        count = len(normalised.others)
        reading.notes.append(f"{name}: {count} resources name another patient or none; they are taken as this one's")


def _take_line(line: bytes, path: str, number: int, heap: _Heap, reading: Reading) -> None:
    if line.isspace():
        return
    try:
        _take(parse_json(line), path, number, heap, reading)
    except InputError as error:
        reading.problems.append(Problem(path, number, error.message))


def _take(resource: Any, path: str, line: int, heap: _Heap, reading: Reading) -> None:
    kind, id_ = (resource.get("resourceType"), resource.get("id")) if type(resource) is dict else (None, None)
    if type(kind) is not str:
        reading.problems.append(Problem(path, line, "this is no FHIR resource: it has no resourceType"))
    elif is_bundle(resource):
        reading.problems.append(Problem(path, line, "a Bundle cannot be a line of NDJSON"))
    elif kind in SHARED:
        heap.shared[f"{kind}/{id_}"] = resource
    elif kind == "Patient" or kind in MEANINGS:
        try:
            whose = patient_of(resource)
        except NotAFact as why:
            reading.problems.append(Problem(path, line, f"{kind}/{id_}: {why.reason}"))
            return
        if whose is None:
            reading.problems.append(Problem(path, line, f"{kind}/{id_}: names no patient"))
            return
        if kind == "Patient":
            heap.patients[whose] = None
        heap.resources.setdefault(whose, []).append((resource, path, line))


def _chart(patient: str, heap: _Heap, reading: Reading) -> Facts:
    placed = heap.resources.pop(patient)
    resources = [resource for resource, _, _ in placed]
    needed = {named for resource in resources if (named := _medication(resource)) in heap.shared}
    normalised = facts_from_resources(patient, [*resources, *(heap.shared[name] for name in sorted(needed))])
    for skipped in normalised.skipped:
        if said(skipped):
            path, line = _place(skipped.reference, placed)
            reading.problems.append(Problem(path, line, f"{skipped.reference}: {skipped.reason}"))
    return normalised.facts


def _medication(resource: Any) -> str:
    named = resource.get("medicationReference")
    reference = named.get("reference") if type(named) is dict else None
    return reference if type(reference) is str else ""


def _place(reference: str, placed: list[tuple[Any, str, int]]) -> tuple[str, int]:
    for resource, path, line in placed:
        if f"{resource.get('resourceType')}/{resource.get('id')}" == reference:
            return path, line
    return placed[0][1], placed[0][2]
