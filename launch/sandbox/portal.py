"""The patient's pages: sign in, inbox, a message and its answer, preferences."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from . import messages, preferences, web
from .directory import find_patients, summary
from .ehr import Ehr


def blueprint(ehr: Ehr) -> Blueprint:
    """``/portal``. A page below ``/portal/<patient>`` opens only in that patient's own session."""
    views = Blueprint("portal", __name__, url_prefix="/portal")

    @views.get("")
    def entrance() -> Response:
        own = web.signed_in(ehr, "portal")
        if own is not None:
            return redirect(url_for("portal.inbox", patient=own))
        text = request.args.get("q", "")[:100]
        names = _login_names(ehr)
        found = find_patients(ehr, text)
        return web.page("portal_login.html", text=text, patients=found[:12], total=len(found), names=names)

    @views.post("/login")
    def login() -> Response:
        web.own_form(ehr)
        with ehr.database.read() as connection:
            row = connection.execute(
                "SELECT patient FROM portal_login WHERE name = ?", (request.form.get("login", ""),)
            ).fetchone()
        if row is None:
            raise web.PageError("portal.unknown-login", "No such login", "Check the login name and try again.")
        return web.sign_in(ehr, redirect(url_for("portal.inbox", patient=row[0]), 303), "portal", row[0])

    @views.post("/logout")
    def logout() -> Response:
        web.own_form(ehr)
        return web.sign_out(ehr, redirect(url_for("portal.entrance"), 303), "portal")

    @views.get("/<patient>/inbox")
    def inbox(patient: str) -> Response:
        return web.page("portal_inbox.html", **_own(ehr, patient), messages=messages.inbox(ehr, patient))

    @views.get("/<patient>/inbox.json")
    def inbox_json(patient: str) -> Response:
        if web.signed_in(ehr, "portal") != patient:
            answer = jsonify({"error": "portal.signed-out", "message": "Sign in to the portal as this patient."})
            answer.status_code = 401
            return answer
        return jsonify({"messages": messages.inbox(ehr, patient)})

    @views.get("/<patient>/messages/<message_id>")
    def read(patient: str, message_id: str) -> Response:
        _own(ehr, patient)
        found = _message(ehr, patient, message_id)
        if not found["from_patient"]:
            messages.mark_read(ehr, message_id)
        answers = [other for other in messages.thread(ehr, patient) if message_id in other["answers"]]
        return web.page("portal_message.html", **_own(ehr, patient), message=found, answers=answers[::-1])

    @views.post("/<patient>/messages/<message_id>/reply")
    def reply(patient: str, message_id: str) -> Response:
        web.own_form(ehr)
        _own(ehr, patient)
        _message(ehr, patient, message_id)
        text = request.form.get("text", "").strip()
        if not text or len(text) > messages.LONGEST_REPLY:
            raise web.PageError(
                "portal.reply", "Nothing was sent", f"Write between 1 and {messages.LONGEST_REPLY} characters."
            )
        messages.reply(ehr, patient, message_id, text)
        return redirect(url_for("portal.read", patient=patient, message_id=message_id) + "#answers", 303)

    @views.get("/<patient>/preferences")
    def show_preferences(patient: str) -> Response:
        return web.page(
            "portal_preferences.html",
            **_own(ehr, patient),
            wishes=preferences.wishes(ehr, patient),
            channels=preferences.CHANNELS,
            saved="saved" in request.args,
        )

    @views.post("/<patient>/preferences")
    def keep_preferences(patient: str) -> Response:
        web.own_form(ehr)
        _own(ehr, patient)
        preferences.keep(
            ehr,
            patient,
            outreach=request.form.get("outreach") == "yes",
            channels=request.form.getlist("channel"),
        )
        return redirect(url_for("portal.show_preferences", patient=patient, saved=1), 303)

    return views


def _own(ehr: Ehr, patient: str) -> dict[str, Any]:
    """Who is looking, for the page. Raises PageError: 401 signed out, 404 for another patient's page."""
    session = web.signed_in(ehr, "portal")
    if session is None:
        raise web.PageError("portal.signed-out", "Sign in first", "Sign in to the portal to see your messages.", 401)
    resource = ehr.store.read("Patient", session)
    if session != patient or resource is None:
        raise web.PageError("portal.not-yours", "No such page", "There is no such page in your portal.", 404)
    unread = sum(1 for message in messages.inbox(ehr, patient) if not message["received"])
    return {"patient": summary(resource, ehr.clock().date()), "unread": unread}


def _message(ehr: Ehr, patient: str, message_id: str) -> dict[str, Any]:
    found = messages.message(ehr, patient, message_id)
    if found is None:
        raise web.PageError("portal.no-message", "No such message", "There is no such message in your inbox.", 404)
    return found


def _login_names(ehr: Ehr) -> dict[str, str]:
    with ehr.database.read() as connection:
        return dict(connection.execute("SELECT patient, name FROM portal_login").fetchall())
