"""The measures that the app knows: one explicit list, keyed by their short id."""

from __future__ import annotations

from collections.abc import Mapping

from smartapp.measures.cms2 import CMS2
from smartapp.measures.cms69 import CMS69
from smartapp.measures.cms122 import CMS122
from smartapp.measures.cms124 import CMS124
from smartapp.measures.cms125 import CMS125
from smartapp.measures.cms130 import CMS130
from smartapp.measures.cms131 import CMS131
from smartapp.measures.cms138 import CMS138
from smartapp.measures.cms139 import CMS139
from smartapp.measures.cms165 import CMS165
from smartapp.measures.cms347 import CMS347
from smartapp.measures.cms951 import CMS951
from smartapp.measures.model import Measure

_ALL: tuple[Measure, ...] = (
    CMS125,
    CMS130,
    CMS124,
    CMS122,
    CMS131,
    CMS951,
    CMS165,
    CMS347,
    CMS2,
    CMS138,
    CMS139,
    CMS69,
)

MEASURES: Mapping[str, Measure] = {measure.id: measure for measure in _ALL}
"""Every measure by id, in the order in which they are shown."""
