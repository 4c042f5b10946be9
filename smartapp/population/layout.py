"""From what was read to what the SQL reads: classes of codes, ``person``, ``work`` and ``unread``.

``work`` holds the events that some rule looks at, sorted by class. Where only some patients changed, theirs alone are
taken out and put in again; where the rules' codes changed, all is made anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from smartapp.criteria.sql.classes import Class, Classifier, CodeQuestion, Known
from smartapp.criteria.sql.layout import EVENT_COLUMNS, PERSON_COLUMNS, TEXT_NUMBER_SQL, UNREAD_COLUMNS, WORK_COLUMNS
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import SlotCode
from smartapp.facts.instants import BEGINNING
from smartapp.population.columns import PERSON_COLUMNS as PERSON_FROM
from smartapp.population.known import known_of, look
from smartapp.population.rows import LOST
from smartapp.population.store import SCRATCH, Store

_VERSION = "(updated, version, source, place)"


def fingerprint(questions: Sequence[CodeQuestion], value_sets: ValueSets) -> str:
    """What the classes depend on."""
    digest = sha256()
    for question in questions:
        digest.update(repr(question).encode())
        if question.codes is not None:
            expansion = value_sets.joined(question.codes)
            digest.update(repr((sorted(expansion.codes), sorted(expansion.lacks))).encode())
    return digest.hexdigest()


def arrange(store: Store, questions: Sequence[CodeQuestion], value_sets: ValueSets) -> Known:
    """Bring ``person``, ``work`` and ``unread`` up to date; what is known of the data for the compiler.

    ``dirty`` then holds the patients that changed since the last computation (``clean`` empties it).
    """
    connection = store.connection
    mark = fingerprint(questions, value_sets)
    everything = store.meta("classes") != mark or not store.count("person")
    classes = _classify(store, questions, value_sets, anew=everything)
    gone = _patients(store)
    if everything:
        for table in ("work", "person", "unread"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute(f"CREATE OR REPLACE TABLE {SCRATCH}.changed AS SELECT p FROM patient")
    else:
        connection.execute(
            f"CREATE OR REPLACE TABLE {SCRATCH}.changed AS SELECT p FROM patient SEMI JOIN dirty USING (bundle, id)"
        )
        for table in ("work", "person", "unread"):
            if store.count("changed"):
                connection.execute(f"DELETE FROM {table} WHERE p IN (SELECT p FROM changed)")
            if gone:
                connection.execute(f"DELETE FROM {table} WHERE p NOT IN (SELECT p FROM patient)")
    _fill(store)
    look(store, anew=everything)
    store.set_meta("classes", mark)
    return known_of(store, *classes)


def clean(store: Store) -> None:
    """All patients are computed."""
    store.connection.execute("DELETE FROM dirty")


def _classify(
    store: Store, questions: Sequence[CodeQuestion], value_sets: ValueSets, *, anew: bool
) -> tuple[dict[int, Class], dict[int, Class]]:
    """The class of each signature. Numbers that were given stay, while the rules' codes do."""
    connection = store.connection
    if anew:
        connection.execute("DELETE FROM class")
        connection.execute("DELETE FROM class_of")
    classifier = Classifier(questions, value_sets)
    events: dict[Class, int] = {}
    patients: dict[Class, int] = {}
    for about, number, yes, maybe in connection.execute("SELECT * FROM class").fetchall():
        (patients if about == "patient" else events)[Class(frozenset(yes), frozenset(maybe))] = number
    before = (len(events), len(patients))
    found: dict[int, Class] = {}
    new = connection.execute(
        "SELECT sig, kind, codes FROM signature WHERE sig NOT IN (SELECT sig FROM class_of)"
    ).fetchall()
    for sig, kind, text in new:
        codes = tuple(SlotCode(*coding) for coding in json.loads(text))
        one = classifier.of_patient(codes) if kind == "Patient" else classifier.of_event(kind, codes)
        if one is not None:
            found[sig] = one
            table = patients if kind == "Patient" else events
            if one not in table:
                table[one] = -1
    # Events that answer alike lie side by side: ranges of numbers, few pieces to read.
    for table, first in ((events, before[0]), (patients, before[1])):
        fresh = sorted(
            (one for one, number in table.items() if number < 0), key=lambda c: (sorted(c.yes), sorted(c.maybe))
        )
        table.update({one: first + place for place, one in enumerate(fresh)})
    kinds = {sig: kind for sig, kind, _ in new}
    of = [
        (sig, -1 if sig not in found else (patients if kinds[sig] == "Patient" else events)[found[sig]])
        for sig in kinds
    ]
    if of:
        connection.execute(f"INSERT INTO class_of SELECT * FROM {store.rows(of, sig='BIGINT', cls='INTEGER')}")
    fresh_rows = [
        (about, number, sorted(one.yes), sorted(one.maybe))
        for about, table, first in (("event", events, before[0]), ("patient", patients, before[1]))
        for one, number in table.items()
        if number >= first
    ]
    if fresh_rows:
        given = store.rows(fresh_rows, about="VARCHAR", number="INTEGER", yes="INTEGER[]", maybe="INTEGER[]")
        connection.execute(f"INSERT INTO class SELECT * FROM {given}")
    return {n: one for one, n in events.items()}, {n: one for one, n in patients.items()}


