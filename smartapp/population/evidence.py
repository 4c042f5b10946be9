"""The resources behind an answer, as ``smartapp evaluate --evidence`` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from smartapp.criteria.evaluate import Outcome
from smartapp.criteria.nodes import Node
from smartapp.facts.events import Event
from smartapp.facts.instants import day_of, is_finite
from smartapp.measures.model import Measure


def evidence_of(measure: Measure, kleene: Outcome) -> Mapping[str, list[dict[str, Any]]]:
    """For each group (``Clinical`` for a measure without): the certain events behind each named step, each once."""
    groups: dict[str, list[Node]] = {}
    chart = [measure.clinical.eligible, *(reason.part for reason in measure.clinical.excluded)]
    chart += [closed.events for closed in measure.clinical.closed_by]
    for rate in measure.rates:
        reasons = (*rate.exclusions, *rate.exceptions, *rate.numerator_exclusions)
        groups[rate.id] = [rate.initial_population, rate.denominator, rate.numerator, *(r.part for r in reasons)]
    return {group: _rows([*nodes, *chart], kleene) for group, nodes in (groups or {"Clinical": []}).items()}


def _rows(nodes: Iterable[Node], kleene: Outcome) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for node in nodes:
        for step in kleene.explain(node):
            for event in step.events:
                rows.setdefault((step.name, event.reference), _row(event, step.name))
    return list(rows.values())


def _row(event: Event, step: str) -> dict[str, Any]:
    code = next((f"{c.system}|{c.code}" for c in event.codes if c.slot == "code"), None)
    at = event.latest if event.latest is not None else event.at
    day = day_of(at).isoformat() if at is not None and is_finite(at) else None
    return {"resource": event.reference, "code": code, "date": day, "step": step}
