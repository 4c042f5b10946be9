"""Which of the written languages serves a patient's."""

from __future__ import annotations

import pytest

from smartapp.messages.languages import LANGUAGES, written_in


@pytest.mark.parametrize(
    ("language", "written"),
    [("es", "es"), ("es-MX", "es"), ("ES", "es"), ("en", "en"), ("en-US", "en"), ("pt", "en"), ("", "en")],
)
def test_a_language_tag_is_served_by_one_of_them(language: str, written: str) -> None:
    assert written_in(language) == written
    assert written in LANGUAGES
