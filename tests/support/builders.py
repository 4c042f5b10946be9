"""Small charts for tables of patients: one call an event, days as ISO text, one made-up code a value set.

A day as a start is its first instant, as an end its last millisecond; with a ``T`` it is that instant (UTC).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from msgspec.structs import replace

from smartapp.criteria.evaluate import Period
from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.valuesets import Expansion, ValueSets, value_sets_in
from smartapp.facts.codes import Code, SlotCode, canonical_system
from smartapp.facts.events import Event, ValueKind
from smartapp.facts.instants import BEGINNING, FOREVER, Instant, end_of_day, instant, is_finite, start_of_day
from smartapp.groups.catalogue import GROUPS
from smartapp.measures import codes
from smartapp.measures.catalogue import MEASURES

MADE_UP = "http://loinc.org"
YEAR = Period(start_of_day(date(2026, 1, 1)), end_of_day(date(2026, 12, 31)))
_ids = count(1)

Kind = ValueSet | DirectCode


def code_of(kind: Kind) -> Code:
    """The one code of a value set in these tests; a direct code is itself."""
    if isinstance(kind, DirectCode):
        return Code(canonical_system(kind.system), kind.code)
    return Code(MADE_UP, f"one of {kind.name}")


def made_up_sets(*rules: Any) -> ValueSets:
    """Every value set that the rules name, with its one code."""
    named = _named_in_the_catalogues() | {one.url: one for one in value_sets_in(rules)}
    return ValueSets({url: Expansion(frozenset({code_of(one)})) for url, one in named.items()})


@cache
def _named_in_the_catalogues() -> dict[str, ValueSet]:
    return {one.url: one for one in value_sets_in((dict(MEASURES), dict(GROUPS)))}


def first(text: str) -> Instant:
    if text in ("for ever", "beginning"):
        return FOREVER if text == "for ever" else BEGINNING
    return _at(text) if "T" in text else start_of_day(date.fromisoformat(text))


def last(text: str) -> Instant:
    return first(text) if "T" in text or " " in text else end_of_day(date.fromisoformat(text))


def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


def event(
    fhir: str, kind: Kind | tuple[Kind, ...], when: str | None = None, until: str | None = None, **more: Any
) -> Event:
    """An event on a day, or from ``when`` to ``until``. ``value``, ``reason``, ``body``, ``category`` … are kinds."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    slots = [SlotCode("code", *code_of(one)) for one in kinds]
    for slot in ("value", "reason", "body", "category", "discharge", "diagnosis", "type", "severity", "label"):
        given = more.pop(slot, ())
        slots += [SlotCode(slot, *code_of(one)) for one in (given if isinstance(given, tuple) else (given,))]
    start = None if when is None else first(when)
    end = None if when is None else last(until or when)
    if "start" in more:
        start = more.pop("start")
    if "end" in more:
        end = more.pop("end")
    if isinstance(more.get("at"), str):
        more["at"] = first(more["at"])
    if "number" in more:
        more.setdefault("value_kind", ValueKind.QUANTITY)
    elif any(slot.slot == "value" for slot in slots):
        more.setdefault("value_kind", ValueKind.CODE)
    latest = end if end is not None and is_finite(end) else start
    more.setdefault("id", f"e{next(_ids)}")
    more.setdefault("latest", latest)
    return Event(kind=fhir, codes=tuple(slots), start=start, end=end, **more)


def encounter(kind: Kind | tuple[Kind, ...], when: str = "2026-06-01", until: str | None = None, **more: Any) -> Event:
    return event("Encounter", kind, when, until, **{"status": "finished", "class_": "AMB", **more})


def condition(kind: Kind, when: str = "2026-06-01", until: str = "for ever", **more: Any) -> Event:
    """A condition, by default active and an encounter's diagnosis."""
    more = {"clinical": "active", "verification": "confirmed", "category": codes.ENCOUNTER_DIAGNOSIS, **more}
    return event("Condition", kind, when, until, **more)


def problem(kind: Kind, when: str = "2026-06-01", until: str = "for ever", **more: Any) -> Event:
    """A condition of the problem list."""
    return condition(kind, when, until, **{"category": codes.PROBLEM_LIST_ITEM, **more})


def observation(kind: Kind, when: str = "2026-06-01", until: str | None = None, **more: Any) -> Event:
    return event("Observation", kind, when, until, **{"status": "final", **more})


def result(kind: Kind, when: str = "2026-06-01", number: float = 1.0, unit: str = "1", **more: Any) -> Event:
    """An observation with a quantity."""
    return observation(kind, when, **{"number": number, "unit": unit, **more})


def procedure(kind: Kind, when: str = "2026-06-01", until: str | None = None, **more: Any) -> Event:
    return event("Procedure", kind, when, until, **{"status": "completed", **more})


def order(fhir: str, kind: Kind, when: str = "2026-06-01", **more: Any) -> Event:
    """A ServiceRequest or DeviceRequest, written at ``when``."""
    return event(fhir, kind, **{"status": "active", "intent": "order", "at": when, **more})


def medicine(
    kind: Kind, when: str | None = "2026-06-01", until: str = "2026-06-30", at: str = "2026-06-01", **more: Any
) -> Event:
    """A MedicationRequest written at ``at``, with a supply from ``when`` to ``until`` (``None``: without a period)."""
    more = {"status": "active", "intent": "order", "at": at, **more}
    return event("MedicationRequest", kind, when, until if when else None, **more)


def with_id(one: Event, id_: str) -> Event:
    return replace(one, id=id_)
