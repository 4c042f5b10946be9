"""``smartapp valuesets``: take official value sets, which replace the shipped ones by canonical URL."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("valuesets")
def command() -> None:
    """The code lists that the measures rest on."""


@command.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_(folder: Path, dry_run: bool) -> int:
    """Take official expansions (FHIR ValueSet JSON) from FOLDER and say which measures change.

    A file that cannot be used is named and leaves what is loaded as it is. Exit code 1 if there was one.
    """
    from smartapp.commands.context import core_from_environment
    from smartapp.criteria.official import read_folder
    from smartapp.criteria.valuesets import import_folder
    from smartapp.errors import InputError

    core = core_from_environment()
    report = import_folder(folder, core.value_sets)
    for problem in report.problems:
        click.echo(f"smartapp: {problem.text}", err=True)
    if not report.sets:
        raise InputError("valuesets.none", f"No value set in {folder} can be used.")
    if not dry_run:
        core.audit.record(
            "valuesets.import", "success", actor="system", tenant="default", detail={"sets": str(len(report.sets))}
        )
        core.value_set_folder.mkdir(parents=True, exist_ok=True)
        for one in read_folder(folder):
            if one.expansion is not None:
                _keep(one.path, core.value_set_folder / _name(one.url))
    click.echo(f"{len(report.added)} value sets added, {len(report.replaced)} replaced, {len(report.changed)} changed.")
    touched = report.touched(core.enabled.rules)
    click.echo(f"Changed by it: {', '.join(touched) or 'no enabled measure or group'}")
    return 1 if report.problems else 0


def _keep(source: Path, place: Path) -> None:
    """Copy a file so that a reader sees the old one or the new one, never half of it."""
    part = place.with_suffix(".part")
    part.write_bytes(source.read_bytes())
    part.replace(place)


def _name(url: str) -> str:
    from hashlib import sha256

    return f"{sha256(url.encode()).hexdigest()[:32]}.json"
