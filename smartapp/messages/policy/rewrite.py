"""A neutral text to send instead: the neutral sentences kept, each telling one replaced by a safe one."""

from __future__ import annotations

import re
from collections.abc import Callable

from smartapp.messages.policy.verdict import NOTICE

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+|\n|$)")
_SAFE = (
    (re.compile(r"overdue|due for|time (?:to|for)|schedule|book|toca|programe|atrasad", re.I), {
        "en": "It is time to schedule your next visit.", "es": "Es hora de programar su próxima visita.",
    }),
    (re.compile(r"appointment|visit|appt|cita|visita|consulta", re.I), {
        "en": "You have an upcoming appointment with us.", "es": "Tiene una próxima cita con nosotros.",
    }),
)  # fmt: skip


def neutral_rewrite(
    text: str, spanish: bool, names: tuple[str, ...], neutral: Callable[[str, tuple[str, ...]], bool]
) -> str:
    """The text with each telling sentence replaced; the portal's notice where nothing else is left to say.

    Whatever comes out has been judged by ``neutral`` itself.
    """
    language = "es" if spanish else "en"
    kept: list[str] = []
    for sentence in (match.group().strip() for match in _SENTENCE.finditer(text)):
        if neutral(sentence, names):
            kept.append(sentence)
            continue
        safe = next((by[language] for pattern, by in _SAFE if pattern.search(sentence)), NOTICE[language])
        if safe not in kept:
            kept.append(safe)
    whole = " ".join(filter(None, kept))
    return whole if whole and neutral(whole, names) else NOTICE[language]
