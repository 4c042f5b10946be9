"""Asking many patients of a list back: who can be enrolled and why not, confirmed, and undone until the first send."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urljoin
from urllib.request import Request

import pytest
from sqlalchemy import delete
from support.outreach_world import CLINICIAN, COORDINATOR, OutreachWorld, form, handle, outreach_world

from smartapp.demo.pages import Element
from smartapp.demo.story import Browser, StoryError
from smartapp.messages.sequence_runs import Run, SequenceRuns
from smartapp.messages.sequences import Stop
from smartapp.messages.states import State
from smartapp.persistence.engine import StorageError, writing
from smartapp.persistence.tables import message, message_event, opt_out, sequence_run, template_approval
from smartapp.services.enrolment import Enrolment

DORMANT, SEEN = "pt-1004", "pt-1001"
REFERENCE = f"Patient/{DORMANT}"


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutreachWorld]:
    with outreach_world(tmp_path_factory.mktemp("enrol"), count=10, idle_timeout=3600) as running:
        yield running


@pytest.fixture(scope="module")
def nurse(lasting: OutreachWorld) -> Browser:
    """A coordinator with the list open: it is read once for all tests."""
    browser = lasting.sign_in(COORDINATOR)
    lasting.worklist(browser)
    return browser


@pytest.fixture
def world(lasting: OutreachWorld) -> OutreachWorld:
    """The same two servers, without a message or a sequence."""
    with writing(lasting.app.core.engine) as connection:
        for table in (message_event, message, sequence_run, opt_out, template_approval):
            connection.execute(delete(table))
    return lasting


def page(world: OutreachWorld, browser: Browser, path: str = "") -> Element:
    return browser.get(f"{world.app.url}/l/{handle(browser)}/enrol{path}")


def send(browser: Browser, shown: Element, ending: str, *patients: str) -> Element:
    """The page's form with these patients ticked and no others."""
    whole = form(shown, ending)
    kept = [(name, value) for name, value in whole.fields().items() if name != "patient"]
    body = urlencode([*kept, *(("patient", one) for one in patients)]).encode()
    return browser._shown(Request(urljoin(browser.url, whole.attributes["action"]), data=body))


def preview(world: OutreachWorld, browser: Browser, *patients: str) -> Element:
    return send(browser, page(world, browser, "?status=all"), "/enrol/preview", *patients)


def counted(shown: Element) -> tuple[int, int]:
    title = shown.first("h1", data_able="*")
    assert title is not None
    return int(title.attributes["data-able"]), int(title.attributes["data-others"])


def run_of(world: OutreachWorld) -> Run | None:
    return world.app.core.sequences.latest("default", "sandbox", REFERENCE)


def messages(world: OutreachWorld) -> list[Any]:
    return list(world.app.core.queue.find(tenant="default"))


def approve_wording(world: OutreachWorld) -> None:
    approvals = world.app.core.approvals
    held = approvals.catalogue.get("reactivation.first")
    approvals.approve("default", held.id, "en", digest=held.digest("en"), actor="Practitioner/cole", name="Amara Cole")


def test_the_preview_counts_who_can_be_enrolled_and_says_why_the_others_cannot(
    world: OutreachWorld, nurse: Browser
) -> None:
    choices = page(world, nurse, "?status=all").find("input", name="patient")
    everybody = [one.attributes["value"] for one in choices]
    assert DORMANT in everybody
    shown = preview(world, nurse, *everybody)
    assert counted(shown) == (1, len(everybody) - 1)
    assert "Seen within the past year" in shown.text
    assert "We would love to see you again" in shown.text  # what they would get
    assert "{" not in shown.text
    others = shown.first("ul", class_="why-not")
    assert others is not None
    assert "Rosalind Whitaker Born" in others.text  # two of one name are told apart here, too
    assert (messages(world), run_of(world)) == ([], None)
    entry = [one for one in world.app.audited() if one.action == "sequence.preview"][-1]
    assert (entry.detail["chosen"], entry.detail["able"]) == (str(len(everybody)), "1")


def test_enrolled_they_wait_to_be_read_and_are_taken_back(world: OutreachWorld, nurse: Browser) -> None:
    shown = preview(world, nurse, DORMANT, SEEN)
    done = send(nurse, shown, "/enrol/confirm", DORMANT)
    assert "1 patient enrolled" in done.text
    (first,) = messages(world)
    assert (first.state, first.template.partition("@")[0]) == (State.FOR_REVIEW, "reactivation.first")
    run = run_of(world)
    assert run is not None
    assert (run.message_id, run.progress.status) == (first.id, "running")
    assert counted(preview(world, nurse, DORMANT)) == (0, 1)  # in it already
    assert world.draft(world.sign_in(), DORMANT, "CMS165") == first.id  # and no second invitation from the chart
    undone = nurse.submit(form(page(world, nurse, "/done"), "/enrol/undo"))
    assert undone.form_to("/enrol/undo") is None
    assert [one.state for one in messages(world)] == [State.CANCELLED]
    stopped = run_of(world)
    assert stopped is not None
    assert (stopped.progress.status, stopped.progress.stopped_by) == ("stopped", Stop.DISCARDED)
    assert counted(preview(world, nurse, DORMANT)) == (1, 0)  # as if nothing had been


