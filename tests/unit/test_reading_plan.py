"""From requirements to the fewest searches, within what was granted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from support.reading_world import Need

from launch.scopes import parse_scopes
from smartapp.criteria.nodes import Anchor, DirectCode, Shift, ValueSet
from smartapp.criteria.valuesets import Expansion, ValueSets
from smartapp.facts.codes import Code
from smartapp.facts.events import Coverage
from smartapp.reading.earliest import earliest
from smartapp.reading.plan import Plan, plan
from smartapp.reading.reader import codes_from
from smartapp.reading.results import worst
from smartapp.reading.server import query_string

LABS = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
EXAM = "http://terminology.hl7.org/CodeSystem/observation-category|exam"
PROBLEMS = "http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item"
DIAGNOSES = "http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis"
JUNE, MAY = date(2026, 6, 1), date(2026, 5, 1)


def planned(*needs: Need, scopes: str = "patient/*.rs") -> Plan:
    granted = parse_scopes(scopes).clinical
    return plan(needs, "p1", granted, since=lambda day: day, codes=lambda codes: codes, page_size=50)


def forms(made: Plan) -> list[list[dict[str, str]]]:
    """The ladder of each search, without what is always there."""
    return [
        [{name: value for name, value in rung if name not in ("patient", "_count")} for rung in one.ladder]
        for one in made.searches
    ]


def test_patient_and_page_size_are_always_sent() -> None:
    made = planned(Need("e", "Encounter"), Need("o", "Observation", ("laboratory",)))
    for search in made.searches:
        for rung in search.ladder:
            assert ("patient", "p1") in rung and ("_count", "50") in rung
    adverse = planned(Need("a", "AdverseEvent")).searches[0].ladder[0]
    assert adverse[0] == ("subject", "p1")


LADDERS: list[tuple[str, list[Need], list[list[dict[str, str]]]]] = [
    ("patient alone", [Need("k", "Immunization")], [[{}]]),
    ("the earliest day", [Need("a", "Encounter", date_from=JUNE), Need("b", "Encounter", date_from=MAY)],
     [[{"date": "ge2026-05-01"}, {}]]),
    ("one without a day reads all", [Need("a", "Encounter", date_from=JUNE), Need("b", "Encounter")], [[{}]]),
    ("no day where servers need not take one", [Need("a", "Immunization", date_from=JUNE)], [[{}]]),
    ("a category each", [Need("k", "Condition", ("problem-list-item", "encounter-diagnosis"))],
     [[{"category": DIAGNOSES}, {}], [{"category": PROBLEMS}, {}]]),
    ("no category is known", [Need("k", "Condition")], [[{}]]),
    ("a category of a type that has none", [Need("k", "Procedure", ("surgery",))], [[{}]]),
    ("results from a day on, a month early", [Need("k", "Observation", ("laboratory",), date_from=JUNE)],
     [[{"category": LABS, "date": "ge2026-05-01"}, {"category": LABS}, {}]]),
    ("results of all times, by code", [Need("k", "Observation", ("laboratory",), (("http://loinc.org", "1"),))],
     [[{"code": "http://loinc.org|1"}, {"category": LABS}]]),
    ("some of all times and some lately",
     [Need("a", "Observation", ("laboratory",), (("http://loinc.org", "1"),)),
      Need("b", "Observation", ("laboratory",), date_from=JUNE)],
     [[{"code": "http://loinc.org|1"}, {"category": LABS}],
      [{"category": LABS, "date": "ge2026-05-01"}, {"category": LABS}, {}]]),
    ("codes that cannot be listed", [Need("k", "Observation", ("laboratory",))], [[{"category": LABS}, {}]]),
    ("too many codes", [Need("k", "Observation", ("exam",), tuple(("s", str(n)) for n in range(121)))],
     [[{"category": EXAM}, {}]]),
    ("codes that would need escapes", [Need("k", "Observation", ("exam",), (("s", "a,b"),))],
     [[{"category": EXAM}, {}]]),
    ("a code in place of a category", [Need("k", "Observation", (), (("s", "1"),))], [[{"code": "s|1"}, {}]]),
    ("neither code nor category", [Need("k", "Observation")], [[{}]]),
]  # fmt: skip


@pytest.mark.parametrize(("says", "needs", "expected"), LADDERS, ids=[row[0] for row in LADDERS])
def test_the_ladder_of_a_search(says: str, needs: list[Need], expected: list[Any]) -> None:
    assert forms(planned(*needs)) == expected


def test_many_codes_are_asked_in_several_searches() -> None:
    made = planned(Need("k", "Observation", ("exam",), tuple(("s", f"{n:03}") for n in range(100))))
    codes = [dict(one.ladder[0])["code"].split(",") for one in made.searches]
    assert [len(some) for some in codes] == [40, 40, 20] and len({c for some in codes for c in some}) == 100


def test_medicines_are_asked_with_every_intent_and_their_codes() -> None:
    (ladder,) = forms(planned(Need("k", "MedicationRequest")))
    assert [sorted(rung) for rung in ladder] == [["_include", "intent"], ["intent"], []]
    assert {"order", "plan", "original-order"} <= set(ladder[0]["intent"].split(","))


def test_equal_needs_share_a_search() -> None:
    made = planned(*(Need(f"k{n}", "Procedure", date_from=JUNE) for n in range(9)))
    assert len(made.searches) == 1 and made.searches[0].keys == {f"k{n}" for n in range(9)}


SCOPES: list[tuple[str, Need, list[str], list[str]]] = [
    # granted, need, what is asked, keys that are refused
    ("patient/Condition.rs", Need("k", "Condition"), ["Condition"], []),
    ("patient/Condition.read", Need("k", "Condition"), ["Condition"], []),
    ("user/*.rs", Need("k", "Condition"), ["Condition"], []),
    ("patient/Condition.r", Need("k", "Condition"), [], ["k"]),
    ("patient/Encounter.rs", Need("k", "Condition"), [], ["k"]),
    ("", Need("k", "Condition"), [], ["k"]),
    (f"patient/Condition.rs?category={PROBLEMS}", Need("k", "Condition", ("problem-list-item",)),
     ["Condition (problem-list-item)"], []),
    (f"patient/Condition.rs?category={PROBLEMS}", Need("k", "Condition", ("problem-list-item", "encounter-diagnosis")),
     ["Condition (problem-list-item)"], ["k"]),
    (f"patient/Condition.rs?category={PROBLEMS}", Need("k", "Condition"), ["Condition (problem-list-item)"], ["k"]),
    (f"patient/Observation.rs?category={LABS}", Need("k", "Observation", ("exam",)), [], ["k"]),
    (f"patient/Observation.rs?category={LABS}&status=final", Need("k", "Observation"), [], ["k"]),
    ("patient/Observation.rs?code=1", Need("k", "Observation"), [], ["k"]),
    (f"patient/Condition.r?category={PROBLEMS}", Need("k", "Condition"), [], ["k"]),
]  # fmt: skip


@pytest.mark.parametrize(("granted", "need", "asked", "refused"), SCOPES)
def test_nothing_is_asked_that_was_not_granted(granted: str, need: Need, asked: list[str], refused: list[str]) -> None:
    made = planned(need, scopes=granted)
    assert [one.what for one in made.searches] == asked
    assert [key for keys in made.not_granted.values() for key in keys] == refused


def test_a_search_is_written_as_a_form() -> None:
    written = query_string("Observation", (("patient", "p1"), ("code", "http://loinc.org|1,s|2"), ("date", "ge2026")))
    assert written == "patient=p1&code=http%3A%2F%2Floinc.org%7C1,s%7C2&date=ge2026"


@pytest.mark.parametrize(
    ("bound", "day"),
    [
        (None, None),
        (Anchor("period-start"), date(2025, 12, 31)),
        (Shift(Anchor("period-start"), -2, "year"), date(2023, 12, 31)),
        (Anchor("as-of"), date(2026, 6, 13)),
        (Shift(Anchor("as-of"), -9000, "year"), None),
    ],
)
def test_the_day_to_read_from_is_a_day_early(bound: Any, day: date | None) -> None:
    assert earliest(bound, datetime(2026, 6, 15, 1, tzinfo=UTC)) == day


def test_at_new_year_the_old_year_is_still_read() -> None:
    assert earliest(Anchor("period-start"), datetime(2026, 1, 1, 3, tzinfo=UTC)) == date(2024, 12, 31)


def test_codes_are_listed_only_where_all_are_known() -> None:
    known = ValueSet("http://x.invalid/known", "known")
    lacking = ValueSet("http://x.invalid/lacking", "lacking")
    unknown = ValueSet("http://x.invalid/unknown", "unknown")
    one = Code("http://loinc.org", "1")
    sets = ValueSets(
        {
            known.url: Expansion(frozenset({one}), source="test"),
            lacking.url: Expansion(
                frozenset({one}), lacks=frozenset({"http://www.ama-assn.org/go/cpt"}), source="test"
            ),
        }
    )
    codes_of = codes_from(sets)
    direct = DirectCode("http://loinc.org", "2", "two")
    assert codes_of((known, direct)) == {one, Code("http://loinc.org", "2")}
    assert codes_of((known, lacking)) is None and codes_of((unknown,)) is None


def test_the_worst_of_several_parts_counts() -> None:
    assert worst() is Coverage.COMPLETE
    assert worst(Coverage.COMPLETE, Coverage.CUT) is Coverage.CUT
    assert worst(Coverage.CUT, Coverage.FAILED) is Coverage.FAILED
    assert worst(Coverage.REFUSED, Coverage.FAILED, Coverage.COMPLETE) is Coverage.REFUSED
