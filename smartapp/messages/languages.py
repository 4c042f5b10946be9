"""The languages that messages are written in."""

from __future__ import annotations

LANGUAGES = ("en", "es")


def written_in(language: str) -> str:
    """The one of them that serves a language tag (BCP 47: its case says nothing); English where none does."""
    return "es" if language.lower().startswith("es") else "en"
