"""Whatever people and workers do, in whatever order, with workers that die and clocks that are set:

no text is sent that was not approved as it stands, nothing is seen twice, nothing approved is lost.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from support.outbox import DOCTOR, NURSE, SYSTEM, Outbox, new_message, open_outbox
from support.storage import SetClock

from smartapp.errors import AppError
from smartapp.messages.delivery import PortalDelivery, Posted
from smartapp.messages.outcomes import Cancel, Hold
from smartapp.messages.record import Message
from smartapp.messages.states import NEXT, State


class AnyOrder(RuleBasedStateMachine):
    messages = Bundle("messages")

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.box: Outbox = open_outbox(self.folder)
        self.approved: dict[str, set[str]] = {}
        self.clocks = [self.box.clock, SetClock(self.box.clock.now)]
        self.workers = [self.box.worker(clock=clock, lease=60) for clock in self.clocks]
        self.delivered: list[Message] = []
        ladder = PortalDelivery(lambda _: self.box.portal, self.box.clock, SYSTEM)

        def deliver(message: Message):  # type: ignore[no-untyped-def]
            self.delivered.append(message)
            return ladder(message)

        self.box.deliver = deliver
        self.workers = [self.box.worker(clock=clock, lease=60) for clock in self.clocks]

    def attempt(self, act, *args, **kwargs):  # type: ignore[no-untyped-def]
        """What the state machine refuses is refused with a stable code and changes nothing."""
        try:
            return act(*args, **kwargs)
        except AppError as error:
            assert error.code.startswith("messages.")
            return None

    @rule(target=messages, approve=st.booleans(), text=st.sampled_from(["one", "two", "three"]))
    def submit(self, approve: bool, text: str) -> str:
        message = self.box.queue.submit(new_message(text=text), actor=NURSE, approve=approve)
        if approve:
            self.approved.setdefault(message.id, set()).add(text)
        return message.id

    @rule(which=messages)
    def approve(self, which: str) -> None:
        seen = self.box.queue.get(which, tenant="clinic")
        done = self.attempt(self.box.queue.approve, which, tenant="clinic", actor=DOCTOR, version=seen.version)
        if done is not None:
            self.approved.setdefault(which, set()).add(seen.text)

    @rule(which=messages, text=st.sampled_from(["four", "five"]))
    def edit(self, which: str, text: str) -> None:
        done = self.attempt(self.box.queue.edit, which, tenant="clinic", actor=NURSE, text=text)
        if done is not None:
            assert done.approver == ""

    @rule(which=messages, action=st.sampled_from(["cancel", "hold", "release", "review", "attest", "replied"]))
    def decide(self, which: str, action: str) -> None:
        self.attempt(getattr(self.box.queue, action), which, tenant="clinic", actor=NURSE)

    @rule(who=st.integers(0, 1))
    def work(self, who: int) -> None:
        self.workers[who].run_once()

    @rule(who=st.integers(0, 1))
    def die_with_a_claim(self, who: int) -> None:
        self.workers[who]._claims.claim(["portal"])
        self.workers[who] = self.box.worker(clock=self.clocks[who], lease=60)

    @rule(status=st.sampled_from([503, 429, 401]))
    def trouble(self, status: int) -> None:
        self.box.portal.answers.append(Posted(status, None, 5.0))

    @rule()
    def check_says_no(self) -> None:
        self.box.checks.append(Cancel("recheck.closed"))

    @rule(wait=st.sampled_from([None, 600]))
    def check_says_later(self, wait: int | None) -> None:
        self.box.checks.append(Hold("recheck.hours", wait and self.box.clock() + timedelta(seconds=wait)))

    @rule(seconds=st.sampled_from([1, 30, 90, 4000]))
    def time_passes(self, seconds: int) -> None:
        for clock in self.clocks:
            clock.pass_time(seconds)

    @rule(who=st.integers(0, 1), seconds=st.sampled_from([7200, -7200]))
    def clock_is_set(self, who: int, seconds: int) -> None:
        self.clocks[who].set_by(seconds)

    @invariant()
    def sent_once_and_as_approved(self) -> None:
        if not hasattr(self, "box"):
            return
        seen = [resource["identifier"][0]["value"] for resource in self.box.portal.received]
        assert len(seen) == len(set(seen))
        for message in self.delivered:
            assert message.text in self.approved[message.id]
        for resource in self.box.portal.received:
            assert resource["payload"][0]["contentString"] in self.approved[resource["identifier"][0]["value"]]

    def teardown(self) -> None:
        if not hasattr(self, "box"):
            return
        try:
            self.drain()
            self.the_record_is_whole()
        finally:
            self.box.storage.engine.dispose()
            shutil.rmtree(self.folder)

    def drain(self) -> None:
        """Nothing is lost: given time and no more trouble, no message is left on its way."""
        self.box.portal.answers.clear()
        self.box.checks.clear()
        for _ in range(80):
            for clock in self.clocks:
                clock.pass_time(400)
            for worker in self.workers:
                worker.drain()
        for message in self.box.queue.find(tenant="clinic", states=[State.QUEUED, State.SENDING]):
            raise AssertionError(f"{message.state} {message.reason} {message.attempts}")

    def the_record_is_whole(self) -> None:
        assert self.box.storage.audit.verify().intact
        for message in self.box.queue.find(tenant="clinic"):
            events = self.box.queue.events(tenant="clinic", message_id=message.id)
            assert events[0].before is None
            assert events[-1].after is message.state
            for before, after in itertools.pairwise(events):
                assert after.before is before.after
                assert after.after in NEXT[before.after]
            if message.state is State.SENT:
                assert message.server_id or message.attested_by


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
