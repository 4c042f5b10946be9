"""The order of routing: the person, the policy, consent, confidential requests, preference; then when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.messages.drafting import Situation, template_for
from smartapp.messages.policy import classify
from smartapp.messages.routing import (
    UNTOLD,
    Confidential,
    MessageFacts,
    Recipient,
    RoutingDecision,
    built_in_rules,
    route,
)
from smartapp.messages.slots import KINDS
from smartapp.messages.templates import built_in, render

RULES = built_in_rules()
WEDNESDAY_NOON = datetime(2026, 6, 3, 12, 0, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
TEXT = "Oak Street Clinic: your appointment is tomorrow at 9 AM. Call 555-0100."
PLAIN = MessageFacts(
    verdict=classify(TEXT, names=("Oak Street Clinic",)), kind="treatment", purpose="reminder", body=TEXT,
    provider_name="Oak Street Clinic", care_specific=False,
)  # fmt: skip
TELLING = replace(PLAIN, verdict=classify("Your mammogram is due."), body="Your mammogram is due.")
PERSON = Recipient(
    age=45, dormant=False, consent={"sms": "given", "email": "given", "voice": "given", "letter": "given"},
    addresses={"sms": "x", "email": "x", "voice": "x", "letter": "x"}, preference="sms",
    zone="America/New_York", state="NY",
)  # fmt: skip


def go(message: MessageFacts = PLAIN, person: Recipient = PERSON, sent=(), now=WEDNESDAY_NOON) -> RoutingDecision:
    decision = route(message, person, sent=sent, now=now, rules=RULES)
    # What staff read holds no number of a requirement.
    assert not [reason.text for reason in decision.reasons if re.search(r"\bR\d+\b", reason.text)]
    return decision


def codes(decision: RoutingDecision) -> set[str]:
    return {reason.code for reason in decision.reasons}


def test_a_neutral_text_goes_by_the_documented_preference() -> None:
    decision = go()
    assert (decision.action, decision.channel, decision.not_before) == ("send", "sms", WEDNESDAY_NOON)


def test_without_a_preference_the_practices_order_decides_and_never_age() -> None:
    for age in (20, 80):
        assert go(person=replace(PERSON, preference=None, age=age)).channel == "portal"


def test_what_reveals_stays_in_the_portal_whatever_is_preferred() -> None:
    decision = go(TELLING)
    assert (decision.action, decision.channel) == ("send", "portal")
    assert {"policy-sms", "preference-closed"} <= codes(decision)
    assert go(TELLING, replace(PERSON, portal_account=False)).action == "none"


@pytest.mark.parametrize("consent", ["refused", "unknown", None])
def test_without_consent_nothing_leaves_the_portal(consent: str | None) -> None:
    held = {} if consent is None else dict.fromkeys(("sms", "email", "voice", "letter"), consent)
    decision = go(person=replace(PERSON, consent=held))
    assert decision.channel == "portal"
    assert "consent-sms" in codes(decision)


def test_what_could_not_be_read_of_consents_is_said_wherever_it_goes() -> None:
    decision = go(TELLING, replace(PERSON, untold="the EHR did not permit reading consents"))
    assert (decision.action, decision.channel) == ("send", "portal")
    assert UNTOLD in codes(decision)
    assert UNTOLD not in codes(go(TELLING))


def test_an_opt_out_beats_consent_and_preference() -> None:
    assert go(person=replace(PERSON, opted_out=frozenset({"sms"}))).channel == "portal"
    everything = frozenset({"portal", "sms", "email", "voice", "letter"})
    decision = go(person=replace(PERSON, opted_out=everything))
    assert (decision.action, "no-channel" in codes(decision)) == ("none", True)


def test_only_an_address_that_the_patient_gave() -> None:
    assert "address-sms" in codes(go(person=replace(PERSON, addresses={})))


def test_a_confidential_request_beats_the_preference() -> None:
    decision = go(person=replace(PERSON, confidential=Confidential(frozenset({"letter"}))))
    assert decision.channel == "letter"
    assert {"confidential-sms", "confidential-portal"} <= codes(decision)
    nowhere = Confidential(frozenset({"sms"}))
    assert go(TELLING, replace(PERSON, confidential=nowhere)).action == "none"


@pytest.mark.parametrize(
    ("message", "person", "code"),
    [
        (PLAIN, replace(PERSON, deceased=True), "deceased"),
        (PLAIN, replace(PERSON, merged=True), "merged"),
        (replace(PLAIN, kind="marketing"), PERSON, "marketing"),
        (replace(PLAIN, verdict=classify("Your methadone visit")), PERSON, "part-2"),
        (replace(PLAIN, verdict=classify("Your HIV visit")), replace(PERSON, age=14), "minor"),
        (replace(PLAIN, verdict=classify("Your HIV visit")), replace(PERSON, age=None), "minor"),
        (replace(PLAIN, verdict=classify("Your HIV visit")), replace(PERSON, age=8), "proxy"),
        (replace(PLAIN, verdict=classify("Your HIV visit")), replace(PERSON, proxy_access=True), "proxy"),
    ],
)
def test_what_is_sent_by_no_channel_at_all(message: MessageFacts, person: Recipient, code: str) -> None:
    decision = go(message, person)
    assert decision.action == "none"
    assert codes(decision) == {code}


def test_a_private_matter_goes_to_the_portal_that_only_the_patient_reads() -> None:
    private = replace(PLAIN, verdict=classify("Your HIV visit"))
    assert go(private).channel == "portal"
    assert go(private, replace(PERSON, age=15, proxy_access=True, proxy_free_attested=True)).channel == "portal"


def test_a_part_2_consent_lets_it_be_written_in_the_portal_and_nowhere_else() -> None:
    consented = replace(PERSON, part_2_by="Consent/c", preference="sms")
    decision = go(replace(PLAIN, verdict=classify("Your methadone visit")), consented)
    assert decision.channel == "portal"
    assert {"policy-sms", "part-2-consent"} <= codes(decision)
    # Not even where the text itself is neutral and all other channels are open to it.
    neutral = replace(PLAIN, verdict=replace(classify("Please call us."), sensitive=("42 CFR Part 2",)))
    assert set(neutral.verdict.channels) > {"portal"}
    decision = go(neutral, consented)
    assert decision.channel == "portal"
    assert {f"policy-{one}" for one in ("sms", "email", "voice", "letter")} <= codes(decision)
    proxied = go(neutral, replace(consented, proxy_access=True))
    assert (proxied.action, codes(proxied)) == ("none", {"proxy"})


@pytest.mark.parametrize("dormant", [True, None])
def test_r17_a_dormant_patient_is_asked_back_before_care(dormant: bool | None) -> None:
    care = replace(TELLING, care_specific=True)
    decision = go(care, replace(PERSON, dormant=dormant))
    assert (decision.action, decision.channel) == ("hold", None)
    assert "re-engage-first" in codes(decision)
    assert go(care, replace(PERSON, dormant=dormant, reengaged=True)).action == "send"
    assert go(PLAIN, replace(PERSON, dormant=dormant)).action == "send"


def test_an_unreviewed_translation_waits_for_a_person() -> None:
    decision = go(replace(PLAIN, translation_reviewed=False))
    assert decision.action == "hold"
    assert "translation" in codes(decision)


@pytest.mark.parametrize(
    ("body", "channel", "code"),
    [
        (TEXT + "x" * (161 - len(TEXT)), "sms", "sms-length"),
        ("Oak Street Clinic: " + "word " * 160, "voice", "voice-length"),
        ("Your appointment is tomorrow.", "sms", "sms-provider"),
        ("Your appointment is tomorrow.", "voice", "voice-provider"),
    ],
)
def test_what_a_channel_asks_of_the_text(body: str, channel: str, code: str) -> None:
    decision = go(replace(PLAIN, texts={channel: body}), replace(PERSON, preference=channel))
    assert code in codes(decision)
    assert decision.channel == "portal"


def test_160_characters_are_not_too_long() -> None:
    exact = TEXT + "x" * (160 - len(TEXT))
    assert go(replace(PLAIN, texts={"sms": exact})).channel == "sms"


def test_marketing_mail_needs_an_authorization_and_an_address() -> None:
    offer = replace(PLAIN, kind="marketing")
    person = replace(PERSON, marketing_authorization=True, preference="email")
    assert go(offer, person).channel == "portal"
    assert go(replace(offer, has_address=True), person).channel == "email"


def hours_ago(*hours: float):
    return [(WEDNESDAY_NOON - timedelta(hours=h), "sms") for h in hours]


def test_one_a_day_over_all_campaigns() -> None:
    decision = go(replace(PLAIN, urgent=True), sent=hours_ago(2))
    assert decision.action == "hold"
    assert decision.not_before == WEDNESDAY_NOON + timedelta(hours=22)
    assert "frequency" in codes(decision)
    assert go(sent=[(WEDNESDAY_NOON - timedelta(hours=5), "portal")]).action == "hold"
    assert go(sent=hours_ago(24)).action == "send"


def test_the_fourth_in_seven_days_is_refused() -> None:
    decision = go(replace(PLAIN, urgent=True), sent=hours_ago(30, 60, 100))
    assert decision.action == "hold"
    assert decision.not_before is not None
    assert decision.not_before >= WEDNESDAY_NOON - timedelta(hours=100) + timedelta(days=7)
    assert go(sent=hours_ago(30, 60)).action == "send"


def test_a_channel_without_a_cap_of_its_own_has_the_common_one() -> None:
    person = replace(PERSON, preference="letter")
    assert go(person=person, sent=hours_ago(5)).action == "hold"
    free = replace(RULES, caps={})
    assert route(PLAIN, person, sent=hours_ago(1), now=WEDNESDAY_NOON, rules=free).action == "send"


def test_quiet_hours_hold_a_text_and_not_the_portal() -> None:
    night = WEDNESDAY_NOON + timedelta(hours=11)
    decision = go(now=night)
    assert (decision.action, decision.channel) == ("hold", "sms")
    assert "quiet-hours" in codes(decision)
    assert go(TELLING, now=night).action == "send"


def test_a_reminder_does_not_wait_for_a_better_day() -> None:
    friday = WEDNESDAY_NOON + timedelta(days=2)
    waiting = go(now=friday)
    assert (waiting.action, "better-day" in codes(waiting)) == ("hold", True)
    assert go(replace(PLAIN, urgent=True), now=friday).action == "send"


def test_where_no_hour_is_allowed_the_message_is_held_for_a_person() -> None:
    closed = replace(RULES, hours={"US": (None,) * 7})
    decision = route(PLAIN, PERSON, sent=(), now=WEDNESDAY_NOON, rules=closed)
    assert (decision.action, decision.not_before) == ("hold", None)
    assert "no-hour" in codes(decision)


SAMPLES = {slot: kind.sample for slot, kind in KINDS.items()}


def test_r67_three_personas_differ_in_message_channel_and_timing() -> None:
    """A healthy 28-year-old, a 65-year-old on Medicare and a 45-year-old with diabetes, each as documented."""
    friday = WEDNESDAY_NOON + timedelta(days=2)
    personas = (
        (Situation(), replace(PERSON, age=28, preference="sms")),
        (Situation(medicare=True), replace(PERSON, age=65, preference="voice", answers_on=frozenset({0}))),
        (Situation(gaps=("CMS122",)), replace(PERSON, age=45, preference="sms")),
    )
    seen = []
    for situation, person in personas:
        rendered = render(built_in().get(template_for(situation)), "en", SAMPLES)
        message = MessageFacts(
            verdict=rendered.verdict, kind=rendered.template.kind, purpose=rendered.template.purpose,
            body=rendered.body, provider_name="Oak Street Clinic",
            texts={"sms": rendered.sms} if rendered.sms else {},
        )  # fmt: skip
        decision = route(message, person, sent=(), now=friday, rules=RULES)
        seen.append((rendered.template.id, decision.channel, decision.not_before))
    assert len({template for template, _, _ in seen}) == 3
    assert [channel for _, channel, _ in seen] == ["sms", "portal", "portal"]
    assert seen[0][2] != seen[2][2]


@settings(max_examples=200, deadline=None)
@given(
    text=st.sampled_from([TEXT, "Your mammogram is due.", "Your HIV visit", "Your methadone visit", "Su vacuna"]),
    preference=st.sampled_from([None, "portal", "sms", "email", "voice", "letter"]),
    consent=st.sampled_from(["given", "refused", "unknown"]),
    age=st.one_of(st.none(), st.integers(0, 100)),
    opted_out=st.frozensets(st.sampled_from(["portal", "sms", "email", "voice", "letter"])),
    hour=st.integers(0, 400),
    person=st.booleans(),
)
def test_whatever_is_on_file_nothing_goes_where_the_policy_forbids(
    text, preference, consent, age, opted_out, hour, person
) -> None:
    message = replace(PLAIN, verdict=classify(text), body=text)
    recipient = replace(
        PERSON, preference=preference, consent=dict.fromkeys(PERSON.addresses, consent), age=age,
        opted_out=opted_out, proxy_access=person,
    )  # fmt: skip
    decision = go(message, recipient, now=WEDNESDAY_NOON + timedelta(hours=hour))
    assert decision.reasons
    if decision.action == "send":
        assert decision.channel in message.verdict.channels
        assert decision.channel not in opted_out
        assert decision.channel == "portal" or consent == "given"
