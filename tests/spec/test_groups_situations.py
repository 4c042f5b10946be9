"""Groups by language, payer, appointments and situation: who is in, who is not, what cannot be told (30 June 2026)."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from support import builders as b
from support.sql_measures import answers, times

from smartapp.criteria.evaluate import Mode, Outcome, compile_rules
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import end_of_day
from smartapp.groups.catalogue import GROUPS
from smartapp.groups.chronic import CHRONIC
from smartapp.groups.engagement import AHEAD, NOT_A_VISIT, appointment_groups
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.catalogue import MEASURES

AS_OF = end_of_day(date(2026, 6, 30))
SOPT = "https://nahdo.org/sopt"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@cache
def _program(shipped: bool = False) -> Any:
    return compile_rules([group.rule for group in GROUPS.values()], ValueSets.load() if shipped else b.made_up_sets())


def outcome(*events: Event, shipped: bool = False, **patient: Any) -> Outcome:
    return _program(shipped).run(Facts("p", events, **patient), b.YEAR, AS_OF, mode=Mode.KLEENE)


def told(group: str, *events: Event, **more: Any) -> bool | None:
    return outcome(*events, **more).truth(GROUPS[group].rule)


# --- language ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "spanish", "other"),
    [
        ((), None, None),
        (("en",), False, False),
        (("en-US",), False, False),
        (("es",), True, False),
        (("es-MX",), True, False),
        (("es-419",), True, False),
        (("vi",), False, True),
        (("zh-CN",), False, True),
        (("en", "es"), True, False),
    ],
)
def test_language(tags: tuple[str, ...], spanish: bool | None, other: bool | None) -> None:
    found = outcome(codes=tuple(SlotCode("language", "urn:ietf:bcp:47", tag) for tag in tags))
    assert found.truth(GROUPS["language-spanish"].rule) is spanish
    assert found.truth(GROUPS["language-other"].rule) is other


# --- payer ------------------------------------------------------------------------------------------

PAYERS = {"medicare": codes.MEDICARE[0], "medicaid": codes.MEDICAID[-1], "commercial": codes.COMMERCIAL[0]}


@pytest.mark.parametrize("payer", PAYERS)
def test_a_cover_in_force_puts_the_patient_in(payer: str) -> None:
    def is_in(when: str = "2026-01-01", until: str = "for ever", status: str = "active") -> bool | None:
        return told(f"payer-{payer}", b.event("Coverage", PAYERS[payer], when, until, status=status))

    assert is_in() is True
    assert is_in("2026-06-30T20:00") is True
    assert is_in("2026-01-01", "2026-06-30T08:00") is True
    assert is_in("2026-01-01", "2026-06-29") is False
    assert is_in(status="cancelled") is False
    others = [other for other in PAYERS if other != payer]
    assert all(told(f"payer-{one}", b.event("Coverage", PAYERS[payer], "2026-01-01")) is False for one in others)


@pytest.mark.parametrize(
    ("code", "groups"),
    [
        ("1", {"medicare"}),
        ("121", {"medicare"}),
        ("122", set()),  # the drug benefit alone
        ("2", {"medicaid"}),
        ("299", set()),  # dental
        ("14", {"medicare", "medicaid"}),
        ("512", {"commercial"}),
        ("61", {"commercial"}),
        ("561", set()),  # dental
        ("81", set()),
    ],
)
def test_which_code_is_which_payer(code: str, groups: set[str]) -> None:
    cover = Event(
        "c", "Coverage", (SlotCode("code", SOPT, code),), status="active",
        start=b.first("2020-01-01"), end=b.first("for ever"),
    )  # fmt: skip
    assert {one for one in PAYERS if told(f"payer-{one}", cover, shipped=True)} == groups


def test_a_cover_whose_kind_is_coded_otherwise_cannot_be_told() -> None:
    cover = Event(
        "c", "Coverage", (SlotCode("code", ACT_CODE, "PUBLICPOL"),), status="active",
        start=b.first("2020-01-01"), end=b.first("for ever"),
    )  # fmt: skip
    assert told("payer-medicare", cover, shipped=True) is None
    assert told("payer-medicare", shipped=True) is False
    wellness = MEASURES["AWV"].clinical.eligible
    program = compile_rules([wellness], ValueSets.load())
    assert program.run(Facts("p", (cover,)), b.YEAR, AS_OF, mode=Mode.KLEENE).truth(wellness) is None


# --- several conditions, pregnancy, stays -----------------------------------------------------------


def test_two_of_the_chronic_conditions_are_several() -> None:
    kinds = [kinds for *_, kinds in CHRONIC]
    assert told("conditions-several") is False
    for one, other in combinations(kinds, 2):
        both = (b.problem(one[-1], "2020-01-01"), b.problem(other[0], "2020-01-01"))
        assert told("conditions-several", *both) is True
        assert told("conditions-several", both[0]) is False
        assert told("conditions-several", both[0], b.problem(other[0], "2020-01-01", "2026-01-01")) is False
    for one in kinds:
        assert told("conditions-several", *(b.problem(kind, "2020-01-01") for kind in one)) is False


@pytest.mark.parametrize(
    ("events", "pregnant"),
    [
        ((), False),
        ((b.problem(vs.PREGNANCY, "2026-03-01"),), True),
        ((b.problem(vs.PREGNANCY, "2025-03-01", "2025-12-01"),), False),
        ((b.observation(codes.PREGNANCY_STATUS, "2026-03-01", value=vs.PREGNANCY),), True),
        ((b.observation(codes.PREGNANCY_STATUS, "2025-09-30T23:59:59.999", value=vs.PREGNANCY),), True),
        ((b.observation(codes.PREGNANCY_STATUS, "2025-09-30T23:59:59.998", value=vs.PREGNANCY),), False),
        ((b.observation(codes.PREGNANCY_STATUS, "2026-03-01", value=vs.PREGNANCY, status="preliminary"),), False),
        (
            (
                b.observation(codes.PREGNANCY_STATUS, "2026-03-01", value=vs.PREGNANCY),
                b.observation(codes.PREGNANCY_STATUS, "2026-06-01", value=codes.YES),
            ),
            False,
        ),
    ],
)
def test_pregnancy_by_diagnosis_or_by_the_last_status(events: tuple[Event, ...], pregnant: bool) -> None:
    assert told("pregnant", *events) is pregnant
    assert GROUPS["pregnant"].sensitive == "reproductive"


@pytest.mark.parametrize("class_", NOT_A_VISIT)
def test_a_stay_counts_for_thirty_days(class_: str) -> None:
    def is_in(until: str, **more: Any) -> bool | None:
        return told(
            "recent-stay", b.encounter(vs.ENCOUNTER_INPATIENT, "2026-01-05", until, **{"class_": class_, **more})
        )

    assert is_in("2026-06-20") is True
    assert is_in("2026-05-31T23:59:59.999") is True
    assert is_in("2026-05-31T23:59:59.998") is False
    assert is_in("2026-06-20", status="in-progress") is False
    assert is_in("2026-06-20", class_="AMB") is False
    assert is_in("2026-07-01") is False


# --- appointments -----------------------------------------------------------------------------------


def visit(when: str, **more: Any) -> Event:
    return b.encounter(vs.OFFICE_VISIT, when, **more)


def appointment(when: str, status: str) -> Event:
    return b.event("Appointment", vs.OFFICE_VISIT, when, status=status)


@pytest.mark.parametrize(
    ("events", "rare"),
    [
        ((), False),
        ((visit("2026-01-05"),), True),
        ((visit("2025-06-30T23:59:59.999"),), True),
        ((visit("2025-06-30T23:59:59.998"),), False),
        ((visit("2026-01-05T08:00"), visit("2026-01-05T16:00")), True),
        ((visit("2026-01-05"), visit("2026-02-05")), False),
        ((visit("2026-01-05"), visit("2020-02-05")), True),
    ],
)
def test_a_single_visit_is_rare(events: tuple[Event, ...], rare: bool) -> None:
    assert told("visits-rare", *events) is rare


def for_asthma(*days: str, slot: str = "diagnosis") -> tuple[Event, ...]:
    return tuple(visit(day, **{slot: vs.ASTHMA}) for day in days)


MAY = [f"2026-05-{day:02}" for day in range(1, 8)]


@pytest.mark.parametrize(
    ("events", "regular"),
    [
        (for_asthma(*MAY[:1]), False),
        (for_asthma(*MAY[:2]), True),
        (for_asthma(*MAY[:5]), True),
        (for_asthma(*MAY[:6]), False),
        (for_asthma(*MAY[:2], slot="reason"), True),
        ((visit("2026-05-01"), visit("2026-05-02")), False),
        (for_asthma("2026-03-30T23:59:59.999", "2026-05-01"), True),
        (for_asthma("2026-03-30T23:59:59.998", "2026-05-01"), False),
        (for_asthma("2026-05-01T08:00", "2026-05-01T16:00"), False),
    ],
)
def test_two_to_five_visits_for_a_chronic_condition_are_regular(events: tuple[Event, ...], regular: bool) -> None:
    assert told("visits-regular", *events) is regular


@pytest.mark.parametrize("kind", [kind for *_, kinds in CHRONIC for kind in kinds], ids=lambda kind: kind.name)
def test_a_visit_for_each_chronic_condition_counts(kind: b.Kind) -> None:
    assert told("visits-regular", *(visit(day, diagnosis=kind) for day in MAY[:2])) is True


@pytest.mark.parametrize(
    ("events", "inactive"),
    [
        ((), False),
        ((visit("2025-09-30T23:59:59.998"),), True),
        ((visit("2025-09-30T23:59:59.999"),), False),
        *(((visit("2020-01-05"), appointment("2026-07-20", status)), False) for status in AHEAD),
        ((visit("2020-01-05"), appointment("2026-06-30T08:00", "booked")), False),
        ((visit("2020-01-05"), appointment("2026-06-29", "booked")), True),
        ((visit("2020-01-05"), appointment("2026-07-20", "cancelled")), True),
    ],
)
def test_who_has_not_come_and_has_no_appointment_is_inactive(events: tuple[Event, ...], inactive: bool) -> None:
    assert told("visits-inactive", *events) is inactive


@pytest.mark.parametrize(
    ("events", "misser"),
    [
        ((appointment("2026-01-05", "noshow"),), False),
        ((appointment("2026-01-05", "noshow"), appointment("2026-02-05", "noshow")), True),
        ((appointment("2026-01-05", "noshow"), appointment("2026-02-05", "fulfilled")), False),
        ((appointment("2026-01-05", "noshow"), appointment("2025-06-30T23:59:59.999", "noshow")), True),
        ((appointment("2026-01-05", "noshow"), appointment("2025-06-30T23:59:59.998", "noshow")), False),
    ],
)
def test_two_missed_appointments_make_a_frequent_misser(events: tuple[Event, ...], misser: bool) -> None:
    assert told("visits-missed", *events) is misser


def test_the_spans_are_the_practices() -> None:
    rare, *_, missed = appointment_groups(rare=36, missed=1)
    program = compile_rules([rare.rule, missed.rule], b.made_up_sets())
    found = program.run(
        Facts("p", (visit("2024-01-05"), appointment("2026-01-05", "noshow"))), b.YEAR, AS_OF, mode=Mode.KLEENE
    )
    assert found.truth(rare.rule) is True
    assert found.truth(missed.rule) is True
    assert rare.meaning == "A single visit in the past 36 months."


# --- the population's engine ------------------------------------------------------------------------


def test_both_engines_put_the_same_patients_into_every_group() -> None:
    speaks = (SlotCode("language", "urn:ietf:bcp:47", "es-US"),)
    charts = [
        Facts("nothing"),
        Facts("a", (b.problem(vs.ASTHMA, "2020-01-01"), b.problem(vs.COPD, "2020-01-01"), *for_asthma(*MAY[:3]))),
        Facts("b", (visit("2020-01-05"), appointment("2026-01-05", "noshow"), appointment("2026-02-05", "noshow"))),
        Facts("c", (visit("2020-01-05"), appointment("2026-08-05", "booked")), codes=speaks),
        Facts("d", (b.event("Coverage", codes.MEDICARE[0], "2020-01-01", "for ever", status="active"),), sex="female"),
        Facts("e", (b.problem(vs.PREGNANCY, "2026-03-01"), visit("2026-05-01")), birth_low=b.first("1990-01-01")),
        Facts(
            "f", (b.encounter(vs.ENCOUNTER_INPATIENT, "2026-06-01", "2026-06-05", class_="IMP"), *for_asthma(MAY[0]))
        ),
        Facts("g", (b.problem(vs.DIABETES, "2020-01-01", clinical="inactive", end=None),)),
    ]
    rules = [group.rule for group in GROUPS.values()]
    found = answers(rules, (), charts, b.made_up_sets(), times(b.YEAR, AS_OF))
    for facts, (strict, kleene) in zip(charts, found, strict=True):
        for group in GROUPS.values():
            expected = [
                _program().run(facts, b.YEAR, AS_OF, mode=mode).truth(group.rule) for mode in (Mode.STRICT, Mode.KLEENE)
            ]
            assert [strict.truth(group.rule), kleene.truth(group.rule)] == expected, (facts.patient_id, group.id)
