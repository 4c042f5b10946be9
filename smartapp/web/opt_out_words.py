"""The page behind a message's link to be left alone, in the languages of the messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartapp.messages.languages import written_in
from smartapp.services.routed import Practice


@dataclass(frozen=True, slots=True)
class OptOutWords:
    """``lang`` is the page's language. ``title`` and ``text`` ask, ``button`` answers, ``done`` says what follows."""

    lang: str
    title: str
    text: str
    button: str
    done_title: str
    done: str
    again: str


_WORDS: Mapping[str, OptOutWords] = {
    "en": OptOutWords(
        "en",
        "Stop messages from {practice}?",
        "We will send you no more automatic messages by any way. You can still call, come and use the patient portal.",
        "Stop messages",
        "Done",
        "You will get no more automatic messages from {practice}. Nothing else changes in your care.",
        "If you change your mind, tell us{call}.",
    ),
    "es": OptOutWords(
        "es",
        "¿Dejar de recibir mensajes de {practice}?",
        "No le enviaremos más mensajes automáticos por ningún medio. Puede seguir llamando, viniendo y usando el "
        "portal del paciente.",
        "Dejar de recibir mensajes",
        "Listo",
        "No recibirá más mensajes automáticos de {practice}. Nada más cambia en su atención.",
        "Si cambia de opinión, díganoslo{call}.",
    ),
}


def opt_out_words(language: str, practice: Practice) -> OptOutWords:
    """The words for a message's language, English where there are none."""
    words = _WORDS[written_in(language)]
    call = f": {practice.phone}" if practice.phone else ""
    return OptOutWords(
        words.lang,
        words.title.format(practice=practice.name),
        words.text,
        words.button,
        words.done_title,
        words.done.format(practice=practice.name),
        words.again.format(call=call),
    )
