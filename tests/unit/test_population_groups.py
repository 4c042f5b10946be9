"""Groups on the population's SQL: who is in, counted and one by one, as the chart engine has it."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from support import builders as b
from support.spec_tables import YEAR

from smartapp.criteria.evaluate import Mode, compile_rules
from smartapp.criteria.nodes import Events
from smartapp.criteria.requirements import requirement_keys
from smartapp.criteria.sql import code_questions
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.tree import walk
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Coverage, Event, Facts
from smartapp.facts.instants import DAY, FOREVER, end_of_day
from smartapp.groups.catalogue import GROUPS
from smartapp.groups.engagement import frequency_groups
from smartapp.groups.model import Group, membership
from smartapp.population.compute import Population
from smartapp.population.ingest import load_charts
from smartapp.population.memberships import Memberships, group_figures, membership_line
from smartapp.population.store import Store

TIMES = Times(YEAR, end_of_day(date(2026, 6, 30)))
ALL = list(GROUPS.values())
RULES = [group.rule for group in ALL]


def _draw(number: int, value_sets: ValueSets) -> Facts:
    """A patient with some of the events that the groups look at; one in three partly unread."""
    chance = random.Random(number)
    born = TIMES.as_of - chance.randrange(95 * 365) * DAY
    events, codes, keys = [], [], []
    for one in code_questions(RULES):
        found = sorted(value_sets.joined(one.codes).codes) if one.codes is not None else []
        if one.about == "leaf" and chance.random() < 0.2:
            for kind in one.types:
                coded = tuple(SlotCode("code", *chance.choice(found)) for _ in found[:1])
                events.append(_event(kind, f"e{len(events)}", coded, chance))
        elif one.about == "patient" and found and chance.random() < 0.5:
            codes.append(SlotCode(one.slot, *chance.choice(found)))
    for leaf in (part for rule in RULES for part in walk(rule) if isinstance(part, Events)):
        keys += [key for key in requirement_keys(leaf) if number % 3 == 0 and chance.random() < 0.1]
    return Facts(
        f"p{number}",
        tuple(events),
        codes=tuple(dict.fromkeys(codes)),
        birth_low=None if number % 10 == 0 else born,
        birth_high=None if number % 10 == 0 else born + (number % 7 == 0) * 200 * DAY,
        sex=chance.choice(("female", "male", None)),
        gender=chance.choice(("female", "male", None)),
        coverage=dict.fromkeys(keys, Coverage.REFUSED),
    )


def _event(kind: str, id_: str, codes: tuple[SlotCode, ...], chance: random.Random) -> Event:
    start = TIMES.as_of - chance.randrange(-60, 900) * DAY
    end = chance.choice((start + 30 * DAY, start + 400 * DAY, FOREVER, None))
    return Event(
        id_,
        kind,
        codes,
        status=chance.choice(("finished", "active", "completed", "booked", "final", "cancelled")),
        verification=chance.choice((None, "confirmed", "refuted")),
        clinical=chance.choice((None, "active", "resolved")),
        class_=chance.choice((None, "AMB", "EMER", "IMP")),
        start=chance.choice((start, start, start, None)),
        end=end,
        latest=start,
        at=start,
    )


@pytest.fixture(scope="module")
def value_sets() -> ValueSets:
    return b.made_up_sets()


def _run(charts: list[Facts], groups: list[Group], value_sets: ValueSets) -> tuple[list[Any], list[Any]]:
    with Store.in_memory() as store:
        load_charts(store, charts)
        Population.of([], groups).compute(store, value_sets, TIMES)
        return list(Memberships(store, groups, value_sets, TIMES).all()), group_figures(store, groups)


def test_both_engines_say_who_is_in_which_group(value_sets: ValueSets) -> None:
    charts = [_draw(number, value_sets) for number in range(150)]
    found, figures = _run(charts, ALL, value_sets)
    program = compile_rules(RULES, value_sets)
    members: dict[str, list[bool | None]] = {group.id: [] for group in ALL}
    for facts, (patient, told) in zip(charts, found, strict=True):
        outcome = program.run(facts, TIMES.period, TIMES.as_of, mode=Mode.KLEENE)
        expected = tuple(membership(group, outcome) for group in ALL)
        assert (patient, told) == (facts.patient_id, expected)
        for one in expected:
            members[one.group.id].append(one.member)
    assert [(one.group, one.members, one.cannot_tell) for one in figures] == [
        (name, truths.count(True), truths.count(None)) for name, truths in members.items()
    ]
    assert sum(one.members > 0 for one in figures) > len(ALL) // 2
    assert sum(one.cannot_tell > 0 for one in figures) > len(ALL) // 2


def test_a_changed_patient_and_another_threshold_are_computed_again(value_sets: ValueSets) -> None:
    visits = [Event(f"v{n}", "Encounter", (), status="finished", start=TIMES.as_of - n * DAY) for n in (10, 20)]
    few, often = list(frequency_groups(high=3)), list(frequency_groups(high=2))
    with Store.in_memory() as store:
        load_charts(store, [Facts("p", tuple(visits))])
        for groups, name in ((few, "visits-moderate"), (few, "visits-moderate"), (often, "visits-high")):
            Population.of([], groups).compute(store, value_sets, TIMES)
            assert [one.group for one in group_figures(store, groups) if one.members] == [name]
        (_, told), *_ = Memberships(store, often, value_sets, TIMES).all()
    line = membership_line("p", told[0])
    assert line == {
        "patient_id": "p",
        "group": "visits-high",
        "member": True,
        "because": often[0].meaning,
        "missing": [],
    }


def test_no_groups_have_no_figures() -> None:
    with Store.in_memory() as store:
        assert group_figures(store, []) == []
