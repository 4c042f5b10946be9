"""The wordings of the practice's messages: what each says, where it may go, and who approved it.

Approved once for a version, by a clinician or an administrator: then the app's own sequences may send it, and a
translation may be used at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from smartapp.messages.approvals import Approval
from smartapp.messages.sequences import built_in_sequences
from smartapp.messages.templates import PURPOSES, Template, channel_class
from smartapp.services.patient_line import PatientLine
from smartapp.web import frame
from smartapp.web.forms import text_field
from smartapp.web.guards import ADMINISTRATOR, CLINICIAN, within_launch
from smartapp.web.labels import day_text
from smartapp.web.parts import parts

wording_pages = Blueprint("wordings", __name__, url_prefix="/l/<handle>/wordings")

_LANGUAGE = {"en": "English", "es": "Spanish"}


@dataclass(frozen=True, slots=True)
class WordingLine:
    """One wording. ``digest`` is what an approval is of; ``approved`` says by whom and when, empty for nobody."""

    template: str
    version: int
    language: str
    language_text: str
    subject: str
    body: str
    short: str
    where: str
    approved: str
    tone: str
    digest: str
    needed: str


@wording_pages.get("")
@within_launch()
def page(handle: str) -> Response:
    """All wordings, by purpose."""
    approvals = parts().approvals
    return frame.page(
        "wordings.html",
        g.launch,
        patient=_patient(),
        current="messages",
        purposes=_by_purpose(approvals.catalogue.templates, approvals.all(g.launch.tenant)),
        may_decide=g.launch.user.role in (CLINICIAN, ADMINISTRATOR),
    )


@wording_pages.post("/approve")
@within_launch(CLINICIAN, ADMINISTRATOR)
def approve(handle: str) -> AnyResponse:
    """Approve the wording that was on the page."""
    template, language = _named()
    parts().approvals.approve(
        g.launch.tenant,
        template,
        language,
        digest=text_field(request.form, "digest", most=64),
        actor=g.launch.user.reference,
        launch=handle,
    )
    return redirect(url_for("wordings.page", handle=handle, done="wording-approved") + f"#{template}-{language}", 303)


@wording_pages.post("/withdraw")
@within_launch(CLINICIAN, ADMINISTRATOR)
def withdraw(handle: str) -> AnyResponse:
    """Take an approval back."""
    template, language = _named()
    parts().approvals.withdraw(g.launch.tenant, template, language, actor=g.launch.user.reference, launch=handle)
    return redirect(url_for("wordings.page", handle=handle, done="wording-withdrawn") + f"#{template}-{language}", 303)


def _patient() -> PatientLine | None:
    """Whose chart is open: every page of a launch names them."""
    snapshot = None if g.launch.patient is None else parts().chart.snapshot(g.launch)
    return None if snapshot is None else snapshot.patient


def _named() -> tuple[str, str]:
    return text_field(request.form, "template", most=100), text_field(request.form, "language", most=8)


def _by_purpose(
    templates: Mapping[str, Template], approvals: Mapping[tuple[str, str], Approval]
) -> list[tuple[str, Sequence[WordingLine]]]:
    found: dict[str, list[WordingLine]] = {}
    for template in sorted(templates.values(), key=lambda one: one.id):
        for language in template.wordings:
            line = _line(template, language, approvals.get((template.id, language)))
            found.setdefault(template.purpose, []).append(line)
    return [(purpose, found[purpose]) for purpose in PURPOSES if purpose in found]


def _line(template: Template, language: str, approval: Approval | None) -> WordingLine:
    wording = template.wordings[language]
    channels = channel_class(template, language).channels
    said = f"Approved by {approval.approver} on {day_text(approval.at.date())}" if approval else ""
    if not said and wording.reviewed_by:
        said = f"Reviewed by {wording.reviewed_by} before it was delivered"
    in_sequence = any(step.template == template.id for one in built_in_sequences().values() for step in one.steps)
    needed = "Each message with it is approved by a person"
    if not wording.sendable:
        needed = "To be approved before it is sent at all"
    elif in_sequence:
        needed = "Once it is approved, a sequence may send it"
    return WordingLine(
        template=template.id,
        version=template.version,
        language=language,
        language_text=_LANGUAGE.get(language, language),
        subject=wording.subject,
        body=wording.body,
        short=wording.sms or "",
        where="Portal only" if channels == ("portal",) else "Neutral: " + ", ".join(channels),
        approved=said,
        tone="good" if said else "none" if wording.sendable else "warn",
        digest=template.digest(language),
        needed=needed,
    )
