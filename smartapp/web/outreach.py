"""Messages from the chart: draft, read, edit, approve, take back."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from smartapp.errors import InputError, NotFoundError
from smartapp.measures.statuses import ClinicalStatus
from smartapp.messages.ledger import Event
from smartapp.messages.record import Message
from smartapp.messages.states import State
from smartapp.services.message_actors import actors_of
from smartapp.services.snapshot import Snapshot
from smartapp.web import frame
from smartapp.web.forms import number_field, text_field
from smartapp.web.guards import CLINICIAN, within_launch
from smartapp.web.message_lines import message_view
from smartapp.web.message_words import who_text
from smartapp.web.parts import parts

outreach_pages = Blueprint("outreach", __name__, url_prefix="/l/<handle>")

_OPEN = (ClinicalStatus.OVERDUE, ClinicalStatus.DUE, ClinicalStatus.DUE_SOON)


@outreach_pages.post("/gaps/<measure_id>/draft")
@within_launch(CLINICIAN)
def draft(handle: str, measure_id: str) -> AnyResponse:
    """Draft the message for a gap that is open in the chart as it was read."""
    chart = parts().chart
    measure, snapshot = chart.measure(measure_id), _snapshot()
    view = chart.evaluate(snapshot)
    result = next(result for one, result in view.results if one.id == measure.id)
    if result.clinical_status not in _OPEN:
        raise InputError("messages.no-gap", "This care is not due, so there is nothing to write about.", status=409)
    message = parts().outreach.draft(g.launch, measure, view)
    return redirect(url_for("outreach.message", handle=handle, message_id=message.id), 303)


@outreach_pages.get("/messages/<message_id>")
@within_launch()
def message(handle: str, message_id: str) -> Response:
    """One message: its text, what it reveals, where it may go and where it is."""
    outreach, snapshot = parts().outreach, _snapshot()
    found = outreach.get(g.launch, message_id)
    titles = {m.id: m.clinical.plain_title or m.title for m in parts().chart.enabled.measures}
    history = outreach.history(g.launch, message_id)
    view = message_view(
        found,
        outreach.verdict(found, snapshot),
        history,
        titles,
        routing=outreach.routing(found, parts().chart.evaluate(snapshot)),
        practice=outreach.practice,
        may_decide=g.launch.user.role == CLINICIAN,
        now=parts().clock(),
        zone=parts().chart.zone,
        who=_who(found, history),
    )
    parts().audit.record(
        "message.view",
        "success",
        actor=g.launch.user.reference,
        tenant=g.launch.tenant,
        launch=handle,
        patient=found.patient,
        detail={"message": found.id},
    )
    return frame.page("message.html", g.launch, patient=snapshot.patient, current="messages", message=view)


def _who(found: Message, history: Sequence[Event]) -> list[str]:
    """Who made each change, in words. Names are known of people who have approved a wording."""
    names = {one.approver: one.name for one in parts().approvals.all(g.launch.tenant).values()}
    actors = actors_of(found, history, parts().audit)
    return [who_text(actor, found.patient, names, g.launch.user.reference) for actor in actors]


@outreach_pages.post("/messages/<message_id>/edit")
@within_launch(CLINICIAN)
def edit(handle: str, message_id: str) -> AnyResponse:
    """Change the text; an earlier approval no longer counts."""
    approved = bool(parts().outreach.get(g.launch, message_id).approver)
    parts().outreach.edit(
        g.launch,
        message_id,
        version=number_field(request.form, "version"),
        subject=text_field(request.form, "subject", most=120),
        body=text_field(request.form, "body", most=4000),
        view=parts().chart.evaluate(_snapshot()),
    )
    done = "saved-anew" if approved else "saved"
    return redirect(url_for("outreach.message", handle=handle, message_id=message_id, done=done), 303)


@outreach_pages.post("/messages/<message_id>/approve")
@within_launch(CLINICIAN)
def approve(handle: str, message_id: str) -> AnyResponse:
    """Approve the text that was on the page, and queue it; one that was changed there is saved and read again first."""
    current = parts().outreach.get(g.launch, message_id)
    shown = (_as_typed(current.subject), _as_typed(current.text))
    if "body" in request.form and shown != tuple(
        text_field(request.form, name, most=most) for name, most in (("subject", 120), ("body", 4000))
    ):
        edit(handle, message_id=message_id)
        return redirect(url_for("outreach.message", handle=handle, message_id=message_id, done="edited"), 303)
    found = parts().outreach.approve(
        g.launch,
        message_id,
        version=number_field(request.form, "version"),
        view=parts().chart.evaluate(_snapshot()),
    )
    done = "approved" if found.state is State.QUEUED else "rerouted"
    return redirect(url_for("outreach.message", handle=handle, message_id=message_id, done=done), 303)


@outreach_pages.post("/messages/<message_id>/reroute")
@within_launch(CLINICIAN)
def reroute(handle: str, message_id: str) -> AnyResponse:
    """Put a message on the channel that is open for it by now; it has to be approved again."""
    parts().outreach.reroute(
        g.launch,
        message_id,
        version=number_field(request.form, "version"),
        view=parts().chart.evaluate(_snapshot()),
    )
    return redirect(url_for("outreach.message", handle=handle, message_id=message_id, done="rerouted"), 303)


@outreach_pages.post("/messages/<message_id>/cancel")
@within_launch(CLINICIAN)
def cancel(handle: str, message_id: str) -> AnyResponse:
    """Take a message back that was not sent yet."""
    parts().outreach.cancel(g.launch, message_id)
    return redirect(url_for("outreach.message", handle=handle, message_id=message_id, done="discarded"), 303)


def _as_typed(text: str) -> str:
    """A text as a form brings it back."""
    return text.replace("\r\n", "\n").strip()


def _snapshot() -> Snapshot:
    if g.launch.patient is None:
        raise NotFoundError("chart.no-patient", "No chart is open in this launch.")
    snapshot = parts().chart.snapshot(g.launch)
    if snapshot is None:
        raise NotFoundError("chart.no-read", "The chart has not been read yet. Open it first.")
    return snapshot
