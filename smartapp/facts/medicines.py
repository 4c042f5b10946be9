"""How long a medicine was supplied for.

Follows CumulativeMedicationDuration 6.0.000 (QI-Core 2025 content, ``medicationRequestPeriod`` and
``medicationDispensePeriod``) as it executes, not as its commentary describes it:

- A request starts on the day of the dosage's ``boundsPeriod``, else ``authoredOn``, else ``validityPeriod``; a dispense
  on the day of ``whenHandedOver``, else ``whenPrepared``.
- Days are the expected supply, else quantity / (dose * times a day); for a request, times 1 + refills.
- Without them a request ends with its ``boundsPeriod``; without that there is **no period**, neither start nor end.
  Bounds that only begin (:func:`request_since`) are none either.

That library takes exactly one dosage instruction. A request with several lasts from the first of their bounds to the
end of the last that joins on to it, and bounds that are a duration count from ``authoredOn`` (AHAOverall 4.1.000,
``overlapsAfterHeartFailureOutpatientEncounter``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from smartapp.facts.elements import Json, moment_span, number, object_, objects, period_span, text
from smartapp.facts.instants import DAY, FOREVER, Instant, truncate_to_day
from smartapp.facts.typed import Elements

Supply = tuple[Instant | None, Instant | None, float | None]
"""Start and end of the supply, and its days: unknown where only bounds tell the period, for then nobody said how much
was supplied (CMS156 1.0.000, ``medicationRequestPeriodInDays``); all unknown where there is no period."""

_DAYS = {
    "s": 1 / 86_400,
    "min": 1 / 1440,
    "h": 1 / 24,
    "d": 1.0,
    "wk": 7.0,
    "mo": 30.0,  # the library's own assumptions, in ToDaily
    "a": 365.0,
}
_UNIT_WORDS = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "a"}
_MOST_DAYS = 200 * 366.0


class Order(NamedTuple):
    """What a MedicationRequest says of the supply: read once, for several ask for it."""

    dispense: Json
    dosages: list[Any]
    bounds: Json | None
    days: float | None


def order_of(resource: Elements) -> Order:
    """What a MedicationRequest orders: the dispense, the dosages, the only dosage's bounds, and the days in all."""
    dispense = object_(resource, "dispenseRequest") or {}
    dosages = objects(resource, "dosageInstruction")
    dosage = _only(dosages)
    return Order(dispense, dosages, _bounds(dosage), _request_days(dispense, dosage))


def request_supply(resource: Elements, order: Order) -> Supply:
    """The supply that a MedicationRequest orders."""
    dispense, dosages, bounds, days = order
    if days is None and (bounds is None or len(dosages) > 1):
        return _joined(resource, dosages) or (None, None, None)
    start, end = (None, None) if bounds is None else period_span(bounds, "boundsPeriod")
    if start is None and (authored := resource.get("authoredOn")) is not None:
        start = moment_span(authored, "authoredOn")[0]
    if start is None and (validity := dispense.get("validityPeriod")) is not None:
        start = period_span(validity, "validityPeriod")[0]
    supplied = _supplied(start, days)
    if supplied is not None:
        return supplied
    if start is not None and bounds is not None and bounds.get("end") is not None and end is not None:
        first, last = truncate_to_day(start), truncate_to_day(end) + DAY - 1
        if first <= last:
            return first, last, None
    return None, None, None


def request_since(order: Order) -> Instant | None:
    """Since when the bounds of the one dosage hold, where they have no end: it is to be taken for ever
    (AHAOverall 4.1.000; CumulativeMedicationDuration knows no period then)."""
    start, end = (None, None) if order.bounds is None else period_span(order.bounds, "boundsPeriod")
    return start if end == FOREVER else None


def request_amount(order: Order) -> tuple[float | None, str | None]:
    """The amount that a MedicationRequest supplies per day, and the unit of that amount (tablets often have none)."""
    quantity, days = object_(order.dispense, "quantity"), order.days
    amount = None if quantity is None else number(quantity, "value")
    if quantity is None or amount is None or days is None or days <= 0:
        return None, None
    return amount / days, text(quantity, "code") or text(quantity, "unit")


def request_repeats(order: Order) -> float | None:
    """How many refills a MedicationRequest allows."""
    return number(order.dispense, "numberOfRepeatsAllowed")


