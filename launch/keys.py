"""The app's own signing keys, and what of them is public.

SMART App Launch 2.2.0, "Client Authentication: Asymmetric": RS384 and ES384, keys published as a
JWK set, each with a ``kid``. The private parts are sealed in the store.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import ECKey, RSAKey, import_key

from launch.errors import LaunchError
from launch.ports import Clock, KeyStore, Vault

KEPT = timedelta(days=30)
"""How long a replaced key stays published, for assertions and caches that still name it."""
KEYS_CONTEXT = b"launch|signing-keys"
"""The context under which the keys are sealed; re-encryption needs it."""
CACHED = timedelta(minutes=5)
"""How long others may keep our key set."""
_REREAD = timedelta(minutes=5)
_FIRST_PUBLISHED = _REREAD + CACHED
"""How long a key is published before it signs: until then another process, or an EHR, may not know it yet."""
_PUBLIC = ("kty", "n", "e", "crv", "x", "y", "use", "alg", "kid")
"""The members of a JWK that anybody may know (RFC 7518, 6.2.1 and 6.3.1; RFC 7517, 4)."""

Key = RSAKey | ECKey


def generate_keys() -> list[dict[str, Any]]:
    """A fresh key for each of our two algorithms, as private JWKs with a thumbprint as ``kid``."""
    made = (("RS384", RSAKey.generate_key(3072)), ("ES384", ECKey.generate_key("P-384")))
    keys = []
    for algorithm, key in made:
        parameters = {"use": "sig", "alg": algorithm, "kid": key.thumbprint()}
        keys.append({**key.as_dict(private=True), **parameters})
    return keys


class SigningKeys:
    """Keys made at first use, shared by all processes through the store; safe for threads.

    ``generate`` makes the private JWKs (the operating system's randomness is used: the key
    library takes no other).
    """

    def __init__(
        self,
        store: KeyStore,
        vault: Vault,
        clock: Clock,
        generate: Callable[[], list[dict[str, Any]]] = generate_keys,
    ) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._generate = generate
        self._lock = threading.Lock()
        self._read: tuple[datetime, list[dict[str, Any]]] | None = None
        self._imported: dict[str, Key] = {}

    def public_jwks(self) -> dict[str, Any]:
        """The JWK set to publish: public parts only, newest first, replaced keys for 30 days."""
        keys = (one["jwk"] for one in self._entries())
        return {"keys": [{name: jwk[name] for name in _PUBLIC if name in jwk} for jwk in keys]}

    def signing_key(self, algorithm: str) -> Key:
        """The newest private key for RS384 or ES384 that every EHR can know by now.

        Raises LaunchError ``launch.no-key`` for another algorithm.
        """
        now = self._clock()
        for one in self._entries():
            if one["jwk"]["alg"] == algorithm and _signs(one, now):
                return self._key(one["jwk"])
        raise LaunchError("launch.no-key", "The app has no key for this algorithm.", status=500)

    def rotate(self) -> None:
        """Make new keys, which sign ten minutes later; the old ones sign until then, and are published for 30 days."""
        with self._lock:
            self._change(force=True)

    def _key(self, jwk: dict[str, Any]) -> Key:
        """Imported once: a private RSA key is checked for a quarter of a second each time."""
        known = self._imported.get(jwk["kid"])
        if known is None:
            key = import_key(jwk)
            assert isinstance(key, RSAKey | ECKey)
            known = self._imported[jwk["kid"]] = key
        return known

    def _entries(self) -> list[dict[str, Any]]:
        with self._lock:
            if self._read is None or self._clock() >= self._read[0] + _REREAD:
                self._change(force=False)
            assert self._read is not None
            return self._read[1]

    def _change(self, *, force: bool) -> None:
        """Read what is stored; add keys if there are none or if asked to. Compare and swap, so
        that of processes that start together all end with the same keys.
        """
        while True:
            now = self._clock()
            stored = self._store.load_keys()
            entries = json.loads(self._vault.decrypt(stored, KEYS_CONTEXT)) if stored else []
            if entries and not force:
                break
            old = [self._retired(one, now) for one in entries]
            live = [one for one in old if datetime.fromisoformat(one["until"]) > now]
            since = (now + _FIRST_PUBLISHED).isoformat() if live else None
            entries = [{"jwk": jwk, "until": None, "signs_from": since} for jwk in self._generate()] + live
            sealed = self._vault.encrypt(json.dumps(entries).encode(), KEYS_CONTEXT)
            if self._store.store_keys(sealed, replacing=stored):
                break
        self._read = (now, entries)
        current = {one["jwk"]["kid"] for one in entries}
        self._imported = {kid: key for kid, key in self._imported.items() if kid in current}

    @staticmethod
    def _retired(entry: dict[str, Any], now: datetime) -> dict[str, Any]:
        return {**entry, "until": entry["until"] or (now + KEPT).isoformat()}


def _signs(entry: dict[str, Any], now: datetime) -> bool:
    since = entry.get("signs_from")  # not in keys that were made before this was kept
    return since is None or datetime.fromisoformat(since) <= now
