"""The groups that the app knows: one explicit list, keyed by their id."""

from __future__ import annotations

from collections.abc import Mapping

from smartapp.groups.care import CARE_GROUPS
from smartapp.groups.chronic import CHRONIC_GROUPS
from smartapp.groups.demographic import AGE_GROUPS, LANGUAGE_GROUPS, PAYER_GROUPS, SEX_GROUPS
from smartapp.groups.engagement import APPOINTMENT_GROUPS, FREQUENCY_GROUPS
from smartapp.groups.model import Group

GROUPS: Mapping[str, Group] = {
    group.id: group
    for group in (
        *AGE_GROUPS,
        *SEX_GROUPS,
        *LANGUAGE_GROUPS,
        *PAYER_GROUPS,
        *CHRONIC_GROUPS,
        *CARE_GROUPS,
        *FREQUENCY_GROUPS,
        *APPOINTMENT_GROUPS,
    )
}
"""Every group by id, in the order in which they are shown."""
