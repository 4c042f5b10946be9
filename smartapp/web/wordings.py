"""The wordings of the practice's messages: what each says, where it may go, and who approved it.

Approved once for a version, by a clinician or an administrator: then the app's own sequences may send it, and a
translation may be used at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from smartapp.day_words import day_text
from smartapp.messages.approvals import Approval
from smartapp.messages.sequences import built_in_sequences
from smartapp.messages.templates import PURPOSES, Template, channel_class
from smartapp.services.patient_line import PatientLine
from smartapp.web import frame
from smartapp.web.forms import choice_field, text_field
from smartapp.web.guards import ADMINISTRATOR, CLINICIAN, within_launch
from smartapp.web.labels import by_whom
from smartapp.web.message_words import ABOUT, channels_text
from smartapp.web.parts import parts

wording_pages = Blueprint("wordings", __name__, url_prefix="/l/<handle>/wordings")

_LANGUAGE = {"en": "English", "es": "Spanish"}
_SHOW = {"waiting": "To be approved", "approved": "Approved", "all": "All"}


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
    waits: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of what is shown, with how many wordings that is."""

    id: str
    text: str
    count: int
    current: bool


@wording_pages.get("")
@within_launch()
def page(handle: str) -> Response:
    """The wordings, by purpose: all, or those that wait for an approval, or those that have one."""
    approvals = parts().approvals
    show = choice_field(request.args, "show", _SHOW) if "show" in request.args else "all"
    lines = _lines(approvals.catalogue.templates, approvals.all(g.launch.tenant))
    shown = _shown(lines)
    return frame.page(
        "wordings.html",
        g.launch,
        patient=_patient(),
        current="messages",
        purposes=_by_purpose(shown[show]),
        choices=[Choice(id_, text, len(shown[id_]), id_ == show) for id_, text in _SHOW.items()],
        show=show,
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
        name=g.launch.user.name or "",
        launch=handle,
    )
    return _back(handle, "wording-approved", f"{template}-{language}")


@wording_pages.post("/withdraw")
@within_launch(CLINICIAN, ADMINISTRATOR)
def withdraw(handle: str) -> AnyResponse:
    """Take an approval back."""
    template, language = _named()
    parts().approvals.withdraw(g.launch.tenant, template, language, actor=g.launch.user.reference, launch=handle)
    return _back(handle, "wording-withdrawn", f"{template}-{language}")


def _back(handle: str, done: str, place: str) -> AnyResponse:
    """To the wording where all are shown; else to the list that it has left."""
    show = choice_field(request.form, "show", _SHOW) if "show" in request.form else "all"
    address = url_for("wordings.page", handle=handle, done=done, **({} if show == "all" else {"show": show}))
    return redirect(address + (f"#{place}" if show == "all" else ""), 303)


def _patient() -> PatientLine | None:
    """Whose chart is open: every page of a launch names them."""
    snapshot = None if g.launch.patient is None else parts().chart.snapshot(g.launch)
    return None if snapshot is None else snapshot.patient


def _named() -> tuple[str, str]:
    return text_field(request.form, "template", most=100), text_field(request.form, "language", most=8)


def _lines(
    templates: Mapping[str, Template], approvals: Mapping[tuple[str, str], Approval]
) -> list[tuple[str, WordingLine]]:
    """Every wording with its purpose."""
    return [
        (template.purpose, _line(template, language, approvals.get((template.id, language))))
        for template in sorted(templates.values(), key=lambda one: one.id)
        for language in template.wordings
    ]


def _shown(lines: Sequence[tuple[str, WordingLine]]) -> Mapping[str, Sequence[tuple[str, WordingLine]]]:
    return {
        "waiting": [one for one in lines if one[1].waits],
        "approved": [one for one in lines if one[1].approved],
        "all": lines,
    }


def _by_purpose(lines: Sequence[tuple[str, WordingLine]]) -> list[tuple[str, str, Sequence[WordingLine]]]:
    """The purposes' ids and words with their wordings, as the catalogue orders them."""
    found: dict[str, list[WordingLine]] = {}
    for purpose, line in lines:
        found.setdefault(purpose, []).append(line)
    return [(purpose, ABOUT.get(purpose, purpose), found[purpose]) for purpose in PURPOSES if purpose in found]


def _line(template: Template, language: str, approval: Approval | None) -> WordingLine:
    wording = template.wordings[language]
    channels = channel_class(template, language).channels
    said = ""
    if approval is not None:
        who = by_whom(approval.approver, approval.name, g.launch.user.reference)
        said = f"Approved by {who} on {day_text(approval.at.astimezone(parts().chart.zone).date())}"
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
        where=channels_text(channels),
        approved=said,
        tone="good" if said else "none" if wording.sendable else "warn",
        digest=template.digest(language),
        needed=needed,
        waits=not said and (in_sequence or not wording.sendable),
    )
