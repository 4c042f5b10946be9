"""What providers post to the app: outside every launch, signed by them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from smartapp.web.guards import public
from smartapp.web.parts import parts

hooks = Blueprint("hooks", __name__, url_prefix="/hooks")


@hooks.post("/sms")
@public
def sms() -> Response:
    """A patient's reply to a text message; the answer says what the provider is to reply in our name."""
    handled = parts().replies.handle(
        request.get_data(),
        request.headers.get("X-Timestamp", ""),
        request.headers.get("X-Signature", ""),
    )
    return jsonify({"request": handled.request.value, "reply": handled.answer})
