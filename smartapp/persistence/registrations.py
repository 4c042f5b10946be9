"""Registered EHRs, their secrets and the app's signing keys: the launch's ports on the database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from launch.issuers import RegisteredEhr
from launch.ports import Clock, Vault
from smartapp.audit.trail import AuditTrail
from smartapp.errors import ConfigurationError, InputError, NotFoundError
from smartapp.persistence.engine import reading, writing
from smartapp.persistence.tables import ehr, key_document, secret
from smartapp.persistence.vault import VaultError, context_of

_STORED = "stored:"
_ENVIRONMENT = "env:"


def ehr_context(name: str) -> bytes:
    """The place of a registration."""
    return context_of("", "ehr", "sealed", name)


def secret_context(name: str) -> bytes:
    """The place of a stored secret."""
    return context_of("", "secret", "sealed", name)


class SqlEhrRegistry:
    """The :class:`launch.ports.EhrRegistry` on the database.

    Registrations are sealed: whoever can write to the database cannot point a registration elsewhere. Each
    change and its audit entry are one transaction.
    """

    def __init__(self, engine: Engine, vault: Vault, audit: AuditTrail, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._audit = audit
        self._clock = clock

    def by_fhir_base(self, fhir_base: str) -> RegisteredEhr | None:
        """The EHR registered under exactly this FHIR base."""
        found = self._one(ehr.c.fhir_base == fhir_base)
        return found if found is not None and found.fhir_base == fhir_base else None

    def by_name(self, name: str) -> RegisteredEhr | None:
        """The EHR registered under exactly this name."""
        return self._one(ehr.c.name == name)

    def all(self) -> Sequence[RegisteredEhr]:
        """Every registered EHR, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(ehr).order_by(ehr.c.name)).all()
        return [self._opened(row) for row in rows]

    def save(self, registration: RegisteredEhr, *, replace: bool = False) -> None:
        """Add a registration, or with ``replace`` put it in the place of the one of its name.

        Raises :class:`InputError` if the name or the FHIR base is taken.
        """
        document = json.dumps(registration.to_dict()).encode()
        values: dict[str, Any] = {
            "name": registration.name,
            "fhir_base": registration.fhir_base,
            "tenant": registration.tenant,
            "sealed": self._vault.encrypt(document, ehr_context(registration.name)),
            "updated_at": self._clock(),
        }
        try:
            with writing(self._engine) as connection:
                if replace:
                    connection.execute(delete(ehr).where(ehr.c.name == registration.name))
                connection.execute(insert(ehr).values(**values))
                self._record(connection, "ehr.register", registration.tenant, registration.name)
        except IntegrityError:
            raise InputError(
                "ehr.taken", f"An EHR is already registered as {registration.name} or under its FHIR base."
            ) from None

    def remove(self, name: str) -> None:
        """Take a registration out. Raises :class:`NotFoundError` if there is none of that name."""
        with writing(self._engine) as connection:
            tenant = connection.execute(delete(ehr).where(ehr.c.name == name).returning(ehr.c.tenant)).scalar()
            if tenant is None:
                raise NotFoundError("ehr.unknown", f"No EHR is registered as {name}.")
            self._record(connection, "ehr.remove", tenant, name)

    def _record(self, connection: Connection, action: str, tenant: str, name: str) -> None:
        self._audit.record_in(connection, action, "success", actor="system", tenant=tenant, detail={"ehr": name})

    def _one(self, condition: Any) -> RegisteredEhr | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(ehr).where(condition)).one_or_none()
        return None if row is None else self._opened(row)

    def _opened(self, row: Any) -> RegisteredEhr:
        registration = RegisteredEhr.from_dict(json.loads(self._vault.decrypt(row.sealed, ehr_context(row.name))))
        if registration.fhir_base != row.fhir_base or registration.tenant != row.tenant:
            raise VaultError
        return registration


class Secrets:
    """The :class:`launch.ports.SecretSource`: ``env:NAME``, or ``stored:NAME`` sealed in the database."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock, environ: Mapping[str, str]) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock
        self._environ = environ

    def secret(self, reference: str) -> str:
        """The secret behind a reference. Raises :class:`ConfigurationError` if there is none."""
        if reference.startswith(_ENVIRONMENT):
            name = reference.removeprefix(_ENVIRONMENT)
            if self._environ.get(name):
                return self._environ[name]
        elif reference.startswith(_STORED):
            name = reference.removeprefix(_STORED)
            with reading(self._engine) as connection:
                sealed = connection.execute(select(secret.c.sealed).where(secret.c.name == name)).scalar()
            if sealed is not None:
                return self._vault.decrypt(sealed, secret_context(name)).decode()
        raise ConfigurationError("config.no-secret", f"There is no secret behind {reference}.", status=500)

    def store(self, name: str, value: str) -> str:
        """Keep a secret, sealed, in the place of an earlier one; return its reference."""
        sealed = self._vault.encrypt(value.encode(), secret_context(name))
        with writing(self._engine) as connection:
            connection.execute(delete(secret).where(secret.c.name == name))
            connection.execute(insert(secret).values(name=name, sealed=sealed, updated_at=self._clock()))
        return _STORED + name


class SqlKeyStore:
    """The :class:`launch.ports.KeyStore`: one sealed document with the app's own signing keys."""

    NAME = "signing"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load_keys(self) -> bytes | None:
        """The sealed keys as last committed; None before the first."""
        with reading(self._engine) as connection:
            wanted = select(key_document.c.sealed).where(key_document.c.name == self.NAME)
            return connection.execute(wanted).scalar()

    def store_keys(self, sealed: bytes, replacing: bytes | None) -> bool:
        """Store if what is stored is still ``replacing``; say whether it was."""
        table = key_document
        try:
            with writing(self._engine) as connection:
                if replacing is None:
                    connection.execute(insert(table).values(name=self.NAME, sealed=sealed))
                    return True
                same = (table.c.name == self.NAME) & (table.c.sealed == replacing)
                return connection.execute(update(table).where(same).values(sealed=sealed)).rowcount == 1
        except IntegrityError:
            return False
