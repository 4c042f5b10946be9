"""The vault: what is sealed opens only in its place, under its key, unaltered."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from support.storage import OTHER_SECRET, SECRET, open_storage

from smartapp.persistence.engine import reading
from smartapp.persistence.tables import data_key
from smartapp.persistence.vault import VaultError, context_of, master_key

HERE = context_of("clinic", "message", "sealed", "1")


def test_it_opens_what_it_sealed_and_never_seals_twice_alike(tmp_path: Path) -> None:
    vault = open_storage(tmp_path).vault
    first, second = vault.encrypt(b"Ada Lovelace", HERE), vault.encrypt(b"Ada Lovelace", HERE)
    assert vault.decrypt(first, HERE) == vault.decrypt(second, HERE) == b"Ada Lovelace"
    assert first != second
    assert b"Ada" not in first


@pytest.mark.parametrize(
    "there",
    [
        context_of("clinic", "message", "sealed", "2"),
        context_of("other", "message", "sealed", "1"),
        context_of("clinic", "message", "text", "1"),
        context_of("clinic", "launch", "sealed", "1"),
        b"",
    ],
)
def test_a_value_moved_to_another_place_is_refused(tmp_path: Path, there: bytes) -> None:
    vault = open_storage(tmp_path).vault
    with pytest.raises(VaultError):
        vault.decrypt(vault.encrypt(b"secret", HERE), there)


def test_every_altered_byte_is_noticed(tmp_path: Path) -> None:
    vault = open_storage(tmp_path).vault
    sealed = vault.encrypt(b"secret", HERE)
    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(VaultError):
            vault.decrypt(altered, HERE)
        with pytest.raises(VaultError):
            vault.decrypt(sealed[:place], HERE)


@given(st.lists(st.text(max_size=5), min_size=4, max_size=4), st.lists(st.text(max_size=5), min_size=4, max_size=4))
def test_no_two_places_share_a_context(one: list[str], other: list[str]) -> None:
    assert (context_of(*one) == context_of(*other)) == (one == other)


def test_after_rotation_old_rows_open_and_new_rows_have_the_new_key(tmp_path: Path) -> None:
    one = open_storage(tmp_path)
    two = open_storage(tmp_path)  # another process
    old = one.vault.encrypt(b"before", HERE)
    assert one.vault.rotate() == 2
    new = one.vault.encrypt(b"after", HERE)
    assert new[1:9] != old[1:9]
    assert one.vault.is_current(new)
    assert not one.vault.is_current(old)
    assert two.vault.decrypt(new, HERE) == b"after"
    assert two.vault.decrypt(old, HERE) == b"before"
    two.clock.pass_time(5)
    assert two.vault.is_current(two.vault.encrypt(b"x", HERE))


def test_another_process_seals_under_the_new_key_soon(tmp_path: Path) -> None:
    one, two = open_storage(tmp_path), open_storage(tmp_path)
    two.vault.encrypt(b"x", HERE)
    one.vault.rotate()
    two.clock.pass_time(5)
    assert one.vault.is_current(two.vault.encrypt(b"x", HERE))


def test_the_secret_key_is_changed_without_losing_anything(tmp_path: Path) -> None:
    sealed = open_storage(tmp_path).vault.encrypt(b"kept", HERE)
    with pytest.raises(VaultError, match="SMARTAPP_PREVIOUS_SECRET_KEYS"):
        open_storage(tmp_path, secrets=(OTHER_SECRET,))
    both = open_storage(tmp_path, secrets=(OTHER_SECRET, SECRET))
    print_before = both.vault.fingerprint("patient", "clinic", "Patient/1")
    assert both.vault.decrypt(sealed, HERE) == b"kept"
    both.vault.rotate()
    only_new = open_storage(tmp_path, secrets=(OTHER_SECRET,)).vault
    assert only_new.decrypt(sealed, HERE) == b"kept"
    assert only_new.fingerprint("patient", "clinic", "Patient/1") == print_before
    with pytest.raises(VaultError):
        open_storage(tmp_path, secrets=(SECRET,))


def test_fingerprints_are_keyed_and_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = open_storage(tmp_path / "a").vault, open_storage(tmp_path / "b").vault
    seen = {
        one.fingerprint("patient", "clinic", "1"),
        one.fingerprint("patient", "other", "1"),
        one.fingerprint("phone", "clinic", "1"),
        one.fingerprint("patient", "clin", "ic1"),
        two.fingerprint("patient", "clinic", "1"),
    }
    assert len(seen) == 5
    assert one.fingerprint("patient", "clinic", "1") in seen


def test_the_database_holds_no_key_in_any_usual_spelling(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    storage.vault.encrypt(b"x", HERE)
    with reading(storage.engine) as connection:
        rows = connection.execute(select(data_key)).all()
    assert {row.purpose for row in rows} == {"data", "lookup", "audit"}
    keys = [key.key for key in storage.vault._ring.values()] + [master_key(SECRET).key, SECRET.encode()]
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for key in keys:
        for spelling in (key, key.hex().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key)):
            assert spelling not in files
