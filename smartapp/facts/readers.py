"""The function that reads a type's resources, written from the type's meaning as Python text.

The table of meanings says for each type which elements there are. A loop over the table would ask so anew for every
resource, at twice the cost of the asking itself; so for each type a function without loops is written once, as the
standard library's dataclasses and named tuples do. Nothing of a resource ever gets into the text, only the names of
the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any

from smartapp.facts.codes import SlotCode
from smartapp.facts.concepts import concepts, known
from smartapp.facts.elements import (
    NotAFact,
    Surroundings,
    add_concepts,
    age_span,
    first_reference,
    moment_span,
    period_span,
    range_span,
    unusable,
    walk,
)
from smartapp.facts.events import Draft, Event, ValueKind
from smartapp.facts.instants import FOREVER
from smartapp.facts.meaning import MEANINGS, Form, Meaning
from smartapp.facts.modifiers import not_performed, read_extensions, read_meta
from smartapp.facts.special import SPECIAL, observed
from smartapp.facts.times import KNOWN
from smartapp.facts.typed import ABSENT, CLASSES, Reference
from smartapp.facts.values import MERCURY, UCUM

Reader = Callable[[Any, Surroundings], Event]
"""Makes the event of a resource of one type, whose ``id`` was looked at before. Raises NotAFact."""

_SPANS = {
    Form.TIME: "known_times.get(value) or moment_span(value, {name!r})",
    Form.PERIOD: "period_span(value, {name!r})",
    Form.AGE: "age_span(value, {name!r}, around.birth)",
    Form.RANGE: "range_span(value, {name!r}, around.birth)",
}

_START = """
def read(one, around):
    negated = False
    if one.modifierExtension is not None or one.implicitRules is not None:
        negated = not_performed(one)
    status = one.status
    if status is not None:
        if status == "entered-in-error":
            raise NotAFact("status is entered-in-error", lost=False)
        negated = negated or status in not_done
    codes = ()
    meta = one.meta
    if meta is not None and (meta.tag is not None or meta.security is not None):
        codes = read_meta(meta)
    display = start = end = at = encounter = focus = None
"""

_CODED = """
    text = one.{name}
    if text is not ABSENT:
        found = known_{slot}.get(bytes(text)) or concepts({slot!r}, text, {name!r})
        codes += found.codes
"""

_NAMED = """
        if display is None:
            display = found.words
"""

_DEEP = """
    if one.{first} is not None:
        codes += deep(one, {slot!r}, {path!r})
"""

_WHEN = """
    {word} (value := one.{name}) is not None:
        try:
            start, end = {span}
        except TypeError:  # a list or an object
            unusable({name!r})
"""

_AT = """
    {word} (value := one.{name}) is not None:
        try:
            at = (known_times.get(value) or moment_span(value, {name!r}))[0]
        except TypeError:
            unusable({name!r})
"""

_REST = """
    if one.extension is not None:
        reasons, not_performed_, recorded = read_extensions(one)
        codes += reasons
        negated = negated or not_performed_
        at = recorded if at is None else at
    value = one.encounter
    if value is not None:
        named = value.reference if type(value) is Reference else first_reference(value, {encounter!r})
        encounter = None if named is None else around.relative(named)
    value = one.focus
    if value is not None:
        named = first_reference(value, {focus!r})
        focus = None if named is None else around.relative(named)
"""

# Most observations are a quantity in UCUM that is no pressure, and nothing else: of those there is nothing to ask.
_OBSERVED = """
    quantity = one.valueQuantity
    if (
        quantity is not None
        and (number := quantity.value) is not None
        and quantity.comparator is None
        and quantity.system == ucum
        and (unit := quantity.code)
        and unit not in mercury
        and one.component is None
        and focus is None
        and (meta is None or meta.profile is None)
        and isfinite(number)
    ):
        value_kind, systolic, diastolic = quantity_kind, None, None
    else:
        codes, value_kind, number, unit, systolic, diastolic = observed(one, codes, focus)
"""

# By position and in the order of the fields: by name it takes three times as long.
_MAKE = """
    {make}(
        one.id, {kind!r}, codes, status, {intent}, negated, None, None, None,
        start, end, {latest}, at,
        {values}, encounter, focus, None, None, display,
    )
"""

_LATEST = "end if end is not None and end < FOREVER else start"

_COMPLETE = """
    special(draft, one, around)
    return draft.seal()
"""


def _text(kind: str, meaning: Meaning) -> Iterator[str]:
    yield _START
    for slot, path in meaning.codes:
        if "." not in path:
            yield _CODED.format(name=path, slot=slot) + (_NAMED if slot == "code" else "")
    for slot, path in meaning.codes:
        if "." in path:
            parts = tuple(path.split("."))
            yield _DEEP.format(first=parts[0], slot=slot, path=parts)
    for number, (name, form) in enumerate(meaning.when):
        yield _WHEN.format(word="elif" if number else "if", name=name, span=_SPANS[form].format(name=name))
    for number, name in enumerate(meaning.at):
        yield _AT.format(word="elif" if number else "if", name=name)
    yield _REST.format(encounter=meaning.encounter, focus=meaning.focus)
    intent, values = "one.intent" if meaning.intent else "None", "no_value, None, None, None, None"
    if kind == "Observation":
        yield _OBSERVED
        values = "value_kind, number, unit, systolic, diastolic"
    # The latest of a draft is worked out when it is sealed.
    make, latest = ("draft = Draft", "None") if kind in SPECIAL else ("return Event", _LATEST)
    yield _MAKE.format(make=make, kind=kind, intent=intent, values=values, latest=latest)
    if kind in SPECIAL:
        yield _COMPLETE


def _deep(resource: Any, slot: str, path: tuple[str, ...]) -> tuple[SlotCode, ...]:
    codes: list[SlotCode] = []
    for concept in walk(resource, path):
        add_concepts(codes, slot, concept, path[-1])
    return tuple(codes)


def _reader(kind: str, meaning: Meaning) -> Reader:
    names: dict[str, Any] = {
        "ABSENT": ABSENT,
        "Draft": Draft,
        "Event": Event,
        "FOREVER": FOREVER,
        "NotAFact": NotAFact,
        "Reference": Reference,
        "age_span": age_span,
        "concepts": concepts,
        "deep": _deep,
        "first_reference": first_reference,
        "isfinite": isfinite,
        "known_times": KNOWN,
        "mercury": MERCURY,
        "moment_span": moment_span,
        "no_value": ValueKind.NONE,
        "not_done": meaning.not_done,
        "not_performed": not_performed,
        "observed": observed,
        "period_span": period_span,
        "quantity_kind": ValueKind.QUANTITY,
        "range_span": range_span,
        "read_extensions": read_extensions,
        "read_meta": read_meta,
        "special": SPECIAL.get(kind),
        "ucum": UCUM,
        "unusable": unusable,
        **{f"known_{slot}": known(slot) for slot, _ in meaning.codes},
    }
    lines = (line for part in _text(kind, meaning) for line in part.splitlines() if line)
    exec(compile("\n".join(lines), f"<reader of {kind}>", "exec"), names)  # noqa: S102  # the text is made above
    made: Reader = names["read"]
    return made


READERS: Mapping[type, Reader] = {CLASSES[kind]: _reader(kind, meaning) for kind, meaning in MEANINGS.items()}
"""How each class of resources that may be events is read."""
