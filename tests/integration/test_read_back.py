"""What the patient and the EHR do with a message after it was delivered comes back to staff's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.outreach_world import COORDINATOR, OutreachWorld, form, handle, outreach_world

from launch.sandbox import messages as portal
from smartapp.demo.pages import Element
from smartapp.demo.story import Browser
from smartapp.messages.record import Message
from smartapp.messages.states import State


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutreachWorld]:
    with outreach_world(tmp_path_factory.mktemp("back"), count=10, staff_channels=("voice",)) as running:
        yield running


def delivered(world: OutreachWorld, patient: str, measure: str) -> Message:
    browser = world.sign_in()
    made = world.draft(browser, patient, measure)
    browser.submit(form(browser.get(browser.url), "/approve"))
    world.work()
    found = read(world, made)
    assert found.server_id
    return found


def read(world: OutreachWorld, message_id: str) -> Message:
    return world.app.core.queue.get(message_id, tenant="default")


def later(world: OutreachWorld) -> None:
    world.app.clock.forward(minutes=6)
    world.carry_on()


def test_opened_and_answered_in_the_portal(world: OutreachWorld) -> None:
    sent = delivered(world, "pt-1001", "CMS125")
    assert sent.server_id is not None
    later(world)
    assert read(world, sent.id).state is State.SENT
    portal.mark_read(world.ehr, sent.server_id)
    later(world)
    opened = read(world, sent.id)
    assert opened.seen_at is not None
    later(world)
    portal.reply(world.ehr, "pt-1001", sent.server_id, "Thank you, I will call tomorrow.")
    later(world)
    answered = read(world, sent.id)
    assert answered.state is State.REPLIED
    assert answered.seen_at == opened.seen_at
    browser = world.sign_in()
    world.chart(browser, "pt-1001")
    page = browser.get(f"{world.app.url}/l/{handle(browser)}/messages/{sent.id}")
    history = [one.text for one in page.find("li") if one.first("time") is not None]
    assert [line.split("UTC ")[1] for line in history[-4:]] == [
        "Being sent, by the worker", "Delivered to the portal, by the worker", "Opened by the patient",
        "Answered, by the patient",
    ]  # fmt: skip
    assert not world.app.core.opt_outs.is_out(tenant="default", patient="Patient/pt-1001", channel="portal")


def test_a_reply_that_asks_for_silence_is_an_opt_out(world: OutreachWorld) -> None:
    sent = delivered(world, "pt-1007", "CMS130")
    assert sent.server_id is not None
    portal.reply(world.ehr, "pt-1007", sent.server_id, "Please stop sending me messages.")
    later(world)
    assert read(world, sent.id).state is State.REPLIED
    assert world.app.core.opt_outs.is_out(tenant="default", patient="Patient/pt-1007", channel="sms")


def test_somebody_elses_words_are_no_answer(world: OutreachWorld) -> None:
    sent = delivered(world, "pt-1008", "CMS124")
    assert sent.server_id is not None
    answer = portal.reply(world.ehr, "pt-1008", sent.server_id, "Stop")
    world.ehr.store.save({**answer, "sender": {"reference": "Patient/pt-1003"}})
    later(world)
    assert read(world, sent.id).state is State.SENT
    assert not world.app.core.opt_outs.is_out(tenant="default", patient="Patient/pt-1008", channel="portal")
    # What the EHR takes back is not with the patient any more: staff are told, and nothing is sent again by itself.
    world.ehr.store.save({**resource(world, "Communication", sent), "status": "entered-in-error"})
    later(world)
    assert world.state(sent.id) == ("sent", "delivery.withdrawn")
    browser = world.sign_in()
    world.chart(browser, "pt-1008")
    assert "took it back" in world.messages(browser, shelf="sent").text
    assert world.messages(browser, shelf="sent").form_to("/release") is None


def resource(world: OutreachWorld, kind: str, message: Message) -> dict[str, Any]:
    found = world.ehr.store.read(kind, message.server_id or "")
    assert found is not None
    return found


def call(world: OutreachWorld, measure: str) -> Message:
    """A call to make, as a Task in the EHR: the patient prefers calls and has agreed to them."""
    patient = world.ehr.store.read("Patient", "pt-1001")
    assert patient is not None
    world.ehr.store.save({**patient, "telecom": [{"system": "phone", "value": "413-555-0184", "rank": 1}]})
    world.wishes("pt-1001", "voice")
    browser = world.sign_in()
    made = world.draft(browser, "pt-1001", measure)
    text = "Hi, this is Harbor Street Family Practice. Please call us back at 413-555-0100."
    page = browser.submit(form(browser.get(browser.url), "/edit"), subject="A call", body=text)
    assert read(world, made).channel == "voice"
    browser.submit(form(page, "/approve"))
    for _ in range(6):  # until it is a day, and an hour, at which one may call
        if read(world, made).reason == "messages.staff-task":
            break
        world.app.clock.forward(days=1, hours=2)
        world.app.core.claims.tend()
        world.work()
    return read(world, made)


def test_a_call_is_a_task_that_staff_complete_or_turn_down_in_the_ehr(world: OutreachWorld) -> None:
    asked = call(world, "CMS131")
    assert (asked.state, asked.delivered_as) == (State.HELD, "Task")
    task = resource(world, "Task", asked)
    assert "413-555-0184" in task["description"]
    browser = world.sign_in()
    world.chart(browser, "pt-1001")
    shown = world.messages(browser)
    assert "413-555-0184" in shown.text
    assert shown.first("a", data_shelf="calls") is not None
    world.ehr.store.save({**task, "status": "completed", "owner": {"reference": "Practitioner/nurse"}})
    later(world)
    done = read(world, asked.id)
    assert (done.state, done.reason, done.attested_by) == (State.SENT, "messages.task-done", "Practitioner/nurse")
    again = call(world, "CMS122")
    world.ehr.store.save({**resource(world, "Task", again), "status": "rejected"})
    later(world)
    refused = read(world, again.id)
    assert (refused.state, refused.reason, refused.approver) == (State.FOR_REVIEW, "messages.task-refused", "")


def press(browser: Browser, page: Element, ending: str, **more: str) -> Element:
    """Press the button of the page that leads there."""
    button = next(b for b in page.find("button") if b.attributes.get("formaction", "").endswith(ending))
    sent = {name: value for name, value in form(page, "/messages/decide").fields().items() if name != "message"}
    return browser.submit(Element("form", {"action": button.attributes["formaction"]}), **sent, **more)


def test_staff_work_through_the_calls_on_a_list_and_undo_a_slip(world: OutreachWorld) -> None:
    world.app.clock.forward(days=7)
    asked = call(world, "CMS165")
    nurse = world.sign_in(COORDINATOR)
    world.worklist(nurse)
    page = world.messages(nurse, shelf="calls")
    row = page.first("li", data_message=asked.id)
    assert row is not None
    assert "Rosalind Whitaker" in row.text
    assert row.first("a", href="tel:+14135550184") is not None
    assert "Please call us back at 413-555-0100." in row.text
    page = press(nurse, page, f"/{asked.id}/call", outcome="no-answer")
    assert "No answer once" in page.text
    assert read(world, asked.id).reason == "calls.no-answer"
    page = press(nurse, page, f"/{asked.id}/call/undo")
    press(nurse, page, f"/{asked.id}/call", outcome="wrong-number")
    page = world.messages(nurse, shelf="held")
    assert "The number is not the patient's" in page.text
    press(nurse, page, f"/{asked.id}/call/undo")
    page = world.messages(nurse, shelf="calls")
    page = press(nurse, page, f"/{asked.id}/call", outcome="reached")
    assert page.form_to(f"/{asked.id}/call") is None
    world.app.clock.forward(minutes=16)
    world.carry_on()
    done = read(world, asked.id)
    assert (done.state, done.reason) == (State.SENT, "messages.attested")
    said = [one.detail["outcome"] for one in world.app.audited() if one.action.startswith("message.call")]
    assert said == ["no-answer", "no-answer", "wrong-number", "wrong-number", "reached"]
