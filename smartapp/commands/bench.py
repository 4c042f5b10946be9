"""``smartapp bench``: speed and memory, on data that it makes itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


@click.command("bench")
@click.option("--patients", type=click.IntRange(1, 100_000_000), default=100_000, show_default=True, metavar="N")
@click.option("--queue", type=click.IntRange(1, 10_000_000), metavar="N", help="Measure the queue with N messages.")
@click.option("--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="Workers, with --queue.")
@click.option("--database", default="", help="Address of an empty database for --queue. Default: a SQLite file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(patients: int, queue: int | None, workers: int, database: str, as_json: bool) -> int:
    """Measure one chart, reading files, and computing a population of N patients of 60 events.

    With --queue the queue of messages instead; exit code 1 if one was lost or came twice.
    """
    import json

    def say(line: str) -> None:
        click.echo(line, err=True)

    if queue is None:
        from smartapp.population.bench import Bench

        figures = Bench.of(say).run(patients)
    else:
        from smartapp.messages.bench import run

        figures = {"queue": run(queue, workers, database, say)}
    _tell(figures, as_json, json.dumps)
    found = figures.get("queue", {})
    return 1 if any(found.get(name) for name in ("lost", "twice", "not_sent")) else 0


def _tell(figures: dict[str, Any], as_json: bool, dumps: Callable[[Any], str]) -> None:
    if as_json:
        click.echo(dumps(figures))
        return
    for part, found in figures.items():
        click.echo(part)
        for name, value in found.items():
            click.echo(f"  {name:28}{value if isinstance(value, str) else format(value, ','):>16}")
