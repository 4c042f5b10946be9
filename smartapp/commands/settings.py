"""``smartapp settings``: every setting as the documentation lists it, and the practice's choices of its measures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from smartapp.measures.choices import Choices

_AGAIN = "It holds from the next start of the app and its workers on."


@click.group("settings", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List every setting and the routing rules; choose the immunization schedule and cadences."""
    if context.invoked_subcommand is None:
        context.invoke(list_)
        click.echo("\nRouting rules, as they hold here:")
        context.invoke(rules)


@command.command("list")
def list_() -> None:
    """List every setting with its default and what it does."""
    from smartapp.config import describe

    for row in describe():
        click.echo(f"{row.variable}  ({row.type}, {row.default or 'empty'})\n    {row.description}")


@command.command("rules")
@click.option(
    "--file",
    "own",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Check a file before it is set. Default: the one that the settings name.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def rules(own: Path | None = None, as_json: bool = False) -> None:
    """Show the routing rules as they hold: each key, where it comes from, how far a practice may change it."""
    import json
    import os

    from smartapp.config import setting_of
    from smartapp.messages.routing import practice_rules

    for row in practice_rules(own or setting_of("routing_rules", os.environ)).rows:
        if as_json:
            click.echo(json.dumps({"key": row.key, "value": row.value, "source": row.source, "bound": row.bound}))
        else:
            click.echo(f"{row.key} = {row.value}  ({row.source}; a practice may choose: {row.bound})")


@command.command("schedule")
@click.argument("schedule", required=False)
def schedule(schedule: str | None) -> None:
    """Show the immunization schedules, or choose one for the practice."""
    from smartapp.commands.context import core_from_environment
    from smartapp.measures.schedules import SCHEDULES

    practice = core_from_environment().practice_choices
    chosen = practice.read() if schedule is None else practice.choose_schedule(schedule, actor="system")
    if schedule is not None:
        click.echo(f"chosen: {chosen.schedule.id}. {_AGAIN}")
        return
    for one in SCHEDULES.values():
        mark = "*" if one is chosen.schedule else " "
        click.echo(f"{mark} {one.id}  {one.source.steward}, {one.source.edition}; from {one.date}")


@command.command("cadence")
@click.argument("condition", required=False)
@click.argument("check", required=False)
@click.argument("every", required=False)
def cadence(condition: str | None, check: str | None, every: str | None) -> None:
    """Show how often chronic conditions are followed, or choose: HF visit "2 months"; "default" puts it back."""
    from smartapp.commands.context import core_from_environment
    from smartapp.errors import InputError

    practice = core_from_environment().practice_choices
    if condition is None:
        _show(practice.read())
        return
    if check is None or every is None:
        raise InputError("settings.cadence", 'Name a condition, a check and an interval: HF visit "2 months".')
    practice.choose_interval(condition, check, None if every == "default" else every, actor="system")
    click.echo(f"chosen: {condition} {check}, {every}. {_AGAIN}")


def _show(choices: Choices) -> None:
    from smartapp.measures.cadences import every_text, with_intervals

    for one in with_intervals(choices.intervals):
        click.echo(f"{one.id}  {one.title}")
        own = choices.intervals.get(one.id, {})
        for check in one.checks:
            whose = "the practice's" if check.name in own else "as the app comes"
            click.echo(f"    {check.name}: every {every_text(check.every)} ({whose})")
