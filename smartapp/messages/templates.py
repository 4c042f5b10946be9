"""Message templates: fixed wording with typed slots, in versions that never change.

The wording is data (``catalogue/*.toml``). A version's hash is of its content, so an edited template is
another version; what a person approved stays what it was. Which channels a template may use is asked of
the content policy, never written down.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from smartapp.errors import ConfigurationError, InputError
from smartapp.messages.languages import LANGUAGES
from smartapp.messages.policy import Verdict, classify_message
from smartapp.messages.slots import KINDS, write

_SLOT = re.compile(r"\{([a-z_]+)\}")
PURPOSES = (
    "recall", "reactivation", "retention", "reminder", "follow-up", "education", "refill", "lab", "survey", "campaign",
)  # fmt: skip
Kind = Literal["treatment", "operations", "marketing"]


@dataclass(frozen=True, slots=True)
class Wording:
    """One language of a template. ``reviewed_by`` is the person who approved a translation, empty until then.

    ``sms`` is the short form of a neutral template, None where the text is for the portal.
    """

    language: str
    subject: str
    body: str
    sms: str | None
    reviewed_by: str
    original: bool

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(_SLOT.findall(f"{self.subject} {self.body} {self.sms or ''}"))

    @property
    def sendable(self) -> bool:
        """A translation that nobody has reviewed cannot be approved or sent (ACA section 1557, 45 CFR 92.201)."""
        return self.original or bool(self.reviewed_by)


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a template. ``condition`` is the health topic it speaks of, empty for none.

    ``kind`` decides what authorization it needs (45 CFR 164.501, 164.508); ``requirements`` are the
    numbers of the requirements that it meets.
    """

    id: str
    version: int
    purpose: str
    condition: str
    kind: Kind
    reading_level: int
    requirements: tuple[str, ...]
    wordings: Mapping[str, Wording]

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything that a reader could notice, as 64 hexadecimal digits."""
        words = {code: [w.subject, w.body, w.sms] for code, w in self.wordings.items()}
        content = json.dumps([self.id, self.version, self.purpose, self.condition, self.kind, words], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def digest(self, language: str) -> str:
        """SHA-256 of one wording with the template's name and version: what an approval of it is of."""
        wording = self.wordings[language]
        content = [self.id, self.version, self.kind, language, wording.subject, wording.body, wording.sms]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def wording(self, language: str) -> Wording:
        """The wording in ``language`` (a BCP 47 tag), in English where there is none."""
        return self.wordings.get(language.lower().replace("_", "-").split("-")[0]) or self.wordings["en"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A filled-in template: its texts, and the names in it that the policy may take for names on file."""

    template: Template
    language: str
    subject: str
    body: str
    sms: str | None
    names: tuple[str, ...]
    verdict: Verdict


def render(template: Template, language: str, values: Mapping[str, object]) -> Rendered:
    """Fill in a template and judge what came out.

    Raises :class:`~smartapp.messages.slots.SlotError` where a value is missing or of the wrong kind.
    """
    wording = template.wording(language)
    written = {slot: write(slot, values, wording.language) for slot in sorted(wording.slots)}

    def fill(text: str) -> str:
        return _SLOT.sub(lambda match: written[match[1]], text)

    names = tuple(text for slot, text in written.items() if KINDS[slot].is_name)
    parts = {"subject": fill(wording.subject), "body": fill(wording.body)}
    short = fill(wording.sms) if wording.sms is not None else None
    verdict = classify_message(
        parts | ({"sms": short} if short is not None else {}), language=wording.language, names=names
    )
    return Rendered(template, wording.language, parts["subject"], parts["body"], short, names, verdict)


def channel_class(template: Template, language: str) -> Verdict:
    """What the policy says of a template with sample values in its slots: the channels that it may use."""
    return render(template, language, {slot: kind.sample for slot, kind in KINDS.items()}).verdict


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The templates of a practice, by id; of each id the newest version."""

    templates: Mapping[str, Template]

    def get(self, template_id: str) -> Template:
        """The template, or :class:`InputError` ``messages.unknown-template``."""
        if template_id not in self.templates:
            raise InputError("messages.unknown-template", "There is no such template.")
        return self.templates[template_id]

    def find(self, purpose: str, condition: str = "") -> Template | None:
        """The template for a purpose and a health topic; the one without a topic where there is none."""
        fitting = [t for t in self.templates.values() if t.purpose == purpose and t.condition in (condition, "")]
        return max(fitting, key=lambda t: (t.condition == condition, t.id), default=None)


def read_catalogue(texts: Iterable[str]) -> Catalogue:
    """Read templates from TOML. Raises :class:`ConfigurationError` for one that is not well formed."""
    templates: dict[str, Template] = {}
    for text in texts:
        for entry in tomllib.loads(text).get("template", []):
            template = _template(entry)
            held = templates.get(template.id)
            if held is not None and held.version == template.version:
                raise ConfigurationError(
                    "messages.template", f"Template {template.id} has version {template.version} twice."
                )
            if held is None or held.version < template.version:
                templates[template.id] = template
    return Catalogue(templates)


@lru_cache(maxsize=1)
def built_in() -> Catalogue:
    """The templates that come with the app; a practice adds its own and versions of these."""
    folder = files("smartapp.messages") / "catalogue"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return read_catalogue((folder / name).read_text(encoding="utf-8") for name in names)


def _template(entry: Mapping[str, Any]) -> Template:
    wordings = {code: _wording(entry, code) for code in LANGUAGES if code in entry}
    template = Template(
        id=entry["id"],
        version=entry["version"],
        purpose=entry["purpose"],
        condition=entry.get("condition", ""),
        kind=entry["kind"],
        reading_level=entry["reading_level"],
        requirements=tuple(entry.get("requirements", ())),
        wordings=wordings,
    )
    if "en" not in wordings:
        raise ConfigurationError("messages.template", f"Template {template.id} has no English wording.")
    if template.purpose not in PURPOSES or template.kind not in ("treatment", "operations", "marketing"):
        raise ConfigurationError("messages.template", f"Template {template.id}: unknown purpose or kind.")
    for wording in wordings.values():
        whole = f"{wording.subject}{wording.body}{wording.sms or ''}"
        if wording.slots - KINDS.keys() or set("{}") & set(_SLOT.sub("", whole)):
            raise ConfigurationError("messages.template", f"Template {template.id}: a slot that is not known.")
    return template


def _wording(entry: Mapping[str, Any], language: str) -> Wording:
    text = entry[language]
    return Wording(
        language=language,
        subject=text["subject"],
        body=" ".join(text["body"].split()),
        sms=text.get("sms"),
        reviewed_by=text.get("reviewed_by", ""),
        original=language == "en",
    )
