"""The measures that the app knows: one explicit list, keyed by their short id."""

from __future__ import annotations

from collections.abc import Mapping

from smartapp.measures.cms2 import CMS2
from smartapp.measures.cms22 import CMS22
from smartapp.measures.cms69 import CMS69
from smartapp.measures.cms117 import CMS117
from smartapp.measures.cms122 import CMS122
from smartapp.measures.cms124 import CMS124
from smartapp.measures.cms125 import CMS125
from smartapp.measures.cms130 import CMS130
from smartapp.measures.cms131 import CMS131
from smartapp.measures.cms135 import CMS135
from smartapp.measures.cms138 import CMS138
from smartapp.measures.cms139 import CMS139
from smartapp.measures.cms149 import CMS149
from smartapp.measures.cms153 import CMS153
from smartapp.measures.cms155 import CMS155
from smartapp.measures.cms156 import CMS156
from smartapp.measures.cms165 import CMS165
from smartapp.measures.cms347 import CMS347
from smartapp.measures.cms349 import CMS349
from smartapp.measures.cms951 import CMS951
from smartapp.measures.cms1154 import CMS1154
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
    CMS117,
    CMS153,
    CMS349,
    CMS155,
    CMS156,
    CMS22,
    CMS1154,
    CMS149,
    CMS135,
)

MEASURES: Mapping[str, Measure] = {measure.id: measure for measure in _ALL}
"""Every measure by id, in the order in which they are shown."""
