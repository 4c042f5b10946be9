"""Replies to text messages over HTTP: signed by the provider or not taken, STOP honoured at once."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.running_app import RunningApp, running_app

from launch.issuers import RegisteredEhr
from smartapp.messages.record import Message, NewMessage
from smartapp.messages.states import State

KEY = "9d41c7e2b58f03a6e4d1927c5b8f60a3"
NURSE = "Practitioner/7"
NUMBER = "+13125550142"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    settings = {"practice_name": "Harbor Street", "practice_phone": "555-0100", "sms_webhook_secret": KEY}
    with running_app(tmp_path_factory.mktemp("hook"), **settings) as running:
        running.core.registry.save(
            RegisteredEhr("sandbox", "http://127.0.0.1:1/fhir", client_id="app", tenant="clinic")
        )
        yield running


def post(app: RunningApp, body: Any, *, key: str = KEY, age: int = 0, **headers: str) -> requests.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp = headers.pop("timestamp", str(int(app.clock().timestamp()) - age))
    signature = hmac.new(key.encode(), timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()
    sent = {"X-Timestamp": timestamp, "X-Signature": signature, "Accept": "application/json", **headers}
    return requests.post(f"{app.url}/hooks/sms", content, headers=sent, timeout=10)


def text_message(
    app: RunningApp, key: str, *, number: str = NUMBER, patient: str = "Patient/ada", language: str = "en"
) -> Message:
    return app.core.queue.submit(
        NewMessage(
            tenant="clinic",
            ehr="sandbox",
            patient=patient,
            purpose="reminder",
            text="Harbor Street: please call 555-0100.",
            channel="sms",
            portal_only=False,
            address=number,
            language=language,
            idempotency_key=key,
        ),
        actor=NURSE,
        approve=True,
    )


def state(app: RunningApp, message: Message) -> State:
    return app.core.queue.get(message.id, tenant="clinic").state


@pytest.mark.parametrize("said", ["STOP", "por favor no me manden mensajes", "take me off your list"])
def test_stop_in_any_wording_stops_everything_at_once(app: RunningApp, said: str) -> None:
    number = f"+1312555{1000 + len(said)}"
    patient = f"Patient/p{len(said)}"
    waiting = text_message(app, said, number=number, patient=patient)
    answer = post(app, {"from": number, "text": said})
    assert (answer.status_code, answer.json()["request"]) == (200, "stop")
    assert any(words in answer.json()["reply"] for words in ("no more messages", "más mensajes"))
    assert state(app, waiting) is State.CANCELLED
    assert app.core.opt_outs.is_out(tenant="clinic", patient=patient, channel="portal")
    assert post(app, {"from": number, "text": said}).status_code == 200  # handed over twice


def test_help_says_who_writes_and_how_to_reach_them(app: RunningApp) -> None:
    answer = post(app, {"from": "+13125550177", "text": "help"}).json()
    assert answer["request"] == "help"
    assert "Harbor Street" in answer["reply"]
    assert "555-0100" in answer["reply"]
    assert not app.core.opt_outs.is_out(tenant="clinic", patient="", address="+13125550177", channel="sms")


def test_the_answer_is_in_the_patients_language(app: RunningApp) -> None:
    text_message(app, "spanish", number="+13125550155", language="es")
    for number, said, expected in (
        ("+13125550155", "STOP", "no le enviaremos más mensajes"),
        ("+13125550155", "help", "recordatorios del consultorio"),
        ("+13125550156", "AYUDA", "recordatorios del consultorio"),
        ("+13125550156", "Alto por favor", "no le enviaremos más mensajes"),
        ("+13125550156", "help", "reminders from your doctor"),
    ):
        reply = post(app, {"from": number, "text": said}).json()["reply"]
        assert expected in reply, (said, reply)
        assert len(reply) <= 160


def test_any_other_answer_is_for_staff_to_see(app: RunningApp) -> None:
    sent = text_message(app, "answered", number="+13125550188")
    app.core.queue.hold(sent.id, tenant="clinic", actor=NURSE)
    app.core.queue.attest(sent.id, tenant="clinic", actor=NURSE)
    answer = post(app, {"from": "(312) 555-0188", "text": "Can I come on Friday?"}).json()
    assert answer == {"request": "reply", "reply": None}
    assert state(app, sent) is State.REPLIED
    entry = next(one for one in app.audited() if one.action == "message.inbound" and one.patient == "Patient/ada")
    assert "Friday" not in str(entry)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "0" * 32}, "hooks.signature"),
        ({"age": 301}, "hooks.stale"),
        ({"age": -301}, "hooks.stale"),
        ({"timestamp": "now"}, "hooks.stale"),
        ({"X-Signature": ""}, "hooks.signature"),
        ({"X-Signature": "é"}, "hooks.signature"),
    ],
)
def test_what_the_provider_did_not_sign_now_is_not_taken(app: RunningApp, changes: dict[str, Any], code: str) -> None:
    number = "+13125550199"
    if changes.get("X-Signature"):
        changes = {**changes, "X-Signature": changes["X-Signature"].encode("latin-1")}
    answer = post(app, {"from": number, "text": "STOP"}, **changes)
    assert (answer.status_code, answer.json()["error"]) == (401, code)
    assert not app.core.opt_outs.is_out(tenant="clinic", patient="", address=number, channel="sms")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", {"from": NUMBER}, {"from": 1, "text": "STOP"}, {"from": "+449", "text": "STOP"},
     {"from": NUMBER, "text": ["STOP"]}, {"from": NUMBER, "text": "x" * 2001}],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(app: RunningApp, body: Any) -> None:
    answer = post(app, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "hooks.unreadable")


def test_without_a_key_no_replies_are_taken(tmp_path: Path) -> None:
    with running_app(tmp_path) as bare:
        assert post(bare, {"from": NUMBER, "text": "STOP"}, key="").json()["error"] == "hooks.not-set-up"
