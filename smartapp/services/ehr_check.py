"""What a registered server can and cannot do for us, measure by measure, from its own metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from launch.discovery import Discovery
from launch.fetch import Fetcher
from launch.issuers import RegisteredEhr
from smartapp.criteria.requirements import requirements
from smartapp.errors import AppError
from smartapp.services.capability import offered
from smartapp.services.enabled import Enabled


@dataclass(frozen=True, slots=True)
class EhrReport:
    """Lines to print, and whether every enabled measure can be fed."""

    lines: tuple[str, ...]
    feeds_all: bool


def check_ehr(ehr: RegisteredEhr, discovery: Discovery, fetcher: Fetcher, enabled: Enabled) -> EhrReport:
    """Read smart-configuration and CapabilityStatement; nothing of any patient is asked for."""
    lines = [f"{ehr.name}: {ehr.fhir_base}", *_sign_in(ehr, discovery)]
    try:
        statement = fetcher.get(f"{ehr.fhir_base}/metadata", {"Accept": "application/fhir+json"}).json_object()
    except AppError as error:
        return EhrReport((*lines, f"CapabilityStatement: {error.message}"), feeds_all=False)
    declared = offered(statement)
    version = statement.get("fhirVersion")
    lines.append(f"FHIR version: {version if isinstance(version, str) else 'not said'}")
    takes = [t for t in ("Communication", "CommunicationRequest", "Task") if "create" in declared.get(t, ())]
    lines.append(f"Portal delivery: {f'{takes[0]} create' if takes else 'none offered; staff paste the text'}")
    feeds_all = True
    for name, rules in enabled.rules.items():
        missing = sorted({n.resource_type for n in requirements(rules) if n.resource_type not in declared})
        essential = {n.resource_type for n in requirements(rules) if n.essential}
        if not missing:
            lines.append(f"  {name}: can be fed")
        elif essential & set(missing):
            feeds_all = False
            lines.append(f"  {name}: cannot be told without {', '.join(missing)}")
        else:
            lines.append(f"  {name}: can be fed; less exact without {', '.join(missing)}")
    return EhrReport(tuple(lines), feeds_all)


def _sign_in(ehr: RegisteredEhr, discovery: Discovery) -> Iterable[str]:
    if ehr.open:
        yield "Sign-in: none (open server)"
        return
    try:
        metadata = discovery.metadata(ehr)
    except AppError as error:
        yield f"Sign-in: {error.message}"
        return
    yield f"Sign-in: {metadata.authorization or 'no authorization endpoint'}"
    yield f"Token endpoint: {metadata.token or 'none'}"
    yield f"Revocation: {_yes(metadata.revocation)}; introspection: {_yes(metadata.introspection)}"
    if not (metadata.iss_in_response or ehr.own_callback):
        yield "Does not name itself in its answers: beside other EHRs, register it with --own-callback (RFC 9700, 4.4)"
    yield f"Scope syntax: {metadata.syntax(ehr)}"
    yield f"Capabilities: {', '.join(sorted(metadata.capabilities)) or 'none declared'}"


def _yes(endpoint: str | None) -> str:
    return "yes" if endpoint else "no"
