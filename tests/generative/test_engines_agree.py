"""Generated rules on generated charts: the population's SQL says what the reference evaluator says, in both modes.

A small run with every `make test`; a long one by `make test-deep`. Each example is a rule and a handful of charts, some
of them partly unread, asked with what is known of the data (then the modes share queries) or without.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.random_criteria import charts, partly_read, rules
from support.spec_tables import END_OF_YEAR, VALUE_SETS, YEAR
from support.sql_engine import MODES, answer_all

from smartapp.criteria.evaluate import compile_rules
from smartapp.criteria.nodes import EventSet, Node, Value
from smartapp.facts.events import Facts

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@st.composite
def examples(draw: st.DrawFn) -> tuple[Node, list[Facts], bool]:
    """A rule, its charts, and whether the compiler is told about the data."""
    rule = draw(rules(depth=draw(st.integers(1, 4))))
    found = draw(st.lists(charts(), min_size=1, max_size=5))
    if draw(st.booleans()):
        found = [draw(partly_read(facts, rule)) for facts in found]
    return rule, found, draw(st.booleans())


def differences(rule: Node, found: list[Facts], knowing: bool) -> list[str]:
    """Where the engines differ."""
    answers = answer_all([rule], found, VALUE_SETS, YEAR, END_OF_YEAR, knowing=knowing)
    program = compile_rules([rule], VALUE_SETS)
    differ = []
    for p, facts in enumerate(found):
        for mode in MODES:
            outcome = program.run(facts, YEAR, END_OF_YEAR, mode=mode)
            is_value = isinstance(rule, Value) and not isinstance(rule, EventSet)
            expected = outcome.value(rule) if is_value else outcome.truth(rule)  # type: ignore[arg-type]
            if not _equal(answers[0, p, mode], expected):
                differ.append(f"{mode} chart {p}: SQL {answers[0, p, mode]!r}, reference {expected!r}")
    return differ


def _equal(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, int | float):
        return math.isclose(found, expected, rel_tol=1e-12)
    return found == expected and (found is None) == (expected is None)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=_SLOW)
@given(examples())
def test_sql_and_reference_agree(example: tuple[Node, list[Facts], bool]) -> None:
    assert not differences(*example)


@pytest.mark.deep
@settings(max_examples=6_000, deadline=None, suppress_health_check=_SLOW, report_multiple_bugs=False)
@given(examples())
def test_sql_and_reference_agree_at_length(example: tuple[Node, list[Facts], bool]) -> None:
    assert not differences(*example)
