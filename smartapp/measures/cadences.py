"""The practice's own cadences: how often a chronic condition is followed (R12), distinct from prevention.

The intervals are data. Those here are a seed that a practice replaces by its own protocol (:func:`with_intervals`);
they are no published recommendation and the card says that they are the practice's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import EventSet, age, as_of, encounters, observations
from smartapp.errors import CriteriaError
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Source
from smartapp.measures.shared.risks import has_now
from smartapp.measures.shared.statuses import has_result, is_encounter_performed, is_laboratory_test_performed
from smartapp.measures.shared.visits import ADULT_VISITS

_READ = "2026-11-22"
_UNITS = ("day", "week", "month", "year")


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is done again and again: a visit (``tests`` empty) or a test with a result."""

    name: str
    every: Every
    tests: tuple[ValueSet | DirectCode, ...] = ()

    @property
    def events(self) -> EventSet:
        if not self.tests:
            return is_encounter_performed(encounters(*ADULT_VISITS, vs.OUTPATIENT_CONSULTATION))
        return is_laboratory_test_performed(
            observations(*self.tests, found_in=("laboratory", "procedure", "exam"))
        ).where(has_result)


@dataclass(frozen=True, slots=True)
class Cadence:
    """How a condition is followed: each of ``checks`` has its interval."""

    id: str
    title: str
    plain_title: str
    conditions: tuple[ValueSet | DirectCode, ...]
    checks: tuple[Check, ...]
    source: Source


def _seed(title: str, steward: str, url: str) -> Source:
    return Source(
        title,
        steward=f"the practice; written after {steward}",
        edition="seed values, to be replaced by the practice's protocol",
        url=url,
        read="",
    )


CADENCES: tuple[Cadence, ...] = (
    Cadence(
        "COPD",
        "COPD follow-up",
        "Lung check",
        (vs.COPD,),
        (Check("visit", Every(6, "month")), Check("spirometry", Every(1, "year"), (codes.FEV1_TO_FVC,))),
        _seed(
            "Follow-up of chronic obstructive pulmonary disease",
            "the Global Initiative for Chronic Obstructive Lung Disease",
            "https://goldcopd.org/",
        ),
    ),
    Cadence(
        "CKD",
        "Chronic kidney disease follow-up",
        "Kidney check",
        (vs.CHRONIC_KIDNEY_DISEASE, vs.CKD_STAGE_5),
        (
            Check("visit", Every(6, "month")),
            Check("estimated glomerular filtration rate", Every(1, "year"), (vs.EGFR,)),
            Check("urine albumin", Every(1, "year"), (vs.URINE_ALBUMIN, vs.URINE_ALBUMIN_CREATININE_RATIO)),
        ),
        _seed(
            "Follow-up of chronic kidney disease",
            "KDIGO",
            "https://kdigo.org/guidelines/ckd-evaluation-and-management/",
        ),
    ),
    Cadence(
        "ASTHMA",
        "Asthma follow-up",
        "Asthma check",
        (vs.ASTHMA,),
        (Check("visit", Every(6, "month")),),
        _seed("Follow-up of asthma", "the Global Initiative for Asthma", "https://ginasthma.org/"),
    ),
    Cadence(
        "HF",
        "Heart failure follow-up",
        "Heart check",
        (vs.HEART_FAILURE,),
        (
            Check("visit", Every(3, "month")),
            Check("estimated glomerular filtration rate", Every(6, "month"), (vs.EGFR,)),
        ),
        _seed(
            "Follow-up of heart failure",
            "the American Heart Association",
            "https://doi.org/10.1161/CIR.0000000000001063",
        ),
    ),
)


def with_intervals(
    intervals: Mapping[str, Mapping[str, str]], cadences: Iterable[Cadence] = CADENCES
) -> tuple[Cadence, ...]:
    """The cadences with a practice's intervals: ``{"HF": {"visit": "2 months"}}``.

    Raises :class:`CriteriaError` (``measures.cadence``) for a condition, check or interval that there is not.
    """
    left = {id_: dict(checks) for id_, checks in intervals.items()}
    made = []
    for cadence in cadences:
        own = left.pop(cadence.id, {})
        checks = tuple(
            replace(check, every=_every(own.pop(check.name))) if check.name in own else check
            for check in cadence.checks
        )
        if own:
            raise CriteriaError("measures.cadence", f"{cadence.id} has no check named {', '.join(own)}.")
        source = replace(cadence.source, edition=_edition(checks)) if intervals.get(cadence.id) else cadence.source
        made.append(replace(cadence, checks=checks, source=source))
    if left:
        raise CriteriaError("measures.cadence", f"There is no cadence named {', '.join(left)}.")
    return tuple(made)


def _edition(checks: Iterable[Check]) -> str:
    """What the practice's own protocol says, in the place of a published edition."""
    return "the practice's protocol: " + ", ".join(f"{one.name} every {every_text(one.every)}" for one in checks)


def every_text(every: Every) -> str:
    """An interval in the words in which it is written: ``6 months``, ``year``."""
    return every.unit if every.amount == 1 else f"{every.amount} {every.unit}s"


def _every(text: str) -> Every:
    amount, _, word = text.strip().partition(" ")
    for unit in _UNITS:
        if word.strip().removesuffix("s") == unit and amount.isdecimal() and 0 < int(amount) <= 1000:
            return Every(int(amount), unit)  # type: ignore[arg-type]  # one of the units
    raise CriteriaError("measures.cadence", f"{text!r} is no interval; write it like '3 months'.")


def cadence_measure(cadence: Cadence) -> Measure:
    """The cadence as a measure of the chart: due as soon as one of its checks is."""
    return Measure(
        id=cadence.id,
        version=_READ,
        title=cadence.title,
        source=cadence.source,
        clinical=Clinical(
            plain_title=cadence.plain_title,
            source=cadence.source,
            choice="Follow-up",
            eligible=age(as_of).at_least(18) & has_now(*cadence.conditions),
            needs="all",
            closed_by=tuple(ClosedBy(check.name, check.events, check.every) for check in cadence.checks),
        ),
    )
