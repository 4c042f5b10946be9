"""The back channel to an EHR's authorization server: codes, refreshes, revocation, services.

Every request goes to an endpoint that ``launch.discovery`` checked against the registration,
through the one fetch that follows no redirect: a code or an assertion reaches that host or none.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request

from launch.answers import TokenAnswer, read_token_answer
from launch.clientauth import Authenticator
from launch.discovery import Discovery, Metadata
from launch.errors import AppError, LaunchError
from launch.fetch import Fetcher, Response
from launch.issuers import RegisteredEhr
from launch.ports import Clock
from launch.records import Tokens
from launch.scopes import Scope, compare, parse_scopes, write

_DEADLINE_S = 8.0
_REVOKE_DEADLINE_S = 3.0
_MAX_BYTES = 500_000
_EARLY = timedelta(seconds=60)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class TokenClient:
    """One user's tokens: the authorization code grant and what follows from it."""

    def __init__(self, fetcher: Fetcher, authenticator: Authenticator, clock: Clock) -> None:
        self._fetcher = fetcher
        self._authenticator = authenticator
        self._clock = clock

    def exchange(
        self, ehr: RegisteredEhr, token_url: str, *, code: str, verifier: str, redirect_uri: str
    ) -> TokenAnswer:
        """Trade an authorization code for tokens; for the errors see ``read_token_answer``."""
        body = prepare_token_request("authorization_code", redirect_uri=redirect_uri, code=code, code_verifier=verifier)
        return self._tokens(ehr, token_url, body)

    def refresh(self, ehr: RegisteredEhr, token_url: str, refresh_token: str) -> TokenAnswer:
        """Trade a refresh token for new tokens; the scopes stay what they were (RFC 6749, 6)."""
        return self._tokens(ehr, token_url, prepare_token_request("refresh_token", refresh_token=refresh_token))

    def revoke_all(self, ehr: RegisteredEhr, tokens: Tokens) -> str:
        """Tell the EHR that a launch's tokens are no longer used (RFC 7009).

        Returns what the audit says of it: ``yes``, ``failed``, ``not-offered``. Never raises for what the
        EHR does, nor where the app's own secret is missing: the launch is over all the same.
        """
        if tokens.revocation_url is None:
            return "not-offered"
        held = {"refresh_token": tokens.refresh_token, "access_token": tokens.access_token}
        done = [
            self._revoke(ehr, tokens.token_url, tokens.revocation_url, token, hint)
            for hint, token in held.items()
            if token is not None
        ]
        return "yes" if all(done) else "failed"

    def _revoke(self, ehr: RegisteredEhr, token_url: str, revocation_url: str, token: str, hint: str) -> bool:
        body, _ = prepare_revoke_token_request(token, hint)
        try:
            return self._post(ehr, token_url, revocation_url, body, _REVOKE_DEADLINE_S).status == 200
        except AppError:
            return False

    def introspect(self, ehr: RegisteredEhr, token_url: str, introspection_url: str, token: str) -> Mapping[str, Any]:
        """What the EHR says of a token (RFC 7662); always has ``active`` as a bool."""
        body, _ = prepare_revoke_token_request(token, "access_token")
        answer = self._post(ehr, token_url, introspection_url, body)
        if answer.status != 200:
            raise LaunchError("launch.introspection-failed", "The EHR did not say what the token is for.", status=502)
        found = answer.json_object()
        return {**found, "active": found.get("active") is True}

    def _tokens(self, ehr: RegisteredEhr, token_url: str, body: str) -> TokenAnswer:
        return read_token_answer(self._post(ehr, token_url, token_url, body), self._clock())

    def _post(
        self, ehr: RegisteredEhr, token_url: str, url: str, body: str, deadline_s: float = _DEADLINE_S
    ) -> Response:
        signed, headers = self._authenticator.for_user(ehr, token_url, url, body)
        return _post(self._fetcher, url, signed, headers, deadline_s)


def _post(fetcher: Fetcher, url: str, body: str, headers: Mapping[str, str], deadline_s: float) -> Response:
    return fetcher.post(url, body.encode(), {**_FORM, **headers}, deadline_s=deadline_s, max_bytes=_MAX_BYTES)


@dataclass(frozen=True, slots=True)
class BackendToken:
    """A token of the app itself, and what it may be used for: never more than was asked."""

    access_token: str
    expires_at: datetime
    granted: tuple[Scope, ...]


class BackendTokens:
    """Tokens without a user: SMART Backend Services, client_credentials with private_key_jwt.

    Tokens are kept in memory until a minute before they expire; safe for threads. An EHR that is slow
    to answer keeps those waiting who want its tokens, and nobody else.
    """

    def __init__(self, fetcher: Fetcher, authenticator: Authenticator, discovery: Discovery, clock: Clock) -> None:
        self._fetcher = fetcher
        self._authenticator = authenticator
        self._discovery = discovery
        self._clock = clock
        self._kept: dict[tuple[str, str], BackendToken] = {}
        self._asking: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def token(self, ehr: RegisteredEhr, scopes: Iterable[Scope]) -> BackendToken:
        """A token for these ``system/`` scopes; ``granted`` says which of them the EHR gave.

        Raises LaunchError ``launch.no-backend`` where no backend client is registered, and the
        errors of ``Discovery.metadata`` and ``read_token_answer``.
        """
        if ehr.backend_client_id is None:
            raise LaunchError("launch.no-backend", "This EHR has no backend service registered for the app.")
        asked = tuple(scopes)
        metadata = self._discovery.metadata(ehr)
        scope = " ".join(write(asked, metadata.syntax(ehr)))
        key = (ehr.name, scope)
        with self._lock:
            asking = self._asking.setdefault(key, threading.Lock())
        with asking:  # one request at a time, so that threads that start together share it
            with self._lock:
                kept = self._kept.get(key)
            if kept is None or kept.expires_at - _EARLY <= self._clock():
                kept = self._request(ehr, ehr.backend_client_id, metadata, scope, asked)
                with self._lock:
                    self._kept[key] = kept
            return kept

    def forget(self, ehr: RegisteredEhr) -> None:
        """Drop kept tokens of an EHR, after one of them was answered with 401."""
        with self._lock:
            self._kept = {key: token for key, token in self._kept.items() if key[0] != ehr.name}

    def _request(
        self, ehr: RegisteredEhr, client_id: str, metadata: Metadata, scope: str, asked: tuple[Scope, ...]
    ) -> BackendToken:
        if metadata.token is None:
            raise LaunchError("launch.bad-metadata", "The EHR does not say where to get tokens.", status=502)
        body = prepare_token_request("client_credentials", scope=scope)
        signed, headers = self._authenticator.for_backend(ehr, client_id, metadata.token, body)
        response = _post(self._fetcher, metadata.token, signed, headers, _DEADLINE_S)
        answer = read_token_answer(response, self._clock())
        granted = parse_scopes(answer.scope).clinical if answer.scope is not None else asked
        return BackendToken(answer.access_token, answer.expires_at, compare(asked, granted).granted)
