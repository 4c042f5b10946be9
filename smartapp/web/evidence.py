"""The evidence drawer: each step of the rule, whether it holds, and the resources that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from smartapp.criteria.evaluate import Outcome, Step
from smartapp.criteria.nodes import Condition
from smartapp.criteria.plain import say
from smartapp.facts.events import Event
from smartapp.measures.answers import as_condition
from smartapp.measures.due import Due
from smartapp.measures.model import Clinical
from smartapp.web.labels import code_text, instant_text, value_text, what_text

_SHOWN = 6
_TRUTH = {True: ("yes", "good"), False: ("no", "none"), None: ("cannot be told", "warn")}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One resource as evidence."""

    what: str
    value: str
    date: str
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the rule. ``more`` counts the events that are not listed."""

    name: str
    sentence: str
    truth: str
    tone: str
    events: Sequence[EventLine]
    more: int = 0


def steps_of(outcome: Outcome, clinical: Clinical, due: Due) -> list[StepLine]:
    """For whom, why not, and what was found: in the order in which the status is decided."""
    lines = [_condition("For whom it is meant", clinical.eligible, outcome)]
    quiet = []
    for reason in clinical.excluded:
        condition = as_condition(reason.part)
        truth = outcome.truth(condition)
        if truth is False:
            quiet.append(reason.name)
        else:
            lines.append(_condition(f"Exclusion: {reason.name}", condition, outcome))
    if quiet:
        lines.append(
            StepLine("No exclusion", f"Looked for and not found: {'; '.join(quiet)}.", "none found", "none", ())
        )
    for found in due.found:
        events = sorted(outcome.events(found.closed.events), key=_latest_first)
        holds = found.closed.holds
        rule = (
            "Once is enough."
            if holds is None
            else f"Holds for {holds.amount} {holds.unit}{'s' if holds.amount != 1 else ''}."
        )
        truth: bool | None = None if found.unsure else bool(events)
        maybe = sorted(outcome.members(found.closed.events).unsure, key=_latest_first)
        if maybe and found.unsure:
            rule += " These may count; their codes are of a system that is not loaded here, or they have no date."
            events = events + maybe
        lines.append(_line(found.closed.name[:1].upper() + found.closed.name[1:], rule, truth, events))
    if clinical.satisfied is not None:
        lines.append(_condition("Good enough", clinical.satisfied, outcome))
    return lines


def _condition(name: str, condition: Condition, outcome: Outcome) -> StepLine:
    events: list[Event] = []
    for step in outcome.explain(condition):
        events += [event for event in step.events if event not in events and step.truth is not False]
    events = sorted(events or outcome.events(condition), key=_latest_first)
    return _line(name, rule_text(outcome.explain(condition), condition), outcome.truth(condition), events)


def rule_text(steps: Sequence[Step], condition: Condition) -> str:
    """The condition as a sentence: its published one, else the rule in plain words."""
    said = steps[0].sentence if steps else say(condition)
    return said[:1].upper() + said[1:]


def _line(name: str, sentence: str, truth: bool | None, events: Sequence[Event]) -> StepLine:
    words, tone = _TRUTH[truth]
    return StepLine(name, sentence, words, tone, event_lines(events[:_SHOWN]), max(0, len(events) - _SHOWN))


def event_lines(events: Iterable[Event]) -> list[EventLine]:
    """Resources as lines of evidence."""
    return [
        EventLine(
            what=what_text(event),
            value=value_text(event),
            date=instant_text(event.latest if event.latest is not None else event.at),
            reference=event.reference,
            code=code_text(event),
        )
        for event in events
    ]


def _latest_first(event: Event) -> tuple[int, str]:
    return (-(event.latest or 0), event.id)
