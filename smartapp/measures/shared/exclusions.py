"""The common exclusions as reasons, for the report (the measurement period) and the chart (the past year).

Each is made once for a window, so that all measures share it and engines answer it once.
"""

from __future__ import annotations

from functools import cache

from smartapp.criteria.words import PERIOD, Interval
from smartapp.measures.model import Reason
from smartapp.measures.shared.frailty import (
    is_66_or_older_in_nursing_home,
    is_66_or_older_with_advanced_illness_and_frailty,
    is_66_to_80_with_illness_and_frailty_or_81_with_frailty,
)
from smartapp.measures.shared.hospice import has_hospice_services
from smartapp.measures.shared.palliative import has_palliative_care


@cache
def hospice(window: Interval = PERIOD) -> Reason:
    return Reason("hospice care", has_hospice_services(window))


@cache
def palliative_care(window: Interval = PERIOD) -> Reason:
    return Reason("palliative care", has_palliative_care(window))


@cache
def frailty(window: Interval = PERIOD) -> Reason:
    return Reason(
        "66 or older with advanced illness and frailty", is_66_or_older_with_advanced_illness_and_frailty(window)
    )


@cache
def frailty_or_81(window: Interval = PERIOD) -> Reason:
    return Reason(
        "66 to 80 with advanced illness and frailty, or 81 or older with frailty",
        is_66_to_80_with_illness_and_frailty_or_81_with_frailty(window),
    )


@cache
def nursing_home(window: Interval = PERIOD) -> Reason:
    return Reason("66 or older living long term in a nursing home", is_66_or_older_in_nursing_home(window))
