"""What is done with a share of the files: parse, normalise, make rows and frames of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from smartapp.errors import InputError
from smartapp.facts.elements import LONGEST_ID, Json, NotAFact, Surroundings
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.normalise import (
    Normalised,
    facts_from_bundle,
    patient_of,
    read_event,
    read_json,
    resource_from_json,
    version_of,
)
from smartapp.facts.patients import read_patient
from smartapp.facts.readers import READERS
from smartapp.facts.typed import CLASSES, Elements, Resource, resource_from_text
from smartapp.population.charts import SHARED, Reading, tell_of_bundle
from smartapp.population.files import is_bundle, pieces_of
from smartapp.population.frames import ROWS, Row, frame, frames
from smartapp.population.rows import (
    KINDS,
    LATER,
    LOST,
    Place,
    Signatures,
    event_columns,
    event_row,
    mark_row,
    person_row,
)


class Task(NamedTuple):
    """A part of a file: NDJSON from ``start`` to ``end``, or (``end`` -1) a JSON file whose kind is to be seen."""

    source: int
    path: str
    start: int
    end: int
    named: bool


@dataclass
class Report:
    """What a task gave beside its rows. Lines of problems are counted from 0 within the task."""

    task: Task
    lines: int = 0
    rows: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    signatures: list[tuple[int, str, str]] = field(default_factory=list)


class _Waiting(Exception):  # no error: the resource is read later
    """What the resource refers to is not at hand yet."""


class _Stream(Surroundings):
    """The surroundings of a resource that is read alone: only what it contains itself can be found."""

    __slots__ = ()

    def find(self, resource: Elements, reference: str) -> Json | Resource | None:
        if not reference.startswith("#"):
            raise _Waiting
        return super().find(resource, reference)


_ALONE = _Stream()
_BY_AGE = {
    "AllergyIntolerance": ("onsetAge", "onsetRange"),
    "Condition": ("onsetAge", "onsetRange", "abatementAge", "abatementRange"),
    "Procedure": ("performedAge", "performedRange"),
}
"""Elements that count from the patient's birth."""


class _Unusual(Exception):  # no error: the line takes the longer way
    """The line is no event that names its patient plainly."""


_NOT_PLAIN = (_Unusual, _Waiting, NotAFact, ValueError, RecursionError, KeyError, AttributeError)


def _counts_from_birth(kind: str) -> Callable[[Any], bool] | None:
    """Whether a resource of the type has an element that counts from the patient's birth; None where none can."""
    names = _BY_AGE.get(kind)
    if names is None:
        return None
    get, absent = attrgetter(*names), (None,) * len(names)
    return lambda resource: bool(get(resource) != absent)


_EVENTS = {CLASSES[kind]: (READERS[CLASSES[kind]], kind, _counts_from_birth(kind)) for kind in MEANINGS}
"""How the events of each class are read, their type, and what has to wait for the patient's birth."""


class _Plain:
    """Events of one source's lines that are no rows yet, and their places."""

    __slots__ = ("_source", "events", "places")

    def __init__(self, source: int) -> None:
        self._source = source
        self.places: list[Place] = []
        self.events: list[Event] = []

    def taken(self) -> bytes:
        """A frame of the first of them, which are taken out."""
        columns = event_columns(self._source, self.places[:ROWS], self.events[:ROWS])
        del self.places[:ROWS], self.events[:ROWS]
        return frame(columns, KINDS)


