"""Patients' facts back out of the database, as they were read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from smartapp.criteria.sql.layout import EVENT_COLUMNS
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Coverage, Event, Facts, ValueKind
from smartapp.population.columns import PERSON_COLUMNS
from smartapp.population.rows import FIELDS
from smartapp.population.store import Store


def facts_of(store: Store, patients: Sequence[int]) -> dict[int, Facts]:
    """The facts of some patients, as they were read."""
    connection = store.connection
    wanted = store.rows([(p,) for p in patients], p="INTEGER")
    columns = [EVENT_COLUMNS[name][0] for name in FIELDS]
    found = connection.execute(
        f"SELECT q.p, q.id, r.kind, r.id, s.codes, {', '.join(f'r.{column}' for column in columns)} FROM {wanted} w "
        "JOIN patient q USING (p) JOIN resource r ON r.bundle = q.bundle AND r.patient = q.id "
        "LEFT JOIN signature s ON s.sig = r.sig ORDER BY r.updated, r.version, r.source, r.place"
    ).fetchall()
    events: dict[int, dict[tuple[str, str], Event | None]] = {p: {} for p in patients}
    people: dict[int, dict[str, Any]] = {}
    coverage: dict[int, dict[str, Coverage]] = {p: {} for p in patients}
    for p, patient, kind, id_, codes, *values in found:
        slots = tuple(SlotCode(*coding) for coding in json.loads(codes)) if codes else ()
        if kind == "Patient":
            by_column = dict(zip(columns, values, strict=True))
            people[p] = {name: by_column[column] for column, name in PERSON_COLUMNS.items()}
            people[p] |= {"patient_id": patient, "codes": slots}
        elif kind == "~lost":
            coverage[p][id_] = Coverage.CUT
        elif kind.startswith("~"):
            events[p][kind[1:], id_] = None
        elif codes is not None:
            events[p][kind, id_] = _event(kind, id_, slots, values)
    return {
        p: Facts(
            events=tuple(event for event in events[p].values() if event is not None), coverage=coverage[p], **person
        )
        for p, person in people.items()
    }


def _event(kind: str, id_: str, codes: tuple[SlotCode, ...], values: Sequence[Any]) -> Event:
    fields = dict(zip(FIELDS, values, strict=True))
    return Event(id_, kind, codes, **{**fields, "value_kind": ValueKind(fields["value_kind"])})
