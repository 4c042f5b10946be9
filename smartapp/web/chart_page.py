"""The chart page's words: what matters now first, each gap with its status, its date, its reason and its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from launch.context import LaunchContext
from smartapp.criteria.nodes import Condition, Define, EventSet
from smartapp.day_words import day_text
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import day_of, is_finite
from smartapp.measures.due import Due
from smartapp.measures.model import Clinical, Measure
from smartapp.measures.remarks import REMARKS
from smartapp.measures.results import MeasureResult
from smartapp.measures.statuses import Because, ClinicalStatus, GapStatus, ReasonCode
from smartapp.persistence.practice import GapRemark
from smartapp.services.chart import ChartView
from smartapp.web.evidence import EventLine, StepLine, event_lines, steps_of
from smartapp.web.labels import ago_text, instant_text, moment_text, span_text, what_text
from smartapp.web.missing import missing_text
from smartapp.web.necessity import Necessity
from smartapp.web.trend import Trend, trend

STATUS: Mapping[ClinicalStatus, tuple[str, str, int]] = {
    # status: words, tone, order on the page
    ClinicalStatus.OVERDUE: ("Overdue", "bad", 0),
    ClinicalStatus.DUE: ("Due", "warn", 1),
    ClinicalStatus.DUE_SOON: ("Due soon", "info", 2),
    ClinicalStatus.CANNOT_TELL: ("Cannot be told", "none", 3),
    ClinicalStatus.UP_TO_DATE: ("Up to date", "good", 4),
    ClinicalStatus.EXCLUDED: ("Excluded", "none", 5),
    ClinicalStatus.NOT_APPLICABLE: ("Does not apply", "none", 6),
}

REPORT: Mapping[GapStatus, str] = {
    GapStatus.OPEN: "open gap",
    GapStatus.CLOSED: "closed gap",
    GapStatus.PROSPECTIVE: "open, and can still be closed in the period",
    GapStatus.NOT_APPLICABLE: "does not count",
    GapStatus.CANNOT_TELL: "cannot be told",
}

_ACTIONABLE = (ClinicalStatus.OVERDUE, ClinicalStatus.DUE, ClinicalStatus.DUE_SOON)


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A gap that was set aside: by what remark and until when."""

    text: str
    remark_id: str


