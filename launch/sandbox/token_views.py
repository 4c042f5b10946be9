"""The endpoints for apps: token, introspection, revocation, registration."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

from flask import Blueprint, Response, jsonify, request

from .clients import BadRegistration, Client, from_metadata
from .ehr import Ehr
from .grants import Token
from .oauth_errors import OAuthError
from .scopes import offer, subset

_VERIFIER = re.compile(r"^[A-Za-z0-9\-._~]{43,128}$")
_ID_TOKEN_SECONDS = 300


def blueprint(ehr: Ehr) -> Blueprint:
    """``/auth/token``, ``/auth/introspect``, ``/auth/revoke``, ``/auth/register``."""
    views = Blueprint("token", __name__, url_prefix="/auth")
    service = TokenService(ehr)

    @views.errorhandler(OAuthError)
    def oauth_error(error: OAuthError) -> Response:
        answer = _json({"error": error.error, "error_description": error.description}, error.status)
        if error.status == 401:
            answer.headers["WWW-Authenticate"] = 'Basic realm="sandbox"'
        return answer

    @views.post("/token")
    def token() -> Response:
        form = _form()
        client = ehr.authentication.client_of(form, request.headers.get("Authorization"))
        return _json(service.answer(client, form))

    @views.post("/introspect")
    def introspect() -> Response:
        form = _form()
        client = ehr.authentication.client_of(form, request.headers.get("Authorization"))
        if client.auth == "none":
            raise OAuthError("invalid_client", "Introspection needs an authenticated client.", 401)
        return _json(service.introspection(client, form.get("token", "")))

    @views.post("/revoke")
    def revoke() -> Response:
        form = _form()
        client = ehr.authentication.client_of(form, request.headers.get("Authorization"))
        if not form.get("token"):
            raise OAuthError("invalid_request", "token is missing.")
        ehr.grants.revoke_token(form["token"], client.client_id)
        return _json({})

    @views.post("/register")
    def register() -> Response:
        if request.remote_addr not in ("127.0.0.1", "::1"):
            raise OAuthError("access_denied", "Registration is open on loopback only.", 403)
        data = request.get_json(silent=True)
        if not isinstance(data, dict):
            raise OAuthError("invalid_client_metadata", "The body is not a JSON object.")
        try:
            client, secret = from_metadata({**data, "client_id": None}, ehr.entropy)
        except BadRegistration as error:
            raise OAuthError("invalid_client_metadata", str(error)) from error
        ehr.clients.save(client)
        return _json(_registration(client, secret), 201)

    return views


class TokenService:
    """What the token and introspection endpoints answer to an authenticated client."""

    def __init__(self, ehr: Ehr) -> None:
        self._ehr = ehr

    def answer(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        """The token response for a grant type. Raises OAuthError."""
        grant = form.get("grant_type", "")
        handlers = {
            "authorization_code": self._code,
            "refresh_token": self._refresh,
            "client_credentials": self._backend,
        }
        if grant not in handlers:
            raise OAuthError("unsupported_grant_type", "This grant type is not supported.")
        if grant not in client.grants:
            raise OAuthError("unauthorized_client", "The client is not registered for this grant type.")
        return handlers[grant](client, form)

    def _code(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        code, first = self._ehr.tickets.take("code", form.get("code", ""))
        if code is None:
            raise OAuthError("invalid_grant", "The code is unknown or too old.")
        if not first:
            # RFC 6749, 4.1.2: a code seen twice was stolen by somebody; whatever came of it ends.
            self._ehr.grants.revoke_grant(code["grant"])
            raise OAuthError("invalid_grant", "The code was used before.")
        if code["client"] != client.client_id or code["redirect_uri"] != form.get("redirect_uri"):
            raise OAuthError("invalid_grant", "The code was issued for another client or redirect URI.")
        verifier = form.get("code_verifier", "")
        if not _VERIFIER.match(verifier) or not _answers(verifier, code["challenge"]):
            raise OAuthError("invalid_grant", "The code verifier does not answer the challenge.")
        grant, scope = code["body"], code["scope"]
        answer = self._tokens(client, code["grant"], grant, scope)
        if "openid" in scope.split():
            answer["id_token"] = self._id_token(client, grant, scope, code.get("nonce"))
        return answer

    def _refresh(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        token = self._ehr.grants.use_refresh(form.get("refresh_token", ""), client.client_id)
        if token is None or token.client_id != client.client_id:
            raise OAuthError("invalid_grant", "The refresh token is unknown, used or revoked.")
        wanted = form.get("scope", token.scope)
        if not subset(wanted.split(), token.scope.split()):
            raise OAuthError("invalid_scope", "A refresh may only narrow what was granted.")
        return self._tokens(client, token.grant_id, token.grant, wanted, refresh_scope=token.scope)

    def _backend(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        requested = [text for text in form.get("scope", "").split() if text.startswith("system/")]
        granted = " ".join(offer(requested, client.scope.split(), v2=self._ehr.settings.scopes_v2))
        if not granted:
            raise OAuthError("invalid_scope", "None of the scopes is open to this client.")
        grant_id = self._ehr.grants.open(client.client_id, {})
        seconds = min(self._ehr.settings.access_token_seconds, 300)
        access = self._ehr.grants.issue("access", grant_id, granted, seconds)
        return {"access_token": access, "token_type": "Bearer", "expires_in": seconds, "scope": granted}

    def _tokens(
        self, client: Client, grant_id: str, grant: Any, scope: str, refresh_scope: str | None = None
    ) -> dict[str, Any]:
        seconds = self._ehr.settings.access_token_seconds
        answer: dict[str, Any] = {
            "access_token": self._ehr.grants.issue("access", grant_id, scope, seconds),
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": scope,
            "need_patient_banner": grant["need_patient_banner"],
            "smart_style_url": f"{self._ehr.settings.base_url}/smart-style/v1.json",
        }
        if self._ehr.settings.tenant:
            answer["tenant"] = self._ehr.settings.tenant
        for name in ("patient", "encounter", "intent", "fhirContext"):
            if grant.get(name):
                answer[name] = grant[name]
        lasting = {"offline_access", "online_access"} & set((refresh_scope or scope).split())
        if lasting and "refresh_token" in client.grants:
            answer["refresh_token"] = self._ehr.grants.issue(
                "refresh", grant_id, refresh_scope or scope, self._ehr.settings.refresh_seconds
            )
        return answer

    def _id_token(self, client: Client, grant: Any, scope: str, nonce: str | None) -> str:
        now = int(self._ehr.clock().timestamp())
        claims = {
            "iss": self._ehr.settings.issuer,
            "sub": grant["user"].rpartition("/")[2],
            "aud": client.client_id,
            "iat": now,
            "exp": now + _ID_TOKEN_SECONDS,
            "auth_time": now,
        }
        if nonce is not None:
            claims["nonce"] = nonce
        if {"fhirUser", "profile"} & set(scope.split()):
            claims["fhirUser"] = f"{self._ehr.settings.fhir_base}/{grant['user']}"
            claims["name"] = grant["user_name"]
        return self._ehr.key.sign(claims)

    def introspection(self, client: Client, handle: str) -> dict[str, Any]:
        """RFC 7662, with the launch context (SMART App Launch 2.2, Token Introspection)."""
        token = self._ehr.grants.find("access", handle) or self._ehr.grants.find("refresh", handle)
        if token is None or token.client_id != client.client_id:
            return {"active": False}
        return {**_described(token), "iss": self._ehr.settings.issuer, **self._identity(token)}

    def _identity(self, token: Token) -> dict[str, Any]:
        if token.user is None:
            return {"sub": token.client_id}
        identity = {"sub": token.user.rpartition("/")[2]}
        if "fhirUser" in token.scope.split():
            identity["fhirUser"] = f"{self._ehr.settings.fhir_base}/{token.user}"
        return identity


def _described(token: Token) -> dict[str, Any]:
    described: dict[str, Any] = {
        "active": True,
        "client_id": token.client_id,
        "scope": token.scope,
        "exp": int(token.expires),
        "token_type": "Bearer" if token.kind == "access" else "refresh_token",
    }
    context = ("patient", "encounter", "intent", "fhirContext")
    return described | {name: token.grant[name] for name in context if token.grant.get(name)}


def _answers(verifier: str, challenge: str) -> bool:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(hashed, challenge)


def _form() -> dict[str, str]:
    for name, values in request.form.lists():
        if len(values) > 1:
            raise OAuthError("invalid_request", f"{name[:40]} is repeated.")
    return {name: value for name, value in request.form.items() if value}


def _registration(client: Client, secret: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "client_id": client.client_id,
        "client_name": client.name,
        "token_endpoint_auth_method": client.auth,
        "grant_types": list(client.grants),
        "redirect_uris": list(client.redirect_uris),
        "scope": client.scope,
    }
    for name in ("launch_url", "worklist_url", "jwks_uri", "jwks"):
        if getattr(client, name):
            answer[name] = getattr(client, name)
    if secret:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return answer


def _json(body: dict[str, Any], status: int = 200) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Pragma"] = "no-cache"
    return answer
