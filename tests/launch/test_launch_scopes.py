"""Scopes as values: both syntaxes, cover, narrow, compare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launch.scopes import ACTIONS, Scope, compare, in_order, merge, narrow, parse_scopes, permits, write

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB, VITALS = (("category", f"{CATEGORY}|{name}") for name in ("laboratory", "vital-signs"))


def scope(text: str) -> Scope:
    return Scope.parse(text)


levels = st.sampled_from(["patient", "user", "system"])
types = st.sampled_from(["*", "Observation", "Condition"])
actions = st.sets(st.sampled_from(list(ACTIONS)), min_size=1).map(lambda some: in_order("".join(some)))
params = st.sampled_from([(), (LAB,), (VITALS,), (("status", "final"),), (LAB, ("status", "final")), (LAB, VITALS)])
scopes = st.builds(Scope, levels, types, actions, params)
lists = st.lists(scopes, max_size=4)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("patient/Observation.rs", Scope("patient", "Observation", "rs")),
        ("user/*.cruds", Scope("user", "*", "cruds")),
        ("system/Group.r", Scope("system", "Group", "r")),
        ("patient/Condition.read", Scope("patient", "Condition", "rs")),
        ("patient/Condition.write", Scope("patient", "Condition", "cud")),
        ("patient/*.*", Scope("patient", "*", "cruds")),
        (f"patient/Observation.rs?category={CATEGORY}|laboratory", Scope("patient", "Observation", "rs", (LAB,))),
        (
            "patient/Observation.rs?category=http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2Fobservation-category"
            "%7Claboratory&status=final",
            Scope("patient", "Observation", "rs", (("status", "final"), LAB)),
        ),
    ],
)
def test_reading(text: str, read: Scope) -> None:
    assert scope(text) == read
    assert scope(str(read)) == read


@pytest.mark.parametrize(
    "text",
    [
        *("", "openid", "launch/patient", "patient/Observation", "patient/Observation.", "patient/.rs"),
        *("patient/Observation.sr", "patient/Observation.rr", "patient/Observation.x", "Patient/Observation.rs"),
        *("practitioner/Observation.rs", "patient/observation.rs", "patient/Obs ervation.rs", "patient/*.rs x"),
        *("patient/Observation.read?category=a", "patient/Observation.rs?", "patient/Observation.rs?a"),
        *("patient/Observation.rs?a=", "patient/Observation.rs?=a", "patient/Observation.rs\n"),
    ],
)
def test_what_is_no_clinical_scope(text: str) -> None:
    with pytest.raises(ValueError, match="scope"):
        scope(text)
    with_others = parse_scopes(f"{text} patient/Patient.r")
    assert permits(with_others.clinical, scope("patient/Patient.r"))


@pytest.mark.parametrize(
    ("level", "resource", "letters"),
    [("patient", "Observation", ""), ("patient", "Observation", "sr"), ("x", "Observation", "r"), ("user", "o", "r")],
)
def test_a_scope_cannot_be_made_wrong(level: str, resource: str, letters: str) -> None:
    with pytest.raises(ValueError, match="scope"):
        Scope(level, resource, letters)  # type: ignore[arg-type]


@given(scopes)
def test_printing_and_reading_are_inverse(one: Scope) -> None:
    assert scope(str(one)) == one


@given(scopes)
def test_v1_covers_what_it_was_made_from(one: Scope) -> None:
    assert scope(one.v1()).covers(one)


def test_writing_for_a_server() -> None:
    asked = [
        Scope("patient", "Observation", "r", (LAB,)),
        Scope("patient", "Observation", "s", (LAB,)),
        Scope("patient", "Observation", "rs", (VITALS,)),
        Scope("patient", "Patient", "r"),
        Scope("system", "Communication", "c"),
        Scope("system", "Task", "cr"),
    ]
    assert write(asked, "v2") == (
        f"patient/Observation.rs?category={CATEGORY}|laboratory",
        f"patient/Observation.rs?category={CATEGORY}|vital-signs",
        *("patient/Patient.r", "system/Communication.c", "system/Task.cr"),
    )
    assert write(asked, "v2-plain") == (
        *("patient/Observation.rs", "patient/Patient.r", "system/Communication.c", "system/Task.cr"),
    )
    assert write(asked, "v1") == (
        *("patient/Observation.read", "patient/Patient.read", "system/Communication.write", "system/Task.*"),
    )


@pytest.mark.parametrize(
    ("wide", "inner", "covers"),
    [
        ("patient/Observation.rs", "patient/Observation.r", True),
        ("patient/Observation.r", "patient/Observation.rs", False),
        ("patient/*.rs", "patient/Observation.rs", True),
        ("patient/Observation.rs", "patient/*.rs", False),
        ("user/Observation.rs", "patient/Observation.rs", True),
        ("patient/Observation.rs", "user/Observation.rs", False),
        ("patient/Observation.rs", "patient/Observation.rs?category=a|b", True),
        ("patient/Observation.rs?category=a|b", "patient/Observation.rs", False),
        ("patient/Observation.rs?category=a|b", "patient/Observation.rs?category=a|c", False),
        ("patient/Observation.rs?category=b", "patient/Observation.rs?category=a|b", True),
        ("patient/Observation.rs?category=a|b", "patient/Observation.rs?category=b", False),
        ("patient/Observation.rs?category=a|b,a|c", "patient/Observation.rs?category=a|c", True),
        ("patient/Observation.rs?category=a|b", "patient/Observation.rs?category=a|b,a|c", False),
        ("patient/Observation.rs?category=a|b", "patient/Observation.rs?category=a|b&status=final", True),
        ("patient/Observation.rs?status=final", "patient/Observation.rs?category=a|b", False),
    ],
)
def test_covering(wide: str, inner: str, covers: bool) -> None:
    assert scope(wide).covers(scope(inner)) == covers
    assert permits([scope(wide)], scope(inner)) == covers


def test_r_and_s_together_are_rs() -> None:
    granted = parse_scopes("patient/Observation.r patient/Observation.s openid").clinical
    assert granted == (Scope("patient", "Observation", "rs"),)
    assert permits(granted, scope("patient/Observation.rs?category=a"))
    with_categories = [scope("patient/Observation.r"), scope("patient/Observation.s?category=a")]
    assert permits(with_categories, scope("patient/Observation.rs?category=a"))
    assert not permits(with_categories, scope("patient/Observation.rs"))


@given(lists)
def test_merging_changes_no_permission(some: list[Scope]) -> None:
    merged = merge(some)
    assert len(merged) <= len(some)
    for one in some:
        assert permits(merged, one)
    for one in merged:
        assert permits(some, one)
    assert merge(merged) == merged


@given(scopes, scopes)
def test_narrowing_gives_no_more_than_either(asked: Scope, granted: Scope) -> None:
    both = narrow(asked, granted)
    if both is not None:
        assert asked.covers(both)
        assert granted.covers(both)
    else:
        assert not granted.covers(asked)


@given(lists, lists)
def test_comparing(asked: list[Scope], granted: list[Scope]) -> None:
    result = compare(asked, granted)
    for one in result.granted:
        assert permits(asked, one)
        assert permits(granted, one)
    for one in result.missing:
        assert permits(asked, one)
        assert not permits(granted, one)
    for one in result.extra:
        assert permits(granted, one)
        assert not permits(asked, one)
    everything = not result.missing
    assert everything == all(permits(granted, one) for one in asked)


def test_d03_comparing_by_type_and_category() -> None:
    asked = [
        scope("patient/Condition.rs"),
        Scope("patient", "Observation", "rs", (LAB,)),
        Scope("patient", "Observation", "rs", (VITALS,)),
        scope("patient/Patient.r"),
    ]
    granted = parse_scopes(
        f"patient/Condition.s patient/Observation.rs?category={CATEGORY}|laboratory patient/Patient.rs "
        "patient/Coverage.rs launch"
    )
    result = compare(asked, granted.clinical)
    assert granted.other == {"launch"}
    assert result.granted == (
        scope("patient/Condition.s"),
        Scope("patient", "Observation", "rs", (LAB,)),
        scope("patient/Patient.r"),
    )
    assert result.missing == (scope("patient/Condition.r"), Scope("patient", "Observation", "rs", (VITALS,)))
    assert result.extra == (scope("patient/Coverage.rs"), scope("patient/Patient.rs"))


@pytest.mark.parametrize(
    ("asked", "granted", "both"),
    [
        ("patient/Observation.rs", "patient/Observation.rs?category=a", "patient/Observation.rs?category=a"),
        ("patient/Observation.rs?status=final", "user/*.r?category=a", "patient/Observation.r?category=a&status=final"),
        ("patient/*.rs", "patient/Observation.cruds", "patient/Observation.rs"),
        ("patient/Observation.rs?category=a", "patient/Observation.rs?category=b", None),
        (
            "patient/Observation.rs?category=a&x=1",
            "patient/Observation.rs?category=a&y=1",
            "patient/Observation.rs?category=a&x=1&y=1",
        ),
        ("patient/Observation.rs?category=a&category=b", "patient/Observation.rs?category=c", None),
        (
            "patient/Observation.rs?category=a,b",
            "patient/Observation.rs?category=a",
            "patient/Observation.rs?category=a",
        ),
        ("patient/Observation.rs", "patient/Condition.rs", None),
        ("patient/Observation.r", "patient/Observation.s", None),
    ],
)
def test_narrowing(asked: str, granted: str, both: str | None) -> None:
    assert narrow(scope(asked), scope(granted)) == (scope(both) if both else None)
