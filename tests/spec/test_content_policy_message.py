"""The content policy on whole messages: fields, links, senders, groups (cases M01 to M04)."""

from __future__ import annotations

import pytest

from smartapp.messages.policy import (
    ALL_CHANNELS,
    NOTICE,
    PORTAL_ONLY,
    Context,
    classify,
    classify_message,
    sensitive_classes,
)

NEUTRAL = {"subject": "Your appointment", "body": "Your visit is tomorrow at 9 AM. Call 555-0100."}

# M01: twenty-four ways to say a diagnosis.
M01 = (
    "Your diabetes visit is tomorrow.", "YOUR HYPERTENSION VISIT IS TOMORROW.", "Su cita de diabetes es mañana.",
    "Su cita para la hipertensión es mañana.", "Your T2DM visit is tomorrow.", "Your HTN visit is tomorrow.",
    "Visit for E11.9 tomorrow.", "Visit for I10 tomorrow.", "Your metformin is ready.", "Su metformina está lista.",
    "Your dіabetes visit is tomorrow.", "Your HІV visit is tomorrow.", "Your dia\u200bbetes visit is tomorrow.",
    "Your dia\u00adbetes visit is tomorrow.", "Your &#100;iabetes visit is tomorrow.",
    "Your &amp;#100;iabetes visit is tomorrow.", "Your ｄｉａｂｅｔｅｓ visit is tomorrow.",
    "Your d i a b e t e s visit is tomorrow.", "Your d.i.a.b.e.t.e.s visit is tomorrow.",
    "Your d1abet3s visit is tomorrow.", "Your diabtes visit is tomorrow.", "Your asthmatics visit is tomorrow.",
    "No more diabetes? Visit us tomorrow.", "Your 𝓭𝓲𝓪𝓫𝓮𝓽𝓮𝓼 visit is tomorrow.",
)  # fmt: skip


@pytest.mark.parametrize("text", M01)
def test_m01_no_way_of_saying_a_diagnosis_leaves(text: str) -> None:
    assert classify(text).channels == PORTAL_ONLY


def test_m02_a_plain_reminder_leaves() -> None:
    assert classify_message(NEUTRAL).channels == ALL_CHANNELS


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("subject", "Your lab results"),
        ("sender", "Lakeside Oncology"),
        ("sender", "Women's Health Center"),
        ("link", "https://clinic.example/diabetes"),
        ("link", "https://hiv-clinic.example/book"),
        ("link", "https://clinic.example/%64iabetes"),
        ("link", "https://clinic.example/x?topic=mammogram"),
        ("file_name", "diabetes_plan.pdf"),
        ("file_name", "A1cResult.pdf"),
        ("preview", "Your biopsy"),
    ],
)
def test_m03_the_most_telling_part_decides(part: str, text: str) -> None:
    verdict = classify_message(NEUTRAL | {part: text})
    assert verdict.channels == PORTAL_ONLY
    assert {span.part for span in verdict.because} == {part}


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Your dia", "betes visit is tomorrow."),
        ("Your mammo", "gram is due."),
        ("Your blood", "pressure visit"),
        ("You are with", "child. See you tomorrow."),
    ],
)
def test_m03_what_is_cut_over_two_fields_is_read_joined(subject: str, body: str) -> None:
    verdict = classify_message({"subject": subject, "body": body})
    assert verdict.channels == PORTAL_ONLY
    assert verdict.disclosure != ("unknown",)


def test_a_file_name_may_say_what_a_text_may() -> None:
    assert classify_message(NEUTRAL | {"file_name": "appointment_reminder.pdf"}).channels == ALL_CHANNELS
    assert classify_message(NEUTRAL | {"file_name": "appointment reminder"}).channels == ALL_CHANNELS


@pytest.mark.parametrize("text", ["{{7*191}}", "Hi {{7*191}}, your visit is tomorrow.", "${7*191} visit", "{% if x %}"])
def test_m04_template_syntax_is_text_and_not_evaluated(text: str) -> None:
    verdict = classify(text, names=("{{7*191}}",))
    assert verdict.channels == PORTAL_ONLY
    assert "1337" not in "".join(span.text for span in verdict.because) + (verdict.rewrite or "")


@pytest.mark.parametrize(
    "name", ["diabetes", "D1abetes", "d i a b e t e s", "diabtes", "HIV", "Dіabetes", "mydiabetesclinic", "results"]
)
def test_a_name_on_file_is_no_way_round(name: str) -> None:
    assert classify(f"Your {name} visit is tomorrow.", names=(name,)).channels == PORTAL_ONLY


def test_a_name_on_file_is_a_name() -> None:
    text = "Hi Xiomara, your visit with Dr. Quackenbush at Zyxwell Clinic is tomorrow."
    assert classify(text).disclosure == ("unknown",)
    assert classify("Hi Xiomara Q. Quintero, see you soon.", names=("Xiomara Quintero",)).channels == ALL_CHANNELS
    names = ("Xiomara Quintero", "Dr. Quackenbush", "Zyxwell Clinic")
    assert classify(text, names=names).channels == ALL_CHANNELS
    assert classify("Take it each morning.", names=("Take",)).channels == PORTAL_ONLY


