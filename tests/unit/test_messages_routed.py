"""The routing rules with what is on file of a patient: who may get what, and what has to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.outbox import DOCTOR, NURSE, Outbox, ledger_of, new_message, open_outbox

from smartapp.errors import AppError
from smartapp.measures.catalogue import MEASURES
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.contact import Contact, Statement
from smartapp.messages.record import Message
from smartapp.messages.routing import RoutingDecision
from smartapp.messages.states import State
from smartapp.services.patient_line import PatientLine, patient_line
from smartapp.services.routed import Practice, Router, decisive
from smartapp.web.previews import Preview, previews

PRACTICE = Practice("Harbor Street Family Practice", "555-0100")
TODAY = date(2026, 6, 15)
ADULT = PatientLine("ada-1815", "Ada Byron", "1980-01-01", "female", "MRN 1", deceased=False, language="en")
INVITATION = "Hi Ada, we would love to see you again. Call Harbor Street Family Practice at 555-0100."
SENSITIVE = next(id_ for id_, one in MEASURES.items() if one.clinical.sensitive == "sti")


class Desk:
    def __init__(self, box: Outbox) -> None:
        self.box = box
        self.opt_outs = OptOuts(ledger_of(box.storage))
        self.router = Router(
            queue=box.queue, opt_outs=self.opt_outs, measures=MEASURES, practice=PRACTICE, clock=box.storage.clock
        )

    def message(self, **changes: Any) -> Message:
        return self.box.queue.submit(new_message(**changes), actor=NURSE)

    def decide(self, message: Message, patient: PatientLine = ADULT, dormant: bool | None = False) -> RoutingDecision:
        return self.router.decide(message, patient, dormant=dormant, today=TODAY)

    def sent(self, **changes: Any) -> Message:
        message = self.box.queue.submit(new_message(**changes), actor=NURSE, approve=True)
        return self.box.queue.attest(
            self.box.queue.hold(message.id, tenant="clinic", actor=DOCTOR).id, tenant="clinic", actor=DOCTOR
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(open_outbox(tmp_path))


def aged(years: int) -> PatientLine:
    return patient_line({"id": "ada-1815", "birthDate": f"{2026 - years}-01-01", "name": [{"text": "Ada Byron"}]})


def test_care_goes_by_the_portal_and_consent_closes_the_rest(desk: Desk) -> None:
    decision = desk.decide(desk.message())
    assert (decision.action, decision.channel) == ("send", "portal")
    neutral = desk.decide(desk.message(text=INVITATION, purpose="reminder"))
    assert (neutral.action, neutral.channel) == ("send", "portal")
    assert {one.code for one in neutral.reasons} >= {"consent-email", "consent-letter"}


def test_a_neutral_text_of_private_care_is_private(desk: Desk) -> None:
    message = desk.message(text=INVITATION, purpose="recall", measure=SENSITIVE)
    verdict = desk.router.verdict(message, ADULT)
    assert verdict.sensitive
    assert verdict.channels == ("portal",)


@pytest.mark.parametrize(
    ("patient", "code"),
    [
        (aged(16), "minor"),
        (aged(8), "proxy"),
        (PatientLine("ada-1815", "Ada", None, None, "", deceased=False, language=None), "minor"),
    ],
    ids=["16", "8", "no birth date"],
)
def test_private_care_is_not_written_about_where_others_may_read_it(
    desk: Desk, patient: PatientLine, code: str
) -> None:
    message = desk.message(text=INVITATION, measure=SENSITIVE)
    decision = desk.decide(message, patient)
    assert (decision.action, decisive(decision)[0]) == ("none", code)
    with pytest.raises(AppError, match="may not be sent") as caught:
        desk.router.refuse_forbidden(message, patient, today=TODAY)
    assert caught.value.code == "messages.forbidden"
    desk.router.refuse_forbidden(desk.message(measure="CMS122"), patient, today=TODAY)
    desk.router.refuse_forbidden(message, ADULT, today=TODAY)


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ({"deceasedBoolean": True}, "deceased"),
        ({"link": [{"type": "replaced-by", "other": {"reference": "Patient/2"}}]}, "merged"),
    ],
)
def test_nobody_writes_to_who_is_not_there(desk: Desk, resource: dict[str, Any], code: str) -> None:
    patient = patient_line({"id": "ada-1815", "birthDate": "1980-01-01", **resource})
    assert decisive(desk.decide(desk.message(), patient))[0] == code


def test_a_record_that_replaces_another_one_is_not_merged() -> None:
    assert not patient_line({"id": "1", "link": [{"type": "replaces"}]}).merged


@pytest.mark.parametrize("dormant", [True, None])
def test_who_has_long_not_come_is_asked_back_before_care(desk: Desk, dormant: bool | None) -> None:
    care = desk.message()
    assert decisive(desk.decide(care, dormant=dormant))[0] == "re-engage-first"
    invitation = desk.message(text=INVITATION, purpose="reactivation")
    assert desk.decide(invitation, dormant=dormant).action == "send"
    # Care that somebody wrote into the invitation is care.
    changed = desk.message(text=INVITATION + " Your mammogram is due.", purpose="reactivation")
    assert desk.decide(changed, dormant=dormant).action == "hold"
    answered = desk.sent(text=INVITATION, purpose="reactivation")
    desk.box.queue.replied(answered.id, tenant="clinic", actor="system")
    desk.box.storage.clock.pass_time(2 * 86_400)
    assert desk.decide(care, dormant=dormant).action == "send"


def test_one_a_day_whatever_it_is_about(desk: Desk) -> None:
    desk.sent()
    waiting = desk.message(measure="CMS125")
    decision = desk.decide(waiting)
    assert (decision.action, decisive(decision)[0]) == ("hold", "frequency")
    assert decision.not_before == desk.box.storage.clock() + timedelta(days=1)
    assert desk.decide(desk.message(patient="Patient/other")).action == "send"
    desk.box.storage.clock.pass_time(86_400)
    assert desk.decide(waiting).action == "send"


def test_who_opted_out_gets_nothing(desk: Desk) -> None:
    message = desk.message()
    desk.opt_outs.add(tenant="clinic", actor=NURSE, source="staff", patient=message.patient)
    decision = desk.decide(message)
    assert (decision.action, decisive(decision)[0]) == ("none", "opted-out-portal")


def test_a_wrong_number_is_no_address_and_a_call_just_made_counts(desk: Desk) -> None:
    contact = Contact(
        addresses={"voice": "413-555-0184", "email": "ada@example.com"},
        statements=(Statement("voice", "permit", "Consent/1"), Statement("email", "permit", "Consent/1")),
        preference="voice",
        consents_read="complete",
    )
    call = desk.message(text=INVITATION, measure=None, channel="voice", portal_only=False, address="413-555-0184")

    def decide() -> RoutingDecision:
        return desk.router.decide(call, ADULT, dormant=False, today=TODAY, contact=contact)

    assert decide().channel == "voice"
    with desk.box.queue._ledger.writing() as tx:
        desk.opt_outs.mark_wrong(tx, tenant="clinic", address="1-413-555-0184")
    decision = decide()
    assert decision.channel == "portal"
    assert "address-voice" in {one.code for one in decision.reasons}
    other = desk.sent(channel="voice", portal_only=False).id
    with desk.box.queue._ledger.writing() as tx:
        desk.opt_outs.unmark_wrong(tx, tenant="clinic", address="413-555-0184")
        held = desk.box.queue._ledger.locked(tx, other)
        reached = replace(held, state=State.HELD, reason="calls.reached", sent_at=desk.box.clock())
        desk.box.queue._ledger.store(tx, reached)
    decision = decide()
    assert decision.channel == "voice"
    assert "frequency" in {one.code for one in decision.reasons}


def test_a_template_that_nobody_knows_needs_the_strictest_permission(desk: Desk) -> None:
    assert decisive(desk.decide(desk.message(template="gone.away@1#0")))[0] == "marketing"


def met(desk: Desk, message: Message, practice: Practice = PRACTICE, **options: bool) -> dict[str, Preview]:
    verdict = desk.router.verdict(message, ADULT)
    found = previews(message, verdict, practice, **{"proxy_reads": True, **options})
    return {one.id: one for one in found}


def test_a_telling_text_is_met_in_the_portal_alone(desk: Desk) -> None:
    shown = met(desk, desk.message(text="Hi Ada, your HbA1c is due.", subject="Your A1c"))
    assert shown["portal"].text == "Hi Ada, your HbA1c is due."
    for place in ("lock-screen", "voicemail", "letter"):
        assert shown[place].kept_back
        assert "A1c" not in shown[place].title + shown[place].text
    assert shown["lock-screen"].text == shown["letter"].text == "You have a new message in your patient portal."
    assert PRACTICE.name in shown["voicemail"].text


def test_a_neutral_text_is_heard_and_read_but_never_pushed(desk: Desk) -> None:
    shown = met(desk, desk.message(text=INVITATION, purpose="reactivation"))
    assert shown["voicemail"].text == shown["letter"].text == INVITATION
    assert shown["lock-screen"].text == "You have a new message in your patient portal."


def test_a_practice_whose_name_tells_is_not_named_on_an_answering_machine(desk: Desk) -> None:
    telling = Practice("Harbor Oncology and HIV Clinic", "555-0100")
    shown = met(desk, desk.message(), telling)["voicemail"].text
    assert "HIV" not in shown
    assert "Oncology" not in shown
    assert "555-0100" in shown


def test_a_spanish_message_is_announced_in_spanish(desk: Desk) -> None:
    shown = met(desk, desk.message(text="Hola, Ada: le toca su A1c.", language="es"))
    assert "portal del paciente" in shown["lock-screen"].text
    assert shown["voicemail"].text.startswith("Hola")


def test_a_forbidden_message_is_not_in_a_proxys_portal(desk: Desk) -> None:
    message = desk.message()
    assert message.text not in met(desk, message, proxy_reads=False)["proxy"].text
