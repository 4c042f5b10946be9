"""The measures that the app knows: one explicit list, keyed by their short id."""

from __future__ import annotations

from collections.abc import Mapping

from smartapp.measures.cms122 import CMS122
from smartapp.measures.cms125 import CMS125
from smartapp.measures.cms130 import CMS130
from smartapp.measures.cms165 import CMS165
from smartapp.measures.model import Measure

_ALL: tuple[Measure, ...] = (
    CMS122,
    CMS125,
    CMS130,
    CMS165,
)

MEASURES: Mapping[str, Measure] = {measure.id: measure for measure in _ALL}
"""Every measure by id, in the order in which they are shown."""
