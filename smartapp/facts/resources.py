"""One resource, one event: the table of meanings applied."""

from __future__ import annotations

from smartapp.facts.elements import Json, NotAFact, Surroundings, is_id, typed, unusable
from smartapp.facts.events import Event
from smartapp.facts.meaning import MEANINGS
from smartapp.facts.readers import READERS
from smartapp.facts.typed import Resource

_NOWHERE = Surroundings()


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
    reader = READERS.get(type(resource))
    if reader is None:
        kind = resource.get("resourceType") if type(resource) is dict else None
        if type(kind) is not str or kind not in MEANINGS:
            raise NotAFact("not a type that criteria read", lost=False)
        resource = typed(resource)
        reader = READERS[type(resource)]
    if not is_id(resource.id):  # type: ignore[union-attr]  # it is typed by now
        unusable("id")
    return reader(resource, around)
