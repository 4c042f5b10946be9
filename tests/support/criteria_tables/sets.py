"""Event sets: unions, joins, the last one, named parts."""

from __future__ import annotations

from support.spec_tables import A1, B1, S1, SET_A, SET_AB, SET_B, SET_LACKING, Case, Table, condition, observation
from support.spec_tables import encounter as visit

from smartapp.criteria.requirements import requirement_key
from smartapp.criteria.words import (
    Always,
    class_,
    conditions,
    define,
    define_set,
    encounter,
    encounters,
    end,
    has,
    number,
    observations,
    other,
    reference,
    start,
    status,
    with_last,
)

_TESTS = observations(SET_A, found_in=("laboratory",))
_OTHERS = observations(SET_B, found_in=("laboratory",))
_TESTS_KEY, _OTHERS_KEY = requirement_key(_TESTS), requirement_key(_OTHERS)
_VISITS = encounters(SET_A)
_VISITS_KEY = requirement_key(_VISITS)
_FINAL = _TESTS.where(status.is_("final"))

UNIONS = (
    Table(
        "union",
        "Each event once; certain if it is certain in one of the sets; open if one of them is.",
        _FINAL | _TESTS.where(has("value", SET_B)) | _OTHERS,
        (
            Case("in two", (observation("a", A1, status="final", value=(B1,)),), "a"),
            Case("certain in one, uncertain in another", (observation("a", A1, value=(B1,)),), "a"),
            Case("uncertain in one, absent in another", (observation("a", A1),), "", "?a"),
            Case("from several", (observation("b", B1), observation("a", A1, status="final")), "a b"),
            Case("one not read", (observation("a", A1, status="final"),), "a", "a …", unread=(_OTHERS_KEY,)),
            Case("none", (), ""),
        ),
    ),
    Table(
        "named set",
        "A name changes nothing.",
        define_set("Tests", "All tests", _TESTS),
        (Case("there", (observation("a", A1),), "a"),),
    ),
    Table(
        "named condition",
        "A name changes nothing.",
        define("Tested", "Has a test", _TESTS.exist()),
        (Case("there", (observation("a", A1),), True), Case("unread", (), False, None, unread=(_TESTS_KEY,))),
    ),
    Table(
        "where on where",
        "Both conditions hold; an uncertain event can still drop out.",
        _FINAL.where(number.more_than(5)),
        (
            Case("both", (observation("a", A1, status="final", number=6.0),), "a"),
            Case("uncertain twice", (observation("a", A1),), "", "?a"),
            Case("uncertain, then false", (observation("a", A1, number=4.0),), ""),
            Case("uncertain, then true", (observation("a", A1, number=6.0),), "", "?a"),
        ),
    ),
    Table(
        "where with a condition of the patient",
        "It holds for all events or none; an open set stays open.",
        _TESTS.where(_OTHERS.exist()),
        (
            Case("true", (observation("a", A1), observation("b", B1)), "a"),
            Case("false", (observation("a", A1),), ""),
            Case("unread", (observation("a", A1),), "", "?a", unread=(_OTHERS_KEY,)),
            Case("false, and the set unread", (), "", "…", unread=(_TESTS_KEY,)),
        ),
    ),
)

_SAME_VISIT = encounter.same_as(other.reference)
_DURING_STAY = (start.on_or_after(other.start), start.on_or_before(other.end))
_STAYS = encounters(SET_AB).where(class_.is_("IMP"))

