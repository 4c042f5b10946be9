"""The staff's pages: sign in, patients, a chart with the app in a frame, the worklist."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from . import chart, launches, web
from .clients import Client
from .directory import find_patients, summary
from .ehr import Ehr
from .messages import thread
from .patients.practice import organization
from .staff import STAFF, StaffMember

_PER_PAGE = 50


def blueprint(ehr: Ehr) -> Blueprint:
    """Everything that a member of staff sees. All but the first page need a session."""
    views = Blueprint("ehr", __name__)

    @views.app_context_processor
    def practice() -> dict[str, str]:
        return {"practice": str(organization()["display"])}

    @views.get("/")
    def home() -> Response:
        return web.page("home.html", staff=STAFF.values(), settings=ehr.settings)

    @views.post("/login")
    def login() -> Response:
        web.own_form(ehr)
        member = STAFF.get(request.form.get("user", ""))
        if member is None:
            raise web.PageError("ehr.unknown-user", "Nobody by that name", "Choose one of the people on the list.")
        target = "ehr.worklist" if member.role == "coordinator" else "ehr.patients"
        return web.sign_in(ehr, redirect(url_for(target), 303), "staff", member.login)

    @views.post("/logout")
    def logout() -> Response:
        web.own_form(ehr)
        return web.sign_out(ehr, redirect(url_for("ehr.home"), 303), "staff")

    @views.get("/patients")
    def patients() -> Response:
        _member(ehr)
        text = request.args.get("q", "")[:100]
        found = find_patients(ehr, text)
        number = max(request.args.get("page", 1, type=int), 1)
        shown = found[(number - 1) * _PER_PAGE : number * _PER_PAGE]
        pages = max(-(-len(found) // _PER_PAGE), 1)
        return web.page("patients.html", patients=shown, total=len(found), text=text, number=number, pages=pages)

    @views.get("/patients/<patient_id>")
    def patient(patient_id: str) -> Response:
        _member(ehr)
        resource = ehr.store.read("Patient", patient_id)
        if resource is None:
            raise web.PageError("ehr.unknown-patient", "No such patient", "There is no such patient here.", 404)
        name = request.args.get("tab", "summary")
        name = name if name in chart.TABS else "summary"
        app = _app(ehr, request.args.get("app"))
        return web.page(
            "patient.html",
            patient=summary(resource, ehr.clock().date()),
            tabs=chart.TABS,
            tab=name,
            tables=[] if name == "messages" else chart.tab(ehr, patient_id, name),
            messages=thread(ehr, patient_id) if name == "messages" else [],
            app=app,
            wide=request.args.get("view") == "wide",
        )

    @views.get("/patients/<patient_id>/launch")
    def launch(patient_id: str) -> Response:
        member = _member(ehr)
        app = _app(ehr, request.args.get("app"))
        if app is None or ehr.store.read("Patient", patient_id) is None:
            raise web.PageError("ehr.no-launch", "Nothing to open", "There is no such patient or app here.", 404)
        return redirect(_launch_url(ehr, app, member, patient_id))

    @views.get("/worklist")
    def worklist() -> Response:
        _member(ehr)
        return web.page("worklist.html", app=_app(ehr, request.args.get("app")))

    @views.get("/worklist/launch")
    def launch_worklist() -> Response:
        member = _member(ehr)
        app = _app(ehr, request.args.get("app"))
        if app is None:
            raise web.PageError("ehr.no-launch", "Nothing to open", "There is no such app here.", 404)
        return redirect(_launch_url(ehr, app, member, None))

    return views


def _launch_url(ehr: Ehr, app: Client, member: StaffMember, patient: str | None) -> str:
    return launches.launch_url(
        ehr,
        app,
        member,
        patient,
        session=web.session_mark(),
        intent=request.args.get("intent"),
        ask="ask" in request.args,
    )


def _member(ehr: Ehr) -> StaffMember:
    member = web.staff_member(ehr)
    if member is None:
        raise web.PageError("ehr.signed-out", "Sign in first", "This page is for the practice's staff.", 401)
    return member


def _app(ehr: Ehr, client_id: str | None) -> Client | None:
    found = ehr.clients.launchable()
    return next((client for client in found if client_id in (None, client.client_id)), None)