def test_six_words_at_most_are_a_name() -> None:
    sentence = "You have it spread all over now"
    assert classify(f"{sentence} zzz.", names=(f"{sentence} zzz",)).channels == PORTAL_ONLY


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (Context(group="HIV care"), "HIV"),
        (Context(group="Opioid use disorder"), "42 CFR Part 2"),
        (Context(clinic="Riverside Methadone Clinic"), "42 CFR Part 2"),
        (Context(sender="Family Planning"), "reproductive"),
        (Context(sensitive=("gender",)), "gender"),
    ],
)
def test_a_neutral_text_tells_by_who_sends_it_and_who_gets_it(context: Context, expected: str) -> None:
    verdict = classify(NEUTRAL["body"], context=context)
    assert verdict.channels == PORTAL_ONLY
    assert expected in verdict.sensitive
    assert verdict.rewrite is None  # there is no better text: who sends it is what tells
    assert classify_message(NEUTRAL, context=context).channels == PORTAL_ONLY


def test_an_ordinary_group_and_sender_tell_nothing() -> None:
    context = Context(group="Seen in the last year", clinic="Oak Street Clinic", sender="Riverside Family Medicine")
    assert classify(NEUTRAL["body"], context=context).channels == ALL_CHANNELS


def test_a_specialist_sender_tells_without_being_a_sensitive_class() -> None:
    verdict = classify(NEUTRAL["body"], context=Context(sender="Lakeside Oncology"))
    assert verdict.disclosure == ("service",)
    assert verdict.sensitive == ()


def test_the_sensitive_classes_of_a_title() -> None:
    assert sensitive_classes("Chlamydia screening") == ("sexually transmitted infection",)
    assert sensitive_classes("Depression screening") == ("mental health",)
    assert sensitive_classes("Annual visit") == ()


@pytest.mark.parametrize("language", ["fr", "de-DE", "zh", "vi"])
def test_a_language_that_is_not_known_stays_in_the_portal(language: str) -> None:
    verdict = classify(NEUTRAL["body"], language=language)
    assert verdict.disclosure == ("unknown",)
    assert verdict.because[0].concept == "language"


@pytest.mark.parametrize("language", ["en", "es", "en-US", "es_MX", None])
def test_the_two_languages_are_read_whichever_is_named(language: str | None) -> None:
    both = "Your appointment is tomorrow. Su cita es mañana."
    assert classify(both, language=language).channels == ALL_CHANNELS


def test_a_sentence_is_in_one_language() -> None:
    assert classify("Your cita is mañana con us.").channels == PORTAL_ONLY


def test_a_text_too_long_to_judge_is_held() -> None:
    verdict = classify("x" * 20_001)
    assert verdict.because[0].concept == "too long to judge"


def test_wording_that_was_approved_once_is_accounted_for_but_never_what_it_reveals() -> None:
    wording = "Our zyxwell garden is open to you."
    assert classify(wording).disclosure == ("unknown",)
    assert classify(f"Hi Maria. {wording}", approved=(wording,)).channels == ALL_CHANNELS
    assert classify("Our zyxwell gate is open.", approved=(wording, "")).disclosure == ("unknown",)
    telling = "Your mammogram is due."
    assert classify(telling, approved=(telling,)).channels == PORTAL_ONLY


@pytest.mark.parametrize("text", ["It is here. Come in.", "They are here.", "Traiga cuantas tenga. Eso es."])
def test_each_sentence_says_what_it_is_about(text: str) -> None:
    assert classify(text).channels == PORTAL_ONLY
    assert classify(f"{text} Your appointment is on Monday.").channels == PORTAL_ONLY


@pytest.mark.parametrize(
    ("telling", "neutral"),
    [
        ("The second one is here.", "Your second message is here."),  # a word for what was not said
        ("Your kettle is at the front desk.", "Your letter is at the front desk."),  # what an office calls yours
        ("Your quiet circle is at 6 PM.", "Your appointment is at 6 PM."),
        ("Meet us in the Blue Ribbon building.", "Meet us in the blue building."),  # a name of everyday words
        ("The bridge takes you there.", "The bridge is closed. Our office is open."),  # an everyday word
        ("You were right.", "You were on our list."),  # nothing that an office is about
        ("Dr. Lee saw your message and has a thought.", "Dr. Lee has an opening."),  # what a doctor does
        ("Your visit is after Dr. Lee said so.", "Your visit is with Dr. Lee."),
        ("La toma mañana en la oficina.", "La llamamos mañana de la oficina."),  # an object that nobody named
        ("La doctora tiene una duda.", "La doctora tiene una cita disponible."),
    ],
)
def test_neutral_words_must_be_put_together_as_office_talk_is(telling: str, neutral: str) -> None:
    assert classify(telling).channels == PORTAL_ONLY
    assert classify(neutral).channels == ALL_CHANNELS, classify(neutral).because


def test_an_hour_stands_where_an_hour_is_expected() -> None:
    assert classify("Your appointment starts at 4.").channels == ALL_CHANNELS
    assert classify("Your appointment starts at 14.").channels == PORTAL_ONLY
    assert classify("Your appointment: at 4 weeks.").channels == PORTAL_ONLY
    assert classify("It is at 4.").channels == PORTAL_ONLY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi Maria. Your diabetes visit is overdue.", "Hi Maria. It is time to schedule your next visit."),
        ("Hola. Su cita de diabetes es mañana.", "Hola. Tiene una próxima cita con nosotros."),
        ("Your labs are normal.", NOTICE["en"]),
        ("Sus análisis salieron bien.", NOTICE["es"]),
        ("", None),
    ],
)
def test_a_neutral_rewrite(text: str, expected: str | None) -> None:
    assert classify(text).rewrite == expected


def test_the_notice_is_neutral_in_both_languages() -> None:
    for language, notice in NOTICE.items():
        assert classify(notice, language=language).channels == ALL_CHANNELS
