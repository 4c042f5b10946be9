"""What an EHR tells of messages is believed only where it is plainly about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.outbox import Outbox, ledger_of, open_outbox

from smartapp.errors import AppError
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.record import Message
from smartapp.services.read_back import ReadBack

OPENED = "2026-03-02T16:00:00+00:00"


class Told:
    """An EHR that answers every search with the same resources, or with an error."""

    def __init__(self, resources: Sequence[dict[str, Any]] | AppError | None) -> None:
        self.resources_ = resources
        self.asked: list[str] = []

    def resources(self, resource_type: str, query: str) -> Sequence[dict[str, Any]] | None:
        self.asked.append(f"{resource_type}?{query}")
        if isinstance(self.resources_, AppError):
            raise self.resources_
        return self.resources_


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path)


def sent(box: Outbox) -> Message:
    message = box.queued()
    box.worker().drain()
    return box.queue.get(message.id, tenant="clinic")


def look(box: Outbox, told: Any) -> tuple[int, Told]:
    ehr = Told(told)
    opt_outs = OptOuts(ledger_of(box.storage))
    return ReadBack(queue=box.queue, opt_outs=opt_outs, port_for=lambda _: ehr, clock=box.clock).look(), ehr


def test_opened_is_noted_once(box: Outbox) -> None:
    message = sent(box)
    told = [{"resourceType": "Communication", "id": message.server_id, "received": OPENED}]
    assert look(box, told)[0] == 1
    assert look(box, told)[0] == 0
    events = box.queue.events(tenant="clinic", message_id=message.id)
    assert [event.reason for event in events].count("messages.seen") == 1
    assert box.storage.audit.verify().intact


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"id": "another", "received": OPENED},
        {"received": "2026-03-02"},
        {"received": 7},
        {"received": "soon"},
        {"status": ["entered-in-error"]},
        {"inResponseTo": "Communication/1", "sender": {"reference": "Patient/ada-1815"}},
        {"inResponseTo": [{"reference": 7}, None], "sender": []},
        {"id": "r", "inResponseTo": [{"reference": "Communication/1"}], "sender": {"reference": "Patient/x"}},
        {"id": "r", "inResponseTo": [{"reference": "Communication/99"}], "sender": {"reference": "Patient/ada-1815"}},
    ],
)
def test_what_is_odd_or_of_somebody_else_changes_nothing(box: Outbox, odd: dict[str, Any]) -> None:
    message = sent(box)
    assert look(box, [{"resourceType": "Communication", "id": message.server_id, **odd}])[0] == 0
    assert box.state(message) == "sent"


@pytest.mark.parametrize("unanswered", [None, [], AppError("fetch.timeout", "No answer.")])
def test_an_ehr_that_does_not_answer_is_asked_again_later(box: Outbox, unanswered: Any) -> None:
    message = sent(box)
    assert look(box, unanswered)[0] == 0
    assert box.state(message) == "sent"


def test_an_answer_under_the_whole_address_counts(box: Outbox) -> None:
    message = sent(box)
    assert look(box, [reply(message, "Thanks")])[0] == 1
    assert box.state(message) == "replied"


def reply(message: Message, text: str) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "id": "reply",
        "inResponseTo": [{"reference": f"https://ehr.invalid/fhir/Communication/{message.server_id}"}],
        "sender": {"reference": message.patient},
        "payload": [{"contentString": text}, {"contentAttachment": {}}, 7],
    }


def opt_outs_of(box: Outbox) -> int:
    return [one.action for one in box.storage.audit.entries()].count("message.opt-out")


def test_who_answers_and_then_asks_for_silence_gets_it(box: Outbox) -> None:
    message = sent(box)
    thanks, stop = reply(message, "Thank you!"), reply(message, "Please stop sending me messages.")
    assert look(box, [thanks])[0] == 1
    assert look(box, [thanks, stop])[0] == 0  # no second answer
    assert opt_outs_of(box) == 1
    look(box, [thanks, stop])
    assert opt_outs_of(box) == 1  # found again, and said once


def test_silence_that_was_asked_for_among_other_answers_is_heard(box: Outbox) -> None:
    message = sent(box)
    assert look(box, [reply(message, "Thank you!"), reply(message, "STOP")])[0] == 1
    assert opt_outs_of(box) == 1


def test_silence_comes_before_the_answer_that_could_not_be_noted(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    message = sent(box)

    def broken(*_: object, **__: object) -> None:
        raise AppError("storage.unavailable", "The database cannot be written.")

    monkeypatch.setattr(box.queue, "replied", broken)
    look(box, [reply(message, "STOP")])
    assert opt_outs_of(box) == 1


def test_many_are_asked_about_at_once_and_not_for_ever(box: Outbox) -> None:
    for _ in range(25):
        sent(box)
    _, ehr = look(box, [])
    assert sum("_id=" in query for query in ehr.asked) == 2
    box.clock.pass_time(31 * 86_400)
    assert look(box, [])[1].asked == []
