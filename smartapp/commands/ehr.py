"""``smartapp ehr``: register EHRs, list them, and ask one what it can do for us."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from smartapp.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from launch.scopes import Scope
    from smartapp.services.enabled import ScopeReason

_AUTH = {"public": "public", "secret": "client_secret_basic", "private-key-jwt": "private_key_jwt"}


@click.group("ehr")
def command() -> None:
    """The EHRs that may launch the app. No other is ever answered."""


@command.command("add")
@click.argument("name")
@click.option("--preset", help="Start from a public sandbox: smart-health-it, meld, epic, oracle-health, hapi-open.")
@click.option("--fhir-base", help="The FHIR server's base address: iss and aud of a launch.")
@click.option("--issuer", help="The OpenID issuer, where it is not the FHIR base.")
@click.option("--client-id", help="This app's client id there.")
@click.option("--auth", type=click.Choice(sorted(_AUTH)), default=None, help="How the app authenticates.")
@click.option("--secret-env", metavar="VAR", help="Environment variable that holds the client secret.")
@click.option("--signing", type=click.Choice(["ES384", "RS384"]), default=None, help="For private-key-jwt.")
@click.option("--backend-client-id", help="Client id of the worker's backend service.")
@click.option("--frame-ancestor", "frame_ancestors", multiple=True, metavar="ORIGIN", help="Who may frame the app.")
@click.option("--scope-syntax", type=click.Choice(["auto", "v1", "v2", "v2-plain"]), default=None)
@click.option("--endpoint", "endpoints", multiple=True, metavar="NAME=URL", help="Replaces what discovery says.")
@click.option("--id-token-algorithm", "algorithms", multiple=True, metavar="ALG", help="Allowed for ID tokens.")
@click.option("--user", "users", multiple=True, metavar="REFERENCE=ROLE", help="A role of the practice's own list.")
@click.option(
    "--role-code", "role_codes", multiple=True, metavar="SYSTEM|CODE=ROLE", help="A role by PractitionerRole code."
)
@click.option("--tenant", help="Keeps this EHR's data apart.")
@click.option(
    "--own-callback",
    is_flag=True,
    help="A redirect address of its own, for an EHR that does not name itself in its answers (`ehr check` says so).",
)
@click.option("--open", "open_", is_flag=True, help="A server without authorization. Never with real patients.")
@click.option("--replace", is_flag=True, help="Replace the registration of that name.")
def add(name: str, preset: str | None, open_: bool, replace: bool, **options: Any) -> None:
    """Register an EHR and print the sheet to hand to its administrator."""
    from launch.issuers import RegisteredEhr
    from launch.registration import registration_sheet
    from smartapp.commands.context import core_from_environment

    core = core_from_environment()
    try:
        registration = RegisteredEhr.from_dict(_values(name, preset, open_, options))
    except ValueError as error:
        raise InputError("ehr.invalid", f"{error}.".replace("..", ".")) from None
    core.registry.save(registration, replace=replace)
    if registration.secret is not None:
        try:
            core.secrets.secret(registration.secret)
        except ConfigurationError as error:
            click.echo(f"smartapp: {error.message} Set it where the app and its worker run.", err=True)
    asked = {
        "the chart view": _reasons(core.enabled.scope_reasons("chart")),
        "the population view": _reasons(core.enabled.scope_reasons("population")),
    }
    if registration.backend_client_id is not None:
        asked["the backend service"] = [(scope, "to look again, then to deliver") for scope in core.backend.scopes]
    click.echo(registration_sheet(registration, asked, core.settings.public_url))


def _reasons(scopes: Iterable[ScopeReason]) -> list[tuple[Scope, str]]:
    return [(one.scope, "for " + ", ".join(one.needed_by) + ("" if one.essential else " (refines)")) for one in scopes]


def _values(name: str, preset_name: str | None, open_: bool, options: dict[str, Any]) -> dict[str, Any]:
    from launch.presets import preset

    values: dict[str, Any] = {"name": name}
    plain = ("fhir_base", "issuer", "client_id", "signing", "backend_client_id", "scope_syntax", "tenant")
    values |= {key: options[key] for key in plain if options[key] is not None}
    if options["auth"]:
        values["auth"] = _AUTH[options["auth"]]
    if options["secret_env"]:
        values["secret"] = f"env:{options['secret_env']}"
    if options["frame_ancestors"]:
        values["frame_ancestors"] = options["frame_ancestors"]
    if options["algorithms"]:
        values["id_token_algorithms"] = options["algorithms"]
    values |= {
        key: dict(_pair(one, key) for one in options[key])
        for key in ("endpoints", "users", "role_codes")
        if options[key]
    }
    values |= {key: True for key, is_set in (("open", open_), ("own_callback", options["own_callback"])) if is_set}
    if preset_name is not None:
        return preset(preset_name, **values)
    if "fhir_base" not in values:
        raise InputError("ehr.no-base", "--fhir-base is missing: the FHIR server's base address.")
    return values


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=") if option == "role_codes" else text.partition("=")
    if not (name and equals and value):
        raise InputError("ehr.pair", f"--{option.rstrip('s').replace('_', '-')} takes NAME=VALUE.")
    return name, value


@command.command("list")
def list_() -> None:
    """List the registered EHRs."""
    from smartapp.commands.context import core_from_environment

    for ehr in core_from_environment().registry.all():
        is_so = {"open": ehr.open, "own callback": ehr.own_callback, "untested": bool(ehr.untested_since)}
        marks = [word for word in is_so if is_so[word]]
        click.echo(f"{ehr.name}  {ehr.fhir_base}  {ehr.auth}  tenant {ehr.tenant}  {' '.join(marks)}".rstrip())


@command.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Remove an EHR. Its launches end at their next request."""
    from smartapp.commands.context import core_from_environment

    core_from_environment().registry.remove(name)
    click.echo(f"{name} is removed.")


@command.command("check")
@click.argument("name_or_base", metavar="ISSUER")
def check(name_or_base: str) -> int:
    """Read a registered server's metadata and say what it can do for us, measure by measure.

    Exit code 1 if a measure could not be fed.
    """
    from smartapp.commands.context import core_from_environment
    from smartapp.services.ehr_check import check_ehr

    core = core_from_environment()
    ehr = core.registry.by_name(name_or_base) or core.registry.by_fhir_base(name_or_base.rstrip("/"))
    if ehr is None:
        raise InputError("ehr.unknown", "This EHR is not registered; add it first with `smartapp ehr add`.")
    report = check_ehr(ehr, core.launch.discovery, core.fetcher, core.enabled)
    for line in report.lines:
        click.echo(line)
    return 0 if report.feeds_all else 1
