"""A practice's own words: they add names, harmless words and revealing ones, and never take anything away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from smartapp.commands.messages import command
from smartapp.errors import ConfigurationError
from smartapp.messages.policy import ALL_CHANNELS, PORTAL_ONLY, classify
from smartapp.messages.policy.practice import PracticeWords, read_practice_words, use_practice_words

OWN = """
names = ["Zyxwell Clinic", "Dr. Quackenbush"]
neutral = ["quoxley", "jardín"]
[revealing]
service = ["the Harbor Room", "garden"]
social = ["blue envelope"]
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeWords]:
    words = read_practice_words(written(tmp_path_factory.mktemp("own"), OWN))
    use_practice_words(words)
    yield words
    use_practice_words(PracticeWords())


def written(folder: Path, text: str) -> Path:
    path = folder / "words.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", ["Your visit at Zyxwell Clinic is tomorrow.", "Park by the quoxley at our entrance."])
def test_names_and_neutral_words_of_the_practice_may_leave(own: PracticeWords, text: str) -> None:
    assert classify(text).channels == ALL_CHANNELS


def test_without_the_file_they_may_not(own: PracticeWords) -> None:
    use_practice_words(PracticeWords())
    try:
        assert classify("Your visit at Zyxwell Clinic is tomorrow.").channels == PORTAL_ONLY
        assert classify("Park by the quoxley at our entrance.").channels == PORTAL_ONLY
    finally:
        use_practice_words(own)


@pytest.mark.parametrize(
    ("text", "disclosure"),
    [
        ("Your visit is in the Harbor Room.", "service"),
        ("Our garden is open. Visit us.", "service"),
        ("Park by the gardens.", "service"),
        ("Your blue envelopes are at the front desk.", "social"),
        ("Your blue envelope is at https://clinic.example/book", "social"),
    ],
)
def test_what_reveals_something_only_there_is_held(own: PracticeWords, text: str, disclosure: str) -> None:
    verdict = classify(text)
    assert verdict.channels == PORTAL_ONLY
    assert disclosure in verdict.disclosure
    assert "a word of the practice's own" in {span.concept for span in verdict.because}


@pytest.mark.parametrize(
    "word",
    ["diabetes", "Diabétes", "diabtes", "mydiabetesclinic", "hiv", "results", "prueba", "zepholosis", "vacunas"],
)
def test_a_neutral_word_that_may_reveal_something_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(ConfigurationError, match="may reveal something"):
        read_practice_words(written(tmp_path, f'neutral = ["{word}"]'))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("neutral = [", "cannot be read"),
        ('neutral = "quoxley"', "not a list of texts"),
        ("names = [1]", "not a list of texts"),
        ('names = [" "]', "not a list of texts"),
        ('neutral = ["two words"]', "single words"),
        ('neutral = ["d1abetes"]', "single words"),
        ('neutrals = ["quoxley"]', "unknown list: neutrals"),
        ("revealing = []", "lists terms by"),
        ('[revealing]\nsecrets = ["x"]', "lists terms by"),
        ("[revealing]\nservice = 5", "not a list of texts"),
    ],
)
def test_a_file_that_is_not_so_is_refused_and_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        read_practice_words(written(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_practice_words(tmp_path / "none.toml")


@pytest.mark.parametrize("term", ["diabetes", "metformin", "mammogram", "oncology", "homeless", "results"])
def test_recognised_terms_are_held_with_any_words_of_the_practice(own: PracticeWords, term: str) -> None:
    assert classify(f"Your {term} visit at Zyxwell Clinic is tomorrow.").channels == PORTAL_ONLY


def test_a_revealing_word_of_the_practice_wins_over_its_neutral_ones_and_over_phrases(
    own: PracticeWords, tmp_path: Path
) -> None:
    use_practice_words(
        read_practice_words(
            written(
                tmp_path,
                """
neutral = ["quoxley"]
[revealing]
service = ["quoxley", "hello"]
""",
            )
        )
    )
    try:
        assert classify("Park by the quoxley at our entrance.").disclosure == ("service",)
        assert classify("Hello").disclosure == ("service",)
    finally:
        use_practice_words(own)
    assert classify("Hello").disclosure == ()


@pytest.mark.parametrize("by", ["option", "setting"])
def test_the_command_reads_the_practice_s_words(own: PracticeWords, tmp_path: Path, by: str) -> None:
    path = str(written(tmp_path, 'neutral = ["kiosque"]'))
    line = '{"id": 1, "text": "Park by the kiosque at our entrance."}'
    arguments = ["classify", "--practice-words", path] if by == "option" else ["classify"]
    try:
        answer = CliRunner().invoke(command, arguments, input=line, env={"SMARTAPP_PRACTICE_WORDS": path})
    finally:
        use_practice_words(own)
    assert '"disclosure": []' in answer.output
