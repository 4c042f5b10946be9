"""``smartapp scopes``: what the enabled measures and groups make the app ask for, and why."""

from __future__ import annotations

import click


@click.command("scopes")
@click.option("--view", type=click.Choice(["chart", "population"]), default="chart", show_default=True)
@click.option("--syntax", type=click.Choice(["v2", "v1"]), default="v2", show_default=True, help="SMART scope syntax.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(view: str, syntax: str, as_json: bool) -> None:
    """List the derived scopes, and for each the measures and groups that need it."""
    import json

    from smartapp.commands.context import core_from_environment

    reasons = core_from_environment().enabled.scope_reasons("chart" if view == "chart" else "population")
    for reason in reasons:
        scope = str(reason.scope) if syntax == "v2" else reason.scope.v1()
        if as_json:
            line = {"scope": scope, "needed_by": list(reason.needed_by), "essential": reason.essential}
            click.echo(json.dumps(line))
        else:
            refines = "" if reason.essential else "  (refines)"
            click.echo(f"{scope}{refines}\n    {', '.join(reason.needed_by)}")
