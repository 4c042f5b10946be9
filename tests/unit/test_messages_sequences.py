"""The sequence engine: steps, waits, stop conditions; dormant patients are asked back first (R17)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.errors import ConfigurationError
from smartapp.messages.sequences import (
    Progress,
    Stop,
    built_in_sequences,
    due_step,
    observe,
    read_sequences,
    sent,
    settle,
    start,
)
from smartapp.messages.templates import built_in, channel_class

SEQUENCE = built_in_sequences()["re-engagement"]
NOW = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)


def run_to_the_end() -> Progress:
    progress, now = start(SEQUENCE, NOW), NOW
    for _ in SEQUENCE.steps:
        now = progress.due
        assert due_step(SEQUENCE, progress, now - timedelta(seconds=1)) is None or progress.due == NOW
        assert due_step(SEQUENCE, progress, now) is not None
        progress = sent(SEQUENCE, progress, now)
    return progress


def test_the_steps_come_in_order_each_after_its_wait() -> None:
    progress = start(SEQUENCE, NOW)
    first = due_step(SEQUENCE, progress, NOW)
    assert first is not None
    assert first.template == "reactivation.first"
    progress = sent(SEQUENCE, progress, NOW)
    assert due_step(SEQUENCE, progress, NOW + timedelta(days=13)) is None
    second = due_step(SEQUENCE, progress, NOW + timedelta(days=14))
    assert second is not None
    assert second.template == "reactivation.second"


def test_it_is_over_after_its_rest_and_only_then_may_care_follow() -> None:
    progress = run_to_the_end()
    assert due_step(SEQUENCE, progress, progress.due) is None
    assert not progress.care_specific_allowed
    assert settle(SEQUENCE, progress, progress.due - timedelta(days=1)) == progress
    over = settle(SEQUENCE, progress, progress.due)
    assert over.status == "finished"
    assert over.care_specific_allowed


@pytest.mark.parametrize(
    ("event", "allowed"),
    [
        (Stop.GAP_CLOSED, True), (Stop.APPOINTMENT_MADE, True), (Stop.REPLIED, True),
        (Stop.OPTED_OUT, False), (Stop.DECEASED, False),
    ],
)  # fmt: skip
def test_each_stop_condition_stops_at_once(event: Stop, allowed: bool) -> None:
    stopped = observe(SEQUENCE, start(SEQUENCE, NOW), {event})
    assert (stopped.status, stopped.stopped_by) == ("stopped", event)
    assert due_step(SEQUENCE, stopped, NOW) is None
    assert stopped.care_specific_allowed is allowed


def test_the_gravest_event_counts_and_ends_what_was_over_too() -> None:
    both = observe(SEQUENCE, start(SEQUENCE, NOW), {Stop.REPLIED, Stop.DECEASED})
    assert both.stopped_by is Stop.DECEASED
    over = settle(SEQUENCE, run_to_the_end(), NOW + timedelta(days=365))
    assert observe(SEQUENCE, over, {Stop.REPLIED}) == over
    assert observe(SEQUENCE, over, {Stop.OPTED_OUT}).care_specific_allowed is False
    assert observe(SEQUENCE, over, ()) == over


@given(st.sets(st.sampled_from(list(Stop)), min_size=1))
def test_nothing_is_due_once_stopped(events: set[Stop]) -> None:
    stopped = observe(SEQUENCE, start(SEQUENCE, NOW), events)
    assert due_step(SEQUENCE, stopped, NOW + timedelta(days=1000)) is None


def test_the_steps_are_templates_that_say_nothing_of_care() -> None:
    for step in SEQUENCE.steps:
        template = built_in().get(step.template)
        assert channel_class(template, "en").disclosure == ()
        assert "R17" in template.requirements


@pytest.mark.parametrize(
    "text",
    [
        '[[sequence]]\nid = "x"\nversion = 1\nstops = []\nrest_days = 1\nsteps = []',
        '[[sequence]]\nid = "x"\nversion = 1\nstops = ["?"]\nrest_days = 1\nsteps = [{template = "", wait_days = 0}]',
        '[[sequence]]\nid = "x"\nsteps = [{template = "a"}]',
    ],
)
def test_a_sequence_that_cannot_be_read_stops_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_sequences(text)
    assert error.value.code == "messages.sequence"
