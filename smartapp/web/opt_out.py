"""One click to be left alone: no sign-in, and only the click counts.

A mail scanner that follows links opens the page and changes nothing; the button, or a mail program's one-click
request (RFC 8058), does.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from smartapp.messages.record import Message
from smartapp.web.guards import public
from smartapp.web.opt_out_words import opt_out_words
from smartapp.web.parts import parts

opt_out_pages = Blueprint("opt_out", __name__, url_prefix="/opt-out")


@opt_out_pages.get("/<token>")
@public
def ask(token: str) -> Response:
    """The question, for whoever has the link of a message."""
    return _page(parts().opt_outs.by_link(token), done=False)


@opt_out_pages.post("/<token>")
@public
def stop(token: str) -> Response:
    """Opted out at once, over every channel; what was on its way is cancelled."""
    message = parts().opt_outs.by_link(token)
    parts().opt_outs.add(
        tenant=message.tenant, actor=message.patient, source="link", patient=message.patient, address=message.address
    )
    return _page(message, done=True)


def _page(message: Message, *, done: bool) -> Response:
    """In the message's language, by the name that its patient knows the practice by."""
    words = opt_out_words(message.language, parts().outreach.practice)
    return make_response(render_template("opt_out.html", done=done, words=words, launch=None))
