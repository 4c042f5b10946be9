"""The chart's status of a care: by whom it is due, since when, and why. Pure; the same for both engines.

The rules, in this order (``docs/decisions/0020-due-dates.md``):

1. Who has died, or for whom the care is not meant: *not applicable*. Unknown whether it is meant: *cannot tell*.
2. An exclusion holds: *excluded*, and which.
3. The due date is the last time that the care was given plus the time that it holds; of several ways to close the
   gap the one that holds longest counts (the one that ends first, where all are needed). Care that holds for ever
   has no due date.
4. Not yet due, and what was found is good enough: *up to date*, or *due soon* from ``due_soon`` before the date.
   This is certain even where other data were not read.
5. What was not read could change the rest: *cannot tell*, and what is missing. An exclusion that is unknown although
   all was read (a code of a system that our value set lacks, a missing date) leaves the care due, with a caveat.
6. What was found is not good enough: *due* while its date has not passed.
7. Nothing was ever found: *due*, without a date: no record is not a proof that it was never done.
8. Past the due date: *due* until the grace has passed, then *overdue*.

Care that is a shared decision is never due: where it would be, it is *not applicable*, to be talked about.
"""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from smartapp.facts.instants import FOREVER, Instant, day_of, is_finite, shift, start_of_day
from smartapp.measures.answers import Answers, as_condition, found, last_found, not_read
from smartapp.measures.model import Clinical, ClosedBy, Every
from smartapp.measures.statuses import Because, ClinicalStatus, ReasonCode


class Found(Struct, frozen=True):
    """What is known of one way to close the gap. ``until`` is when it stops to hold (``FOREVER`` for never)."""

    closed: ClosedBy
    last: Instant | None
    until: Instant | None
    unsure: bool

    @property
    def day(self) -> date | None:
        return None if self.last is None or not is_finite(self.last) else day_of(self.last)


class Due(Struct, frozen=True):
    """The chart's status of a care."""

    status: ClinicalStatus
    due_date: date | None = None
    reasons: tuple[Because, ...] = ()
    found: tuple[Found, ...] = ()


def look_up(clinical: Clinical, strict: Answers, kleene: Answers) -> tuple[Found, ...]:
    """For each way to close the gap, when it was last found and whether a later one may be unread."""
    looked = []
    for closed in clinical.closed_by:
        value = strict.value(last_found(closed))
        last = value if isinstance(value, int) else None
        exists = kleene.truth(found(closed))
        # What a resource that was not read could undo (a rejected order) closes nothing.
        certain = last if exists else None
        if closed.holds is None:
            looked.append(Found(closed, last, FOREVER if exists else None, exists is None))
            continue
        unsure = exists is None or (exists and kleene.value(last_found(closed)) is None)
        looked.append(Found(closed, last, _until(certain, closed.holds), bool(unsure)))
    return tuple(looked)


_NOT_MEANT = Due(
    ClinicalStatus.NOT_APPLICABLE,
    reasons=(Because(ReasonCode.NOT_IN_POPULATION, "The care is not meant for this patient."),),
)


