"""What people do with messages: each decision, its event and its audit entry, or none of them."""

from __future__ import annotations

import base64
import itertools
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from support.outbox import DOCTOR, NURSE, Outbox, files_of, in_threads, new_message, open_outbox

from smartapp.errors import AppError, InputError, NotAllowedError, NotFoundError
from smartapp.messages.queue_reader import STAFF_TASK
from smartapp.messages.states import NEXT, State, WrongStateError, check
from smartapp.persistence.engine import writing


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path)


def test_a_message_goes_from_draft_over_review_to_queued(box: Outbox) -> None:
    draft = box.queue.submit(new_message(), actor=NURSE)
    assert draft.state is State.DRAFT
    assert box.queue.review(draft.id, tenant="clinic", actor=NURSE).state is State.FOR_REVIEW
    queued = box.queue.approve(draft.id, tenant="clinic", actor=DOCTOR, version=1)
    assert (queued.state, queued.author, queued.approver) == (State.QUEUED, NURSE, DOCTOR)
    assert box.queue.get(draft.id, tenant="clinic") == queued
    events = box.queue.events(tenant="clinic", message_id=draft.id)
    assert [(e.before, e.after) for e in events] == [
        (None, State.DRAFT),
        (State.DRAFT, State.FOR_REVIEW),
        (State.FOR_REVIEW, State.QUEUED),
    ]
    assert (events[-1].channel, events[-1].purpose, events[-1].at) == ("portal", "recall", box.clock())
    entries = list(box.storage.audit.entries(tenant="clinic", patient="Patient/ada-1815"))
    assert [(e.action, e.actor) for e in entries] == [
        ("message.draft", NURSE),
        ("message.review", NURSE),
        ("message.approve", DOCTOR),
    ]


def test_the_decision_and_the_message_share_one_transaction(box: Outbox) -> None:
    with pytest.raises(RuntimeError), writing(box.storage.engine) as tx:
        box.queue.submit(new_message(), actor=NURSE, approve=True, connection=tx)
        raise RuntimeError
    assert box.queue.find(tenant="clinic") == []
    assert box.storage.audit.verify().entries == 0
    with pytest.raises(AppError, match="actor"):
        box.queue.submit(new_message(), actor=" ", approve=True)
    assert box.queue.find(tenant="clinic") == []


def test_equal_requests_with_one_key_make_one_message(box: Outbox) -> None:
    request = new_message(idempotency_key="once")
    made: list[str] = []
    in_threads(8, lambda _: made.append(box.queue.submit(request, actor=NURSE, approve=True).id))
    assert len(made) == 8
    assert len(set(made)) == 1
    assert len(box.queue.find(tenant="clinic")) == 1
    assert len(box.queue.events(tenant="clinic")) == 2


@pytest.mark.parametrize(
    "changes", [{"text": "Something else"}, {"patient": "Patient/2"}, {"purpose": "survey"}, {"subject": "x"}]
)
def test_one_key_with_another_body_is_an_error(box: Outbox, changes: dict[str, str]) -> None:
    request = new_message(idempotency_key="once")
    box.queue.submit(request, actor=NURSE)
    with pytest.raises(InputError) as caught:
        box.queue.submit(new_message(idempotency_key="once", **changes), actor=NURSE)
    assert (caught.value.code, caught.value.status) == ("messages.key-reused", 409)
    box.queue.submit(new_message(idempotency_key="once", tenant="other", **changes), actor=NURSE)


@pytest.mark.parametrize(
    "changes",
    [{"channel": "pigeon"}, {"channel": "sms"}, {"text": "  "}, {"patient": ""}, {"idempotency_key": ""}, {"ehr": ""}],
)
def test_what_cannot_be_a_message_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InputError):
        new_message(**changes)


def test_an_edit_voids_the_approval(box: Outbox) -> None:
    message = box.queued()
    edited = box.queue.edit(message.id, tenant="clinic", actor=NURSE, text="Dear Ada, something else.")
    assert (edited.state, edited.approver, edited.approved_digest) == (State.FOR_REVIEW, "", None)
    assert edited.version == 2
    with pytest.raises(InputError, match="changed since"):
        box.queue.approve(message.id, tenant="clinic", actor=DOCTOR, version=1)
    assert not box.worker().run_once()
    box.queue.approve(message.id, tenant="clinic", actor=DOCTOR, version=2)
    assert box.worker().run_once()
    assert box.portal.texts == ["Dear Ada, something else."]


