"""Reading the elements of a FHIR resource that a stranger wrote.

Every function checks what it is given. What is of the wrong type makes the whole resource unusable, with the name
of the element as the reason: a half-read resource could turn an absence into a fact. JSON ``null`` counts as absent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeGuard, cast

from smartapp.facts.codes import SlotCode, canonical_system
from smartapp.facts.instants import DAY, FOREVER, Instant, shift
from smartapp.facts.times import KNOWN, Span, span
from smartapp.facts.typed import Elements, Period, Resource, WrongType, from_object

Json = Mapping[str, Any]

LONGEST_ID = 256


class NotAFact(Exception):  # not an error: the resource says so itself, or cannot be used
    """This resource gives no event. ``lost`` is true where it may have been one that could not be read.

    ``reason`` names the element and what is wrong with it, never its content.
    """

    def __init__(self, reason: str, *, lost: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lost = lost


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a resource may refer to: the others of the same patient, by relative reference.

    ``base`` is the FHIR base under which absolute references count as relative; ``names`` maps other addresses
    (a Bundle's ``fullUrl``) to relative references; ``birth`` is the first instant of a full birth date.
    """

    resources: Mapping[str, Json | Resource] = field(default_factory=dict)
    base: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    birth: Instant | None = None

    def relative(self, reference: str) -> str:
        """``Encounter/1`` for any way to name it that is understood; else the reference as it stands."""
        if self.names:
            reference = self.names.get(reference, reference)
        if self.base and reference.startswith(self.base + "/"):
            reference = reference[len(self.base) + 1 :]
        return reference.partition("/_history/")[0] if "/_history/" in reference else reference

    def find(self, resource: Elements, reference: str) -> Json | Resource | None:
        """The resource that is meant: contained in this one, or one of the others. Nothing is fetched."""
        if not reference.startswith("#"):
            return self.resources.get(self.relative(reference))
        for inner in objects(resource, "contained"):
            if inner.get("id") == reference[1:]:
                return cast(Json, inner)
        return None


def typed(resource: Json | Resource) -> Resource:
    """A resource as the object of its type. Raises NotAFact where an element is of the wrong type."""
    if type(resource) is not dict:
        return cast(Resource, resource)
    try:
        return from_object(resource)
    except WrongType as why:
        raise NotAFact(str(why)) from None


def unusable(name: str, why: str = "has the wrong type") -> NoReturn:
    raise NotAFact(f"{name} {why}")


def is_id(value: object) -> TypeGuard[str]:
    """Whether this can be a resource's id. (Longer than FHIR's 64 characters, for published cases are.)"""
    return type(value) is str and 0 < len(value) <= LONGEST_ID


def text(resource: Elements, name: str) -> str | None:
    value = resource.get(name)
    if value is not None and type(value) is not str:
        unusable(name)
    return value


def flag(resource: Elements, name: str) -> bool:
    value = resource.get(name)
    if value is not None and type(value) is not bool:
        unusable(name)
    return value is True


def number(resource: Elements, name: str) -> float | None:
    """A finite number that a double holds."""
    value = resource.get(name)
    if value is None:
        return None
    if type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            unusable(name, "is too large")
    elif type(value) is not float:
        unusable(name)
    if not math.isfinite(value):
        unusable(name, "is not a number")
    return value


def object_(resource: Elements, name: str) -> Json | None:
    value = resource.get(name)
    if value is not None and type(value) is not dict:
        unusable(name)
    return value


def objects(resource: Elements, name: str) -> list[Any]:
    """The objects of a repeating element; none where it is absent."""
    value = resource.get(name)
    if value is None:
        return []
    if type(value) is not list or not all(type(item) is dict for item in value):
        unusable(name)
    return value


def walk(resource: Elements, path: tuple[str, ...]) -> Iterator[Json]:
    """The objects at the end of a path of elements, repeating or not."""
    value = resource.get(path[0])
    if value is None:
        return
    found = value if type(value) is list else [value]
    for item in found:
        if type(item) is not dict:
            unusable(path[0])
        if len(path) == 1:
            yield item
        else:
            yield from walk(item, path[1:])


# --- codes ------------------------------------------------------------------------------------------

_KEPT = 65_536
_codings: dict[tuple[Any, ...], SlotCode] = {}


def add_coding(into: list[SlotCode], slot: str, coding: Any, name: str) -> None:
    """Add a FHIR ``Coding``. One without a code adds nothing; one without a system has the system ``""``."""
    try:
        code = coding.get("code")
        if code is not None:
            # The same few codes come again and again: the memory saves building and checking them.
            key = (slot, coding.get("system"), code)
            into.append(_codings.get(key) or _new_coding(key, name))
    except (AttributeError, TypeError):  # no object; a code that is a list or an object
        unusable(name)


