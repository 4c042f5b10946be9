"""What rules read, from when on, what they can do without, and the least access for it."""

from __future__ import annotations

from datetime import date

import pytest

from smartapp.criteria import words as w
from smartapp.criteria.bounds import resolve
from smartapp.criteria.constants import Period
from smartapp.criteria.nodes import DirectCode, EventSet, Node, Value, ValueSet
from smartapp.criteria.requirements import (
    CATEGORIES,
    GRANULAR,
    Requirement,
    coverage_keys,
    requirement_key,
    requirement_keys,
    requirements,
    scopes_for,
)
from smartapp.errors import CriteriaError
from smartapp.facts.instants import day_of, end_of_day, start_of_day

A, B = ValueSet("urn:a", "A"), ValueSet("urn:b", "B")
TESTS = w.observations(A, found_in=("laboratory",))
VISITS = w.encounters(A)
PROBLEMS = w.conditions(A)
YEAR = Period(start_of_day(date(2026, 1, 1)), end_of_day(date(2026, 12, 31)))
TODAY = end_of_day(date(2026, 6, 15))


def only(rule: Node) -> Requirement:
    (found,) = requirements([rule])
    return found


def first_day(rule: Node, kind: str | None = None) -> str | None:
    (found,) = (one for one in requirements([rule]) if kind is None or one.resource_type == kind)
    return None if found.date_from is None else day_of(resolve(found.date_from, YEAR, TODAY)).isoformat()


def test_a_leaf_is_a_requirement_with_a_stable_key() -> None:
    found = only(TESTS.exist())
    assert found.key == requirement_key(TESTS) == "Observation:laboratory:558181ea170c"
    assert (found.resource_type, found.codes, found.categories) == ("Observation", (A,), ("laboratory",))
    assert found.essential
    assert found.date_from is None


def test_keys_do_not_depend_on_order_or_names() -> None:
    one = w.observations(A, DirectCode("s", "c", "Name"), found_in=("survey", "laboratory"))
    same = w.observations(DirectCode("s", "c", "Other name"), A, found_in=("laboratory", "survey"))
    assert requirement_key(one) == requirement_key(same)
    assert len(requirements([one, same])) == 1
    assert len({requirement_key(leaf) for leaf in (one, w.observations(A, B, found_in=()), TESTS)}) == 3


def test_a_leaf_of_several_types_has_a_requirement_for_each() -> None:
    both = w.events(("Encounter", "Procedure"))
    assert requirement_keys(both) == ("Encounter:any:all", "Procedure:any:all")
    assert coverage_keys(both) == ("Encounter:any:all", "Procedure:any:all", "Encounter", "Procedure")
    assert [one.resource_type for one in requirements([both])] == ["Encounter", "Procedure"]
    with pytest.raises(CriteriaError) as caught:
        requirement_key(both)
    assert caught.value.code == "criteria.several-types"


def test_what_only_refines_is_not_essential() -> None:
    hospice = w.refines("hospice", w.define("Hospice", "Hospice care.", TESTS.exist()))
    assert not only(hospice).essential
    assert not only(~hospice & w.Always()).essential
    assert only(~hospice & TESTS.at_least(2)).essential


BOUNDS: dict[str, tuple[EventSet, str | None]] = {
    "none": (TESTS, None),
    "after": (TESTS.where(w.start.after(w.PERIOD.start)), "2026-01-01"),
    "on or after, shifted": (TESTS.where(w.latest.on_or_after(w.PERIOD.end.minus(27, "month"))), "2024-09-30"),
    "the day of": (TESTS.where(w.day_during(w.PERIOD)), "2026-01-01"),
    "by when it was recorded": (w.service_requests(A).where(w.day_contains(w.PERIOD, w.at)), "2026-01-01"),
    "the same day": (TESTS.where(w.start.day.same_as(w.as_of.day)), "2026-06-15"),
    "constant on the left": (TESTS.where(w.PERIOD.start.before(w.start)), "2026-01-01"),
    "from above alone": (TESTS.where(w.start.before(w.PERIOD.end)), None),
    "not the same": (TESTS.where(~w.start.same_as(w.as_of)), None),
    "anchored at birth": (TESTS.where(w.start.on_or_after(w.birth.plus(2, "year"))), None),
    "of a number": (TESTS.where(w.systolic.at_least(140)), None),
    "a shifted time": (TESTS.where(w.start.plus(2, "year").on_or_after(w.as_of)), "2024-06-15"),
    "a time chosen": (TESTS.where(w.If(w.Always(), w.start, w.end).on_or_after(w.as_of)), None),
    "one of the conditions": (TESTS.where(w.status.is_("final"), w.start.after(w.PERIOD.start)), "2026-01-01"),
    "one condition upon another": (
        TESTS.where(w.start.after(w.PERIOD.start)).where(w.status.is_("final")),
        "2026-01-01",
    ),
    "under names": (
        w.define_set("Named", "…", TESTS).where(
            w.define("Recent", "…", w.refines("fine", w.start.after(w.PERIOD.start)))
        ),
        "2026-01-01",
    ),
    "either, both bounded": (
        TESTS.where(w.start.after(w.PERIOD.start) | w.start.after(w.as_of.minus(1, "year"))),
        "2025-06-15",
    ),
    "either, one unbounded": (TESTS.where(w.start.after(w.PERIOD.start) | w.status.is_("final")), None),
    "in a union": ((TESTS | VISITS).where(w.start.after(w.PERIOD.start)), "2026-01-01"),
    "outside of a pick": (TESTS.last(w.start).where(w.start.after(w.PERIOD.start)), None),
    "inside of a pick": (TESTS.where(w.start.after(w.PERIOD.start)).last(w.start), "2026-01-01"),
}


