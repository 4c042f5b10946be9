"""The vault: envelope encryption whose master keys are never in the database.

What is sealed reads ``version (1) | data key id (8) | nonce (12) | AES-256-GCM ciphertext and tag``
(NIST SP 800-38D). The context, such as tenant, table, column and row, is authenticated but not
stored, so a sealed value that was copied to another row does not open. Data keys are kept wrapped
under a key derived (HKDF-SHA-256, RFC 5869) from the secret key of the settings.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine, insert, select, update

from launch.ports import Clock, Entropy, Monotonic
from smartapp.errors import AppError
from smartapp.persistence.engine import preparing, reading, writing
from smartapp.persistence.tables import data_key

Purpose = Literal["data", "lookup", "audit"]
_PURPOSES: tuple[Purpose, ...] = ("data", "lookup", "audit")
_VERSION = b"\x01"
_KEY_ID = 8
_NONCE = 12
_HEADER = 1 + _KEY_ID + _NONCE
# A rotation in one process is seen by the others within so many seconds.
_STALE_AFTER = 2.0


class VaultError(AppError):
    """A sealed value does not open: wrong key, wrong row, or changed bytes."""

    def __init__(
        self, message: str = "A stored record cannot be opened: it was altered, or its key is missing."
    ) -> None:
        super().__init__("vault.unreadable", message, status=500)


def context_of(tenant: str, table: str, column: str, row: str) -> bytes:
    """The context that binds a sealed value to its place; each part is length-prefixed, so no two collide."""
    parts = [part.encode() for part in (tenant, table, column, row)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key-encrypting key derived from one secret key of the settings."""

    id: str
    key: bytes


def master_key(secret_key: str) -> MasterKey:
    """The master key of a secret key; its id tells keys apart and reveals nothing of them."""
    key = _derive(secret_key.encode(), b"smartapp master key 1")
    return MasterKey(_derive(key, b"smartapp master key id 1")[:8].hex(), key)


def _derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


@dataclass(frozen=True, slots=True)
class _DataKey:
    id: bytes
    purpose: str
    generation: int
    key: bytes


