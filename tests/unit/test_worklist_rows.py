"""Who is on the worklist, in which order, with what counts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from smartapp.measures.catalogue import MEASURES
from smartapp.measures.statuses import Because, ClinicalStatus, ReasonCode
from smartapp.reading.panel import PatientGroup
from smartapp.services.panel_documents import MemberGap, MemberLine, PanelList, pack, unpack_list
from smartapp.services.worklist import SORTS, STATUSES, Asked, count_measures, count_statuses, open_gaps, select
from smartapp.web.worklist_page import PAGE_SIZE, SORT_TEXT, STATUS_TEXT, neighbours, worklist_page
from smartapp.web.worklist_query import Query

TODAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
OVERDUE, DUE, SOON = ClinicalStatus.OVERDUE, ClinicalStatus.DUE, ClinicalStatus.DUE_SOON
DONE, UNTOLD = ClinicalStatus.UP_TO_DATE, ClinicalStatus.CANNOT_TELL


def gap(measure: str, status: ClinicalStatus, due: str = "") -> MemberGap:
    return MemberGap(measure, status, date.fromisoformat(due) if due else None)


def line(index: int, name: str, *gaps: MemberGap, unread: str = "") -> MemberLine:
    return MemberLine(index, f"p{index}", name, "1960-05-06", f"MRN {index}", NOW, False, gaps, unread)


ADA = line(0, "Ada Berg", gap("CMS125", OVERDUE, "2025-01-01"), gap("CMS130", DUE, "2026-06-01"))
BEN = line(1, "Ben Ash", gap("CMS125", OVERDUE, "2026-05-01"), gap("CMS130", OVERDUE, "2026-04-01"))
CLO = line(2, "Clo Dorn", gap("CMS125", DUE), gap("CMS130", UNTOLD))
DAN = line(3, "dan ash", gap("CMS125", SOON, "2026-07-01"), gap("CMS130", DONE, "2030-01-01"))
EVE = line(4, "Eve Fox", gap("CMS125", DONE, "2027-01-01"))
FAY = line(5, "Fay Gray", unread="The EHR refused to show this patient's record.")
LINES = (ADA, BEN, CLO, DAN, EVE, FAY)
NOBODY: dict[str, frozenset[str]] = {}


def names(asked: Asked, asides: dict[str, frozenset[str]] = NOBODY) -> list[str]:
    return [row.line.name for row in select(LINES, asked, asides)]


def the_list(*lines: MemberLine, **more: object) -> PanelList:
    values = {"requests": 9, "lines": lines, **more}
    return PanelList("r1", PatientGroup("g1", "All", len(lines)), TODAY, NOW, NOW, **values)  # type: ignore[arg-type]


def page(found: PanelList, query: Query | None = None, name: str = "", asides: dict[str, frozenset[str]] = NOBODY):
    return worklist_page(found, query or Query(), name, asides=asides, measures=MEASURES, now=NOW)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # Two overdue before one; then one overdue; due alone last.
        (Asked(), ["Ben Ash", "Ada Berg", "Clo Dorn"]),
        # The oldest due date first.
        (Asked(sort="longest"), ["Ada Berg", "Ben Ash", "Clo Dorn"]),
        (Asked(sort="name"), ["Ada Berg", "Ben Ash", "Clo Dorn"]),
        (Asked(status="overdue"), ["Ben Ash", "Ada Berg"]),
        (Asked(status="due"), ["Ada Berg", "Clo Dorn"]),
        (Asked(status="due-soon"), ["dan ash"]),
        (Asked(status="cannot-tell"), ["Clo Dorn"]),
        (Asked(status="unread"), ["Fay Gray"]),
        (Asked(status="all", sort="name"), ["Ada Berg", "Ben Ash", "Clo Dorn", "dan ash", "Eve Fox", "Fay Gray"]),
        # With one measure, its own urgency decides: due since 2025 before 2026 before never.
        (Asked(measure="CMS125"), ["Ada Berg", "Ben Ash", "Clo Dorn"]),
        (Asked(measure="CMS130"), ["Ben Ash", "Ada Berg"]),
        (Asked(measure="CMS130", status="overdue"), ["Ben Ash"]),
        # Part of a name, in any case.
        (Asked(status="all", name="ASH"), ["Ben Ash", "dan ash"]),
        (Asked(name="%"), []),
    ],
)
def test_who_is_shown_and_in_which_order(asked: Asked, expected: list[str]) -> None:
    assert names(asked) == expected


def test_what_was_set_aside_is_neither_shown_nor_counted() -> None:
    asides = {"p1": frozenset({"CMS125", "CMS130"}), "p0": frozenset({"CMS125"})}
    assert names(Asked(), asides) == ["Ada Berg", "Clo Dorn"]
    assert [one.measure for one in open_gaps(ADA, asides)] == ["CMS130"]
    assert count_measures(LINES, asides)["CMS125"] == {DUE: 1, SOON: 1, DONE: 1}
    assert count_statuses(LINES, Asked(), asides)["overdue"] == 0


def test_a_row_shows_what_was_asked_for_and_counts_the_rest() -> None:
    (row,) = select([BEN], Asked(measure="CMS130"), NOBODY)
    assert [one.measure for one in row.gaps] == ["CMS130"]
    assert row.others == {OVERDUE: 1}


def test_the_most_urgent_gap_stands_first() -> None:
    overdue = (gap("d", OVERDUE, "2026-01-02"), gap("e", OVERDUE, "2026-01-01"))
    mixed = line(9, "Z", gap("a", UNTOLD), gap("b", SOON), gap("c", DUE), *overdue)
    assert [one.measure for one in open_gaps(mixed, NOBODY)] == ["e", "d", "c", "b", "a"]


def test_each_choice_tells_beforehand_how_many_it_shows() -> None:
    for measure in ("", "CMS125", "CMS130"):
        for name in ("", "ash"):
            counts = count_statuses(LINES, Asked(measure, name=name), NOBODY)
            assert set(counts) == set(STATUSES)
            for status, count in counts.items():
                assert count == len(select(LINES, Asked(measure, status, name=name), NOBODY))


def test_every_choice_has_words() -> None:
    assert set(STATUS_TEXT) == set(STATUSES)
    assert set(SORT_TEXT) == set(SORTS)


def test_the_page_says_how_many_are_due_and_what_is_not_told() -> None:
    content = page(the_list(*LINES, left_out={"no longer on the list": 2}))
    assert content.headline == "3 of 6 patients have care due"
    assert content.notes == [
        "1 patient could not be read; nothing is told of this one.",
        "For 1 patient something cannot be told: it counts neither as done nor as due.",
        "2 entries left out: no longer on the list.",
    ]
    assert [(t.id, t.overdue, t.due, t.due_soon, t.cannot_tell) for t in content.tallies] == [
        ("CMS125", 2, 1, 1, 0),
        ("CMS130", 1, 1, 0, 1),
    ]
    assert [(c.id, c.count) for c in content.statuses] == [
        ("now", 3), ("overdue", 2), ("due", 2), ("due-soon", 1), ("cannot-tell", 1), ("unread", 1), ("all", 6),
    ]  # fmt: skip


def test_an_unread_patient_is_told_as_unread_and_never_as_done() -> None:
    content = page(the_list(FAY), Query(status="all"))
    assert content.headline == "Nothing is due now"
    assert content.rows[0].unread and not content.rows[0].gaps
    assert content.notes


def test_a_gap_says_since_when_and_why_and_what_is_not_ruled_out() -> None:
    said = Because(ReasonCode.DATE_OUT_OF_RANGE, "Last mammogram: 2024-01-01.", when=date(2024, 1, 1))
    found = line(0, "A", MemberGap("CMS125", OVERDUE, date(2026, 1, 1), (said,), ("hospice care",)))
    (shown,) = page(the_list(found)).rows[0].gaps
    assert (shown.title, shown.status_text) == ("Mammogram", "Overdue")
    assert shown.due_text == "Was due 1 Jan 2026, 5 months ago"
    assert shown.why == "Last mammogram: 1 Jan 2024."
    assert shown.caveat == "Shown as due, but not ruled out: hospice care."


def test_what_was_not_read_is_named() -> None:
    because = Because(ReasonCode.MISSING, "…", missing=("Procedure", "Observation:laboratory:any"))
    found = line(0, "A", MemberGap("CMS130", UNTOLD, None, (because,)))
    (shown,) = page(the_list(found), Query(status="cannot-tell")).rows[0].gaps
    assert shown.why == "Not read: Procedures, Observations (laboratory)."


@pytest.mark.parametrize(
    ("number", "first", "last", "before", "after"),
    [
        (1, 1, 25, None, {"page": "2"}),
        (2, 26, 50, {}, {"page": "3"}),
        (3, 51, 60, {"page": "2"}, None),
        (99, 51, 60, {"page": "2"}, None),
    ],
)
def test_page_by_page(number: int, first: int, last: int, before: object, after: object) -> None:
    lines = [line(i, f"N {i:02}", gap("CMS125", DUE)) for i in range(60)]
    content = page(the_list(*lines), Query(page=number))
    assert PAGE_SIZE == 25
    assert (content.pages.first_row, content.pages.last_row, content.pages.total) == (first, last, 60)
    assert (content.pages.before, content.pages.after) == (before, after)
    assert [row.patient_id for row in content.rows] == [f"p{i}" for i in range(first - 1, last)]


def test_empty_lists_say_why() -> None:
    assert page(the_list()).empty == "The EHR names no patients on this list."
    assert page(the_list()).headline == "Nobody is on this list"
    assert page(the_list(EVE)).empty == "Nothing that could be told is due now."
    assert page(the_list(EVE), Query(measure="CMS130")).empty == "Nobody on this list fits what you asked for."
    assert page(the_list(EVE), Query(status="unread")).empty == "Every chart was read."


def test_from_one_patient_to_the_next_in_the_order_of_the_list() -> None:
    found = the_list(*LINES)
    assert neighbours(found, Query(), "", NOBODY, "p1") == ("", "p0")
    assert neighbours(found, Query(), "", NOBODY, "p0") == ("p1", "p2")
    assert neighbours(found, Query(), "", NOBODY, "p2") == ("p0", "")
    assert neighbours(found, Query(), "", NOBODY, "p4") == ("", "")


def test_the_list_is_kept_whole() -> None:
    because = Because(ReasonCode.MISSING, "…", missing=("Procedure",), when=date(2026, 1, 1))
    found = the_list(*LINES, line(7, "G", MemberGap("CMS130", UNTOLD, TODAY, (because,), ("x",))), left_out={"y": 1})
    assert unpack_list(pack(found)) == found
