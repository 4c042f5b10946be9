"""The launch's pages: ``/launch``, ``/launch/standalone``, ``/callback``, ``/logout`` and our keys.

They read the request, call the launch, and set cookies. Errors are raised; the app's one handler
renders them. No route here shows a patient, so their guard is the protocol's own: the registered
issuer, the state and the cookie.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import escape
from werkzeug.wrappers import Response

from launch.authorization import AuthorizationRequest
from launch.build import Launch
from launch.context import LaunchContext
from launch.cookies import launch_cookie, superfluous
from launch.errors import LaunchError
from launch.issuers import RegisteredEhr
from launch.keys import CACHED
from launch.launcher import Begun
from launch.ports import View

_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_LONGEST = {"iss": 2048, "launch": 4096, "ehr": 64, "view": 16, "patient": 64, "handle": 64}


@dataclass(frozen=True, slots=True)
class Look:
    """Files of the app's own for the one page that the launch shows: paths on its origin, empty for none.

    ``script`` presses the page's button (``form[data-continue]``), so that nobody has to.
    """

    stylesheet: str = ""
    script: str = ""


def launch_blueprint(launch: Launch, *, after_logout: str = "/", look: Look | None = None) -> Blueprint:
    """The launch as a Flask blueprint; ``after_logout`` is the path shown once signed out."""
    look = look or Look()
    pages = Blueprint("launch", __name__)

    @pages.get("/launch")
    def from_ehr() -> ResponseReturnValue:
        """Guard: the issuer is registered. Opened by the EHR, in a frame or a window."""
        iss, token = _required("iss"), _required("launch")
        return _to_sign_in(launch.launcher.begin_from_ehr(iss, token, _view()), look)

    @pages.get("/launch/standalone")
    def standalone() -> ResponseReturnValue:
        """Guard: the EHR is registered under the name that the user chose."""
        name, view, patient = _required("ehr"), _view(), _optional("patient")
        if launch.launcher.is_open(name):
            context, secret = launch.launcher.open_server(name, view, patient)
            return _to_app(context, secret)
        if patient is not None:
            raise _bad_request()  # whose chart it is, the EHR says
        return _to_sign_in(launch.launcher.begin_standalone(name, view), look)

    @pages.get("/callback")
    @pages.get("/callback/<ehr>")
    def callback(ehr: str | None = None) -> ResponseReturnValue:
        """Guard: the state, the cookie of the browser that began the sign-in, the EHR's own address if it has one."""
        done = launch.completion.complete(request.args.to_dict(flat=False), request.cookies, ehr)
        response = _to_app(done.context, done.secret)
        _forget(response, done.used_cookie)
        return response

    @pages.post("/logout")
    def logout() -> ResponseReturnValue:
        """Guard: the launch's cookie, sent by a form of our own origin."""
        _same_origin(launch.settings.public_url)
        handle = request.form.get("handle", "")[: _LONGEST["handle"]]
        name = launch_cookie(handle)
        launch.sessions.load(handle, request.cookies.get(name))
        launch.sessions.end(handle, "logout")
        response = redirect(after_logout, 303)
        _forget(response, name)
        return response

    @pages.get("/.well-known/jwks.json")
    def jwks() -> ResponseReturnValue:
        """Guard: none; public keys, for EHRs to check our assertions with."""
        response = jsonify(launch.keys.public_jwks())
        response.headers["Cache-Control"] = f"public, max-age={int(CACHED.total_seconds())}"
        return response

    @pages.after_request
    def not_stored(response: Any) -> Any:
        """Codes and states pass through these addresses: kept by no cache, told to no other site."""
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    return pages


def _to_sign_in(begun: Begun, look: Look) -> Response:
    sign_in = begun.request
    response = redirect(sign_in.url, 302) if sign_in.method == "GET" else _form(sign_in, begun.ehr, look)
    _prune(response)
    _remember(response, begun.cookie_name, begun.cookie_value, int(begun.cookie_life.total_seconds()))
    return response


def _to_app(context: LaunchContext, secret: str) -> Response:
    response = redirect(f"/l/{context.handle}/", 303)
    _prune(response)
    _remember(response, launch_cookie(context.handle), secret, None)
    return response


def _form(sign_in: AuthorizationRequest, ehr: RegisteredEhr, look: Look) -> Response:
    """A request too long for an address: one button, which the app's script presses where there is one."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in sign_in.fields
    )
    style = f'<link rel="stylesheet" href="{escape(look.stylesheet)}">' if look.stylesheet else ""
    script = f'<script src="{escape(look.script)}" defer></script>' if look.script else ""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{style}{script}</head>'
        '<body><main class="narrow"><h1>Sign in</h1>'
        f'<form method="post" action="{escape(sign_in.url)}" data-continue>{fields}'
        f'<button class="button">Continue to {escape(ehr.name)}</button></form></main></body></html>'
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    ancestors = " ".join(ehr.frame_ancestors) or "'none'"
    # No form-action: browsers apply it to every redirect that follows, and an EHR may send its
    # users on to an identity provider of its own choice.
    policy = f"default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    response.headers["Content-Security-Policy"] = policy
    return response


def _remember(response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="None", partitioned=True
    )


def _forget(response: Response, name: str) -> None:
    _remember(response, name, "", 0)


def _prune(response: Response) -> None:
    for name in superfluous(list(request.cookies)):
        _forget(response, name)


def _optional(name: str) -> str | None:
    """One plain value of a query parameter: not repeated, not too long, no control characters."""
    values = request.args.getlist(name)
    if not values:
        return None
    if len(values) > 1 or len(values[0]) > _LONGEST[name] or not _PRINTABLE.fullmatch(values[0]):
        raise _bad_request()
    return values[0]


def _required(name: str) -> str:
    value = _optional(name)
    if value is None:
        raise _bad_request()
    return value


def _view() -> View:
    view = _optional("view") or "chart"
    if view == "chart":
        return "chart"
    if view == "population":
        return "population"
    raise _bad_request()


def _bad_request() -> LaunchError:
    return LaunchError("launch.bad-request", "This is not a complete launch. Please open the app from the EHR.")


def _same_origin(public_url: str) -> None:
    """Browsers say where a POST comes from; one from elsewhere, or from nowhere, is refused."""
    stated = request.headers.get("Origin")
    fetched = request.headers.get("Sec-Fetch-Site", "same-origin")
    parts = urlsplit(public_url)
    if stated not in (None, f"{parts.scheme}://{parts.netloc}") or fetched != "same-origin":
        raise LaunchError("launch.cross-site", "This request came from another site.", status=403)
