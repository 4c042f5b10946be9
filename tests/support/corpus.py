"""The content policy's corpus: texts with what their author meant them to tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

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
