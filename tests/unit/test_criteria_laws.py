"""Laws that hold of all rules and charts: random rules of every node on random charts."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.random_criteria import charts, conditions, event_sets, partly_read, rules
from support.spec_tables import VALUE_SETS, YEAR

from smartapp.criteria.evaluate import Mode, compile_rules
from smartapp.criteria.json_form import from_json, to_json
from smartapp.criteria.nodes import EventSet, Node, Value
from smartapp.criteria.requirements import requirements
from smartapp.facts.events import Facts

_slow = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _known(rule: Node, facts: Facts, mode: Mode) -> object:
    outcome = compile_rules([rule], VALUE_SETS).run(facts, YEAR, YEAR.end, mode=mode)
    return outcome.value(rule) if isinstance(rule, Value) else outcome.truth(rule)  # type: ignore[arg-type]


@_slow
@given(rules())
def test_json_gives_an_equal_rule(rule: Node) -> None:
    assert from_json(json.loads(json.dumps(to_json(rule)))) == rule


@_slow
@given(conditions(choices=False) | event_sets(choices=False), charts())
def test_what_is_known_in_kleenes_logic_is_so_strictly(rule: Node, facts: Facts) -> None:
    known = _known(rule, facts, Mode.KLEENE)
    assert known is None or known is _known(rule, facts, Mode.STRICT)


@_slow
@given(st.data(), conditions(choices=False) | event_sets(choices=False), charts())
def test_what_is_known_of_a_part_is_so_of_the_whole(data: st.DataObject, rule: Node, facts: Facts) -> None:
    partly = data.draw(partly_read(facts, rule))
    known = _known(rule, partly, Mode.KLEENE)
    assert known is None or known is _known(rule, facts, Mode.KLEENE)


@_slow
@given(st.data(), st.lists(rules(), min_size=1, max_size=3), charts())
def test_modes_that_share_their_work_say_what_each_says_alone(
    data: st.DataObject, some: list[Node], facts: Facts
) -> None:
    partly = data.draw(partly_read(facts, some[0]) | st.just(facts))
    program = compile_rules(some, VALUE_SETS)
    strict, kleene = program.run_both(partly, YEAR, YEAR.end)
    for rule in data.draw(st.permutations(some)):
        for shared in data.draw(st.permutations([strict, kleene])):
            alone = compile_rules([rule], VALUE_SETS).run(partly, YEAR, YEAR.end, mode=shared.mode)
            ask = "value" if isinstance(rule, Value) else "truth"
            assert getattr(shared, ask)(rule) == getattr(alone, ask)(rule)
            assert shared.events(rule) == alone.events(rule)


@_slow
@given(st.data(), rules(), charts())
def test_an_unknown_answer_of_a_partly_read_chart_says_what_is_missing(
    data: st.DataObject, rule: Node, facts: Facts
) -> None:
    partly = data.draw(partly_read(facts, rule))
    outcome = compile_rules([rule], VALUE_SETS).run(partly, YEAR, YEAR.end, mode=Mode.KLEENE)
    missing = outcome.missing(rule)
    assert set(missing) <= set(partly.coverage)
    if isinstance(rule, EventSet) and outcome.members(rule).open:
        assert missing
    assert {key for key in missing if ":" in key} <= {one.key for one in requirements([rule])}


@_slow
@given(rules(), charts())
def test_every_part_about_the_patient_can_be_asked(rule: Node, facts: Facts) -> None:
    for mode in Mode:
        outcome = compile_rules([rule], VALUE_SETS).run(facts, YEAR, YEAR.end, mode=mode)
        outcome.events(rule)
        assert all(step.truth in (True, False, None) for step in outcome.explain(rule))
        assert not outcome.caveats(rule) or mode is Mode.KLEENE
