"""Who made each change of a message: by the audit trail, in the page's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.outbox import DOCTOR, NURSE, Outbox, new_message, open_outbox

from smartapp.messages.states import State
from smartapp.services.message_actors import actors_of
from smartapp.web.message_words import who_text


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path)


def told(box: Outbox, message_id: str) -> list[tuple[State, str]]:
    message = box.queue.get(message_id, tenant="clinic")
    events = box.queue.events(tenant="clinic", message_id=message_id)
    return [
        (event.after, actor) for event, actor in zip(events, actors_of(message, events, box.storage.audit), strict=True)
    ]


def test_each_step_has_its_actor_and_another_message_of_the_patient_is_not_mixed_in(box: Outbox) -> None:
    one = box.queue.submit(new_message(), actor=NURSE)
    box.storage.clock.pass_time(5)
    other = box.queue.submit(new_message(idempotency_key="other"), actor=DOCTOR)
    box.queue.cancel(other.id, tenant="clinic", actor=NURSE)
    box.queue.approve(one.id, tenant="clinic", actor=DOCTOR, version=one.version)
    box.storage.clock.pass_time(5)
    box.queue.hold(one.id, tenant="clinic", actor=NURSE)
    box.queue.release(one.id, tenant="clinic", actor=DOCTOR)
    assert told(box, one.id)[-3:] == [(State.QUEUED, DOCTOR), (State.HELD, NURSE), (State.QUEUED, DOCTOR)]
    assert {actor for _, actor in told(box, one.id)[:-3]} == {NURSE}
    assert told(box, other.id)[-1] == (State.CANCELLED, NURSE)
    assert told(box, other.id)[0][1] == DOCTOR


def test_what_the_worker_did_is_the_workers(box: Outbox) -> None:
    message = box.queue.submit(new_message(), actor=DOCTOR, approve=True)
    box.storage.clock.pass_time(5)
    claimed = box.claims.claim(["portal"])
    assert claimed is not None
    box.claims.cancel(claimed, "recheck.closed")
    assert told(box, message.id)[-2:] == [(State.SENDING, "system"), (State.CANCELLED, "system")]
    assert {actor for _, actor in told(box, message.id)[:-2]} == {DOCTOR}


def test_nobody_is_named_for_a_change_that_the_trail_does_not_tell(box: Outbox) -> None:
    message = box.queue.submit(new_message(), actor=NURSE)
    events = box.queue.events(tenant="clinic", message_id=message.id)
    # What was recorded much later is of something else.
    early = [replace(one, at=one.at - timedelta(hours=1)) for one in events]
    assert set(actors_of(message, early, box.storage.audit)) == {""}


@pytest.mark.parametrize(
    ("actor", "text"),
    [
        ("Practitioner/me", "you"),
        ("Practitioner/ito", "Mei Ito"),
        ("Practitioner/unnamed", "staff"),
        ("Practitioner/unknown", "staff"),
        ("system", "the worker"),
        ("Patient/ada", "the patient"),
        ("ehr", ""),
        ("", ""),
    ],
)
def test_an_actor_in_words(actor: str, text: str) -> None:
    names = {"Practitioner/ito": "Mei Ito", "Practitioner/unnamed": ""}
    assert who_text(actor, "Patient/ada", names, "Practitioner/me") == text
