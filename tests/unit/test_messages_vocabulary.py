"""The vocabulary's own rules: phrases, word forms, and what must never be neutral."""

from __future__ import annotations

import re

import pytest

from smartapp.messages.policy.disguise import disguised, leet, misspelt
from smartapp.messages.policy.inflect import english_forms, spanish_forms, variants
from smartapp.messages.policy.lexicon import lexicon
from smartapp.messages.policy.phrases import translate, words_of


def matches(phrase: str, plain: str) -> bool:
    return re.fullmatch(translate(phrase, {"DUR": "(N|a) minute"}, "en"), plain) is not None


@pytest.mark.parametrize(
    ("phrase", "plain", "expected"),
    [
        ("take [our] (survey|quick poll)", "take survey ", True),
        ("take [our] (survey|quick poll)", "take our quick poll ", True),
        ("take [our] (survey|quick poll)", "take quick ", False),
        ("press N", "press <n> ", True),
        ("press 1", "press <n> ", True),
        ("call 911", "call 911 ", True),
        ("press N", "press two ", True),
        ("at TIME on DATE", "at <time> on <date> ", True),
        ("wait DUR", "wait a minute ", True),
        ("(very)+ good", "very very good ", True),
        ("(so)? good, then", "good then ", True),
    ],
)
def test_the_language_of_phrases(phrase: str, plain: str, expected: bool) -> None:
    assert matches(phrase, plain) is expected


@pytest.mark.parametrize("phrase", ["take %", "call MACRO", "it is 2nd"])
def test_a_slip_in_the_vocabulary_does_not_load(phrase: str) -> None:
    with pytest.raises(ValueError, match="means nothing here"):
        translate(phrase, {}, "en")


def test_words_of_a_phrase() -> None:
    assert words_of("take [our] (survey|N poll) DATE") == {"take", "our", "survey", "poll"}


def test_no_clinical_term_is_a_neutral_word() -> None:
    singles = {tokens[0] for tokens in lexicon().terms if len(tokens) == 1}
    for vocabulary in lexicon().vocabularies.values():
        assert not vocabulary.words & singles
        assert not vocabulary.words & vocabulary.cautious
        assert not vocabulary.words & vocabulary.adjectives


@pytest.mark.parametrize(
    "word",
    [
        "positive",
        "negative",
        "normal",
        "abnormal",
        "levels",
        "level",
        "numbers",
        "screening",
        "screened",
        "results",
        "labs",
        "sugar",
        "pressure",
        "recovery",
        "program",
        "pills",
        "counselling",
        "counseling",
        "session",
        "group",
        "fasting",
        "prep",
        "shot",
        "scan",
        "women",
        "test",
        "tested",
        "sample",
        "safe",
        "alone",
        "weight",
        "risk",
        "resultados",
        "normales",
        "ayunas",
        "pastillas",
        "consejeria",
        "mujer",
        "grupo",
        "vacuna",
        "analisis",
        "prueba",
        "azucar",
        "presion",
        "peso",
        "riesgo",
    ],
)
def test_words_that_tell_in_context_are_never_free(word: str) -> None:
    assert not any(word in vocabulary.words for vocabulary in lexicon().vocabularies.values())


def test_phrases_match_something_and_not_nothing() -> None:
    for vocabulary in lexicon().vocabularies.values():
        for phrase in vocabulary.phrases:
            assert phrase.search(" ") is None


def test_word_forms() -> None:
    assert variants("biopsy") >= {"biopsy", "biopsies"}
    assert variants("luz") >= {"luces"}
    assert english_forms("schedule") == {"schedule", "schedules", "scheduled", "scheduling"}
    assert english_forms("reply") == {"reply", "replies", "replied", "replying"}
    assert english_forms("stay") == {"stay", "stays", "stayed", "staying"}
    assert english_forms("reach") == {"reach", "reaches", "reached", "reaching"}
    assert spanish_forms("llamar") >= {"llame", "llamenos", "llamarnos", "llamado", "llamaremos"}
    assert spanish_forms("buscar") >= {"busque", "busquemos"}
    assert spanish_forms("ofrecer") >= {"ofrezca", "ofrecemos"}
    assert spanish_forms("recibir") >= {"reciba", "recibira", "recibimos"}
    assert spanish_forms("cita") == {"cita"}


@pytest.mark.parametrize("word", ["diabtes", "diabettes", "dibaetes", "diabexes", "metfornin"])
def test_one_slip_is_seen_through(word: str) -> None:
    assert misspelt(word) is not None


@pytest.mark.parametrize("word", ["appointment", "clinic", "dxbxtxs"])
def test_another_word_is_not_a_slip(word: str) -> None:
    assert misspelt(word) is None


def test_digits_and_signs_read_as_letters() -> None:
    assert "diabetes" in set(leet("d1ab3t3$"))
    assert list(leet("diabetes")) == []
    assert list(leet("13579")) == []
    assert list(leet("a13579@$!")) == []


@pytest.mark.parametrize(
    ("word", "telling"),
    [("diabetes", True), ("d1abetes", True), ("diabtes", True), ("mydiabetesclinic", True), ("x9z", False),
     ("rivera", False), ("lee", False), ("quackenbush", False)],
)  # fmt: skip
def test_a_name_that_hides_a_term(word: str, telling: bool) -> None:
    assert (disguised(word, lexicon()) is not None) is telling
