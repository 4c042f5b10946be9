"""``smartapp population``: the practice's patients from files into an encrypted database, and all measures by SQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from smartapp.config import Settings
    from smartapp.population.store import Store


@click.group("population")
def command() -> None:
    """Many patients at once. The database is encrypted; its key is derived from the app's secret key."""


@command.command("refresh")
@click.argument("patients", nargs=-1, required=True, metavar="PATIENTS...", type=click.Path(path_type=Path))
def refresh(patients: tuple[Path, ...]) -> int:
    """Read Bundles, folders or NDJSON. Files that did not change since the last time are not read again.

    Files that are not named any more are taken out. Exit code 1: some input was skipped, each named on standard error;
    2: there was nothing to read, and the database is as it was or holds nobody.
    """
    import os

    from smartapp.config import load
    from smartapp.errors import InputError
    from smartapp.population.charts import Reading
    from smartapp.population.files import find_files
    from smartapp.population.ingest import ingest

    found, reading = find_files(patients), Reading()
    if not found.files:  # a slip of the pen, or a disk that is not mounted, is no order to take everybody out
        names = ", ".join(map(str, patients))
        raise InputError("population.no-patients", f"There are no JSON or NDJSON files: {names}.")
    with _open(load(os.environ)) as store:
        done = ingest(store, found, reading)
        is_empty = store.connection.execute("SELECT 1 FROM resource LIMIT 1").fetchone() is None
    for line in (*reading.notes, *reading.problems):
        click.echo(f"smartapp: {line}", err=True)
    if is_empty:
        raise InputError("population.nothing", "Nobody is in the database: the files have no patient that can be read.")
    click.echo(f"{done.files} files read, {done.gone} taken out, {done.rows} resources")
    return 1 if reading.problems else 0


@command.command("compute")
@click.option("--period", nargs=2, metavar="START END", help="First and last day; default: this calendar year.")
@click.option("--as-of", metavar="DATE", help="Day of evaluation; default: today, but no later than the period's end.")
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="spark: the same SQL on Spark; needs the extra of that name, and Java 17.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write every patient's lines here.")
@click.option("--groups", type=click.Path(dir_okay=False, path_type=Path), help="Write every patient's groups here.")
def compute(
    period: tuple[str, str] | None, as_of: str | None, engine: str, output: Path | None, groups: Path | None
) -> None:
    """Compute the enabled measures and groups: of all patients, or of those who changed since the last time."""
    from smartapp.commands.context import core_from_environment
    from smartapp.population.compute import Population
    from smartapp.population.engines import DuckDB
    from smartapp.population.evaluating import when, writer
    from smartapp.population.memberships import Memberships, group_figures, membership_line
    from smartapp.population.results import Lines
    from smartapp.population.spark import Spark
    from smartapp.population.summary import summary
    from smartapp.services.enabled import chosen

    core = core_from_environment()
    settings, measures = core.settings, core.measures
    today = core.outside.clock().astimezone(settings.time_zone).date()
    days = period or (f"{today.year}-01-01", f"{today.year}-12-31")
    times = when(days, as_of or min(today.isoformat(), days[1]))
    names = chosen(None if settings.measures == ("*",) else settings.measures, measures, "measure")
    value_sets = core.value_sets
    population = Population.of([measures[name] for name in names], core.enabled.groups)
    with _open(settings) as store:
        done = population.compute(store, value_sets, times, Spark() if engine == "spark" else DuckDB())
        click.echo(f"{done.patients} of {done.all_patients} patients computed")
        for figures in summary(store, [one.measure for one in population.vectors]):
            said = ", ".join(f"{status} {count}" for status, count in figures.clinical.most_common())
            click.echo(f"{figures.measure}: {said}")
        for group, members, cannot_tell in group_figures(store, population.groups):
            click.echo(f"{group}: members {members}, cannot-tell {cannot_tell}")
        if groups is not None:
            with writer(groups) as write:
                for patient, found in Memberships(store, population.groups, value_sets, times).all():
                    for one in found:
                        write(membership_line(patient, one))
        if output is not None:
            with writer(output) as write:
                for line in Lines(store, population, value_sets, times).all():
                    write(line)


def _open(settings: Settings) -> Store:
    """The database of the settings; what an earlier secret key encrypted still opens."""
    from smartapp.errors import ConfigurationError
    from smartapp.population.store import Store, population_key

    path = settings.data_dir / "population.duckdb"
    keys = [population_key(key) for key in (settings.secret_key, *settings.previous_secret_keys)]
    for key in keys[:-1]:
        try:
            return Store.open(path, key)
        except ConfigurationError as error:
            if error.code != "population.locked":
                raise
    return Store.open(path, keys[-1])
