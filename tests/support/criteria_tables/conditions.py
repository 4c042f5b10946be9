"""Conditions: Kleene's logic, words, codes, quantities, counts."""

from __future__ import annotations

from support.spec_tables import (
    A1,
    A2,
    B1,
    C1,
    CODE_S1,
    S1,
    S2,
    SET_A,
    SET_B,
    SET_LACKING,
    SET_NONE,
    Case,
    Table,
    condition,
    observation,
)
from support.spec_tables import encounter as an_encounter
from support.spec_tables import event as any_event

from smartapp.criteria.nodes import AtLeast, Compare, IsKnown
from smartapp.criteria.requirements import requirement_key
from smartapp.criteria.words import (
    Always,
    If,
    Literal,
    as_of,
    class_,
    days,
    encounter,
    encounters,
    end,
    events,
    gender,
    has,
    latest,
    not_done,
    number,
    observations,
    other_has,
    patient_has,
    refines,
    sex,
    start,
    status,
    systolic,
    value_above,
    value_at_least,
    value_at_most,
    value_below,
    value_kind,
    verification,
)
from smartapp.criteria.words import conditions as conditions_of
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import ValueKind

_TESTS = observations(SET_A, found_in=("laboratory",))
_KEY = requirement_key(_TESTS)
_FEMALE, _OLD = sex.is_("female"), gender.is_("male")


def _race(*codes: str) -> tuple[SlotCode, ...]:
    return tuple(SlotCode("race", A1.system, code) for code in codes)


LOGIC = (
    Table(
        "and",
        "False if a part is false, else unknown if a part is unknown.",
        _FEMALE & _OLD,
        (
            Case("both", (), True, patient={"sex": "female", "gender": "male"}),
            Case("one false, one unknown", (), False, patient={"sex": "male"}),
            Case("one true, one unknown", (), None, patient={"sex": "female"}),
            Case("both unknown", (), None),
        ),
    ),
    Table(
        "or",
        "True if a part is true, else unknown if a part is unknown.",
        _FEMALE | _OLD,
        (
            Case("one true, one unknown", (), True, patient={"sex": "female"}),
            Case("one false, one unknown", (), None, patient={"sex": "male"}),
            Case("both false", (), False, patient={"sex": "male", "gender": "female"}),
        ),
    ),
    Table(
        "not",
        "Unknown stays unknown.",
        ~_FEMALE,
        (
            Case("true", (), False, patient={"sex": "female"}),
            Case("false", (), True, patient={"sex": "male"}),
            Case("unknown", (), None),
        ),
    ),
    Table("always", "True for everybody.", Always(), (Case("nothing recorded", (), True),)),
    Table("never", "False for everybody.", Always(False), (Case("nothing recorded", (), False),)),
    Table(
        "if",
        "The otherwise branch also where the condition is unknown.",
        If(_FEMALE, Literal(1), Literal(2)),
        (
            Case("true", (), 1, patient={"sex": "female"}),
            Case("false", (), 2, patient={"sex": "male"}),
            Case("unknown", (), 2),
        ),
    ),
    Table(
        "if by event",
        "A value may be chosen for each event.",
        observations(SET_A, found_in=()).where(
            If(status.is_("final"), number, systolic).at_least(100),
        ),
        (
            Case("by value", (observation("a", A1, status="final", number=100.0),), "a"),
            Case("by pressure", (observation("a", A1, status="amended", number=100.0, systolic=99.0),), ""),
        ),
    ),
)

