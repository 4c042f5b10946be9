"""The worklist's words: who needs something now, why, since when; and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from smartapp.day_words import day_text
from smartapp.measures.due import Due
from smartapp.measures.model import Measure
from smartapp.measures.statuses import ClinicalStatus
from smartapp.services.panel_documents import MemberGap, MemberLine, PanelList
from smartapp.services.worklist import Asides, Asked, Row, count_measures, count_statuses, open_gaps, select
from smartapp.web.chart_page import STATUS, caveat_text, due_text_of, summary_text
from smartapp.web.labels import ago_text, birth_text, moment_text
from smartapp.web.missing import requirement_text
from smartapp.web.worklist_query import Query

PAGE_SIZE = 25
_GAPS_A_ROW = 4

STATUS_TEXT: Mapping[str, str] = {
    "now": "Due now",
    "overdue": "Overdue",
    "due": "Due",
    "due-soon": "Due soon",
    "cannot-tell": "Cannot be told",
    "unread": "Not read",
    "all": "Everybody",
}
SORT_TEXT: Mapping[str, str] = {
    "overdue": "Most overdue first",
    "longest": "Longest waiting first",
    "name": "By name",
}
_EMPTY: Mapping[str, str] = {
    "now": "Nothing that could be told is due now.",
    "unread": "Every chart was read.",
    "cannot-tell": "Nothing is left untold.",
}


@dataclass(frozen=True, slots=True)
class GapLine:
    """One gap in a row: what, how it stands, since when, why, and what could not be ruled out."""

    measure: str
    title: str
    status: str
    status_text: str
    tone: str
    due_text: str
    why: str
    caveat: str


@dataclass(frozen=True, slots=True)
class RowLine:
    """One patient: as few particulars as tell two of one name apart."""

    patient_id: str
    name: str
    born: str
    age: int | None
    identifier: str
    gaps: Sequence[GapLine]
    more: str
    unread: str
    partial: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a filter: its words, how many patients it shows, where it leads."""

    id: str
    text: str
    count: int
    arguments: Mapping[str, str]
    current: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """One measure's counts of patients, and where they lead."""

    id: str
    title: str
    overdue: int
    due: int
    due_soon: int
    cannot_tell: int
    arguments: Mapping[str, str]
    current: bool


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of the rows is shown. ``before`` and ``after`` are addresses, None at the ends."""

    number: int
    last: int
    first_row: int
    last_row: int
    total: int
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class WorklistPage:
    headline: str
    group: str
    freshness: str
    read_at_exact: str
    as_of: str
    notes: Sequence[str]
    statuses: Sequence[Choice]
    tallies: Sequence[Tally]
    rows: Sequence[RowLine]
    pages: Pages
    arguments: Mapping[str, str]
    filters: Sequence[str]
    empty: str


def worklist_page(
    found: PanelList,
    query: Query,
    name: str,
    *,
    asides: Asides,
    measures: Mapping[str, Measure],
    now: datetime,
    zone: tzinfo = UTC,
) -> WorklistPage:
    """One page of the list. ``measures`` are the enabled ones by id; ``name`` is what is looked for."""
    asked = Asked(query.measure, query.status, query.sort, name)
    rows = select(found.lines, asked, asides)
    pages = _pages(len(rows), query)
    shown = rows[pages.first_row - 1 : pages.last_row] if rows else []
    return WorklistPage(
        headline=_headline(found, asides),
        group=found.group.name,
        freshness=f"Read from the EHR {ago_text(found.finished_at, now)}",
        read_at_exact=moment_text(found.finished_at, zone),
        as_of=day_text(found.as_of),
        notes=_notes(found, asides),
        statuses=_statuses(found.lines, asked, query, asides),
        tallies=_tallies(found.lines, query, asides, measures),
        rows=[_row(row, found.as_of, measures) for row in shown],
        pages=pages,
        arguments=query.arguments(page=pages.number),
        filters=_filters(query, name, measures),
        empty=_empty(found, query, name),
    )


def neighbours(found: PanelList, query: Query, name: str, asides: Asides, patient_id: str) -> tuple[str, str]:
    """The patients before and after one in the list as it was asked for; empty where there is none."""
    asked = Asked(query.measure, query.status, query.sort, name)
    ids = ["", *(row.line.patient_id for row in select(found.lines, asked, asides)), ""]
    if patient_id not in ids:
        return "", ""
    place = ids.index(patient_id)
    return ids[place - 1], ids[place + 1]


def title_of(measure: Measure) -> str:
    """A measure's words for people."""
    return measure.clinical.plain_title or measure.title


def _headline(found: PanelList, asides: Asides) -> str:
    total = len(found.lines)
    due = count_statuses(found.lines, Asked(), asides)["now"]
    if total == 0:
        return "Nobody is on this list"
    if due == 0:
        return "Nothing is due now"
    return f"{due} of {total} {'patients have' if total > 1 else 'patient has'} care due"


