"""Typed slots of free text: what counts as a date, a time, a number to call, an address, a link; and what does not."""

from __future__ import annotations

import pytest

from smartapp.messages.policy import ALL_CHANNELS, PORTAL_ONLY, classify
from smartapp.messages.policy.slots import find_slots


def kinds(text: str) -> list[tuple[str, str]]:
    return [(slot.kind, text[slot.start : slot.end]) for slot in find_slots(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on 5/12 at 9:00", [("date", "5/12"), ("time", "9:00")]),
        ("monday, june 3rd, 2026", [("date", "monday"), ("date", "june 3rd, 2026")]),
        ("el 12 de mayo de 2026 a las 3:15 p. m.", [("date", "12 de mayo de 2026"), ("time", "a las 3:15 p. m")]),
        ("9 to 5 pm, 8-noon, 24/7", [("time", "9 to 5 pm"), ("time", "8-noon"), ("time", "24/7")]),
        ("call (555) 555-0100 ext. 12", [("phone", "(555) 555-0100 ext. 12")]),
        ("call 5555550100", [("phone", "5555550100")]),
        ("120 main street, suite 4", [("place", "120 main street, suite 4")]),
        ("calle real 12", [("place", "calle real 12")]),
        ("write to info@clinic.example.", [("link", "info@clinic.example")]),
        ("see https://clinic.example/book.", [("link", "https://clinic.example/book")]),
        ("a $25 fee on the 5th", [("amount", "$25"), ("nth", "5th")]),
        ("2026-05-12", [("date", "2026-05-12")]),
    ],
)
def test_what_counts(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "120/80",
        "7.2",
        "4548-4",
        "your 10/8 was fine",
        "99213",
        "0002-8215-01",
        "numb the area",
        "may",
        "44054006",
        "152",
    ],
)
def test_a_number_that_may_be_a_result_is_no_slot(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "value", ["126", "6.8", "7,2", "120/80", "140 over 90", "4548-4", "99213", "E11.9", "45%", "10 mg", "988"]
)
def test_a_bare_value_holds_a_neutral_text(value: str) -> None:
    assert classify(f"Hi Maria, it is {value}. Please call 555-0100.").channels == PORTAL_ONLY


@pytest.mark.parametrize(
    ("link", "leaves"),
    [
        ("https://clinic.example/book", True),
        ("https://oakstreetclinic.example/schedule", True),
        ("https://clinic.example/s/7qk29x4", True),
        ("www.clinic.example", True),
        ("https://kelvora.example/book", True),
        ("info@clinic.example", True),
        ("https://clinic.example/e119", False),
        ("https://clinic.example/a1c7b", False),
        ("https://clinic.example/d1ab3t3s9", False),
        ("https://clinic.example/zzyzx", False),
        ("https://clinic.example/12345", False),
        ("https://clinic.example/f32a1b", False),
        ("https://women.example/book", False),
        ("https://diabetesclinic.example/book", False),
        ("diabetes@clinic.example", False),
        ("https://clinic.example/%2564iabetes", False),
        ("https://clinic.example/oxfthe", False),
    ],
)
def test_a_link_says_what_its_pieces_spell(link: str, leaves: bool) -> None:
    assert (classify(f"Book here: {link}").channels == ALL_CHANNELS) is leaves


def test_a_place_on_file_may_stand_in_a_link() -> None:
    assert classify("Book at https://clinic.example/quackenbush").channels == PORTAL_ONLY
    assert classify("Book at https://clinic.example/quackenbush", names=("Quackenbush",)).channels == ALL_CHANNELS
