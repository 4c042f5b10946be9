"""The worker: asks again before it sends, sends each message once, and never stops at one."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from support.outbox import NURSE, SYSTEM, Outbox, in_threads, new_message, open_outbox
from support.storage import SetClock

from smartapp.errors import AppError
from smartapp.messages.claims import Pace
from smartapp.messages.delivery import PortalDelivery, Posted
from smartapp.messages.outcomes import Allow, Cancel, Check, Hold, Result
from smartapp.messages.record import Message
from smartapp.messages.states import State
from smartapp.persistence.engine import StorageError, writing
from smartapp.persistence.tables import message as message_table


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path)


def test_what_is_approved_is_delivered_and_audited(box: Outbox) -> None:
    message = box.queued()
    assert box.worker().run_once()
    sent = box.queue.get(message.id, tenant="clinic")
    assert (sent.state, sent.delivered_as, sent.server_id) == (State.SENT, "Communication", "1")
    assert (sent.sent_at, sent.lease, sent.attempts) == (box.clock(), None, 1)
    *_, last = box.storage.audit.entries()
    assert (last.action, last.actor, last.patient) == ("message.sent", "system", "Patient/ada-1815")
    assert last.detail["as"] == "Communication/1"
    assert not box.worker().run_once()


def test_nothing_but_approved_messages_leaves(box: Outbox) -> None:
    box.queue.submit(new_message(), actor=NURSE)
    box.queue.submit(new_message(), actor=NURSE, review=True)
    held = box.queued()
    box.queue.hold(held.id, tenant="clinic", actor=NURSE)
    cancelled = box.queued()
    box.queue.cancel(cancelled.id, tenant="clinic", actor=NURSE)
    assert box.worker().drain() == 0
    assert box.portal.posts == 0


def test_a_message_waits_for_its_time(box: Outbox) -> None:
    box.queued(not_before=box.clock() + timedelta(hours=1))
    assert box.worker().drain() == 0
    box.clock.pass_time(3600)
    assert box.worker().drain() == 1


def test_held_by_the_check_it_is_looked_at_again_when_it_said(box: Outbox) -> None:
    message = box.queued()
    box.checks = [Hold("messages.quiet-hours", box.clock() + timedelta(hours=10))]
    worker = box.worker()
    worker.drain()
    held = box.queue.get(message.id, tenant="clinic")
    assert (held.state, held.reason, held.attempts) == (State.HELD, "messages.quiet-hours", 0)
    assert box.portal.posts == 0
    box.clock.pass_time(9 * 3600)
    assert worker.drain() == 0
    box.clock.pass_time(3600)
    assert worker.drain() == 1
    assert box.state(message) == "sent"


@pytest.mark.parametrize("reason", ["messages.deceased", "messages.opted-out", "messages.gap-closed"])
def test_cancelled_by_the_check_it_is_never_sent(box: Outbox, reason: str) -> None:
    message = box.queued()
    box.checks = [Cancel(reason)]
    box.worker().drain()
    found = box.queue.get(message.id, tenant="clinic")
    assert (found.state, found.reason) == (State.CANCELLED, reason)
    assert box.portal.posts == 0
    *_, last = box.storage.audit.entries()
    assert (last.action, last.outcome, last.detail["reason"]) == ("message.cancel", "refused", reason)


def test_what_was_not_approved_word_for_word_goes_back_to_a_person(box: Outbox) -> None:
    message = box.queued()
    with writing(box.storage.engine) as tx:
        tx.execute(update(message_table).values(version=2))  # the approval was of version 1
    box.worker().drain()
    assert box.state(message) == "for-review"
    assert box.portal.posts == 0


def test_a_failure_is_tried_again_later_and_later(box: Outbox) -> None:
    message = box.queued()
    box.portal.answers = [Posted(503, None)] * 3
    worker, waits = box.worker(), []
    for _ in range(3):
        assert worker.run_once()
        found = box.queue.get(message.id, tenant="clinic")
        assert (found.state, found.reason) == (State.QUEUED, "delivery.status-503")
        assert found.not_before is not None
        waits.append((found.not_before - box.clock()).total_seconds())
        assert not worker.run_once()
        box.clock.pass_time(waits[-1])
    assert 15 <= waits[0] <= 30 <= waits[1] <= 60 <= waits[2] <= 120
    assert worker.run_once()
    assert box.state(message) == "sent"


def test_retry_after_is_honoured_for_the_whole_ehr_and_only_for_it(box: Outbox) -> None:
    first = box.queued()
    box.clock.pass_time(1)
    second = box.queued()
    other = box.queued(ehr="other")
    box.portal.answers = [Posted(429, None, 900.0)]
    worker = box.worker()
    assert worker.drain() == 2
    assert [box.state(m) for m in (first, second, other)] == ["queued", "queued", "sent"]
    box.clock.pass_time(899)
    assert worker.drain() == 0
    box.clock.pass_time(1)
    assert worker.drain() == 2


@pytest.mark.parametrize("after", [-1.0, 1e300, float("inf"), float("nan")])
def test_an_odd_retry_after_does_no_harm(box: Outbox, after: float) -> None:
    message = box.queued()
    box.portal.answers = [Posted(429, None, after)]
    worker = box.worker()
    worker.drain()
    assert box.state(message) == "queued"
    box.clock.pass_time(6 * 3600)
    assert worker.drain() == 1


def test_what_always_fails_becomes_a_dead_letter_and_the_others_go_on(box: Outbox) -> None:
    poison = box.queued(text="poison")
    box.clock.pass_time(1)
    others = [box.queued(text=f"fine {n}") for n in range(3)]

    portal = PortalDelivery(lambda _: box.portal, box.clock, SYSTEM)

    def deliver(message: Message) -> Result:
        if message.text == "poison":
            raise RuntimeError("Ada Lovelace")
        return portal(message)

    box.deliver = deliver
    worker = box.worker(pace=Pace(attempts=3))
    for _ in range(5):
        worker.drain()
        box.clock.pass_time(3600)
    assert box.state(poison) == "dead-letter"
    assert box.queue.get(poison.id, tenant="clinic").attempts == 3
    assert [box.state(m) for m in others] == ["sent"] * 3
    released = box.queue.release(poison.id, tenant="clinic", actor=NURSE)
    assert (released.state, released.attempts) == (State.QUEUED, 0)


def test_an_unreachable_server_is_tried_again_and_named(box: Outbox) -> None:
    message = box.queued()
    box.portal.answers = [AppError("reading.timeout", "The EHR did not answer.")]
    box.worker().drain()
    found = box.queue.get(message.id, tenant="clinic")
    assert (found.state, found.reason) == (State.QUEUED, "reading.timeout")


def test_four_workers_send_each_message_once(box: Outbox) -> None:
    messages = [box.queued(text=f"number {n}") for n in range(40)]
    in_threads(4, lambda _: [box.worker().drain()])
    assert sorted(box.portal.texts) == sorted(m.text for m in messages)
    assert box.portal.posts == 40
    assert box.queue.counts(tenant="clinic")[State.SENT] == 40
    assert box.storage.audit.verify().intact


@pytest.mark.parametrize("set_by", [7200, -7200])
def test_a_clock_set_by_two_hours_frees_no_live_message(box: Outbox, set_by: int) -> None:
    message = box.queued()
    claimed = box.worker()._claims.claim(["portal"])
    assert claimed is not None
    wrong = SetClock(box.clock.now + timedelta(seconds=set_by))
    other = box.worker(clock=wrong)
    for _ in range(11):  # looks, 10 s apart: less than the lease of 120 s in all
        assert not other.run_once()
        wrong.pass_time(10)
    assert box.state(message) == "sending"


@pytest.mark.parametrize("set_by", [7200, -7200])
def test_a_clock_set_back_or_forward_doubles_and_loses_nothing(box: Outbox, set_by: int) -> None:
    messages = [box.queued(text=f"{n}") for n in range(6)]
    box.portal.answers = [Posted(503, None)] * 2
    one, two = box.worker(), box.worker()
    for turn in range(6):
        one.run_once()
        two.run_once()
        if turn == 1:
            box.clock.set_by(set_by)
        if turn == 4:
            box.clock.set_by(-set_by)
        box.clock.pass_time(30)
    box.clock.pass_time(3600)
    one.drain()
    assert sorted(box.portal.texts) == sorted(m.text for m in messages)
    assert box.queue.counts(tenant="clinic")[State.SENT] == 6


def test_a_lost_message_is_found_and_sent_within_the_hour(box: Outbox) -> None:
    message = box.queued()
    assert box.worker()._claims.claim(["portal"]) is not None  # and its worker dies
    worker, waited = box.worker(lease=120), 0
    while box.state(message) != "sent":
        worker.drain()
        box.clock.pass_time(10)
        waited += 10
        assert waited < 3600
    assert waited <= 150
    events = [(e.after, e.reason) for e in box.queue.events(tenant="clinic", message_id=message.id)]
    assert (State.QUEUED, "messages.lost") in events
    assert box.portal.texts == [message.text]


def test_death_between_send_and_commit_is_seen_once_by_the_receiver(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = box.queued()
    dying = box.worker()

    def die(*_: object) -> bool:
        raise StorageError

    monkeypatch.setattr(dying._claims, "sent", die)
    with pytest.raises(StorageError):
        dying.run_once()
    assert box.portal.texts == [message.text]
    assert box.state(message) == "sending"
    other = box.worker()
    for _ in range(20):
        other.drain()
        box.clock.pass_time(10)
    assert box.state(message) == "sent"
    assert box.portal.texts == [message.text]
    assert box.queue.get(message.id, tenant="clinic").server_id == "1"


def test_who_lost_the_lease_can_no_longer_write(box: Outbox) -> None:
    message = box.queued()
    slow = box.claims.claim(["portal"])
    assert slow is not None
    other = box.worker()
    while box.state(message) == "sending":
        other._claims.tend()
        box.clock.pass_time(10)
    assert other._claims.claim(["portal"]) is not None  # taken over, and being sent by another now
    assert box.claims.still_mine(slow) is None
    assert not box.claims.sent(slow, "Communication", "99")
    for _ in range(20):
        other.drain()
        box.clock.pass_time(10)
    assert box.state(message) == "sent"
    before = box.queue.get(message.id, tenant="clinic")
    assert box.claims.still_mine(slow) is None
    assert not box.claims.sent(slow, "Communication", "99")
    assert not box.claims.retry(slow, "late")
    assert not box.claims.failed(slow, "late")
    assert box.queue.get(message.id, tenant="clinic") == before


def test_lost_on_a_channel_that_cannot_repeat_a_person_judges(box: Outbox) -> None:
    message = box.queued(channel="sms", portal_only=False, text="Please call us.", address="+13125550143")
    assert box.claims.claim(["sms"]) is not None
    worker = box.worker()
    for _ in range(20):
        worker.drain()
        box.clock.pass_time(10)
    found = box.queue.get(message.id, tenant="clinic")
    assert (found.state, found.reason) == (State.FAILED, "messages.maybe-sent")


def test_the_rate_of_a_channel_holds_over_all_workers(box: Outbox) -> None:
    for _ in range(10):
        box.queued()
    pace = Pace(per_minute={"portal": 6})
    workers = [box.worker(pace=pace) for _ in range(3)]
    for second in range(31):
        for worker in workers:
            worker.run_once()
        assert len(box.portal.received) <= 1 + second // 10
        box.clock.pass_time(1)
    assert len(box.portal.received) == 4


def test_a_channel_nobody_delivers_is_left_alone(box: Outbox) -> None:
    message = box.queued(channel="letter", portal_only=False, text="Please call us.")
    assert box.worker().drain() == 0
    assert box.state(message) == "queued"


def test_chores_are_done_now_and_then_and_may_fail(box: Outbox) -> None:
    done: list[int] = []

    def fails() -> None:
        raise RuntimeError

    worker = box.worker(chores=[fails, lambda: done.append(1)])
    for _ in range(13):
        worker.run_once()
        box.clock.pass_time(10)
    assert len(done) == 3


def test_without_an_audit_trail_nothing_is_sent(box: Outbox) -> None:
    message = box.queued()

    def recorded(_message: Message) -> Check:
        box.storage.audit.record("message.recheck", "success", actor="system", tenant="clinic")
        return Allow()

    box.recheck = recorded  # type: ignore[method-assign]
    with writing(box.storage.engine) as tx:
        tx.exec_driver_sql("UPDATE audit_head SET seq = seq + 1")
    stop = threading.Event()
    thread = threading.Thread(target=box.worker().run_forever, args=(stop,))
    thread.start()
    stop.wait(0.3)
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert box.portal.posts == 0
    assert box.state(message) == "sending"


def test_the_worker_stops_when_it_is_told(box: Outbox) -> None:
    stop = threading.Event()
    for _ in range(3):
        box.queued()
    thread = threading.Thread(target=box.worker().run_forever, args=(stop,))
    thread.start()
    for _ in range(500):
        if len(box.portal.received) == 3:
            break
        stop.wait(0.01)
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert len(box.portal.received) == 3