WORDS = (
    Table(
        "is",
        "A comparison with a missing word is unknown: strictly such an event drops out.",
        encounters(SET_A).where(class_.is_("AMB")),
        (
            Case("same", (an_encounter("a", A1, class_="AMB"),), "a"),
            Case("other", (an_encounter("a", A1, class_="IMP"),), ""),
            Case("missing", (an_encounter("a", A1),), "", "?a"),
        ),
    ),
    Table(
        "is not",
        "Nor is a missing word known to be another one.",
        encounters(SET_A).where(~class_.is_in("VR", "HH")),
        (
            Case("other", (an_encounter("a", A1, class_="AMB"),), "a"),
            Case("same", (an_encounter("a", A1, class_="VR"),), ""),
            Case("missing", (an_encounter("a", A1),), "", "?a"),
        ),
    ),
    Table(
        "is like",
        "Two-valued (CQL ~): a missing word is not like anything.",
        encounters(SET_A).where(~class_.is_like("VR")),
        (
            Case("missing", (an_encounter("a", A1),), "a"),
            Case("same", (an_encounter("a", A1, class_="VR"),), ""),
        ),
    ),
    Table(
        "verification absent or accepted",
        "A rule that accepts an absent status says so.",
        conditions_of(SET_A).where(~verification.is_known | verification.is_in("confirmed", "provisional")),
        (
            Case("absent", (condition("a", A1),), "a"),
            Case("confirmed", (condition("a", A1, verification="confirmed"),), "a"),
            Case("refuted", (condition("a", A1, verification="refuted"),), ""),
        ),
    ),
    Table(
        "negated",
        "What is recorded as not done is told from what was done.",
        events(("Procedure",), SET_A).where(~not_done),
        (
            Case("done", (any_event("a", "Procedure", A1),), "a"),
            Case("not done", (any_event("a", "Procedure", A1, negated=True),), ""),
        ),
    ),
    Table(
        "kind of value",
        "No value is not the same as no quantity.",
        observations(SET_A, found_in=()).where(~value_kind.is_("none")),
        (
            Case("none", (observation("a", A1),), ""),
            Case("a code", (observation("a", A1, value_kind=ValueKind.CODE),), "a"),
        ),
    ),
    Table(
        "known end",
        "For ever counts as known.",
        conditions_of(SET_A).where(end.is_known),
        (
            Case("for ever", (condition("a", A1, end="for ever"),), "a"),
            Case("unknown", (condition("a", A1),), ""),
        ),
    ),
    Table(
        "words that differ",
        "Comparing two words is unknown where one is missing.",
        encounters(SET_A).where(Compare("!=", status, class_)),
        (
            Case("differ", (an_encounter("a", A1, status="x", class_="y"),), "a"),
            Case("same", (an_encounter("a", A1, status="x", class_="x"),), ""),
            Case("one missing", (an_encounter("a", A1, status="x"),), "", "?a"),
            Case("the other missing", (an_encounter("a", A1, class_="x"),), "", "?a"),
        ),
    ),
)

