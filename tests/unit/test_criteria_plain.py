"""Rules in plain English, as a clinician reviews them."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from support.random_criteria import rules

from smartapp.criteria import words as w
from smartapp.criteria.nodes import (
    And,
    AtLeast,
    Compare,
    DirectCode,
    Flag,
    IsKnown,
    Literal,
    Node,
    Or,
    Total,
    ValueSet,
)
from smartapp.criteria.nouns import with_article
from smartapp.criteria.plain import Term, glossary, say
from smartapp.facts.codes import LOINC
from smartapp.measures.answers import as_condition
from smartapp.measures.catalogue import MEASURES

A1C, VISIT = ValueSet("urn:a1c", "HbA1c"), ValueSet("urn:visit", "Visit")
MDS = DirectCode(LOINC, "45755-6", "Hospice care")
TESTS = w.observations(A1C, found_in=("laboratory",))
VISITS = w.encounters(VISIT)
PROBLEMS = w.conditions()
FINAL = TESTS.where(w.status.is_in("final", "amended", "corrected"))
ORDERS = w.medication_requests(A1C)

SAID: tuple[tuple[Node, str], ...] = (
    # Values
    (w.as_of, "the end of the day of evaluation"),
    (w.as_of.day, "the day of evaluation"),
    (w.birth.plus(2, "year"), "2 years after birth"),
    (w.PERIOD.start.minus(1, "month"), "1 month before the start of the measurement period"),
    (w.age(w.PERIOD.end), "the patient's age on the last day of the measurement period"),
    (w.sex, "the patient's sex"),
    (w.gender, "the patient's administrative gender"),
    (Literal("x"), "“x”"),
    (Literal(7.5), "7.5"),
    (TESTS.highest(w.start), "the latest time observed of observations with “HbA1c”"),
    (TESTS.lowest(w.start), "the earliest time observed of observations with “HbA1c”"),
    (
        FINAL.lowest(w.number),
        "the lowest value of (observations with “HbA1c” where their status is “final”, “amended” or “corrected”)",
    ),
    (TESTS.highest(w.number), "the highest value of observations with “HbA1c”"),
    (Total(ORDERS, w.days), "the total days supplied of medication orders with “HbA1c”"),
    (
        (TESTS | VISITS).lowest(w.start),
        "the earliest start of (observations with “HbA1c” or encounters with “Visit”)",
    ),
    (
        w.If(w.sex.is_("female"), Literal(50), Literal(40)),
        "(50 if the patient's sex is “female”, otherwise 40)",
    ),
    # Conditions of the patient
    (w.Always(), "always"),
    (w.Always(False), "never"),
    (And(()), "always"),
    (Or(()), "never"),
    (w.sex.is_in(), "the patient's sex is nothing"),
    (~w.sex.is_("male"), "the patient's sex is not “male”"),
    (w.sex.is_like("male", "female"), "the patient's sex is recorded as “male” or “female”"),
    (~w.sex.is_like("male"), "the patient's sex is not recorded as “male”"),
    (~w.sex.is_known, "the patient's sex is not known"),
    (
        w.age(w.as_of).at_least(42) & w.age(w.as_of).at_most(74),
        "the patient's age on the day of evaluation is from 42 to 74",
    ),
    (w.age(w.as_of).more_than(17), "the patient's age on the day of evaluation is above 17"),
    (w.patient_has("race", A1C), "the patient's race is “HbA1c”"),
    (TESTS.exist(), "there is an observation with “HbA1c”"),
    (~VISITS.exist(), "there is no encounter with “Visit”"),
    (
        ~(w.sex.is_("female") & TESTS.exist()),
        "not (the patient's sex is “female” and there is an observation with “HbA1c”)",
    ),
    (
        (w.sex.is_("female") | TESTS.exist()) & PROBLEMS.exist(),
        "(the patient's sex is “female” or there is an observation with “HbA1c”) and there is a diagnosis",
    ),
    (VISITS.at_least(2), "there are at least 2 encounters with “Visit”"),
    (
        AtLeast(VISITS, 2, w.start.day),
        "there are at least 2 encounters with “Visit”, counting one for each day of arrival",
    ),
    (
        w.refines("hospice care", VISITS.exist()),
        "there is an encounter with “Visit” (as far as recorded: hospice care)",
    ),
    (
        w.define("Seen", "Has a visit.", VISITS.exist()),
        "Has a visit. That is: there is an encounter with “Visit”.",
    ),
    (~w.define("Seen", "Has a visit.", VISITS.exist()), "“Seen” does not hold"),
    # Conditions of events
    (
        VISITS.where(w.day_during(w.PERIOD), ~w.not_done),
        "encounters with “Visit” where their time from arrival to departure, by day, lies within the "
        "measurement period, and they are not recorded as “not done”",
    ),
    (
        PROBLEMS.where(w.overlaps(w.PERIOD)),
        "diagnoses where their time from onset to abatement overlaps the measurement period",
    ),
    (
        PROBLEMS.where(w.overlaps(w.Interval(w.PERIOD.start, w.as_of))),
        "diagnoses where their time from onset to abatement overlaps the time from the start of the "
        "measurement period to the end of the day of evaluation",
    ),
    (
        TESTS.where(w.day_contains(w.PERIOD, w.latest)),
        "observations with “HbA1c” where the day of their end (or else start) falls in the measurement period",
    ),
    (
        TESTS.where(w.start.day.on_or_after(w.PERIOD.start) & w.end.on_or_before(w.PERIOD.end)),
        "observations with “HbA1c” where the day of their time observed is on or after the start of the "
        "measurement period and the end of the observation is on or before the last day of the measurement "
        "period",
    ),
    (
        TESTS.where(w.end.on_or_after(w.PERIOD.start) & w.start.on_or_before(w.PERIOD.end)),
        "observations with “HbA1c” where the end of the observation is on or after the start of the "
        "measurement period and their time observed is on or before the last day of the measurement period",
    ),
    (
        TESTS.where(w.start.on_or_before(w.as_of) & w.number.at_least(3)),
        "observations with “HbA1c” where their time observed is on or before the day of evaluation and their "
        "value is at least 3",
    ),
    (
        TESTS.where(w.value_above(9, "%"), w.has("value", MDS), w.has("body", A1C)),
        "observations with “HbA1c” where their value is above 9% and their value is “Hospice care” (LOINC "
        "45755-6) and their body site is “HbA1c”",
    ),
    (
        TESTS.where(w.value_below(140, "mm[Hg]")),
        "observations with “HbA1c” where their value is below 140 mm[Hg]",
    ),
    (TESTS.where(w.not_done), "observations with “HbA1c” where they are recorded as “not done”"),
    (TESTS.where(IsKnown(w.reference)), "observations with “HbA1c” where their reference is known"),
    (
        w.events(("Encounter", "Procedure", "CarePlan")).where(w.start.before(w.as_of)),
        "encounters, procedures or care plans where their start is before the end of the day of evaluation",
    ),
    (
        FINAL.where(w.start.after(w.as_of) | w.number.less_than(3)),
        "observations with “HbA1c” where their status is “final”, “amended” or “corrected”, and (their time "
        "observed is after the day of evaluation or their value is below 3)",
    ),
    # Sets
    (TESTS | VISITS, "observations with “HbA1c” or encounters with “Visit”"),
    (
        (TESTS | VISITS).where(w.not_done),
        "(observations with “HbA1c” or encounters with “Visit”) where they are recorded as “not done”",
    ),
    (w.define_set("Visits", "All visits.", VISITS), "All visits. That is: encounters with “Visit”."),
    (w.define_set("Visits", "All visits.", VISITS).exist(), "there is an encounter of “Visits”"),
    (
        TESTS.with_(VISITS, w.encounter.same_as(w.other.reference)),
        "observations with “HbA1c” for which there is an encounter with “Visit” such that the "
        "observation's encounter is the encounter's reference",
    ),
    (
        TESTS.with_(VISITS),
        "observations with “HbA1c” for which there is an encounter with “Visit”",
    ),
    (
        VISITS.without(
            VISITS, w.other.start.after(w.start), Flag(w.Field("negated", "other")), w.other_has("type", MDS)
        ),
        "encounters with “Visit” for which there is no encounter with “Visit” such that the other encounter's"
        " arrival is after this encounter's arrival and the other is recorded as “not done” and the other "
        "encounter's type is “Hospice care” (LOINC 45755-6)",
    ),
    (
        TESTS.with_(VISITS, w.day_during(w.OTHER, inner=w.Interval(w.start, w.other.end))),
        "observations with “HbA1c” for which there is an encounter with “Visit” such that the day of "
        "the observation's time observed is on or after the day of the encounter's arrival and the day of the "
        "encounter's departure is on or before the day of the encounter's departure",
    ),
    (TESTS.last(w.start), "the latest (by time observed) of observations with “HbA1c”"),
    (TESTS.first(w.start), "the earliest (by time observed) of observations with “HbA1c”"),
    (TESTS.last(w.number), "the highest (by value) of observations with “HbA1c”"),
    (TESTS.first(w.number), "the lowest (by value) of observations with “HbA1c”"),
    (
        TESTS.last(w.start).where(w.value_above(9, "%")).exist(),
        "the latest (by time observed) of observations with “HbA1c” is one where its value is above 9%",
    ),
    (
        TESTS.last(w.start).exist(),
        "there is a latest (by time observed) of observations with “HbA1c”",
    ),
    (
        TESTS.on_the_last(w.start.day).exist(),
        "there is at least one of observations with “HbA1c” on the latest day (by time observed)",
    ),
    (
        w.with_last(VISITS, TESTS, on=w.other.start.after(w.start), by=w.other.start, then=w.other.number.less_than(9)),
        "encounters with “Visit” for which, of observations with “HbA1c” such that the observation's "
        "time observed is after the encounter's arrival, the last (by the observation's time observed) is one where "
        "the observation's value is below 9",
    ),
    (
        TESTS.with_(VISITS).where(w.not_done).exist() & w.sex.is_("female"),
        "(there is an (observation with “HbA1c” for which there is an encounter with “Visit”) where it is "
        "recorded as “not done”) and the patient's sex is “female”",
    ),
    (
        TESTS.where(Compare("=", w.status, w.encounter)),
        "observations with “HbA1c” where their status is their encounter",
    ),
    (
        TESTS.where(Compare("<=", w.start, w.as_of) & (Compare(">=", w.end, w.as_of) | w.not_done)),
        "observations with “HbA1c” where their time observed is on or before the day of evaluation and (the "
        "end of the observation is on or after the end of the day of evaluation or they are recorded as “not "
        "done”)",
    ),
)


LAST = TESTS.last(w.start)
YEAR = w.Interval(w.as_of.minus(1, "year").day, w.as_of.day)
CODES = (MDS, DirectCode(LOINC, "1-8", "Hospice care"), A1C)
SAID_SHORTLY: tuple[tuple[Node, str], ...] = (
    # What a nurse would not say is turned into what she would: the rule is the same.
    (
        w.If(w.sex.is_known, w.sex, w.gender).is_("female"),
        "the patient's sex (or, if that is not known, the patient's administrative gender) is “female”",
    ),
    (
        PROBLEMS.where(~w.verification.is_known | w.verification.is_in("confirmed", "provisional")).exist(),
        "there is a diagnosis where its verification status (if known) is “confirmed” or “provisional”",
    ),
    (
        PROBLEMS.where(w.day_overlaps(YEAR)),
        (
            "diagnoses where their time from onset to abatement, by day, overlaps the time from the day 1 year before "
            "the day of evaluation to the day of evaluation"
        ),
    ),
    (
        PROBLEMS.where(w.day_overlaps(w.Interval(w.as_of.day, w.as_of.day))),
        "diagnoses where their time from onset to abatement, by day, overlaps the day of evaluation",
    ),
    (w.as_of.day.on_or_after(w.birth.plus(6, "month")), "the day of evaluation is at least 6 months after birth"),
    (
        w.as_of.on_or_before(w.birth.plus(2, "year")),
        ("the end of the day of evaluation is no later than 2 years after birth"),
    ),
    (w.as_of.minus(12, "hour").day, "the day of 12 hours before the end of the day of evaluation"),
    (w.events(("Encounter",), *CODES), "encounters with “Hospice care” (LOINC 45755-6, 1-8) or “HbA1c”"),
    ((TESTS | VISITS).exist(), "there is an observation with “HbA1c” or an encounter with “Visit”"),
    (
        (FINAL | VISITS),
        "(observations with “HbA1c” where their status is “final”, “amended” or “corrected”) "
        "or encounters with “Visit”",
    ),
    (~LAST.exist(), "there is no latest (by time observed) of observations with “HbA1c”"),
    (
        ~LAST.where(w.value_above(9, "%")).exist(),
        "the latest (by time observed) of observations with “HbA1c” is not one where its value is above 9%, "
        "or there is none",
    ),
    (
        ~TESTS.on_the_last(w.start.day).where(w.value_above(9, "%")).exist(),
        "there is none of observations with “HbA1c” on the latest day (by time observed) where its value is above 9%",
    ),
    (TESTS.where(~w.value_kind.is_("none")), "observations with “HbA1c” where they have a value"),
    (TESTS.where(~w.value_kind.is_("none")).exist(), "there is an observation with “HbA1c” where it has a value"),
    (TESTS.where(~w.has("body", A1C)), "observations with “HbA1c” where their body site is not “HbA1c”"),
    (w.age(w.PERIOD.start), "the patient's age on the first day of the measurement period"),
)


@pytest.mark.parametrize(("rule", "text"), SAID_SHORTLY, ids=[text[:60] for _, text in SAID_SHORTLY])
def test_says_shortly(rule: Node, text: str) -> None:
    assert say(rule) == text


CLUMSY = (
    "there is no the ",
    "there is the ",
    " its its ",
    "'s what ",
    "the day of the day",
    "(it ",
    " , ",
)


@pytest.mark.parametrize("measure", MEASURES)
def test_no_measure_is_said_clumsily(measure: str) -> None:
    clinical = MEASURES[measure].clinical
    closed = [part.events for part in clinical.closed_by]
    excluded = [as_condition(reason.part) for reason in clinical.excluded]
    rules_of_it: list[Node] = [clinical.eligible, *excluded, *closed]
    if clinical.satisfied is not None:
        rules_of_it.append(clinical.satisfied)
    texts = [say(rule) for rule in rules_of_it] + [term.meaning for term in glossary(rules_of_it)]
    assert texts
    for text in texts:
        assert not [one for one in CLUMSY if one in text], text
        # Several events are not spoken of as one.
        assert not re.search(r"^(observations|procedures|immunizations|encounters)\b[^()]* where (it|its) ", text), text


@pytest.mark.parametrize(("rule", "text"), SAID, ids=[text[:60] for _, text in SAID])
def test_says(rule: Node, text: str) -> None:
    assert say(rule) == text


def test_a_glossary_says_what_names_stand_for_once_each() -> None:
    visits = w.define_set("Visits", "All visits.", VISITS)
    seen = w.define("Seen", "Has a visit.", visits.exist())
    assert glossary([seen & ~seen, visits]) == (
        Term("Seen", "Has a visit.", "there is an encounter of “Visits”"),
        Term("Visits", "All visits.", "encounters with “Visit”"),
    )


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(rules())
def test_whatever_can_be_written_can_be_said(rule: Node) -> None:
    text = say(rule)
    assert text
    assert text.count("(") == text.count(")")
    assert text == say(rule)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("encounter", "an encounter"),
        ("(active) order", "an (active) order"),
        ("diagnosis", "a diagnosis"),
        ("the latest result", "the latest result"),
    ],
)
def test_a_phrase_has_one_article(phrase: str, said: str) -> None:
    assert with_article(phrase) == said
