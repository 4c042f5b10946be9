"""The authorization pages: who are you, which patient, what may the app do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from . import authorize, web
from .clients import Client
from .directory import find_patients, summary
from .ehr import Ehr
from .staff import STAFF


def blueprint(ehr: Ehr) -> Blueprint:
    """``/auth/authorize`` and the three forms behind it.

    The pages need no cookie: in another site's frame there may be none. The handle of the authorization, which
    only the page at hand knows, ties the forms together; every step checks all of it again.
    """
    views = Blueprint("authorize", __name__, url_prefix="/auth")

    @views.route("/authorize", methods=["GET", "POST"])
    def start() -> Response:
        form = request.form if request.method == "POST" else request.args
        if any(len(values) > 1 for _, values in form.lists()) or (request.method == "POST" and request.args):
            raise _shown("A parameter of the request is repeated.")
        try:
            client = authorize.client_of(ehr, form)
        except authorize.NoRedirect as error:
            raise _shown(str(error)) from error
        try:
            pending = authorize.check(ehr, client, form, web.signed_in(ehr, "staff"))
        except authorize.Refused as error:
            answer = {"error": error.error, "error_description": error.description}
            state = {"state": form["state"]} if form.get("state") else {}
            return redirect(authorize.answer_url(ehr, form["redirect_uri"], {**answer, **state}))
        pending.setdefault("session", web.session_mark() if pending["user"] else None)
        return _step(ehr, client, pending, None)

    @views.post("/authorize/user")
    def choose_user() -> Response:
        handle, pending, client = _pending(ehr)
        if request.form.get("user") not in STAFF or pending["user"]:
            raise _shown("Choose one of the people on the list.")
        pending["user"] = request.form["user"]
        return _step(ehr, client, pending, handle)

    @views.post("/authorize/patient")
    def choose_patient() -> Response:
        handle, pending, client = _pending(ehr)
        chosen = request.form.get("patient", "")
        if "search" in request.form or not chosen:
            return _step(ehr, client, pending, handle, text=request.form.get("q", ""))
        if not pending["user"] or not authorize.needs_patient(pending) or not ehr.store.read("Patient", chosen):
            raise _shown("Choose one of the patients on the list.")
        pending["patient"] = chosen
        return _step(ehr, client, pending, handle)

    @views.post("/authorize/decision")
    def decide() -> Response:
        handle, pending, client = _pending(ehr)
        if not pending["user"] or authorize.needs_patient(pending):
            return _step(ehr, client, pending, handle)
        if request.form.get("decision") != "allow":
            ehr.tickets.drop(handle)
            refusal = {"error": "access_denied", "error_description": "The user refused.", "state": pending["state"]}
            return redirect(authorize.answer_url(ehr, pending["redirect_uri"], refusal))
        granted = authorize.decide(pending["offered"], request.form.getlist("scope"))
        return _finish(ehr, pending, granted, handle)

    return views


def _step(ehr: Ehr, client: Client, pending: dict[str, Any], handle: str | None, text: str = "") -> Response:
    """The next page, or the end."""
    web.frame_for(client.origins)
    asks = not pending["user"] or authorize.needs_patient(pending) or pending["ask"]
    if not asks:
        return _finish(ehr, pending, pending["offered"], handle)
    if handle is None:
        handle = ehr.tickets.issue("authorization", pending, authorize.PENDING_SECONDS)
    else:
        ehr.tickets.update(handle, pending)
    shown: Mapping[str, Any] = {"client": client, "handle": handle}
    if not pending["user"]:
        return web.page("authorize_user.html", **shown, staff=STAFF.values())
    if authorize.needs_patient(pending):
        found = find_patients(ehr, text)
        return web.page("authorize_patient.html", **shown, text=text, patients=found[:25], total=len(found))
    chart = ehr.store.read("Patient", pending["patient"]) if pending.get("patient") else None
    return web.page(
        "authorize_consent.html",
        **shown,
        member=STAFF[pending["user"]],
        patient=summary(chart, ehr.clock().date()) if chart else None,
        choices=authorize.choices(pending["offered"]),
    )


def _finish(ehr: Ehr, pending: dict[str, Any], granted: list[str], handle: str | None) -> Response:
    if handle is not None:
        ehr.tickets.drop(handle)
    return redirect(authorize.code_url(ehr, pending, granted))


def _pending(ehr: Ehr) -> tuple[str, dict[str, Any], Client]:
    web.own_form(ehr)
    handle = request.form.get("request", "")
    pending = ehr.tickets.look("authorization", handle)
    client = ehr.clients.get(pending["client"]) if pending else None
    if pending is None or client is None:
        raise _shown("This request has ended. Start again from the app.")
    return handle, pending, client


def _shown(message: str) -> web.PageError:
    return web.PageError("auth.refused", "The app cannot be opened", message)
