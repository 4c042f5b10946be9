"""The language's reference says what the code does: its examples run, and it leaves no node out."""

from __future__ import annotations

import re
from pathlib import Path

from smartapp.criteria import words
from smartapp.criteria.json_form import NODES
from smartapp.facts.codes import SLOTS

TEXT = (Path(__file__).parents[2] / "docs" / "criteria.md").read_text(encoding="utf-8")


def test_the_examples_run() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    assert len(blocks) >= 4
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/criteria.md", "exec"), names)


def test_every_node_is_in_the_table() -> None:
    table = TEXT[TEXT.index("| node |") : TEXT.index("Interval words")]
    named = {name for row in table.splitlines() if row for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == NODES.keys()


def test_every_word_in_the_table_is_a_word() -> None:
    table = TEXT[TEXT.index("| node |") : TEXT.index("Interval words")]
    used = {name for text in re.findall(r"`([a-z_]+)[`(]", table) for name in [text]}
    assert used - {"per"} <= set(words.__all__)


def test_every_slot_is_named() -> None:
    assert all(f"`{slot}`" in TEXT for slot in SLOTS)


def test_the_points_are_numbered_without_gaps() -> None:
    assert [int(number) for number in re.findall(r"^(\d+)\. \*\*", TEXT, re.M)] == list(range(1, 26))
