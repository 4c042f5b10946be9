"""One click to be left alone: no sign-in, and only the click counts.

A mail scanner that follows links opens the page and changes nothing; the button, or a mail program's one-click
request (RFC 8058), does.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from smartapp.web.guards import public
from smartapp.web.parts import parts

opt_out_pages = Blueprint("opt_out", __name__, url_prefix="/opt-out")


@opt_out_pages.get("/<token>")
@public
def ask(token: str) -> Response:
    """The question, for whoever has the link of a message."""
    parts().opt_outs.by_link(token)
    return make_response(render_template("opt_out.html", done=False, launch=None))


@opt_out_pages.post("/<token>")
@public
def stop(token: str) -> Response:
    """Opted out at once, over every channel; what was on its way is cancelled."""
    message = parts().opt_outs.by_link(token)
    parts().opt_outs.add(
        tenant=message.tenant, actor=message.patient, source="link", patient=message.patient, address=message.address
    )
    return make_response(render_template("opt_out.html", done=True, launch=None))
