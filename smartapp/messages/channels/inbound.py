"""What a patient's reply asks for. Pure.

A person may revoke consent "in any reasonable manner" (47 CFR 64.1200(a)(10)): the words the rule
names, and what people really write, in English and Spanish. A reply that only mentions one of the
words ("can I cancel my appointment", "I stopped the pills") is a reply, for a person to read.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Request(StrEnum):
    """What a reply is."""

    STOP = "stop"
    HELP = "help"
    START = "start"
    REPLY = "reply"


# 47 CFR 64.1200(a)(10)(i): stop, quit, end, revoke, opt out, cancel, unsubscribe; and their kin.
_STOP_WORDS = """
stop stopall quit end revoke optout cancel unsubscribe unsub remove arret
alto parar pare para paren detener cancelar baja basta termina terminar salir fin
"""
# Words that may stand around one of those without changing what is asked.
_FILLER_WORDS = """
please pls plz just now immediately thanks thank you ok okay hi hello it this that these those all me us everything
already the a and i want to texting texts text txt messages message msgs msg sms messaging sending calling calls
call contacting contact emailing emails email mail reminders reminder notifications alerts from at my number phone
por favor ya gracias todo todos todas los las el la mensajes mensaje textos texto llamadas correos de esto eso
quiero me mi numero ahora hola no mas ustedes enviar mandar
"""
_KEYWORDS = {
    Request.STOP: frozenset(_STOP_WORDS.split()),
    Request.HELP: frozenset({"help", "info", "ayuda", "informacion"}),
    Request.START: frozenset({"start", "unstop", "optin", "alta", "iniciar"}),
}
_SPANISH_WORDS = """
alto parar pare para paren detener cancelar baja basta termina terminar salir fin ayuda informacion alta iniciar
mensajes mensaje llamadas llame correos recordatorio quiero deseo gracias favor numero ustedes dejen enviar mandar
manden envien escriban llamen
"""
_SPANISH = frozenset(_SPANISH_WORDS.split())
_FILLERS = frozenset(_FILLER_WORDS.split())
_WHAT = "(text|message|msg|call|sms|email|reminder|alert|notification)"
_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bopt(ing)?( me)? out\b",
        r"\b(take|remove|get) (me|my (number|name|phone|cell)) (off|from|out of)\b",
        r"\b(do not|dont|never|no longer|not want to be|quit|stop) (ever )?(be )?"
        r"(text|call|contact|message|email|mail|send|write|bother|spam)",
        rf"\b(stop|quit|cease|end) (the|these|those|all|your|sending|with) ?\w* ?{_WHAT}",
        rf"\b(dont|do not|no longer) (want|wish|need)\b.*\b{_WHAT}",
        rf"\bno more {_WHAT}",
        r"\b(leave me alone|lose (my|this) number|wrong (number|person)|unsubscribe|unsubscribing)\b",
        r"\b(revoke|withdraw)\b.*\b(consent|permission)\b",
        r"\b(cease and desist|do not disturb)\b",
        r"\bno (me )?(manden?|mande|envien?|escriban?|llamen?|contacten?|molesten?|texteen?)\b",
        r"\bno (me )?(mandes|envies|llames|escribas|molestes)\b",
        r"\bdejen? de\b.*\b(mandar|enviar|escribir|llamar|molestar|contactar)",
        r"\bno (quiero|deseo)\b.*\b(mensaje|texto|llamada|correo|recordatorio)",
        r"\bno mas (mensaje|texto|llamada|correo|recordatorio)",
        r"\b(dar(me)?|denme|deme|dame) de baja\b",
        r"\b(quiten?me|borren?me|saquen?me|eliminen?me|numero equivocado)\b",
    )
)


def read_reply(text: str) -> Request:
    """What the text asks for; in doubt between stop and anything else, stop only if nothing else is said."""
    words = _words(text)
    joined = " ".join(words)
    if any(phrase.search(joined) for phrase in _PHRASES):
        return Request.STOP
    squeezed = "".join(words)
    for request, keywords in _KEYWORDS.items():
        # "S T O P", "stopstopstop": one word, however it is spread or repeated.
        if any(re.fullmatch(f"(?:{word})+", squeezed) for word in keywords):
            return request
        if any(word in keywords for word in words) and all(word in keywords or word in _FILLERS for word in words):
            return request
    return Request.REPLY


def is_spanish(text: str) -> bool:
    """Whether a reply uses a word that only Spanish has; ``STOP`` alone is of no language."""
    return any(word in _SPANISH for word in _words(text))


def _words(text: str) -> list[str]:
    """Lower-case words without accents, apostrophes, signs or invisible characters."""
    plain = unicodedata.normalize("NFKD", text[:2000]).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    plain = re.sub("['\u2019`\u00b4]", "", plain)
    return re.findall(r"[a-z0-9]+", plain)
