"""A first text for a gap: the template's words, what they reveal, and what goes over other channels instead."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from smartapp.messages.policy import NOTICE, Span, Verdict
from smartapp.messages.slots import SlotError
from smartapp.messages.templates import Catalogue, Rendered, Template, built_in, render

# The template of each measure that has one of its own; every other gap gets the general one.
_BY_MEASURE = {
    "CMS125": "recall.mammogram",
    "CMS130": "recall.colorectal",
    "CMS122": "recall.diabetes-a1c",
    "CMS131": "recall.diabetes-eye",
    "CMS165": "recall.blood-pressure",
    "CMS124": "recall.cervical",
}
_GENERAL = "recall.gap"


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which message is relevant: open gaps (short measure ids), payer, and whether seen lately."""

    gaps: tuple[str, ...] = ()
    medicare: bool = False
    dormant: bool = False


def template_for(situation: Situation) -> str:
    """The id of the message that fits a patient (R67, R68); a dormant one is first asked back (R17).

    The channel is another question: see :func:`smartapp.messages.routing.route`.
    """
    if situation.dormant:
        return "reactivation.first"
    chosen = next((_BY_MEASURE[gap] for gap in situation.gaps if gap in _BY_MEASURE), None)
    if chosen is not None:
        return chosen
    return "recall.medicare-wellness" if situation.medicare else "recall.annual-visit"


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to be read and approved by a person.

    ``portal_only`` is the phrase that keeps it in the portal, None for a neutral text; ``notice`` is all
    that another channel may carry then. ``needs`` says what is missing before it can be approved.
    ``template`` is the template's id, version and the start of its hash; ``short`` the form for a text message.
    """

    purpose: str
    subject: str
    body: str
    language: str
    template: str
    verdict: Verdict
    portal_only: Span | None
    notice: str
    needs: tuple[str, ...]
    short: str | None = None


def draft_for_gap(
    measure_id: str,
    *,
    title: str,
    patient_name: str,
    practice_name: str,
    practice_phone: str,
    language: str = "en",
    dormant: bool = False,
    catalogue: Catalogue | None = None,
) -> Draft:
    """Draft a message for a gap in care.

    ``title`` is the measure in plain words, ``language`` a BCP 47 tag (English where there is no wording).
    A dormant patient gets the re-engagement text, which says nothing of the gap (R17). Raises
    :class:`~smartapp.messages.slots.SlotError` where the practice's name or number is missing.
    """
    held = catalogue or built_in()
    template = held.get("reactivation.first" if dormant else _BY_MEASURE.get(measure_id, _GENERAL))
    spoken = title
    if template.id == _GENERAL and template.wording(language).language != "en":
        translated = _titles()[template.wording(language).language].get(measure_id)
        language, spoken = (language, translated) if translated else ("en", title)
    values: dict[str, object] = {
        "first_name": first_name(patient_name) or _GREETED[template.wording(language).language],
        "service": spoken,
        "practice": practice_name,
        "phone": practice_phone,
    }
    return _draft(template, render(template, language, values))


def draft_from(
    template_id: str,
    *,
    patient_name: str,
    practice_name: str,
    practice_phone: str,
    language: str = "en",
    catalogue: Catalogue | None = None,
) -> Draft:
    """Draft a message of one template that needs nothing but names and a number, as :func:`draft_for_gap` does."""
    template = (catalogue or built_in()).get(template_id)
    values: dict[str, object] = {
        "first_name": first_name(patient_name) or _GREETED[template.wording(language).language],
        "practice": practice_name,
        "phone": practice_phone,
    }
    return _draft(template, render(template, language, values))


_GREETED = {"en": "there", "es": "estimado paciente"}  # where the chart has no name that can be printed
_FIRST = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


def first_name(name: str) -> str:
    """The name to greet somebody by; empty where nothing in ``name`` is a plain name."""
    family, comma, given = name.partition(",")
    words = [word for word in (given if comma and given.strip() else family).split() if _FIRST.fullmatch(word)]
    return words[0] if words else ""


@lru_cache(maxsize=1)
def _titles() -> dict[str, dict[str, str]]:
    path = files("smartapp.messages") / "catalogue" / "titles.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _draft(template: Template, rendered: Rendered) -> Draft:
    wording = template.wording(rendered.language)
    return Draft(
        purpose=template.purpose,
        subject=rendered.subject,
        body=rendered.body,
        language=rendered.language,
        template=f"{template.id}@{template.version}#{template.content_hash[:12]}",
        verdict=rendered.verdict,
        portal_only=max(rendered.verdict.because, key=lambda span: len(span.text), default=None),
        notice=NOTICE[rendered.language],
        needs=() if wording.sendable else ("translation-review",),
        short=rendered.sms,
    )


__all__ = ["Draft", "Situation", "SlotError", "draft_for_gap", "draft_from", "first_name", "template_for"]
