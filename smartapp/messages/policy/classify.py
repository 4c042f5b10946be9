"""The content policy: what a text reveals, and so by which channels it may go (R61 to R66, 45 CFR 164.530(c)).

Closed by default: a text leaves the portal only when every part of it is accounted for. What may be said
of a person depends also on who says it: a sender, clinic or sensitive group behind a neutral text makes it
as telling as the thing itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from smartapp.messages.languages import LANGUAGES, written_in
from smartapp.messages.policy.accounted import Token, account
from smartapp.messages.policy.allusion import alluding
from smartapp.messages.policy.fold import Folded, fold
from smartapp.messages.policy.lexicon import lexicon
from smartapp.messages.policy.recognise import recognise
from smartapp.messages.policy.rewrite import neutral_rewrite
from smartapp.messages.policy.verdict import ALLUSION, Span, Verdict, from_spans

_MAX_LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class Context:
    """Who a message is for and from. What the recipient sees (``sender``, ``clinic``) is judged as text;
    ``group`` and ``sensitive`` (classes of the group's criteria) tell by whom it is received.
    """

    group: str | None = None
    clinic: str | None = None
    sender: str | None = None
    sensitive: tuple[str, ...] = ()


NO_CONTEXT = Context()


def classify(
    text: str,
    *,
    language: str | None = None,
    names: Collection[str] = (),
    context: Context = NO_CONTEXT,
    approved: Sequence[str] = (),
    rewritten: bool = True,
) -> Verdict:
    """Judge one text.

    ``language`` is a BCP 47 tag (anything but English and Spanish is portal-only), ``names`` are people
    and places on file, ``approved`` the fixed wordings that a person has approved for a template; a neutral
    text to send instead is worked out unless ``rewritten`` is False. Nothing
    in the text is evaluated. Offsets of the spans are characters of ``text``.
    """
    spans, sensitive = _judge(text, language, tuple(names), tuple(approved))
    inferred, implied = _inferred(context, tuple(names))
    rewrite = None
    if spans and rewritten:
        rewrite = neutral_rewrite(text, _is_spanish(text, language), tuple(names), _is_neutral)
    return from_spans(
        spans + inferred,
        sensitive=tuple(sorted(set(sensitive) | set(implied))),
        rewrite=rewrite,
    )


def sensitive_classes(text: str) -> tuple[str, ...]:
    """The sensitive classes (42 CFR Part 2, HIV, …) that a name or title speaks of, in alphabetical order."""
    return tuple(sorted(set(_judge(text, None, (), ())[1])))


def _judge(
    text: str, language: str | None, names: tuple[str, ...], approved: tuple[str, ...]
) -> tuple[list[Span], list[str]]:
    if len(text) > _MAX_LENGTH:
        return [Span(0, len(text), "", "unknown", "too long to judge")], []
    folded = fold(text)
    tokens, parts = account(folded, names, approved)
    found = recognise(folded.text, tokens, parts)
    unknown = _unknown(folded, tokens)
    if not unknown and all(piece.weak for piece in found):
        places = alluding(parts, found)
        found = [piece for piece in found if any(start <= piece.start < end for start, end in places)]
        unknown = [Span(*at, text[slice(*at)], "unknown", ALLUSION) for at in (folded.source(*p) for p in places)]
    spans: list[Span] = []
    sensitive: list[str] = []
    for piece in found:
        start, end = folded.source(piece.start, piece.end)
        spans.append(Span(start, end, text[start:end], piece.term.kind, piece.term.concept))
        if piece.term.concept in lexicon().sensitive:
            sensitive.append(lexicon().sensitive[piece.term.concept])
    if not spans:
        spans.extend(unknown)
    if not spans and language and language.lower().replace("_", "-").split("-")[0] not in LANGUAGES:
        spans.append(Span(0, len(text), text, "unknown", "language"))
    return spans, sensitive


def _unknown(folded: Folded, tokens: Sequence[Token]) -> list[Span]:
    """Tokens that nothing knows, neighbours joined, and what no honest text contains."""
    runs: list[tuple[int, int]] = []
    joined = False
    for token in tokens:
        if token.known or token.accounted:
            joined = False
            continue
        start, end = folded.source(token.start, token.end)
        if joined:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
        joined = True
    spans = [Span(start, end, folded.original[start:end], "unknown") for start, end in runs]
    spans.extend(Span(start, end, folded.original[start:end], "unknown", why) for start, end, why in folded.odd)
    return spans


def _inferred(context: Context, names: tuple[str, ...]) -> tuple[list[Span], list[str]]:
    spans: list[Span] = []
    sensitive = list(context.sensitive)
    for label in context.sensitive:
        spans.append(Span(0, 0, "", "service", label, "group"))
    if context.group:
        for label in sensitive_classes(context.group):
            sensitive.append(label)
            spans.append(Span(0, 0, context.group, "service", label, "group"))
    for part, name in (("clinic", context.clinic), ("sender", context.sender)):
        if name:
            told, classes = _judge(name, None, (*names, name), ())
            spans.extend(Span(s.start, s.end, s.text, s.disclosure, s.concept, part) for s in told)
            sensitive.extend(classes)
    return spans, sensitive


def _is_neutral(text: str, names: tuple[str, ...]) -> bool:
    return not _judge(text, None, names, ())[0]


def _is_spanish(text: str, language: str | None) -> bool:
    if language:
        return written_in(language) == "es"
    words = fold(text).text.split()
    english, spanish = (lexicon().vocabularies[code] for code in LANGUAGES)
    return sum(w in spanish.known_words for w in words) > sum(w in english.known_words for w in words)


def classify_message(
    parts: Mapping[str, str],
    *,
    language: str | None = None,
    names: Collection[str] = (),
    context: Context = NO_CONTEXT,
    approved: Sequence[str] = (),
) -> Verdict:
    """Judge a message by all that its recipient may see: subject, body, sender, link, file name, preview.

    ``parts`` maps each field's name to its text. Each is judged alone and all are judged joined, in their
    order, so that a word or a sentence cut over two fields is still read (M03). The whole is as telling as
    its most telling part; each span names its part.
    """
    spans: list[Span] = []
    sensitive: set[str] = set()
    ready = {part: _as_text(part, text) for part, text in parts.items()}
    for part, text in ready.items():
        verdict = classify(text, language=language, names=names, context=context, approved=approved, rewritten=False)
        sensitive.update(verdict.sensitive)
        spans.extend(Span(s.start, s.end, s.text, s.disclosure, s.concept, s.part or part) for s in verdict.because)
    if not any(span.disclosure != "unknown" for span in spans):
        for glue in ("", " "):
            joined, classes = _judge(glue.join(ready.values()), language, tuple(names), tuple(approved))
            spans.extend(
                Span(s.start, s.end, s.text, s.disclosure, s.concept, "joined")
                for s in joined
                if s.disclosure != "unknown"
            )
            sensitive.update(classes)
    told = [span for span in spans if span.disclosure != "unknown"] or spans
    body = ready.get("body", " ".join(ready.values()))
    rewrite = neutral_rewrite(body, _is_spanish(body, language), tuple(names), _is_neutral)
    return from_spans(told, sensitive=tuple(sorted(sensitive)), rewrite=rewrite)


def _as_text(part: str, text: str) -> str:
    """A file name read as words: its ending, underscores and capitals are how it is written, not what it says."""
    if part != "file_name":
        return text
    stem, dot, ending = text.rpartition(".")
    known = dot and ending.lower() in ("pdf", "txt", "ics", "docx", "png", "jpg", "jpeg", "vcf")
    return (stem if known else text).replace("_", " ").replace("-", " ")
