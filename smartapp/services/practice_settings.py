"""What the practice has settled about writing to patients, as it holds here: each value with where it comes from.

For people to read; it is changed by a command or a file, which each section names. Secrets are no part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from smartapp.config import PREFIX, Settings
from smartapp.measures.cadences import every_text, with_intervals
from smartapp.measures.choices import Choices
from smartapp.measures.schedules import DEFAULT
from smartapp.messages.channels.build import set_up
from smartapp.messages.policy.practice import PracticeWords
from smartapp.messages.routing import PracticeRules, RuleRow
from smartapp.messages.sequences import Sequence, Stop
from smartapp.messages.templates import built_in
from smartapp.services.rule_words import rule_text, value_text

AS_IT_COMES = "as the app comes"
CHOSEN = "chosen by the practice"

Origin = Callable[[str], str]
"""Where a setting is set, by its name: ``the environment``, ``the file x.toml``; empty where it is not."""


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One thing that is settled. ``bound`` says how far a practice may change it, where that is limited."""

    what: str
    value: str
    source: str
    bound: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the practice has settled it itself."""
        return self.source != AS_IT_COMES


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs together. ``change`` is the command or setting by which it is changed, ``note`` holds for all."""

    id: str
    title: str
    change: str
    lines: tuple[SettingLine, ...]
    note: str = ""


def practice_sections(
    settings: Settings,
    origin: Origin,
    *,
    rules: PracticeRules,
    choices: Choices,
    words: PracticeWords,
    sequences: Mapping[str, Sequence],
) -> tuple[Section, ...]:
    """Everything that is settled, in the order in which it is read."""
    rows = {row.key: row for row in rules.rows}
    hours = [row for key, row in rows.items() if key.startswith(("hours.", "closed."))]
    others = [row for row in rows.values() if row not in hours]
    by_file = f"{PREFIX}ROUTING_RULES; smartapp settings rules shows and checks it"
    by_setting = "settings of the installation"
    note = f"Hours of the patient's own clock. A practice may choose {_bound_of_hours(hours)}."
    return (
        Section("who", "Who writes", by_setting, tuple(_who(settings, origin))),
        Section("channels", "Ways to reach patients", by_setting, tuple(_channels(settings, origin))),
        Section("quiet-hours", "When patients are written to", by_file, tuple(map(_rule, hours)), note),
        Section("routing", "How often, and by which channel", by_file, tuple(map(_rule, others))),
        Section("sequences", "Asking dormant patients back", "comes with the app", tuple(_sequences(sequences))),
        Section("schedule", "Immunization schedule", "smartapp settings schedule", (_schedule(choices),)),
        Section("cadences", "Follow-up of chronic conditions", "smartapp settings cadence", tuple(_cadences(choices))),
        Section("words", "The practice's own words", f"{PREFIX}PRACTICE_WORDS", tuple(_words(words, origin))),
    )


def _who(settings: Settings, origin: Origin) -> Iterator[SettingLine]:
    yield _set("The practice as patients know it", settings.practice_name, "practice_name", origin)
    yield _set("The number that patients are asked to call", settings.practice_phone, "practice_phone", origin)
    yield _set("The practice's time zone", settings.time_zone.key, "time_zone", origin)
    second = "somebody other than its author" if settings.second_approver else "whoever may approve, the author too"
    yield _set("Who approves a message", second, "second_approver", origin)


def _channels(settings: Settings, origin: Origin) -> Iterator[SettingLine]:
    yield SettingLine("Portal", "always: the only way for what tells of care", AS_IT_COMES)
    there = set_up(settings)
    for channel, what, name, sender in (
        ("sms", "Text messages", "sms_url", settings.sms_sender),
        ("email", "E-mail", "smtp_host", settings.smtp_sender),
        ("voice", "Calls by staff", "staff_channels", ""),
        ("letter", "Letters by staff", "staff_channels", ""),
    ):
        value = (f"from {sender}" if sender else "set up") if channel in there else "not set up"
        source = _source(name, origin) if channel in there else AS_IT_COMES
        yield SettingLine(what, value, source)
    codes = settings.consent_codes
    yield _set("The EHR's own consent codes", codes.name if codes else "", "consent_codes", origin, "none")


def _rule(row: RuleRow) -> SettingLine:
    bound = "" if row.key.startswith("hours.") else row.bound  # said once, for all of them
    return SettingLine(rule_text(row.key), value_text(row), row.source, bound)


def _bound_of_hours(rows: Iterable[RuleRow]) -> str:
    return next(row.bound for row in rows if row.key.startswith("hours."))


_STOPS = {
    Stop.APPOINTMENT_MADE: "an appointment",
    Stop.REPLIED: "an answer",
    Stop.GAP_CLOSED: "the care being given",
    Stop.OPTED_OUT: "an opt-out",
    Stop.DISCARDED: "a message being discarded",
    Stop.DECEASED: "the patient's death",
}


def _sequences(sequences: Mapping[str, Sequence]) -> Iterator[SettingLine]:
    wordings = built_in()
    for sequence in sequences.values():
        day = 0
        for number, step in enumerate(sequence.steps, 1):
            day += step.wait_days
            way = "a call by staff" if step.task else "a message"
            when = "at once" if day == 0 else f"after {day} days"
            subject = wordings.get(step.template).wordings["en"].subject
            yield SettingLine(f"Step {number}", f"{way} {when}: “{subject}”", AS_IT_COMES)
        stops = ", ".join(words for stop, words in _STOPS.items() if stop in sequence.stops)
        yield SettingLine("It ends with", stops, AS_IT_COMES)


def _schedule(choices: Choices) -> SettingLine:
    source = choices.schedule.source
    own = choices.schedule is not DEFAULT
    return SettingLine(source.steward, f"Edition {source.edition}", CHOSEN if own else AS_IT_COMES)


def _cadences(choices: Choices) -> Iterator[SettingLine]:
    for one in with_intervals(choices.intervals):
        own = choices.intervals.get(one.id, {})
        for check in one.checks:
            source = CHOSEN if check.name in own else AS_IT_COMES
            yield SettingLine(f"{one.title}: {check.name}", f"every {every_text(check.every)}", source)


def _words(words: PracticeWords, origin: Origin) -> Iterator[SettingLine]:
    revealing = [f"{term} ({kind})" for kind, terms in words.revealing.items() for term in terms]
    for what, found in (
        ("Names of sites and people", words.names),
        ("Words that reveal nothing here", words.neutral),
        ("Words that reveal something here", tuple(revealing)),
    ):
        yield _set(what, ", ".join(found), "practice_words", origin, "none")


def _set(what: str, value: str, name: str, origin: Origin, empty: str = "not set") -> SettingLine:
    return SettingLine(what, value or empty, _source(name, origin))


def _source(name: str, origin: Origin) -> str:
    where = origin(name)
    return f"{PREFIX}{name.upper()}, {where}" if where else AS_IT_COMES
