"""The content policy's corpus: texts with what their author meant them to tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from smartapp.messages.policy import ALL_CHANNELS, PORTAL_ONLY, Verdict, classify

HELD_BACK_AT_MOST = 0.05
"""The share of neutral texts that the policy may hold back."""

_FOLDER = Path(__file__).parent.parent / "spec" / "corpus"


@dataclass(frozen=True)
class Text:
    id: str
    text: str
    language: str | None
    names: tuple[str, ...]
    reveals: str | None


def corpus(name: str) -> list[Text]:
    """The texts of one file of the corpus, e.g. ``neutral-held-out``."""
    lines = (_FOLDER / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()
    return [
        Text(d["id"], d["text"], d.get("language"), tuple(d.get("names", ())), d.get("reveals"))
        for d in map(json.loads, lines)
    ]


@cache
def judge(one: Text) -> Verdict:
    """What the policy says of a text, without a suggestion for another."""
    return classify(one.text, language=one.language, names=one.names, rewritten=False)


def leaks(part: str) -> list[str]:
    """The revealing texts of a part that the policy lets out of the portal."""
    return [one.text for one in corpus(f"revealing-{part}") if judge(one).channels != PORTAL_ONLY]


def held_back(part: str) -> list[str]:
    """The neutral texts of a part that the policy holds back."""
    return [one.text for one in corpus(f"neutral-{part}") if judge(one).channels != ALL_CHANNELS]


def check_marks(part: str) -> None:
    """Every piece that is marked in a revealing text is a piece of it, and each text has one."""
    for one in corpus(f"revealing-{part}"):
        verdict = judge(one)
        assert verdict.because
        for span in verdict.because:
            assert one.text[span.start : span.end] == span.text
            assert span.disclosure in verdict.disclosure
