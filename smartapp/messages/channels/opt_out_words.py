"""The way out that every text message names (47 CFR 64.1200(a)(9)(iv)(F)), added where its author left it out."""

from __future__ import annotations

import re

_NAMED = re.compile(r"\bSTOP\b")
_WORDS = {"en": "Reply STOP to opt out.", "es": "Responda STOP para no recibir más."}


def with_opt_out(text: str, language: str) -> str:
    """The text as it is sent by SMS; ``language`` is a BCP 47 tag."""
    if _NAMED.search(text):
        return text
    return f"{text.rstrip()} {_WORDS['es' if language.lower().startswith('es') else 'en']}"
