"""Staff's page of messages: where each is and why, decided on many at a time, undone until it is sent.

In a chart it shows the messages to that patient; in a population launch those to the patients of the list that is
open, and to nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from launch.context import LaunchContext
from smartapp.errors import AppError, InputError
from smartapp.messages.calls import OUTCOMES, Outcome
from smartapp.messages.record import Message
from smartapp.services.message_desk import SHELVES, Decided, Shelf, is_staff_task
from smartapp.services.panel_documents import MemberLine
from smartapp.services.routed import decisive
from smartapp.services.snapshot import Snapshot
from smartapp.web import frame
from smartapp.web.call_lines import CallLine, call_line
from smartapp.web.forms import choice_field, text_field
from smartapp.web.guards import CLINICIAN, COORDINATOR, within_launch
from smartapp.web.labels import birth_text
from smartapp.web.message_rows import Who, messages_page
from smartapp.web.parts import parts

messages_pages = Blueprint("messages", __name__, url_prefix="/l/<handle>/messages")

_MOST_CHOSEN = 100
_CHOSEN = re.compile(r"([0-9a-f]{32}):([0-9]{1,9})")
_ASKED = frozenset({"shelf", "page", "did", "count", "left"})


@messages_pages.get("")
@within_launch()
def page(handle: str) -> Response:
    """The messages of one shelf, a page of them, with the counts of all."""
    launch: LaunchContext = g.launch
    people = _people(launch)
    shelf, number = _asked()
    sheet = parts().desk.sheet(launch, tuple(people), shelf, number)
    not_now = _not_now(sheet.messages)
    content = messages_page(
        sheet,
        not_now,
        {reference: _who(line) for reference, line in people.items() if line is not None},
        {m.id: m.clinical.plain_title or m.title for m in parts().chart.enabled.measures},
        _calls(sheet.messages, not_now),
        role=launch.user.role,
        outcome=_outcome(),
        now=parts().clock(),
        zone=parts().chart.zone,
    )
    parts().audit.record(
        "message.list",
        "success",
        actor=launch.user.reference,
        tenant=launch.tenant,
        launch=handle,
        patient=f"Patient/{launch.patient}" if launch.patient else None,
        detail={"shelf": sheet.shelf, "shown": str(len(sheet.messages)), "page": str(sheet.page)},
    )
    snapshot = None if launch.patient is None else parts().chart.snapshot(launch)
    return frame.page(
        "messages.html",
        launch,
        patient=None if snapshot is None else snapshot.patient,
        untold="" if snapshot is None else snapshot.contact.untold,
        current="messages",
        page=content,
        no_list=launch.patient is None and not people,
        may_enrol=launch.patient is None and bool(people) and launch.user.role in (CLINICIAN, COORDINATOR),
    )


@messages_pages.post("/decide")
@within_launch(CLINICIAN)
def decide(handle: str) -> AnyResponse:
    """Approve or discard the messages that are ticked, each by the version that was on the page."""
    action = choice_field(request.form, "action", ("approve", "discard"))
    people, chosen = tuple(_people(g.launch)), _chosen()
    if action == "approve":
        return _back(handle, "approved", parts().desk.approve(g.launch, people, chosen, _refuse_forbidden))
    return _back(handle, "discarded", parts().desk.discard(g.launch, people, chosen))


@messages_pages.post("/<message_id>/undo")
@within_launch(CLINICIAN)
def undo(handle: str, message_id: str) -> AnyResponse:
    """Take one message back that is not sent yet."""
    parts().desk.undo(g.launch, tuple(_people(g.launch)), message_id)
    return _back(handle, "undone")


@messages_pages.post("/<message_id>/release")
@within_launch(CLINICIAN)
def release(handle: str, message_id: str) -> AnyResponse:
    """Try one again that was held or has failed."""
    parts().desk.release(g.launch, tuple(_people(g.launch)), message_id)
    return _back(handle, "released")


@messages_pages.post("/<message_id>/attest")
@within_launch(CLINICIAN, COORDINATOR)
def attest(handle: str, message_id: str) -> AnyResponse:
    """The user has delivered it by hand; whether it might be was on the page, by the chart as this launch read it."""
    parts().desk.attest(g.launch, tuple(_people(g.launch)), message_id)
    return _back(handle, "attested")


@messages_pages.post("/<message_id>/call")
@within_launch(CLINICIAN, COORDINATOR)
def call(handle: str, message_id: str) -> AnyResponse:
    """The user has called the patient and says what came of it."""
    outcome = cast(Outcome, choice_field(request.form, "outcome", OUTCOMES))
    parts().desk.called(g.launch, tuple(_people(g.launch)), message_id, outcome)
    return _back(handle, outcome)


@messages_pages.post("/<message_id>/call/undo")
@within_launch(CLINICIAN, COORDINATOR)
def not_called(handle: str, message_id: str) -> AnyResponse:
    """What was said of a call was a slip."""
    parts().desk.not_called(g.launch, tuple(_people(g.launch)), message_id)
    return _back(handle, "not-called")


def _calls(shown: Sequence[Message], not_now: Mapping[str, str]) -> Mapping[str, CallLine]:
    """What staff need to call, by the message's id."""
    found: dict[str, CallLine] = {}
    for message in shown:
        if message.channel != "voice":
            continue
        line = call_line(
            message,
            parts().desk.tries(message),
            parts().outreach.practice,
            may_call=g.launch.user.role in (CLINICIAN, COORDINATOR),
            not_now=message.id in not_now,
            zone=parts().chart.zone,
        )
        if line is not None:
            found[message.id] = line
    return found


