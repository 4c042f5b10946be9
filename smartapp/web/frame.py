"""What every page within a launch shows around its content: the patient, the tabs, one-time notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request, url_for

from launch.context import LaunchContext
from smartapp.services.patient_line import PatientLine
from smartapp.web.labels import birth_text
from smartapp.web.parts import parts

NOTICES = {
    "restored": ("good", "The gap is shown again."),
    "saved": ("good", "The text is saved. Read what it reveals, then approve it."),
    "saved-anew": ("good", "The text is saved. The earlier approval no longer counts: approve it again."),
    "approved": ("good", "Approved and queued."),
    "rerouted": ("warn", "It goes another way by now. Read it again, then approve it."),
    "edited": (
        "warn",
        "You had changed the text: it is saved and not approved. Read what it reveals, then approve it.",
    ),
    "wording-approved": ("good", "Approved. It holds for this version of the wording."),
    "wording-withdrawn": ("good", "The approval is withdrawn."),
    "discarded": ("good", "Discarded. Nothing was sent."),
    "enrolment-undone": ("good", "Taken back. To those who are not shown as sent, nothing was sent."),
    "reading": ("info", "Reading the chart again."),
}
"""One-time sentences after a form was taken, by the word in the address: never free text from the request."""


@dataclass(frozen=True, slots=True)
class Tab:
    text: str
    href: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Banner:
    """The patient as every page names them."""

    id: str
    name: str
    birth_date: str | None
    birth_text: str
    age: int | None
    sex: str
    identifier: str
    deceased: bool


def install(app: Flask) -> None:
    """Make the notices known to the templates."""
    app.jinja_env.globals["notices"] = _notices


def page(template: str, launch: LaunchContext, *, patient: PatientLine | None, current: str, **values: Any) -> Response:
    """Render a page of a launch. ``current`` is the tab that it belongs to."""
    return make_response(
        render_template(
            template,
            launch=launch,
            patient=None if patient is None else _banner(patient),
            tabs=_tabs(launch, current),
            **values,
        )
    )


def _banner(patient: PatientLine) -> Banner:
    return Banner(
        id=patient.id,
        name=patient.name,
        birth_date=patient.birth_date,
        birth_text=birth_text(patient.birth_date),
        age=patient.age_on(parts().chart.today()),
        sex=patient.gender or "",
        identifier=patient.identifier,
        deceased=patient.deceased,
    )


def _tabs(launch: LaunchContext, current: str) -> list[Tab]:
    home = url_for("web.entry", handle=launch.handle)
    messages = Tab("Messages", url_for("messages.page", handle=launch.handle), current == "messages")
    if g.launch.patient is None:
        return [Tab("Worklist", home, current == "worklist"), messages]
    return [Tab("Care due", home, current == "chart"), messages, Tab("Access", home + "#necessity", current=False)]


def _notices() -> list[tuple[str, str]]:
    if g.get("launch") is None:
        return []
    found = NOTICES.get(request.args.get("done", ""))
    return [found] if found else []
