"""What the policy answers: what a text reveals, where, and by which channels it may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Disclosure = Literal["diagnosis", "medication", "result", "procedure", "service", "social", "unknown"]
Channel = Literal["portal", "sms", "email", "voice", "letter"]

DISCLOSURES: Final[tuple[Disclosure, ...]] = (
    "diagnosis", "medication", "result", "procedure", "service", "social", "unknown",
)  # fmt: skip
PORTAL_ONLY: Final[tuple[Channel, ...]] = ("portal",)
# A letter is opened by whoever opens the post at that address, so it carries neutral text only, like a
# text message; in doubt the portal (45 CFR 164.530(c), reasonable safeguards).
ALL_CHANNELS: Final[tuple[Channel, ...]] = ("portal", "sms", "email", "voice", "letter")

ALLUSION: Final = "allusion"  # the concept of a span whose words are all known, but not harmless together

NOTICE: Final[dict[str, str]] = {
    "en": "You have a new message in your patient portal.",
    "es": "Tiene un mensaje nuevo en su portal del paciente.",
}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of the original text, ``[start, end)`` in characters, and what it reveals.

    ``concept`` is the plain name of what was recognised; None where nothing was, only not accounted for.
    ``part`` names the field of a message (subject, link, …) where more than one was judged.
    """

    start: int
    end: int
    text: str
    disclosure: Disclosure
    concept: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was revealed, by which channels the text may go, and why.

    ``sensitive`` are the classes with rules of their own (42 CFR Part 2, HIV, …) that were recognised;
    ``rewrite`` is a neutral text to send instead, None where the text is neutral already.
    """

    disclosure: tuple[Disclosure, ...]
    channels: tuple[Channel, ...]
    because: tuple[Span, ...]
    sensitive: tuple[str, ...] = ()
    rewrite: str | None = None


def from_spans(spans: list[Span], *, sensitive: tuple[str, ...] = (), rewrite: str | None = None) -> Verdict:
    """The verdict that follows from what was found: anything at all means the portal alone."""
    found = {span.disclosure for span in spans}
    disclosure = tuple(kind for kind in DISCLOSURES if kind in found)
    return Verdict(
        disclosure,
        PORTAL_ONLY if disclosure else ALL_CHANNELS,
        tuple(sorted(set(spans), key=lambda s: (s.part or "", s.start, s.end, s.disclosure, s.concept or ""))),
        sensitive,
        rewrite if disclosure else None,
    )
