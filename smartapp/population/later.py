"""Resources that could not be read alone: what they refer to, and whose birth they count from, is at hand now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from smartapp.errors import InputError
from smartapp.facts.elements import Json, NotAFact, Surroundings
from smartapp.facts.instants import Instant
from smartapp.facts.normalise import parse_json, read_event, version_of
from smartapp.facts.typed import Elements, Resource
from smartapp.population.charts import SHARED, Reading
from smartapp.population.files import Problem
from smartapp.population.frames import Row
from smartapp.population.pipe import load_rows
from smartapp.population.rows import LATER, LOST, Signatures, event_row, mark_row
from smartapp.population.store import Store

_BATCH = 20_000
Place = tuple[int, int]


class _Asking(Surroundings):
    """Finds nothing, and remembers what was asked for."""

    __slots__ = ("asked",)
    asked: list[str]

    def find(self, resource: Elements, reference: str) -> Json | Resource | None:
        if not reference.startswith("#"):
            self.asked.append(self.relative(reference))
            return None
        return super().find(resource, reference)


def read_later(store: Store, paths: Mapping[int, str], reading: Reading) -> int:
    """Turn the rows that wait into events, by reading their lines again; how many they were."""
    waiting = store.connection.execute(
        "SELECT source, place, patient, id FROM resource WHERE kind = ? ORDER BY source, place", [LATER]
    ).fetchall()
    if not waiting:
        return 0
    where = dict(_paths(store)) | dict(paths)
    signatures = Signatures()

    # All that is asked of the database is asked before: its connection is busy while rows come in.
    batches = [
        _with_surroundings(store, waiting[first : first + _BATCH], where) for first in range(0, len(waiting), _BATCH)
    ]
    load_rows(store, (row for batch in batches for row in _rows(batch, signatures, where, reading)))
    store.connection.execute("DELETE FROM resource WHERE kind = ?", [LATER])
    if signatures.new:
        store.add_signatures(signatures.new)
    return len(waiting)


def _paths(store: Store) -> Iterator[tuple[int, str]]:
    yield from store.connection.execute("SELECT number, path FROM source").fetchall()


_Waiting = tuple[Place, str, Json, Mapping[str, Json], Instant | None]


def _with_surroundings(store: Store, batch: list[Any], where: Mapping[int, str]) -> list[_Waiting]:
    resources = _load([(source, place) for source, place, _, _ in batch], where)
    asked: list[tuple[str, str, str]] = []
    for source, place, patient, _ in batch:
        around = _Asking()
        object.__setattr__(around, "asked", [])
        resource = resources.get((source, place))
        if resource is not None:
            with suppress(NotAFact):
                read_event(resource, around)
        for name in around.asked:
            kind, _, id_ = name.partition("/")
            asked.append(("" if kind in SHARED else patient, kind, id_))
    places = _places(store, asked)
    others = _load(places.values(), where)
    births = _births(store, {patient for _, _, patient, _ in batch})
    found: dict[str, dict[str, Json]] = {}
    for (patient, kind, id_), place in places.items():
        other = others.get(place)
        if other is not None:
            found.setdefault(patient, {})[f"{kind}/{id_}"] = other
    shared = found.get("", {})
    return [
        (
            (source, place),
            patient,
            resource,
            {**shared, **found.get(patient, {})} if shared else found.get(patient, {}),
            births.get(patient),
        )
        for source, place, patient, _ in batch
        if (resource := resources.get((source, place))) is not None
    ]


def _places(store: Store, asked: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], Place]:
    """Where the newest version of each of those resources is."""
    if not asked:
        return {}
    given = store.rows(dict.fromkeys(asked), patient="VARCHAR", kind="VARCHAR", id="VARCHAR")
    rows = store.connection.execute(
        "SELECT a.patient, a.kind, a.id, "
        "max_by({'source': r.source, 'place': r.place}, (r.updated, r.version, r.source, r.place)) "
        f"FROM {given} a JOIN resource r ON r.bundle = 0 AND r.patient = a.patient AND "
        f"((r.kind = a.kind AND r.id = a.id) OR (r.kind = '{LATER}' AND r.id = concat(a.kind, '/', a.id))) GROUP BY ALL"
    ).fetchall()
    return {(patient, kind, id_): (at["source"], at["place"]) for patient, kind, id_, at in rows}


def _births(store: Store, patients: set[str]) -> dict[str, Instant]:
    given = store.rows([(patient,) for patient in sorted(patients)], id="VARCHAR")
    rows = store.connection.execute(
        "SELECT id, max_by(started, (updated, version, source, place)) FROM resource WHERE bundle = 0 AND "
        f"kind = 'Patient' AND started = ended AND id IN (SELECT id FROM {given}) GROUP BY id"
    ).fetchall()
    return dict(rows)


def _load(places: Iterable[Place], where: Mapping[int, str]) -> dict[Place, Json]:
    """The resources at some places."""
    loaded: dict[Place, Json] = {}
    by_source: dict[int, list[int]] = {}
    for source, place in places:
        by_source.setdefault(source, []).append(place)
    for source, offsets in by_source.items():
        try:
            with open(where[source], "rb") as stream:  # noqa: PTH123
                for offset in sorted(set(offsets)):
                    stream.seek(offset)
                    line = stream.readline() if not where[source].endswith(".json") else stream.read()
                    try:
                        loaded[source, offset] = parse_json(line)
                    except InputError:
                        continue
        except (OSError, KeyError):  # the file is gone since: what it held stays unknown
            continue
    return loaded


def _rows(
    batch: Iterable[_Waiting], signatures: Signatures, where: Mapping[int, str], reading: Reading
) -> Iterator[Row]:
    for (source, offset), patient, resource, others, birth in batch:
        place, version = (source, offset, 0), version_of(resource)
        try:
            event = read_event(resource, Surroundings(others, birth=birth))
        except NotAFact as why:
            name = f"{resource['resourceType']}/{resource.get('id')}"
            if why.lost:
                line = line_number(where[source], offset)
                reading.problems.append(Problem(where[source], line, f"{name}: {why.reason}"))
                yield mark_row(place, patient, LOST, resource["resourceType"])
            else:
                yield mark_row(place, patient, f"~{resource['resourceType']}", str(resource.get("id")), version)
            continue
        yield event_row(place, patient, event, signatures.of(event.kind, event.codes), version)


def line_number(path: str, offset: int) -> int:
    """The line (from 1) that begins at a byte of a file."""
    with open(path, "rb") as stream:  # noqa: PTH123
        return stream.read(offset).count(b"\n") + 1
