"""Live launches: made at the callback, opened by handle and cookie, refreshed, ended.

A handle names a launch in the path, and the cookie of that handle opens it: one browser may
hold many launches of many patients, and none opens another. Everything else is on the server,
tokens encrypted.
"""

from __future__ import annotations

import hmac
import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from launch.authorization import digest, token_text
from launch.context import LaunchContext
from launch.errors import AppError, LaunchError, TokenRefused
from launch.issuers import RegisteredEhr
from launch.ports import (
    AuditSink,
    Clock,
    EhrRegistry,
    Entropy,
    LaunchRow,
    Monotonic,
    SessionStore,
    Sleep,
    Vault,
)
from launch.records import Session, Tokens
from launch.scopes import compare, parse_scopes
from launch.tokens import TokenClient

_HANDLE = re.compile(r"[A-Za-z0-9_-]{22}")
_EARLY = timedelta(seconds=60)  # refreshed before it expires, so that no page meets a dead token
_TOUCH = timedelta(seconds=30)  # a page of many requests writes its last use once
_LEASE = timedelta(seconds=30)  # longer than a refresh can take (8 s for the token endpoint)
_WAIT_S = 20.0
_POLL_S = 0.05
_ROUND_S = 5.0
_MOST_A_ROUND = 200
_GRACE = timedelta(hours=1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a launch lives: unused, and at most (45 CFR 164.312(a)(2)(iii), automatic logoff)."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=8)


class Sessions:
    """The live launches of all processes, over one store; safe for threads."""

    def __init__(
        self,
        *,
        store: SessionStore,
        vault: Vault,
        audit: AuditSink,
        registry: EhrRegistry,
        tokens: TokenClient,
        clock: Clock,
        entropy: Entropy,
        monotonic: Monotonic,
        sleep: Sleep,
        lifetimes: Lifetimes,
    ) -> None:
        self._store = store
        self._vault = vault
        self._audit = audit
        self._registry = registry
        self._tokens = tokens
        self._clock = clock
        self._entropy = entropy
        self._monotonic = monotonic
        self._sleep = sleep
        self._lifetimes = lifetimes

    def create(self, blank: LaunchContext, tokens: Tokens | None) -> tuple[LaunchContext, str]:
        """Start and keep a new launch; return its context and the secret for its cookie."""
        now = self._clock()
        handle, secret = token_text(self._entropy, 16), token_text(self._entropy)
        context = blank.started(handle, now, now + self._lifetimes.absolute)
        self._record("launch.start", context, {"ehr": context.ehr, "kind": context.kind, "role": context.user.role})
        sealed = Session(context, digest(secret), tokens).seal(self._vault)
        self._store.add_launch(LaunchRow(handle, context.tenant, context.ehr, sealed, 1, now, context.expires_at))
        return context, secret

    def load(self, handle: str, cookie: str | None) -> LaunchContext:
        """The launch behind a handle, for the browser that holds its cookie.

        Raises LaunchError (401): ``launch.no-session`` for an unknown handle or a cookie that is
        missing or another's, ``launch.ended`` once the launch has been idle or alive too long, or
        its EHR is no longer registered.
        """
        row = self._row(handle)
        session = self._open(row)
        if cookie is None or not hmac.compare_digest(digest(cookie[:256]), session.cookie):
            raise _no_session()
        now = self._require_time_left(row, session)
        self._require_registered(session)
        if now >= row.seen_at + _TOUCH:
            self._store.touch_launch(handle, now)
        return session.context

    def access_token(self, handle: str, rejected: str | None = None) -> str | None:
        """A token for this launch's FHIR base and no other address; None on an open server.

        Renewed a minute before it expires, once for all requests of all processes. ``rejected``
        is a token that the FHIR server answered with 401: it is not returned again; ask so once.
        Asking is no use of the launch: what is read in the background ends with it.
        Raises LaunchError (401): ``launch.no-session``, ``launch.ended``, or
        ``launch.token-expired`` where there is no way to renew it; (503) ``launch.busy``; and the
        errors of ``read_token_answer``.
        """
        row = self._row(handle)
        session = self._open(row)
        self._require_time_left(row, session)
        if session.tokens is None:
            return None
        if self._is_usable(session.tokens, rejected):
            return session.tokens.access_token
        return self._refreshed(handle, rejected)

    def end(self, handle: str, reason: str) -> bool:
        """End a launch and revoke its tokens at the EHR; True if it was alive.

        ``reason`` is for the audit: ``logout``, ``timeout``, ``refresh-refused``, ….
        """
        row = self._store.get_launch(handle)
        return row is not None and self._finish(self._open(row), reason)

    def end_overdue(self, seconds: float = _ROUND_S) -> int:
        """End launches that nobody comes back to, as ``load`` would; return how many.

        Works for about ``seconds``, because each may wait for its EHR: call it again for the rest. What cannot be
        ended so (its EHR answers slowly, its record does not open) is removed an hour later all the same.
        """
        now, until = self._clock(), self._monotonic() + seconds
        idle_since = now - self._lifetimes.idle
        ended = 0
        for handle in self._store.overdue(now, idle_since, _MOST_A_ROUND):
            try:
                ended += self.end(handle, "timeout")
            except AppError as error:
                _log.warning("a launch that is over could not be ended: %s", error)
            if self._monotonic() >= until:
                break
        self._store.purge(now - _GRACE, idle_since - _GRACE)
        return ended

    def _finish(self, session: Session, reason: str) -> bool:
        if not self._store.end_launch(session.context.handle):
            return False
        revoked = self._revoke(session)
        self._record("launch.end", session.context, {"reason": reason, "revoked": revoked})
        return True

    def _row(self, handle: str) -> LaunchRow:
        row = self._store.get_launch(handle) if _HANDLE.fullmatch(handle) else None
        if row is None:
            raise _no_session()
        return row

    def _open(self, row: LaunchRow) -> Session:
        return Session.open(self._vault, row.tenant, row.handle, row.sealed)

    def _require_time_left(self, row: LaunchRow, session: Session) -> datetime:
        """The time now; a launch that is over at it is ended."""
        now = self._clock()
        if now >= row.expires_at or now >= row.seen_at + self._lifetimes.idle:
            self._finish(session, "timeout")
            raise _ended("This session has ended because it was not used, or was open too long.")
        return now

    def _require_registered(self, session: Session) -> RegisteredEhr:
        """The launch's EHR as registered now; a launch whose EHR was removed or moved is ended."""
        ehr = self._registered(session.context)
        if ehr is None:
            self._finish(session, "not-registered")
            raise _ended("This EHR is no longer registered with the app.")
        return ehr

    def _is_usable(self, tokens: Tokens, rejected: str | None) -> bool:
        return tokens.access_token != rejected and self._clock() < tokens.expires_at - (
            _EARLY if tokens.refresh_token else timedelta(0)
        )

    def _refreshed(self, handle: str, rejected: str | None) -> str:
        """Refresh under the store's lease, or wait for whoever holds it."""
        owner = token_text(self._entropy, 16)
        give_up = self._monotonic() + _WAIT_S
        while True:
            now = self._clock()
            claimed = self._store.claim_refresh(handle, owner, now, now + _LEASE)
            try:
                row = self._row(handle)
                session = self._open(row)
                assert session.tokens is not None
                if self._is_usable(session.tokens, rejected):
                    return session.tokens.access_token
                if claimed:
                    return self._refresh(row, session, session.tokens)
            finally:
                if claimed:
                    self._store.release_refresh(handle, owner)
            if self._monotonic() >= give_up:
                raise LaunchError("launch.busy", "The EHR is slow to renew the sign-in. Please try again.", status=503)
            self._sleep(_POLL_S)

    def _refresh(self, row: LaunchRow, session: Session, tokens: Tokens) -> str:
        if tokens.refresh_token is None:
            raise LaunchError(
                "launch.token-expired",
                "The EHR's permission has expired. Please launch the app again.",
                status=401,
            )
        context = session.context
        ehr = self._require_registered(session)
        try:
            answer = self._tokens.refresh(ehr, tokens.token_url, tokens.refresh_token)
        except TokenRefused as refusal:
            self._finish(session, "refresh-refused")
            raise _ended("The EHR has ended this session. Please launch the app again.") from refusal
        renewed = replace(
            tokens,
            access_token=answer.access_token,
            expires_at=answer.expires_at,
            refresh_token=answer.refresh_token or tokens.refresh_token,
        )
        if answer.patient is not None and answer.patient != tokens.patient:
            self._finish(replace(session, tokens=renewed), "patient-changed")
            raise _ended("The EHR switched to another patient. Please launch the app again.")
        if answer.scope is not None:  # a refresh may narrow what was granted, never widen it
            granted = compare(context.granted, parse_scopes(answer.scope).clinical).granted
            context = replace(context, granted=granted)
        changed = replace(session, context=context, tokens=renewed)
        new_row = replace(row, sealed=changed.seal(self._vault), version=row.version + 1)
        if not self._store.replace_launch(new_row, row.version):
            self._revoke(changed)
            raise _ended("This session has ended.")
        return renewed.access_token

    def _registered(self, context: LaunchContext) -> RegisteredEhr | None:
        """The EHR as registered now; None for one that was removed, moved or given to another tenant."""
        ehr = self._registry.by_name(context.ehr)
        if ehr is None or (ehr.fhir_base, ehr.tenant) != (context.fhir_base, context.tenant):
            return None
        return ehr

    def _revoke(self, session: Session) -> str:
        if session.tokens is None:
            return "not-offered"
        ehr = self._registered(session.context)
        return "not-registered" if ehr is None else self._tokens.revoke_all(ehr, session.tokens)

    def _record(self, action: str, context: LaunchContext, detail: dict[str, str]) -> None:
        self._audit.record(
            action,
            "success",
            actor=context.user.reference,
            tenant=context.tenant,
            launch=context.handle,
            patient=f"Patient/{context.patient}" if context.patient else None,
            detail=detail,
        )


def _no_session() -> LaunchError:
    return LaunchError(
        "launch.no-session", "There is no open session here. Please launch the app from the EHR.", status=401
    )


def _ended(message: str) -> LaunchError:
    return LaunchError("launch.ended", message, status=401)
