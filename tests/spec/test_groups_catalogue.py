"""Groups: who is in, who is not, and what cannot be told; seen on 30 June 2026."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest
from support import builders as b

from smartapp.criteria.evaluate import Mode, Outcome, compile_rules
from smartapp.criteria.requirements import requirement_keys
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import ICD10_CM, SNOMED_CT, SlotCode
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import end_of_day
from smartapp.groups.catalogue import GROUPS
from smartapp.groups.chronic import CHRONIC
from smartapp.groups.engagement import NOT_A_VISIT, frequency_groups, visits
from smartapp.groups.model import Group, membership
from smartapp.measures import valuesets as vs

AS_OF = end_of_day(date(2026, 6, 30))
RULES = [group.rule for group in GROUPS.values()]


@cache
def _program(shipped: bool = False) -> Any:
    return compile_rules(RULES, ValueSets.load() if shipped else b.made_up_sets())


def outcome(*events: Event, born: str = "1980-01-01", shipped: bool = False, **patient: Any) -> Outcome:
    patient = {"sex": "female", "gender": "female", **patient}
    facts = Facts("p", events, birth_low=b.first(born), birth_high=b.first(patient.pop("or_born", born)), **patient)
    return _program(shipped).run(facts, b.YEAR, AS_OF, mode=Mode.KLEENE)


def groups_of(family: str, *events: Event, **patient: Any) -> set[str]:
    """The groups of a family that the patient is certainly in."""
    found = outcome(*events, **patient)
    return {group.id for group in GROUPS.values() if group.family == family and found.truth(group.rule)}


@pytest.mark.parametrize(
    ("born", "cohort"),
    [
        ("2026-06-30", "pediatric"),
        ("2014-07-01", "pediatric"),
        ("2014-06-30", "adolescent"),
        ("2008-07-01", "adolescent"),
        ("2008-06-30", "adult"),
        ("1961-07-01", "adult"),
        ("1961-06-30", "older-adult"),
        ("1920-01-01", "older-adult"),
    ],
)
def test_everybody_is_in_one_cohort(born: str, cohort: str) -> None:
    assert groups_of("age", born=born) == {cohort}


def test_a_birth_year_that_does_not_decide_leaves_the_cohort_open() -> None:
    found = outcome(born="1961-01-01", or_born="1961-12-31")
    assert found.truth(GROUPS["older-adult"].rule) is None
    assert found.truth(GROUPS["pediatric"].rule) is None
    assert outcome(born="1980-01-01", or_born="1980-01-01").truth(GROUPS["adult"].rule) is True


@pytest.mark.parametrize(
    ("patient", "group"),
    [
        ({"born": "2008-07-01"}, {"girl"}),
        ({"born": "2008-06-30"}, {"woman"}),
        ({"born": "2008-07-01", "sex": "male"}, {"boy"}),
        ({"born": "2008-06-30", "sex": "male"}, {"man"}),
        ({"sex": None, "gender": "male"}, {"man"}),
        ({"sex": "male", "gender": "female"}, {"man"}),
        ({"sex": "something else"}, set()),
        ({"sex": None, "gender": None}, set()),
    ],
)
def test_sex_and_life_stage(patient: dict[str, Any], group: set[str]) -> None:
    assert groups_of("sex and life stage", **patient) == group


CONDITIONS = {f"condition-{id_}": kinds for id_, _, kinds in CHRONIC}


@pytest.mark.parametrize(("group", "kind"), [(group, kind) for group, kinds in CONDITIONS.items() for kind in kinds])
def test_an_active_condition_puts_the_patient_in(group: str, kind: b.Kind) -> None:
    rule = GROUPS[group].rule
    assert outcome(b.problem(kind, "2020-01-01")).truth(rule) is True
    assert outcome(b.condition(kind, "2020-01-01")).truth(rule) is True
    assert outcome(b.problem(kind, "2020-01-01", "2026-06-29")).truth(rule) is False
    assert outcome(b.problem(kind, "2020-01-01", "2026-06-30T08:00")).truth(rule) is True
    assert outcome(b.problem(kind, "2026-06-30T20:00")).truth(rule) is True
    assert outcome(b.problem(kind, "2020-01-01", verification="refuted")).truth(rule) is False
    assert outcome(b.problem(kind, "2020-01-01", clinical="inactive", end=None)).truth(rule) is None
    assert outcome().truth(rule) is False


@pytest.mark.parametrize(
    ("group", "code"),
    [
        ("condition-diabetes", "E11.9"),
        ("condition-hypertension", "I10"),
        ("condition-copd", "J44.9"),
        ("condition-heart-failure", "I50.9"),
        ("condition-chronic-kidney-disease", "N18.30"),
        ("condition-asthma", "J45.40"),
        ("condition-coronary-disease", "I25.10"),
    ],
)
def test_the_shipped_sets_know_the_usual_code(group: str, code: str) -> None:
    codes = (SlotCode("code", ICD10_CM, code),)
    one = Event("c", "Condition", codes, start=b.first("2020-01-01"), end=b.last("for ever"))
    found = outcome(one, shipped=True)
    assert {g for g in CONDITIONS if found.truth(GROUPS[g].rule)} == {group}


def test_a_code_of_a_system_that_is_not_shipped_cannot_be_told() -> None:
    codes = (SlotCode("code", SNOMED_CT, "13645005"),)
    one = Event("c", "Condition", codes, start=b.first("2020-01-01"), end=b.last("for ever"))
    assert outcome(one, shipped=True).truth(GROUPS["condition-copd"].rule) is None
    assert outcome(shipped=True).truth(GROUPS["condition-copd"].rule) is False


def visit(when: str, **more: Any) -> Event:
    return b.encounter(vs.OFFICE_VISIT, when, **more)


@pytest.mark.parametrize(
    ("events", "group"),
    [
        ((), "visits-unknown"),
        ((visit("2025-07-01"),), "visits-moderate"),
        ((visit("2025-06-30T23:59:59.999"),), "visits-moderate"),
        ((visit("2025-06-30T23:59:59.998"),), "visits-dormant"),
        ((visit("2015-01-01"),), "visits-dormant"),
        ((visit("2026-01-01"), visit("2026-02-01")), "visits-moderate"),
        ((visit("2026-01-01"), visit("2026-02-01"), visit("2026-03-01")), "visits-high"),
        ((visit("2026-01-01"), visit("2026-02-01T08:00"), visit("2026-02-01T16:00")), "visits-moderate"),
        ((visit("2026-01-01"), visit("2026-02-01"), visit("2024-03-01")), "visits-moderate"),
        ((visit("2026-01-01", status="planned"),), "visits-unknown"),
        ((visit("2026-01-01", class_=None),), "visits-moderate"),
        *(((visit("2026-01-01", class_=class_),), "visits-unknown") for class_ in NOT_A_VISIT),
    ],
)
def test_everybody_has_one_frequency(events: tuple[Event, ...], group: str) -> None:
    assert groups_of("frequency", *events) == {group}


def test_the_thresholds_are_the_practices() -> None:
    often, some, dormant, _ = frequency_groups(high=2, months=6)
    program = compile_rules([often.rule, some.rule, dormant.rule], b.made_up_sets())

    def told(*events: Event) -> list[Any]:
        found = program.run(Facts("p", events), b.YEAR, AS_OF, mode=Mode.KLEENE)
        return [found.truth(group.rule) for group in (often, some, dormant)]

    assert told(visit("2026-01-05"), visit("2026-02-05")) == [True, False, False]
    assert told(visit("2026-01-05")) == [False, True, False]
    assert told(visit("2025-12-05")) == [False, False, True]
    assert often.meaning == "2 visits or more in the past 6 months."


def test_visits_that_were_not_read_leave_the_frequency_open() -> None:
    leaf: Any = visits
    while hasattr(leaf, "events"):
        leaf = leaf.events
    unread = dict.fromkeys(requirement_keys(leaf), Coverage.REFUSED)
    found = outcome(coverage=unread)
    told = {g.id: found.truth(g.rule) for g in GROUPS.values() if g.family == "frequency"}
    assert told == dict.fromkeys(told, None)
    missing = membership(GROUPS["visits-dormant"], found).missing
    assert missing == tuple(sorted(unread))


def test_membership_says_why() -> None:
    chart = outcome(b.problem(vs.DIABETES, "2020-01-01"))
    diabetes = GROUPS["condition-diabetes"]
    inside = membership(diabetes, chart, chart.events(diabetes.rule))
    assert (inside.member, inside.because) == (True, diabetes.meaning)
    assert len(inside.events) == 1
    outside = membership(GROUPS["condition-copd"], chart)
    assert (outside.member, outside.because) == (False, f"Not: {GROUPS['condition-copd'].meaning}")


@pytest.mark.parametrize("group", GROUPS.values(), ids=lambda group: group.id)
def test_a_group_says_what_it_is_and_where_it_is_asked_for(group: Group) -> None:
    assert group.title
    assert group.meaning.endswith(".")
    assert group.source.startswith("R")
