"""``create_app``: the one place where the parts are wired together for the web."""

from __future__ import annotations

import hashlib
import hmac

from flask import Flask

from launch.views import Look, launch_blueprint
from smartapp.core import Core
from smartapp.errors import AppError
from smartapp.resources import resource_folder
from smartapp.web import errors, forgery, frame, guards, headers
from smartapp.web.chart import chart_pages
from smartapp.web.enrolment import enrolment_pages
from smartapp.web.entry import entry_pages
from smartapp.web.hooks import hooks
from smartapp.web.messages import messages_pages
from smartapp.web.opt_out import opt_out_pages
from smartapp.web.outreach import outreach_pages
from smartapp.web.parts import Parts
from smartapp.web.population import population_pages
from smartapp.web.practice import practice_pages
from smartapp.web.wordings import wording_pages

_FORM_PARTS = 200


def create_app(core: Core) -> Flask:
    """The app as WSGI. Raises ``ConfigurationError`` for settings or routes that must not be served."""
    settings = core.settings
    core.prepare()
    app = Flask(
        "smartapp",
        template_folder=str(resource_folder("templates")),
        static_folder=str(resource_folder("static")),
        static_url_path="/static",
    )
    app.config.update(
        MAX_CONTENT_LENGTH=settings.form_max_bytes,
        MAX_FORM_MEMORY_SIZE=settings.form_max_bytes,
        MAX_FORM_PARTS=_FORM_PARTS,
        SECRET_KEY=None,  # there is no Flask session: state is on the server, under the launch's handle
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["smartapp"] = _parts(core)
    look = Look(stylesheet="/static/app.css", script="/static/continue.js")
    app.register_blueprint(launch_blueprint(core.launch, after_logout="/?done=signed-out", look=look))
    launched = (
        entry_pages,
        chart_pages,
        population_pages,
        outreach_pages,
        messages_pages,
        wording_pages,
        enrolment_pages,
        practice_pages,
    )
    for pages in (*launched, opt_out_pages, hooks):
        app.register_blueprint(pages)
    guards.declare_public(
        app, "static", "launch.from_ehr", "launch.standalone", "launch.callback", "launch.logout", "launch.jwks"
    )
    errors.install(app)
    guards.install(app)
    forgery.install(
        app,
        key=_form_key(settings.secret_key),
        public_url=settings.public_url,
        # The link itself is the permission, and mail programs post it (RFC 8058); the provider signs what it posts.
        exempt=frozenset({"opt_out.stop", "hooks.sms"}),
    )
    headers.install(app, https=settings.is_https, frame_ancestors=_frame_ancestors(core))
    frame.install(app)
    return app


def _parts(core: Core) -> Parts:
    return Parts(
        sessions=core.launch.sessions,
        registry=core.registry,
        audit=core.audit,
        clock=core.outside.clock,
        chart=core.chart,
        remarks=core.remarks,
        outreach=core.outreach,
        desk=core.desk,
        enrolment=core.enrolment,
        replies=core.replies,
        population=core.population,
        opt_outs=core.opt_outs,
        approvals=core.approvals,
        practice=core.practice_sections,
    )


def _frame_ancestors(core: Core) -> headers.FrameAncestors:
    def of(name: str | None) -> list[str]:
        try:
            known = core.registry.all()
        except AppError:
            return []  # the page that says so is shown all the same, framed by nobody else
        return [origin for ehr in known if name is None or ehr.name == name for origin in ehr.frame_ancestors]

    return of


def _form_key(secret_key: str) -> bytes:
    """A key of its own for form tokens, so that no two uses of the secret meet."""
    return hmac.new(secret_key.encode(), b"smartapp form tokens", hashlib.sha256).digest()