class DatabaseVault:
    """The :class:`launch.ports.Vault` over the app's database, and fingerprints for look-ups.

    ``masters`` has the current master key first, earlier ones after it. Safe between threads:
    the ring of keys is replaced as a whole.
    """

    def __init__(
        self, engine: Engine, masters: Sequence[MasterKey], *, entropy: Entropy, clock: Clock, monotonic: Monotonic
    ) -> None:
        self._engine = engine
        self._masters = {master.id: master for master in masters}
        self._current = masters[0]
        self._entropy = entropy
        self._clock = clock
        self._monotonic = monotonic
        self._ring: dict[bytes, _DataKey] = {}
        self._newest: dict[str, _DataKey] = {}
        self._read_at = float("-inf")

    def prepare(self) -> None:
        """Make the data keys of a new database, or read those of an existing one.

        Raises :class:`VaultError` if a key is wrapped under a master key that is not in the settings.
        """
        with writing(self._engine) as connection:
            preparing(connection)
            there = {row.purpose for row in connection.execute(select(data_key.c.purpose))}
            for purpose in _PURPOSES:
                if purpose not in there:
                    self._new_key(connection, purpose, 1)
        self._reload()

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        """Seal ``plain`` under the newest data key, bound to ``context``."""
        if self._monotonic() - self._read_at > _STALE_AFTER:
            self._reload()
        return self._seal(self._key("data"), plain, context)

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        """Open what :meth:`encrypt` sealed under the same context; :class:`VaultError` otherwise."""
        if len(sealed) < _HEADER or sealed[:1] != _VERSION:
            raise VaultError
        key_id = sealed[1 : 1 + _KEY_ID]
        if key_id not in self._ring:
            self._reload()
        key = self._ring.get(key_id)
        if key is None or key.purpose != "data":
            raise VaultError
        return self._open(key, sealed, context)

    def is_current(self, sealed: bytes) -> bool:
        """Whether a value is sealed under the newest data key (and needs no re-encryption)."""
        return sealed[1 : 1 + _KEY_ID] == self._key("data").id

    def fingerprint(self, kind: str, *parts: str) -> str:
        """A keyed digest (64 hex digits) by which equal values are found without being readable.

        ``kind`` keeps digests of different things apart (``patient``, ``phone``).
        """
        return hmac.new(self._key("lookup").key, _lengths(kind, *parts), hashlib.sha256).hexdigest()

    def audit_mac(self, *parts: bytes) -> bytes:
        """The HMAC-SHA-256 (32 bytes) that chains the audit trail."""
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key("audit").key, message, "sha256")

    def rotate(self) -> int:
        """Begin a new data key, wrap every key under the current master key; return the new generation.

        Rows sealed earlier stay readable. Look-up and audit keys are kept: digests must not change.
        """
        with writing(self._engine) as connection:
            keys = self._unwrap_all(connection)
            for key in keys:
                wrapped = self._wrap(key)
                connection.execute(
                    update(data_key)
                    .where(data_key.c.id == key.id.hex())
                    .values(wrapped=wrapped, master=self._current.id)
                )
            generation = 1 + max((key.generation for key in keys if key.purpose == "data"), default=0)
            self._new_key(connection, "data", generation)
        self._reload()
        return generation

    def _key(self, purpose: Purpose) -> _DataKey:
        if purpose not in self._newest:
            self._reload()
        if purpose not in self._newest:
            raise VaultError("The database has no keys yet: run `smartapp db upgrade`.")
        return self._newest[purpose]

    def _reload(self) -> None:
        with reading(self._engine) as connection:
            keys = self._unwrap_all(connection)
        self._ring = {key.id: key for key in keys}
        self._newest = {key.purpose: key for key in sorted(keys, key=lambda key: key.generation)}
        self._read_at = self._monotonic()

    def _unwrap_all(self, connection: Connection) -> list[_DataKey]:
        keys = []
        for row in connection.execute(select(data_key)):
            master = self._masters.get(row.master)
            if master is None:
                raise VaultError(
                    "The database's keys are wrapped under another secret key: add it to SMARTAPP_PREVIOUS_SECRET_KEYS."
                )
            outer = _DataKey(bytes.fromhex(row.master), "master", 0, master.key)
            plain = self._open(outer, row.wrapped, _wrap_context(row.purpose, row.generation, row.id))
            keys.append(_DataKey(bytes.fromhex(row.id), row.purpose, row.generation, plain))
        return keys

    def _new_key(self, connection: Connection, purpose: Purpose, generation: int) -> None:
        key = _DataKey(self._entropy(_KEY_ID), purpose, generation, self._entropy(32))
        now: datetime = self._clock()
        connection.execute(
            insert(data_key).values(
                id=key.id.hex(),
                purpose=purpose,
                generation=generation,
                wrapped=self._wrap(key),
                master=self._current.id,
                created_at=now,
            )
        )

    def _wrap(self, key: _DataKey) -> bytes:
        outer = _DataKey(bytes.fromhex(self._current.id), "master", 0, self._current.key)
        return self._seal(outer, key.key, _wrap_context(key.purpose, key.generation, key.id.hex()))

    def _seal(self, key: _DataKey, plain: bytes, context: bytes) -> bytes:
        nonce = self._entropy(_NONCE)
        return _VERSION + key.id + nonce + AESGCM(key.key).encrypt(nonce, plain, _VERSION + key.id + context)

    def _open(self, key: _DataKey, sealed: bytes, context: bytes) -> bytes:
        nonce = sealed[1 + _KEY_ID : _HEADER]
        try:
            return AESGCM(key.key).decrypt(nonce, sealed[_HEADER:], _VERSION + key.id + context)
        except InvalidTag:
            raise VaultError from None


def _wrap_context(purpose: str, generation: int, key_id: str) -> bytes:
    return _lengths("data_key", purpose, str(generation), key_id)


def _lengths(*parts: str) -> bytes:
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