CODES = (
    Table(
        "leaf",
        "Members have one of the codes in slot code, in the same system.",
        _TESTS,
        (
            Case("one of the codes", (observation("a", A2),), "a"),
            Case("several codings, once", (observation("a", B1, A1, A2),), "a"),
            Case("another code", (observation("a", B1),), ""),
            Case("same code, other system", (observation("a", A1._replace(system="urn:other")),), ""),
            Case("another kind", (condition("a", A1),), ""),
            Case("in another slot", (observation("a", B1, value=(A1,)),), ""),
            Case("not read", (), "", "…", unread=(_KEY,)),
            Case("read in part", (observation("a", A1),), "a", "a …", unread=(_KEY,)),
            Case("a resource of the type not understood", (), "", "…", unread=("Observation",)),
            Case("something else not read", (), "", unread=("Observation:any:all",)),
        ),
    ),
    Table(
        "leaf without codes",
        "All events of the types.",
        events(("Encounter", "Condition")),
        (
            Case("any code or none", (an_encounter("a"), condition("b", C1), observation("c", A1)), "a b"),
            Case("one type not read", (an_encounter("a"),), "a", "a …", unread=("Condition:any:all",)),
        ),
    ),
    Table(
        "leaf of a set that lacks a system",
        "An event whose only codes are in a lacking system may be a member.",
        observations(SET_LACKING, found_in=()),
        (
            Case("by a code that is there", (observation("a", A1, S1),), "a"),
            Case("only in the lacking system", (observation("a", S1, S2),), "", "?a"),
            Case("another code of a whole system too", (observation("a", S1, B1),), ""),
            Case("no codes at all", (observation("a"),), ""),
            Case("lacking system in another slot", (observation("a", value=(S1,)),), ""),
            Case("another kind", (condition("a", S1),), ""),
        ),
    ),
    Table(
        "leaf of a set that lacks a system, and a code of that system",
        "A code that a rule names itself is certain.",
        observations(SET_LACKING, SET_B, found_in=()),
        (Case("both", (observation("a", B1), observation("b", S1)), "a", "a ?b"),),
    ),
    Table(
        "leaf of a set that lacks a system, and one code of that same system",
        "An event with that code is certain, though all its codes are in the lacking system.",
        observations(SET_LACKING, CODE_S1, found_in=()),
        (Case("the code, another", (observation("a", S1), observation("b", S2)), "a", "a ?b"),),
    ),
    Table(
        "empty set",
        "A value set that is known to be empty has no members.",
        observations(SET_NONE, found_in=()).exist(),
        (Case("whatever", (observation("a", A1),), False),),
    ),
    Table(
        "has",
        "A code in another slot.",
        observations(SET_A, found_in=()).where(has("value", SET_B)),
        (
            Case("there", (observation("a", A1, value=(C1, B1)),), "a"),
            Case("in the wrong slot", (observation("a", A1, B1, reason=(B1,)),), ""),
            Case("nothing there", (observation("a", A1),), ""),
        ),
    ),
    Table(
        "has, of a set that lacks a system",
        "Unknown only where all codes of the slot are in lacking systems.",
        observations(SET_A, found_in=()).where(has("value", SET_LACKING)),
        (
            Case("there", (observation("a", A1, value=(S1, A1)),), "a"),
            Case("only lacking", (observation("a", A1, value=(S1,)),), "", "?a"),
            Case("a whole system too", (observation("a", A1, value=(S1, B1)),), ""),
            Case("nothing there", (observation("a", A1),), ""),
        ),
    ),
    Table(
        "other has",
        "A code of the other event in a join.",
        encounters(SET_A).with_(observations(SET_A, found_in=()), other_has("value", SET_B)),
        (
            Case("there", (an_encounter("a", A1), observation("o", A1, value=(B1,))), "a"),
            Case("of this one", (an_encounter("a", A1, value=(B1,)), observation("o", A1)), ""),
        ),
    ),
    Table(
        "patient has",
        "Unknown where no race is recorded.",
        patient_has("race", SET_A),
        (
            Case("there", (), True, patient={"codes": _race("c1", "a1")}),
            Case("another", (), False, patient={"codes": _race("c1")}),
            Case("none recorded", (), None),
            Case("only a language", (), None, patient={"codes": (SlotCode("language", *A1),)}),
        ),
    ),
    Table(
        "patient has, of a set that lacks a system",
        "Unknown where all codes recorded are in lacking systems.",
        patient_has("race", SET_LACKING),
        (
            Case("lacking", (), None, patient={"codes": (SlotCode("race", *S1),)}),
            Case("a whole system too", (), False, patient={"codes": (SlotCode("race", *S1), SlotCode("race", *B1))}),
        ),
    ),
)

_PERCENT = observations(SET_A, found_in=()).where(value_above(9, "%"))

QUANTITIES = (
    Table(
        "quantity",
        "Another unit, or a value that is no quantity, is unknown, never false.",
        _PERCENT,
        (
            Case("above", (observation("a", A1, number=9.1, unit="%"),), "a"),
            Case("not above", (observation("a", A1, number=9.0, unit="%"),), ""),
            Case("same unit, written otherwise", (observation("a", A1, number=9.1, unit="%{HemoglobinA1c}"),), "a"),
            Case("other unit", (observation("a", A1, number=78.0, unit="mmol/mol"),), "", "?a"),
            Case("no unit", (observation("a", A1, number=9.1),), "", "?a"),
            Case("no value", (observation("a", A1),), "", "?a"),
            Case("a code", (observation("a", A1, number=9.1, unit="%", value_kind=ValueKind.CODE),), "", "?a"),
        ),
    ),
    *(
        Table(
            f"quantity, {name}",
            "Limits are written as published.",
            observations(SET_A, found_in=()).where(made),
            (
                Case("below", (observation("a", A1, number=139.9, unit="mm[Hg]"),), below),
                Case("at the limit", (observation("a", A1, number=140.0, unit="mm[Hg]"),), at_limit),
                Case("above", (observation("a", A1, number=140.1, unit="mmHg"),), above),
            ),
        )
        for name, made, below, at_limit, above in (
            ("at least", value_at_least(140, "mm[Hg]"), "", "a", "a"),
            ("below", value_below(140, "mm[Hg]"), "a", "", ""),
            ("at most", value_at_most(140, "mm[Hg]"), "a", "a", ""),
        )
    ),
    Table(
        "component",
        "Systolic and diastolic pressure are numbers of their own.",
        observations(SET_A, found_in=()).where(systolic.less_than(140)),
        (
            Case("below", (observation("a", A1, systolic=139.0),), "a"),
            Case("missing", (observation("a", A1, diastolic=80.0),), "", "?a"),
        ),
    ),
)

