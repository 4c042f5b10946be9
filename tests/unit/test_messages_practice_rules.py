"""The practice's own routing rules: laid over the app's, refused by the key's name, never weaker than law."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from smartapp.cli import smartapp
from smartapp.errors import ConfigurationError
from smartapp.messages.routing import PracticeRules, allowed_at, built_in_rules, practice_rules
from smartapp.messages.routing.rules import Cap


def laid_over(folder: Path, text: str) -> PracticeRules:
    own = folder / "own.toml"
    own.write_text(text)
    return practice_rules(own)


def test_without_a_file_the_rules_are_the_apps_and_say_so() -> None:
    found = practice_rules()
    assert found.rules == built_in_rules()
    assert {row.source for row in found.rows} == {"as the app comes"}
    assert all(row.value and row.bound for row in found.rows)


def test_only_the_keys_of_the_file_change_and_they_name_it(tmp_path: Path) -> None:
    found = laid_over(
        tmp_path,
        """
        [limits]
        sms_characters = 140
        [caps.any]
        day = 2
        [caps.email]
        week = 2
        [channels]
        order = ["portal", "email"]
        quiet = ["letter"]
        [minors]
        own_say_from = 10
        [preferred]
        weekdays = ["mon"]
        from = "09:30"
        [closed]
        fixed = ["12-24"]
        floating = [[11, "fri", -1]]
        [hours.NY]
        all = ["09:00", "19:00"]
        [hours.TX]
        mon = ["10:00", "12:00"]
        """,
    )
    rules = found.rules
    assert rules.sms_characters == 140
    assert rules.caps["any"] == Cap(2, 3)
    assert rules.caps["email"] == Cap(2, 2)
    assert rules.caps["sms"] == Cap(1, 3)
    assert rules.order == ("portal", "email")
    assert rules.quiet == {"sms", "voice", "email", "letter"}
    assert rules.own_say == (10, 17)
    assert rules.is_holiday(date(2026, 12, 24))
    assert rules.is_holiday(date(2026, 12, 25))
    assert rules.is_holiday(date(2026, 11, 27))
    assert rules.window("NY", date(2026, 6, 16)) == (time(9), time(19))
    assert rules.window("TX", date(2026, 6, 15)) == (time(10), time(12))
    assert rules.window("TX", date(2026, 6, 16)) == (time(9), time(21))
    changed = {row.key for row in found.rows if row.source == "the practice's file own.toml"}
    assert changed == {
        "limits.sms_characters", "caps.any.day", "caps.email.week", "channels.order", "channels.quiet",
        "minors.own_say_from", "preferred.weekdays", "preferred.from", "closed.fixed", "closed.floating",
        "hours.NY.all", "hours.TX.mon",
    }  # fmt: skip
    assert next(row.value for row in found.rows if row.key == "hours.NY.all") == "09:00 to 19:00"
    assert "last fri in Nov" in next(row.value for row in found.rows if row.key == "closed.floating")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[limits]\nsms_characters = 161", "limits.sms_characters"),
        ("[limits]\nvoice_seconds = 61", "limits.voice_seconds"),
        ("[limits]\nwords_per_minute = 200", "limits.words_per_minute"),
        ("[limits]\nsms_characters = true", "limits.sms_characters"),
        ("[limits]\nletters = 5", "limits.letters"),
        ("[caps.sms]\nday = 2", "caps.sms.day"),
        ("[caps.voice]\nweek = 4", "caps.voice.week"),
        ("[caps.any]\nday = 0", "caps.any.day"),
        ("[caps.any]\nday = 4", "caps.any.day"),
        ("[caps.fax]\nday = 1", "caps.fax.day"),
        ('[channels]\norder = ["sms", "email"]', "channels.order"),
        ('[channels]\norder = ["portal", "portal"]', "channels.order"),
        ('[channels]\nquiet = ["fax"]', "channels.quiet"),
        ("[minors]\nown_say_from = 13", "minors.own_say_from"),
        ("[minors]\nown_say_to = 16", "minors.own_say_to"),
        ('[preferred]\nfrom = "17:00"', "preferred.from"),
        ('[preferred]\nto = "late"', "preferred.to"),
        ("[preferred]\nweekdays = []", "preferred.weekdays"),
        ("[closed]\nsundays = false", "closed.sundays"),
        ("[closed]\nholidays = false", "closed.holidays"),
        ('[closed]\nfixed = ["13-01"]', "closed.fixed"),
        ('[closed]\nfloating = [[11, "fri", 5]]', "closed.floating"),
        ('[hours.US]\nall = ["07:00", "21:00"]', "hours.US.all"),
        ('[hours.NY]\nall = ["08:00", "21:30"]', "hours.NY.all"),
        ('[hours.FL]\nall = ["08:00", "21:00"]', "hours.FL.all"),
        ('[hours.TX]\nsun = ["10:00", "21:00"]', "hours.TX.sun"),
        ('[hours.RI]\nsat = ["10:00", "12:00"]', "hours.RI.sat"),
        ('[hours.FL]\nall = ["12:00"]', "hours.FL.all"),
        ('[hours.FL]\nall = ["12:00", "11:00"]', "hours.FL.all"),
        ('[hours.Florida]\nall = ["12:00", "13:00"]', "hours.Florida.all"),
        ('[hours.FL]\nnoon = ["12:00", "13:00"]', "hours.FL.noon"),
        ('[zones]\n"America/Chicago" = "FL"', "zones.America/Chicago"),
        ("[quiet_hours]", "quiet_hours"),
        ("sundays = true", "sundays"),
        ("hours = 3", "hours"),
        ("[limits", "own.toml"),
    ],
)
def test_what_is_unknown_malformed_or_weaker_than_law_is_refused_by_its_key(
    tmp_path: Path, text: str, key: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        laid_over(tmp_path, text)
    assert error.value.code == "messages.rules"
    assert key in error.value.message
    assert "own.toml" in error.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.toml"):
        practice_rules(tmp_path / "gone.toml")


_TIME = st.times().map(lambda one: one.replace(second=0, microsecond=0))


@given(
    state=st.sampled_from(["US", "FL", "TX", "RI", "NY"]), window=st.tuples(_TIME, _TIME), at=st.integers(0, 14 * 24)
)
def test_no_hours_that_are_taken_open_an_hour_that_was_closed(
    tmp_path_factory: pytest.TempPathFactory, state: str, window: tuple[time, time], at: int
) -> None:
    text = f'[hours.{state}]\nall = ["{window[0]:%H:%M}", "{window[1]:%H:%M}"]'
    try:
        rules = laid_over(tmp_path_factory.getbasetemp(), text).rules
    except ConfigurationError:
        return
    moment = datetime.fromtimestamp(1_781_500_000 + at * 3600, UTC)
    for place in ("FL", "TX", "RI", "NY", None):
        if allowed_at(moment, None, place, rules):
            assert allowed_at(moment, None, place, built_in_rules())


def test_the_command_shows_each_rule_with_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[caps.any]\nweek = 2")
    shown = CliRunner().invoke(smartapp, ["settings", "rules", "--file", str(own)], standalone_mode=False)
    assert "caps.any.week = 2  (the practice's file own.toml; a practice may choose: 1 to 14)" in shown.output
    assert "limits.sms_characters = 160  (as the app comes;" in shown.output
    monkeypatch.setenv("SMARTAPP_ROUTING_RULES", str(own))
    assert CliRunner().invoke(smartapp, ["settings", "rules"], standalone_mode=False).output == shown.output
    assert shown.output in CliRunner().invoke(smartapp, ["settings"], standalone_mode=False).output
