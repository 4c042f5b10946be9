"""Patients that nobody has: made in the database by arithmetic on a seed, for measuring speed and memory.

About half of the events bear a code that some rule looks at, spread over the codes of all rules; the others have codes
of nobody's. Days fall in the six years before the period's end. What comes out means nothing clinically.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from smartapp.criteria.nodes import Node
from smartapp.criteria.sql import code_questions
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import LOINC, SlotCode
from smartapp.facts.instants import DAY, end_of_day, start_of_day
from smartapp.population.rows import PERSON_COLUMNS, RESOURCE_COLUMNS, Signatures
from smartapp.population.store import Store

EVENTS = {
    "Encounter": 12,
    "Observation": 24,
    "Condition": 7,
    "Procedure": 5,
    "MedicationRequest": 5,
    "Immunization": 4,
    "ServiceRequest": 2,
    "Coverage": 1,
}
"""Events of each type in a chart: 60."""

_CODES_OF_A_SET = 3
_OTHERS = 40
_STATUS = {
    "Encounter": "finished",
    "Observation": "final",
    "Procedure": "completed",
    "Immunization": "completed",
    "MedicationRequest": "active",
    "ServiceRequest": "active",
    "Coverage": "active",
}
_SPAN = 6 * 365 * DAY


def signatures(rules: Iterable[Node], value_sets: ValueSets) -> dict[str, list[tuple[int, str, str]]]:
    """For each type the codings that its events take turns in: half of some rule's, half of nobody's."""
    known = Signatures()
    found: dict[str, list[tuple[int, str, str]]] = {kind: [] for kind in EVENTS}
    for question in code_questions(rules):
        if question.about != "leaf" or question.codes is None:
            continue
        codes = sorted(value_sets.joined(question.codes).codes)[:_CODES_OF_A_SET]
        for kind in question.types:
            if kind in found:
                for code in codes:
                    known.of(kind, (SlotCode("code", *code),))
    for row in known.new:
        found[row[1]].append(row)
    for kind, rows in found.items():
        others = Signatures()
        for number in range(max(_OTHERS, len(rows))):
            others.of(kind, (SlotCode("code", LOINC, f"other-{number}"),))
        found[kind] = rows + others.new
    return found


def make_population(
    store: Store, patients: int, rules: Iterable[Node], value_sets: ValueSets, last_day: date, *, seed: int = 1
) -> None:
    """Fill an empty store with ``patients`` patients of 60 events each."""
    connection = store.connection
    found = signatures(rules, value_sets)
    nobody = Signatures()
    person_sig = nobody.of("Patient", ())
    store.add_signatures([*nobody.new, *(row for rows in found.values() for row in rows)])
    turns = [(kind, place, row[0]) for kind, rows in found.items() for place, row in enumerate(rows)]
    turn = store.rows(turns, kind="VARCHAR", place="INTEGER", sig="BIGINT")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE turn AS SELECT * FROM {turn}")
    slots = [(kind, number) for kind, count in EVENTS.items() for number in range(count)]
    counts = {kind: len(rows) for kind, rows in found.items()}
    slot = store.rows(
        [(n, *one, counts[one[0]]) for n, one in enumerate(slots)],
        n="INTEGER",
        kind="VARCHAR",
        number="INTEGER",
        turns="INTEGER",
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE slot AS SELECT * FROM {slot}")
    end = end_of_day(last_day)
    _people(store, patients, person_sig, last_day, seed)
    every = len(slots)
    drawn = (
        f"SELECT r.i AS i, s.*, hash(r.i * {every} + s.n, {seed}) AS h, hash(r.i * {every} + s.n, {seed + 1}) AS h2 "
        f"FROM range({patients}) r(i), slot s"
    )
    at = f"{end} - CAST(h % {_SPAN} AS BIGINT)"
    columns = {
        "source": "1",
        "place": f"i * {every} + d.n",
        "bundle": "0",
        "patient": "concat('p', i)",
        "kind": "d.kind",
        "id": f"concat(i * {every} + d.n)",
        "sig": "t.sig",
        "updated": "0",
        "version": "1",
        "status": "CASE d.kind " + " ".join(f"WHEN '{k}' THEN '{v}'" for k, v in _STATUS.items()) + " END",
        "intent": "CASE WHEN d.kind IN ('MedicationRequest', 'ServiceRequest') THEN 'order' END",
        "negated": "h2 % 50 = 0",
        "verification": "CASE WHEN d.kind = 'Condition' THEN 'confirmed' END",
        "clinical": "CASE WHEN d.kind = 'Condition' THEN 'active' END",
        "class": "CASE WHEN d.kind = 'Encounter' THEN 'AMB' END",
        "started": at,
        "ended": f"{at} + CASE WHEN d.kind IN ('Condition', 'Coverage', 'MedicationRequest') "
        f"THEN {90 * DAY} ELSE 1800000 END",
        "latest": f"{at} + CASE WHEN d.kind IN ('Condition', 'Coverage', 'MedicationRequest') "
        f"THEN {90 * DAY} ELSE 1800000 END",
        "recorded": at,
        "value_kind": "CASE WHEN d.kind = 'Observation' THEN 'quantity' ELSE 'none' END",
        "number": "CASE WHEN d.kind = 'Observation' THEN CAST(h2 % 160 AS DOUBLE) / 10 END",
        "unit": "CASE WHEN d.kind = 'Observation' THEN '%' END",
        "systolic": "CASE WHEN d.kind = 'Observation' THEN CAST(100 + h2 % 80 AS DOUBLE) END",
        "diastolic": "CASE WHEN d.kind = 'Observation' THEN CAST(60 + h2 % 50 AS DOUBLE) END",
        "encounter": f"CASE WHEN d.kind <> 'Encounter' THEN concat('Encounter/', i * {every} + h2 % 12) END",
        "days": "CASE WHEN d.kind = 'MedicationRequest' THEN 90.0 END",
        "repeats": "CASE WHEN d.kind = 'MedicationRequest' THEN 0.0 END",
    }
    connection.execute(
        f"INSERT INTO resource SELECT {', '.join(columns.get(name, 'NULL') for name in RESOURCE_COLUMNS)} "
        f"FROM ({drawn}) d JOIN turn t ON t.kind = d.kind AND t.place = (d.h2 % d.turns)"
    )


def _people(store: Store, patients: int, sig: int, last_day: date, seed: int) -> None:
    """Born in the hundred years before the period's end, on any day."""
    first = start_of_day(date(last_day.year - 99, 1, 1))
    birth = f"{first} + CAST(hash(i, {seed + 2}) % {99 * 365} AS BIGINT) * {DAY}"
    sex = f"CASE WHEN hash(i, {seed + 3}) % 2 = 0 THEN 'female' ELSE 'male' END"
    values = {"birth_low": birth, "birth_high": birth, "sex": sex, "gender": sex, "deceased": "NULL"}
    columns = {
        "source": "1",
        "place": "i",
        "bundle": "0",
        "patient": "concat('p', i)",
        "kind": "'Patient'",
        "id": "concat('p', i)",
        "sig": str(sig),
        "updated": "0",
        "version": "1",
        **{column: values[name] for column, name in PERSON_COLUMNS.items()},
    }
    store.connection.execute(
        f"INSERT INTO resource SELECT {', '.join(columns.get(name, 'NULL') for name in RESOURCE_COLUMNS)} "
        f"FROM range({patients}) r(i)"
    )


