"""Random rules and random charts, for comparing engines and for laws that hold of all rules.

Small domains on purpose: few times, words and codes, so that charts and rules meet, and ties, boundaries and unknown
values are common. Every rule that is drawn is well-formed; charts may be partly unread.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st
from msgspec import structs
from support.spec_tables import A1, A2, B1, C1, CODE_S1, S1, SET_A, SET_AB, SET_B, SET_LACKING, SET_NONE

from smartapp.criteria import nodes as n
from smartapp.criteria.requirements import coverage_keys
from smartapp.criteria.tree import walk
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Coverage, Event, Facts, ValueKind
from smartapp.facts.instants import BEGINNING, DAY, FOREVER, is_finite, start_of_day

KINDS = ("Encounter", "Observation", "Condition", "MedicationRequest")
_START = start_of_day(date(2026, 1, 1))
TIMES = (
    *(_START + days * DAY + extra for days in (-400, -31, 0, 59, 180) for extra in (0, 1, DAY - 1)),
    start_of_day(date(2024, 2, 29)),
    start_of_day(date(2027, 1, 1)) - 1,
    start_of_day(date(2027, 1, 1)),
)
WORDS = ("x", "y", "z")
UNITS = ("%", "%{Hb}", "mg/dL", "mmol/L", None)
REFERENCES = tuple(f"{kind}/{id_}" for kind in ("Encounter", "Condition") for id_ in ("1", "2"))
CODES = (A1, A2, B1, C1, S1)
_WORD_FIELDS = ("status", "encounter", "reference")
_KIND_WORDS = {
    "Encounter": ("class_",),
    "Observation": ("value_kind", "unit"),
    "Condition": ("verification", "clinical"),
    "MedicationRequest": ("intent",),
}
_KIND_NUMBERS = {"Observation": ("number", "systolic", "diastolic"), "MedicationRequest": ("days", "number", "repeats")}
_SLOTS = ("code", "value", "reason")

_numbers = st.sampled_from((None, 0.5, 7.0, 8.5, 9.0, 140.0))
_words = st.none() | st.sampled_from(WORDS)
_codes = st.lists(st.tuples(st.sampled_from(_SLOTS), st.sampled_from(CODES)), max_size=3, unique=True)


@st.composite
def _event(draw: st.DrawFn, kind: str, id_: str) -> Event:
    start = draw(st.none() | st.sampled_from((*TIMES, BEGINNING)))
    end = draw(st.none() | st.sampled_from((*TIMES, FOREVER)))
    made = Event(
        id_,
        kind,
        tuple(SlotCode(slot, *code) for slot, code in draw(_codes)),
        status=draw(_words),
        negated=draw(st.booleans()),
        start=start,
        end=end,
        latest=end if end is not None and is_finite(end) else start,
        at=draw(st.none() | st.sampled_from(TIMES)),
        encounter=draw(st.none() | st.sampled_from(REFERENCES)),
    )
    if kind == "Encounter":
        return structs.replace(made, class_=draw(_words))
    if kind == "Condition":
        return structs.replace(made, verification=draw(_words), clinical=draw(_words))
    if kind == "MedicationRequest":
        return structs.replace(
            made, intent=draw(_words), days=draw(_numbers), number=draw(_numbers), repeats=draw(_numbers)
        )
    number = draw(_numbers)
    return structs.replace(
        made,
        number=number,
        unit=draw(st.sampled_from(UNITS)) if number is not None else None,
        value_kind=ValueKind.QUANTITY if number is not None else draw(st.sampled_from(ValueKind)),
        systolic=draw(_numbers),
        diastolic=draw(_numbers),
    )


@st.composite
def charts(draw: st.DrawFn, *, max_events: int = 7) -> Facts:
    """A patient with a few events, everything read."""
    names = draw(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("123")), max_size=max_events, unique=True))
    low = draw(st.none() | st.sampled_from((start_of_day(date(1960, 2, 29)), start_of_day(date(1961, 1, 1)))))
    high = low if low is None or draw(st.booleans()) else low + 30 * DAY
    return Facts(
        "p",
        tuple(draw(_event(kind, id_)) for kind, id_ in names),
        birth_low=low,
        birth_high=high,
        sex=draw(_words),
        gender=draw(_words),
        deceased=draw(st.none() | st.sampled_from((*TIMES, BEGINNING))),
        codes=tuple(SlotCode("race", *code) for code in draw(st.lists(st.sampled_from(CODES), max_size=2))),
    )


@st.composite
def partly_read(draw: st.DrawFn, facts: Facts, rule: n.Node) -> Facts:
    """The chart with some types not wholly read: some of their events are gone, and their coverage says so."""
    hidden = draw(st.sets(st.sampled_from(KINDS)))
    kept = tuple(event for event in facts.events if event.kind not in hidden or draw(st.booleans()))
    keys = {
        key
        for part in walk(rule)
        if isinstance(part, n.Events)
        for kind, key in zip(part.types, coverage_keys(part), strict=False)
        if kind in hidden
    }
    return replace(facts, events=kept, coverage=dict.fromkeys(sorted(keys), Coverage.CUT))


Kinds = frozenset[str]
_Scope = tuple[tuple[n.Owner, Kinds], ...]


def _carried(table: dict[str, tuple[str, ...]], kinds: Kinds) -> tuple[str, ...]:
    """The fields of a table that every kind has."""
    common = [set(table.get(kind, ())) for kind in kinds]
    return tuple(sorted(set.intersection(*common))) if common else ()


def _constants() -> st.SearchStrategy[n.Value]:
    names = [n.Anchor(name) for name in ("period-start", "period-end", "as-of", "birth")]
    anchors = st.sampled_from([*names, n.PatientField("deceased")])
    units = st.sampled_from(("year", "month", "week", "day", "hour"))
    return anchors | st.builds(n.Shift, anchors, st.integers(-3, 3), units)


@st.composite
def times(draw: st.DrawFn, scope: _Scope, depth: int) -> n.Value:
    """A time: of an event in scope, of the period, or worked out."""
    made: n.Value = draw(_constants())
    if scope and draw(st.integers(0, 3)):
        owner, _ = draw(st.sampled_from(scope))
        made = n.Field(draw(st.sampled_from(("start", "end", "latest", "at"))), owner)
    elif depth > 0 and draw(st.booleans()):
        inner = draw(event_sets(depth - 1))
        made = n.Edge(inner, n.Field(draw(st.sampled_from(("start", "latest")))), draw(st.booleans()))
    how = draw(st.sampled_from(("plain", "plain", "day", "shift")))
    if how == "day":
        return n.DayOf(made)
    return n.Shift(made, draw(st.integers(-2, 2)), draw(st.sampled_from(("month", "day")))) if how == "shift" else made


@st.composite
def numbers(draw: st.DrawFn, scope: _Scope, depth: int, *, choices: bool) -> n.Value:
    """A number: of an event in scope, an age, an edge or a total, or chosen by a condition."""
    fields = [(owner, name) for owner, kinds in scope for name in _carried(_KIND_NUMBERS, kinds)]
    if fields and draw(st.booleans()):
        owner, name = draw(st.sampled_from(fields))
        return n.Field(name, owner)
    if depth > 0 and draw(st.booleans()):
        inner = draw(leaves(("Observation",)))
        if draw(st.booleans()):
            return n.Total(inner, n.Field("systolic"))
        return n.Edge(inner, n.Field("number"), draw(st.booleans()))
    if choices and depth > 0 and draw(st.booleans()):
        condition = draw(conditions(scope, depth - 1, choices=choices))
        return n.If(condition, n.Literal(7.0), draw(numbers(scope, depth - 1, choices=choices)))
    return n.Age(draw(times(scope, 0)))


@st.composite
def _atoms(draw: st.DrawFn, scope: _Scope, depth: int, *, choices: bool) -> n.Condition:
    kind = draw(st.sampled_from(("time", "word", "number", "known", "patient", "set", "event", "event")))
    if kind == "set" and depth > 0:
        inner = draw(event_sets(depth - 1, choices=choices))
        per = draw(st.none() | st.just(n.DayOf(n.Field("start"))) | st.just(n.Field("status")))
        return draw(st.sampled_from((n.Exists(inner), n.AtLeast(inner, draw(st.integers(1, 3)), per))))
    if kind == "patient":
        return draw(
            st.sampled_from(
                (
                    n.OneOf(n.PatientField("sex"), ("x", "y")),
                    n.OneOf(n.PatientField("gender"), ("z",)),
                    n.PatientHas("race", (SET_A,)),
                    n.PatientHas("race", (SET_LACKING,)),
                    n.Always(),
                    n.Always(False),
                )
            )
        )
    order = draw(st.sampled_from(("<", "<=", "=", "!=", ">=", ">")))
    if kind == "number":
        limit = n.Literal(draw(st.sampled_from((0.5, 8.5, 65.0, 140.0))))
        return n.Compare(order, draw(numbers(scope, depth, choices=choices)), limit)
    if not scope or kind in ("time", "known"):
        value = draw(times(scope, depth))
        return n.IsKnown(value) if kind == "known" else n.Compare(order, value, draw(times(scope, 0)))
    owner, kinds = draw(st.sampled_from(scope))
    if kind == "word":
        fields = (*_WORD_FIELDS, *_carried(_KIND_WORDS, kinds))
        field = n.Field(draw(st.sampled_from(fields)), owner)
        if draw(st.integers(0, 3)) == 0:
            other = n.Field("encounter", draw(st.sampled_from(scope))[0])
            return n.Compare(draw(st.sampled_from(("=", "!="))), field, other)
        return n.OneOf(field, tuple(draw(st.sets(st.sampled_from((*WORDS, "quantity", "Encounter/1")), max_size=2))))
    if kinds == {"Observation"} and draw(st.booleans()):
        return n.Quantity(order, draw(st.sampled_from((8.5, 140.0))), draw(st.sampled_from(("%", "mg/dL"))), owner)
    if draw(st.booleans()):
        return n.Flag(n.Field("negated", owner))
    return n.Has(draw(st.sampled_from(_SLOTS)), draw(_code_lists()), owner)


def _code_lists() -> st.SearchStrategy[n.Codes]:
    refs = st.sampled_from((SET_A, SET_B, SET_AB, SET_NONE, SET_LACKING, CODE_S1))
    return st.lists(refs, min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def conditions(draw: st.DrawFn, scope: _Scope = (), depth: int = 3, *, choices: bool = True) -> n.Condition:
    """A condition on the events in scope (none: on the patient). ``choices``: with ``If`` and ``Refines``."""
    if depth <= 0 or draw(st.integers(0, 2)) == 0:
        return draw(_atoms(scope, depth, choices=choices))
    kind = draw(
        st.sampled_from(("and", "or", "not", "define", "refines") if choices else ("and", "or", "not", "define"))
    )
    parts = tuple(draw(conditions(scope, depth - 1, choices=choices)) for _ in range(2 if kind in ("and", "or") else 1))
    if kind == "and":
        return n.And(parts)
    if kind == "or":
        return n.Or(parts)
    if kind == "not":
        return n.Not(parts[0])
    return n.Define("Named", "A sentence.", parts[0]) if kind == "define" else n.Refines("fine", parts[0])


@st.composite
def leaves(draw: st.DrawFn, kinds: tuple[str, ...] | None = None) -> n.Events:
    """A leaf, of one type or two."""
    if kinds is None:
        kinds = tuple(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True)))
    found_in = ("laboratory",) if kinds == ("Observation",) and draw(st.booleans()) else ()
    return n.Events(kinds, draw(st.none() | _code_lists()), found_in)


@st.composite
def event_sets(draw: st.DrawFn, depth: int = 3, *, choices: bool = True) -> n.EventSet:
    """An event set of every sort."""
    if depth <= 0 or draw(st.integers(0, 3)) == 0:
        return draw(leaves())
    made: n.EventSet = draw(event_sets(depth - 1, choices=choices))
    scope: _Scope = (("this", made.kinds),)
    kind = draw(st.sampled_from(("where", "where", "where", "union", "with", "with", "pick", "last", "define")))
    if kind == "where":
        return n.Where(made, draw(conditions(scope, depth - 1, choices=choices)))
    if kind == "union":
        return n.Union((made, draw(event_sets(depth - 1, choices=choices))))
    if kind == "pick":
        newest, ties = draw(st.booleans()), draw(st.sampled_from(("one", "all")))
        return n.Pick(made, draw(times(scope, 0)), newest, ties)
    if kind == "define":
        return n.DefineSet("Named set", "A sentence.", made)
    others: n.EventSet = draw(event_sets(depth - 1, choices=choices))
    both: _Scope = (*scope, ("other", others.kinds))
    on = draw(conditions(both, min(depth - 1, 1), choices=choices))
    if kind == "with":
        return n.With(made, others, on, draw(st.booleans()))
    by = draw(times((("other", others.kinds),), 0))
    return n.WithLast(made, others, on, by, draw(conditions(both, min(depth - 1, 1), choices=choices)))


def rules(*, depth: int = 3, choices: bool = True) -> st.SearchStrategy[n.Node]:
    """A rule of any sort that is about the patient."""
    return (
        conditions((), depth, choices=choices)
        | event_sets(depth, choices=choices)
        | numbers((), depth, choices=choices)
        | times((), depth)
    )
