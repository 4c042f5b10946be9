"""The practice's choices of a schedule and of cadences: kept, audited, refused where there is no such thing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.storage import Storage, open_storage

from smartapp.errors import ConfigurationError, CriteriaError
from smartapp.measures.catalogue import MEASURES
from smartapp.measures.choices import Choices, choices_of
from smartapp.measures.model import Every
from smartapp.measures.schedules import AAP_2026, CDC_2026
from smartapp.persistence.practice import PracticeSettings
from smartapp.services.practice_choices import CADENCES, INSTALLATION, SCHEDULE, PracticeChoices
from smartapp.web.chart_page import follows_text


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(tmp_path)


@pytest.fixture
def kept(storage: Storage) -> PracticeSettings:
    return PracticeSettings(storage.engine, storage.audit, storage.clock)


@pytest.fixture
def practice(kept: PracticeSettings) -> PracticeChoices:
    return PracticeChoices(kept)


def test_without_a_choice_the_measures_are_those_that_the_app_comes_with(practice: PracticeChoices) -> None:
    assert practice.read().measures is MEASURES


def test_a_schedule_that_was_chosen_is_read_and_makes_the_measures(practice: PracticeChoices) -> None:
    practice.choose_schedule("cdc-2026", actor="system")
    chosen = practice.read()
    assert chosen.schedule is CDC_2026
    assert "FLU-CHILD" in chosen.measures
    practice.choose_schedule("aap-2026", actor="system")
    assert practice.read().measures["FLU"].clinical.source is AAP_2026.source


def test_intervals_add_up_and_are_put_back(practice: PracticeChoices) -> None:
    practice.choose_interval("HF", "visit", "2  months", actor="system")
    practice.choose_interval("COPD", "spirometry", "2 years", actor="system")
    assert practice.read().intervals == {"HF": {"visit": "2 months"}, "COPD": {"spirometry": "2 years"}}
    heart = practice.read().measures["HF"].clinical
    assert heart.closed_by[0].holds == Every(2, "month")
    practice.choose_interval("HF", "visit", None, actor="system")
    assert practice.read().intervals == {"COPD": {"spirometry": "2 years"}}
    assert practice.read().measures["HF"] == MEASURES["HF"]


def test_each_change_is_audited_with_what_was_chosen_and_by_whom(practice: PracticeChoices, storage: Storage) -> None:
    practice.choose_schedule("aap-2026", actor="Practitioner/7")
    practice.choose_interval("HF", "visit", "2 months", actor="Practitioner/7")
    entries = list(storage.audit.entries())
    assert [(entry.action, entry.actor, entry.detail["name"]) for entry in entries] == [
        ("practice.setting", "Practitioner/7", SCHEDULE),
        ("practice.setting", "Practitioner/7", CADENCES),
    ]
    assert "aap-2026" in entries[0].detail["value"]
    assert "2 months" in entries[1].detail["value"]


@pytest.mark.parametrize(
    ("cadence", "check", "every"),
    [("GOUT", "visit", "2 months"), ("HF", "spirometry", "1 year"), ("HF", "visit", "often"), ("HF", "walk", None)],
)
def test_a_wrong_choice_changes_nothing(
    practice: PracticeChoices, storage: Storage, cadence: str, check: str, every: str | None
) -> None:
    with pytest.raises(CriteriaError) as error:
        practice.choose_interval(cadence, check, every, actor="system")
    assert error.value.code == "measures.cadence"
    with pytest.raises(CriteriaError):
        practice.choose_schedule("cdc-1999", actor="system")
    assert practice.read() == Choices()
    assert not list(storage.audit.entries())


@pytest.mark.parametrize(
    ("name", "value"),
    [(SCHEDULE, "cdc-1999"), (CADENCES, {"GOUT": {"visit": "1 year"}}), (CADENCES, {"HF": "often"})],
)
def test_what_was_chosen_and_is_no_more_stops_the_app_and_is_chosen_anew(
    practice: PracticeChoices, kept: PracticeSettings, name: str, value: Any
) -> None:
    kept.put(INSTALLATION, name, value, actor="system")
    with pytest.raises(ConfigurationError) as error:
        practice.read()
    assert error.value.code == "config.practice-choice"
    assert "smartapp settings" in error.value.message
    practice.choose_schedule("cdc-2026", actor="system")
    practice.choose_interval("HF", "visit", "2 months", actor="system")
    assert practice.read() == Choices(CDC_2026, {"HF": {"visit": "2 months"}})


def test_a_command_line_says_choices_in_words() -> None:
    assert choices_of(None, ()) == Choices()
    made = choices_of("aap-2026", ("HF visit=2 months", "CKD urine albumin = 6 months"))
    assert made == Choices(AAP_2026, {"HF": {"visit": "2 months"}, "CKD": {"urine albumin": "6 months"}})


@pytest.mark.parametrize("wrong", ["HF", "HF visit", "HF visit=", "=2 months", "HF=2 months", "HF visit=now"])
def test_a_cadence_that_cannot_be_read_is_refused(wrong: str) -> None:
    with pytest.raises(CriteriaError) as error:
        choices_of(None, (wrong,))
    assert error.value.code == "measures.cadence"


def test_a_card_says_which_schedule_or_protocol_it_follows() -> None:
    chosen = choices_of("aap-2026", ("HF visit=2 months",)).measures
    assert follows_text(chosen["FLU"].clinical) == (
        "Immunization schedule: American Academy of Pediatrics, since 26 Jan 2026."
    )
    assert "visit every 2 months" in follows_text(chosen["HF"].clinical)
    assert "seed values" in follows_text(chosen["CKD"].clinical)
    assert follows_text(chosen["CMS125"].clinical) == ""
