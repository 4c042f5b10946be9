"""The portal delivery: the strongest way the server takes, and never a weaker channel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.outbox import NURSE, SYSTEM, Outbox, open_outbox

from smartapp.errors import AppError
from smartapp.messages.delivery import PortalDelivery, Posted
from smartapp.messages.outcomes import ForStaff, Refused, Retry, Sent
from smartapp.messages.record import Message


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path)


@pytest.fixture
def message(box: Outbox) -> Message:
    box.queued(subject="Your check-up", language="es", category="reminder")
    claimed = box.claims.claim(["portal"])
    assert claimed is not None
    return claimed


@pytest.fixture
def deliver(box: Outbox) -> PortalDelivery:
    return PortalDelivery(lambda _: box.portal, box.clock, SYSTEM)


def test_the_communication_is_what_the_portal_shows(box: Outbox, deliver: PortalDelivery, message: Message) -> None:
    assert deliver(message) == Sent("Communication", "1")
    assert box.portal.received == [
        {
            "resourceType": "Communication",
            "language": "es",
            "identifier": [{"system": SYSTEM, "value": message.id}],
            "status": "completed",
            "category": [
                {
                    "coding": [
                        {"system": "http://terminology.hl7.org/CodeSystem/communication-category", "code": "reminder"}
                    ]
                }
            ],
            "subject": {"reference": "Patient/ada-1815"},
            "topic": {"text": "Your check-up"},
            "sent": "2026-03-02T15:00:00Z",
            "recipient": [{"reference": "Patient/ada-1815"}],
            "sender": {"reference": "Practitioner/7"},
            "payload": [{"contentString": "Dear Ada, your HbA1c is due."}],
        }
    ]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422, 501])
def test_where_no_communication_is_taken_a_request_is_made(
    box: Outbox, deliver: PortalDelivery, message: Message, status: int
) -> None:
    box.portal.refuses = {"Communication": status}
    assert deliver(message) == Sent("CommunicationRequest", "1")
    request = box.portal.received[0]
    assert (request["status"], request["recipient"]) == ("active", [{"reference": "Patient/ada-1815"}])
    assert [part["contentString"] for part in request["payload"]] == ["Your check-up", message.text]


def test_else_staff_are_asked_with_the_text_to_paste(box: Outbox, deliver: PortalDelivery, message: Message) -> None:
    box.portal.refuses = {"Communication": 403, "CommunicationRequest": 405}
    assert deliver(message) == ForStaff("1")
    task = box.portal.received[0]
    assert (task["resourceType"], task["status"], task["intent"]) == ("Task", "requested", "order")
    assert task["description"] == "Your check-up\n\n" + message.text
    assert task["for"] == {"reference": "Patient/ada-1815"}
    box.portal.refuses = dict.fromkeys(("Communication", "CommunicationRequest", "Task"), 403)
    assert deliver(message) == ForStaff(None)


def test_without_a_backend_registration_staff_are_asked_in_the_app(box: Outbox, message: Message) -> None:
    assert PortalDelivery(lambda _: None, box.clock, SYSTEM)(message) == ForStaff(None)


def test_what_the_server_does_not_support_is_not_tried(box: Outbox, deliver: PortalDelivery, message: Message) -> None:
    box.portal.kinds = ("Task",)
    assert deliver(message) == ForStaff("1")
    assert box.portal.posts == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 302, 418])
def test_trouble_is_tried_again_and_falls_to_nothing_weaker(
    box: Outbox, deliver: PortalDelivery, message: Message, status: int
) -> None:
    box.portal.answers = [Posted(status, None, 30.0)]
    assert deliver(message) == Retry(f"delivery.status-{status}", 30.0)
    assert box.portal.posts == 1


def test_a_token_that_was_not_taken_is_trouble_too(box: Outbox, deliver: PortalDelivery, message: Message) -> None:
    box.portal.answers = [Posted(401, None)]
    assert deliver(message) == Retry("delivery.unauthorized")


def test_without_the_servers_id_nothing_counts_as_sent(box: Outbox, deliver: PortalDelivery, message: Message) -> None:
    box.portal.answers = [Posted(201, None)]
    assert deliver(message) == Retry("delivery.no-id")
    box.portal.answers = [Posted(412, None)]
    assert deliver(message) == Refused("delivery.several-match")


def test_delivered_twice_it_is_seen_once(box: Outbox, deliver: PortalDelivery, message: Message) -> None:
    assert deliver(message) == deliver(message) == Sent("Communication", "1")
    assert len(box.portal.received) == 1


def test_a_server_without_conditional_create_is_asked_before_a_second_attempt(
    box: Outbox, deliver: PortalDelivery, message: Message
) -> None:
    box.portal.honours_if_none_exist = False
    deliver(message)
    box.portal.refuses = {"Communication": 403}
    assert deliver(replace(message, attempts=2)) == Sent("Communication", "1")
    assert len(box.portal.received) == 1


@pytest.mark.parametrize(
    "changes", [{"category": "marketing"}, {"patient": "Patient/" + "x" * 80}, {"patient": "Group/1"}]
)
def test_what_would_not_be_fhir_is_not_sent(
    box: Outbox, deliver: PortalDelivery, message: Message, changes: dict[str, str]
) -> None:
    with pytest.raises(AppError) as caught:
        deliver(replace(message, **changes))
    assert caught.value.code == "delivery.invalid"
    assert box.portal.posts == 0


def test_a_text_that_was_edited_reaches_staff_though_the_ehr_has_a_task_of_the_old_one(box: Outbox) -> None:
    box.portal.kinds = ("Task",)
    message = box.queued()
    box.worker().drain()
    assert box.state(message) == "held"
    edited = box.queue.edit(message.id, tenant="clinic", actor=NURSE, text="Dear Ada, please call us.")
    assert (edited.attempts, edited.server_id) == (0, None)
    box.queue.approve(message.id, tenant="clinic", actor=NURSE, version=edited.version)
    box.worker().drain()
    assert [task["description"].count("please call us") for task in box.portal.received] == [0, 1]
    assert box.queue.get(message.id, tenant="clinic").server_id == "2"


def test_a_task_that_was_turned_down_is_asked_anew_once_somebody_approved_it_again(box: Outbox) -> None:
    box.portal.kinds = ("Task",)
    message = box.queued()
    box.worker().drain()
    back = box.queue.given_back(message.id, tenant="clinic", actor="Practitioner/9")
    box.queue.approve(message.id, tenant="clinic", actor=NURSE, version=back.version)
    box.worker().drain()
    assert len(box.portal.received) == 2
