"""By the patient's own choice: the EHR's consents and ranks in, e-mail and SMS out, the portal for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.mail_server import Mailbox, mail_server
from support.outreach_world import OutreachWorld, form, handle, outreach_world
from support.sms_server import SentTexts, sms_server

from smartapp.demo.pages import Element
from smartapp.demo.story import STORY_PATIENT, Browser

DORMANT = "pt-1004"  # 52, away for 20 months; ranks e-mail first
SPEAKS_SPANISH = "pt-1005"  # 45; ranks text messages first
NEUTRAL = "Hi, please call Harbor Street Family Practice at 413-555-0100 to make an appointment."


@dataclass
class Outside:
    world: OutreachWorld
    mailbox: Mailbox
    phone: SentTexts

    def approved(self, patient: str, measure: str, body: str = "") -> tuple[Browser, str]:
        """A message drafted for a gap, with another text if one is given, and approved."""
        browser = self.world.sign_in()
        message = self.world.draft(browser, patient, measure)
        page = browser.get(browser.url)
        if body:
            page = browser.submit(form(page, "/edit"), subject="Your visit", body=body)
        browser.submit(form(page, "/approve"))
        return browser, message

    def channel(self, message_id: str) -> str:
        return self.world.app.core.queue.get(message_id, tenant="default").channel

    def page(self, browser: Browser, message_id: str) -> Element:
        return browser.get(f"{self.world.app.url}/l/{handle(browser)}/messages/{message_id}")

    def until_sent(self, days: int = 1) -> None:
        """The hours and days at which patients may be written to go by, with the worker at work."""
        for _ in range(days):
            self.world.app.clock.forward(days=1, hours=2)
            self.world.app.core.claims.tend()
            self.world.work()


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with mail_server() as (mailbox, port), sms_server() as phone:
        settings = {
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_sender": "hello@harbor.invalid",
            "sms_url": phone.url,
            "sms_token": "hush",
            "sms_sender": "+14135550100",
            "staff_channels": ("voice",),
        }
        with outreach_world(tmp_path_factory.mktemp("outside"), **settings) as world:
            yield Outside(world, mailbox, phone)


def test_a_neutral_text_goes_by_the_preferred_channel(outside: Outside) -> None:
    world = outside.world
    world.wishes(DORMANT, "email")
    browser, message = outside.approved(DORMANT, "CMS165")
    assert outside.channel(message) == "email"
    page = outside.page(browser, message)
    assert "which the patient prefers" in page.text
    assert "Consent/outreach-yes-" in page.text
    world.work()
    assert world.state(message) == ("held", "routing.better-day")  # a Monday morning
    outside.until_sent()
    assert world.state(message)[0] == "sent"
    (mail,) = outside.mailbox.mails
    assert b"Hi Kevin" in mail
    assert b"kevin.albright98@example.com" in mail
    assert b"List-Unsubscribe" in mail


def test_a_telling_text_goes_to_the_portal_whatever_is_preferred(outside: Outside) -> None:
    world = outside.world
    world.wishes(STORY_PATIENT, "sms", "email")
    browser, message = outside.approved(STORY_PATIENT, "CMS125")
    assert outside.channel(message) == "portal"
    page = outside.page(browser, message)
    assert page.first("li", data_reason="policy-sms") is not None
    assert page.first("li", data_reason="preference-closed") is not None
    world.work()
    assert world.state(message)[0] == "sent"
    assert not outside.phone.texts


def test_consent_that_is_withdrawn_after_the_approval_holds_it_back(outside: Outside) -> None:
    world = outside.world
    world.wishes(SPEAKS_SPANISH, "sms")
    _, message = outside.approved(SPEAKS_SPANISH, "CMS122", NEUTRAL)
    assert outside.channel(message) == "sms"
    world.wishes(SPEAKS_SPANISH)
    outside.until_sent()
    assert world.state(message) == ("held", "routing.consent-sms")
    assert not outside.phone.texts
    browser = world.sign_in()
    world.chart(browser, SPEAKS_SPANISH)
    assert "no longer agreed to" in outside.page(browser, message).text
    # Somebody puts it where it may go by now; it is approved anew.
    page = browser.submit(form(outside.page(browser, message), "/reroute"))
    assert world.state(message) == ("for-review", "messages.rerouted")
    assert outside.channel(message) == "portal"
    browser.submit(form(page, "/approve"))
    world.work()
    assert world.state(message)[0] == "sent"
    assert not outside.phone.texts


def test_a_text_message_names_the_way_out_and_goes_to_the_number_on_file(outside: Outside) -> None:
    world = outside.world
    world.wishes(STORY_PATIENT, "sms")
    _, message = outside.approved(STORY_PATIENT, "CMS131", NEUTRAL)
    assert outside.channel(message) == "sms"
    outside.until_sent(days=2)
    assert world.state(message)[0] == "sent"
    ((to, text),) = outside.phone.texts
    assert to == "+14135550184"
    assert text == f"{NEUTRAL} Reply STOP to opt out."


def test_who_wants_no_outreach_gets_none(outside: Outside) -> None:
    world = outside.world
    world.wishes("pt-1007", "email", outreach=False)
    browser = world.sign_in()
    message = world.draft(browser, "pt-1007", "CMS130")
    page = browser.get(browser.url)
    assert page.first("li", data_reason="no-outreach") is not None
    assert page.form_to("/approve") is None
    assert world.state(message)[0] == "draft"


def test_the_scopes_of_consents_say_for_which_channels_they_are(outside: Outside) -> None:
    scopes = {str(one.scope): one.needed_by for one in outside.world.app.core.enabled.scope_reasons("chart")}
    assert scopes["patient/Consent.rs"] == ("messages by portal, sms, email, voice",)
    assert "patient/RelatedPerson.rs" in scopes
