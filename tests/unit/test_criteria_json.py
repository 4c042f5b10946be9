"""Rules as JSON: what is read back is equal (also in the laws), and what is no rule is refused."""

from __future__ import annotations

from typing import Any

import pytest

from smartapp.criteria import words as w
from smartapp.criteria.json_form import NODES, from_json, to_json
from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.errors import CriteriaError

RULE = w.encounters(ValueSet("urn:a", "A"), DirectCode("s", "c", "C")).where(w.start.before(w.as_of)).at_least(2)
FORM: dict[str, Any] = {
    "node": "AtLeast",
    "events": {
        "node": "Where",
        "events": {
            "node": "Events",
            "types": ["Encounter"],
            "codes": [{"value_set": "urn:a", "name": "A"}, {"system": "s", "code": "c", "name": "C"}],
            "found_in": [],
        },
        "condition": {
            "node": "Compare",
            "op": "<",
            "left": {"node": "Field", "name": "start", "of": "this"},
            "right": {"node": "Anchor", "name": "as-of"},
        },
    },
    "n": 2,
    "per": None,
}


def test_the_form_is_plain() -> None:
    assert to_json(RULE) == FORM
    assert from_json(FORM) == RULE


def test_every_node_has_a_form() -> None:
    assert {"Where", "WithLast", "Refines", "Quantity"} < NODES.keys()
    assert not {"Node", "Value", "Condition", "EventSet"} & NODES.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        "text",
        None,
        {},
        {"node": "Node"},
        {"node": "Always"},
        {"node": "Always", "value": True, "more": 1},
        {"node": "Always", "value": 1},
        {"node": "Literal", "value": True},
        {"node": "Literal", "value": None},
        {"node": "Literal", "value": [1]},
        {"node": "Anchor", "name": "tomorrow"},
        {"node": "Anchor", "name": ["as-of"]},
        {"node": "Not", "part": {"node": "Literal", "value": 1}},
        {"node": "Not", "part": None},
        {"node": "And", "parts": {"node": "Always", "value": True}},
        {"node": "Events", "types": ["Encounter"], "codes": ["a"], "found_in": []},
        {"node": "Events", "types": ["Encounter"], "codes": [{"value_set": "a"}], "found_in": []},
        {"node": "Events", "types": ["Encounter"], "codes": [{"value_set": 1, "name": "x"}], "found_in": []},
        {"node": "Events", "types": ["Encounter"], "codes": "a", "found_in": []},
        {"node": "Events", "types": [1], "codes": None, "found_in": []},
        {"node": "AtLeast", "events": FORM["events"], "n": 1.5, "per": None},
        {"node": "AtLeast", "events": FORM["events"], "n": 1, "per": 1},
    ],
)
def test_what_is_no_rule_is_refused(wrong: object) -> None:
    with pytest.raises(CriteriaError) as caught:
        from_json(wrong)
    assert caught.value.code == "criteria.json"


def test_a_rule_that_is_wrong_is_refused_as_anywhere() -> None:
    wrong = {**FORM["events"], "condition": to_json(w.value_above(9, "%"))}
    with pytest.raises(CriteriaError) as caught:
        from_json(wrong)
    assert caught.value.code == "criteria.field-of-kind"


def test_whole_numbers_stay_numbers() -> None:
    assert from_json({"node": "Literal", "value": 7}) == w.Literal(7)
    assert from_json({"node": "Literal", "value": "7"}) == w.Literal("7")
