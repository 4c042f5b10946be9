"""The content policy on the two largest parts of its corpus: nine thousand texts."""

from __future__ import annotations

import pytest
from support.corpus import HELD_BACK_AT_MOST, check_marks, corpus, held_back, leaks

PARTS = ("fresh", "everyday")


@pytest.mark.parametrize("part", PARTS)
def test_no_revealing_text_of_many_leaves_the_portal(part: str) -> None:
    assert leaks(part) == []


@pytest.mark.parametrize("part", PARTS)
def test_at_most_five_in_a_hundred_of_many_neutral_texts_are_held_back(part: str) -> None:
    held = held_back(part)
    assert len(held) <= HELD_BACK_AT_MOST * len(corpus(f"neutral-{part}")), held


@pytest.mark.parametrize("part", PARTS)
def test_every_piece_that_is_marked_is_a_piece_of_one_of_many_texts(part: str) -> None:
    check_marks(part)
