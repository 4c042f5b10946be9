"""What is known of a store's events and patients when rules are compiled, kept between computations.

Which columns are empty in which classes takes a look at every event. It is looked up once, and after that for the
patients that changed alone: what is kept may then say that a column may be empty that no longer is, which costs a
little work and never an answer.
"""

from __future__ import annotations

import json
from typing import Any

from smartapp.criteria.sql.classes import Class, Known
from smartapp.criteria.sql.layout import WORK_COLUMNS
from smartapp.population.store import Store

_COLUMNS = tuple(name for name in WORK_COLUMNS if name not in ("p", "e", "cls"))
_OF_PERSON = {
    "birth": "count(birth_low) < count(*)",
    "partial": "count(*) FILTER (WHERE birth_low <> birth_high) > 0",
    "sex": "count(sex) < count(*)",
    "gender": "count(gender) < count(*)",
    "deceased": "count(deceased) < count(*)",
}


def look(store: Store, *, anew: bool) -> None:
    """Look at the events and patients: at all, or where that was done before at those in ``changed``."""
    kept = None if anew else store.meta("known")
    if kept is not None and not store.count("changed"):
        return
    some = "" if kept is None else " SEMI JOIN changed USING (p)"
    tests = ", ".join(f"count({name}) < count(*)" for name in _COLUMNS)
    counted = store.connection.execute(f"SELECT cls, count(*), {tests} FROM work{some} GROUP BY cls").fetchall()
    classes: dict[str, list[Any]] = {}
    person: set[str] = set()
    if kept is not None:
        before = json.loads(kept)
        classes, person = before["classes"], set(before["person"])
    for cls, rows, *found in counted:
        count, empty = classes.get(str(cls), (rows, ()))
        now = {name for name, has in zip(_COLUMNS, found, strict=True) if has}
        classes[str(cls)] = [count, sorted(now.union(empty))]
    row = store.connection.execute(f"SELECT {', '.join(_OF_PERSON.values())} FROM person{some}").fetchone()
    person |= {word for word, has in zip(_OF_PERSON, row or (True,) * len(_OF_PERSON), strict=True) if has}
    store.set_meta("known", json.dumps({"classes": classes, "person": sorted(person)}))


def known_of(store: Store, events: dict[int, Class], patients: dict[int, Class]) -> Known:
    """What was seen, for the compiler; the classes by number."""
    kept = json.loads(store.meta("known") or '{"classes": {}, "person": []}')
    nulls = {int(cls): frozenset(empty) for cls, (_, empty) in kept["classes"].items()}
    rows = {int(cls): count for cls, (count, _) in kept["classes"].items()}
    unread = frozenset(key for (key,) in store.connection.execute("SELECT DISTINCT key FROM unread").fetchall())
    return Known(events, patients, nulls, frozenset(kept["person"]), unread, frozenset(nulls), rows)
