"""Drafting a message for a gap: the template, what it reveals, what another channel may carry."""

from __future__ import annotations

import pytest

from smartapp.messages.drafting import Situation, SlotError, draft_for_gap, first_name, template_for
from smartapp.messages.policy import ALL_CHANNELS, NOTICE, PORTAL_ONLY


def draft(measure: str = "CMS125", **changes: object):
    values = {
        "title": "Mammogram", "patient_name": "Maria Rivera", "practice_name": "Oak Street Clinic",
        "practice_phone": "555-0100", "language": "en",
    } | changes  # fmt: skip
    return draft_for_gap(measure, **values)


def test_a_gap_with_a_template_of_its_own() -> None:
    made = draft()
    assert made.template.startswith("recall.mammogram@1#")
    assert made.body.startswith("Hi Maria, you are due for a mammogram.")
    assert made.verdict.channels == PORTAL_ONLY
    assert made.portal_only is not None
    assert made.portal_only.text in made.body + made.subject
    assert made.notice == NOTICE["en"]
    assert made.needs == ()
    assert made.purpose == "recall"


def test_any_other_gap_gets_the_general_template_with_its_plain_title() -> None:
    made = draft("CMS138", title="Tobacco screening")
    assert "this care is due for you: Tobacco screening" in made.body
    assert made.verdict.channels == PORTAL_ONLY


def test_spanish_is_written_in_spanish_and_waits_for_its_review() -> None:
    made = draft("CMS138", title="Tobacco screening", language="es-MX")
    assert "Conversación sobre el tabaco" in made.body
    assert made.language == "es"
    assert made.notice == NOTICE["es"]
    assert made.needs == ("translation-review",)


def test_a_title_without_a_translation_is_written_about_in_english() -> None:
    made = draft("CMS000", title="Tobacco screening", language="es")
    assert made.language == "en"
    assert made.needs == ()


def test_a_dormant_patient_is_asked_back_without_a_word_of_the_gap() -> None:
    made = draft(dormant=True)
    assert made.purpose == "reactivation"
    assert "mammogram" not in (made.subject + made.body).lower()
    assert made.verdict.channels == ALL_CHANNELS
    assert made.portal_only is None


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Maria Rivera", "Maria"),
        ("Rivera, Maria", "Maria"),
        ("O'Neil", "O'Neil"),
        ("{{7*191}}", ""),
        ("", ""),
        ("R2 D2", ""),
    ],
)
def test_the_name_to_greet_by(name: str, first: str) -> None:
    assert first_name(name) == first
    assert ("Hi there" in draft(patient_name=name).body) is (first == "")


def test_without_the_practice_there_is_no_message() -> None:
    with pytest.raises(SlotError):
        draft(practice_name="")
    with pytest.raises(SlotError):
        draft(practice_phone="900-555-0100")


def test_r67_three_personas_three_messages() -> None:
    healthy = template_for(Situation())
    medicare = template_for(Situation(gaps=("CMS139",), medicare=True))
    diabetic = template_for(Situation(gaps=("CMS139", "CMS122")))
    assert (healthy, medicare, diabetic) == ("recall.annual-visit", "recall.medicare-wellness", "recall.diabetes-a1c")
    assert template_for(Situation(gaps=("CMS122",), dormant=True)) == "reactivation.first"