def _request_days(dispense: Elements, dosage: Json | None) -> float | None:
    days = _days_supplied(dispense, "expectedSupplyDuration", dosage)
    return None if days is None else days * (1 + (number(dispense, "numberOfRepeatsAllowed") or 0))


def _joined(resource: Elements, dosages: list[Any]) -> Supply | None:
    """The first stretch of the bounds of all instructions; those that overlap or meet are one (CQL ``collapse``)."""
    found = sorted(bounds for dosage in dosages if (bounds := _stretch(resource, _repeat(dosage))) is not None)
    if not found:
        return None
    first, last = found[0]
    for start, end in found[1:]:
        if start > last + 1:
            break
        last = max(last, end)
    return first, min(last, FOREVER), None


def _stretch(resource: Elements, repeat: Json) -> tuple[Instant, Instant] | None:
    if (period := repeat.get("boundsPeriod")) is not None:
        start, end = period_span(period, "boundsPeriod")
        return None if start is None or end is None else (start, end)
    length = object_(repeat, "boundsDuration")
    amount = None if length is None else number(length, "value")
    days = None if length is None else _unit_days(length, "code", "unit")
    authored = resource.get("authoredOn")
    if amount is None or days is None or authored is None or not 0 < amount * days < _MOST_DAYS:
        return None
    start = moment_span(authored, "authoredOn")[0]
    return start, start + int(amount * days * DAY) - 1


def dispense_supply(resource: Elements) -> Supply:
    """The supply that a MedicationDispense handed over."""
    days = _days_supplied(resource, "daysSupply", _only(objects(resource, "dosageInstruction")))
    for name in ("whenHandedOver", "whenPrepared"):
        if (value := resource.get(name)) is not None:
            return _supplied(moment_span(value, name)[0], days) or (None, None, None)
    return None, None, None


def _supplied(start: Instant | None, days: float | None) -> Supply | None:
    """Both days inside: ten days from the 1st end with the 10th. A part of a day does not reach the next."""
    if start is None or days is None or not 0 < days < _MOST_DAYS:
        return None
    first = truncate_to_day(start)
    return first, first + max(int(days), 1) * DAY - 1, days


def _days_supplied(supply: Elements, expected: str, dosage: Json | None) -> float | None:
    duration = object_(supply, expected)
    if duration is not None:
        amount, days = number(duration, "value"), _unit_days(duration, "code", "unit")
        return None if amount is None or days is None else amount * days
    quantity = object_(supply, "quantity")
    amount = None if quantity is None else number(quantity, "value")
    if amount is None or dosage is None:
        return None
    used = (_dose(dosage) or 0) * (_times_a_day(dosage) or 0)
    return amount / used if used > 0 else None


def _dose(dosage: Json) -> float | None:
    """The highest amount a time. (Of two rates nobody could say which is meant.)"""
    rate = _only(objects(dosage, "doseAndRate"))
    if rate is None:
        return None
    high = object_(object_(rate, "doseRange") or {}, "high")
    quantity = high or object_(rate, "doseQuantity")
    return None if quantity is None else number(quantity, "value")


def _times_a_day(dosage: Json) -> float | None:
    """From frequency and period, else the number of times of day."""
    repeat = _repeat(dosage)
    often = number(repeat, "frequencyMax")
    often = number(repeat, "frequency") if often is None else often
    period, days = number(repeat, "period"), _unit_days(repeat, "periodUnit")
    if often is not None and period is not None and days is not None:
        return often / (period * days) if period > 0 else None
    times = repeat.get("timeOfDay")
    return float(len(times)) if type(times) is list else None


def _bounds(dosage: Json | None) -> Json | None:
    return None if dosage is None else object_(_repeat(dosage), "boundsPeriod")


def _repeat(dosage: Json) -> Json:
    return object_(object_(dosage, "timing") or {}, "repeat") or {}


def _unit_days(resource: Elements, *names: str) -> float | None:
    """Days in the unit that one of the elements names, as UCUM code or English word."""
    for name in names:
        unit = text(resource, name)
        if unit:
            unit = unit.strip().lower()
            return _DAYS.get(_UNIT_WORDS.get(unit.removesuffix("s") or unit, unit))
    return None


def _only(items: list[Any]) -> Json | None:
    """The one item (CQL ``singleton from``); of several nobody could say which is meant."""
    return items[0] if len(items) == 1 else None
