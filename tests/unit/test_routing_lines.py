"""How a message would go, as staff read it: one line for one reason, records by their day and no codes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from smartapp.messages.routing import RoutingDecision
from smartapp.messages.routing.decision import Reason
from smartapp.web.labels import by_whom, moment_text
from smartapp.web.routing_lines import routing_line

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def said(*reasons: tuple[str, str]) -> list[str]:
    decision = RoutingDecision("send", "portal", NOON, tuple(Reason(*one) for one in reasons))
    return list(routing_line(decision, "portal").said)


@pytest.mark.parametrize(
    ("reasons", "lines"),
    [
        # What closes several channels alike is said once.
        (
            [
                ("opted-out-sms", "Has opted out of being reached by text message."),
                ("opted-out-email", "Has opted out of being reached by e-mail."),
                ("opted-out-letter", "Has opted out of being reached by letter."),
            ],
            ["Has opted out of being reached by text message, e-mail or letter."],
        ),
        # The words that tell are marked in the text itself; what no word of it shows is said.
        ([("policy-sms", "Not by text message: the text tells of diagnosis, result.")], []),
        (
            [("policy-sms", "Not by text message: the text tells of substance use care (42 CFR Part 2).")],
            ["Not by text message: the text tells of substance use care (42 CFR Part 2)."],
        ),
        # A record is named by its day; two that differ stay two.
        (
            [
                ("consent-sms", "Consent to be reached by text message is refused: Consent/a-1 of 2026-06-02."),
                ("consent-email", "Consent to be reached by e-mail is refused: Consent/b.2 of 2026-05-01."),
            ],
            [
                "Consent to be reached by text message is refused: the EHR's record of 2 Jun 2026.",
                "Consent to be reached by e-mail is refused: the EHR's record of 1 May 2026.",
            ],
        ),
        ([("consent-voice", "Consent to be reached by call is refused: Consent/x9.")],
         ["Consent to be reached by call is refused: the EHR's record."]),
        # That a portal's message goes by the portal needs no line.
        ([("channel", "By the portal."), ("better-day", "A better day of the week is near.")],
         ["A better day of the week is near."]),
    ],
)  # fmt: skip
def test_reasons_are_said_once_and_in_words(reasons: list[tuple[str, str]], lines: list[str]) -> None:
    assert said(*reasons) == lines


def test_the_rules_own_sentences_are_kept_each_with_its_code() -> None:
    reason = ("consent-sms", "Consent to be reached by text message is refused: Consent/a-1 of 2026-06-02.")
    assert list(routing_line(RoutingDecision("send", "portal", NOON, (Reason(*reason),)), "portal").reasons) == [reason]


@pytest.mark.parametrize(
    ("decision", "channel", "text"),
    [
        (RoutingDecision("send", "portal", NOON, ()), "portal", ""),
        (RoutingDecision("send", "sms", NOON, ()), "portal", "Goes as a text message"),
        (RoutingDecision("hold", "sms", NOON, ()), "sms", "Would wait until 15 Jun 2026 08:00 EDT"),
        (RoutingDecision("hold", None, None, ()), "portal", "Would wait"),
        (RoutingDecision("none", None, None, ()), "portal", "May not be sent"),
    ],
)
def test_it_says_how_it_would_go_only_where_that_is_news(decision: RoutingDecision, channel: str, text: str) -> None:
    assert routing_line(decision, channel, ZoneInfo("America/New_York")).text == text


def test_moments_are_by_the_practices_clock_which_is_named() -> None:
    late = datetime(2026, 1, 1, 3, 5, tzinfo=UTC)
    assert moment_text(late) == "1 Jan 2026 03:05 UTC"
    assert moment_text(late, ZoneInfo("America/New_York")) == "31 Dec 2025 22:05 EST"


def test_people_are_named_and_the_reader_is_told_it_was_them() -> None:
    assert by_whom("Practitioner/1", "Amara Cole", "Practitioner/1") == "you"
    assert by_whom("Practitioner/1", "Amara Cole", "Practitioner/2") == "Amara Cole"
    assert by_whom("Practitioner/1", "", "Practitioner/2") == "Practitioner/1"