def _patients(store: Store) -> bool:
    """Number the patients: Bundles first, in the order of the files; a number that was given stays.

    True if a patient is there no more.
    """
    connection = store.connection
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE here AS SELECT bundle, id, min(source) AS source, min(place) AS place "
        "FROM resource WHERE kind = 'Patient' GROUP BY bundle, id"
    )
    before = store.count("patient")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE staying AS SELECT * FROM patient SEMI JOIN here USING (bundle, id)"
    )
    gone = store.count("staying") < before
    if gone:
        connection.execute("DELETE FROM patient")
        connection.execute("INSERT INTO patient SELECT * FROM staying")
    connection.execute(
        "INSERT INTO patient SELECT (SELECT coalesce(max(p), -1) FROM patient) + "
        "row_number() OVER (ORDER BY bundle = 0, source, place), bundle, id "
        "FROM here ANTI JOIN patient USING (bundle, id)"
    )
    return gone


def _fill(store: Store) -> None:
    connection = store.connection
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW mine AS SELECT q.p, r.* FROM resource r "
        "JOIN patient q ON q.bundle = r.bundle AND q.id = r.patient SEMI JOIN changed c ON c.p = q.p"
    )
    names = {name: column for column, name in PERSON_FROM.items()}
    low, high = names["birth_low"], names["birth_high"]
    person = {
        "p": "m.p",
        "cls": "coalesce(c.cls, -1)",
        "birth_low": f"m.{low}",
        "birth_high": f"m.{high}",
        "low_ymd": _ymd(f"m.{low}"),
        "high_ymd": _ymd(f"m.{high}"),
        **{name: f"m.{names[name]}" for name in ("sex", "gender", "deceased")},
    }
    newest = "row_number() OVER (PARTITION BY m.p ORDER BY updated DESC, version DESC, source DESC, place DESC) = 1"
    connection.execute(
        f"INSERT INTO person SELECT {', '.join(person[name] for name in PERSON_COLUMNS)} FROM mine m "
        f"LEFT JOIN class_of c ON c.sig = m.sig WHERE m.kind = 'Patient' QUALIFY {newest}"
    )
    connection.execute(f"INSERT INTO unread SELECT DISTINCT p, id FROM mine WHERE kind = '{LOST}'")
    _work(store)


def _work(store: Store) -> None:
    connection = store.connection
    # Versions are rare: only where a resource came more than once is the newest looked for. A newer version that is no
    # fact (its kind begins with ~) takes the older ones away.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE twice AS SELECT p, ltrim(kind, '~') AS kind, id FROM mine "
        f"WHERE kind NOT IN ('Patient', '{LOST}') GROUP BY ALL HAVING count(*) > 1"
    )
    source = "mine"
    if store.count("twice"):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE old AS SELECT m.source, m.place, m.bundle, m.kind, m.id FROM mine m "
            "JOIN twice t ON t.p = m.p AND t.kind = ltrim(m.kind, '~') AND t.id = m.id "
            "QUALIFY row_number() OVER (PARTITION BY m.p, t.kind, m.id "
            "ORDER BY m.updated DESC, m.version DESC, m.source DESC, m.place DESC) > 1"
        )
        source = "(SELECT * FROM mine ANTI JOIN old USING (source, place, bundle, kind, id))"
    first = connection.execute("SELECT coalesce(max(e), -1) + 1 FROM work").fetchone()
    columns = {
        "p": "m.p",
        "e": f"row_number() OVER () + {first[0] if first else 0} - 1",
        "cls": "c.cls",
        "kind": "m.kind",
        "id": "m.id",
        "seen": f"coalesce(CASE WHEN m.kind <> 'Appointment' THEN least(m.started, m.recorded) END, {BEGINNING})",
        **{column: f"m.{column}" for column, _ in EVENT_COLUMNS.values()},
        "encounter": TEXT_NUMBER_SQL.format("m.encounter"),
        "focus": TEXT_NUMBER_SQL.format("m.focus"),
        "reference": TEXT_NUMBER_SQL.format("concat(m.kind, '/', m.id)"),
    }
    written = ", ".join(f"{columns[name]} AS {name}" for name in WORK_COLUMNS)
    connection.execute(
        f"INSERT INTO work SELECT {written} FROM {source} m JOIN class_of c ON c.sig = m.sig "
        "WHERE c.cls >= 0 AND m.kind <> 'Patient' AND m.kind NOT LIKE '~%' ORDER BY c.cls, m.p"
    )


def _ymd(at: str) -> str:
    day = f"epoch_ms({at})"
    return f"CAST(year({day}) * 10000 + month({day}) * 100 + day({day}) AS INTEGER)"


__all__ = ["UNREAD_COLUMNS", "arrange", "clean", "fingerprint"]
