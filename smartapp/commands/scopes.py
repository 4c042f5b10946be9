"""``smartapp scopes``: what the enabled measures and groups make the app ask for, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from smartapp.services.enabled import Enabled


@click.command("scopes")
@click.option("--view", type=click.Choice(["chart", "population"]), default="chart", show_default=True)
@click.option("--syntax", type=click.Choice(["v2", "v1"]), default="v2", show_default=True, help="SMART scope syntax.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(view: str, syntax: str, as_json: bool) -> None:
    """List the derived scopes, and for each the measures and groups that need it."""
    import json

    reasons = _enabled().scope_reasons("chart" if view == "chart" else "population")
    for reason in reasons:
        scope = str(reason.scope) if syntax == "v2" else reason.scope.v1()
        if as_json:
            line = {"scope": scope, "needed_by": list(reason.needed_by), "essential": reason.essential}
            click.echo(json.dumps(line))
        else:
            refines = "" if reason.essential else "  (refines)"
            click.echo(f"{scope}{refines}\n    {', '.join(reason.needed_by)}")


def _enabled() -> Enabled:
    """What this installation enables; where there is none yet, what the settings that are there would enable."""
    import os

    from smartapp.commands.context import core_from_environment
    from smartapp.config import load
    from smartapp.criteria.valuesets import ValueSets
    from smartapp.errors import ConfigurationError
    from smartapp.foundation import enabled_by
    from smartapp.measures.catalogue import MEASURES

    try:
        return core_from_environment().enabled
    except ConfigurationError as error:
        if error.code != "config.missing":
            raise
        missing = error.message.partition(":")[0]
        click.echo(f"{missing}: the scopes of a new installation.", err=True)
    stand_ins = {"SMARTAPP_PUBLIC_URL": "http://localhost", "SMARTAPP_SECRET_KEY": os.urandom(32).hex()}
    return enabled_by(load({**stand_ins, **os.environ}), MEASURES, ValueSets.load())
