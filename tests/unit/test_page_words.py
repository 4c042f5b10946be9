"""Words of pages that are pure: the page to be left alone, and the day until which a gap is set aside."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from smartapp.messages.states import State
from smartapp.persistence.practice import GapRemark
from smartapp.services.routed import Practice
from smartapp.web.chart_page import _dismissed
from smartapp.web.message_words import channels_text, state_words
from smartapp.web.opt_out_words import opt_out_words

PRACTICE = Practice("Harbor Street Family Practice", "555-0100")


@pytest.mark.parametrize(
    ("language", "lang", "asked"),
    [("en", "en", "Stop messages from"), ("es-MX", "es", "¿Dejar de recibir mensajes de"), ("fr", "en", "Stop")],
)
def test_who_is_asked_to_be_silent_is_named_in_the_messages_language(language: str, lang: str, asked: str) -> None:
    words = opt_out_words(language, PRACTICE)
    assert (words.lang, words.title.startswith(asked)) == (lang, True)
    assert PRACTICE.name in words.title
    assert PRACTICE.name in words.done
    assert words.again.endswith(": 555-0100.")
    assert "{" not in "".join((words.title, words.text, words.done, words.again))


def test_a_practice_without_a_number_is_told_in_person() -> None:
    assert opt_out_words("en", Practice("Harbor Street", "")).again == "If you change your mind, tell us."


def test_a_gap_is_set_aside_until_a_day_of_the_practices_own() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    midnight = datetime(2026, 8, 1, tzinfo=tokyo).astimezone(UTC)  # 31 July in UTC
    remark = GapRemark(
        "r1", "default", "Patient/1", "CMS125", "", "patient-refused", "", "Practitioner/1", midnight, midnight, None
    )
    aside = _dismissed(remark, tokyo)
    assert aside is not None
    assert aside.text.startswith("Set aside until 1 Aug 2026")


def test_a_queued_message_says_until_when_it_waits() -> None:
    assert "within moments" in state_words(State.QUEUED, "portal")[2]
    later = state_words(State.QUEUED, "portal", waits_until="15 Jun 2026 12:15 UTC")[2]
    assert later == "It is not sent before 15 Jun 2026 12:15 UTC. Until then it can be taken back."


def test_where_a_text_may_go_is_said_in_words() -> None:
    assert channels_text(("portal",)).startswith("Patient portal only.")
    assert channels_text(("portal", "sms")) == "Neutral: besides the portal, it could go as a text message."
    assert channels_text(("portal", "sms", "email", "voice")).endswith("as a text message, by e-mail or by a call.")
