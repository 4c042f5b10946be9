"""The page of the practice's rules: every rule, choice and word as it holds, where it comes from, and no secret."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartapp.config import Settings, load, origin_of
from smartapp.core import open_core
from smartapp.errors import AppError
from smartapp.measures.choices import choices_of
from smartapp.messages.policy.practice import PracticeWords
from smartapp.messages.routing import practice_rules
from smartapp.messages.sequences import built_in_sequences
from smartapp.services.practice_settings import Section, practice_sections

SECRET = "7f3a9c1e5b8d2046a1c3e5f708192a3b"
REQUIRED = {"SMARTAPP_PUBLIC_URL": "http://localhost:8000", "SMARTAPP_SECRET_KEY": SECRET}


def sections(environ: dict[str, str] | None = None, rules: Path | None = None, **more: Any) -> dict[str, Section]:
    environ = REQUIRED | (environ or {})
    settings: Settings = replace(load(environ), **more.pop("given", {}))
    values = {
        "rules": practice_rules(rules),
        "choices": choices_of(None, ()),
        "words": PracticeWords(),
        "sequences": built_in_sequences(),
        **more,
    }
    found = practice_sections(settings, lambda name: origin_of(settings, name, environ), **values)
    return {one.id: one for one in found}


def line(found: Section, what: str) -> tuple[str, str]:
    return next((one.value, one.source) for one in found.lines if one.what == what)


def test_as_the_app_comes_every_line_says_so() -> None:
    found = sections()
    assert {one.source for section in found.values() for one in section.lines} == {"as the app comes"}
    assert all(one.what and one.value for section in found.values() for one in section.lines)
    assert all(section.lines and section.change for section in found.values())
    assert line(found["quiet-hours"], "Hours in TX, Sundays") == ("12:00 to 21:00", "as the app comes")
    assert line(found["routing"], "Most messages a week, by call") == ("3", "as the app comes")


def test_every_routing_rule_is_there_in_words() -> None:
    found = sections()
    shown = len(found["quiet-hours"].lines) + len(found["routing"].lines)
    assert shown == len(practice_rules().rows)
    assert not any("." in one.what for name in ("quiet-hours", "routing") for one in found[name].lines)
    values = {one.what: one.value for name in ("quiet-hours", "routing") for one in found[name].lines}
    assert (
        values["Order of channels, where the patient prefers none"] == "the portal, text message, e-mail, call, letter"
    )
    assert values["Channels with quiet hours"] == "text message, call, e-mail"
    assert values["Preferred days"] == "Tuesdays, Wednesdays, Thursdays"
    assert values["Holidays by date"] == "1 January, 19 June, 4 July, 11 November, 25 December"
    assert values["Holidays by weekday"].startswith(
        "the third Monday in January, the third Monday in February, the last "
    )
    assert values["Hours in RI, Sundays"] == "not at all"
    assert values["Nobody is written to on Sundays"] == "yes"


def test_a_practices_own_days_are_in_words_too(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[closed]\nfixed = ["02-29"]\nfloating = [[11, "fri", -1]]\n'
        '[channels]\nquiet = ["letter"]\n[caps.email]\nday = 1'
    )
    found = sections(rules=own)
    assert line(found["quiet-hours"], "Holidays by date")[0].endswith(", 25 December, 29 February")
    assert line(found["quiet-hours"], "Holidays by weekday")[0].endswith(", the last Friday in November")
    assert line(found["routing"], "Channels with quiet hours")[0] == "text message, call, e-mail, letter"
    assert line(found["routing"], "Most messages a day, by e-mail")[0] == "1"


def test_steps_and_ends_of_a_sequence_are_in_words() -> None:
    found = sections()["sequences"]
    assert line(found, "Step 1")[0] == "a message at once: “We would love to see you again”"
    assert line(found, "It ends with")[0] == (
        "an appointment, an answer, the care being given, an opt-out, the patient's death"
    )
    assert len(line(found, "It ends with")[0].split(", ")) == len(built_in_sequences()["re-engagement"].stops)
    assert not any(re.search(r"[a-z]\.[a-z]|[a-z]_[a-z]", one.value) for one in found.lines)


def test_what_the_practice_settled_says_where(tmp_path: Path) -> None:
    own, config = tmp_path / "own.toml", tmp_path / "app.toml"
    own.write_text('[hours.NY]\nall = ["09:00", "19:00"]')
    config.write_text('practice_phone = "555-0100"')
    found = sections(
        {"SMARTAPP_PRACTICE_NAME": "Oak Street", "SMARTAPP_CONFIG": str(config), "SMARTAPP_STAFF_CHANNELS": "voice"},
        own,
        choices=choices_of("aap-2026", ("HF visit=2 months",)),
        words=PracticeWords(names=("Pine Building",), revealing={"service": ("blue door",)}),
        given={"second_approver": True},
    )
    assert line(found["who"], "The practice as patients know it") == (
        "Oak Street", "SMARTAPP_PRACTICE_NAME, the environment",
    )  # fmt: skip
    assert line(found["who"], "The number that patients are asked to call") == (
        "555-0100", "SMARTAPP_PRACTICE_PHONE, the file app.toml",
    )  # fmt: skip
    assert line(found["who"], "Who approves a message")[1] == "SMARTAPP_SECOND_APPROVER, given at the start"
    assert line(found["channels"], "Calls by staff")[0] == "set up"
    assert line(found["quiet-hours"], "Hours in NY, every day") == ("09:00 to 19:00", "the practice's file own.toml")
    assert found["schedule"].lines[0].source == "chosen by the practice"
    assert line(found["cadences"], "Heart failure follow-up: visit") == ("every 2 months", "chosen by the practice")
    assert line(found["words"], "Words that reveal something here")[0] == "blue door (service)"


def test_no_secret_is_shown() -> None:
    secrets = {"sms_token": "token-of-the-provider", "smtp_password": "hush-hush", "sms_webhook_secret": SECRET[::-1]}
    environ = {f"SMARTAPP_{name.upper()}": value for name, value in secrets.items()}
    found = sections({**environ, "SMARTAPP_SMS_URL": "https://sms.invalid/", "SMARTAPP_SMS_SENDER": "+14135550100"})
    assert line(found["channels"], "Text messages")[0] == "from +14135550100"
    shown = repr(found)
    assert not any(value in shown for value in (*secrets.values(), SECRET, "sms.invalid"))


def test_a_wrong_file_of_rules_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("[limits]\nsms_characters = 5000\n")
    environ = {
        **REQUIRED,
        "SMARTAPP_DATA_DIR": str(tmp_path),
        "SMARTAPP_MEASURES": "CMS125",
        "SMARTAPP_GROUPS": "adult",
    }
    open_core(load(environ), environ).prepare()
    wrong = {**environ, "SMARTAPP_ROUTING_RULES": str(tmp_path / "rules.toml")}
    with pytest.raises(AppError, match="sms_characters"):
        open_core(load(wrong), wrong).prepare()
