"""From many patients' facts to their measures: the port of the population engine, and the chart's engine behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult
from smartapp.services.chart import ChartView
from smartapp.services.snapshot import Snapshot

Results = tuple[tuple[Measure, MeasureResult], ...]


class PanelEngine(Protocol):
    """Computes all enabled measures of a population for today: for each chart, in order, what the chart itself says."""

    def results(self, charts: Iterable[Snapshot]) -> Iterator[tuple[Snapshot, Results]]:
        """Each chart with its results, as it comes; charts may be many, so none is kept."""
        ...


class ChartPanelEngine:
    """One chart after the other with the chart's own engine. For the few thousand patients of one user's lists."""

    def __init__(self, evaluate: Callable[[Snapshot], ChartView]) -> None:
        """``evaluate`` is :meth:`smartapp.services.chart.ChartService.evaluate`."""
        self._evaluate = evaluate

    def results(self, charts: Iterable[Snapshot]) -> Iterator[tuple[Snapshot, Results]]:
        for chart in charts:
            yield (
                chart,
                tuple((m, result) for m, result in self._evaluate(chart).results if "population" in m.views),
            )