JOINS = (
    Table(
        "with",
        "Some other event fits.",
        _TESTS.with_(_VISITS, _SAME_VISIT),
        (
            Case("fits", (observation("a", A1, encounter="Encounter/v"), visit("v", A1)), "a"),
            Case("fits another", (observation("a", A1, encounter="Encounter/w"), visit("v", A1)), ""),
            Case("reference missing", (observation("a", A1), visit("v", A1)), "", "?a"),
            Case("no other", (observation("a", A1),), ""),
            Case("others unread", (observation("a", A1),), "", "?a", unread=(_VISITS_KEY,)),
            Case(
                "fits, more unread",
                (observation("a", A1, encounter="Encounter/v"), visit("v", A1)),
                "a",
                unread=(_VISITS_KEY,),
            ),
            Case("no other, set unread", (), "", "…", unread=(_TESTS_KEY,)),
        ),
    ),
    Table(
        "with an uncertain other",
        "What may fit makes the event uncertain.",
        _TESTS.with_(_STAYS, *_DURING_STAY),
        (
            Case(
                "an uncertain stay",
                (observation("a", A1, start="2026-03-02"), visit("v", A1, start="2026-03-01", end="2026-03-03")),
                "",
                "?a",
            ),
            Case(
                "a stay of unknown end",
                (observation("a", A1, start="2026-03-02"), visit("v", A1, class_="IMP", start="2026-03-01")),
                "",
                "?a",
            ),
            Case(
                "an uncertain stay that does not fit",
                (observation("a", A1, start="2026-03-05"), visit("v", A1, start="2026-03-01", end="2026-03-03")),
                "",
            ),
            Case(
                "an uncertain stay and a certain one",
                (
                    observation("a", A1, start="2026-03-02"),
                    visit("v", A1, start="2026-03-01", end="2026-03-03"),
                    visit("w", B1, class_="IMP", start="2026-03-01", end="2026-03-03"),
                ),
                "a",
            ),
        ),
    ),
    Table(
        "without",
        "No other event fits; strictly one that may fit does not.",
        _TESTS.without(_STAYS, *_DURING_STAY),
        (
            Case("none", (observation("a", A1, start="2026-03-02"),), "a"),
            Case(
                "fits",
                (
                    observation("a", A1, start="2026-03-02"),
                    visit("v", A1, class_="IMP", start="2026-03-01", end="2026-03-03"),
                ),
                "",
            ),
            Case(
                "a stay of unknown end",
                (observation("a", A1, start="2026-03-02"), visit("v", A1, class_="IMP", start="2026-03-01")),
                "a",
                "?a",
            ),
            Case(
                "a stay unread",
                (observation("a", A1, start="2026-03-02"),),
                "a",
                "?a",
                unread=(requirement_key(encounters(SET_AB)),),
            ),
            Case("nothing, unread", (), "", "…", unread=(_TESTS_KEY,)),
        ),
    ),
    Table(
        "uncertain with",
        "An uncertain event stays uncertain where another fits.",
        _FINAL.with_(_VISITS, _SAME_VISIT),
        (
            Case("fits", (observation("a", A1, encounter="Encounter/v"), visit("v", A1)), "", "?a"),
            Case("does not fit", (observation("a", A1, encounter="Encounter/w"), visit("v", A1)), ""),
        ),
    ),
    Table(
        "uncertain without",
        "An uncertain event drops where another fits.",
        _FINAL.without(_VISITS, _SAME_VISIT),
        (
            Case("fits", (observation("a", A1, encounter="Encounter/v"), visit("v", A1)), ""),
            Case("does not fit", (observation("a", A1, encounter="Encounter/w"), visit("v", A1)), "", "?a"),
        ),
    ),
    Table(
        "with itself",
        "Nothing keeps an event from fitting itself but the condition.",
        _TESTS.with_(_TESTS, start.on_or_after(other.start.plus(1, "day"))),
        (
            Case("alone", (observation("a", A1, start="2026-03-01"),), ""),
            Case(
                "a day apart",
                (observation("a", A1, start="2026-03-01"), observation("b", A1, start="2026-03-02")),
                "b",
            ),
        ),
    ),
    Table(
        "joins nested",
        "A three-way join is two pairs.",
        _TESTS.with_(_VISITS.with_(conditions(SET_A), start.on_or_after(other.start)), _SAME_VISIT),
        (
            Case(
                "all three",
                (
                    observation("a", A1, encounter="Encounter/v"),
                    visit("v", A1, start="2026-03-02"),
                    condition("c", A1, start="2026-03-01"),
                ),
                "a",
            ),
            Case(
                "the condition came later",
                (
                    observation("a", A1, encounter="Encounter/v"),
                    visit("v", A1, start="2026-03-02"),
                    condition("c", A1, start="2026-03-03"),
                ),
                "",
            ),
        ),
    ),
)


