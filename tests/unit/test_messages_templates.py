"""Templates, their slots, and the catalogue that comes with the app (R67 to R86)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time

import pytest

from smartapp.errors import ConfigurationError, InputError
from smartapp.messages.policy import ALL_CHANNELS, PORTAL_ONLY, classify
from smartapp.messages.slots import KINDS, SlotError, phone_number, write
from smartapp.messages.templates import PURPOSES, built_in, channel_class, read_catalogue, render

TEMPLATES = sorted(built_in().templates.values(), key=lambda t: t.id)
SAMPLES = {slot: kind.sample for slot, kind in KINDS.items()}
EVERY = [(template, language) for template in TEMPLATES for language in ("en", "es")]
IDS = [f"{template.id}-{language}" for template, language in EVERY]


def toml(**changes: str) -> str:
    parts = {
        "head": 'id = "x"\nversion = 1\npurpose = "recall"\nkind = "treatment"\nreading_level = 5',
        "en": 'subject = "Hello"\nbody = "Hi {first_name}."',
    } | changes
    return f"[[template]]\n{parts['head']}\n[template.en]\n{parts['en']}\n"


@pytest.mark.parametrize(("template", "language"), EVERY, ids=IDS)
def test_a_template_without_a_short_form_is_for_the_portal_and_one_with_it_is_neutral(template, language) -> None:
    verdict = channel_class(template, language)
    neutral = template.wording(language).sms is not None
    assert verdict.channels == (ALL_CHANNELS if neutral else PORTAL_ONLY), verdict.because


@pytest.mark.parametrize(("template", "language"), EVERY, ids=IDS)
def test_a_short_form_fits_a_text_message_and_names_who_writes_and_the_way_out(template, language) -> None:
    short = render(template, language, SAMPLES).sms
    if short is not None:
        assert len(short) <= 160
        assert "Oak Street Clinic" in short
        assert "STOP" in short


@pytest.mark.parametrize(("template", "language"), EVERY, ids=IDS)
def test_every_template_says_who_writes_and_how_to_answer(template, language) -> None:
    body = render(template, language, SAMPLES).body
    assert "Oak Street Clinic" in body
    assert "555-0100" in body


def grade(text: str) -> float:
    """Flesch-Kincaid grade level (Kincaid et al. 1975), syllables counted as groups of vowels."""
    words = re.findall(r"[A-Za-z']+", text)
    sentences = max(1, len(re.findall(r"[.!?:](?:\s|$)", text)))
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", w.lower())))) for w in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.id)
def test_the_reading_level_is_what_is_stated(template) -> None:
    assert template.reading_level <= 8
    assert grade(template.wording("en").body.replace("{", "").replace("}", "")) <= template.reading_level + 2.5


def test_the_catalogue_covers_every_purpose_and_requirement() -> None:
    assert {t.purpose for t in TEMPLATES} == set(PURPOSES)
    met = {number for t in TEMPLATES for number in t.requirements}
    wanted = {f"R{n}" for n in (62, 67, 68, 69, 70, 71, 72, 73, 74, 75, 77, 78, 79, 80, 82, 83, 84, 85, 86, 87)}
    assert wanted <= met
    assert all({"en", "es"} <= t.wordings.keys() for t in TEMPLATES)


def test_discounts_are_marketing() -> None:
    for template in TEMPLATES:
        wording = template.wording("en").body.lower()
        assert ("percent off" in wording) == (template.kind == "marketing")


def test_no_shipped_translation_claims_a_reviewer() -> None:
    assert all(t.wording("en").sendable for t in TEMPLATES)
    assert not any(t.wording("es").sendable for t in TEMPLATES)
    reviewed = replace(TEMPLATES[0].wording("es"), reviewed_by="Practitioner/1")
    assert reviewed.sendable


def test_a_version_is_its_content() -> None:
    template = TEMPLATES[0]
    english = template.wording("en")
    edited = replace(template, wordings={**template.wordings, "en": replace(english, body=english.body + "!")})
    assert len(template.content_hash) == 64
    assert template.content_hash == replace(template, reading_level=9).content_hash
    assert template.content_hash != edited.content_hash
    assert template.content_hash != replace(template, version=2).content_hash


def test_a_missing_value_is_an_error_and_never_a_hole() -> None:
    reminder = built_in().get("reminder.appointment")
    for slot in reminder.wording("en").slots:
        with pytest.raises(SlotError) as error:
            render(reminder, "en", {**SAMPLES, slot: None})
        assert error.value.slot == slot
        assert error.value.code == "messages.slot"


def test_a_value_is_put_in_as_it_is() -> None:
    """M04: nothing in a value is template syntax; braces are not even accepted."""
    template = read_catalogue([toml(en='subject = "Hi"\nbody = "Hi {practice} and {phone}."')]).get("x")
    with pytest.raises(SlotError):
        render(template, "en", SAMPLES | {"practice": "{{7*191}}"})
    assert render(template, "en", SAMPLES | {"practice": "phone"}).body == "Hi phone and (555) 555-0100."


@pytest.mark.parametrize(
    ("slot", "value", "language", "expected"),
    [
        ("date", date(2026, 5, 12), "en", "Tuesday, May 12"),
        ("date", date(2026, 5, 12), "es", "martes 12 de mayo"),
        ("time", time(0, 5), "en", "12:05 AM"),
        ("time", time(15, 30), "es", "3:30 p. m."),
        ("first_name", " María José ", "en", "María José"),
        ("clinician", "Dr. O'Neil", "en", "Dr. O'Neil"),
        ("link", "https://clinic.example/a", "en", "https://clinic.example/a"),
        ("phone", "+1 (555) 555-0100", "en", "(555) 555-0100"),
    ],
)
def test_values_are_written_for_the_reader(slot: str, value: object, language: str, expected: str) -> None:
    assert write(slot, {slot: value}, language) == expected


@pytest.mark.parametrize(
    ("slot", "value"),
    [
        ("date", "tomorrow"), ("time", "noon"), ("first_name", "R2D2"), ("first_name", "Ana\r\nBcc: x"),
        ("practice", "x" * 121), ("practice", 5), ("practice", "<b>"), ("link", "http://clinic.example"),
        ("link", "https://a:b@clinic.example"), ("link", "https:///x"), ("link", "https://clinic.example/a b"),
        ("phone", "911"), ("phone", 5555550100),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused(slot: str, value: object) -> None:
    with pytest.raises(SlotError) as error:
        write(slot, {slot: value}, "en")
    assert str(value) not in error.value.message or value == 5


@pytest.mark.parametrize(
    "number", ["+44 20 7946 0000", "900-555-0100", "(555) 976-0100", "1-900-555-0100", "976-0100", "555\r\n0100", "123"]
)
def test_m14_foreign_and_premium_numbers_are_refused(number: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        phone_number(number)


def test_a_local_number_is_a_number() -> None:
    assert phone_number("555.0100") == "555-0100"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (toml(head='id = "x"\nversion = 1\npurpose = "fun"\nkind = "treatment"\nreading_level = 5'), "purpose"),
        (toml(head='id = "x"\nversion = 1\npurpose = "recall"\nkind = "odd"\nreading_level = 5'), "kind"),
        (toml(en='subject = "a"\nbody = "{weight}"'), "slot"),
        (toml(en='subject = "a"\nbody = "{{first_name}}"'), "slot"),
        (toml(en='subject = "a"\nbody = "{7*191}"'), "slot"),
        (toml() + toml(), "twice"),
        (toml().replace("[template.en]", "[template.es]"), "English"),
    ],
)
def test_a_template_that_is_not_well_formed_does_not_load(text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        read_catalogue([text])


def test_the_newest_version_wins() -> None:
    newer = toml().replace("version = 1", "version = 2")
    assert read_catalogue([toml(), newer]).get("x").version == 2
    assert read_catalogue([newer, toml()]).get("x").version == 2


def test_finding_a_template() -> None:
    catalogue = built_in()
    diabetes = catalogue.find("education", "diabetes")
    assert diabetes is not None
    assert diabetes.id == "education.diabetes"
    assert catalogue.find("recall", "gout") is not None
    assert catalogue.find("gardening") is None
    with pytest.raises(InputError):
        catalogue.get("no-such")


def test_a_name_that_is_a_condition_keeps_a_neutral_template_in_the_portal() -> None:
    rendered = render(built_in().get("recall.annual-visit"), "en", SAMPLES | {"practice": "Riverside Oncology"})
    assert rendered.verdict.channels == PORTAL_ONLY


def test_the_catalogue_speaks_the_language_that_there_is() -> None:
    template = built_in().get("recall.annual-visit")
    assert template.wording("es-MX").language == "es"
    assert template.wording("fr").language == "en"
    assert classify(render(template, "es", SAMPLES).subject).channels == ALL_CHANNELS
