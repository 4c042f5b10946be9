"""Asking many patients of the list back at once: choose them, see who can be enrolled, confirm, undo."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from launch.context import LaunchContext
from launch.fhirids import is_fhir_id
from smartapp.errors import InputError, NotFoundError
from smartapp.messages.sequence_runs import RE_ENGAGEMENT, re_engagement
from smartapp.messages.sequences import Sequence
from smartapp.services.enrolment import MOST, UNDO_FOR, Preview
from smartapp.services.panel_documents import MemberLine, PanelList
from smartapp.services.worklist import Asked, select
from smartapp.web import frame
from smartapp.web.forms import text_field
from smartapp.web.guards import CLINICIAN, COORDINATOR, within_launch
from smartapp.web.labels import birth_text, by_whom, moment_text
from smartapp.web.parts import parts
from smartapp.web.worklist_query import Query, read_query

enrolment_pages = Blueprint("enrolment", __name__, url_prefix="/l/<handle>/enrol")


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the sequence: when it comes, what it says, and whether somebody has to read it first."""

    when: str
    subject: str
    body: str
    approved: str


@dataclass(frozen=True, slots=True)
class Person:
    """One patient of the list, with what tells two of one name apart."""

    id: str
    name: str
    born: str
    identifier: str
    unread: bool


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The patients who cannot be enrolled for one reason."""

    why: str
    people: Many[Person]


@enrolment_pages.get("")
@within_launch(COORDINATOR, CLINICIAN)
def choose(handle: str) -> Response:
    """The patients that the worklist's filters show, to be ticked; one page of them after the other."""
    launch, found = _listed()
    query = read_query(request.args, _measures())
    population = parts().population
    name = population.looked_for(launch) if query.named else ""
    asked = Asked(query.measure, query.status, query.sort, name)
    rows = select(found.lines, asked, population.set_aside(launch, found))
    pages = max(1, -(-len(rows) // MOST))
    if query.page > pages:
        raise NotFoundError("population.no-page", "There are not that many patients here any more.")
    shown = [_person(row.line) for row in rows[(query.page - 1) * MOST : query.page * MOST]]
    return frame.page(
        "enrol.html",
        launch,
        patient=None,
        current="worklist",
        group=found.group.name,
        total=len(rows),
        people=shown,
        steps=_steps(launch, re_engagement()),
        query=query,
        pages=pages,
        everybody=Query(status="all").arguments(),
        narrowed=query.status != "all" or bool(query.measure or name),
    )


@enrolment_pages.post("/preview")
@within_launch(COORDINATOR, CLINICIAN)
def preview(handle: str) -> Response:
    """Who of those that are ticked can be enrolled, and why the others cannot. Nothing is changed."""
    launch, found = _listed()
    seen = parts().enrolment.preview(launch, RE_ENGAGEMENT, _ticked())
    people = {line.patient_id: _person(line) for line in found.lines}
    parts().audit.record(
        "sequence.preview",
        "success",
        actor=launch.user.reference,
        tenant=launch.tenant,
        launch=handle,
        detail={"group": found.group.id, "chosen": str(len(seen.candidates)), "able": str(len(seen.able))},
    )
    return frame.page(
        "enrol_preview.html",
        launch,
        patient=None,
        current="worklist",
        group=found.group.name,
        preview=seen,
        able=[people[one.patient_id] for one in seen.able],
        by_itself=sum(one.by_itself for one in seen.able),
        others=_by_reason(seen, people),
        steps=_steps(launch, seen.sequence),
        minutes=UNDO_FOR.seconds // 60,
    )


@enrolment_pages.post("/confirm")
@within_launch(COORDINATOR, CLINICIAN)
def confirm(handle: str) -> AnyResponse:
    """Enrol those who were previewed and still can be."""
    launch, _ = _listed()
    batch = text_field(request.form, "batch", most=16)
    parts().enrolment.enrol(launch, RE_ENGAGEMENT, batch, _ticked())
    return redirect(url_for("enrolment.done", handle=handle), 303)


@enrolment_pages.get("/done")
@within_launch(COORDINATOR, CLINICIAN)
def done(handle: str) -> Response:
    """What became of those who were enrolled last in this launch."""
    launch, _ = _listed()
    last = parts().enrolment.last(launch)
    if last is None:
        raise NotFoundError("sequences.no-batch", "Nobody was enrolled in this launch yet.")
    return frame.page(
        "enrol_done.html",
        launch,
        patient=None,
        current="worklist",
        last=last,
        not_before=moment_text(last.not_before, parts().chart.zone),
    )


@enrolment_pages.post("/undo")
@within_launch(COORDINATOR, CLINICIAN)
def undo(handle: str) -> AnyResponse:
    """Take back everybody whose first message was not sent."""
    launch, _ = _listed()
    parts().enrolment.undo(launch, text_field(request.form, "batch", most=16))
    return redirect(url_for("enrolment.done", handle=handle, done="enrolment-undone"), 303)


def _listed() -> tuple[LaunchContext, PanelList]:
    launch: LaunchContext = g.launch
    if launch.patient is not None:
        raise NotFoundError("population.one-patient", "This launch is for one patient's chart.")
    found = parts().population.listed(launch)
    if found is None:
        raise NotFoundError("population.no-list", "Open a list of patients first.")
    return launch, found


def _ticked() -> list[str]:
    values = list(dict.fromkeys(request.form.getlist("patient")))
    if not values:
        raise InputError("sequences.none-chosen", "Tick at least one patient first.")
    if not all(is_fhir_id(value) for value in values):
        raise InputError("form.choice", "“patient” must be one of the patients of the page.")
    return values


def _measures() -> set[str]:
    return {measure.id for measure in parts().chart.enabled.measures if "population" in measure.views}


def _person(line: MemberLine) -> Person:
    return Person(line.patient_id, line.name, birth_text(line.birth_date), line.identifier, bool(line.unread))


def _by_reason(seen: Preview, people: Mapping[str, Person]) -> list[WhyNot]:
    """The most frequent reason first."""
    found: dict[str, list[Person]] = {}
    for one in seen.others:
        found.setdefault(one.why, []).append(people[one.patient_id])
    return sorted((WhyNot(why, some) for why, some in found.items()), key=lambda line: -len(line.people))


def _steps(launch: LaunchContext, sequence: Sequence) -> list[StepLine]:
    approvals = parts().approvals
    lines, day = [], 0
    for step in sequence.steps:
        day += step.wait_days
        template = approvals.catalogue.get(step.template)
        wording = template.wording("en")
        approval = approvals.of(launch.tenant, template.id, "en")
        lines.append(
            StepLine(
                when=f"{'A call' if step.task else 'A message'} {'at once' if not day else f'after {day} days'}",
                subject=wording.subject,
                body=_as_sent(wording.body),
                approved=f"approved by {by_whom(approval.approver, approval.name, launch.user.reference)}"
                if approval
                else "read by somebody before it goes",
            )
        )
    return lines


def _as_sent(body: str) -> str:
    """A wording as patients get it, but for their name: nobody reads a slot's name."""
    practice = parts().outreach.practice
    said = {"practice": practice.name, "phone": practice.phone or "(no number set)", "first_name": "(first name)"}
    for slot, value in said.items():
        body = body.replace(f"{{{slot}}}", value)
    return body