def chart(events: int = 300, *, last_day: date) -> bytes:
    """One patient's Bundle with so many events, as JSON text."""
    year = last_day.year
    entries: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": f"{year - 60}-03-01"}
    ]
    for number in range(events):
        entries.append(lab(number, "p1", year - number % 6, number))
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in entries]}
    ).encode()


_LABS = ("4548-4", "2093-3", "2160-0", "8480-6", "718-7", "24604-1", "2345-7", "33914-3")


def lab(number: int, patient: str, year: int, seed: int) -> dict[str, Any]:
    """A laboratory result as servers send it."""
    day = f"{year}-{seed % 12 + 1:02}-{seed % 28 + 1:02}T{seed % 24:02}:{seed % 60:02}:00Z"
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "meta": {"versionId": "1", "lastUpdated": day},
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        "code": {
            "coding": [{"system": LOINC, "code": _LABS[seed % len(_LABS)], "display": "A test"}],
            "text": "A test",
        },
        "subject": {"reference": f"Patient/{patient}"},
        "encounter": {"reference": f"Encounter/e{number // 10}"},
        "effectiveDateTime": day,
        "issued": day,
        "valueQuantity": {
            "value": seed % 120 / 10,
            "unit": "%",
            "system": "http://unitsofmeasure.org",
            "code": "%",
        },
    }