def _test(id_: str, day: str | None, **fields: object) -> object:
    return observation(id_, A1, status=fields.pop("status", "final"), start=day, **fields)


PICKS = (
    Table(
        "last",
        "The latest; of several at the same time the one with the greatest id; an unknown time never wins.",
        _FINAL.last(start),
        (
            Case("latest", (_test("a", "2026-03-02"), _test("b", "2026-03-01")), "a"),
            Case("tie", (_test("a", "2026-03-01"), _test("b", "2026-03-01")), "b"),
            Case("one of unknown time", (_test("a", "2026-03-01"), _test("b", None)), "a", "?a ?b"),
            Case("only one of unknown time", (_test("b", None),), "", "?b"),
            Case("none", (), ""),
            Case(
                "an uncertain one later",
                (_test("a", "2026-03-01"), _test("b", "2026-03-02", status=None)),
                "a",
                "?a ?b",
            ),
            Case("an uncertain one before", (_test("a", "2026-03-02"), _test("b", "2026-03-01", status=None)), "a"),
            Case(
                "an uncertain one at the same time, greater id",
                (_test("a", "2026-03-01"), _test("b", "2026-03-01", status=None)),
                "a",
                "?a ?b",
            ),
            Case(
                "an uncertain one at the same time, lesser id",
                (_test("b", "2026-03-01"), _test("a", "2026-03-01", status=None)),
                "b",
            ),
            Case(
                "an uncertain one of unknown time",
                (_test("a", "2026-03-01"), _test("b", None, status=None)),
                "a",
                "?a ?b",
            ),
            Case(
                "only uncertain ones",
                (_test("a", "2026-03-01", status=None), _test("b", "2026-03-02", status=None)),
                "",
                "?a ?b",
            ),
            Case("unread", (_test("a", "2026-03-01"),), "a", "?a …", unread=(_TESTS_KEY,)),
            Case("nothing but unread", (), "", "…", unread=(_TESTS_KEY,)),
        ),
    ),
    Table(
        "first",
        "The earliest; of several at the same time the one with the greatest id.",
        _FINAL.first(start),
        (
            Case("earliest", (_test("a", "2026-03-02"), _test("b", "2026-03-01")), "b"),
            Case("tie", (_test("a", "2026-03-01"), _test("b", "2026-03-01")), "b"),
            Case(
                "an uncertain one before",
                (_test("a", "2026-03-02"), _test("b", "2026-03-01", status=None)),
                "a",
                "?a ?b",
            ),
            Case("an uncertain one later", (_test("a", "2026-03-01"), _test("b", "2026-03-02", status=None)), "a"),
        ),
    ),
    Table(
        "ids of two kinds",
        "Where the ids are the same too, the greater name of the type.",
        _VISITS.with_((_VISITS | conditions(SET_A)).last(start), reference.same_as(other.reference)),
        (
            Case(
                "same id, same time",
                (visit("a", A1, start="2026-03-01"), condition("a", A1, start="2026-03-01")),
                "a",
            ),
        ),
    ),
    Table(
        "on the last day",
        "All that share the latest day.",
        _FINAL.on_the_last(start.day),
        (
            Case(
                "two that day",
                (_test("a", "2026-03-02T08:00"), _test("b", "2026-03-02T18:00"), _test("c", "2026-03-01")),
                "a b",
            ),
            Case(
                "an uncertain one that day",
                (_test("a", "2026-03-02T08:00"), _test("b", "2026-03-02T18:00", status=None)),
                "a",
                "a ?b",
            ),
            Case(
                "an uncertain one on a later day",
                (_test("a", "2026-03-02"), _test("b", "2026-03-03", status=None)),
                "a",
                "?a ?b",
            ),
            Case(
                "an uncertain one on an earlier day",
                (_test("a", "2026-03-02"), _test("b", "2026-03-01", status=None)),
                "a",
            ),
        ),
    ),
    Table(
        "last by another value",
        "Numbers too.",
        _FINAL.last(number),
        (Case("highest", (_test("a", None, number=2.0), _test("b", None, number=1.0)), "a"),),
    ),
    Table(
        "last of a set that lacks a system",
        "An event that may be a member may be the last.",
        observations(SET_LACKING, found_in=()).last(start),
        (
            Case(
                "later, in the lacking system",
                (observation("a", A1, start="2026-03-01"), observation("b", S1, start="2026-03-02")),
                "a",
                "?a ?b",
            ),
        ),
    ),
)

