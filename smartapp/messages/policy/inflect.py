"""Word forms: plurals of terms, and the regular forms of Spanish verbs in the neutral vocabulary."""

from __future__ import annotations

import re

_CLITICS = ("me", "nos", "le", "les", "se", "te")
_OBJECTS = ("lo", "la", "los", "las", "selo", "sela", "noslo", "nosla", "melo", "mela")
DONE_TO_PEOPLE = frozenset(
    [
        "llamar",
        "contactar",
        "atender",
        "ayudar",
        "esperar",
        "invitar",
        "visitar",
        "localizar",
        "acompanar",
        "saludar",
        "felicitar",
        "recibir",
        "conocer",
        "servir",
        "cuidar",
        "acomodar",
        "extranar",
        "escuchar",
        "recordar",
        "avisar",
        "informar",
    ]
)
_DONE_TO_PAPERS = frozenset(
    [
        "confirmar",
        "cancelar",
        "cambiar",
        "completar",
        "llenar",
        "firmar",
        "enviar",
        "leer",
        "abrir",
        "descargar",
        "imprimir",
        "entregar",
        "devolver",
        "mandar",
        "revisar",
        "actualizar",
        "reprogramar",
        "reservar",
        "agendar",
        "adelantar",
        "posponer",
        "reagendar",
        "programar",
        "ignorar",
        "compartir",
        "guardar",
        "anotar",
        "corregir",
        "verificar",
        "contestar",
        "responder",
        "borrar",
        "reenviar",
    ]
)
_DOUBLING = re.compile(r"[^aeiou][aeiou][^aeiouwxy]$")
_HARD = {"c": "qu", "g": "gu", "z": "c"}  # before e: buscar, busque; llegar, llegue; comenzar, comience


def variants(word: str) -> set[str]:
    """The word and its plurals, English and Spanish alike."""
    out = {word, word + "s", word + "es"}
    if word.endswith("y"):
        out.add(word[:-1] + "ies")
    if word.endswith("z"):
        out.add(word[:-1] + "ces")
    return out


def english_forms(verb: str) -> set[str]:
    """A regular verb with -s, -ed and -ing (a last consonant doubled, too: *plan*, *planned*), a noun with -s."""
    if verb.endswith("e"):
        return {verb, verb + "s", verb + "d", verb[:-1] + "ing"}
    if verb.endswith("y") and verb[-2:-1] not in tuple("aeiou"):
        return {verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    plural = verb + ("es" if verb.endswith(("s", "sh", "ch", "x")) else "s")
    forms = {verb, plural, verb + "ed", verb + "ing"}
    if _DOUBLING.search(verb):
        forms |= {verb + verb[-1] + "ed", verb + verb[-1] + "ing"}
    return forms


def spanish_forms(infinitive: str, *, anything_done: bool = False) -> set[str]:
    """Regular forms of a verb, without accents: what a message to tú or usted uses, pronouns attached.

    With ``anything_done`` the pronouns that leave unsaid what is meant are attached to every verb.

    A word that does not end in -ar, -er or -ir stands for itself. Forms of irregular verbs are listed in
    the vocabulary; a form made here that nobody uses does no harm.
    """
    stem, ending = infinitive[:-2], infinitive[-2:]
    if ending not in ("ar", "er", "ir"):
        return {infinitive}
    if ending == "ar":
        soft = stem[:-1] + _HARD.get(stem[-1], stem[-1])
        present = {
            stem + e for e in ("o", "a", "as", "amos", "an", "ado", "ada", "ados", "adas", "aba", "aban", "abamos")
        }
        past = {stem + e for e in ("o", "aron", "aste", "amos")} | {soft + "e"}
        wish = {soft + e for e in ("e", "es", "emos", "en")} | {stem + e for e in ("ara", "aran")}
        command = {stem + "a", soft + "e", soft + "en"}
        gerund = stem + "ando"
    else:
        soft = stem[:-1] + "zc" if stem.endswith(("ec", "oc", "uc")) else stem
        plural = "imos" if ending == "ir" else "emos"
        present = {stem + e for e in ("o", "e", "es", plural, "en", "ido", "ida", "idos", "idas", "ia", "ian", "iamos")}
        past = {stem + e for e in ("i", "io", "ieron", "iste", "imos")}
        wish = {soft + e for e in ("a", "as", "amos", "an", "o")} | {stem + "iera"}
        command = {stem + "e", soft + "a", soft + "an"}
        gerund = stem + "iendo"
    future = {infinitive + e for e in ("e", "a", "as", "emos", "an", "ia", "ian", "iamos")}
    # "Llénelo" is said of a form; of anything else that is taken or done, a pronoun leaves unsaid what it is.
    clitics = _CLITICS + (_OBJECTS if anything_done or infinitive in DONE_TO_PEOPLE | _DONE_TO_PAPERS else ())
    attached = {base + clitic for base in (infinitive, gerund, *command) for clitic in clitics}
    return {infinitive, gerund} | present | past | wish | command | future | attached
