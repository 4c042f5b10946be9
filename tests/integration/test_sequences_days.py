"""Asking a dormant patient back, by the worker from day to day against the sandbox EHR (R17)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from support.outreach_world import OutreachWorld, form, handle, outreach_world

from smartapp.demo.story import StoryError
from smartapp.messages.sequence_runs import Run
from smartapp.messages.sequences import Stop
from smartapp.messages.states import State
from smartapp.persistence.engine import writing
from smartapp.persistence.tables import message, message_event, opt_out, sequence_run, template_approval

DORMANT = "pt-1004"
REFERENCE = f"Patient/{DORMANT}"


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutreachWorld]:
    with outreach_world(tmp_path_factory.mktemp("days"), count=10) as running:
        yield running


@pytest.fixture
def world(lasting: OutreachWorld) -> OutreachWorld:
    """The same two servers, without a message or a sequence, and the patient as he was."""
    with writing(lasting.app.core.engine) as connection:
        for table in (message_event, message, sequence_run, opt_out, template_approval):
            connection.execute(delete(table))
    patient = lasting.ehr.store.read("Patient", DORMANT)
    assert patient is not None
    lasting.ehr.store.save({key: value for key, value in patient.items() if key != "deceasedBoolean"})
    booked = lasting.ehr.store.read("Appointment", "back")
    if booked is not None:
        lasting.ehr.store.save({**booked, "status": "cancelled"})
    return lasting


def run_of(world: OutreachWorld) -> Run:
    run = world.app.core.sequences.latest("default", "sandbox", REFERENCE)
    assert run is not None
    return run


def days(world: OutreachWorld, count: float) -> None:
    """So many days go by, with the worker's chores and messages done at their end, twice as ten minutes pass."""
    world.app.clock.forward(seconds=count * 86_400)
    for _ in range(2):
        world.app.clock.forward(minutes=11)
        world.carry_on()
        world.work()


def approve_template(world: OutreachWorld, template: str, language: str = "en") -> None:
    approvals = world.app.core.approvals
    held = approvals.catalogue.get(template)
    approvals.approve("default", template, language, digest=held.digest(language), actor="Practitioner/cole")


def asked_back(world: OutreachWorld) -> None:
    """The first word, drafted and approved by a clinician, and sent."""
    browser = world.sign_in()
    world.draft(browser, DORMANT, "CMS165")
    browser.submit(form(browser.get(browser.url), "/approve"))
    world.work()
    days(world, 0)


def messages(world: OutreachWorld) -> list[Any]:
    found = world.app.core.queue.find(tenant="default", patient=REFERENCE)
    return sorted(found, key=lambda one: one.created_at)


def test_step_by_step_until_care_may_be_spoken_of(world: OutreachWorld) -> None:
    asked_back(world)
    assert run_of(world).progress.next_step == 1
    browser = world.sign_in()
    world.chart(browser, DORMANT)
    with pytest.raises(StoryError, match=r"messages\.asked-back"):
        world.draft(browser, DORMANT, "CMS130")
    days(world, 13)
    assert len(messages(world)) == 1  # not before its wait is over
    approve_template(world, "reactivation.second")
    days(world, 1)
    first, second = messages(world)
    assert second.template.startswith("reactivation.second@1")
    assert (second.state, second.approver) == (State.SENT, "Practitioner/cole")
    # The call is not approved for anything: it waits for somebody to read it.
    days(world, 21)
    assert run_of(world).progress.next_step == 2
    call = messages(world)[2]
    assert (call.template.partition("@")[0], call.state) == ("reactivation.call", State.FOR_REVIEW)
    browser = world.sign_in()
    world.chart(browser, DORMANT)
    page = browser.get(f"{world.app.url}/l/{handle(browser)}/messages/{call.id}")
    browser.submit(form(page, "/approve"))
    days(world, 1)
    assert messages(world)[2].state is State.SENT
    days(world, 14)
    assert run_of(world).progress.status == "finished"
    # Asked back in full: now the gap itself may be written about.
    browser = world.sign_in()
    world.draft(browser, DORMANT, "CMS165")
    assert messages(world)[3].template.startswith("recall.blood-pressure@")
    assert first.created_at + timedelta(days=48) < messages(world)[3].created_at


def stopped_by(world: OutreachWorld) -> tuple[str, Stop | None]:
    progress = run_of(world).progress
    return progress.status, progress.stopped_by


def save(world: OutreachWorld, resource: dict[str, Any]) -> None:
    world.ehr.store.save(resource)


def test_a_visit_that_is_booked_ends_it(world: OutreachWorld) -> None:
    asked_back(world)
    soon = (world.app.clock() + timedelta(days=30)).isoformat()
    save(world, {
        "resourceType": "Appointment", "id": "back", "status": "booked", "start": soon, "end": soon,
        "participant": [{"actor": {"reference": REFERENCE}, "status": "accepted"}],
    })  # fmt: skip
    approve_template(world, "reactivation.second")
    days(world, 15)
    assert stopped_by(world) == ("stopped", Stop.APPOINTMENT_MADE)
    assert len(messages(world)) == 1
    assert world.app.core.sequences.care_may_follow("default", "sandbox", REFERENCE)


def test_opting_out_and_death_end_it_for_good(world: OutreachWorld) -> None:
    asked_back(world)
    patient = world.ehr.store.read("Patient", DORMANT)
    assert patient is not None
    save(world, {**patient, "deceasedBoolean": True})
    days(world, 15)
    assert stopped_by(world) == ("stopped", Stop.DECEASED)
    assert not world.app.core.sequences.care_may_follow("default", "sandbox", REFERENCE)
    save(world, patient)
    browser = world.sign_in()
    world.draft(browser, DORMANT, "CMS130")  # begins anew
    world.app.core.opt_outs.add(tenant="default", actor=REFERENCE, source="staff", patient=REFERENCE)
    days(world, 1)
    assert stopped_by(world) == ("stopped", Stop.OPTED_OUT)


def test_a_first_word_that_was_discarded_is_the_last(world: OutreachWorld) -> None:
    browser = world.sign_in()
    world.draft(browser, DORMANT, "CMS165")
    browser.submit(form(browser.get(browser.url), "/cancel"))
    days(world, 20)
    assert stopped_by(world) == ("stopped", Stop.DISCARDED)
    assert len(messages(world)) == 1


def test_a_first_word_that_a_closed_gap_made_needless_leaves_care_free(world: OutreachWorld) -> None:
    browser = world.sign_in()
    made = world.draft(browser, DORMANT, "CMS165")
    world.app.core.queue.cancel(made, tenant="default", actor="system", reason="recheck.closed")
    days(world, 0)
    assert stopped_by(world) == ("stopped", Stop.GAP_CLOSED)


def test_a_chart_that_cannot_be_read_is_looked_at_again(world: OutreachWorld) -> None:
    asked_back(world)
    approve_template(world, "reactivation.second")
    registration = world.app.core.registry.by_name("sandbox")
    assert registration is not None
    world.app.core.registry.save(replace(registration, fhir_base=f"{world.base}/gone"), replace=True)
    days(world, 15)
    assert len(messages(world)) == 1
    assert run_of(world).progress.status == "running"
    world.app.core.registry.save(registration, replace=True)
    days(world, 1)
    assert len(messages(world)) == 2
