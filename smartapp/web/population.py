"""The population of a launch: choose a list, wait while it is read, work through it, open one patient's gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, Response, g, jsonify, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from launch.context import LaunchContext
from smartapp.errors import AppError, NotFoundError
from smartapp.facts.events import Coverage
from smartapp.measures.model import Measure
from smartapp.services.panel_documents import PanelList, PanelProgress
from smartapp.services.panel_run import launch_of
from smartapp.services.population import PopulationService
from smartapp.services.snapshot import ReadLine, Snapshot
from smartapp.web import frame
from smartapp.web.chart_page import chart_page
from smartapp.web.forms import text_field
from smartapp.web.group_lines import group_lines
from smartapp.web.guards import ADMINISTRATOR, CLINICIAN, COORDINATOR, within_launch
from smartapp.web.necessity import necessity
from smartapp.web.parts import parts
from smartapp.web.worklist_page import SORT_TEXT, neighbours, title_of, worklist_page
from smartapp.web.worklist_query import Query, read_query

population_pages = Blueprint("population", __name__, url_prefix="/l/<handle>")

_WAIT_S = 1.5
_LONGEST_NAME = 60
_MAY_SEE = (COORDINATOR, CLINICIAN, ADMINISTRATOR)


@population_pages.get("/population")
@within_launch(*_MAY_SEE)
def page(handle: str) -> Response:
    """The worklist once it is read; until then the lists to choose from, or how far the reading is."""
    launch, population = _for_population(), parts().population
    query = read_query(request.args, _measures())
    found, progress = population.listed(launch), population.progress(launch)
    if found is None and progress is None:
        return _begin(launch, population)
    if progress is not None and not progress.finished and (found is None or found.group.id != progress.group.id):
        return frame.page("worklist_progress.html", launch, patient=None, current="worklist", progress=progress)
    if found is None:
        return _choose(launch, progress)
    return _list(launch, population, found, query, progress)


@population_pages.get("/population/lists")
@within_launch(*_MAY_SEE)
def lists(handle: str) -> Response:
    """The lists of patients that the EHR shows this user now."""
    launch = _for_population()
    parts().population.groups(launch)
    return _choose(launch, None)


@population_pages.post("/population/open")
@within_launch(*_MAY_SEE)
def open_list(handle: str) -> AnyResponse:
    """Read one of the lists that were offered, anew if it was read before."""
    launch, population = _for_population(), parts().population
    population.open(launch, text_field(request.form, "group", most=64))
    population.wait(launch, _WAIT_S)
    return redirect(url_for("population.page", handle=handle), 303)


@population_pages.post("/population/find")
@within_launch(*_MAY_SEE)
def find(handle: str) -> AnyResponse:
    """Take the filter form. The name is remembered on the server, so that it stands in no address."""
    launch = _for_population()
    name = " ".join(text_field(request.form, "name", most=_LONGEST_NAME, required=False).split())
    parts().population.look_for(launch, name)
    wanted = {key: value for key in ("measure", "status", "sort") if (value := request.form.get(key, ""))}
    query = replace(read_query(MultiDict(wanted), _measures()), named=bool(name))
    return redirect(url_for("population.page", handle=handle, **query.arguments()), 303)


@population_pages.get("/population/progress")
@within_launch(*_MAY_SEE)
def progress(handle: str) -> Response:
    """How far the reading is, for the page's script."""
    found = parts().population.progress(_for_population())
    if found is None:
        raise NotFoundError("population.no-read", "No list is being read in this launch.")
    return jsonify({"done": found.done, "total": found.total, "text": progress_text(found), "finished": found.finished})


@population_pages.get("/patients/<patient_id>")
@within_launch(*_MAY_SEE)
def patient(handle: str, patient_id: str) -> Response:
    """One patient of the list that is open: the chart's gaps and evidence, from what the list was computed from."""
    launch, population = _for_population(), parts().population
    query = read_query(request.args, _measures())
    line, snapshot = population.chart(launch, patient_id)
    if snapshot is None:
        raise AppError("population.not-read", line.unread or "This chart is being read again.", status=409)
    found = population.listed(launch)
    assert found is not None
    return _member(launch, found, snapshot, query)


