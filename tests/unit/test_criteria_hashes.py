"""Nodes as keys: equal ones are one key, and a hash is worked out once however often a part is shared."""

from __future__ import annotations

import pickle
from dataclasses import replace

from smartapp.criteria.nodes import And, Not, PatientField
from smartapp.criteria.tree import Node

DIED = PatientField("deceased")


def deep(levels: int) -> Node:
    """A rule that holds its own half twice at each level: as a tree it has 2 ** levels leaves."""
    node: Node = DIED.before(DIED)
    for _ in range(levels):
        node = And((node, node))  # type: ignore[arg-type]
    return node


def test_equal_nodes_are_one_key_whatever_way_they_came() -> None:
    one, other = DIED.before(DIED), DIED.before(DIED)
    assert one is not other and hash(one) == hash(other) and {one: 1}[other] == 1
    assert {one: 1}[pickle.loads(pickle.dumps(one))] == 1
    assert {one: 1}[replace(one)] == 1


def test_different_nodes_are_different_keys() -> None:
    one = DIED.before(DIED)
    assert len({one, DIED.after(DIED), Not(one), And((one,)), And((one, one))}) == 5


def test_a_part_that_is_shared_is_asked_once() -> None:
    assert {deep(60): 1}  # 2 ** 60 look-ups would not end
