"""The chart: read, show, read again; set a gap aside and take it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import time as day_time

from flask import Blueprint, Response, g, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from launch.context import LaunchContext
from smartapp.errors import AppError, NotFoundError
from smartapp.measures.remarks import REMARKS
from smartapp.web import frame
from smartapp.web.chart_page import chart_page
from smartapp.web.forms import choice_field, date_field, text_field
from smartapp.web.group_lines import group_lines
from smartapp.web.guards import CLINICIAN, within_launch
from smartapp.web.message_lines import message_lines
from smartapp.web.necessity import necessity
from smartapp.web.parts import parts

chart_pages = Blueprint("chart", __name__, url_prefix="/l/<handle>")

_WAIT_S = 1.5
"""On a fast EHR the chart is there by then, and nobody sees a progress page."""


@chart_pages.get("/chart")
@within_launch()
def page(handle: str) -> Response:
    """The chart, once it is read; until then how far the reading is."""
    launch = _with_patient()
    chart = parts().chart
    progress = chart.progress(launch)
    if progress is None:
        chart.begin(launch)
        progress = chart.wait(launch, _WAIT_S)
    if progress.error is not None and chart.snapshot(launch) is None:
        code, message, status = progress.error
        raise AppError(code, message, status=status)
    snapshot = chart.snapshot(launch)
    if not progress.finished or snapshot is None:
        return frame.page("progress.html", launch, patient=None, current="chart", progress=progress)
    view = chart.evaluate(snapshot)
    enabled = chart.enabled
    titles = {m.id: m.clinical.plain_title or m.title for m in enabled.measures} | {
        x.id: x.title for x in enabled.groups
    }
    groups, unknown = group_lines(view.memberships)
    content = chart_page(
        view,
        launch,
        necessity=necessity(launch, snapshot, enabled.scope_reasons("chart"), titles),
        groups=groups,
        groups_unknown=unknown,
        remarks=parts().remarks.active(launch.tenant, f"Patient/{launch.patient}"),
        messages=message_lines(parts().outreach.of_patient(launch), titles, chart.zone),
        now=parts().clock(),
        may_decide=launch.user.role == CLINICIAN,
        just_set_aside=text_field(request.args, "set_aside", most=40, required=False),
        zone=chart.zone,
    )
    parts().audit.record(
        "chart.view",
        "success",
        actor=launch.user.reference,
        tenant=launch.tenant,
        launch=handle,
        patient=f"Patient/{launch.patient}",
    )
    response = frame.page(
        "chart.html", launch, patient=snapshot.patient, current="chart", page=content, remarks=REMARKS.items()
    )
    response.headers["Server-Timing"] = (
        f"ehr;dur={snapshot.ehr_milliseconds}, rules;dur={view.computed_milliseconds:.1f}"
    )
    return response


@chart_pages.get("/progress")
@within_launch()
def progress(handle: str) -> Response:
    """How far the reading is, for the page's script."""
    found = parts().chart.progress(_with_patient())
    if found is None:
        raise NotFoundError("chart.no-read", "No chart is being read in this launch.")
    return jsonify({"done": found.done, "total": found.total, "text": found.text, "finished": found.finished})


@chart_pages.post("/read")
@within_launch()
def read_again(handle: str) -> AnyResponse:
    """Read the chart again; what was read before stays until the new read has ended."""
    launch = _with_patient()
    parts().chart.begin(launch)
    parts().chart.wait(launch, _WAIT_S)
    return redirect(url_for("chart.page", handle=handle), 303)


@chart_pages.post("/gaps/<measure_id>/dismiss")
@within_launch(CLINICIAN)
def dismiss(handle: str, measure_id: str) -> AnyResponse:
    """Set a gap aside until a day, for a stated reason."""
    launch = _with_patient()
    chart = parts().chart
    measure = chart.measure(measure_id)
    today = chart.today()
    until = date_field(request.form, "until", earliest=today + timedelta(days=1), latest=today + timedelta(days=730))
    parts().remarks.add(
        tenant=launch.tenant,
        patient=f"Patient/{launch.patient}",
        measure=measure.id,
        group_id="",
        code=choice_field(request.form, "remark", REMARKS),
        note=text_field(request.form, "note", most=200, required=False),
        actor=launch.user.reference,
        expires_at=datetime.combine(until, day_time(), tzinfo=chart.zone),
        launch=handle,
    )
    return redirect(url_for("chart.page", handle=handle, set_aside=measure.id), 303)


@chart_pages.post("/gaps/<measure_id>/restore")
@within_launch(CLINICIAN)
def restore(handle: str, measure_id: str) -> AnyResponse:
    """Show a gap again that was set aside."""
    launch = _with_patient()
    patient = f"Patient/{launch.patient}"
    for remark in parts().remarks.active(launch.tenant, patient):
        if remark.measure == measure_id:
            parts().remarks.undo(
                remark.id, tenant=launch.tenant, patient=patient, actor=launch.user.reference, launch=handle
            )
    return redirect(url_for("chart.page", handle=handle, done="restored"), 303)


def _with_patient() -> LaunchContext:
    launch: LaunchContext = g.launch
    if launch.patient is None:
        raise NotFoundError("chart.no-patient", "No chart is open in this launch.")
    return launch
