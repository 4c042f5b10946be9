"""The cascade, the gap and the lines, on answers given by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from smartapp.criteria.nodes import Condition, Define, DefineSet, Events, EventSet, Exists
from smartapp.criteria.words import Always
from smartapp.facts.instants import end_of_day
from smartapp.measures.answers import applies, met, questions, remaining, unmet
from smartapp.measures.model import Clinical, Hit, Measure, Rate, Reason, Source
from smartapp.measures.results import cascade, evaluate_measure, lines
from smartapp.measures.statuses import GapStatus, ReasonCode

AS_OF = end_of_day(date(2026, 12, 31))


def named(name: str) -> Condition:
    return Define(name, name, Always())


IP, DEN, NUM, EX, EXC, NUMEX = (named(name) for name in ("ip", "den", "num", "ex", "exc", "numex"))
SOURCE = Source("", "", "", "", "")
RATE = Rate(
    "Group_1",
    IP,
    DEN,
    NUM,
    exclusions=(Reason("hospice care", EX),),
    exceptions=(Reason("declined", EXC),),
    numerator_exclusions=(Reason("wrong test", NUMEX),),
)
MEASURE = Measure("M", "1", "A measure", SOURCE, Clinical(named("eligible"), (), SOURCE), rates=(RATE,))
TRUE = {"ip": True, "den": True}


@dataclass
class Given:
    """Truths by name; everything else is false. Events by name of the set."""

    truths: dict[str, bool | None] = field(default_factory=dict)
    sets: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def truth(self, node: Any) -> bool | None:
        if isinstance(node, Define):
            return self.truths.get(node.name, False)
        if isinstance(node, Exists):
            return self.truths.get(f"exists {_name(node.events)}", bool(self.sets.get(_name(node.events), ())))
        truths = [self.truth(part) for part in getattr(node, "parts", ())]
        if truths:
            return False if False in truths else (None if None in truths else True)
        inner = self.truth(node.part)
        return None if inner is None else not inner

    def value(self, node: Any) -> None:
        return None

    def events(self, node: EventSet) -> tuple[Any, ...]:
        return tuple(type("E", (), {"reference": name}) for name in self.sets.get(_name(node), ()))

    def caveats(self, node: Any) -> tuple[str, ...]:
        return ("hospice orders",) if node == EX else ()

    def missing(self, node: Any) -> tuple[str, ...]:
        return (f"missing {node.name}",) if isinstance(node, Define) else ("missing",)


def _name(events: EventSet) -> str:
    return events.name if isinstance(events, DefineSet) else str(hash(events))


def result(truths: dict[str, bool | None], measure: Measure = MEASURE, **more: Any):  # type: ignore[no-untyped-def]
    strict = Given({name: bool(truth) for name, truth in truths.items()})
    more = {"period_end": AS_OF, "as_of": AS_OF, **more}
    return evaluate_measure(measure, strict, Given(truths), **more)


@pytest.mark.parametrize(
    ("truths", "counts"),
    [
        ({}, (0, 0, 0, 0, 0)),
        ({"den": True, "num": True, "ex": True}, (0, 0, 0, 0, 0)),
        ({"ip": True, "num": True, "ex": True, "exc": True}, (1, 0, 0, 0, 0)),
        (TRUE, (1, 1, 0, 0, 0)),
        (TRUE | {"num": True}, (1, 1, 0, 0, 1)),
        (TRUE | {"num": True, "numex": True}, (1, 1, 0, 0, 0)),
        (TRUE | {"num": True, "ex": True, "exc": True}, (1, 1, 1, 0, 0)),
        (TRUE | {"num": True, "exc": True}, (1, 1, 0, 0, 1)),
        (TRUE | {"exc": True}, (1, 1, 0, 1, 0)),
        (TRUE | {"num": True, "numex": True, "exc": True}, (1, 1, 0, 1, 0)),
        (TRUE | {"num": None}, (1, 1, 0, 0, 0)),
    ],
)
def test_each_population_is_within_the_one_before(truths: dict[str, bool | None], counts: tuple[int, ...]) -> None:
    got = result(truths).rates[0].populations
    assert (
        got.initial_population,
        got.denominator,
        got.denominator_exclusion,
        got.denominator_exception,
        got.numerator,
    ) == counts


def test_the_same_by_encounter() -> None:
    got = cascade(
        initial=frozenset("abcde"),
        denominator=frozenset("abcdx"),
        exclusions=frozenset("ax"),
        numerator=frozenset("abz"),
        numerator_exclusions=frozenset(),
        exceptions=frozenset("bcz"),
    )
    assert (got.initial_population, got.denominator, got.denominator_exclusion) == (5, 4, 1)
    assert (got.denominator_exception, got.numerator) == (1, 1)


@pytest.mark.parametrize(
    ("truths", "status", "code"),
    [
        ({}, GapStatus.NOT_APPLICABLE, ReasonCode.NOT_IN_POPULATION),
        ({"ip": True}, GapStatus.NOT_APPLICABLE, ReasonCode.NOT_IN_POPULATION),
        ({"ip": None, "den": True, "num": True}, GapStatus.CANNOT_TELL, ReasonCode.MISSING),
        (TRUE, GapStatus.OPEN, ReasonCode.NOT_FOUND),
        (TRUE | {"num": True}, GapStatus.CLOSED, ReasonCode.PRESENT),
        (TRUE | {"num": True, "ex": None}, GapStatus.CLOSED, ReasonCode.PRESENT),
        (TRUE | {"num": True, "numex": True}, GapStatus.OPEN, ReasonCode.NOT_FOUND),
        (TRUE | {"num": True, "numex": None}, GapStatus.CANNOT_TELL, ReasonCode.MISSING),
        (TRUE | {"num": True, "ex": True}, GapStatus.NOT_APPLICABLE, ReasonCode.EXCLUDED),
        (TRUE | {"num": None, "ex": True}, GapStatus.NOT_APPLICABLE, ReasonCode.EXCLUDED),
        (TRUE | {"ex": None}, GapStatus.CANNOT_TELL, ReasonCode.MISSING),
        (TRUE | {"exc": True}, GapStatus.NOT_APPLICABLE, ReasonCode.EXCEPTION),
        (TRUE | {"exc": True, "num": None}, GapStatus.NOT_APPLICABLE, ReasonCode.EXCEPTION),
        (TRUE | {"exc": None}, GapStatus.CANNOT_TELL, ReasonCode.MISSING),
        (TRUE | {"num": None}, GapStatus.CANNOT_TELL, ReasonCode.MISSING),
    ],
)
def test_the_gap(truths: dict[str, bool | None], status: GapStatus, code: ReasonCode) -> None:
    rate = result(truths).rates[0]
    assert (rate.gap_status, rate.reasons[0].code) == (status, code)


def test_an_inverse_measure_counts_the_gap() -> None:
    inverse = replace(MEASURE, numerator_means=Hit.GAP)
    assert result(TRUE | {"num": True}, inverse).rates[0].gap_status is GapStatus.OPEN
    assert result(TRUE, inverse).rates[0].gap_status is GapStatus.CLOSED
    assert result(TRUE | {"num": None}, inverse).rates[0].gap_status is GapStatus.CANNOT_TELL
    assert result(TRUE | {"num": True}, inverse).rates[0].populations.numerator == 1


def test_a_gap_is_prospective_while_the_period_goes_on() -> None:
    assert result(TRUE, as_of=AS_OF - 1).rates[0].gap_status is GapStatus.PROSPECTIVE
    assert result(TRUE | {"num": True}, as_of=AS_OF - 1).rates[0].gap_status is GapStatus.CLOSED


def test_the_reason_names_what_is_missing_and_which_exclusion_fired() -> None:
    assert result(TRUE | {"ex": None}).rates[0].reasons[0].missing == ("missing ex",)
    assert result(TRUE | {"ex": True}).rates[0].reasons[0].text == "Excluded: hospice care."
    assert result(TRUE | {"exc": True}).rates[0].reasons[0].text == "Exception: declined."


def test_caveats_come_once_and_only_where_the_measure_applies() -> None:
    assert result(TRUE).caveats == ("hospice orders",)
    assert result({}).caveats == ()


def test_the_lines() -> None:
    (line,) = lines("p1", result(TRUE | {"num": True}))
    assert line["patient_id"] == "p1"
    assert (line["measure"], line["group_id"]) == ("M", "Group_1")
    assert [line[n] for n in ("initial_population", "denominator", "numerator")] == [1, 1, 1]
    assert [line[n] for n in ("denominator_exclusion", "denominator_exception")] == [0, 0]
    assert (line["gap_status"], line["clinical_status"], line["due_date"]) == ("closed-gap", "not-applicable", None)
    codes = [reason["code"] for reason in line["reasons"]]  # type: ignore[attr-defined]
    assert codes == ["Present", "not-in-population", "caveat"]


def test_a_measure_without_a_report_has_one_line() -> None:
    (line,) = lines("p1", result({"eligible": True}, replace(MEASURE, rates=())))
    assert (line["group_id"], line["clinical_status"], line["gap_status"]) == ("Clinical", "due", "open-gap")


SETS = {name: DefineSet(name, name, Events(("Encounter",), None)) for name in ("ip", "num", "ex", "exc")}
BY_ENCOUNTER = Rate(
    "Group_1",
    SETS["ip"],
    SETS["ip"],
    SETS["num"],
    exclusions=(Reason("pregnancy", SETS["ex"]),),
    exceptions=(Reason("declined", SETS["exc"]),),
    basis="encounter",
)


@pytest.mark.parametrize(
    ("exists", "status"),
    [
        ({"ip": False}, GapStatus.NOT_APPLICABLE),
        ({"ip": None}, GapStatus.CANNOT_TELL),
        ({"ip": True, "unmet": True, "met": True}, GapStatus.OPEN),
        ({"ip": True, "unmet": False, "met": True}, GapStatus.CLOSED),
        ({"ip": True, "unmet": None, "met": True}, GapStatus.CANNOT_TELL),
        ({"ip": True, "unmet": False, "met": False, "ex": True}, GapStatus.NOT_APPLICABLE),
    ],
)
def test_the_gap_by_encounter(exists: dict[str, bool | None], status: GapStatus) -> None:
    measure = replace(MEASURE, rates=(BY_ENCOUNTER,))
    sets = {"ip": SETS["ip"], "ex": SETS["ex"], "unmet": unmet(BY_ENCOUNTER), "met": met(BY_ENCOUNTER)}
    truths = {f"exists {_name(sets[name])}": truth for name, truth in exists.items()}
    assert result(truths, measure).rates[0].gap_status is status


def test_encounters_are_counted() -> None:
    measure = replace(MEASURE, rates=(BY_ENCOUNTER,))
    strict = Given(
        {}, {"ip": ("Encounter/1", "Encounter/2", "Encounter/3"), "num": ("Encounter/2",), "ex": ("Encounter/3",)}
    )
    got = evaluate_measure(measure, strict, Given({}), period_end=AS_OF, as_of=AS_OF).rates[0].populations
    assert (got.initial_population, got.denominator, got.denominator_exclusion, got.numerator) == (3, 3, 1, 1)


def test_everything_that_is_asked_is_compiled() -> None:
    measure = replace(MEASURE, rates=(RATE, BY_ENCOUNTER))
    asked = questions(measure)
    assert len({id(node) for node in asked}) == len(asked)
    for node in (
        applies(RATE),
        Exists(remaining(BY_ENCOUNTER)),
        Exists(unmet(BY_ENCOUNTER)),
        Exists(met(BY_ENCOUNTER)),
    ):
        assert node in asked
