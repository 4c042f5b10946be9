"""``smartapp audit``: check and read the audit trail."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import click


@click.group("audit")
def command() -> None:
    """The audit trail."""


@command.command("export")
@click.option("--since", metavar="DATE", help="The first day, in UTC. Default: from the beginning.")
@click.option("--tenant", help="Entries of one tenant. Default: all.")
def export(since: str | None, tenant: str | None) -> None:
    """Write the entries as FHIR AuditEvents, one a line, for a second system that keeps them.

    They name users and patients. The export is an entry of the trail itself.
    """
    import json
    from urllib.parse import urlsplit

    from smartapp.audit.fhir import audit_event
    from smartapp.commands.context import core_from_environment

    core, first = core_from_environment(), _first_moment(since)
    detail = {"since": since or "the beginning", "tenant": tenant or "all"}
    core.audit.record("audit.export", "success", actor="system", tenant=tenant or "default", detail=detail)
    observer = urlsplit(core.settings.public_url).netloc
    for entry in core.audit.entries(tenant=tenant, since=first):
        click.echo(json.dumps(audit_event(entry, observer)))


def _first_moment(day: str | None) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC)
    except ValueError:
        raise click.BadParameter("--since takes a day such as 2026-03-31.") from None


@command.command("verify")
def verify() -> int:
    """Check that no entry was changed, removed or cut off. Exit code 1 if one was."""
    from smartapp.commands.context import core_from_environment

    verdict = core_from_environment().audit.verify()
    if verdict.intact:
        click.echo(f"{verdict.entries} entries, intact")
        return 0
    click.echo(f"Broken at entry {verdict.broken_at}: {verdict.problem}", err=True)
    return 1
