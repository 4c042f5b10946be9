"""Patients that nobody has: made in the database by arithmetic on a seed, for measuring speed and memory.

About half of the events bear a code that some rule looks at, spread over the codes of all rules; the others have codes
of nobody's. Days fall in the six years before the period's end. What comes out means nothing clinically.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from smartapp.criteria.nodes import Node
from smartapp.criteria.sql import code_questions
from smartapp.criteria.sql.layout import WORK_COLUMNS
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import LOINC, SlotCode
from smartapp.facts.instants import DAY, end_of_day, start_of_day
from smartapp.population.columns import PERSON_COLUMNS, RESOURCE_COLUMNS
from smartapp.population.known import look
from smartapp.population.layout import arrange
from smartapp.population.rows import Signatures
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
    store: Store, patients: int, rules: Sequence[Node], value_sets: ValueSets, last_day: date, *, seed: int = 1
) -> None:
    """Fill an empty store with ``patients`` patients of 60 events each, arranged for rules.

    The events are written as :func:`smartapp.population.layout.arrange` would leave them: those that no rule looks at
    are drawn and then not kept.
    """
    connection = store.connection
    found = signatures(rules, value_sets)
    nobody = Signatures()
    person_sig = nobody.of("Patient", ())
    store.add_signatures([*nobody.new, *(row for rows in found.values() for row in rows)])
    _people(store, patients, person_sig, last_day, seed)
    arrange(store, code_questions(rules), value_sets)
    every = sum(EVENTS.values())
    before = 0
    for kind, count in EVENTS.items():
        turns = store.rows(((n, row[0]) for n, row in enumerate(found[kind])), place="INTEGER", sig="BIGINT")
        # One number for each event, and one for each thing that is drawn of it.
        drawn = (
            f"SELECT p, p * {every} + {before} + n AS e, hash(p * {every} + {before} + n, {seed}) AS h, "
            f"hash(p * {every} + {before} + n, {seed + 1}) AS h2 FROM range({patients}) r(p), range({count}) s(n)"
        )
        values = _values(kind, end_of_day(last_day), every)
        connection.execute(
            f"INSERT INTO work SELECT {', '.join(values.get(name, 'NULL') for name in WORK_COLUMNS)} FROM ({drawn}) d "
            f"JOIN (SELECT t.place, c.cls FROM {turns} t JOIN class_of c USING (sig) WHERE c.cls >= 0) t "
            f"ON t.place = d.h2 % {len(found[kind])} ORDER BY t.cls, d.p"
        )
        before += count
    look(store, anew=True)


def _values(kind: str, end: int, every: int) -> dict[str, str]:
    """The columns of an event of a type; what is not here is NULL."""
    at = f"{end} - CAST(h % {_SPAN} AS BIGINT)"
    lasts = 90 * DAY if kind in ("Condition", "Coverage", "MedicationRequest") else 1_800_000
    values = {
        "p": "d.p",
        "e": "d.e",
        "cls": "t.cls",
        "kind": f"'{kind}'",
        "id": "concat(d.e)",
        "seen": at,
        "negated": "h2 % 50 = 0",
        "started": at,
        "ended": f"{at} + {lasts}",
        "latest": f"{at} + {lasts}",
        "recorded": at,
        "value_kind": "'quantity'" if kind == "Observation" else "'none'",
        "reference": "CAST(d.e AS BIGINT)",
        "encounter": f"CAST(d.p * {every} + h2 % {EVENTS['Encounter']} AS BIGINT)",
    }
    if kind in _STATUS:
        values["status"] = f"'{_STATUS[kind]}'"
    of_kind = {
        "Encounter": {"class": "'AMB'"},
        "Observation": {
            "number": "CAST(h2 % 160 AS DOUBLE) / 10",
            "unit": "'%'",
            "systolic": "CAST(100 + h2 % 80 AS DOUBLE)",
            "diastolic": "CAST(60 + h2 % 50 AS DOUBLE)",
        },
        "Condition": {"verification": "'confirmed'", "clinical": "'active'"},
        "MedicationRequest": {"intent": "'order'", "days": "90.0", "repeats": "0.0"},
        "ServiceRequest": {"intent": "'order'"},
    }
    return values | of_kind.get(kind, {})


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
