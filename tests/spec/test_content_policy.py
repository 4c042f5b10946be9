"""The content policy on its corpus, and on disguises of it that are made up as the test runs.

Its two largest parts are in ``test_content_policy_large.py``.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.corpus import HELD_BACK_AT_MOST, Text, check_marks, corpus, held_back, judge, leaks

from smartapp.messages.policy import ALL_CHANNELS, ALLUSION, PORTAL_ONLY, classify
from smartapp.messages.policy.lexicon import lexicon

PARTS = ("tuning", "held-out", "unseen")

R62 = (
    "We want to remind you that you're due for your annual health check. Preventive care keeps you healthier long-term."
)
R63 = "Your diabetes monitoring appointment is overdue."


@pytest.mark.parametrize("part", PARTS)
def test_no_revealing_text_leaves_the_portal(part: str) -> None:
    assert leaks(part) == []


@pytest.mark.parametrize("part", PARTS)
def test_at_most_five_in_a_hundred_neutral_texts_are_held_back(part: str) -> None:
    held = held_back(part)
    assert len(held) <= HELD_BACK_AT_MOST * len(corpus(f"neutral-{part}")), held


def test_the_corpus_is_large_enough_and_in_two_languages() -> None:
    neutral = [t for part in PARTS for t in corpus(f"neutral-{part}")]
    revealing = [t for part in PARTS for t in corpus(f"revealing-{part}")]
    assert len(neutral) >= 300
    assert len(revealing) >= 300
    for texts in (neutral, revealing):
        assert sum(t.language == "es" for t in texts) >= 75


@pytest.mark.parametrize("part", PARTS)
def test_every_piece_that_is_marked_is_a_piece_of_the_text(part: str) -> None:
    check_marks(part)


@pytest.mark.parametrize("part", ["held-out", "unseen"])
def test_what_is_offered_instead_is_neutral(part: str) -> None:
    for one in corpus(f"revealing-{part}"):
        rewrite = classify(one.text, language=one.language, names=one.names).rewrite
        assert rewrite is not None
        assert classify(rewrite, names=one.names).channels == ALL_CHANNELS, rewrite


def test_most_disclosures_are_named_as_their_author_meant_them() -> None:
    """Naming is for the reader; nothing rests on it. Most is said rightly, all of it is held back."""
    texts = [t for t in corpus("revealing-held-out") if t.reveals != "unknown"]
    right = sum(t.reveals in judge(t).disclosure for t in texts)
    assert right >= 0.85 * len(texts)


def test_the_two_published_examples() -> None:
    assert classify(R62).channels == ALL_CHANNELS
    assert classify(R63).channels == PORTAL_ONLY
    assert [s.text for s in classify(R63).because if s.disclosure == "diagnosis"] == ["diabetes"]


STRONG = lexicon().terms.keys() - lexicon().weak
WORDS = sorted({t[0] for t in STRONG if len(t) == 1 and len(t[0]) >= 5 and t[0].isalpha()})
FRAMES = ("Your {} visit is tomorrow.", "It is time for {}. Call 555-0100.", "Su cita de {} es mañana.", "{}")


def full_width(word: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in word)


def bold(word: str) -> str:
    return "".join(chr(0x1D41A + ord(c) - ord("a")) for c in word)


def entities(word: str) -> str:
    return "".join(f"&#{ord(c)};" for c in word)


def doubly_hidden(word: str) -> str:
    return "".join(f"&amp;#x{ord(c):x};" for c in word)


LOOK_ALIKE = str.maketrans("aceiopsxyhk", "асеіорѕхуһк")
DISGUISES = (
    str.upper, str.title, full_width, bold, entities, doubly_hidden,
    lambda word: " ".join(word), lambda word: ".".join(word), lambda word: "-".join(word),
    lambda word: "\u200b".join(word), lambda word: "\u00ad".join(word), lambda word: "\u0301".join(word),
    lambda word: word.translate(LOOK_ALIKE), lambda word: f"{word[:3]} {word[3:]}",
    lambda word: f"{word[:3]}-{word[3:]}", lambda word: f"{word[:3]}<b></b>{word[3:]}",
    lambda word: f"{word[:2]}\u202e{word[2:]}", lambda word: word.replace("o", "0").replace("e", "3"),
    lambda word: word[:2] + word[2] + word[2:], lambda word: word[0] + word[2] + word[1] + word[3:],
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(word=st.sampled_from(WORDS), frame=st.sampled_from(FRAMES), disguise=st.sampled_from(DISGUISES))
def test_a_disguised_term_never_leaves(word: str, frame: str, disguise) -> None:
    text = frame.format(disguise(word))
    assert classify(text).channels == PORTAL_ONLY or _is_another_word(disguise(word)), text


def _is_another_word(word: str) -> bool:
    """A slip can make an everyday word of a term (form for farm): then nothing was said."""
    return all(lexicon().reads_as_known(piece) for piece in word.lower().replace("-", " ").split())


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    one=st.sampled_from(corpus("neutral-tuning")),
    term=st.sampled_from(sorted(STRONG)),
    where=st.floats(0, 1),
)
def test_a_term_put_anywhere_into_a_neutral_text_holds_it(one: Text, term: tuple[str, ...], where: float) -> None:
    sentences = one.text.split(". ")
    at = int(where * len(sentences))
    text = ". ".join([*sentences[:at], " ".join(term), *sentences[at:]])
    assert classify(text, names=one.names).channels == PORTAL_ONLY, text


@pytest.mark.deep
@pytest.mark.parametrize("frame", ["Your {} visit is tomorrow.", "Please come in for {}.", "Hi Maria, {}"])
def test_each_term_of_the_lexicon_is_held_in_each_frame(frame: str) -> None:
    leaks = [term for term in STRONG if classify(frame.format(" ".join(term))).channels != PORTAL_ONLY]
    assert leaks == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(word=st.text(st.characters(categories=["L", "M", "N", "S"]), min_size=2, max_size=12))
@example(word="|Ò")
def test_what_nobody_knows_is_held_back(word: str) -> None:
    verdict = classify(f"Your {word} visit is tomorrow.")
    if verdict.channels != PORTAL_ONLY:
        # Then each piece of it is known by itself: an ordinary name, a sign, a word of the vocabulary. What known words
        # allude to depends on their neighbours, and is none of this test's business.
        pieces = "".join(c if c.isalnum() else " " for c in word).split()
        unknown = [
            span
            for piece in pieces
            if not _is_another_word(piece)
            for span in classify(piece).because
            if span.concept != ALLUSION
        ]
        assert unknown == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60))
def test_any_text_at_all_is_judged(text: str) -> None:
    verdict = classify(text)
    assert verdict.channels in (ALL_CHANNELS, PORTAL_ONLY)
    for span in verdict.because:
        assert text[span.start : span.end] == span.text
