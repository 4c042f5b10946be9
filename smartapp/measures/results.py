"""A measure's result for one patient: the populations, the gap, the chart's status. Pure; both engines feed it.

Populations are counted from the strict answers, as the published measure is; gaps are said from the Kleene ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from msgspec import Struct

from smartapp.criteria.nodes import Condition, EventSet
from smartapp.facts.instants import Instant
from smartapp.measures.answers import (
    Answers,
    applies,
    as_condition,
    hits,
    met,
    not_read,
    not_ruled_out,
    questions,
    remaining,
    unmet,
)
from smartapp.measures.due import Due, clinical_status
from smartapp.measures.model import Hit, Measure, Population, Rate, Reason
from smartapp.measures.statuses import Because, ClinicalStatus, GapStatus, ReasonCode

__all__ = [
    "MeasureResult",
    "Populations",
    "RateResult",
    "cascade",
    "count_populations",
    "evaluate_measure",
    "lines",
    "questions",
]

Members = frozenset[str]
_PATIENT: Members = frozenset({"patient"})
_NOBODY: Members = frozenset()


@dataclass(frozen=True, slots=True)
class Populations:
    """The counts of a rate: 0 or 1 by patient, any number by encounter."""

    initial_population: int
    denominator: int
    denominator_exclusion: int
    denominator_exception: int
    numerator: int


NOT_COUNTED = Populations(0, 0, 0, 0, 0)


class RateResult(Struct, frozen=True):
    """One group of a measure: what is reported and whether there is a gap."""

    group_id: str
    populations: Populations
    gap_status: GapStatus
    reasons: tuple[Because, ...] = ()


class MeasureResult(Struct, frozen=True):
    """All of a measure's answers for one patient. ``caveats`` name what would have refined them and was not read."""

    measure: str
    rates: tuple[RateResult, ...]
    clinical: Due
    caveats: tuple[str, ...] = ()

    @property
    def clinical_status(self) -> ClinicalStatus:
        return self.clinical.status

    @property
    def due_date(self) -> date | None:
        return self.clinical.due_date


def cascade(
    *,
    initial: Members,
    denominator: Members,
    exclusions: Members,
    numerator: Members,
    numerator_exclusions: Members,
    exceptions: Members,
) -> Populations:
    """The proportion measure's populations, each within the one before (QM IG STU5, "Proportion Measures").

    The members are the encounters, or the patient alone.
    """
    # The denominator is part of the initial population.
    counted = denominator & initial
    # Exclusions are taken out of the denominator.
    excluded = exclusions & counted
    # The numerator is what is left and fits, without its own exclusions.
    hit = (numerator - numerator_exclusions) & (counted - excluded)
    # Exceptions matter only for those who are left and not in the numerator.
    excepted = exceptions & (counted - excluded - hit)
    return Populations(len(initial), len(counted), len(excluded), len(excepted), len(hit))


def evaluate_measure(
    measure: Measure,
    strict: Answers,
    kleene: Answers,
    *,
    period_end: Instant,
    as_of: Instant,
    deceased: bool = False,
) -> MeasureResult:
    """The result for one patient.

    ``strict`` and ``kleene`` answer :func:`questions` in their mode, for the same period and ``as_of`` (the last
    instant of the day of evaluation); ``period_end`` is the period's last instant.
    """
    due = clinical_status(measure.clinical, strict, kleene, as_of, deceased=deceased)
    rates = []
    for rate in measure.rates:
        if kleene.truth(applies(rate)) is False:
            status, reasons = GapStatus.NOT_APPLICABLE, _NOT_IN_POPULATION
        else:
            status, reasons = _gap(measure, rate, kleene, due, prospective=period_end > as_of)
        rates.append(RateResult(rate.id, count_populations(rate, strict), status, reasons))
    return MeasureResult(measure.id, tuple(rates), due, _caveats(measure, rates, due, kleene))


_NOT_IN_POPULATION: tuple[Because, ...] = (Because(ReasonCode.NOT_IN_POPULATION, "Not in the measure's population."),)
"""The usual case: most patients are in the population of few measures."""


