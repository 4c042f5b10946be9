"""Putting the launch together from the ports that the app supplies."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from launch.clientauth import Authenticator
from launch.completion import Completion
from launch.discovery import Discovery
from launch.fetch import Fetcher
from launch.identity import Identity
from launch.idtoken import IdTokenVerifier, JwksCache
from launch.keys import SigningKeys, generate_keys
from launch.launcher import Launcher, LaunchSettings
from launch.ports import (
    AuditSink,
    Clock,
    DerivedScopes,
    EhrRegistry,
    Entropy,
    KeyStore,
    Monotonic,
    SecretSource,
    SessionStore,
    Sleep,
    Vault,
)
from launch.sessions import Lifetimes, Sessions
from launch.tokens import BackendTokens, TokenClient
from launch.trail import Trail


@dataclass(frozen=True, slots=True)
class Ports:
    """What the launch needs from outside; see ``launch.ports`` for what each must guarantee."""

    clock: Clock
    store: SessionStore
    vault: Vault
    audit: AuditSink
    registry: EhrRegistry
    secrets: SecretSource
    key_store: KeyStore
    derived_scopes: DerivedScopes
    entropy: Entropy = os.urandom
    monotonic: Monotonic = time.monotonic
    sleep: Sleep = time.sleep


@dataclass(frozen=True, slots=True)
class Launch:
    """The parts of the launch that the app uses."""

    settings: LaunchSettings
    launcher: Launcher
    completion: Completion
    sessions: Sessions
    discovery: Discovery
    tokens: TokenClient
    backend: BackendTokens
    keys: SigningKeys
    fetcher: Fetcher
    registry: EhrRegistry


def build_launch(
    settings: LaunchSettings,
    ports: Ports,
    fetcher: Fetcher,
    *,
    lifetimes: Lifetimes | None = None,
    generate: Callable[[], list[dict[str, Any]]] = generate_keys,
) -> Launch:
    """Wire the launch; nothing is read, written or sent yet."""
    # It writes code verifiers and tokens at DEBUG.
    logging.getLogger("authlib").setLevel(logging.WARNING)
    trail = Trail(ports.audit)
    keys = SigningKeys(ports.key_store, ports.vault, ports.clock, generate)
    authenticator = Authenticator(keys, ports.secrets, ports.clock, ports.entropy)
    discovery = Discovery(fetcher, ports.clock)
    tokens = TokenClient(fetcher, authenticator, ports.clock)
    sessions = Sessions(
        store=ports.store,
        vault=ports.vault,
        audit=ports.audit,
        registry=ports.registry,
        tokens=tokens,
        clock=ports.clock,
        entropy=ports.entropy,
        monotonic=ports.monotonic,
        sleep=ports.sleep,
        lifetimes=lifetimes or Lifetimes(),
    )
    launcher = Launcher(
        settings=settings,
        registry=ports.registry,
        discovery=discovery,
        sessions=sessions,
        store=ports.store,
        vault=ports.vault,
        trail=trail,
        clock=ports.clock,
        entropy=ports.entropy,
        derived_scopes=ports.derived_scopes,
    )
    completion = Completion(
        settings=settings,
        registry=ports.registry,
        tokens=tokens,
        id_tokens=IdTokenVerifier(JwksCache(fetcher, ports.clock), ports.clock),
        identity=Identity(fetcher),
        sessions=sessions,
        store=ports.store,
        vault=ports.vault,
        trail=trail,
        clock=ports.clock,
    )
    backend = BackendTokens(fetcher, authenticator, discovery, ports.clock)
    return Launch(settings, launcher, completion, sessions, discovery, tokens, backend, keys, fetcher, ports.registry)
