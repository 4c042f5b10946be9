"""The FHIR R4 server: read, search with pages, create, capability statement."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from . import creating
from .access import Access, access_to
from .capability import statement
from .dates import to_range
from .ehr import Ehr
from .fhir_errors import FhirError, forbidden, unauthorized
from .grants import Token
from .paging import Searching
from .search_params import PARAMS
from .web import PageError, page

JSON = "application/fhir+json"
Sleep = Callable[[float], None]


def blueprint(ehr: Ehr, sleep: Sleep = time.sleep) -> Blueprint:
    """Everything below ``/fhir``. Only the capability statement is open."""
    views = Blueprint("fhir", __name__, url_prefix="/fhir")
    searching = Searching(ehr)

    @views.before_request
    def slow() -> None:
        if ehr.settings.latency_ms:
            sleep(ehr.settings.latency_ms / 1000)

    @views.errorhandler(FhirError)
    def fhir_error(error: FhirError) -> Response:
        answer = _answer(error.outcome(), error.status)
        if error.challenge:
            answer.headers["WWW-Authenticate"] = error.challenge
        return answer

    @views.app_errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        # For the whole app: an address below /fhir that no route knows has no blueprint.
        if not request.path.startswith("/fhir"):
            return page(
                "error.html", error.code or 500, error=PageError("ehr.http", error.name, "This page cannot be shown.")
            )
        issue = {404: "not-found", 405: "not-supported", 413: "too-long"}.get(error.code or 500, "processing")
        return fhir_error(FhirError(error.code or 500, issue, error.name))

    @views.get("/metadata")
    def metadata() -> Response:
        return _answer(statement(ehr))

    @views.get("/<kind>/<resource_id>")
    def read(kind: str, resource_id: str) -> Response:
        access = _access(ehr, _bearer(ehr), kind, "r")
        if kind == "Patient" and access.patients is not None and resource_id not in access.patients:
            raise forbidden("The token is for another patient.")
        resource = ehr.store.read(kind, resource_id)
        # What the token does not reach is answered as what does not exist: existence is not told.
        if resource is None or not access.admits(resource):
            raise FhirError(404, "not-found", f"There is no such {kind}.")
        return _versioned(_answer(resource), resource)

    @views.get("/<kind>")
    def search(kind: str) -> Response:
        return _search(kind, [(name, value) for name, value in request.args.items(multi=True)])

    @views.post("/<kind>/_search")
    def search_by_post(kind: str) -> Response:
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        return _search(kind, pairs)

    def _search(kind: str, pairs: list[tuple[str, str]]) -> Response:
        if any(name == "access_token" for name, _ in pairs):
            raise unauthorized("A token belongs into the Authorization header.", token_given=True)
        token = _bearer(ehr)
        access = _access(ehr, token, kind, "s")
        strict = "handling=lenient" not in request.headers.get("Prefer", "")
        return _raw(searching.answer(kind, pairs, access, token.client_id, strict=strict))

    @views.post("/<kind>")
    def create(kind: str) -> Response:
        token = _bearer(ehr)
        access = _access(ehr, token, kind, "c")
        made, new = creating.create(
            ehr, kind, request.get_data(cache=False), access, request.headers.get("If-None-Exist")
        )
        answer = _versioned(_answer(made, 201 if new else 200), made)
        location = f"{ehr.settings.fhir_base}/{kind}/{made['id']}/_history/{made['meta']['versionId']}"
        answer.headers["Location"] = location
        return answer

    return views


def _bearer(ehr: Ehr) -> Token:
    header = request.headers.get("Authorization", "")
    scheme, _, handle = header.partition(" ")
    if scheme.lower() != "bearer" or not handle:
        raise unauthorized("An access token is needed.", token_given=False)
    token = ehr.grants.find("access", handle.strip())
    if token is None:
        raise unauthorized("The access token is unknown, expired or revoked.", token_given=True)
    return token


def _access(ehr: Ehr, token: Token, kind: str, operation: str) -> Access:
    if kind not in PARAMS:
        raise FhirError(404, "not-supported", "This type is not served here.")
    access = access_to(token, kind, operation, ehr.settings.fhir_base)
    if not access:
        words = {"r": "reading", "s": "searching", "c": "creating"}
        raise forbidden(f"The token has no scope for {words[operation]} {kind}.")
    return access


def _answer(resource: dict[str, Any], status: int = 200) -> Response:
    return _raw(msgspec.json.encode(resource), status)


def _raw(body: bytes, status: int = 200) -> Response:
    answer = Response(body, status, content_type=f"{JSON}; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _versioned(answer: Response, resource: dict[str, Any]) -> Response:
    meta = resource["meta"]
    answer.headers["ETag"] = f'W/"{meta["versionId"]}"'
    moment = datetime.fromtimestamp(to_range(meta["lastUpdated"])[0], UTC)
    answer.headers["Last-Modified"] = format_datetime(moment, usegmt=True)
    return answer
