"""The chart's rules for when care is due, on answers given by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from smartapp.criteria.nodes import Define, Edge, Events, Exists, Node
from smartapp.criteria.words import Always
from smartapp.facts.instants import FOREVER, end_of_day, start_of_day
from smartapp.measures.due import clinical_status
from smartapp.measures.model import Clinical, ClosedBy, Every, Reason, Source
from smartapp.measures.statuses import ClinicalStatus, ReasonCode

TODAY = date(2026, 6, 30)
AS_OF = end_of_day(TODAY)
ELIGIBLE = Define("eligible", "", Always())
EXCLUDED = Define("excluded", "", Always())
GOOD = Define("good", "", Always())
SCOPE = Events(("Procedure",), None)
STOOL = Events(("Observation",), None)
SOURCE = Source("a guideline", "", "", "", "")
RULE = Clinical(
    ELIGIBLE,
    (ClosedBy("colonoscopy", SCOPE, Every(10, "year")), ClosedBy("stool test", STOOL, Every(1, "year"))),
    SOURCE,
    excluded=(Reason("hospice care", EXCLUDED),),
)


@dataclass
class Given:
    """Answers by hand: a truth for a definition, the last day for a set; ``...`` for a set that was not wholly read."""

    answers: dict[Node, Any]
    unread: tuple[str, ...] = ()
    asked: list[Node] = field(default_factory=list)

    def truth(self, node: Any) -> bool | None:
        if isinstance(node, Exists):
            last = self.answers.get(node.events)
            return None if last is ... and not self._strict else bool(last) and last is not ...
        return self.answers.get(node, node is not EXCLUDED)

    def value(self, node: Edge) -> int | None:
        last = self.answers.get(node.events)
        return None if last is None or last is ... else start_of_day(last)

    _strict = False

    def events(self, node: Any) -> tuple[()]:
        return ()

    def caveats(self, node: Any) -> tuple[str, ...]:
        return ()

    def missing(self, node: Any) -> tuple[str, ...]:
        return self.unread


class Strict(Given):
    _strict = True


def status(rule: Clinical = RULE, *, kleene: dict[Node, Any] | None = None, deceased: bool = False, **last: Any):  # type: ignore[no-untyped-def]
    """The status for the last days of ``scope`` and ``stool``."""
    found = {SCOPE: last.get("scope"), STOOL: last.get("stool")}
    return clinical_status(
        rule, Strict(found), Given({**found, **(kleene or {})}, ("Procedure?code",)), AS_OF, deceased=deceased
    )


def test_never_done_is_due_without_a_date() -> None:
    due = status()
    assert (due.status, due.due_date) == (ClinicalStatus.DUE, None)
    assert [b.code for b in due.reasons] == [ReasonCode.NOT_FOUND, ReasonCode.NOT_FOUND]


@pytest.mark.parametrize(
    ("last", "expected", "due_date"),
    [
        (date(2026, 6, 30), ClinicalStatus.UP_TO_DATE, date(2027, 6, 30)),
        (date(2025, 8, 30), ClinicalStatus.UP_TO_DATE, date(2026, 8, 30)),
        (date(2025, 8, 29), ClinicalStatus.DUE_SOON, date(2026, 8, 29)),
        (date(2025, 7, 1), ClinicalStatus.DUE_SOON, date(2026, 7, 1)),
        (date(2025, 6, 30), ClinicalStatus.DUE, date(2026, 6, 30)),
        (date(2025, 6, 29), ClinicalStatus.OVERDUE, date(2026, 6, 29)),
    ],
)
def test_the_interval_counts_from_the_last_time(last: date, expected: ClinicalStatus, due_date: date) -> None:
    due = status(stool=last)
    assert (due.status, due.due_date) == (expected, due_date)


def test_the_way_that_holds_longest_counts() -> None:
    due = status(scope=date(2020, 1, 1), stool=date(2026, 6, 1))
    assert (due.status, due.due_date) == (ClinicalStatus.UP_TO_DATE, date(2030, 1, 1))


def test_where_all_are_needed_the_first_to_end_counts() -> None:
    both = replace(RULE, needs="all")
    due = status(both, scope=date(2020, 1, 1), stool=date(2025, 1, 1))
    assert (due.status, due.due_date) == (ClinicalStatus.OVERDUE, date(2026, 1, 1))
    missing_one = status(both, scope=date(2020, 1, 1))
    assert (missing_one.status, missing_one.due_date) == (ClinicalStatus.DUE, None)
    assert [b.text for b in missing_one.reasons] == ["No stool test on record."]


def test_what_holds_for_ever_has_no_due_date() -> None:
    once = replace(RULE, closed_by=(ClosedBy("once", SCOPE, None),))
    due = status(once, scope=date(1990, 1, 1))
    assert (due.status, due.due_date) == (ClinicalStatus.UP_TO_DATE, None)
    assert due.found[0].until == FOREVER


@pytest.mark.parametrize(
    ("today_minus_due", "expected"),
    [(0, ClinicalStatus.DUE), (90, ClinicalStatus.DUE), (91, ClinicalStatus.OVERDUE)],
)
def test_within_the_grace_care_is_due(today_minus_due: int, expected: ClinicalStatus) -> None:
    last = date.fromordinal(date(2025, 6, 30).toordinal() - today_minus_due)
    assert status(replace(RULE, grace=Every(90, "day")), stool=last).status is expected


def test_a_result_that_is_not_good_enough_is_due_at_once() -> None:
    rule = replace(RULE, satisfied=GOOD)
    due = status(rule, kleene={GOOD: False}, stool=date(2026, 6, 1))
    assert (due.status, due.due_date) == (ClinicalStatus.DUE, None)
    assert due.reasons[0].code is ReasonCode.VALUE_OUT_OF_RANGE
    assert due.reasons[0].when == date(2026, 6, 1)
    old = status(rule, kleene={GOOD: False}, stool=date(2020, 6, 1))
    assert (old.status, old.due_date) == (ClinicalStatus.OVERDUE, date(2021, 6, 1))
    assert status(rule, kleene={GOOD: None}, stool=date(2026, 6, 1)).status is ClinicalStatus.CANNOT_TELL


def test_not_meant_for_the_patient() -> None:
    due = status(kleene={ELIGIBLE: False}, stool=date(2026, 6, 1))
    assert (due.status, due.due_date) == (ClinicalStatus.NOT_APPLICABLE, None)
    unknown = status(kleene={ELIGIBLE: None})
    assert unknown.status is ClinicalStatus.CANNOT_TELL
    assert unknown.reasons[0].missing == ("Procedure?code",)


def test_an_exclusion_is_named_even_where_care_is_up_to_date() -> None:
    due = status(kleene={EXCLUDED: True}, stool=date(2026, 6, 1))
    assert due.status is ClinicalStatus.EXCLUDED
    assert due.reasons[0].text == "Excluded: hospice care."


def test_an_unknown_exclusion_matters_only_where_care_is_due() -> None:
    assert status(kleene={EXCLUDED: None}, stool=date(2026, 6, 1)).status is ClinicalStatus.UP_TO_DATE
    assert status(kleene={EXCLUDED: None}).status is ClinicalStatus.CANNOT_TELL


def test_what_was_not_read_is_never_nothing_due_and_never_a_gap() -> None:
    unread = status(scope=..., stool=date(2020, 1, 1))
    assert unread.status is ClinicalStatus.CANNOT_TELL
    assert unread.reasons[0].code is ReasonCode.MISSING
    assert unread.reasons[0].missing == ("Procedure?code",)
    assert status(scope=..., stool=date(2026, 6, 1)).status is ClinicalStatus.UP_TO_DATE


def test_a_later_one_may_be_unread_although_an_old_one_is_known() -> None:
    class HasOld(Given):
        def truth(self, node: Any) -> bool | None:
            return True if isinstance(node, Exists) else super().truth(node)

    due = clinical_status(RULE, Strict({SCOPE: date(2000, 1, 1)}), HasOld({SCOPE: ...}), AS_OF)
    assert due.status is ClinicalStatus.CANNOT_TELL


def test_a_shared_decision_is_never_a_gap() -> None:
    rule = replace(RULE, decision=True)
    due = status(rule)
    assert (due.status, due.reasons[0].code) == (ClinicalStatus.NOT_APPLICABLE, ReasonCode.SHARED_DECISION)
    assert status(rule, stool=date(2026, 6, 1)).status is ClinicalStatus.UP_TO_DATE


def test_who_has_died_is_due_for_nothing() -> None:
    due = status(deceased=True, kleene={ELIGIBLE: None})
    assert (due.status, due.reasons[0].code) == (ClinicalStatus.NOT_APPLICABLE, ReasonCode.DECEASED)
