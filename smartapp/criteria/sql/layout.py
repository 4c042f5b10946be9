"""The tables that the compiled SQL reads: their names, their columns and what is in them.

``work`` has one row for each event that any rule looks at, sorted by ``cls`` so that the events of a rule lie
together. ``cls`` is a small number for all that the event's codes say to the rules (:mod:`.classes`), so that no
query ever compares a code. ``person`` has one row for each patient, ``unread`` one for each patient and requirement
that was not wholly read.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5

EVENT_COLUMNS: Mapping[str, tuple[str, str]] = {
    "status": ("status", "VARCHAR"),
    "intent": ("intent", "VARCHAR"),
    "negated": ("negated", "BOOLEAN"),
    "verification": ("verification", "VARCHAR"),
    "clinical": ("clinical", "VARCHAR"),
    "class_": ("class", "VARCHAR"),
    "start": ("started", "BIGINT"),
    "end": ("ended", "BIGINT"),
    "latest": ("latest", "BIGINT"),
    "at": ("recorded", "BIGINT"),
    "value_kind": ("value_kind", "VARCHAR"),
    "number": ("number", "DOUBLE"),
    "unit": ("unit", "VARCHAR"),
    "systolic": ("systolic", "DOUBLE"),
    "diastolic": ("diastolic", "DOUBLE"),
    "encounter": ("encounter", "BIGINT"),
    "focus": ("focus", "BIGINT"),
    "reference": ("reference", "BIGINT"),
    "days": ("days", "DOUBLE"),
    "repeats": ("repeats", "DOUBLE"),
}
"""The column and its type for each field of an event. References are :func:`text_number` of their text."""

WORK_COLUMNS: Mapping[str, str] = {
    "p": "INTEGER",
    "e": "BIGINT",
    "cls": "INTEGER",
    "kind": "VARCHAR",
    "id": "VARCHAR",
    "seen": "BIGINT",
    **dict(EVENT_COLUMNS.values()),
}
"""``work``: patient and event by number, class, FHIR type and id, the earlier known of start and record (0 BCE for an
appointment or where neither is known), and the fields."""

PERSON_COLUMNS: Mapping[str, str] = {
    "p": "INTEGER",
    "cls": "INTEGER",
    "birth_low": "BIGINT",
    "birth_high": "BIGINT",
    "low_ymd": "INTEGER",
    "high_ymd": "INTEGER",
    "sex": "VARCHAR",
    "gender": "VARCHAR",
    "deceased": "BIGINT",
}
"""``person``: the class of the patient's own codes, first and last day of birth as instants and as yyyymmdd."""

UNREAD_COLUMNS: Mapping[str, str] = {"p": "INTEGER", "key": "VARCHAR"}

REFERENCES = frozenset({"encounter", "focus", "reference"})
"""Fields that hold references: long texts, all different, only ever compared for being the same."""

_LARGEST = 2**63 - 1


def text_number(text: str) -> int:
    """A reference as a number: the MD5 of its text (as DuckDB's ``md5_number`` has it), modulo the largest BIGINT.

    Only references within one patient are compared, so that two of them meet in one number never in practice.
    """
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest(), "little") % _LARGEST


TEXT_NUMBER_SQL = f"CAST(md5_number({{0}}) % {_LARGEST} AS BIGINT)"
"""The same in DuckDB; ``{0}`` is the text."""
