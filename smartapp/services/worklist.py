"""Who comes first: which patients of a list a filter shows, in which order, and how many of each kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from smartapp.measures.statuses import ClinicalStatus
from smartapp.services.panel_documents import MemberGap, MemberLine

SHOWN: Mapping[str, frozenset[ClinicalStatus]] = {
    "now": frozenset({ClinicalStatus.OVERDUE, ClinicalStatus.DUE}),
    "overdue": frozenset({ClinicalStatus.OVERDUE}),
    "due": frozenset({ClinicalStatus.DUE}),
    "due-soon": frozenset({ClinicalStatus.DUE_SOON}),
    "cannot-tell": frozenset({ClinicalStatus.CANNOT_TELL}),
}
"""A choice of status, and the gaps that it shows. ``unread`` and ``all`` are choices of patients instead."""

STATUSES = (*SHOWN, "unread", "all")
SORTS = ("overdue", "longest", "name")

_ACTIONABLE = (ClinicalStatus.OVERDUE, ClinicalStatus.DUE, ClinicalStatus.DUE_SOON, ClinicalStatus.CANNOT_TELL)
_RANK = {status: rank for rank, status in enumerate(_ACTIONABLE)}
_NO_DAY = date.max

Asides = Mapping[str, frozenset[str]]
"""The measures that were set aside, by patient id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked the list for. ``measure`` and ``name`` empty: any; ``name`` is part of a name."""

    measure: str = ""
    status: str = "now"
    sort: str = "overdue"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One patient that is shown: the gaps that were asked for, most urgent first, and the other open ones counted."""

    line: MemberLine
    gaps: tuple[MemberGap, ...]
    others: Mapping[ClinicalStatus, int]


def open_gaps(line: MemberLine, asides: Asides) -> tuple[MemberGap, ...]:
    """What is to be done or to be asked for one patient, the set-aside left out, most urgent first."""
    aside = asides.get(line.patient_id, frozenset())
    gaps = [gap for gap in line.gaps if gap.status in _RANK and gap.measure not in aside]
    return tuple(sorted(gaps, key=lambda gap: (_RANK[gap.status], gap.due_date or _NO_DAY, gap.measure)))


def select(lines: Iterable[MemberLine], asked: Asked, asides: Asides) -> list[Row]:
    """The patients that ``asked`` shows, in its order."""
    rows = [row for line in lines if (row := _row(line, asked, asides)) is not None]
    return sorted(rows, key=_ORDER[asked.sort])


def count_statuses(lines: Sequence[MemberLine], asked: Asked, asides: Asides) -> dict[str, int]:
    """How many patients each choice of status would show, with the same measure and name."""
    return {
        status: sum(_row(line, Asked(asked.measure, status, name=asked.name), asides) is not None for line in lines)
        for status in STATUSES
    }


def count_measures(lines: Iterable[MemberLine], asides: Asides) -> dict[str, Counter[ClinicalStatus]]:
    """How many patients have each status, by measure; the set-aside count nowhere."""
    counts: dict[str, Counter[ClinicalStatus]] = {}
    for line in lines:
        aside = asides.get(line.patient_id, frozenset())
        for gap in line.gaps:
            if gap.measure not in aside:
                counts.setdefault(gap.measure, Counter())[gap.status] += 1
    return counts


def _row(line: MemberLine, asked: Asked, asides: Asides) -> Row | None:
    if asked.name.casefold() not in line.name.casefold():
        return None
    if asked.status == "unread":
        return Row(line, (), {}) if line.unread else None
    gaps = open_gaps(line, asides)
    wanted = [gap for gap in gaps if not asked.measure or gap.measure == asked.measure]
    if asked.status != "all":
        wanted = [gap for gap in wanted if gap.status in SHOWN[asked.status]]
        if not wanted:
            return None
    others = Counter(gap.status for gap in gaps if gap not in wanted)
    return Row(line, tuple(wanted), others)


def _overdue_first(row: Row) -> tuple[Any, ...]:
    """By the number of overdue, then how long the oldest is, then the number of due."""
    overdue = [gap for gap in row.gaps if gap.status is ClinicalStatus.OVERDUE]
    due = sum(gap.status is ClinicalStatus.DUE for gap in row.gaps)
    return (-len(overdue), _oldest(row), -due, -len(row.gaps), *_by_name(row))


def _longest_first(row: Row) -> tuple[Any, ...]:
    return (_oldest(row), *_overdue_first(row))


def _by_name(row: Row) -> tuple[Any, ...]:
    return (row.line.name.casefold(), row.line.patient_id)


def _oldest(row: Row) -> date:
    return min((g.due_date for g in row.gaps if g.due_date is not None), default=_NO_DAY)


_ORDER: Mapping[str, Callable[[Row], tuple[Any, ...]]] = {
    "overdue": _overdue_first,
    "longest": _longest_first,
    "name": _by_name,
}
