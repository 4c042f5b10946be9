"""Registrations, secrets, signing keys, practice settings, remarks and runs, on a real database."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from support.storage import Storage, open_storage

from launch.issuers import RegisteredEhr
from smartapp.errors import AppError, NotFoundError
from smartapp.persistence import tables
from smartapp.persistence.engine import reading
from smartapp.persistence.practice import GapRemarks, PracticeSettings
from smartapp.persistence.reencrypt import reencrypt
from smartapp.persistence.registrations import Secrets, SqlEhrRegistry, SqlKeyStore
from smartapp.persistence.vault import VaultError

EHR = RegisteredEhr(
    name="demo",
    fhir_base="https://ehr.invalid/fhir",
    client_id="app",
    auth="private_key_jwt",
    frame_ancestors=("https://ehr.invalid",),
    users={"Practitioner/7": "coordinator"},
    tenant="clinic",
)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(tmp_path)


@pytest.fixture
def registry(storage: Storage) -> SqlEhrRegistry:
    return SqlEhrRegistry(storage.engine, storage.vault, storage.audit, storage.clock)


@pytest.fixture
def remarks(storage: Storage) -> GapRemarks:
    numbers = iter(range(1, 100))
    return GapRemarks(
        storage.engine, storage.vault, storage.audit, storage.clock, lambda n: next(numbers).to_bytes(n, "big")
    )


def test_a_registration_is_found_by_name_and_by_exact_base(registry: SqlEhrRegistry) -> None:
    registry.save(EHR)
    registry.save(replace(EHR, name="another", fhir_base="https://other.invalid/fhir", issuer="https://other.invalid"))
    assert registry.by_name("demo") == EHR
    assert registry.by_fhir_base("https://ehr.invalid/fhir") == EHR
    assert [ehr.name for ehr in registry.all()] == ["another", "demo"]
    for near in ("https://ehr.invalid/FHIR", "https://ehr.invalid/fhir/", "https://ehr.invalid/fhi_", ""):
        assert registry.by_fhir_base(near) is None


def test_a_name_and_a_base_are_registered_once(registry: SqlEhrRegistry) -> None:
    registry.save(EHR)
    with pytest.raises(AppError, match="already"):
        registry.save(EHR)
    with pytest.raises(AppError, match="already"):
        registry.save(replace(EHR, name="second"))
    registry.save(replace(EHR, client_id="new"), replace=True)
    found = registry.by_name("demo")
    assert found is not None
    assert found.client_id == "new"
    registry.remove("demo")
    assert registry.all() == []
    with pytest.raises(NotFoundError):
        registry.remove("demo")


def test_l02_a_registration_changes_with_its_audit_entry_or_not_at_all(
    storage: Storage, registry: SqlEhrRegistry
) -> None:
    registry.save(EHR)
    registry.remove("demo")
    said = [(one.action, one.tenant, one.detail) for one in storage.audit.entries()]
    assert said == [("ehr.register", EHR.tenant, {"ehr": "demo"}), ("ehr.remove", EHR.tenant, {"ehr": "demo"})]
    registry.save(EHR)
    with sqlite3.connect(storage.path) as connection:
        connection.execute("DELETE FROM audit_head")
    connection.close()
    for change in (lambda: registry.remove("demo"), lambda: registry.save(replace(EHR, client_id="x"), replace=True)):
        with pytest.raises(AppError, match="audit trail"):
            change()
    assert registry.by_name("demo") == EHR


def test_a_registration_cannot_be_moved_to_another_base_in_the_database(
    storage: Storage, registry: SqlEhrRegistry
) -> None:
    registry.save(EHR)
    connection = sqlite3.connect(storage.path)
    connection.execute("UPDATE ehr SET fhir_base = 'https://evil.invalid/fhir'")
    connection.commit()
    connection.close()
    with pytest.raises(VaultError):
        registry.by_fhir_base("https://evil.invalid/fhir")


def test_secrets_come_from_the_environment_or_from_a_sealed_row(storage: Storage) -> None:
    secrets = Secrets(storage.engine, storage.vault, storage.clock, {"EHR_SECRET": "from-environ"})
    assert secrets.secret("env:EHR_SECRET") == "from-environ"
    assert secrets.store("demo", "in-the-vault") == "stored:demo"
    secrets.store("demo", "in-the-vault-now")
    assert secrets.secret("stored:demo") == "in-the-vault-now"
    for reference in ("env:NO_SUCH", "stored:none", "EHR_SECRET", ""):
        with pytest.raises(AppError, match="There is no secret"):
            secrets.secret(reference)
    assert all(b"in-the-vault" not in file.read_bytes() for file in storage.path.parent.iterdir())


def test_signing_keys_are_replaced_only_by_whoever_knew_them(storage: Storage) -> None:
    keys = SqlKeyStore(storage.engine)
    assert keys.load_keys() is None
    assert not keys.store_keys(b"b", replacing=b"a")
    assert keys.store_keys(b"a", replacing=None)
    assert not keys.store_keys(b"b", replacing=None)
    assert not keys.store_keys(b"b", replacing=b"c")
    assert keys.store_keys(b"b", replacing=b"a")
    assert keys.load_keys() == b"b"


def test_a_practice_setting_is_per_tenant_and_audited(storage: Storage) -> None:
    settings = PracticeSettings(storage.engine, storage.audit, storage.clock)
    assert settings.get("clinic", "measures", ["*"]) == ["*"]
    settings.put("clinic", "measures", ["CMS122"], actor="Practitioner/7")
    settings.put("clinic", "measures", ["CMS125"], actor="Practitioner/7")
    assert settings.get("clinic", "measures") == ["CMS125"]
    assert settings.get("other", "measures") is None
    assert [entry.action for entry in storage.audit.entries()] == ["practice.setting"] * 2


def dismiss(remarks: GapRemarks, storage: Storage, tenant: str = "clinic") -> str:
    return remarks.add(
        tenant=tenant, patient="Patient/1", measure="CMS122", group_id="Group_1", code="patient-refusal",
        note="Ada declines", actor="Practitioner/7", expires_at=storage.clock() + timedelta(days=90), launch="h1",
    ).id  # fmt: skip


def test_a_remark_lasts_until_it_expires_or_is_undone(storage: Storage, remarks: GapRemarks) -> None:
    first, second = dismiss(remarks, storage), dismiss(remarks, storage)
    assert [remark.id for remark in remarks.active("clinic", "Patient/1")] == [first, second]
    assert remarks.active("clinic", "Patient/1")[0].note == "Ada declines"
    assert remarks.active("clinic", "Patient/2") == []
    assert remarks.active("other", "Patient/1") == []
    with pytest.raises(NotFoundError):
        remarks.undo(first, tenant="clinic", patient="Patient/2", actor="Practitioner/8")
    with pytest.raises(NotFoundError):
        remarks.undo(first, tenant="other", patient="Patient/1", actor="Practitioner/8")
    remarks.undo(first, tenant="clinic", patient="Patient/1", actor="Practitioner/8")
    assert [remark.id for remark in remarks.active("clinic", "Patient/1")] == [second]
    storage.clock.pass_time(90 * 86_400)
    assert remarks.active("clinic", "Patient/1") == []
    entries = list(storage.audit.entries())
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("gap.remark", "Practitioner/7"),
        ("gap.remark", "Practitioner/7"),
        ("gap.remark-undone", "Practitioner/8"),
    ]
    assert entries[0].patient == "Patient/1"


def test_two_swapped_sealed_values_are_refused(storage: Storage, remarks: GapRemarks) -> None:
    one, two = dismiss(remarks, storage), dismiss(remarks, storage)
    connection = sqlite3.connect(storage.path)
    (sealed,) = connection.execute("SELECT sealed FROM gap_remark WHERE id = ?", [one]).fetchone()
    connection.execute("UPDATE gap_remark SET sealed = ? WHERE id = ?", [sealed, two])
    connection.commit()
    connection.close()
    with pytest.raises(VaultError):
        remarks.active("clinic", "Patient/1")


def test_after_reencryption_every_row_has_the_new_key_and_still_opens(
    storage: Storage, registry: SqlEhrRegistry, remarks: GapRemarks
) -> None:
    registry.save(EHR)
    secrets = Secrets(storage.engine, storage.vault, storage.clock, {})
    secrets.store("demo", "hush")
    dismiss(remarks, storage)
    keys = SqlKeyStore(storage.engine)
    keys.store_keys(storage.vault.encrypt(b"jwks", b"here"), replacing=None)
    storage.vault.rotate()
    assert reencrypt(storage.engine, storage.vault, b"here") == 6
    assert reencrypt(storage.engine, storage.vault, b"here") == 0
    with reading(storage.engine) as connection:
        for table in (tables.ehr, tables.secret, tables.gap_remark, tables.audit_entry, tables.key_document):
            for sealed in connection.execute(select(table.c.sealed)).scalars():
                assert storage.vault.is_current(sealed)
    assert registry.by_name("demo") == EHR
    assert secrets.secret("stored:demo") == "hush"
    assert len(remarks.active("clinic", "Patient/1")) == 1
    assert storage.vault.decrypt(keys.load_keys() or b"", b"here") == b"jwks"
    assert storage.audit.verify().intact
