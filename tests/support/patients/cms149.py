"""Patients for CMS149, Dementia: Cognitive Assessment."""

from __future__ import annotations

from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import conditions_verified, observation_statuses, visit_rows

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms149 import CMS149, ENCOUNTERS_TO_ASSESS_COGNITION

OPEN, ASSESSED, DECLINED = "ip den", "ip den num", "ip den exc"
DEMENTIA = b.problem(vs.DEMENTIA, "2020-01-01")
VISIT = b.encounter(vs.OFFICE_VISIT, "2026-06-10T10:00", "2026-06-11T11:00")
OTHER = b.encounter(vs.PATIENT_PROVIDER_INTERACTION, "2026-07-01")


def assessment(when: str = "2026-06-10", until: str | None = None, **more: object) -> b.Event:
    return b.observation(vs.COGNITION_TOOLS, when, until, **{"value": codes.YES, **more})


def refusal(at: str = "2026-06-10", kind: b.Kind = vs.COGNITION_TOOLS, **more: object) -> b.Event:
    return b.observation(
        kind, **{"negated": True, "status": "cancelled", "reason": vs.PATIENT_REASON, "at": at, **more}
    )


def cms149() -> Table:
    table = Table(CMS149, born="1940-05-05", base=(DEMENTIA, VISIT, OTHER))
    table.row("not assessed", OPEN)
    table.row("one visit only", "-", DEMENTIA, VISIT, alone=True)
    table.row("three visits", OPEN, b.encounter(vs.OFFICE_VISIT, "2026-08-01"))
    table.row("no dementia", "-", VISIT, OTHER, alone=True)
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", DEMENTIA, OTHER)
    # With two other visits: the one with dementia must count by itself.
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-", DEMENTIA, OTHER, b.encounter(vs.PATIENT_PROVIDER_INTERACTION))
    visit_rows(table, vs.PATIENT_PROVIDER_INTERACTION, OPEN, "-", DEMENTIA, VISIT)
    for kind in ENCOUNTERS_TO_ASSESS_COGNITION:
        table.row(f"visit: {kind.name}", OPEN, DEMENTIA, OTHER, b.encounter(kind), alone=True)
        table.row(f"second visit: {kind.name}", OPEN, DEMENTIA, VISIT, b.encounter(kind, "2026-09-09"), alone=True)
    _dementia(table)
    _assessments(table)
    table.row("declined on the first day", DECLINED, refusal("2026-06-10"))
    table.row("declined on the last day of the visit", DECLINED, refusal("2026-06-11T23:00"))
    table.row("declined the day before", OPEN, refusal("2026-06-09"))
    table.row("declined the day after", OPEN, refusal("2026-06-12"))
    table.row("declined, alternative method", DECLINED, refusal(kind=vs.COGNITIVE_ASSESSMENT))
    table.row("not done, for another reason", OPEN, refusal(reason=vs.MEDICAL_REASON))
    table.row("a reason, but it was done", OPEN, refusal(negated=False, status="final"))
    table.row("declined and assessed", ASSESSED, refusal(), assessment())
    return table


def _dementia(table: Table) -> None:
    row = partial(table.row, alone=True)
    dementia = partial(b.condition, vs.DEMENTIA)
    conditions_verified(table, "dementia", lambda **more: (VISIT, OTHER, dementia(**more)), OPEN, "-", alone=True)
    row("dementia from the last day of the visit", OPEN, VISIT, OTHER, dementia("2026-06-11T23:00"))
    row("dementia from the day after the visit", "-", VISIT, OTHER, dementia("2026-06-12"))
    row("dementia until the last day of the year", "-", VISIT, OTHER, dementia("2020-01-01", "2026-12-31"))
    row("dementia until the day after the year", OPEN, VISIT, OTHER, dementia("2020-01-01", "2027-01-01T00:00"))
    row("dementia without an onset", "-", VISIT, OTHER, dementia("beginning"))
    row("dementia from birth on", OPEN, VISIT, OTHER, dementia("1940-05-05"))
    row("dementia begun at the visit, ended in the year", "-", VISIT, OTHER, dementia("2026-06-10", "2026-12-31"))
    over = partial(dementia, clinical="inactive", end=None)
    for when, what in (
        ("2026-06-09T23:00", "-"),
        ("2026-06-10T00:00", OPEN),
        ("2026-06-11T23:00", OPEN),
        ("2026-06-12T00:00", "-"),
    ):
        row(f"dementia from {when}, over and nobody said when", what, VISIT, OTHER, over(when))
        row(
            f"dementia from {when}, over and nobody said when, refuted",
            "-",
            VISIT,
            OTHER,
            over(when, verification="refuted"),
        )


def _assessments(table: Table) -> None:
    table.row("assessed", ASSESSED, assessment())
    table.row("alternative method", ASSESSED, b.observation(vs.COGNITIVE_ASSESSMENT, "2026-06-10", value=codes.YES))
    table.row("without a result", OPEN, b.observation(vs.COGNITION_TOOLS, "2026-06-10"))
    observation_statuses(table, assessment, ASSESSED, OPEN)
    table.window("assessed", assessment, ("2025-06-11", "2026-06-11"), ASSESSED, OPEN)
    table.row("assessed late on the last day of the visit", ASSESSED, assessment("2026-06-11T23:00"))
    table.row("begun before the window", OPEN, assessment("2025-06-10", "2025-06-11"))
    table.row("begun in the window, ended after it", ASSESSED, assessment("2026-06-11", "2026-06-13"))
    far = b.encounter(vs.OFFICE_VISIT, "2026-12-01")
    table.row("assessed for another visit", ASSESSED, far, assessment("2026-11-20"))