def test_an_approved_wording_goes_by_itself_once_it_can_no_longer_be_undone(
    world: OutreachWorld, nurse: Browser
) -> None:
    approve_wording(world)
    shown = preview(world, nurse, DORMANT)
    assert "by itself" in shown.text
    assert "approved by Amara Cole" in shown.text
    send(nurse, shown, "/enrol/confirm", DORMANT)
    send(nurse, shown, "/enrol/confirm", DORMANT)  # pressed twice
    (first,) = messages(world)
    assert (first.state, first.approver) == (State.QUEUED, "Practitioner/cole")
    assert "It is not sent before" in world.messages(nurse, shelf="queued").text
    world.work()
    assert world.state(first.id)[0] == "queued"
    world.app.clock.forward(minutes=16)
    world.work()
    assert world.state(first.id)[0] == "sent"
    done = page(world, nurse, "/done")
    assert "nothing left to take back" in done.text
    assert done.form_to("/enrol/undo") is None


def test_two_who_enrol_the_same_patient_at_once_make_one_invitation(
    world: OutreachWorld, nurse: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = preview(world, nurse, DORMANT), preview(world, nurse, DORMANT)
    send(nurse, first, "/enrol/confirm", DORMANT)
    monkeypatch.setattr(SequenceRuns, "latest", lambda *_: None)  # neither sees the other before they write
    done = send(nurse, second, "/enrol/confirm", DORMANT)
    assert "1 patient enrolled" not in done.text
    assert len(messages(world)) == 1


def test_a_batch_that_was_cut_off_is_finished_by_pressing_again_and_can_be_undone(
    world: OutreachWorld, nurse: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = preview(world, nurse, DORMANT)

    def cut_off(*_: object) -> None:
        raise StorageError

    with monkeypatch.context() as faulty:
        faulty.setattr(Enrolment, "_keep", cut_off)
        with pytest.raises(StoryError):
            send(nurse, shown, "/enrol/confirm", DORMANT)
    (first,) = messages(world)
    assert "1 patient enrolled" in send(nurse, shown, "/enrol/confirm", DORMANT).text
    nurse.submit(form(page(world, nurse, "/done"), "/enrol/undo"))
    assert [(one.id, one.state) for one in messages(world)] == [(first.id, State.CANCELLED)]


def test_who_wants_no_messages_or_has_a_visit_is_not_enrolled(world: OutreachWorld) -> None:
    browser = world.sign_in(CLINICIAN)
    world.app.core.opt_outs.add(tenant="default", actor=REFERENCE, source="staff", patient=REFERENCE)
    world.worklist(browser)
    shown = preview(world, browser, DORMANT)
    assert counted(shown) == (0, 1)
    assert "Has opted out" in shown.text
    soon = (world.app.clock() + timedelta(days=30)).isoformat()
    world.ehr.store.save({
        "resourceType": "Appointment", "id": "back", "status": "booked", "start": soon, "end": soon,
        "participant": [{"actor": {"reference": REFERENCE}, "status": "accepted"}],
    })  # fmt: skip
    world.worklist(browser)
    assert "Has a visit booked" in preview(world, browser, DORMANT).text


def test_nobody_is_enrolled_who_is_not_on_the_list(world: OutreachWorld, nurse: Browser) -> None:
    shown = page(world, nurse, "?status=all")
    for wrong, code in (("pt-9999", "population.not-on-list"), ("../x", "form.choice")):
        with pytest.raises(StoryError, match=code.replace(".", r"\.")):
            send(nurse, shown, "/enrol/preview", wrong)
    with pytest.raises(StoryError, match=r"sequences\.none-chosen"):
        send(nurse, shown, "/enrol/preview")
    with pytest.raises(StoryError, match=r"sequences\.too-many"):
        send(nurse, shown, "/enrol/preview", *(f"pt-{n}" for n in range(101)))
    assert messages(world) == []


def test_a_chart_has_no_list_to_enrol(world: OutreachWorld) -> None:
    browser = world.sign_in()
    world.chart(browser, SEEN)
    with pytest.raises(StoryError, match=r"population\.one-patient"):
        page(world, browser)


def test_both_pages_lead_there_with_the_filters_of_the_list(world: OutreachWorld, nurse: Browser) -> None:
    shown = nurse.get(f"{world.app.url}/l/{handle(nurse)}/population?status=overdue&measure=CMS165")
    link = next(a for a in shown.find("a") if a.text == "Ask patients back")
    chosen = nurse.get(urljoin(nurse.url, link.attributes["href"]))
    assert [one.attributes["value"] for one in chosen.find("input", name="patient")] == [DORMANT]
    assert any(a.text == "Ask patients back" for a in world.messages(nurse).find("a"))
