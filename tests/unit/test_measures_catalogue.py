"""What every measure of the catalogue must have, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from smartapp.criteria.evaluate import compile_rules
from smartapp.criteria.json_form import from_json, to_json
from smartapp.criteria.nodes import Define, DefineSet, EventSet, Node
from smartapp.criteria.valuesets import ValueSets
from smartapp.measures import codes, valuesets
from smartapp.measures.answers import questions
from smartapp.measures.catalogue import MEASURES
from smartapp.measures.model import Hit, Measure
from smartapp.measures.shared.pending import on_its_way

SHIPPED = ValueSets.load()
each_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES.keys())


def nodes(part: Any) -> Iterator[Node]:
    if isinstance(part, Node):
        yield part
        for field in fields(part):  # type: ignore[arg-type]
            yield from nodes(getattr(part, field.name))
    elif isinstance(part, tuple):
        for one in part:
            yield from nodes(one)


@each_measure
def test_it_compiles_with_the_shipped_value_sets(measure: Measure) -> None:
    assert compile_rules(questions(measure), SHIPPED).plan.nodes


@each_measure
def test_it_says_where_it_is_published(measure: Measure) -> None:
    for source in (measure.source, measure.clinical.source):
        assert source.title
        assert source.steward
        assert source.url.startswith("https://")
    assert measure.title
    assert measure.clinical.plain_title
    if measure.rates:
        assert measure.source.terms
        assert measure.canonical.startswith("https://madie.cms.gov/Measure/")


@each_measure
def test_its_groups_are_numbered_as_published(measure: Measure) -> None:
    assert [rate.id for rate in measure.rates] == [f"Group_{n}" for n in range(1, len(measure.rates) + 1)]


@each_measure
def test_a_name_means_one_thing_in_a_measure(measure: Measure) -> None:
    meant: dict[str, set[Node]] = {}
    for node in nodes(tuple(questions(measure))):
        if isinstance(node, Define | DefineSet):
            assert node.name
            assert node.sentence.endswith("."), node.name
            meant.setdefault(node.name, set()).add(node)
    # The report and the chart ask some shared definitions of two windows of time.
    assert {name for name, ones in meant.items() if len(ones) > 2} == set()


@each_measure
def test_rates_by_encounter_are_made_of_encounters(measure: Measure) -> None:
    for rate in measure.rates:
        parts = [rate.initial_population, rate.denominator, rate.numerator]
        parts += [r.part for r in (*rate.exclusions, *rate.exceptions, *rate.numerator_exclusions)]
        assert {isinstance(part, EventSet) for part in parts} == {rate.basis == "encounter"}


@each_measure
def test_its_rules_survive_as_json(measure: Measure) -> None:
    for node in questions(measure):
        assert from_json(to_json(node)) == node


def test_only_the_glycemic_measure_counts_gaps() -> None:
    assert {m.id for m in MEASURES.values() if m.numerator_means is Hit.GAP} <= {"CMS122", "CMS156"}


def test_no_url_or_code_is_named_twice() -> None:
    sets = [one for one in vars(valuesets).values() if isinstance(one, valuesets.ValueSet)]
    assert len({one.url for one in sets}) == len(sets)
    singles = [one for one in vars(codes).values() if isinstance(one, codes.DirectCode)]
    assert len({(one.system, one.code) for one in singles}) == len(singles)


@each_measure
def test_what_is_on_its_way_never_closes_the_gap(measure: Measure) -> None:
    pending = measure.clinical.on_its_way
    if pending is None:
        return
    closing = {node for closed in measure.clinical.closed_by for node in nodes(closed.events)}
    assert pending not in closing
    assert pending.kinds <= on_its_way(codes.BLOOD_PRESSURE).kinds | {"MedicationRequest", "Task"}
