"""``smartapp evaluate``: measures for the patients of files, one JSON line for each patient and group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("evaluate")
@click.argument("patients", nargs=-1, required=True, metavar="PATIENTS...")
@click.option(
    "--value-sets",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of FHIR ValueSets with expansions, in place of the shipped ones.",
)
@click.option(
    "--measure", "measures", multiple=True, metavar="ID", help="Such as CMS125; again for more. Default: all."
)
@click.option("--period", nargs=2, metavar="START END", required=True, help="First and last day of the period.")
@click.option("--as-of", metavar="DATE", help="Day of evaluation; later events don't count. Default: the period's end.")
@click.option("--engine", type=click.Choice(["chart", "population"]), default="chart", show_default=True)
@click.option("--schedule", metavar="ID", help="Immunization schedule, such as aap-2026. Default: cdc-2025.")
@click.option(
    "--cadence", "cadences", multiple=True, metavar="RULE", help="Such as 'HF visit=2 months'; again for more."
)
@click.option("--format", "format_", type=click.Choice(["lines", "deqm"]), default="lines", show_default=True)
@click.option("--evidence", is_flag=True, help="The resources behind each answer (chart engine).")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: standard output."
)
def command(patients: tuple[str, ...], output: Path | None, **options: Any) -> int:
    """Evaluate measures for the patients of Bundles, folders of them at any depth, or NDJSON files.

    Exit code 0: all done; 1: some input was skipped, each named on standard error; 2: nothing done.
    """
    from smartapp.measures.choices import choices_of
    from smartapp.population.evaluating import Request, evaluate, when

    request = Request.of(
        patients=patients,
        value_sets=options["value_sets"],
        measures=options["measures"],
        times=when(options["period"], options["as_of"]),
        engine=options["engine"],
        evidence=options["evidence"],
        deqm=options["format_"] == "deqm",
        known=choices_of(options["schedule"], options["cadences"]).measures,
    )
    return evaluate(request, output, lambda line: click.echo(f"smartapp: {line}", err=True))
