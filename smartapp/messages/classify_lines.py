"""NDJSON in, NDJSON out: the policy for `smartapp messages classify` and for whoever checks many texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smartapp.messages.policy import Verdict, classify, classify_message

# What else of a message its recipient may see, by the names that such fields go by; each is judged, and all joined.
_SEEN = {
    "subject": "subject", "title": "title", "push_title": "title", "sender": "sender", "from": "sender",
    "preview": "preview", "preheader": "preview", "link": "link", "url": "link", "href": "link",
    "link_text": "link_text", "file_name": "file_name", "filename": "file_name", "attachment": "file_name",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be judged: its number, from 1, and what is wrong with it, in plain words."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


def classify_lines(lines: Iterable[str]) -> Iterator[str | BadLine]:
    """Judge each line ``{"id", "text", "language"?, "names"?}``; empty lines are passed over.

    A line may hold what else a recipient sees: ``subject``, ``title``, ``sender``, ``preview``, ``link``,
    ``link_text``, ``file_name`` (or another name of one of these). Then the whole is as telling as its most telling
    part, and each piece of ``because`` outside the text names its ``part``.
    Yields, in order, a line ``{"id", "disclosure", "channels", "because"}`` (no line end) or a BadLine.
    Offsets in ``because`` are characters of ``text``. Never raises for what a line holds.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        request = _parse(line.lstrip("\ufeff"))
        if isinstance(request, str):
            yield BadLine(number, request)
            continue
        verdict = _judge(request)
        yield json.dumps({"id": request["id"], **as_json(verdict)}, ensure_ascii=False)


def _judge(request: Mapping[str, Any]) -> Verdict:
    language, names = request.get("language"), tuple(request.get("names") or ())
    parts = {_SEEN[name]: value for name, value in request.items() if name in _SEEN and value}
    if not parts:
        return classify(request["text"], language=language, names=names, rewritten=False)
    # In the order in which a recipient meets them: a word may be cut between subject and text.
    before = {part: text for part, text in parts.items() if part in ("sender", "subject", "title")}
    return classify_message(before | {"body": request["text"]} | parts, language=language, names=names)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the design's interface writes it; `concept` only where something was recognised."""
    return {
        "disclosure": list(verdict.disclosure),
        "channels": list(verdict.channels),
        "because": [
            {"start": s.start, "end": s.end, "text": s.text, "disclosure": s.disclosure}
            | ({"concept": s.concept} if s.concept else {})
            | ({"part": s.part} if s.part and s.part != "body" else {})
            for s in verdict.because
        ],
    }


def _parse(line: str) -> dict[str, Any] | str:
    """The request, or what is wrong with it."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(request, dict):
        return "not a JSON object"
    return _wrong(request) or request


def _wrong(request: Mapping[str, Any]) -> str | None:
    """What is wrong with a request, naming the field; None if nothing is."""
    if not isinstance(request.get("id"), str | int) or isinstance(request.get("id"), bool):
        return '"id" is missing, or neither text nor a number'
    if not isinstance(request.get("text"), str):
        return '"text" is missing or not text'
    if not isinstance(request.get("language"), str | None):
        return '"language" is not text'
    wrong = next((name for name in _SEEN if not isinstance(request.get(name), str | None)), None)
    if wrong is not None:
        return f'"{wrong}" is not text'
    names = request.get("names")
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        return '"names" is not a list of texts'
    return None