_COUNT = _TESTS.where(status.is_("final")).at_least(2)
_DAYS = AtLeast(_TESTS.where(status.is_("final")), 2, start.day)

COUNTS = (
    Table(
        "exists",
        "Strictly unknown members count as none; in Kleene's logic they make the answer unknown.",
        _TESTS.where(status.is_("final")).exist(),
        (
            Case("certain", (observation("a", A1, status="final"),), True),
            Case("certain and more unread", (observation("a", A1, status="final"),), True, unread=(_KEY,)),
            Case("uncertain", (observation("a", A1),), False, None),
            Case("none", (), False),
            Case("unread", (), False, None, unread=(_KEY,)),
        ),
    ),
    Table(
        "does not exist",
        "Absence is known only where all was read.",
        ~_TESTS.exist(),
        (
            Case("none", (), True),
            Case("unread", (), True, None, unread=(_KEY,)),
            Case("there", (observation("a", A1),), False, unread=(_KEY,)),
        ),
    ),
    Table(
        "at least",
        "A count has bounds: the certain ones, and the uncertain ones on top.",
        _COUNT,
        (
            Case("two", (observation("a", A1, status="final"), observation("b", A1, status="final")), True),
            Case("one", (observation("a", A1, status="final"),), False),
            Case("one and an uncertain one", (observation("a", A1, status="final"), observation("b", A1)), False, None),
            Case("one uncertain", (observation("a", A1),), False),
            Case("one, more unread", (observation("a", A1, status="final"),), False, None, unread=(_KEY,)),
        ),
    ),
    Table(
        "at least, none needed",
        "At least none is true for everybody.",
        _TESTS.at_least(0),
        (Case("none", (), True),),
    ),
    Table(
        "at least n different days",
        "Different known values are counted; an unknown one may be one more.",
        _DAYS,
        (
            Case(
                "same day",
                (
                    observation("a", A1, status="final", start="2026-03-01T08:00"),
                    observation("b", A1, status="final", start="2026-03-01T20:00"),
                ),
                False,
            ),
            Case(
                "two days",
                (
                    observation("a", A1, status="final", start="2026-03-01T23:59"),
                    observation("b", A1, status="final", start="2026-03-02"),
                ),
                True,
            ),
            Case(
                "a day unknown",
                (observation("a", A1, status="final", start="2026-03-01"), observation("b", A1, status="final")),
                False,
                None,
            ),
            Case(
                "an uncertain event on the same day",
                (observation("a", A1, status="final", start="2026-03-01"), observation("b", A1, start="2026-03-01")),
                False,
            ),
        ),
    ),
    Table(
        "lowest",
        "The lowest known value; unknown for an empty set, and where an uncertain member could be lower.",
        _TESTS.where(status.is_("final")).lowest(systolic),
        (
            Case(
                "two",
                (
                    observation("a", A1, status="final", systolic=140.0),
                    observation("b", A1, status="final", systolic=120.0),
                    observation("c", A1, status="final"),
                ),
                120.0,
            ),
            Case("empty", (), None),
            Case(
                "uncertain",
                (observation("a", A1, status="final", systolic=140.0), observation("b", A1, systolic=120.0)),
                140.0,
                None,
            ),
            Case(
                "uncertain, and higher",
                (observation("a", A1, status="final", systolic=120.0), observation("b", A1, systolic=140.0)),
                120.0,
            ),
            Case(
                "uncertain, and without a value",
                (observation("a", A1, status="final", systolic=120.0), observation("b", A1)),
                120.0,
                None,
            ),
            Case("uncertain alone", (observation("b", A1, systolic=140.0),), None),
            Case("unread", (observation("a", A1, status="final", systolic=140.0),), 140.0, None, unread=(_KEY,)),
        ),
    ),
    Table(
        "highest, known",
        "In Kleene's logic an edge that rests on what was not read is not known to be absent.",
        IsKnown(_TESTS.highest(latest).plus(1, "year")),
        (
            Case("there", (observation("a", A1, start="2026-03-01"),), True, None, unread=(_KEY,)),
            Case("there, all read", (observation("a", A1, start="2026-03-01"),), True),
            Case("none", (), False),
            Case("unread", (), False, None, unread=(_KEY,)),
        ),
    ),
    Table(
        "total",
        "0 for an empty set; unknown where a member's number is.",
        events(("MedicationRequest",), SET_A).total(days),
        (
            Case("none", (), 0),
            Case(
                "two",
                (
                    any_event("a", "MedicationRequest", A1, days=30.0),
                    any_event("b", "MedicationRequest", A1, days=60.0),
                ),
                90.0,
            ),
            Case(
                "one unknown",
                (any_event("a", "MedicationRequest", A1, days=30.0), any_event("b", "MedicationRequest", A1)),
                None,
            ),
            Case("unread", (), 0, None, unread=(requirement_key(events(("MedicationRequest",), SET_A)),)),
        ),
    ),
)

