"""``smartapp bench``: speed and memory, on data that it makes itself."""

from __future__ import annotations

import click


@click.command("bench")
@click.option("--patients", type=click.IntRange(1, 100_000_000), default=100_000, show_default=True, metavar="N")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(patients: int, as_json: bool) -> None:
    """Measure one chart, reading files, and computing a population of N patients of 60 events."""
    import json

    from smartapp.population.bench import Bench

    figures = Bench.of(lambda line: click.echo(line, err=True)).run(patients)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for part, found in figures.items():
        click.echo(part)
        for name, value in found.items():
            click.echo(f"  {name:24}{value:>16,}")