_AFTER = other.start.on_or_after(start)
_LAST_OK = with_last(_VISITS, _FINAL, on=_AFTER, by=other.start, then=other.number.less_than(9))


def _value(id_: str, day: str | None, number_: float | None, **fields: object) -> object:
    numbers = {} if number_ is None else {"number": number_}
    return observation(id_, A1, status=fields.pop("status", "final"), start=day, **numbers, **fields)


_VISIT = visit("v", A1, start="2026-02-01")

WITH_LAST = (
    Table(
        "with last",
        "The last other event that fits decides.",
        _LAST_OK,
        (
            Case("last passes", (_VISIT, _value("a", "2026-03-01", 10.0), _value("b", "2026-03-02", 8.0)), "v"),
            Case("last does not", (_VISIT, _value("a", "2026-03-01", 8.0), _value("b", "2026-03-02", 10.0)), ""),
            Case("none fits", (_VISIT, _value("a", "2026-01-01", 8.0)), ""),
            Case("no others", (_VISIT,), ""),
            Case("no visit", (_value("a", "2026-03-01", 8.0),), ""),
            Case("tie", (_VISIT, _value("a", "2026-03-01", 10.0), _value("b", "2026-03-01", 8.0)), "v"),
            Case("value unknown", (_VISIT, _value("a", "2026-03-01", None)), "", "?v"),
            Case("time unknown", (_VISIT, _value("a", None, 8.0)), "", "?v"),
            Case("time unknown, does not pass", (_VISIT, _value("a", None, 10.0)), ""),
            Case(
                "an uncertain one later that does not pass",
                (_VISIT, _value("a", "2026-03-01", 8.0), _value("b", "2026-03-02", 10.0, status=None)),
                "v",
                "?v",
            ),
            Case(
                "an uncertain one later, neither passes",
                (_VISIT, _value("a", "2026-03-01", 10.0), _value("b", "2026-03-02", 11.0, status=None)),
                "",
            ),
            Case(
                "an uncertain one before",
                (_VISIT, _value("a", "2026-03-02", 8.0), _value("b", "2026-03-01", 10.0, status=None)),
                "v",
            ),
            Case("others unread", (_VISIT, _value("a", "2026-03-02", 8.0)), "v", "?v", unread=(_TESTS_KEY,)),
            Case(
                "others unread, last does not pass",
                (_VISIT, _value("a", "2026-03-02", 10.0)),
                "",
                "?v",
                unread=(_TESTS_KEY,),
            ),
            Case("visits unread", (), "", "…", unread=(_VISITS_KEY,)),
        ),
    ),
    Table(
        "with last, of uncertain events",
        "An uncertain event stays uncertain.",
        with_last(_VISITS.where(class_.is_("AMB")), _TESTS, on=Always(), by=other.end, then=other.number.less_than(9)),
        (
            Case("passes", (visit("v", A1), observation("a", A1, end="2026-03-01", number=8.0)), "", "?v"),
            Case("does not", (visit("v", A1), observation("a", A1, end="2026-03-01", number=9.0)), ""),
            Case("time unknown", (visit("v", A1), observation("a", A1, number=8.0)), "", "?v"),
        ),
    ),
    Table(
        "with last, by what is far from this event",
        "The key may compare both events.",
        with_last(_VISITS, _TESTS, on=other.start.before(end), by=other.start, then=other.start.after(start)),
        (
            Case(
                "inside",
                (visit("v", A1, start="2026-03-01", end="2026-03-03"), observation("a", A1, start="2026-03-02")),
                "v",
            ),
        ),
    ),
    Table(
        "encounter by reference",
        "An event knows its own reference.",
        _VISITS.where(reference.is_("Encounter/v")),
        (Case("its own", (visit("v", A1), visit("w", A1)), "v"),),
    ),
)

TABLES = (*UNIONS, *JOINS, *PICKS, *WITH_LAST)