class Worker:
    """Turns tasks into rows, and gives them to ``write`` in frames; the last ones by ``flush``."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._signatures = Signatures()
        self._rows: list[Row] = []

    def run(self, task: Task) -> Report:
        """Read the part of the file and write its rows."""
        report = Report(task)
        path = Path(task.path)
        try:
            if task.end >= 0:
                self._lines(path, report)
            else:
                self._file(path, report)
        except OSError as error:
            report.problems.append((-1, f"cannot be read: {error.strerror}"))
        return self.done(report)

    def done(self, report: Report) -> Report:
        """Tell the signatures that are new."""
        report.signatures, self._signatures.new = self._signatures.new, []
        return report

    def flush(self) -> None:
        """Write the rows that are left."""
        for one in frames(self._rows, KINDS):
            self._write(one)
        self._rows.clear()

    def _put(self, row: Row, report: Report) -> None:
        self._rows.append(row)
        report.rows += 1
        if len(self._rows) >= ROWS:
            self.flush()

    def _lines(self, path: Path, report: Report) -> None:
        """A part of an NDJSON file. Nearly every line is an event that names its patient plainly: those first."""
        task = report.task
        plain = _Plain(task.source)
        try:
            for offset, lines in pieces_of(path, task.start, task.end):
                self._piece(offset, lines, plain, report)
                while len(plain.events) >= ROWS:
                    self._write(plain.taken())
        finally:  # what was read of a file that then broke off counts
            while plain.events:
                self._write(plain.taken())

    def _piece(self, offset: int, lines: list[bytes], plain: _Plain, report: Report) -> None:
        of, known = self._signatures.of, self._signatures.known
        place, put = plain.places.append, plain.events.append
        first, before = report.lines, len(plain.events)
        report.lines += len(lines)
        for number, line in enumerate(lines, first):
            try:
                if not line.isascii():
                    line.decode()
                resource = resource_from_text(line)
                read, kind, counts_from_birth = _EVENTS[type(resource)]
                named = resource.patient.reference
                id_ = resource.id
                if (
                    (counts_from_birth is not None and counts_from_birth(resource))
                    or type(id_) is not str
                    or not 0 < len(id_) <= LONGEST_ID
                    or not named.startswith("Patient/")
                    or "/" in (whose := named[8:])
                    or not whose
                ):
                    raise _Unusual
                event = read(resource, _ALONE)
            except _NOT_PLAIN:
                if line and not line.isspace():
                    self._line(line, offset, number, report)
            else:
                sig = known.get((kind, event.codes)) or of(kind, event.codes)
                place((offset, whose, sig, *version_of(resource)))
                put(event)
            offset += len(line) + 1
        report.rows += len(plain.events) - before

    def _file(self, path: Path, report: Report) -> None:
        try:
            read = read_json(path.read_bytes())
            chart = facts_from_bundle(read) if is_bundle(read) else read
        except InputError as error:
            report.problems.append((-1, error.message))
            return
        if isinstance(chart, Normalised):
            reading = Reading()
            tell_of_bundle(report.task.path, chart, reading)
            report.problems += [(-1, one.what) for one in reading.problems]
            report.notes += reading.notes
            self.chart(chart.facts, report)
        elif type(read) is dict and "resourceType" in read:
            self._resource(read, 0, 0, report)
        elif report.task.named:
            report.problems.append((-1, "this is neither a Bundle nor another FHIR resource"))

    def chart(self, facts: Facts, report: Report) -> None:
        """Write the rows of one chart, which is the task's source."""
        none = (-1, -1)
        where = (report.task.source, 0, report.task.source)
        sig = self._signatures.of("Patient", facts.codes)
        self._put(person_row(where, facts.patient_id, facts, sig, none), report)
        for event in facts.events:
            sig = self._signatures.of(event.kind, event.codes)
            self._put(event_row(where, facts.patient_id, event, sig, none), report)
        for key, coverage in facts.coverage.items():
            if coverage != Coverage.COMPLETE:
                self._put(mark_row(where, facts.patient_id, LOST, key), report)

    def _line(self, line: bytes, offset: int, number: int, report: Report) -> None:
        try:
            resource = resource_from_json(line)
        except InputError as error:
            report.problems.append((number, error.message))
            return
        self._resource(resource, offset, number, report)

    def _resource(self, resource: Any, offset: int, number: int, report: Report) -> None:
        kind = resource.get("resourceType") if type(resource) is dict else getattr(resource, "resourceType", None)
        if type(kind) is not str:
            report.problems.append((number, "this is no FHIR resource: it has no resourceType"))
            return
        where = (report.task.source, offset, 0)
        if kind in MEANINGS:
            self._event(resource, where, number, report)
        elif kind == "Patient":
            self._person(resource, where, number, report)
        elif kind in SHARED:
            self._put(mark_row(where, "", kind, str(resource.get("id")), version_of(resource)), report)
        elif kind == "Bundle":
            report.problems.append((number, "a Bundle cannot be a line of NDJSON"))

    def _event(self, resource: Json | Resource, where: tuple[int, int, int], number: int, report: Report) -> None:
        kind, id_ = str(resource.get("resourceType")), resource.get("id")
        whose = None
        try:
            whose = patient_of(resource)
            if whose is None:
                report.problems.append((number, f"{kind}/{id_}: names no patient"))
                return
            if any(resource.get(name) is not None for name in _BY_AGE.get(kind, ())):
                raise _Waiting
            event = read_event(resource, _ALONE)
        except _Waiting:
            self._put(mark_row(where, str(whose), LATER, f"{kind}/{id_}", version_of(resource)), report)
        except NotAFact as why:
            if why.lost:
                report.problems.append((number, f"{kind}/{id_}: {why.reason}"))
                if whose is not None:
                    self._put(mark_row(where, whose, LOST, kind), report)
            if type(id_) is str and whose is not None:
                # A newer version that is no fact (entered in error) takes the older one away.
                self._put(mark_row(where, whose, f"~{kind}", id_, version_of(resource)), report)
        else:
            sig = self._signatures.of(event.kind, event.codes)
            self._put(event_row(where, whose, event, sig, version_of(resource)), report)

    def _person(self, resource: Json | Resource, where: tuple[int, int, int], number: int, report: Report) -> None:
        id_ = resource.get("id")
        if type(id_) is not str or not 0 < len(id_) <= 256:
            report.problems.append((number, "Patient: id has the wrong type"))
            return
        try:
            person = read_patient(resource)
        except NotAFact as why:
            report.problems.append((number, f"Patient/{id_}: {why.reason}"))
            self._put(mark_row(where, id_, LOST, "Patient"), report)
            self._put(mark_row(where, id_, "Patient", id_, version_of(resource)), report)
            return
        sig = self._signatures.of("Patient", person.codes)
        self._put(person_row(where, id_, person, sig, version_of(resource)), report)
