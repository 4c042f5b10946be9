"""Folding: one plain alphabet, with the way back to the original characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.messages.policy.fold import fold


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("HÉLLO", "hello"),
        ("ｗｉｄｅ", "wide"),
        ("𝐛𝐨𝐥𝐝 Ⓒircled 🅰🅱 🇺🇸", "bold circled ab us"),
        ("naïve—“quoted” it’s", 'naive-"quoted" it\'s'),
        ("zero\u200bwidth soft\u00adhyphen e\u0301", "zerowidth softhyphen e"),
        ("&#100;&#x61;ys &amp;amp; &nbsp;Q&amp;A &unknown; & 5", "days &  q&a &unknown; & 5"),
        ("a<b>c</b><!-- x -->d e<f", "acd e<f"),
        ("Сyrillic", "cyrillic"),
        ("Łódź Straße Ærø", "lodz strasse aero"),
        ("a\tb\r\nc\u00a0d", "a b \nc d"),
        ("½ ² №", "1/2 2 no"),
    ],
)
def test_the_plain_form(text: str, plain: str) -> None:
    assert fold(text).text == plain


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Сyrillic", "look-alike letter"),
        ("日本", "letter of another alphabet"),
        ("x\u202ey", "hidden direction"),
        ("x\x07y", "control character"),
        ("a<i>b", "markup"),
    ],
)
def test_what_no_honest_text_contains_is_remembered(text: str, why: str) -> None:
    assert why in {reason for _, _, reason in fold(text).odd}


@pytest.mark.parametrize("text", ["Hello — it’s 5 o’clock…", "Ångström\n", "Łódź", "e\u0301", "👋🏽 📅"])
def test_an_honest_text_has_nothing_odd(text: str) -> None:
    assert fold(text).odd == ()


def test_the_way_back() -> None:
    text = "Your &#100;ia\u200bbetes"
    folded = fold(text)
    at = folded.text.index("diabetes")
    start, end = folded.source(at, at + len("diabetes"))
    assert text[start:end] == "&#100;ia\u200bbetes"


@given(st.text(max_size=80))
def test_each_folded_character_has_an_origin_in_order(text: str) -> None:
    folded = fold(text)
    assert len(folded.origin) == len(folded.text)
    starts = [start for start, _ in folded.origin]
    assert starts == sorted(starts)
    assert all(0 <= start < end <= len(text) for start, end in folded.origin)