def _not_now(shown: Sequence[Message]) -> Mapping[str, str]:
    """Why a message that waits for staff's hands is not to go now, by its id, as far as a chart was read here."""
    found: dict[str, str] = {}
    for message in shown:
        snapshot = _chart_of(message) if is_staff_task(message) else None
        if snapshot is not None:
            routing = parts().outreach.routing(message, parts().chart.evaluate(snapshot))
            if routing.action != "send":
                found[message.id] = decisive(routing, message.channel)[1]
    return found


def _chart_of(message: Message) -> Snapshot | None:
    """The chart of a message's patient as this launch has read it."""
    launch: LaunchContext = g.launch
    if launch.patient is not None:
        return parts().chart.snapshot(launch)
    return parts().population.chart(launch, message.patient.removeprefix("Patient/"))[1]


def _refuse_forbidden(message: Message) -> None:
    """By the chart that this launch has read of the message's patient."""
    snapshot = _chart_of(message)
    if snapshot is None:
        raise AppError("messages.chart-unread", "This patient's chart was not read.", status=409)
    parts().outreach.refuse_forbidden(message, snapshot, parts().chart.today())
    if not parts().outreach.is_on_its_way(message, parts().chart.evaluate(snapshot)):
        raise AppError("messages.rerouted", "The way it goes has changed: open it.", status=409)


def _people(launch: LaunchContext) -> Mapping[str, MemberLine | None]:
    """The patients that this launch shows, by reference, with their lines of the list where it is one."""
    if launch.patient is not None:
        return {f"Patient/{launch.patient}": None}
    found = parts().population.listed(launch)
    return {} if found is None else {f"Patient/{line.patient_id}": line for line in found.lines}


def _who(line: MemberLine) -> Who:
    """Whoever calls has to know that it is the right one of two of one name."""
    born = birth_text(line.birth_date)
    return Who(line.name, " ".join(filter(None, (f"Born {born}," if born else "", line.identifier))).rstrip(","))


def _asked() -> tuple[Shelf | None, int]:
    if any(name not in _ASKED for name in request.args):
        raise InputError("form.unknown", "This address asks for something that the page does not know.")
    number = text_field(request.args, "page", most=4, required=False) or "1"
    if not number.isascii() or not number.isdigit() or int(number) < 1:
        raise InputError("form.number", "“page” must be a whole number from 1.")
    if "shelf" not in request.args:
        return None, int(number)
    return cast(Shelf, choice_field(request.args, "shelf", SHELVES)), int(number)


def _chosen() -> list[tuple[str, int]]:
    """The ticked messages as (id, version)."""
    values = request.form.getlist("message")
    if not values:
        raise InputError("messages.none-chosen", "Tick at least one message first.")
    found = [_CHOSEN.fullmatch(value) for value in values]
    if len(values) > _MOST_CHOSEN or not all(found):
        raise InputError("form.choice", "“message” must be one of the messages of the page.")
    return list(dict.fromkeys((match[1], int(match[2])) for match in found if match))


def _back(handle: str, done: str, decided: Decided | None = None) -> AnyResponse:
    """To the shelf that the form was on. What could not be done is said by its code, never in the address's words."""
    shelf = choice_field(request.form, "shelf", SHELVES)
    more: dict[str, Any] = {}
    if decided is not None:
        more = {"count": str(decided.done)}
        if decided.refused:
            more["left"] = " ".join(error.code for error in decided.refused)
    return redirect(url_for("messages.page", handle=handle, shelf=shelf, did=done, **more), 303)


def _outcome() -> tuple[str, int, tuple[str, ...]]:
    """What the last form did: its word, how many messages, and the codes of what was refused."""
    count = text_field(request.args, "count", most=3, required=False)
    left = text_field(request.args, "left", most=6000, required=False)
    done = text_field(request.args, "did", most=20, required=False)
    return done, int(count) if count.isascii() and count.isdigit() else 1, tuple(left.split())