def clinical_status(  # noqa: PLR0911  # one rule, one return
    clinical: Clinical, strict: Answers, kleene: Answers, as_of: Instant, *, deceased: bool = False
) -> Due:
    """The chart's status at ``as_of`` (the last instant of the day of evaluation) by the rules above."""
    eligible = kleene.truth(clinical.eligible)
    if deceased:
        return Due(ClinicalStatus.NOT_APPLICABLE, reasons=(Because(ReasonCode.DECEASED, "The patient has died."),))
    if eligible is False:
        return _NOT_MEANT
    if eligible is None:
        return _cannot_tell("Whether the care is meant for this patient", kleene.missing(clinical.eligible))
    excluded = [(r, kleene.truth(as_condition(r.part))) for r in clinical.excluded]
    fired = tuple(Because(ReasonCode.EXCLUDED, f"Excluded: {r.name}.") for r, truth in excluded if truth)
    if fired:
        return Due(ClinicalStatus.EXCLUDED, reasons=fired)
    looked = look_up(clinical, strict, kleene)
    good = True if clinical.satisfied is None else kleene.truth(clinical.satisfied)
    due = _by_date(clinical, looked, good, as_of)
    if due.status in (ClinicalStatus.UP_TO_DATE, ClinicalStatus.DUE_SOON):
        return due
    unread = not_read(clinical.excluded, kleene)
    if unread:
        missing = dict.fromkeys(m for r in unread for m in kleene.missing(as_condition(r.part)))
        return _cannot_tell(f"Whether there is {' or '.join(r.name for r in unread)}", tuple(missing), looked)
    # Of a result that is not there nobody asks whether it is good enough.
    ungraded = good is None and any(f.until is not None for f in looked)
    if any(f.unsure for f in looked) or ungraded:
        asked = [found(f.closed) for f in looked if f.unsure]
        asked += [clinical.satisfied] if ungraded and clinical.satisfied is not None else []
        missing = dict.fromkeys(m for node in asked for m in kleene.missing(node))
        return _cannot_tell("Whether the care was given", tuple(missing), looked)
    if clinical.decision:
        text = "To be decided together with the patient."
        return Due(ClinicalStatus.NOT_APPLICABLE, reasons=(Because(ReasonCode.SHARED_DECISION, text),), found=looked)
    return due


def _by_date(clinical: Clinical, looked: tuple[Found, ...], good: bool | None, as_of: Instant) -> Due:
    ends = [f.until for f in looked]
    known = [end for end in ends if end is not None]
    if clinical.needs == "all":
        until = min(known) if known and len(known) == len(ends) else None
    else:
        until = max(known, default=None)
    if until is None:
        nothing = tuple(
            Because(ReasonCode.NOT_FOUND, f"No {f.closed.name} on record.") for f in looked if f.until is None
        )
        return Due(ClinicalStatus.DUE, reasons=nothing, found=looked)
    due_date = None if until == FOREVER else day_of(until)
    today = day_of(as_of)
    if due_date is None or today < due_date:
        if good is not True:
            return Due(ClinicalStatus.DUE, reasons=_said(looked, ReasonCode.VALUE_OUT_OF_RANGE), found=looked)
        soon = due_date is not None and today >= _moved(until, clinical.due_soon, -1)
        status = ClinicalStatus.DUE_SOON if soon else ClinicalStatus.UP_TO_DATE
        return Due(status, due_date, _said(looked, ReasonCode.DATE_IN_RANGE), looked)
    status = ClinicalStatus.OVERDUE if today > _moved(until, clinical.grace, 1) else ClinicalStatus.DUE
    return Due(status, due_date, _said(looked, ReasonCode.DATE_OUT_OF_RANGE), looked)


def _said(looked: tuple[Found, ...], code: ReasonCode) -> tuple[Because, ...]:
    return tuple(
        Because(code, f"Last {f.closed.name}: {f.day.isoformat()}.", when=f.day) for f in looked if f.day is not None
    )


def _cannot_tell(what: str, missing: object, looked: tuple[Found, ...] = ()) -> Due:
    names = tuple(missing) if isinstance(missing, (tuple, list)) else ()
    return Due(
        ClinicalStatus.CANNOT_TELL,
        reasons=(Because(ReasonCode.MISSING, f"{what} cannot be told from what was read.", missing=names),),
        found=looked,
    )


def _until(last: Instant | None, holds: Every) -> Instant | None:
    if last is None:
        return None
    if holds.full:
        last = start_of_day((day_of(last).replace(day=1) + timedelta(days=32)).replace(day=1))
    return shift(last, holds.amount, holds.unit)


def _moved(at: Instant, by: Every, sign: int) -> date:
    return day_of(shift(at, sign * by.amount, by.unit))
