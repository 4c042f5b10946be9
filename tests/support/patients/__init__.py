"""Tables of patients, one module a measure; the expectations follow the published text."""

from __future__ import annotations

from collections.abc import Callable

from support.measure_tables import Table
from support.patients import (
    cms2,
    cms22,
    cms69,
    cms117,
    cms122,
    cms124,
    cms125,
    cms130,
    cms131,
    cms135,
    cms138,
    cms139,
    cms149,
    cms153,
    cms155,
    cms156,
    cms165,
    cms347,
    cms349,
    cms951,
    cms1154,
    shared,
)

TABLES: tuple[Callable[[], Table], ...] = (
    *shared.TABLES,
    cms2.cms2,
    cms69.cms69,
    cms122.cms122,
    cms124.cms124,
    cms125.cms125,
    cms130.cms130,
    cms131.cms131,
    cms138.cms138,
    cms139.cms139,
    cms165.cms165,
    cms347.cms347,
    cms951.cms951,
    cms22.cms22,
    cms117.cms117,
    cms135.cms135,
    cms149.cms149,
    cms153.cms153,
    cms155.cms155,
    cms156.cms156,
    cms349.cms349,
    cms1154.cms1154,
)
