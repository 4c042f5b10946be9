"""Opting out: in any wording, at once, over every channel, without signing in."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.outbox import NURSE, Outbox, ledger_of, open_outbox

from smartapp.errors import NotFoundError
from smartapp.messages.channels.inbound import Request, read_reply
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.outcomes import Allow, Cancel
from smartapp.messages.states import State

STOPS = """
STOP|stop|Stop.|STOP!!!|  stop  |S T O P|stopstop|"Stop"|STOPALL|Stop please|please stop|stop it|Stop texting me
quit|END|revoke|Revoke my consent|opt out|Opt-out|OPTOUT|opt me out|I'd like to opt out please|cancel|Cancel all
unsubscribe|Unsubscribe me|unsubscribe from all messages|remove|Remove me|remove me from your list|Take me off this list
take my number off|do not text me|Don't text me anymore|DONT CONTACT ME|never call again|no more texts|No more messages!
stop sending me these|stop the texts|Stop all reminders|I don't want these messages|i do not want to get texts anymore
leave me alone|wrong number|lose this number|I withdraw my consent to be called
st\u200bop|STOP\u2026|\uff33\uff34\uff2f\uff30
ALTO|Parar|pare por favor|cancelar|BAJA|darme de baja|quiero darme de baja|Basta ya|no más mensajes|no mas textos
No me manden más mensajes|no me llamen|No me envíe textos|dejen de llamarme|Deje de mandarme mensajes
no quiero recibir mensajes|quítenme de la lista|número equivocado|ya no me escriban
"""

REPLIES = """
Yes|OK thanks|See you Tuesday|Can I cancel my appointment?|I need to cancel tomorrow's visit|I stopped taking the pills
What time does the office end today?|How do I quit smoking?|Please call me|call me at home|I'd like to come in
When does my prescription end|Puedo cancelar mi cita?|Gracias, ahí estaré|Llámeme por favor|Para qué es la cita?
Where do I remove the bandage|My mother will stop by|1|C|Does the class start at 5?|I need help with my ride
"""


def texts(table: str) -> list[str]:
    return [text for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", texts(STOPS))
def test_any_reasonable_wording_stops(text: str) -> None:
    assert read_reply(text) is Request.STOP


@pytest.mark.parametrize("text", texts(REPLIES))
def test_a_reply_that_only_mentions_the_word_is_for_a_person(text: str) -> None:
    assert read_reply(text) is Request.REPLY


@pytest.mark.parametrize(
    ("text", "request_"),
    [("HELP", "help"), ("info", "help"), ("Ayuda", "help"), ("START", "start"), ("unstop", "start")],
)
def test_help_and_start_are_understood(text: str, request_: str) -> None:
    assert read_reply(text) == request_


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path)


@pytest.fixture
def opt_outs(box: Outbox) -> OptOuts:
    return OptOuts(ledger_of(box.storage))


PHONE = "+1 (312) 555-0143"


def sms(box: Outbox, **changes: object) -> str:
    values = {"channel": "sms", "portal_only": False, "text": "Please call our office.", "address": PHONE, **changes}
    return box.queued(**values).id


def test_stop_from_a_phone_ends_everything_for_everyone_we_wrote_to_there(box: Outbox, opt_outs: OptOuts) -> None:
    to_phone, in_portal = sms(box), box.queued().id
    other_patient = box.queued(patient="Patient/2").id
    assert opt_outs.add(tenant="clinic", actor="unknown", source="reply", address="312-555-0144") == 0
    # The same phone in another form.
    assert opt_outs.add(tenant="clinic", actor="unknown", source="reply", address="3125550143") == 2
    for message_id, state in ((to_phone, State.CANCELLED), (in_portal, State.CANCELLED), (other_patient, State.QUEUED)):
        assert box.queue.get(message_id, tenant="clinic").state is state
    assert box.queue.get(to_phone, tenant="clinic").reason == "messages.opted-out"
    later = box.queue.get(box.queued().id, tenant="clinic")
    assert opt_outs.check(later) == Cancel("messages.opted-out")
    *_, last = box.storage.audit.entries()
    assert last.action == "message.approve"
    assert [e.action for e in box.storage.audit.entries()].count("message.opt-out") == 2


def test_an_opt_out_of_one_channel_leaves_the_others(box: Outbox, opt_outs: OptOuts) -> None:
    text, in_portal = sms(box), box.queued().id
    opt_outs.add(tenant="clinic", actor=NURSE, source="staff", patient="Patient/ada-1815", channel="sms")
    assert box.queue.get(text, tenant="clinic").state is State.CANCELLED
    assert box.queue.get(in_portal, tenant="clinic").state is State.QUEUED
    assert opt_outs.is_out(tenant="clinic", patient="Patient/ada-1815", channel="sms")
    assert not opt_outs.is_out(tenant="clinic", patient="Patient/ada-1815", channel="portal")
    assert not opt_outs.is_out(tenant="other", patient="Patient/ada-1815", channel="sms")


def test_it_can_be_taken_back_by_the_practice(box: Outbox, opt_outs: OptOuts) -> None:
    opt_outs.add(tenant="clinic", actor=NURSE, source="staff", patient="Patient/1")
    opt_outs.add(tenant="clinic", actor=NURSE, source="staff", patient="Patient/1")
    assert opt_outs.is_out(tenant="clinic", patient="Patient/1", channel="email")
    opt_outs.remove(tenant="clinic", actor=NURSE, patient="Patient/1")
    assert not opt_outs.is_out(tenant="clinic", patient="Patient/1", channel="email")
    assert opt_outs.check(box.queued(patient="Patient/1")) == Allow()


def test_the_link_names_its_message_and_cannot_be_guessed(box: Outbox, opt_outs: OptOuts) -> None:
    message = box.queued()
    token = opt_outs.link_token(message)
    assert opt_outs.by_link(token) == message
    for wrong in (
        message.id,
        message.id + "0" * 24,
        token[:-1],
        token + "0",
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        "",
        "é" * 56,
    ):
        with pytest.raises(NotFoundError):
            opt_outs.by_link(wrong)


def test_an_opt_out_after_queueing_is_honoured_at_the_moment_of_sending(box: Outbox, opt_outs: OptOuts) -> None:
    message = box.queued()
    claimed = box.claims.claim(["portal"])
    assert claimed is not None
    assert opt_outs.add(tenant="clinic", actor="unknown", source="link", patient=message.patient) == 0
    assert opt_outs.check(claimed) == Cancel("messages.opted-out")
