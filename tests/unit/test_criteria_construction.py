"""A rule that is written wrongly is refused when it is built, and says why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smartapp.criteria import words as w
from smartapp.criteria.evaluate import compile_rules
from smartapp.criteria.fields import FIELDS, field_spec
from smartapp.criteria.nodes import And, Compare, Field, Flag, Has, Literal, Not, Or, PatientHas, Quantity, Union, Value
from smartapp.criteria.nodes import ValueSet as Set
from smartapp.criteria.units import spellings
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import CriteriaError
from smartapp.facts.events import Event

VISITS = w.encounters()
TESTS = w.observations(found_in=("laboratory",))

WRONG: dict[str, tuple[str, Callable[[], object]]] = {
    "a field that there is not": ("criteria.unknown-field", lambda: Field("color")),
    "a field of another kind": ("criteria.field-of-kind", lambda: w.conditions().where(w.class_.is_("AMB"))),
    "a field that only one of two kinds has": (
        "criteria.field-of-kind",
        lambda: (w.conditions() | VISITS).where(w.class_.is_("AMB")),
    ),
    "a field of another kind, of the other event": (
        "criteria.field-of-kind",
        lambda: TESTS.with_(w.conditions(), w.other.class_.is_("AMB")),
    ),
    "a quantity of what has no value": ("criteria.field-of-kind", lambda: VISITS.where(w.value_above(9, "%"))),
    "a pick by a field of another kind": ("criteria.field-of-kind", lambda: VISITS.last(w.systolic)),
    "a count per field of another kind": ("criteria.field-of-kind", lambda: VISITS.at_least(2, w.systolic)),
    "an edge of a field of another kind": ("criteria.field-of-kind", lambda: VISITS.lowest(w.systolic)),
    "a total of a field of another kind": ("criteria.field-of-kind", lambda: VISITS.total(w.days)),
    "the last, then a field of another kind": (
        "criteria.field-of-kind",
        lambda: w.with_last(VISITS, TESTS, on=w.Always(), by=w.other.start, then=w.systolic.less_than(140)),
    ),
    "the other event outside of a join": ("criteria.no-other", lambda: VISITS.where(w.other.start.before(w.start))),
    "an edge of the other event's field": ("criteria.no-other", lambda: TESTS.lowest(w.other.systolic)),
    "a time and a number": ("criteria.type", lambda: w.start.before(w.systolic)),
    "words in order": ("criteria.type", lambda: Compare("<", w.status, w.class_)),
    "the last by a word": ("criteria.type", lambda: VISITS.last(w.status)),
    "the last other by a word": (
        "criteria.type",
        lambda: w.with_last(VISITS, TESTS, on=w.Always(), by=w.other.status, then=w.Always()),
    ),
    "the lowest word": ("criteria.type", lambda: TESTS.lowest(w.status)),
    "a number among words": ("criteria.type", lambda: w.systolic.is_("high")),
    "a word that is moved": ("criteria.type", lambda: w.status.plus(1, "day")),
    "the day of a number": ("criteria.type", lambda: w.number.day),
    "an age at a number": ("criteria.type", lambda: w.age(w.number)),
    "a total of times": ("criteria.type", lambda: TESTS.total(w.start)),
    "branches of two types": ("criteria.type", lambda: w.If(w.Always(), Literal(1), Literal("one"))),
    "a word as a condition": ("criteria.type", lambda: Flag(w.status)),
    "a slot that there is not": ("criteria.unknown-slot", lambda: Has("color", ())),
    "a slot that the patient has not": ("criteria.unknown-slot", lambda: PatientHas("code", ())),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("code", "build"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_refused_when_it_is_built(code: str, build: Callable[[], object]) -> None:
    with pytest.raises(CriteriaError) as caught:
        build()
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


def test_a_condition_that_asks_about_a_set_of_its_own_may_name_that_sets_fields() -> None:
    inner = TESTS.where(w.systolic.less_than(140)).exist()
    assert VISITS.where(inner).kinds == {"Encounter"}


@pytest.mark.parametrize(
    "rule", [w.start.before(w.as_of), Has("code", (Set("u", "U"),)), Quantity(">", 9, "%"), w.other.start.is_known]
)
def test_a_rule_about_an_event_outside_of_a_set_does_not_compile(rule: Value) -> None:
    with pytest.raises(CriteriaError) as caught:
        compile_rules([rule], ValueSets({}))
    assert caught.value.code == "criteria.no-event"


def test_a_value_set_without_codes_is_named() -> None:
    with pytest.raises(CriteriaError, match="“Mammography”") as caught:
        compile_rules([w.observations(Set("urn:x", "Mammography"), found_in=())], ValueSets({}))
    assert caught.value.code == "criteria.no-expansion"


def test_operators_flatten() -> None:
    a, b, c = (w.sex.is_(word) for word in "abc")
    assert a & b & c == And((a, b, c))
    assert a & (b & c) == And((a, b, c))
    assert a | b | c == Or((a, b, c))
    assert (a | b) & c == And((Or((a, b)), c))
    assert ~~a == a
    assert ~a == Not(a)
    sets = [w.procedures(), VISITS, w.allergies()]
    assert (sets[0] | sets[1]) | sets[2] == Union(tuple(sets))


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (w.immunizations(), "Immunization"),
        (w.medication_requests(), "MedicationRequest"),
        (w.service_requests(), "ServiceRequest"),
        (w.device_requests(), "DeviceRequest"),
        (w.allergies(), "AllergyIntolerance"),
        (w.coverages(), "Coverage"),
        (w.procedures(), "Procedure"),
        (w.with_last(VISITS, TESTS, on=w.Always(), by=w.other.start, then=w.Always()), "Encounter"),
        (w.define_set("Visits", "All visits.", VISITS.first(w.start)), "Encounter"),
    ],
)
def test_a_set_knows_its_kinds(made: w.EventSet, kind: str) -> None:
    assert made.kinds == {kind}


def test_every_field_is_a_field_of_the_event_and_has_words() -> None:
    for name, spec in FIELDS.items():
        assert hasattr(Event, name)
        assert spec.describe() == spec.words
        for kind in spec.per_kind:
            assert spec.describe(kind) == spec.per_kind[kind]
    assert field_spec("start").describe("Encounter") == "arrival"


def test_every_kind_of_value_has_a_type() -> None:
    values = {
        "time": (w.start, w.as_of, w.birth.day, w.as_of.plus(1, "day"), TESTS.highest(w.latest)),
        "number": (Literal(1), w.age(w.as_of), TESTS.total(w.systolic), TESTS.lowest(w.number)),
        "text": (Literal("x"), w.sex, w.If(w.Always(), w.sex, w.gender)),
    }
    for name, found in values.items():
        assert {value.type for value in found} == {name}


def test_a_new_sort_of_node_has_to_say_its_type_or_its_kinds() -> None:
    with pytest.raises(NotImplementedError):
        _ = Value().type
    with pytest.raises(NotImplementedError):
        _ = w.EventSet().kinds


def test_units_have_spellings() -> None:
    assert "mmHg" in spellings("mm[Hg]")
    assert spellings("mm[Hg]") == spellings("mmHg")
    assert spellings("furlong") == ("furlong",)
