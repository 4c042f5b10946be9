"""``smartapp messages``: ask the content policy about texts."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click


@click.group("messages")
def command() -> None:
    """Messages and the content policy."""


@command.command("wordings")
@click.option("--tenant", default="default", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def wordings(tenant: str, as_json: bool) -> None:
    """List the wordings of the practice's messages, and who approved each."""
    import json

    from smartapp.commands.context import core_from_environment

    approvals = core_from_environment().approvals
    held = approvals.all(tenant)
    for template in sorted(approvals.catalogue.templates.values(), key=lambda one: one.id):
        for language in template.wordings:
            found = held.get((template.id, language))
            line = {
                "template": template.id,
                "version": template.version,
                "language": language,
                "approved_by": found.approver if found else None,
                "approved_at": found.at.isoformat(timespec="seconds") if found else None,
            }
            if as_json:
                click.echo(json.dumps(line))
            else:
                said = f"approved by {found.approver} on {found.at:%Y-%m-%d}" if found else "not approved"
                click.echo(f"{template.id}@{template.version}  {language}  {said}")


@command.command("approve")
@click.argument("template")
@click.option("--language", default="en", show_default=True)
@click.option("--by", required=True, help="Who read it: the name that the audit trail keeps.")
@click.option("--tenant", default="default", show_default=True)
@click.option("--withdraw", is_flag=True, help="Take the approval back instead.")
def approve(template: str, language: str, by: str, tenant: str, withdraw: bool) -> None:
    """Approve one wording for its version: sequences may send it, and a translation may be used."""
    from smartapp.commands.context import core_from_environment

    approvals = core_from_environment().approvals
    if withdraw:
        approvals.withdraw(tenant, template, language, actor=by)
        return
    held = approvals.catalogue.get(template)
    if language not in held.wordings:
        raise click.ClickException(f"{template} has no wording in {language}.")
    approvals.approve(tenant, template, language, digest=held.digest(language), actor=by)
    wording = held.wordings[language]
    click.echo(f"approved: {template}@{held.version} {language}\n{wording.subject}\n{wording.body}")


@command.command("classify")
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@click.option(
    "--practice-words",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="SMARTAPP_PRACTICE_WORDS",
    help="TOML file of the practice's own words.",
)
def classify(file: TextIO, practice_words: Path | None) -> int:
    """Judge texts: NDJSON {"id","text","language"?,"names"?} in, what each reveals and where it may go out.

    A line may hold the message's subject, sender, link, file_name and preview, too: the most telling part decides.

    Exit code 1 if a line could not be judged; it is named on stderr and the others are judged.
    """
    from smartapp.messages.classify_lines import BadLine, classify_lines

    if practice_words is not None:
        from smartapp.messages.policy.practice import read_practice_words, use_practice_words

        use_practice_words(read_practice_words(practice_words))
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
