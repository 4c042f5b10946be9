"""``smartapp worker``: deliver what was approved."""

from __future__ import annotations

import click


@click.command("worker")
@click.option("--once", is_flag=True, help="Handle what is due now and stop.")
def command(once: bool) -> None:
    """Deliver approved messages into the patient portal. Any number of workers may run."""
    from smartapp.commands.context import core_from_environment, read_the_lexicon_soon
    from smartapp.messages.worker import run_until_signalled

    worker = core_from_environment().worker
    if once:
        click.echo(f"{worker.drain()} messages handled")
    else:
        read_the_lexicon_soon()
        run_until_signalled(worker)
