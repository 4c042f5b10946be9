"""FHIR resources in SQLite: one row each, an index by patient, and nothing else.

A chart has a few hundred resources of a type at most, so a search reads the patient's rows of that type and
tests them in Python: no index tables to fill means that a hundred charts load in seconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from .database import Database
from .search import reference_ids
from .settings import Clock, Entropy

Resource = dict[str, Any]

# Where each type names its patients (FHIR R4, CompartmentDefinition/patient, the paths that are used here).
_SUBJECTS = ("subject", "patient")
_PATHS = {
    "Appointment": ("participant.actor",),
    "CareTeam": ("subject", "participant.member"),
    "Communication": ("subject", "recipient", "sender"),
    "CommunicationRequest": ("subject", "recipient", "sender"),
    "Coverage": ("beneficiary", "policyHolder", "subscriber"),
    "Task": ("for",),
    "Group": (),
}


def patients_of(resource: Resource) -> set[str]:
    """The ids of the patients in whose compartment a resource is."""
    if resource["resourceType"] == "Patient":
        return {resource["id"]}
    paths = _PATHS.get(resource["resourceType"], _SUBJECTS)
    found = (reference for path in paths for reference in reference_ids(resource, path))
    return {ref.removeprefix("Patient/") for ref in found if ref.startswith("Patient/")}


def new_id(entropy: Entropy) -> str:
    """A resource id of 128 random bits, in characters that FHIR allows."""
    return entropy(16).hex()


class Store:
    """Reads and writes resources; every row carries ``meta.versionId`` and ``meta.lastUpdated``."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self.database = database
        self._clock = clock
        self._entropy = entropy

    def read(self, resource_type: str, resource_id: str) -> Resource | None:
        """One resource, or None."""
        with self.database.read() as connection:
            row = connection.execute(
                "SELECT body FROM resource WHERE type = ? AND id = ?", (resource_type, resource_id)
            ).fetchone()
        return None if row is None else msgspec.json.decode(row[0])

    def exists(self, reference: str) -> bool:
        """Whether a relative reference resolves here."""
        resource_type, _, resource_id = reference.partition("/")
        return self.read(resource_type, resource_id) is not None

    def scan(self, resource_type: str, patients: Iterable[str] | None = None) -> Iterator[Resource]:
        """All resources of a type, or those in the compartments of some patients, in a stable order."""
        with self.database.read() as connection:
            rows = _select(connection, resource_type, patients)
        return (msgspec.json.decode(row[0]) for row in rows)

    def put_many(self, connection: sqlite3.Connection, resources: Iterable[Resource]) -> int:
        """Write resources within a transaction, replacing what has the same type and id; how many."""
        updated = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        count = 0
        for resource in resources:
            self._put(connection, resource, updated)
            count += 1
        return count

    def save(self, resource: Resource) -> Resource:
        """Write one resource as a new version."""
        updated = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self.database.write() as connection:
            return self._put(connection, resource, updated, keep_time=False)

    def create(self, resource: Resource, unless: Any = None) -> tuple[Resource, bool]:
        """Create a resource under a new id; (resource, whether it is new).

        ``unless`` is a test over resources of this type: where exactly one passes it that one is returned
        instead (FHIR R4, conditional create). Check and insert are one transaction. Raises LookupError
        where several pass.
        """
        updated = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self.database.write() as connection:
            if unless is not None:
                rows = _select(connection, resource["resourceType"], None)
                existing = [found for row in rows if unless(found := msgspec.json.decode(row[0]))]
                if len(existing) > 1:
                    raise LookupError("several resources match")
                if existing:
                    return existing[0], False
            body = {**resource, "id": new_id(self._entropy)}
            return self._put(connection, body, updated, keep_time=False), True

    def _put(
        self, connection: sqlite3.Connection, resource: Resource, updated: str, *, keep_time: bool = True
    ) -> Resource:
        kind, resource_id = resource["resourceType"], resource["id"]
        row = connection.execute(
            "SELECT seq, version FROM resource WHERE type = ? AND id = ?", (kind, resource_id)
        ).fetchone()
        version = 1 if row is None else row[1] + 1
        meta = {**resource.get("meta", {}), "versionId": str(version)}
        meta["lastUpdated"] = meta.get("lastUpdated", updated) if keep_time else updated
        resource = {**resource, "meta": meta}
        body = msgspec.json.encode(resource)
        if row is None:
            cursor = connection.execute(
                "INSERT INTO resource (type, id, version, body) VALUES (?, ?, ?, ?)",
                (kind, resource_id, version, body),
            )
            seq = cursor.lastrowid
        else:
            seq = row[0]
            connection.execute("UPDATE resource SET version = ?, body = ? WHERE seq = ?", (version, body, seq))
            connection.execute("DELETE FROM compartment WHERE type = ? AND seq = ?", (kind, seq))
        for patient in patients_of(resource):
            connection.execute("INSERT INTO compartment VALUES (?, ?, ?)", (patient, kind, seq))
        return resource


def _select(
    connection: sqlite3.Connection, resource_type: str, patients: Iterable[str] | None
) -> Sequence[tuple[bytes]]:
    if patients is None:
        return connection.execute("SELECT body FROM resource WHERE type = ? ORDER BY seq", (resource_type,)).fetchall()
    wanted = sorted(set(patients))
    rows: dict[int, bytes] = {}
    for patient in wanted:
        rows.update(
            connection.execute(
                "SELECT seq, body FROM resource WHERE seq IN "
                "(SELECT seq FROM compartment WHERE patient = ? AND type = ?)",
                (patient, resource_type),
            ).fetchall()
        )
    return [(rows[seq],) for seq in sorted(rows)]
