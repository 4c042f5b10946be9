"""One resource, one event: the table of meanings applied."""

from __future__ import annotations

from typing import Any, NamedTuple

from smartapp.facts.codes import SlotCode
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
    shown,
    text,
    unusable,
    walk,
)
from smartapp.facts.events import Event
from smartapp.facts.instants import Instant
from smartapp.facts.meaning import MEANINGS, Form, Meaning
from smartapp.facts.modifiers import not_performed, read_extensions, read_meta
from smartapp.facts.special import SPECIAL, Special

_NOWHERE = Surroundings()


class _Row(NamedTuple):
    """A type's meaning as it is applied: paths of one element are read without walking."""

    meaning: Meaning
    plain: tuple[tuple[str, str], ...]
    deep: tuple[tuple[str, tuple[str, ...]], ...]
    special: Special | None


def _row(kind: str, meaning: Meaning) -> _Row:
    plain = tuple(pair for pair in meaning.codes if "." not in pair[1])
    deep = tuple((slot, tuple(path.split("."))) for slot, path in meaning.codes if "." in path)
    return _Row(meaning, plain, deep, SPECIAL.get(kind))


_ROWS = {kind: _row(kind, meaning) for kind, meaning in MEANINGS.items()}


def event_from_resource(resource: Json, around: Surroundings = _NOWHERE) -> Event | None:
    """The event that a resource means; ``None`` where it gives none. See :func:`read_event` for why not."""
    try:
        return read_event(resource, around)
    except NotAFact:
        return None


def read_event(resource: Json, around: Surroundings = _NOWHERE) -> Event:
    """The event that a resource means; whose it is, is not looked at.

    Raises NotAFact with the reason: another type, an error or refuted, a modifier that is not understood,
    or an element that cannot be read.
    """
    kind, id_ = resource.get("resourceType"), resource.get("id")
    row = _ROWS.get(kind) if type(kind) is str else None
    if row is None or kind is None:
        raise NotAFact("not a type that criteria read", lost=False)
    if not is_id(id_):
        unusable("id")
    meaning = row.meaning
    draft = Draft(kind, id_)
    codes: list[SlotCode] = []
    if "modifierExtension" in resource or "implicitRules" in resource:
        draft.negated = not_performed(resource)
    _read_status(draft, resource, meaning)
    if "meta" in resource:
        read_meta(codes, resource["meta"])
    _read_codes(draft, codes, resource, row)
    _read_times(draft, resource, meaning, around)
    if "extension" in resource:
        not_done, recorded = read_extensions(codes, resource)
        draft.negated = draft.negated or not_done
        draft.at = recorded if draft.at is None else draft.at
    if meaning.encounter in resource:
        draft.encounter = _relative(resource[meaning.encounter], meaning.encounter, around)
    if meaning.focus in resource:
        draft.focus = _relative(resource[meaning.focus], meaning.focus, around)
    if row.special is not None:
        row.special(draft, codes, resource, around)
    draft.codes = tuple(codes)
    return draft.seal()


def _read_status(draft: Draft, resource: Json, meaning: Meaning) -> None:
    status = text(resource, meaning.status)
    if status is not None:
        if status == "entered-in-error":
            raise NotAFact("status is entered-in-error", lost=False)
        draft.status = status
        draft.negated = draft.negated or status in meaning.not_done
    if meaning.intent:
        draft.intent = text(resource, "intent")


def _read_codes(draft: Draft, codes: list[SlotCode], resource: Json, row: _Row) -> None:
    for slot, name in row.plain:
        value = resource.get(name)
        if value is not None:
            add_concepts(codes, slot, value, name)
            if draft.display is None and slot == "code":
                draft.display = shown(value)
    for slot, path in row.deep:
        if path[0] in resource:
            for concept in walk(resource, path):
                add_concepts(codes, slot, concept, path[-1])


def _read_times(draft: Draft, resource: Json, meaning: Meaning, around: Surroundings) -> None:
    for name, form in meaning.when:
        value = resource.get(name)
        if value is not None:
            draft.start, draft.end = _span(value, name, form, around.birth)
            break
    for name in meaning.at:
        value = resource.get(name)
        if value is not None:
            draft.at = moment_span(value, name)[0]
            break


def _span(value: Any, name: str, form: Form, birth: Instant | None) -> tuple[Instant | None, Instant | None]:
    if form is Form.TIME:
        return moment_span(value, name)
    if form is Form.PERIOD:
        return period_span(value, name)
    return (age_span if form is Form.AGE else range_span)(value, name, birth)


def _relative(value: Any, name: str, around: Surroundings) -> str | None:
    """The reference of an element; the first of several."""
    if type(value) is list:
        value = value[0] if value else None
    if value is None:
        return None
    if type(value) is not dict:
        unusable(name)
    named = text(value, "reference")
    return None if named is None else around.relative(named)
