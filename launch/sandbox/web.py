"""What all pages share: who is signed in, headers, the check that a form came from our own page."""

from __future__ import annotations

from typing import Any, Literal

from flask import Flask, Response, g, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from .ehr import Ehr
from .staff import STAFF, StaffMember
from .tickets import digest

Kind = Literal["staff", "portal"]
_COOKIES: dict[Kind, str] = {"staff": "sandbox_staff", "portal": "sandbox_portal"}


class PageError(Exception):
    """A page that says what is wrong: a stable code, a title and one sentence."""

    def __init__(self, code: str, title: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.title = title
        self.message = message
        self.status = status


def install(app: Flask, ehr: Ehr) -> None:
    """Headers and the error page, for every page of the app."""

    @app.errorhandler(PageError)
    def page_error(error: PageError) -> Response:
        return page("error.html", error.status, error=error)

    @app.context_processor
    def common() -> dict[str, Any]:
        return {"staff_member": staff_member(ehr)}

    @app.after_request
    def headers(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if answer.mimetype != "text/html":
            return answer
        apps = g.get("app_origins") or _registered_origins(ehr)
        extra = " ".join(["", *apps])
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
            f"frame-src 'self'{extra}; form-action 'self'{extra}; "
            f"frame-ancestors 'self'{extra if request.path.startswith('/auth/') else ''}; base-uri 'none'"
        )
        # Not no-referrer: that would turn the Origin of our own forms into null.
        answer.headers["Referrer-Policy"] = "same-origin"
        answer.headers["Cache-Control"] = "no-store"
        return answer


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A rendered template."""
    return make_response(render_template(template, **values), status)


def frame_for(origins: list[str]) -> None:
    """Let this page be framed by an app's own pages, and its forms end there: the authorization pages."""
    g.app_origins = origins


def own_form(ehr: Ehr) -> None:
    """Refuse a form that another site's page sent. Raises PageError (403)."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if (origin is not None and origin != ehr.settings.base_url) or site not in ("same-origin", "none"):
        raise PageError("ehr.cross-site", "Not from here", "This form was sent by another site's page.", 403)


def sign_in(ehr: Ehr, answer: AnyResponse, kind: Kind, subject: str) -> AnyResponse:
    """Start a session and give the browser its cookie."""
    seconds = ehr.settings.session_seconds
    handle = ehr.tickets.issue(kind, {"subject": subject}, seconds)
    # No Secure flag: the sandbox speaks http on loopback, and Python's own client would keep such a cookie back.
    answer.set_cookie(_COOKIES[kind], handle, max_age=seconds, httponly=True, samesite="Lax", path="/")
    return answer


def sign_out(ehr: Ehr, answer: AnyResponse, kind: Kind) -> AnyResponse:
    """End the session, and what the user granted for its length only."""
    handle = request.cookies.get(_COOKIES[kind])
    if handle:
        ehr.tickets.drop(handle)
        ehr.grants.end_session(digest(handle))
    answer.delete_cookie(_COOKIES[kind], httponly=True, samesite="Lax", path="/")
    return answer


def signed_in(ehr: Ehr, kind: Kind) -> str | None:
    """The login name of the member of staff, or the id of the patient, who is signed in."""
    session = ehr.tickets.look(kind, request.cookies.get(_COOKIES[kind]))
    return None if session is None else str(session["subject"])


def session_mark() -> str | None:
    """A name for the staff session that opens nothing, to tie grants to."""
    handle = request.cookies.get(_COOKIES["staff"])
    return digest(handle) if handle else None


def staff_member(ehr: Ehr) -> StaffMember | None:
    """The member of staff who is signed in."""
    return STAFF.get(signed_in(ehr, "staff") or "")


def _registered_origins(ehr: Ehr) -> list[str]:
    return sorted({origin for client in ehr.clients.launchable() for origin in client.origins})