REFINEMENTS = (
    Table(
        "refines",
        "Strictly the part itself; in Kleene's logic an unknown part counts as false.",
        Always() & ~refines("hospice care", _TESTS.exist()),
        (
            Case("there", (observation("a", A1),), False),
            Case("none", (), True),
            Case("unread", (), True, unread=(_KEY,)),
        ),
    ),
    Table(
        "refines, by event",
        "It may stand where events are chosen.",
        _TESTS.where(refines("only final", status.is_("final"))),
        (
            Case("true", (observation("a", A1, status="final"),), "a"),
            Case("unknown", (observation("a", A1),), ""),
        ),
    ),
)

LATER = (
    Table(
        "as of",
        "Events later than the day of evaluation do not count, but appointments do.",
        events(("Observation", "Appointment")),
        (
            Case("on the day", (observation("a", start="2026-12-31T23:59"),), "a"),
            Case("later", (observation("a", start="2027-01-01"),), ""),
            Case("later, recorded before", (observation("a", start="2027-01-01", at="2026-12-01"),), "a"),
            Case("begun before, recorded later", (observation("a", start="2026-12-01", at="2027-01-02"),), "a"),
            Case("recorded later, start unknown", (observation("a", at="2027-01-01"),), ""),
            Case("no time at all", (observation("a"),), "a"),
            Case("an appointment", (any_event("a", "Appointment", start="2027-03-01"),), "a"),
        ),
    ),
    Table(
        "the day of evaluation",
        "as_of is its last instant.",
        observations(SET_A, found_in=()).where(latest.on_or_after(as_of.minus(1, "year").day)),
        (
            Case("a year before, first instant", (observation("a", A1, start="2025-12-31"),), "a"),
            Case("the day before that", (observation("a", A1, start="2025-12-30T23:59"),), ""),
        ),
    ),
    Table(
        "same encounter",
        "References are compared as written.",
        observations(SET_A, found_in=()).where(encounter.is_("Encounter/1")),
        (
            Case("same", (observation("a", A1, encounter="Encounter/1"),), "a"),
            Case("none", (observation("a", A1),), "", "?a"),
        ),
    ),
)

TABLES = (*LOGIC, *WORDS, *CODES, *QUANTITIES, *COUNTS, *REFINEMENTS, *LATER)
