"""The table ``resource`` as DuckDB knows it. Apart from :mod:`.rows`, for who writes rows need not load the SQL."""

from __future__ import annotations

from collections.abc import Mapping

from smartapp.criteria.sql.layout import EVENT_COLUMNS
from smartapp.population.rows import FIELDS, KINDS, PERSON

assert [name for name in EVENT_COLUMNS if name != "reference"] == list(FIELDS), "rows are in the order of the columns"

RESOURCE_COLUMNS: Mapping[str, str] = {
    "source": "INTEGER",
    "place": "BIGINT",
    "bundle": "INTEGER",
    "patient": "VARCHAR",
    "kind": "VARCHAR",
    "id": "VARCHAR",
    "sig": "BIGINT",
    "updated": "BIGINT",
    "version": "BIGINT",
    **{
        column: "VARCHAR" if name in ("encounter", "focus") else kind
        for name, (column, kind) in EVENT_COLUMNS.items()
        if name in FIELDS
    },
}
"""The file's number and the byte of it where the resource begins; the number of the Bundle that is the chart, or 0;
whose it is; its type, id and codings; which version; the fields. References are texts here."""

PERSON_COLUMNS = {EVENT_COLUMNS[field][0]: name for field, name in PERSON.items()}
"""Where a person's row keeps what an event has not."""

_KINDS = {"INTEGER": "i", "BIGINT": "q", "DOUBLE": "d", "BOOLEAN": "b", "VARCHAR": "u"}
assert "".join(_KINDS[kind] for kind in RESOURCE_COLUMNS.values()) == KINDS, "rows have the columns' types"
