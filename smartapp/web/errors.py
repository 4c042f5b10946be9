"""One handler renders every error: a page with the stable code in ``data-error``, or JSON where that was asked for.

Nothing of the request is echoed, no traceback is shown, and what was unexpected is logged by its type and place
alone, because an exception's text may hold a patient's data.
"""

from __future__ import annotations

import logging
import traceback
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from launch.errors import CookiesBlocked
from smartapp.audit.logs import Safe
from smartapp.errors import AppError

log = logging.getLogger("smartapp.web")

_PLAIN = {
    400: "The request could not be understood. Nothing was done.",
    401: "Please open the app from the patient's chart again.",
    403: "This is not allowed. Nothing was done.",
    404: "There is no such page.",
    405: "This address does not take that kind of request.",
    413: "That is more than this form takes. Nothing was stored.",
    414: "The address is too long.",
    415: "This kind of content is not taken here.",
    431: "The request's headers are too long.",
}


def install(app: Flask) -> None:
    """Answer every error of the app in one way."""
    app.register_error_handler(AppError, _expected)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _unexpected)


def _expected(error: AppError) -> Response:
    log.info("error %s status %d", Safe(error.code), error.status)
    again = error.fresh_launch if isinstance(error, CookiesBlocked) else None
    return _answer(error.code, error.message, error.status, again)


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    return _answer(f"web.{status}", _PLAIN.get(status, "Something went wrong. Nothing was done."), status)


def _unexpected(error: Exception) -> Response:
    place = traceback.extract_tb(error.__traceback__)[-1]
    name, file = type(error).__name__, place.filename.rsplit("/", 2)[-1]
    log.error("unexpected %s at %s:%d", Safe(name), Safe(file), place.lineno or 0)
    return _answer("web.unexpected", "Something went wrong on our side. Nothing was sent; please try again.", 500)


def _answer(code: str, message: str, status: int, again: str | None = None) -> Response:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    if best == "application/json":
        response = jsonify({"error": code, "message": message})
    else:
        launch = g.get("launch")
        response = make_response(
            render_template(
                "error.html", code=code, message=message, launch=launch, status=status, again=again, back=_page_before()
            )
        )
    response.status_code = status
    return response


def _page_before() -> str | None:
    """The launch's page that a refused form was on, made anew from its route; None where that cannot be told."""
    launch = g.get("launch")
    path = urlsplit(request.referrer or "").path
    if launch is None or request.method != "POST" or not path.startswith(f"/l/{launch.handle}/"):
        return None
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, values = adapter.match(path, method="GET") if adapter is not None else ("web.entry", {})
    except HTTPException:
        return None  # an address that only takes forms
    return url_for(endpoint, **values)