def _notes(found: PanelList, asides: Asides) -> list[str]:
    """What the list does not tell, so that nobody takes it for done."""
    notes = []
    unread = sum(bool(line.unread) for line in found.lines)
    if unread:
        notes.append(
            f"{_patients(unread)} could not be read; nothing is told of {'them' if unread > 1 else 'this one'}."
        )
    untold = sum(
        any(gap.status is ClinicalStatus.CANNOT_TELL for gap in open_gaps(line, asides)) for line in found.lines
    )
    if untold:
        notes.append(f"For {_patients(untold)} something cannot be told: it counts neither as done nor as due.")
    notes += [f"{_entries(count)} left out: {why}." for why, count in sorted(found.left_out.items())]
    return notes


def _statuses(lines: Sequence[MemberLine], asked: Asked, query: Query, asides: Asides) -> list[Choice]:
    counts = count_statuses(lines, asked, asides)
    return [
        Choice(status, STATUS_TEXT[status], count, query.arguments(status=status), status == query.status)
        for status, count in counts.items()
        if count or status in ("now", "all", query.status)
    ]


def _tallies(lines: Sequence[MemberLine], query: Query, asides: Asides, measures: Mapping[str, Measure]) -> list[Tally]:
    tallies = []
    for id_, counts in count_measures(lines, asides).items():
        overdue, due, soon, untold = (
            counts[status]
            for status in (
                ClinicalStatus.OVERDUE,
                ClinicalStatus.DUE,
                ClinicalStatus.DUE_SOON,
                ClinicalStatus.CANNOT_TELL,
            )
        )
        current = id_ == query.measure
        if id_ not in measures or not (current or overdue or due or soon or untold):
            continue
        status = "now" if overdue or due else "due-soon" if soon else "cannot-tell"
        goes = query.arguments(measure="" if current else id_, status=status, named=False)
        tallies.append(Tally(id_, title_of(measures[id_]), overdue, due, soon, untold, goes, current))
    return sorted(tallies, key=lambda t: (-(t.overdue + t.due), -t.overdue, -t.due_soon, -t.cannot_tell, t.title))


def _row(row: Row, as_of: date, measures: Mapping[str, Measure]) -> RowLine:
    line = row.line
    shown = [gap for gap in row.gaps if gap.measure in measures]
    return RowLine(
        patient_id=line.patient_id,
        name=line.name,
        born=birth_text(line.birth_date),
        age=_age(line.birth_date, as_of),
        identifier=line.identifier,
        gaps=[_gap(gap, as_of, measures[gap.measure]) for gap in shown[:_GAPS_A_ROW]],
        more=_more(shown[_GAPS_A_ROW:], row.others),
        unread=line.unread,
        partial=line.partial,
    )


def _gap(gap: MemberGap, as_of: date, measure: Measure) -> GapLine:
    words, tone, _ = STATUS[gap.status]
    missing = [key for because in gap.reasons for key in because.missing]
    due = Due(gap.status, gap.due_date, gap.reasons)
    why = summary_text(due, missing)
    if missing:
        said = dict.fromkeys(requirement_text(key) for key in missing)
        why = f"Not read: {', '.join(said)}."
    return GapLine(
        measure=gap.measure,
        title=title_of(measure),
        status=gap.status.value,
        status_text=words,
        tone=tone,
        due_text=due_text_of(due, as_of),
        why=why,
        caveat=caveat_text(gap.caveats) if gap.status is not ClinicalStatus.CANNOT_TELL else "",
    )


def _more(rest: Sequence[MemberGap], others: Mapping[ClinicalStatus, int]) -> str:
    counts: dict[ClinicalStatus, int] = dict(others)
    for gap in rest:
        counts[gap.status] = counts.get(gap.status, 0) + 1
    said = [f"{counts[status]} {words.lower()}" for status, (words, _, _) in STATUS.items() if counts.get(status)]
    return f"Also {', '.join(said)}" if said else ""


def _pages(total: int, query: Query) -> Pages:
    """The page that was asked for, or the last one where the list has become shorter."""
    last = max(1, -(-total // PAGE_SIZE))
    number = min(query.page, last)
    return Pages(
        number=number,
        last=last,
        first_row=min((number - 1) * PAGE_SIZE + 1, total),
        last_row=min(number * PAGE_SIZE, total),
        total=total,
        before=query.arguments(page=number - 1) if number > 1 else None,
        after=query.arguments(page=number + 1) if number < last else None,
    )


def _filters(query: Query, name: str, measures: Mapping[str, Measure]) -> list[str]:
    said = [title_of(measures[query.measure])] if query.measure else []
    return said + ([f"name with “{name}”"] if name else [])


def _empty(found: PanelList, query: Query, name: str) -> str:
    if not found.lines:
        return "The EHR names no patients on this list."
    if query.measure or name:
        return "Nobody on this list fits what you asked for."
    return _EMPTY.get(query.status, "Nobody on this list.")


def _age(birth_date: str | None, as_of: date) -> int | None:
    try:
        born = date.fromisoformat(birth_date or "")
    except ValueError:
        return None
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def _patients(count: int) -> str:
    return "1 patient" if count == 1 else f"{count} patients"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