@pytest.mark.parametrize(("rule", "expected"), BOUNDS.values(), ids=BOUNDS)
def test_conditions_bound_what_is_read(rule: EventSet, expected: str | None) -> None:
    assert first_day(rule, max(rule.kinds)) == expected


def test_the_end_of_what_servers_search_by_its_beginning_bounds_nothing() -> None:
    assert first_day(PROBLEMS.where(w.overlaps(w.PERIOD))) is None
    assert first_day(PROBLEMS.where(w.start.after(w.PERIOD.start))) == "2026-01-01"
    assert first_day(VISITS.where(w.overlaps(w.PERIOD))) == "2026-01-01"


def test_the_earliest_of_several_uses_counts() -> None:
    recent, older = (TESTS.where(w.start.after(w.PERIOD.start.minus(n, "year"))) for n in (1, 3))
    assert first_day(recent.exist() & older.exist() & recent.at_least(2)) == "2023-01-01"
    assert first_day(recent.exist() & TESTS.exist()) is None


def test_joins_bound_both_sides() -> None:
    on = w.start.on_or_after(w.PERIOD.start) & w.other.start.on_or_after(w.PERIOD.start.minus(1, "year"))
    for joined in (VISITS.with_(TESTS, on), w.with_last(VISITS, TESTS, on=on, by=w.other.start, then=w.Always())):
        assert first_day(joined, "Encounter") == "2026-01-01"
        assert first_day(joined, "Observation") == "2025-01-01"
    without = VISITS.without(TESTS, on)
    assert first_day(without, "Encounter") is None
    assert first_day(without, "Observation") == "2025-01-01"
    bounded = without.where(w.start.after(w.PERIOD.start.plus(1, "month")))
    assert first_day(bounded, "Encounter") == "2026-02-01"
    assert first_day(TESTS.with_(TESTS, on)) is None


def test_a_bound_on_a_set_does_not_reach_what_its_conditions_ask() -> None:
    rule = VISITS.where(w.start.after(w.PERIOD.start), TESTS.exist())
    assert first_day(rule, "Observation") is None


def words_of(rule: Node, syntax: str = "v2", name: str = "rule") -> list[str]:
    return [one.scope(syntax=syntax) for one in scopes_for({name: requirements([rule])}, syntax)]  # type: ignore[arg-type]


_CATEGORY = "category=http://terminology.hl7.org/CodeSystem"


def test_scopes_are_granular_for_observations_and_conditions() -> None:
    rule = TESTS.exist() & PROBLEMS.exist() & VISITS.exist()
    assert words_of(rule) == [
        f"patient/Condition.rs?{_CATEGORY}/condition-category|encounter-diagnosis",
        f"patient/Condition.rs?{_CATEGORY}/condition-category|problem-list-item",
        "patient/Encounter.rs",
        f"patient/Observation.rs?{_CATEGORY}/observation-category|laboratory",
        "patient/Patient.r",
    ]
    assert words_of(rule, "v2-plain") == [
        "patient/Condition.rs",
        "patient/Encounter.rs",
        "patient/Observation.rs",
        "patient/Patient.r",
    ]
    assert words_of(rule, "v1") == [
        "patient/Condition.read",
        "patient/Encounter.read",
        "patient/Observation.read",
        "patient/Patient.read",
    ]


def test_a_type_that_is_needed_whole_is_asked_for_once() -> None:
    rule = TESTS.exist() & w.observations(B, found_in=()).exist() & w.observations(B, found_in=("survey",)).exist()
    assert words_of(rule) == ["patient/Observation.rs", "patient/Patient.r"]


def test_scopes_name_the_rules_that_need_them() -> None:
    needs = {"one": requirements([TESTS]), "two": requirements([TESTS, VISITS]), "none": ()}
    found = scopes_for(needs)
    assert [(one.resource_type, one.needed_by) for one in found] == [
        ("Encounter", ("two",)),
        ("Observation", ("one", "two")),
        ("Patient", ("none", "one", "two")),
    ]
    assert found[0].scope("system") == "system/Encounter.rs"


def test_says_which_granular_scopes_every_us_core_server_has() -> None:
    rule = w.observations(A, found_in=("imaging", "laboratory")).exist()
    assert [(one.resource_type, one.granular) for one in scopes_for({"rule": requirements([rule])})] == [
        ("Observation", False),
        ("Observation", True),
        ("Patient", True),
    ]
    assert all(name in CATEGORIES[kind] for kind, name in GRANULAR)


def test_a_category_that_there_is_not_is_refused() -> None:
    with pytest.raises(CriteriaError) as caught:
        words_of(w.observations(A, found_in=("bloods",)).exist())
    assert caught.value.code == "criteria.unknown-category"


def test_a_bound_is_a_value_of_the_language() -> None:
    assert isinstance(only(TESTS.where(w.start.after(w.as_of))).date_from, Value)
