"""The measures that the app knows: one explicit list, keyed by their short id.

The vaccines' measures are built for the immunization schedule that the practice has chosen, the follow-up of chronic
conditions for its own cadences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from smartapp.measures.aneurysm import AAA
from smartapp.measures.cadences import CADENCES, Cadence, cadence_measure
from smartapp.measures.cms2 import CMS2
from smartapp.measures.cms22 import CMS22
from smartapp.measures.cms69 import CMS69
from smartapp.measures.cms117 import CMS117, childhood
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
from smartapp.measures.hepatitis_c import HEPC
from smartapp.measures.influenza import influenza
from smartapp.measures.lung_cancer import LUNG
from smartapp.measures.model import Measure
from smartapp.measures.osteoporosis import OSTEO
from smartapp.measures.pneumococcal import pneumococcal
from smartapp.measures.rsv import rsv
from smartapp.measures.schedules import DEFAULT, Schedule
from smartapp.measures.social_needs import SDOH
from smartapp.measures.tetanus import tetanus
from smartapp.measures.wellness import AWV
from smartapp.measures.zoster import zoster

_PUBLISHED: tuple[Measure, ...] = (
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


def catalogue(schedule: Schedule = DEFAULT, cadences: Iterable[Cadence] = CADENCES) -> Mapping[str, Measure]:
    """Every measure by id, in the order in which they are shown, for a schedule and a practice's cadences."""
    published = (childhood(schedule) if one is CMS117 and schedule is not DEFAULT else one for one in _PUBLISHED)
    vaccines = (*influenza(schedule), pneumococcal(schedule), zoster(schedule), tetanus(schedule), rsv(schedule))
    follow_up = (cadence_measure(cadence) for cadence in cadences)
    measures = (*published, AWV, *vaccines, HEPC, OSTEO, AAA, LUNG, SDOH, *follow_up)
    return {measure.id: measure for measure in measures}


MEASURES: Mapping[str, Measure] = catalogue()
"""The measures for the default schedule and the cadences that the app comes with."""
