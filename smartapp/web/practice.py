"""What the practice has settled about writing to patients, for staff to read: it is changed by commands and files."""

from __future__ import annotations

from flask import Blueprint, Response, g

from smartapp.web import frame
from smartapp.web.guards import within_launch
from smartapp.web.parts import parts

practice_pages = Blueprint("practice", __name__, url_prefix="/l/<handle>/practice")


@practice_pages.get("")
@within_launch()
def page(handle: str) -> Response:
    """Every rule and choice as it holds, with where it comes from."""
    snapshot = None if g.launch.patient is None else parts().chart.snapshot(g.launch)
    return frame.page(
        "practice.html",
        g.launch,
        patient=None if snapshot is None else snapshot.patient,
        current="messages",
        sections=parts().practice,
    )
