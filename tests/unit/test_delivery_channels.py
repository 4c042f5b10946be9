"""E-mail and SMS: neutral text alone, to one plain address, and a person judges what may have been sent."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
import responses
from support.mail_server import Mailbox, mail_server
from support.outbox import Outbox, ledger_of, open_outbox

from launch.errors import AppError
from launch.fetch import Fetcher
from smartapp.config import load
from smartapp.errors import ConfigurationError
from smartapp.messages.channels.build import outside_the_portal
from smartapp.messages.channels.email import EmailDelivery, MailServer
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.channels.sms import Answer, SmsDelivery, plain_number
from smartapp.messages.outcomes import Refused, Retry, Sent
from smartapp.messages.record import Message

WAY_OUT = "Reply STOP to opt out."
NEUTRAL = "Please call our office to make an appointment."


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path)


def claimed(box: Outbox, channel: str, address: str, **changes: object) -> Message:
    values = {"text": NEUTRAL, "portal_only": False, **changes}
    box.queued(channel=channel, address=address, **values)
    message = box.claims.claim([channel])
    assert message is not None
    return message


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, int]]:
    with mail_server() as both:
        yield both


def email_delivery(box: Outbox, port: int, *, may_leave: bool = True) -> EmailDelivery:
    server = MailServer("127.0.0.1", port, "office@clinic.invalid", timeout=5)
    return EmailDelivery(server, lambda _: may_leave, lambda m: f"https://app.invalid/o/{m.id}", box.clock)


def test_a_neutral_mail_arrives_with_a_way_out(box: Outbox, mail: tuple[Mailbox, int]) -> None:
    mailbox, port = mail
    message = claimed(box, "email", "ada@example.invalid", language="es", text="Llame a nuestro consultorio.")
    assert email_delivery(box, port)(message) == Sent("email", f"<{message.id}@clinic.invalid>")
    assert mailbox.recipients == ["rcpt TO:<ada@example.invalid>"]
    received = email.message_from_bytes(mailbox.mails[0], policy=email.policy.default)
    assert received["Subject"] == "Un mensaje de su consultorio médico"
    assert received["List-Unsubscribe"] == f"<https://app.invalid/o/{message.id}>"
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert received.get_content().startswith("Llame a nuestro consultorio.")  # type: ignore[attr-defined]
    assert f"https://app.invalid/o/{message.id}" in received.get_content()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("word", "reply", "result"),
    [
        ("RCPT", "550 no such user", Refused("delivery.mail-550")),
        ("RCPT", "450 busy", Retry("delivery.mail-450")),
        ("DATA", "554 no", Refused("delivery.mail-554")),
        ("END", "451 later", Retry("delivery.mail-451")),
        ("CONNECT", "421 closing", Retry("delivery.mail-421")),
    ],
)
def test_the_servers_word_decides(
    box: Outbox, mail: tuple[Mailbox, int], word: str, reply: str, result: object
) -> None:
    mailbox, port = mail
    mailbox.replies[word] = reply
    assert email_delivery(box, port)(claimed(box, "email", "ada@example.invalid")) == result


def test_a_connection_that_breaks_off_is_for_a_person_to_judge(box: Outbox, mail: tuple[Mailbox, int]) -> None:
    mailbox, port = mail
    mailbox.hang_up_after = "END"
    message = claimed(box, "email", "ada@example.invalid")
    assert email_delivery(box, port)(message) == Refused("messages.maybe-sent")


def test_a_mail_server_that_is_not_there_is_tried_again(box: Outbox) -> None:
    with mail_server() as (_, port):
        pass
    assert email_delivery(box, port)(claimed(box, "email", "ada@example.invalid")) == Retry("delivery.mail-server")


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.invalid\r\nBcc: x@evil.invalid",
        "ada@example.invalid, x@evil.invalid",
        "<ada@example.invalid>",
        "ada@example",
        "ada",
        "",
        "ada@example.invalid\n",
    ],
)
def test_what_is_not_one_plain_mailbox_is_refused(box: Outbox, mail: tuple[Mailbox, int], address: str) -> None:
    mailbox, port = mail
    message = replace(claimed(box, "email", "ada@example.invalid"), address=address)
    assert email_delivery(box, port)(message) == Refused("delivery.address")
    assert mailbox.mails == []


def test_what_the_policy_keeps_in_the_portal_is_not_mailed(box: Outbox, mail: tuple[Mailbox, int]) -> None:
    mailbox, port = mail
    message = claimed(box, "email", "ada@example.invalid")
    assert email_delivery(box, port, may_leave=False)(message) == Refused("messages.portal-only")
    assert email_delivery(box, port)(replace(message, portal_only=True)) == Refused("messages.portal-only")
    assert mailbox.mails == []


class Provider:
    def __init__(self, answer: Answer | Exception) -> None:
        self.answer = answer
        self.sent: list[tuple[str, str, str]] = []

    def send(self, to: str, text: str, key: str) -> Answer:
        self.sent.append((to, text, key))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_neutral_text_goes_out_with_its_key(box: Outbox) -> None:
    message = claimed(box, "sms", "(312) 555-0143")
    provider = Provider(Answer(201, "sm-1"))
    assert SmsDelivery(provider, lambda _: True)(message) == Sent("sms", "sm-1")
    assert provider.sent == [("+13125550143", f"{NEUTRAL} {WAY_OUT}", message.id)]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (Answer(429, None, 60.0), Retry("delivery.status-429", 60.0)),
        (Answer(503, None), Retry("delivery.status-503")),
        (Answer(400, None), Refused("delivery.status-400")),
        (Answer(200, None), Refused("messages.maybe-sent")),
        (AppError("fetch.timeout", "late"), Refused("messages.maybe-sent")),
        (AppError("fetch.unreachable", "away"), Retry("fetch.unreachable")),
    ],
)
def test_the_providers_word_decides(box: Outbox, answer: Answer | Exception, result: object) -> None:
    assert SmsDelivery(Provider(answer), lambda _: True)(claimed(box, "sms", "+13125550143")) == result


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"portal_only": True}, "messages.portal-only"),
        ({"address": "+19005550143"}, "delivery.address"),
        ({"text": "x" * 161}, "delivery.text"),
        ({"text": "a\r\nb"}, "delivery.text"),
    ],
)
def test_what_must_not_be_texted_is_not(box: Outbox, changes: dict[str, object], reason: str) -> None:
    provider = Provider(Answer(201, "sm-1"))
    message = replace(claimed(box, "sms", "+13125550143"), **changes)  # type: ignore[arg-type]
    assert SmsDelivery(provider, lambda _: True)(message) == Refused(reason)
    assert SmsDelivery(provider, lambda _: False)(message) == Refused("messages.portal-only")
    assert provider.sent == []


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+13125550143", "+13125550143"),
        ("312-555-0143", "+13125550143"),
        ("1 (312) 555 0143", "+13125550143"),
        ("+442079460123", None),
        ("+18765550143", None),
        ("+16045550143", None),
        ("+19005550143", None),
        ("+18005550143", None),
        ("+13129760143", None),
        ("+13129110143", None),
        ("+19115550143", None),
        ("+11125550143", None),
        ("911", None),
        ("+13125550143\r\n", None),
        ("+13125550143;+13125550144", None),
        ("+1312555014", None),
        ("\uff0b13125550143", None),
        ("", None),
    ],
)
def test_only_an_ordinary_american_number_is_texted(written: str, number: str | None) -> None:
    assert plain_number(written) == number


BASE = {
    "SMARTAPP_PUBLIC_URL": "https://app.example.org",
    "SMARTAPP_SECRET_KEY": "3f9c1e7ab2d84f60915c7de2b8a4f1036d5e9b27c0f8a1d4e6b39275c8d0fa14",
}
MAIL = {"SMARTAPP_SMTP_HOST": "mail.invalid", "SMARTAPP_SMTP_SENDER": "office@clinic.invalid"}
SMS = {
    "SMARTAPP_SMS_URL": "https://sms.invalid/messages",
    "SMARTAPP_SMS_TOKEN": "hush",
    "SMARTAPP_SMS_SENDER": "+13125550100",
}


def ways(box: Outbox, environ: dict[str, str]) -> dict[str, object]:
    fetcher = Fetcher(requests.Session(), box.clock.monotonic)
    opt_outs = OptOuts(ledger_of(box.storage))
    settings = load({**BASE, **environ})
    made = outside_the_portal(settings, fetcher=fetcher, opt_outs=opt_outs, may_leave=lambda _: True, clock=box.clock)
    return dict(made)


def test_only_what_is_set_up_is_open(box: Outbox) -> None:
    assert ways(box, {}) == {}
    assert list(ways(box, MAIL)) == ["email"]
    assert list(ways(box, {**MAIL, **SMS})) == ["email", "sms"]


@pytest.mark.parametrize("missing", [*MAIL, *SMS])
def test_a_channel_that_is_half_set_up_stops_the_start(box: Outbox, missing: str) -> None:
    environ = {name: value for name, value in {**MAIL, **SMS}.items() if name != missing}
    if missing in ("SMARTAPP_SMTP_HOST", "SMARTAPP_SMS_URL"):
        assert len(ways(box, environ)) == 1
    else:
        with pytest.raises(ConfigurationError, match=missing):
            ways(box, environ)


@responses.activate
def test_the_provider_gets_one_request_with_token_and_key(box: Outbox) -> None:
    responses.post("https://sms.invalid/messages", json={"id": "sm-9"}, status=201)
    message = claimed(box, "sms", "+13125550143")
    assert ways(box, SMS)["sms"](message) == Sent("sms", "sm-9")  # type: ignore[operator]
    (call,) = responses.calls
    assert json.loads(call.request.body) == {
        "from": "+13125550100",
        "to": "+13125550143",
        "text": f"{NEUTRAL} {WAY_OUT}",
    }
    assert call.request.headers["Authorization"] == "Bearer hush"
    assert call.request.headers["Idempotency-Key"] == message.id


@responses.activate
@pytest.mark.parametrize("body", ["", "[]", "{}", '{"id": 7}', '{"id": "a b"}', "<html>"])
def test_a_provider_that_names_no_id_is_not_believed(box: Outbox, body: str) -> None:
    responses.post("https://sms.invalid/messages", body=body, status=200)
    result = ways(box, SMS)["sms"](claimed(box, "sms", "+13125550143"))  # type: ignore[operator]
    assert result == Refused("messages.maybe-sent")
