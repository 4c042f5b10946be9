"""Patients into the store: a folder of Bundles, or generated ones; nothing to do when they are there already."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from .database import Database
from .search_params import PARAMS
from .settings import Bundles, Clock, SandboxSettings
from .staff import panels, practice_resources
from .store import Store

_LAYOUT = "1"  # raise when what is made out of the same patients changes
_REFERENCE = re.compile(rb'"reference"\s*:\s*"([^"\\]+)"')
_RELATIVE = re.compile(rb"^[A-Za-z]+/[A-Za-z0-9\-.]{1,64}$")
_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")


class LoadError(Exception):
    """A file that should hold patients cannot be read; the message names it."""


def load(settings: SandboxSettings, database: Database, store: Store, clock: Clock, bundles: Bundles | None) -> int:
    """Fill the store unless it holds these very patients; the number of resources now in it.

    ``bundles`` generates charts when ``settings.patients`` is None. Raises LoadError.
    """
    mark = _fingerprint(settings, clock)
    with database.read() as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = 'patients'").fetchone()
    if row is None or row[0] != mark:
        with database.write() as connection:
            _replace(connection, store, _charts(settings, clock, bundles))
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('patients', ?)", (mark,))
    with database.read() as connection:
        return int(connection.execute("SELECT count(*) FROM resource").fetchone()[0])


def _replace(connection: sqlite3.Connection, store: Store, charts: Iterable[dict[str, Any]]) -> None:
    for table in ("resource", "compartment", "portal_login", "ticket", "token", "consent_grant"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    store.put_many(connection, practice_resources())
    patients: dict[str, dict[str, Any]] = {}

    def noted() -> Iterator[dict[str, Any]]:
        for resource in charts:
            if resource["resourceType"] == "Patient":
                patients[resource["id"]] = resource
            yield resource

    store.put_many(connection, noted())
    _resolve_conditional(connection, store)
    store.put_many(connection, panels(patients.values()))
    names: set[str] = set()
    for patient in patients.values():
        connection.execute("INSERT INTO portal_login VALUES (?, ?)", (_login(patient, names), patient["id"]))


def _charts(settings: SandboxSettings, clock: Clock, bundles: Bundles | None) -> Iterator[dict[str, Any]]:
    if settings.patients is not None:
        files = _files(settings.patients)
        if not files:
            raise LoadError(f"{settings.patients}: no .json files of patients in this folder")
        for path in files:
            try:
                yield from _resources(path.read_bytes())
            except OSError as error:
                raise LoadError(f"{path}: {error.strerror}") from error
            except LoadError as error:
                raise LoadError(f"{path}: {error}") from error
        return
    if bundles is None:
        raise LoadError("no folder of patients was named, and there is no generator of patients")
    for bundle in bundles(settings.seed, _reference_date(settings, clock), settings.count):
        yield from _resources(msgspec.json.encode(bundle))


def _resources(raw: bytes) -> Iterator[dict[str, Any]]:
    """The resources of one Bundle (or a single resource), references between its entries made relative."""
    try:
        top = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise LoadError(f"not JSON: {error}") from error
    if not isinstance(top, dict) or "resourceType" not in top:
        raise LoadError("no FHIR resource")
    entries: list[dict[str, Any]] = top.get("entry", []) if top["resourceType"] == "Bundle" else [{"resource": top}]
    targets: dict[bytes, bytes] = {}
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise LoadError("an entry holds no resource")
        full_url = entry.get("fullUrl", "")
        if not _ID.match(str(resource.get("id", ""))):
            resource["id"] = _derived_id(full_url, resource)
        if full_url:
            targets[full_url.encode()] = f"{resource['resourceType']}/{resource['id']}".encode()
    if any(not _RELATIVE.match(found) for found in _REFERENCE.findall(raw)) and targets:
        resolved = _REFERENCE.sub(
            lambda m: b'"reference":"' + targets.get(m[1], m[1]) + b'"', msgspec.json.encode(entries)
        )
        entries = msgspec.json.decode(resolved)
    for entry in entries:
        if entry["resource"]["resourceType"] in PARAMS:
            yield entry["resource"]


def _derived_id(full_url: str, resource: Mapping[str, Any]) -> str:
    found = full_url.removeprefix("urn:uuid:")
    if full_url != found and _ID.match(found):
        return found
    content = msgspec.json.encode(resource, order="sorted")
    return str(uuid.uuid5(uuid.NAMESPACE_URL, full_url or hashlib.sha256(content).hexdigest()))


def _resolve_conditional(connection: sqlite3.Connection, store: Store) -> None:
    """Synthea's transactions name shared resources as ``Practitioner?identifier=system|value``."""
    rows = connection.execute(
        "SELECT body FROM resource WHERE instr(body, CAST('?identifier=' AS BLOB)) > 0"
    ).fetchall()
    if not rows:
        return
    known: dict[str, str] = {}
    for kind in ("Practitioner", "Organization", "Location", "Patient"):
        for (body,) in connection.execute("SELECT body FROM resource WHERE type = ?", (kind,)):
            resource = msgspec.json.decode(body)
            for identifier in resource.get("identifier", []):
                query = f"{kind}?identifier={identifier.get('system', '')}|{identifier.get('value', '')}"
                known[query] = f"{kind}/{resource['id']}"

    def resolve(found: re.Match[bytes]) -> bytes:
        text = found[1].decode()
        return b'"reference":"' + known.get(text, text).encode() + b'"'

    for (body,) in rows:
        resource = msgspec.json.decode(_REFERENCE.sub(resolve, body))
        resource["meta"].pop("versionId", None)
        store.put_many(connection, [resource])


def _login(patient: Mapping[str, Any], taken: set[str]) -> str:
    """A login name out of the patient's name, with a number where two share it."""
    name: dict[str, Any] = next(iter(patient.get("name", [])), {})
    parts = [*name.get("given", [])[:1], name.get("family", "")]
    plain = unicodedata.normalize("NFKD", ".".join(parts)).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z.]", "", plain).strip(".") or patient["id"]
    login, number = stem, 1
    while login in taken:
        number += 1
        login = f"{stem}{number}"
    taken.add(login)
    return login


def _fingerprint(settings: SandboxSettings, clock: Clock) -> str:
    if settings.patients is None:
        made = f"seed {settings.seed}, {settings.count} on {_reference_date(settings, clock)}"
    else:
        stats = [(path, path.stat()) for path in _files(settings.patients)]
        listing = "\n".join(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats)
        made = hashlib.sha256(listing.encode()).hexdigest()
    return f"{_LAYOUT} {made}"


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise LoadError(f"{folder}: no such folder")
    return sorted(folder.rglob("*.json"))


def _reference_date(settings: SandboxSettings, clock: Clock) -> date:
    return date.fromisoformat(settings.reference_date) if settings.reference_date else clock().date()