def test_a_draft_stays_a_draft_when_edited(box: Outbox) -> None:
    draft = box.queue.submit(new_message(), actor=NURSE)
    edited = box.queue.edit(draft.id, tenant="clinic", actor=DOCTOR, text="Other", subject="About")
    assert (edited.state, edited.text, edited.subject, edited.author) == (State.DRAFT, "Other", "About", DOCTOR)
    with pytest.raises(InputError):
        box.queue.edit(draft.id, tenant="clinic", actor=DOCTOR, text=" ")


def test_pressing_approve_twice_approves_once(box: Outbox) -> None:
    draft = box.queue.submit(new_message(), actor=NURSE)
    first = box.queue.approve(draft.id, tenant="clinic", actor=DOCTOR, version=1)
    assert box.queue.approve(draft.id, tenant="clinic", actor=DOCTOR, version=1) == first
    assert len(box.queue.events(tenant="clinic")) == 2


def test_where_a_second_person_is_wanted_the_author_cannot_approve(tmp_path: Path) -> None:
    box = open_outbox(tmp_path, second_person=True)
    with pytest.raises(NotAllowedError):
        box.queue.submit(new_message(), actor=NURSE, approve=True)
    assert box.queue.find(tenant="clinic") == []
    draft = box.queue.submit(new_message(), actor=NURSE)
    with pytest.raises(NotAllowedError):
        box.queue.approve(draft.id, tenant="clinic", actor=NURSE, version=1)
    box.queue.edit(draft.id, tenant="clinic", actor=DOCTOR, text="The doctor's words")
    with pytest.raises(NotAllowedError):
        box.queue.approve(draft.id, tenant="clinic", actor=DOCTOR, version=2)
    assert box.queue.approve(draft.id, tenant="clinic", actor=NURSE, version=2).state is State.QUEUED


def test_undo_until_it_is_sent(box: Outbox) -> None:
    message, other = box.queued(), box.queued()
    assert box.queue.cancel(message.id, tenant="clinic", actor=NURSE).state is State.CANCELLED
    assert box.worker().drain() == 1
    with pytest.raises(WrongStateError, match="sent"):
        box.queue.cancel(other.id, tenant="clinic", actor=NURSE)
    assert len(box.portal.received) == 1
    sending = box.queued()
    assert box.claims.claim(["portal"]) is not None
    for change in (box.queue.cancel, box.queue.hold):
        with pytest.raises(WrongStateError, match="sending"):
            change(sending.id, tenant="clinic", actor=NURSE)
    with pytest.raises(WrongStateError, match="sending"):
        box.queue.edit(sending.id, tenant="clinic", actor=NURSE, text="x")


def test_a_held_message_waits_for_a_person(box: Outbox) -> None:
    message = box.queued()
    box.queue.hold(message.id, tenant="clinic", actor=NURSE)
    box.clock.pass_time(86_400 * 30)
    assert box.worker().drain() == 0
    box.queue.release(message.id, tenant="clinic", actor=NURSE)
    assert box.worker().drain() == 1
    draft = box.queue.submit(new_message(), actor=NURSE)
    with pytest.raises(WrongStateError):
        box.queue.release(draft.id, tenant="clinic", actor=NURSE)


def test_an_attestation_needs_an_approval(box: Outbox) -> None:
    draft = box.queue.submit(new_message(), actor=NURSE)
    with pytest.raises(WrongStateError):
        box.queue.attest(draft.id, tenant="clinic", actor=NURSE)
    message = box.queued()
    claimed = box.claims.claim(["portal"])
    assert claimed is not None
    assert box.claims.for_staff(claimed, None)
    held = box.queue.get(message.id, tenant="clinic")
    assert (held.state, held.reason) == (State.HELD, STAFF_TASK)
    sent = box.queue.attest(message.id, tenant="clinic", actor=DOCTOR)
    assert (sent.state, sent.attested_by, sent.delivered_as) == (State.SENT, DOCTOR, "attestation")
    assert sent.sent_at == box.clock()
    assert box.queue.replied(message.id, tenant="clinic", actor="Patient/ada-1815").state is State.REPLIED


