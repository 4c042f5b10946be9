"""The ``smartapp`` command. Commands are loaded when they are called, so that ``--help`` is instant."""

from __future__ import annotations

import importlib
import sys

import click

from smartapp.errors import AppError

COMMANDS = {
    "demo": "smartapp.commands.demo",
    "serve": "smartapp.commands.serve",
    "worker": "smartapp.commands.worker",
    "ehr": "smartapp.commands.ehr",
    "scopes": "smartapp.commands.scopes",
    "evaluate": "smartapp.commands.evaluate",
    "valuesets": "smartapp.commands.valuesets",
    "messages": "smartapp.commands.messages",
    "population": "smartapp.commands.population",
    "bench": "smartapp.commands.bench",
    "audit": "smartapp.commands.audit",
    "keys": "smartapp.commands.keys",
    "db": "smartapp.commands.db",
    "settings": "smartapp.commands.settings",
}


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own, each with a ``command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="smartapp")
def smartapp() -> None:
    """Care that is due, inside the EHR; outreach that leaves by the safe channel only."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command. Exit code 0: done; 1: done in part or not true; 2: bad input, said in one line on stderr."""
    try:
        code = smartapp.main(args=arguments, prog_name="smartapp", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        _say(" ".join(error.format_message().split()))
        sys.exit(2)
    except AppError as error:
        _say(f"{error.message} [{error.code}]")
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _say(line: str) -> None:
    click.echo(f"smartapp: {line}", err=True)