@dataclass(frozen=True, slots=True)
class GapCard:
    """One gap as the page shows it."""

    id: str
    version: str
    title: str
    status: str
    status_text: str
    tone: str
    summary: str
    due_text: str
    caveat: str
    missing: Sequence[str]
    on_its_way: Sequence[str]
    steps: Sequence[StepLine]
    closes: Sequence[str]
    goal: str
    source: Any
    follows: str
    report: str
    trend: Trend | None
    dismissed: Dismissed | None
    may_decide: bool
    can_draft: bool
    can_dismiss: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its gaps; a closed one is folded."""

    id: str
    title: str
    cards: Sequence[GapCard]
    open: bool = False
    empty: str = ""


@dataclass(frozen=True, slots=True)
class GroupLine:
    id: str
    title: str
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class ChartPage:
    headline: str
    read_at_text: str
    read_at_exact: str
    freshness: str
    density: str
    partial: Sequence[str]
    sections: Sequence[Section]
    groups: Sequence[GroupLine]
    groups_unknown: Sequence[str]
    necessity: Necessity
    dismiss_until: str
    dismiss_min: str
    dismiss_max: str
    messages: Sequence[Any] = field(default=())
    just_set_aside: GapCard | None = None


def chart_page(
    view: ChartView,
    launch: LaunchContext,
    *,
    necessity: Necessity,
    groups: Sequence[GroupLine],
    groups_unknown: Sequence[str],
    remarks: Sequence[GapRemark],
    messages: Sequence[Any],
    now: datetime,
    may_decide: bool,
    just_set_aside: str = "",
    zone: tzinfo = UTC,
) -> ChartPage:
    """The whole page from an evaluated chart. ``just_set_aside`` is the measure of the form that was sent last."""
    asides = {remark.measure: remark for remark in remarks}
    cards = [
        _card(view, measure, result, _dismissed(asides.get(measure.id), zone), may_decide=may_decide)
        for measure, result in view.results
    ]
    cards.sort(key=_urgency)
    sections = _sections(cards)
    attention = len(sections[0].cards)
    return ChartPage(
        headline=_headline(attention),
        read_at_text=ago_text(view.snapshot.read_at, now),
        read_at_exact=moment_text(view.snapshot.read_at, zone),
        freshness=_freshness(view.snapshot.facts),
        density=_density(view.snapshot.facts),
        partial=_partial(view),
        sections=sections,
        groups=groups,
        groups_unknown=groups_unknown,
        necessity=necessity,
        dismiss_until=(view.as_of + timedelta(days=90)).isoformat(),
        dismiss_min=(view.as_of + timedelta(days=1)).isoformat(),
        dismiss_max=(view.as_of + timedelta(days=730)).isoformat(),
        messages=messages,
        just_set_aside=next((c for c in cards if c.id == just_set_aside and c.dismissed is not None), None),
    )


def _headline(attention: int) -> str:
    if attention == 0:
        return "Nothing is due now"
    return "One thing is due" if attention == 1 else f"{attention} things are due"


def _urgency(card: GapCard) -> tuple[Any, ...]:
    rank = next(order for words, _, order in STATUS.values() if words == card.status_text)
    return (rank, card.due_text == "", card.title)


def _sections(cards: Sequence[GapCard]) -> list[Section]:
    def pick(*statuses: ClinicalStatus, aside: bool = False) -> list[GapCard]:
        return [c for c in cards if c.status in statuses and (c.dismissed is not None) == aside]

    unknown = [c for c in cards if c.status == ClinicalStatus.CANNOT_TELL and c.dismissed is None]
    return [
        Section(
            "now",
            "Due now",
            pick(ClinicalStatus.OVERDUE, ClinicalStatus.DUE),
            open=True,
            empty="Nothing that could be told is due now." if unknown else "Nothing is due now.",
        ),
        *([Section("soon", "Due soon", soon, open=True)] if (soon := pick(ClinicalStatus.DUE_SOON)) else []),
        *([Section("unknown", "Cannot be told", unknown, open=True)] if unknown else []),
        Section("aside", "Set aside", [c for c in cards if c.dismissed is not None]),
        Section("done", "Up to date", pick(ClinicalStatus.UP_TO_DATE)),
        Section("other", "Not for this patient", pick(ClinicalStatus.EXCLUDED, ClinicalStatus.NOT_APPLICABLE)),
    ]


def _card(
    view: ChartView, measure: Measure, result: MeasureResult, dismissed: Dismissed | None, *, may_decide: bool
) -> GapCard:
    clinical, due = measure.clinical, result.clinical
    words, tone, _ = STATUS[due.status]
    missing = [key for because in due.reasons for key in because.missing]
    actionable = due.status in _ACTIONABLE
    return GapCard(
        id=measure.id,
        version=measure.version,
        title=clinical.plain_title or measure.title,
        status=due.status.value,
        status_text=words,
        tone=tone,
        summary=summary_text(due, missing),
        due_text=due_text_of(due, view.as_of),
        caveat=caveat_text(result.caveats) if actionable else "",
        missing=missing_text(missing, view.snapshot.facts.coverage),
        on_its_way=_on_its_way(view, clinical.on_its_way) if actionable else [],
        steps=steps_of(view.outcome, clinical, due),
        closes=[closed.name for closed in clinical.closed_by] if actionable else [],
        goal=goal_text(clinical.satisfied) if actionable else "",
        source=clinical.source,
        follows=follows_text(clinical),
        report="; ".join(_report(measure, result)),
        trend=None if clinical.relevant is None else trend(view.outcome.events(clinical.relevant)),
        dismissed=dismissed,
        may_decide=may_decide,
        can_draft=may_decide and actionable and dismissed is None and not view.snapshot.patient.deceased,
        can_dismiss=may_decide and (actionable or due.status is ClinicalStatus.CANNOT_TELL) and dismissed is None,
    )


def follows_text(clinical: Clinical) -> str:
    """Which schedule or protocol, of those that the practice may choose, the card follows, in one short line.

    The edition stands in the evidence; where there is no date, it is what tells one from another.
    """
    if not clinical.choice:
        return ""
    source = clinical.source
    which = f"since {day_text(date.fromisoformat(source.since))}" if source.since else source.edition
    return f"{clinical.choice}: {source.steward}, {which}."


def summary_text(due: Due, missing: Sequence[str]) -> str:
    said = [_nice(because) for because in due.reasons]
    if any(because.code is ReasonCode.VALUE_OUT_OF_RANGE for because in due.reasons):
        said.insert(0, "Not at goal.")
    if due.status is ClinicalStatus.CANNOT_TELL and not missing:
        said.append(
            "Some entries have only codes that are not loaded here (SNOMED CT, CPT), or no date: see the evidence."
        )
    return " ".join(said)


def _nice(because: Because) -> str:
    if because.when is None:
        return because.text
    return because.text.replace(because.when.isoformat(), day_text(because.when))


def goal_text(satisfied: Condition | None) -> str:
    """When what was found is good enough, in the measure's own sentence."""
    return satisfied.sentence if isinstance(satisfied, Define) else ""


