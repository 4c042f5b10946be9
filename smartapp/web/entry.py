"""The few addresses outside a launch, and the first one inside: sign in, health, the page a launch opens with."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from smartapp.web.guards import public, within_launch
from smartapp.web.parts import parts

entry_pages = Blueprint("web", __name__)


@entry_pages.get("/")
@public
def home() -> Response:
    """The EHRs that one can sign in through, and after a sign-out that it was one."""
    left = request.args.get("done") == "signed-out"
    return make_response(render_template("home.html", ehrs=parts().registry.all(), left=left, launch=None))


@entry_pages.get("/healthz")
@public
def healthz() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@entry_pages.get("/readyz")
@public
def readyz() -> Response:
    """The database and its keys can be used; 503 with the error's code otherwise."""
    parts().registry.all()
    return jsonify({"status": "ready"})


@entry_pages.get("/l/<handle>/")
@within_launch()
def entry(handle: str) -> AnyResponse:
    """Where a launch lands: on its chart, or on its population."""
    endpoint = "chart.page" if g.launch.patient is not None else "population.page"
    return redirect(url_for(endpoint, handle=handle), 303)
