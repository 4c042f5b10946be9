"""``smartapp messages``: ask the content policy about texts."""

from __future__ import annotations

from typing import TextIO

import click


@click.group("messages")
def command() -> None:
    """Messages and the content policy."""


@command.command("classify")
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
def classify(file: TextIO) -> int:
    """Judge texts: NDJSON {"id","text","language"?,"names"?} in, what each reveals and where it may go out.

    Exit code 1 if a line could not be judged; it is named on stderr and the others are judged.
    """
    from smartapp.messages.classify_lines import BadLine, classify_lines

    judged = bad = 0
    try:
        for answer in classify_lines(file):
            if isinstance(answer, BadLine):
                bad += 1
                click.echo(f"smartapp: {answer}", err=True)
            else:
                judged += 1
                click.echo(answer)
    except UnicodeDecodeError:
        bad += 1
        click.echo("smartapp: the input is not UTF-8 text from here on", err=True)
    if bad and not judged:
        return 2
    return 1 if bad else 0