def count_populations(rate: Rate, strict: Answers) -> Populations:
    """The counts of one rate, from strict answers to :func:`smartapp.measures.answers.report_questions`.

    Most patients are in the initial population of few measures, and nothing else is asked of the others.
    """

    initial = _members(rate.initial_population, strict)
    if not initial:
        return NOT_COUNTED

    def any_of(reasons: Sequence[Reason]) -> Members:
        return _NOBODY.union(*(_members(reason.part, strict) for reason in reasons))

    return cascade(
        initial=initial,
        denominator=_members(rate.denominator, strict),
        exclusions=any_of(rate.exclusions),
        numerator=_members(rate.numerator, strict),
        numerator_exclusions=any_of(rate.numerator_exclusions),
        exceptions=any_of(rate.exceptions),
    )


def _members(population: Population, strict: Answers) -> Members:
    if isinstance(population, EventSet):
        return frozenset(event.reference for event in strict.events(population))
    return _PATIENT if strict.truth(population) else _NOBODY


def _gap(  # noqa: PLR0911  # one sentence, one return
    measure: Measure, rate: Rate, kleene: Answers, due: Due, *, prospective: bool
) -> tuple[GapStatus, tuple[Because, ...]]:
    if kleene.truth(applies(rate)) is None:
        return _cannot_tell("Whether the measure applies", kleene, [applies(rate)])
    if rate.basis == "encounter":
        return _gap_by_encounter(rate, kleene, due, prospective=prospective)
    # An exclusion takes the patient out, and is named.
    fired, unread = _which(rate.exclusions, kleene)
    if fired:
        return GapStatus.NOT_APPLICABLE, tuple(Because(ReasonCode.EXCLUDED, f"Excluded: {r.name}.") for r in fired)
    # Care that was surely given closes the gap, whatever else was not read.
    hit = kleene.truth(hits(rate))
    given = hit if measure.numerator_means is Hit.CARE_GIVEN or hit is None else not hit
    if given:
        return GapStatus.CLOSED, _found(due)
    if unread:
        return _cannot_tell(f"Whether there is {_names(unread)}", kleene, [as_condition(r.part) for r in unread])
    excepted, unread = _which(rate.exceptions, kleene)
    if excepted:
        return GapStatus.NOT_APPLICABLE, tuple(Because(ReasonCode.EXCEPTION, f"Exception: {r.name}.") for r in excepted)
    if unread:
        return _cannot_tell(f"Whether there is {_names(unread)}", kleene, [as_condition(r.part) for r in unread])
    if given is None:
        return _cannot_tell("Whether the care was given", kleene, [hits(rate)])
    return (GapStatus.PROSPECTIVE if prospective else GapStatus.OPEN), _not_found(due)


def _gap_by_encounter(
    rate: Rate, kleene: Answers, due: Due, *, prospective: bool
) -> tuple[GapStatus, tuple[Because, ...]]:
    open_ = kleene.truth(as_condition(unmet(rate)))
    if open_ is None:
        return _cannot_tell("Whether the care was given at each visit", kleene, [as_condition(unmet(rate))])
    if open_:
        return (GapStatus.PROSPECTIVE if prospective else GapStatus.OPEN), _not_found(due)
    if kleene.truth(as_condition(met(rate))):
        return GapStatus.CLOSED, _found(due)
    fired, _ = _which(rate.exclusions if not kleene.truth(as_condition(remaining(rate))) else rate.exceptions, kleene)
    return GapStatus.NOT_APPLICABLE, tuple(Because(ReasonCode.EXCLUDED, f"Excluded: {r.name}.") for r in fired)


def _which(reasons: Sequence[Reason], kleene: Answers) -> tuple[list[Reason], tuple[Reason, ...]]:
    """The reasons that hold, and those that cannot be told for want of data."""
    return [r for r in reasons if kleene.truth(as_condition(r.part))], not_read(reasons, kleene)


def _names(reasons: Sequence[Reason]) -> str:
    return " or ".join(reason.name for reason in reasons)


