"""One resource, one event: the table of meanings applied."""

from __future__ import annotations

from typing import Any, cast

from smartapp.facts.codes import SlotCode
from smartapp.facts.concepts import concepts, known
from smartapp.facts.draft import Draft
from smartapp.facts.elements import (
    Json,
    NotAFact,
    Surroundings,
    add_concepts,
    age_span,
    is_id,
    moment_span,
    period_span,
    range_span,
    text,
    typed,
    unusable,
    walk,
)
from smartapp.facts.events import Event
from smartapp.facts.instants import Instant
from smartapp.facts.meaning import MEANINGS, Form, Meaning
from smartapp.facts.modifiers import not_performed, read_extensions, read_meta
from smartapp.facts.special import SPECIAL
from smartapp.facts.typed import ABSENT, Reference, Resource

_NOWHERE = Surroundings()


class _Row:
    """A type's meaning as it is applied."""

    def __init__(self, kind: str, meaning: Meaning) -> None:
        paths = [(slot, tuple(path.split("."))) for slot, path in meaning.codes]
        self.meaning = meaning
        self.coded = tuple((slot, path[0], known(slot)) for slot, path in paths if len(path) == 1)
        self.deep = tuple((slot, path) for slot, path in paths if len(path) > 1)
        self.special = SPECIAL.get(kind)


_ROWS = {kind: _Row(kind, meaning) for kind, meaning in MEANINGS.items()}


def event_from_resource(resource: Json | Resource, around: Surroundings = _NOWHERE) -> Event | None:
    """The event that a resource means; ``None`` where it gives none. See :func:`read_event` for why not."""
    try:
        return read_event(resource, around)
    except NotAFact:
        return None


def read_event(resource: Json | Resource, around: Surroundings = _NOWHERE) -> Event:
    """The event that a resource means; whose it is, is not looked at.

    Raises NotAFact with the reason: another type, an error or refuted, a modifier that is not understood,
    or an element that cannot be read.
    """
    kind: Any = resource.get("resourceType") if type(resource) is dict else cast(Resource, resource).resourceType
    row = _ROWS.get(kind) if type(kind) is str else None
    if row is None:
        raise NotAFact("not a type that criteria read", lost=False)
    one = typed(resource)
    if not is_id(one.id):
        unusable("id")
    draft = Draft(kind, one.id)
    codes: list[SlotCode] = []
    if one.modifierExtension is not None or one.implicitRules is not None:
        draft.negated = not_performed(one)
    _read_status(draft, one, row.meaning)
    if one.meta is not None:
        read_meta(codes, one.meta)
    _read_codes(draft, codes, one, row)
    _read_times(draft, one, row.meaning, around)
    if one.extension is not None:
        not_done, recorded = read_extensions(codes, one)
        draft.negated = draft.negated or not_done
        draft.at = recorded if draft.at is None else draft.at
    if one.encounter is not None:
        draft.encounter = _relative(one.encounter, row.meaning.encounter, around)
    if one.focus is not None:
        draft.focus = _relative(one.focus, row.meaning.focus, around)
    if row.special is not None:
        row.special(draft, codes, one, around)
    draft.codes = tuple(codes)
    return draft.seal()


def _read_status(draft: Draft, resource: Resource, meaning: Meaning) -> None:
    status = resource.status
    if status is not None:
        if status == "entered-in-error":
            raise NotAFact("status is entered-in-error", lost=False)
        draft.status = status
        draft.negated = draft.negated or status in meaning.not_done
    if meaning.intent:
        draft.intent = resource.intent  # type: ignore[attr-defined]  # the classes of types with one have it


def _read_codes(draft: Draft, codes: list[SlotCode], resource: Resource, row: _Row) -> None:
    for slot, name, read_before in row.coded:
        text_ = getattr(resource, name)
        if text_ is not ABSENT:
            found, words = (read_before.get(bytes(text_)) or concepts(slot, text_, name))[:2]
            codes += found
            if draft.display is None and slot == "code":
                draft.display = words
    for slot, path in row.deep:
        if getattr(resource, path[0]) is not None:
            for concept in walk(resource, path):
                add_concepts(codes, slot, concept, path[-1])


def _read_times(draft: Draft, resource: Resource, meaning: Meaning, around: Surroundings) -> None:
    for name, form in meaning.when:
        value = getattr(resource, name)
        if value is not None:
            draft.start, draft.end = (
                moment_span(value, name) if form is _TIME else _span(value, name, form, around.birth)
            )
            break
    for name in meaning.at:
        value = getattr(resource, name)
        if value is not None:
            draft.at = moment_span(value, name)[0]
            break


_TIME = Form.TIME


def _span(value: Any, name: str, form: Form, birth: Instant | None) -> tuple[Instant | None, Instant | None]:
    if form is Form.PERIOD:
        return period_span(value, name)
    return (age_span if form is Form.AGE else range_span)(value, name, birth)


def _relative(value: Any, name: str, around: Surroundings) -> str | None:
    """The reference of an element; the first of several."""
    if type(value) is list:
        value = value[0] if value else None
    if type(value) is Reference:
        named = value.reference
    elif type(value) is dict:
        named = text(value, "reference")
    elif value is None:
        named = None
    else:
        unusable(name)
    return None if named is None else around.relative(named)
