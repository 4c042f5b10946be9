"""Sequences of messages: steps, waits, and what stops them. The first one asks dormant patients back (R17).

A state is a value and every change of it is a new one; the caller keeps it and brings the events. A
campaign is another definition, not another engine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from smartapp.errors import ConfigurationError


class Stop(StrEnum):
    """What ends a sequence before its last step."""

    GAP_CLOSED = "gap-closed"
    APPOINTMENT_MADE = "appointment-made"
    REPLIED = "replied"
    OPTED_OUT = "opted-out"
    DISCARDED = "discarded"
    DECEASED = "deceased"


# After these nothing more is written by itself; after the others the patient is back.
_FOR_GOOD = frozenset({Stop.OPTED_OUT, Stop.DISCARDED, Stop.DECEASED})
Status = Literal["running", "finished", "stopped"]


@dataclass(frozen=True, slots=True)
class Step:
    """``template`` goes ``wait_days`` after the step before it; ``task`` makes it a call by staff instead."""

    template: str
    wait_days: int
    task: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps in their order, the reasons to stop, and how long after the last step it counts as over."""

    id: str
    version: int
    steps: tuple[Step, ...]
    stops: frozenset[Stop]
    rest_days: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one patient is: ``next_step`` is due at ``due``; ``stopped_by`` says why it ended early."""

    sequence: str
    version: int
    status: Status
    next_step: int
    due: datetime
    stopped_by: Stop | None = None

    @property
    def care_specific_allowed(self) -> bool:
        """Whether messages about particular care may follow: the patient is back, or was asked back in full."""
        return self.status == "finished" or (self.status == "stopped" and self.stopped_by not in _FOR_GOOD)


def start(sequence: Sequence, now: datetime) -> Progress:
    """A patient enters the sequence; the first step is due after its wait."""
    return Progress(sequence.id, sequence.version, "running", 0, now + timedelta(days=sequence.steps[0].wait_days))


def observe(sequence: Sequence, progress: Progress, events: Collection[Stop]) -> Progress:
    """Stop a running sequence for the gravest of ``events`` that it stops for; else leave it as it is.

    Opting out and death end a finished sequence too: nothing may follow it.
    """
    telling = [event for event in reversed(Stop) if event in events and (event in sequence.stops or event in _FOR_GOOD)]
    if not telling or (progress.status != "running" and telling[0] not in _FOR_GOOD):
        return progress
    return replace(progress, status="stopped", stopped_by=telling[0])


def due_step(sequence: Sequence, progress: Progress, now: datetime) -> Step | None:
    """The step to send now, if one is due. Sending it is the caller's, then :func:`sent`."""
    if progress.status != "running" or now < progress.due or progress.next_step >= len(sequence.steps):
        return None
    return sequence.steps[progress.next_step]


def sent(sequence: Sequence, progress: Progress, now: datetime) -> Progress:
    """The due step was sent at ``now``; the next one waits from then."""
    following = progress.next_step + 1
    last = following >= len(sequence.steps)
    wait = sequence.rest_days if last else sequence.steps[following].wait_days
    return replace(progress, next_step=following, due=now + timedelta(days=wait))


def settle(sequence: Sequence, progress: Progress, now: datetime) -> Progress:
    """Finish a sequence whose last step was sent and whose rest is over."""
    over = progress.status == "running" and progress.next_step >= len(sequence.steps) and now >= progress.due
    return replace(progress, status="finished") if over else progress


@lru_cache(maxsize=1)
def built_in_sequences() -> dict[str, Sequence]:
    """The sequences that come with the app, by id."""
    path = files("smartapp.messages") / "sequences.toml"
    return read_sequences(path.read_text(encoding="utf-8"))


def read_sequences(text: str) -> dict[str, Sequence]:
    """Sequences from TOML. Raises :class:`ConfigurationError` for one without steps or with an unknown stop."""
    out: dict[str, Sequence] = {}
    for entry in tomllib.loads(text).get("sequence", []):
        try:
            steps = tuple(Step(s["template"], s["wait_days"], s.get("task", False)) for s in entry["steps"])
            if not steps:
                raise ValueError("it has no steps")
            out[entry["id"]] = Sequence(
                entry["id"], entry["version"], steps, frozenset(Stop(s) for s in entry["stops"]), entry["rest_days"]
            )
        except (KeyError, ValueError) as error:
            raise ConfigurationError("messages.sequence", f"A sequence cannot be read: {error}.") from error
    return out
