"""A computed population in figures: for each measure how many patients are in which status."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from smartapp.measures.model import Measure
from smartapp.population.compute import result_table
from smartapp.population.store import Store


@dataclass(frozen=True, slots=True)
class Figures:
    """One measure: patients by the chart's status; for each group the populations, added up."""

    measure: str
    clinical: Counter[str]
    groups: dict[str, tuple[int, ...]]


def summary(store: Store, measures: Iterable[Measure]) -> list[Figures]:
    """The figures of each measure, from the vectors and how many patients have each."""
    made = []
    for measure in measures:
        rows = store.connection.execute(
            f"SELECT v.body, count(*) FROM {result_table(measure)} r JOIN vector v "
            "ON v.measure = ? AND v.number = r.v GROUP BY v.body",
            [measure.id],
        ).fetchall()
        clinical: Counter[str] = Counter()
        groups: dict[str, tuple[int, ...]] = {}
        for text, count in rows:
            body = json.loads(text)
            clinical[body["clinical_status"]] += count
            for group, (_, *populations) in body["rates"].items():
                before = groups.get(group, (0,) * len(populations))
                groups[group] = tuple(a + b * count for a, b in zip(before, populations, strict=True))
        made.append(Figures(measure.id, clinical, groups))
    return made
