"""What the chart tells of smoking: statuses and diagnoses."""

from __future__ import annotations

from smartapp.criteria.words import Condition, EventSet, conditions, define, has, observations
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.shared.statuses import is_smoking_status, verified

_statuses = is_smoking_status(
    observations(vs.TOBACCO_USE_SCREENING, codes.TOBACCO_SMOKING_STATUS, found_in=("social-history",))
)

smoking_recorded: EventSet = _statuses.where(has("value", vs.TOBACCO_USER))
"""Smoking statuses that say that the patient smokes."""

_quit = _statuses.where(has("value", codes.FORMER_SMOKER))

ever_smoked: Condition = define(
    "Ever smoked",
    "A smoking status of a smoker or former smoker, or dependence on nicotine, now or in the past.",
    smoking_recorded.exist()
    | _quit.exist()
    | verified(conditions(codes.NICOTINE_DEPENDENCE_HISTORY, *codes.CIGARETTE_DEPENDENCE)).exist(),
)