def _found(due: Due) -> tuple[Because, ...]:
    said = tuple(
        Because(ReasonCode.PRESENT, f"Last {f.closed.name}: {f.day.isoformat()}.", when=f.day)
        for f in due.found
        if f.day is not None
    )
    return said or (Because(ReasonCode.PRESENT, "The care was found in the period."),)


def _not_found(due: Due) -> tuple[Because, ...]:
    out_of_range = any(b.code is ReasonCode.VALUE_OUT_OF_RANGE for b in due.reasons)
    code = ReasonCode.VALUE_OUT_OF_RANGE if out_of_range else ReasonCode.DATE_OUT_OF_RANGE
    said = tuple(
        Because(code, f"Last {f.closed.name}: {f.day.isoformat()}.", when=f.day) for f in due.found if f.day is not None
    )
    return said or (Because(ReasonCode.NOT_FOUND, "Nothing on record that closes the gap in the period."),)


def _cannot_tell(what: str, kleene: Answers, asked: Sequence[Condition]) -> tuple[GapStatus, tuple[Because, ...]]:
    missing = tuple(dict.fromkeys(name for node in asked for name in kleene.missing(node)))
    text = f"{what} cannot be told from what was read."
    return GapStatus.CANNOT_TELL, (Because(ReasonCode.MISSING, text, missing=missing),)


def _caveats(measure: Measure, rates: Sequence[RateResult], due: Due, kleene: Answers) -> tuple[str, ...]:
    """What could not be ruled out, where something certain is said all the same."""
    reasons: list[Reason] = []
    if due.status not in (ClinicalStatus.NOT_APPLICABLE, ClinicalStatus.CANNOT_TELL):
        reasons += measure.clinical.excluded
    for rate, result in zip(measure.rates, rates, strict=True):
        if result.reasons is not _NOT_IN_POPULATION and result.gap_status is not GapStatus.CANNOT_TELL:
            reasons += [*rate.exclusions, *rate.exceptions]
    if not reasons:
        return ()
    refined = [name for reason in reasons for name in kleene.caveats(as_condition(reason.part))]
    uncertain = [reason.name for reason in not_ruled_out(reasons, kleene)]
    return tuple(dict.fromkeys(refined + uncertain))


def lines(patient_id: str, result: MeasureResult) -> list[dict[str, object]]:
    """The result as ``smartapp evaluate`` writes it: a line a group; a measure without rates has one, ``Clinical``."""
    due = result.clinical
    caveats = [
        {"code": ReasonCode.CAVEAT.value, "text": f"Not known: {name}.", "missing": [name]} for name in result.caveats
    ]
    rates = result.rates or (RateResult("Clinical", NOT_COUNTED, _gap_of_chart(due.status), due.reasons),)
    written = []
    for rate in rates:
        counts = rate.populations
        reasons = [because.as_json() for because in rate.reasons]
        reasons += [line for because in due.reasons if (line := because.as_json()) not in reasons]
        written.append(
            {
                "patient_id": patient_id,
                "measure": result.measure,
                "group_id": rate.group_id,
                "initial_population": counts.initial_population,
                "denominator": counts.denominator,
                "denominator_exclusion": counts.denominator_exclusion,
                "denominator_exception": counts.denominator_exception,
                "numerator": counts.numerator,
                "gap_status": rate.gap_status.value,
                "clinical_status": due.status.value,
                "due_date": due.due_date.isoformat() if due.due_date else None,
                "reasons": reasons + caveats,
            }
        )
    return written


def _gap_of_chart(status: ClinicalStatus) -> GapStatus:
    """The gap of a measure that has no report, from the chart's status."""
    return {
        ClinicalStatus.OVERDUE: GapStatus.OPEN,
        ClinicalStatus.DUE: GapStatus.OPEN,
        ClinicalStatus.DUE_SOON: GapStatus.CLOSED,
        ClinicalStatus.UP_TO_DATE: GapStatus.CLOSED,
        ClinicalStatus.NOT_APPLICABLE: GapStatus.NOT_APPLICABLE,
        ClinicalStatus.EXCLUDED: GapStatus.NOT_APPLICABLE,
        ClinicalStatus.CANNOT_TELL: GapStatus.CANNOT_TELL,
    }[status]
