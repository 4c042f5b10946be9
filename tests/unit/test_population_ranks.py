"""How a due date lies to the day: three thresholds say what the chart's rules say of each date."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.criteria.nodes import Always
from smartapp.criteria.words import EventSet, encounters
from smartapp.facts.instants import DAY, end_of_day, start_of_day
from smartapp.measures.answers import found, last_found
from smartapp.measures.due import clinical_status
from smartapp.measures.model import Clinical, ClosedBy, Every, Source
from smartapp.measures.statuses import ClinicalStatus
from smartapp.population.ranks import thresholds

SOURCE = Source("A test", "Nobody", "1", "https://example.invalid", "2026-01-01")
VISITS: EventSet = encounters()
STATUS = {
    1: ClinicalStatus.OVERDUE,
    2: ClinicalStatus.DUE,
    3: ClinicalStatus.DUE_SOON,
    4: ClinicalStatus.UP_TO_DATE,
}


class Given:
    """A patient whose care was last given at a time."""

    def __init__(self, closed: ClosedBy, at: int) -> None:
        self._closed, self._at = closed, at

    def truth(self, node: object) -> bool:
        return node is found(self._closed) or isinstance(node, Always)

    def value(self, node: object) -> int:
        assert node is last_found(self._closed)
        return self._at

    def missing(self, _: object) -> tuple[str, ...]:
        return ()


spans = st.builds(Every, st.integers(1, 40), st.sampled_from(("year", "month", "week", "day")))
some = st.builds(Every, st.integers(0, 90), st.sampled_from(("month", "week", "day")))


@settings(max_examples=120, deadline=None)
@given(spans, st.booleans(), some, some, st.dates(date(1950, 1, 1), date(2060, 1, 1)), st.integers(-200, 200))
def test_thresholds_are_the_rules_of_the_chart(
    holds: Every, full: bool, soon: Every, grace: Every, today: date, near: int
) -> None:
    holds = Every(holds.amount, holds.unit, full=full)
    closed = ClosedBy("visit", VISITS, holds)
    clinical = Clinical(Always(True), (closed,), SOURCE, due_soon=soon, grace=grace)
    steps = thresholds(holds, soon, grace, end_of_day(today))
    borders = [first + shift for _, first in steps for shift in (-1, 0, DAY)]
    for at in (*borders, start_of_day(today) + near * DAY):
        answers = Given(closed, at)
        rank = max((rank for rank, first in steps if at >= first), default=1)
        assert clinical_status(clinical, answers, answers, end_of_day(today)).status is STATUS[rank]  # type: ignore[arg-type]