def test_another_tenant_sees_and_moves_nothing(box: Outbox) -> None:
    message = box.queued()
    queue = box.queue
    assert queue.find(tenant="other") == []
    assert queue.events(tenant="other") == []
    assert sum(queue.counts(tenant="other").values()) == 0
    for attempt in (
        lambda: queue.get(message.id, tenant="other"),
        lambda: queue.cancel(message.id, tenant="other", actor=NURSE),
        lambda: queue.edit(message.id, tenant="other", actor=NURSE, text="x"),
        lambda: queue.approve(message.id, tenant="other", actor=NURSE, version=1),
        lambda: queue.attest(message.id, tenant="other", actor=NURSE),
    ):
        with pytest.raises(NotFoundError):
            attempt()


def test_messages_are_found_by_state_and_patient_newest_first(box: Outbox) -> None:
    for number in range(3):
        box.queued(patient=f"Patient/{number % 2}")
        box.clock.pass_time(1)
    found = box.queue.find(tenant="clinic")
    assert [m.patient for m in found] == ["Patient/0", "Patient/1", "Patient/0"]
    assert len(box.queue.find(tenant="clinic", patient="Patient/0")) == 2
    assert box.queue.find(tenant="clinic", states=[State.SENT]) == []
    assert box.queue.find(tenant="clinic", before=found[1].created_at) == [found[2]]
    assert box.queue.counts(tenant="clinic")[State.QUEUED] == 3


def test_nothing_of_a_message_is_readable_in_any_file(box: Outbox) -> None:
    box.queued(subject="Your diabetes", address="+13125550143")
    box.worker().drain()
    texts = ["HbA1c is due", "ada-1815", "Your diabetes", "3125550143", "Practitioner/"]
    for (name, content), text in itertools.product(files_of(box.storage.path.parent), texts):
        raw = text.encode()
        for spelling in (raw, raw.hex().encode(), *(base64.b64encode(b"x" * n + raw)[4:-4] for n in range(3))):
            assert spelling not in content, (name, text)


def test_a_sealed_text_moved_to_another_message_is_not_sent(box: Outbox) -> None:
    one, two = box.queued(text="For one"), box.queued(text="For two")
    connection = sqlite3.connect(box.storage.path)
    connection.execute(
        "UPDATE message SET sealed = (SELECT sealed FROM message WHERE id = ?) WHERE id = ?", [one.id, two.id]
    )
    connection.commit()
    connection.close()
    box.worker().drain()
    assert box.portal.texts == ["For one"]
    with writing(box.storage.engine) as tx:
        state = tx.exec_driver_sql("SELECT state, reason FROM message WHERE id = ?", (two.id,)).one()
    assert tuple(state) == ("failed", "vault.unreadable")


def test_the_state_machine_has_no_way_back_from_sent_and_none_around_approval() -> None:
    assert NEXT[State.SENT] == {State.REPLIED}
    assert NEXT[State.CANCELLED] == NEXT[State.REPLIED] == frozenset()
    assert [before for before, after in NEXT.items() if State.SENDING in after] == [State.QUEUED]
    for before, after in itertools.product(State, State):
        if after not in NEXT[before]:
            with pytest.raises(WrongStateError):
                check(before, after, "moved")


def test_an_expired_message_is_cancelled_not_sent(box: Outbox) -> None:
    message = box.queued(expires_at=box.clock() + timedelta(hours=1))
    box.clock.pass_time(3600)
    box.worker().drain()
    found = box.queue.get(message.id, tenant="clinic")
    assert (found.state, found.reason) == (State.CANCELLED, "messages.expired")
    assert box.portal.posts == 0


def test_many_are_drafted_or_queued_in_one_go_and_each_once(box: Outbox) -> None:
    news = [new_message(text=f"number {n}", idempotency_key=f"many-{n}") for n in range(5)]
    first = box.queue.submit(news[2], actor=NURSE)
    made = box.queue.submit_all(news, actor=NURSE, approve=True)
    assert [one.text for one in made] == [one.text for one in news]
    assert made[2] == first
    assert [one.state.value for one in made] == ["queued", "queued", "draft", "queued", "queued"]
    assert [e.after.value for e in box.queue.events(tenant="clinic", message_id=made[0].id)] == ["draft", "queued"]
    assert box.queue.submit_all(news, actor=NURSE, approve=True) == made
    assert box.queue.submit_all([], actor=NURSE) == []
    box.clock.pass_time(1)
    assert box.worker().drain() == 4
    assert box.storage.audit.verify().intact