def due_text_of(due: Due, today: date) -> str:
    if due.due_date is None:
        return ""
    days = (due.due_date - today).days
    when = day_text(due.due_date)
    if due.status is ClinicalStatus.OVERDUE:
        return f"Was due {when}, {span_text(-days)} ago"
    if days < 0:
        return f"Due since {when}"
    return f"Due today, {when}" if days == 0 else f"Due {when}, in {span_text(days)}"


def caveat_text(names: Sequence[str]) -> str:
    return f"Shown as due, but not ruled out: {', '.join(names)}." if names else ""


def _on_its_way(view: ChartView, node: EventSet | None) -> list[str]:
    if node is None:
        return []
    return [_way(event) for event in view.outcome.events(node)]


def _way(event: Event) -> str:
    verbs = {"ServiceRequest": "Ordered", "Appointment": "Booked for", "DiagnosticReport": "Report of"}
    when = event.start if event.kind == "Appointment" or event.at is None else event.at
    return f"{verbs.get(event.kind, 'Recorded')} {instant_text(when)}: {what_text(event)}"


def _dismissed(remark: GapRemark | None, zone: tzinfo) -> Dismissed | None:
    if remark is None:
        return None
    # The day begins at the practice's midnight, which is another day in UTC.
    until = f" until {day_text(remark.expires_at.astimezone(zone).date())}" if remark.expires_at else ""
    return Dismissed(f"Set aside{until}: {REMARKS.get(remark.code, remark.code)}.", remark.id)


def _report(measure: Measure, result: MeasureResult) -> Iterable[str]:
    for rate in result.rates:
        name = f"{rate.group_id.replace('_', ' ').lower()}: " if len(result.rates) > 1 else ""
        yield f"{name}{REPORT[rate.gap_status]}"


def _freshness(facts: Facts) -> str:
    visits = [e.latest for e in facts.events if e.kind == "Encounter" and e.latest is not None and is_finite(e.latest)]
    return f"Last visit {instant_text(max(visits))}" if visits else "No visit on record"


def _density(facts: Facts) -> str:
    dated = [e.start for e in facts.events if e.start is not None and is_finite(e.start)]
    if not dated:
        return "No dated entries"
    return f"{len(facts.events)} entries since {day_of(min(dated)).year}"


def _partial(view: ChartView) -> list[str]:
    bad = {key for key, coverage in view.snapshot.facts.coverage.items() if coverage is not Coverage.COMPLETE}
    return list(missing_text(sorted(bad), view.snapshot.facts.coverage))


__all__ = ["ChartPage", "EventLine", "GapCard", "GroupLine", "Section", "chart_page", "event_lines"]
