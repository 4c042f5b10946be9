"""The audit trail: complete, or the read does not happen; unaltered, or the verifier says where."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from support.storage import Storage, open_storage

from smartapp.audit.trail import AuditError, AuditTrail
from smartapp.persistence.engine import reading, writing
from smartapp.persistence.tables import audit_entry


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    storage = open_storage(tmp_path)
    for number in range(1, 6):
        storage.audit.record(
            "chart.read", "success", actor="Practitioner/7", tenant="clinic", launch="h1", patient=f"Patient/{number}"
        )
    return storage


def tamper(storage: Storage, statement: str) -> None:
    connection = sqlite3.connect(storage.path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_entry_says_who_what_whom_when_and_how_it_ended(storage: Storage) -> None:
    storage.clock.pass_time(60)
    storage.audit.record("launch.begin", "refused", actor="unknown", tenant="clinic", detail={"why": "no state"})
    *_, last = storage.audit.entries()
    assert (last.seq, last.actor, last.action, last.outcome, last.patient) == (
        6,
        "unknown",
        "launch.begin",
        "refused",
        None,
    )
    assert last.at == storage.clock()
    assert last.detail == {"why": "no state"}
    assert storage.audit.verify().entries == 6
    assert storage.audit.verify().intact


def test_entries_are_found_by_patient_actor_launch_and_time(storage: Storage) -> None:
    found = list(storage.audit.entries(tenant="clinic", patient="Patient/3"))
    assert [entry.seq for entry in found] == [3]
    assert list(storage.audit.entries(tenant="other", patient="Patient/3")) == []
    assert len(list(storage.audit.entries(tenant="clinic", actor="Practitioner/7"))) == 5
    assert len(list(storage.audit.entries(launch="h1"))) == 5
    assert list(storage.audit.entries(since=storage.clock() + timedelta(seconds=1))) == []
    for who in ({"patient": "Patient/3"}, {"actor": "Practitioner/7"}):
        with pytest.raises(ValueError, match="tenant"):
            next(storage.audit.entries(**who))


@pytest.mark.parametrize("actor", ["", "  ", "\n"])
def test_an_entry_without_an_actor_is_refused(storage: Storage, actor: str) -> None:
    with pytest.raises(AuditError, match="actor"):
        storage.audit.record("chart.read", "success", actor=actor, tenant="clinic")
    assert storage.audit.verify().entries == 5


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entry SET outcome = 'refused' WHERE seq = 2", 2),
        ("UPDATE audit_entry SET at = '2026-01-01 00:00:00.000000' WHERE seq = 4", 4),
        ("UPDATE audit_entry SET action = 'x' WHERE seq = 1", 1),
        ("UPDATE audit_entry SET tenant = 'other' WHERE seq = 1", 1),
        ("UPDATE audit_entry SET launch = NULL WHERE seq = 3", 3),
        ("UPDATE audit_entry SET mac = zeroblob(32) WHERE seq = 5", 5),
        ("UPDATE audit_entry SET sealed = x'00' WHERE seq = 5", 5),
        ("UPDATE audit_entry SET patient_key = 'x' WHERE seq = 5", 5),
        ("UPDATE audit_entry SET actor_key = 'x' WHERE seq = 5", 5),
        ("UPDATE audit_entry SET sealed = (SELECT sealed FROM audit_entry WHERE seq = 1) WHERE seq = 2", 2),
        ("DELETE FROM audit_entry WHERE seq = 3", 3),
        ("DELETE FROM audit_entry WHERE seq = 1", 1),
        ("DELETE FROM audit_entry WHERE seq = 5", 5),
        ("DELETE FROM audit_entry", 1),
        ("DELETE FROM audit_head", 6),
        ("UPDATE audit_head SET seq = 4", 6),
        ("UPDATE audit_head SET seq = 4, mac = (SELECT mac FROM audit_entry WHERE seq = 4)", 6),
    ],
)
def test_the_verifier_names_the_first_entry_that_is_wrong(storage: Storage, statement: str, broken_at: int) -> None:
    tamper(storage, statement)
    verdict = storage.audit.verify()
    assert not verdict.intact
    assert verdict.broken_at == broken_at


def test_the_last_row_cannot_be_cut_with_the_head_set_back(storage: Storage) -> None:
    tamper(storage, "DELETE FROM audit_entry WHERE seq = 5")
    tamper(storage, "UPDATE audit_head SET seq = 4, mac = (SELECT mac FROM audit_entry WHERE seq = 4)")
    assert not storage.audit.verify().intact
    with pytest.raises(AuditError):
        storage.audit.record("chart.read", "success", actor="Practitioner/7", tenant="clinic")


def test_a_trail_that_lost_its_head_is_not_begun_anew(storage: Storage) -> None:
    tamper(storage, "DELETE FROM audit_head")
    with pytest.raises(AuditError):
        storage.audit.prepare()


@pytest.mark.parametrize(
    "left",
    [
        "INSERT INTO ehr VALUES ('demo', 'https://ehr.invalid/fhir', 'clinic', x'01', '2026-03-02 15:00:00')",
        "INSERT INTO message (id, tenant, ehr, patient_key, idempotency_key, request_digest, state, channel, purpose,"
        " language, portal_only, sealed, version, created_at, updated_at, attempts) VALUES ('m1', 't', 'e', 'p', 'k',"
        " 'd', 'queued', 'portal', 'recall', 'en', 1, x'01', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 0)",
    ],
)
def test_l03_a_trail_that_was_removed_as_a_whole_is_not_begun_anew(storage: Storage, left: str) -> None:
    for statement in (left, "DELETE FROM audit_entry", "DELETE FROM audit_head"):
        tamper(storage, statement)
    with pytest.raises(AuditError, match="removed"):
        storage.audit.prepare()


def test_a_store_that_is_down_fails_closed(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper(storage, "DROP TABLE audit_head")
    with pytest.raises(AuditError) as caught:
        storage.audit.record("chart.read", "success", actor="Practitioner/7", tenant="clinic")
    assert caught.value.status == 503
    assert caught.value.code == "audit.unavailable"


def test_an_entry_in_a_transaction_shares_its_fate(storage: Storage) -> None:
    with pytest.raises(RuntimeError), writing(storage.engine) as connection:
        storage.audit.record_in(connection, "message.approve", "success", actor="Practitioner/7", tenant="clinic")
        raise RuntimeError
    assert storage.audit.verify().entries == 5
    assert storage.audit.verify().intact


def test_control_characters_do_not_make_a_second_line(storage: Storage) -> None:
    storage.audit.record(
        "chart.read", "success", actor="Practitioner/7\r\nX", tenant="clinic\n", detail={"a\nb": "c\r\n\x00\u2028d"}
    )
    *_, last = storage.audit.entries()
    assert last.actor == "Practitioner/7  X"
    assert last.tenant == "clinic "
    assert last.detail == {"a b": "c    d"}
    assert storage.audit.verify().intact


def test_writers_at_once_make_one_chain(storage: Storage) -> None:
    def write(number: int) -> None:
        trail = AuditTrail(storage.engine, storage.vault, storage.clock)
        for _ in range(10):
            trail.record("chart.read", "success", actor=f"Practitioner/{number}", tenant="clinic")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = storage.audit.verify()
    assert verdict.intact
    assert verdict.entries == 45


def test_a_rotated_key_leaves_the_chain_whole(storage: Storage) -> None:
    storage.vault.rotate()
    storage.audit.record("keys.rotate", "success", actor="system", tenant="clinic")
    assert storage.audit.verify().intact


def test_no_patient_or_actor_stands_in_clear(storage: Storage) -> None:
    with reading(storage.engine) as connection:
        for row in connection.execute(select(audit_entry)):
            assert "Patient/" not in repr(row)
            assert "Practitioner/" not in repr(row)


def test_a_restored_backup_verifies_and_goes_on(storage: Storage, tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    restored.mkdir()
    source, target = sqlite3.connect(storage.path), sqlite3.connect(restored / "app.db")
    source.backup(target)
    source.close()
    target.close()
    storage.audit.record("chart.read", "success", actor="Practitioner/7", tenant="clinic")
    again = open_storage(restored)
    assert again.audit.verify().entries == 5
    again.audit.record("chart.read", "success", actor="Practitioner/7", tenant="clinic")
    assert again.audit.verify().intact
