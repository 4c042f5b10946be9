"""Tables of patients, one module a measure; the expectations follow the published text."""

from __future__ import annotations

from collections.abc import Callable

from support.measure_tables import Table
from support.patients import cms122, cms125, cms130, cms165, shared

TABLES: tuple[Callable[[], Table], ...] = (
    *shared.TABLES,
    cms122.cms122,
    cms125.cms125,
    cms130.cms130,
    cms165.cms165,
)