def _new_coding(key: tuple[Any, ...], name: str) -> SlotCode:
    slot, system, code = key
    if type(code) is not str or (system is not None and type(system) is not str):
        unusable(name)
    made = SlotCode(slot, canonical_system(system or ""), code)
    if len(_codings) >= _KEPT:
        _codings.clear()
    _codings[key] = made
    return made


def add_concepts(into: list[SlotCode], slot: str, value: Any, name: str) -> None:
    """Add every coding of a ``CodeableConcept`` or a list of them."""
    for concept in value if type(value) is list else (value,):
        if type(concept) is not dict:
            unusable(name)
        codings = concept.get("coding")
        if codings is not None:
            if type(codings) is not list:
                unusable(name)
            for coding in codings:
                # As add_coding does, without the call: this is the innermost loop of all.
                try:
                    code = coding.get("code")
                    if code is not None:
                        key = (slot, coding.get("system"), code)
                        into.append(_codings.get(key) or _new_coding(key, name))
                except (AttributeError, TypeError):
                    unusable(name)


def shown(concept: Any) -> str | None:
    """What a ``CodeableConcept`` (or the first of a list) is called, for the page."""
    if type(concept) is list:
        concept = concept[0] if concept else None
    if type(concept) is not dict:
        return None
    words = concept.get("text")
    if words is None and type(codings := concept.get("coding")) is list:
        for coding in codings:
            words = coding.get("display") if type(coding) is dict else None
            if words is not None:
                break
    return words if type(words) is str else None


# --- references -------------------------------------------------------------------------------------


def reference(resource: Elements, name: str) -> str | None:
    """The literal reference of an element, as it stands."""
    value = object_(resource, name)
    return None if value is None else text(value, "reference")


def first_reference(value: Any, name: str) -> str | None:
    """The reference of an element that is JSON still, as it stands; the first of several."""
    if type(value) is list:
        value = value[0] if value else None
    if value is None:
        return None
    if type(value) is not dict:
        unusable(name)
    return text(value, "reference")


# --- times ------------------------------------------------------------------------------------------


def moment_span(value: Any, name: str) -> Span:
    """A FHIR date, dateTime or instant; see :func:`smartapp.facts.times.span`."""
    if type(value) is not str:
        unusable(name)
    known = KNOWN.get(value)  # nearly always: a call less for each time of a chart
    if known is not None:
        return known
    try:
        return span(value)
    except ValueError:
        unusable(name, "is not a FHIR time")


def period_span(value: Any, name: str) -> tuple[Instant | None, Instant | None]:
    """A FHIR ``Period``: without end it lasts for ever, without start its start is unknown.

    FHIR R4, Period: "If the end of the period is missing, it means that the period is ongoing"; a missing start is
    "not known". A Period with neither says nothing.
    """
    if type(value) is Period:
        first, last = value.start, value.end
    elif type(value) is dict:
        first, last = value.get("start"), value.get("end")
    else:
        unusable(name)
    start = None if first is None else moment_span(first, f"{name}.start")[0]
    if last is None:
        return start, None if start is None else FOREVER
    end = moment_span(last, f"{name}.end")[1]
    if start is not None and end < start:
        unusable(name, "ends before it starts")
    return start, end


_LONGEST_LIFE = 200 * 366 * DAY
_AGE_UNITS = {"a": "year", "mo": "month", "wk": "week", "d": "day", "h": "hour", "min": "minute"}


def age_span(value: Any, name: str, birth: Instant | None) -> tuple[Instant | None, Instant | None]:
    """A FHIR ``Age``: from the day the patient reached it to the last millisecond before the next unit.

    Unknown without a full birth date, for a fraction of a unit, and for a unit that is no UCUM unit of age.
    (QICoreCommon 4.0.000, ``toInterval``, takes one year whatever the unit; the unit itself is meant here.)
    """
    if type(value) is not dict:
        unusable(name)
    amount, unit = number(value, "value"), _AGE_UNITS.get(text(value, "code") or text(value, "unit") or "")
    if birth is None or amount is None or unit is None or amount != int(amount) or amount < 0:
        return None, None
    start, end = shift(birth, int(amount), unit), shift(birth, int(amount) + 1, unit) - 1
    return (start, end) if end < birth + _LONGEST_LIFE else (None, None)


def range_span(value: Any, name: str, birth: Instant | None) -> tuple[Instant | None, Instant | None]:
    """A FHIR ``Range`` of ages: from reaching the lower one to the end of the upper one."""
    if type(value) is not dict:
        unusable(name)
    low, high = value.get("low"), value.get("high")
    start = None if low is None else age_span(low, f"{name}.low", birth)[0]
    end = None if high is None else age_span(high, f"{name}.high", birth)[1]
    return start, end
