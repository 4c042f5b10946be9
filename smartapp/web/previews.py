"""A message as its patient meets it: on a locked phone, on an answering machine, in the post, in the portal.

What each place may show is the content policy's word on what would stand there, never on what the sender thinks.
The portal announces every message by the same sentence (45 CFR 164.530(c): reasonable safeguards).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartapp.messages.channels.email import SUBJECT as MAIL_SUBJECT
from smartapp.messages.channels.opt_out_words import with_opt_out
from smartapp.messages.languages import written_in
from smartapp.messages.policy import NOTICE, Verdict, classify
from smartapp.messages.record import PORTAL, Message
from smartapp.services.routed import Practice

_CALL_BACK = {
    "en": "Hello, this is {practice}. Please call us back at {phone}.",
    "es": "Hola, le llamamos de {practice}. Por favor llámenos al {phone}.",
}
_CALL_BACK_PLAIN = {
    "en": "Hello, this is your doctor's office. Please call us back at {phone}.",
    "es": "Hola, le llamamos del consultorio de su médico. Por favor llámenos al {phone}.",
}


_MET = {
    "sms": ("Locked phone", "Anybody who sees the screen"),
    "email": ("Mailbox", "Anybody who reads that mailbox, and whoever carries the mail"),
    "voice": ("Call or answering machine", "Anybody in the house"),
    "letter": ("Letter", "Whoever opens the post"),
}
_ID = {"sms": "lock-screen", "email": "mail", "voice": "voicemail", "letter": "letter"}


@dataclass(frozen=True, slots=True)
class Preview:
    """One place where the message is met: ``title`` is its first line there (empty where it has none).

    ``who`` says who else may see it; ``kept_back`` that the place gets less than the text.
    """

    id: str
    place: str
    who: str
    title: str
    text: str
    kept_back: bool


def previews(message: Message, verdict: Verdict, practice: Practice, *, proxy_reads: bool) -> Sequence[Preview]:
    """Every place, the most public first. ``proxy_reads``: whether it may be sent where a proxy can read it.

    What goes by another channel than the portal is met there alone, as it is.
    """
    language = written_in(message.language)
    if message.channel != PORTAL:
        place, who = _MET[message.channel]
        title = "" if message.channel in ("sms", "voice") else message.subject
        text = with_opt_out(message.text, language) if message.channel == "sms" else message.text
        if message.channel == "email":
            title = MAIL_SUBJECT[language]
        return [Preview(_ID[message.channel], place, who, title, text, kept_back=False)]
    notice = NOTICE[language]
    machine = call_back(practice, language)
    letter = "letter" in verdict.channels
    voice = "voice" in verdict.channels
    return [
        Preview("lock-screen", "Locked phone", "Anybody who sees the screen", "", notice, kept_back=True),
        Preview(
            "voicemail",
            "Answering machine",
            "Anybody in the house",
            "",
            message.text if voice else machine,
            kept_back=not voice,
        ),
        Preview(
            "letter",
            "Letter",
            "Whoever opens the post",
            message.subject if letter else "",
            message.text if letter else notice,
            kept_back=not letter,
        ),
        Preview("portal", "Portal", "The patient, signed in", message.subject, message.text, kept_back=False),
        Preview(
            "proxy",
            "A proxy's portal",
            "A parent, partner or carer with access, if there is one",
            message.subject if proxy_reads else "",
            message.text if proxy_reads else "Nothing: this message may not be sent.",
            kept_back=not proxy_reads,
        ),
    ]


def call_back(practice: Practice, language: str) -> str:
    """What an answering machine may hear: name, number, call back; no name that itself tells of a kind of care."""
    named = _CALL_BACK[language].format(practice=practice.name, phone=practice.phone)
    if classify(named, language=language, names=(practice.name,)).disclosure:
        return _CALL_BACK_PLAIN[language].format(phone=practice.phone)
    return named
