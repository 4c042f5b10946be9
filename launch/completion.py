"""The second half of a launch: the browser comes back, and a session begins, or nothing does.

Everything that can be wrong with the request is found before the code is sent anywhere; whatever
is wrong with the answer ends in an error and no session.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from launch.answers import TokenAnswer
from launch.authorization import digest
from launch.context import LaunchContext, blank_context
from launch.cookies import sign_in_cookie
from launch.errors import CookiesBlocked, LaunchError
from launch.identity import ROLE_SCOPE, Identity
from launch.idtoken import IdTokenVerifier
from launch.issuers import RegisteredEhr, unknown_issuer
from launch.launcher import LaunchSettings
from launch.ports import Clock, EhrRegistry, SessionStore, Vault
from launch.records import Pending, Tokens
from launch.scopes import compare, parse_scopes
from launch.sessions import Sessions
from launch.tokens import TokenClient
from launch.trail import Trail

_REASONS = {
    "access_denied": "You, or the EHR, declined to give the app access.",
    "invalid_scope": "The EHR does not offer the permissions that the app asks for.",
    "unauthorized_client": "The EHR does not know this app. An administrator must register it there.",
    "temporarily_unavailable": "The EHR's sign-in service is busy. Please try again.",
}
_LONGEST = 8192


@dataclass(frozen=True, slots=True)
class Completed:
    """A live launch, the secret for its cookie, and the sign-in's cookie, which is used up."""

    context: LaunchContext
    secret: str
    used_cookie: str


class Completion:
    """Completes launches; made by ``launch.build.build_launch``."""

    def __init__(
        self,
        *,
        settings: LaunchSettings,
        registry: EhrRegistry,
        tokens: TokenClient,
        id_tokens: IdTokenVerifier,
        identity: Identity,
        sessions: Sessions,
        store: SessionStore,
        vault: Vault,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._tokens = tokens
        self._id_tokens = id_tokens
        self._identity = identity
        self._sessions = sessions
        self._store = store
        self._vault = vault
        self._trail = trail
        self._clock = clock

    def complete(
        self, params: Mapping[str, list[str]], cookies: Mapping[str, str], answered_at: str | None = None
    ) -> Completed:
        """Finish the sign-in that the request's ``state`` names.

        ``params`` are all values of each query parameter, ``cookies`` the request's, ``answered_at``
        the EHR's name in the address that was called, if there is one. A state is used up by the
        first request that brings it. Raises AppError with a code that names what was wrong; no code
        of the EHR's has been sent anywhere unless all of the request is right.
        """
        with self._trail.attempt("launch.complete", None):
            key = digest(_state(params))
            sealed = self._store.take_pending(key)
            if sealed is None:
                raise LaunchError(
                    "launch.unknown-state",
                    "This sign-in is over, or was never begun here. Please launch the app again.",
                )
        pending = Pending.open(self._vault, key, sealed)
        ehr = self._registry.by_name(pending.ehr)
        with self._trail.attempt("launch.complete", ehr):
            if ehr is None or not ehr.permits_endpoint("token", pending.token_url):
                raise unknown_issuer()
            cookie_name = sign_in_cookie(key)
            self._check_browser(pending, cookies.get(cookie_name))
            _check_issuer(pending, ehr, params.get("iss", []), answered_at)
            context, secret = self._signed_in(ehr, pending, _code(params))
            return Completed(context, secret, cookie_name)

    def _check_browser(self, pending: Pending, cookie: str | None) -> None:
        """The state was made for one browser; whoever else brings it did not begin this sign-in."""
        if self._clock() >= pending.expires_at:
            raise LaunchError("launch.state-expired", "This sign-in took too long. Please launch the app again.")
        if cookie is None:
            raise CookiesBlocked(f"/launch/standalone?ehr={quote(pending.ehr)}&view={pending.view}")
        if not hmac.compare_digest(digest(cookie[:256]), pending.cookie):
            raise LaunchError(
                "launch.wrong-browser",
                "This sign-in was begun in another browser. Please launch the app again.",
            )

    def _signed_in(self, ehr: RegisteredEhr, pending: Pending, code: str) -> tuple[LaunchContext, str]:
        answer = self._tokens.exchange(
            ehr,
            pending.token_url,
            code=code,
            verifier=pending.verifier,
            redirect_uri=self._settings.redirect_uri(ehr),
        )
        tokens = Tokens(
            answer.access_token,
            answer.expires_at,
            answer.refresh_token,
            pending.token_url,
            pending.revocation_url,
            answer.patient,
        )
        try:
            return self._sessions.create(self._context(ehr, pending, answer), tokens)
        except Exception:
            # Tokens of a sign-in that came to nothing are not left lying about at the EHR.
            self._tokens.revoke_all(ehr, tokens)
            raise

    def _context(self, ehr: RegisteredEhr, pending: Pending, answer: TokenAnswer) -> LaunchContext:
        claims = self._id_tokens.claims(ehr, pending.jwks_url, answer.id_token, pending.nonce)
        asked = parse_scopes(" ".join(pending.asked)).clinical
        everything = (*asked, ROLE_SCOPE)
        # RFC 6749, 5.1: an answer without a scope grants exactly what was asked.
        given = everything if answer.scope is None else parse_scopes(answer.scope).clinical
        granted = compare(everything, given).granted
        user = self._identity.user(ehr, claims, answer.access_token, granted)
        context = replace(
            blank_context(ehr, "population", user, None, asked),
            granted=compare(asked, granted).granted,
            style_url=answer.style_url,
            intent=answer.intent,
        )
        if pending.view == "population":
            return context  # whatever patient the EHR had open: this launch is for none
        if answer.patient is None:
            raise LaunchError(
                "launch.no-patient",
                "The EHR did not say whose chart is open. Please open a chart and launch the app again.",
                status=502,
            )
        return replace(
            context,
            kind="ehr" if pending.launched else "standalone",
            patient=answer.patient,
            encounter=answer.encounter,
            fhir_context=answer.fhir_context,
            need_patient_banner=answer.need_patient_banner,
        )


def _state(params: Mapping[str, list[str]]) -> str:
    values = params.get("state", [])
    if len(values) != 1 or not 0 < len(values[0]) <= 256:
        raise LaunchError("launch.bad-state", "This is not the end of a sign-in that was begun here.")
    return values[0]


def _check_issuer(pending: Pending, ehr: RegisteredEhr, issuers: list[str], answered_at: str | None) -> None:
    """Whether it is this EHR that answers (RFC 9700, 4.4.2): by the issuer it names, by the address it was given.

    RFC 9207, 2.4: an answer of another issuer, or of none where one is promised, is a mix-up.
    """
    other_address = answered_at != (ehr.name if ehr.own_callback else None)
    if other_address or (issuers != [ehr.issuer] and (issuers or pending.iss_expected)):
        raise LaunchError(
            "launch.mixed-up", "The answer is not from the EHR that you signed in to. Please launch again."
        )


def _code(params: Mapping[str, list[str]]) -> str:
    codes, errors = params.get("code", []), params.get("error", [])
    if errors:
        reason = _REASONS.get(errors[0], "The EHR ended the sign-in with an error.")
        raise LaunchError("launch.denied", f"{reason} Nothing was read.", status=403)
    if len(codes) != 1 or not 0 < len(codes[0]) <= _LONGEST:
        raise LaunchError("launch.bad-code", "The EHR's answer is incomplete. Please launch the app again.")
    return codes[0]