def progress_text(found: PanelProgress) -> str:
    """How far a run is, in words."""
    if not found.total:
        return found.text
    failed = f"; {found.failed} could not be read" if found.failed else ""
    return f"{found.text}: {found.done} of {found.total}{failed}"


def _begin(launch: LaunchContext, population: PopulationService) -> Response:
    groups = population.groups(launch)
    if len(groups) != 1:
        return _choose(launch, None)
    population.open(launch, groups[0].id)
    population.wait(launch, _WAIT_S)
    found, progress = population.listed(launch), population.progress(launch)
    if found is not None:
        return _list(launch, population, found, Query(), progress)
    if progress is not None and progress.error is not None:
        return _choose(launch, progress)
    return frame.page("worklist_progress.html", launch, patient=None, current="worklist", progress=progress)


def _choose(launch: LaunchContext, failed: PanelProgress | None) -> Response:
    error = failed.error if failed is not None else None
    groups = parts().population.offered(launch)
    response = frame.page("worklist_lists.html", launch, patient=None, current="worklist", groups=groups, error=error)
    response.status_code = error[2] if error else 200
    return response


def _list(
    launch: LaunchContext, population: PopulationService, found: PanelList, query: Query, progress: PanelProgress | None
) -> Response:
    name = population.looked_for(launch) if query.named else ""
    content = worklist_page(
        found,
        query,
        name,
        asides=population.set_aside(launch, found),
        measures=_measures(),
        now=parts().clock(),
        zone=parts().chart.zone,
    )
    population.record_view(launch, found, len(content.rows))
    return frame.page(
        "worklist.html",
        launch,
        patient=None,
        current="worklist",
        page=content,
        group_id=found.group.id,
        several=len(population.offered(launch)) > 1,
        query=query,
        name=name,
        measures=sorted(((id_, title_of(one)) for id_, one in _measures().items()), key=lambda one: one[1]),
        sorts=SORT_TEXT.items(),
        again=progress if progress is not None and not progress.finished else None,
        failed=progress.error if progress is not None else None,
    )


def _member(launch: LaunchContext, found: PanelList, snapshot: Snapshot, query: Query) -> Response:
    population, chart = parts().population, parts().chart
    patient_id = snapshot.facts.patient_id
    view = chart.evaluate(snapshot)
    enabled = chart.enabled
    titles = {id_: title_of(one) for id_, one in _measures().items()} | {x.id: x.title for x in enabled.groups}
    groups, unknown = group_lines(view.memberships)
    # That this patient is on the list was read, too.
    reads = (*snapshot.reads, ReadLine("Group", "user/Group.rs", 1, 1, Coverage.COMPLETE.value, 0))
    content = chart_page(
        view,
        launch,
        necessity=necessity(launch, replace(snapshot, reads=reads), enabled.scope_reasons("population"), titles),
        groups=groups,
        groups_unknown=unknown,
        remarks=parts().remarks.active(launch.tenant, f"Patient/{patient_id}"),
        messages=(),
        now=parts().clock(),
        zone=chart.zone,
        may_decide=False,  # deciding and writing to the patient happen in the patient's own chart
    )
    parts().audit.record(
        "chart.view",
        "success",
        actor=launch.user.reference,
        tenant=launch.tenant,
        launch=launch.handle,
        patient=f"Patient/{patient_id}",
    )
    name = population.looked_for(launch) if query.named else ""
    before, after = neighbours(found, query, name, population.set_aside(launch, found), patient_id)
    return frame.page(
        "worklist_patient.html",
        launch_of(launch, patient_id),
        patient=snapshot.patient,
        current="patient",
        page=content,
        remarks=(),
        list_name=found.group.name,
        arguments=query.arguments(page=query.page),
        before=before,
        after=after,
    )


def _measures() -> Mapping[str, Measure]:
    return {measure.id: measure for measure in parts().chart.enabled.measures if "population" in measure.views}


def _for_population() -> LaunchContext:
    launch: LaunchContext = g.launch
    if launch.patient is not None:
        raise NotFoundError("population.one-patient", "This launch is for one patient's chart.")
    return launch
