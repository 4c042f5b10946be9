"""What patients answer to a text message, as the provider hands it over: STOP and HELP at once, the rest to staff.

The provider signs each hand-over. The text itself is read and not kept.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from launch.jsontext import JsonError, parse_json
from launch.ports import AuditSink, Clock, EhrRegistry
from smartapp.errors import InputError, NotAllowedError, NotFoundError
from smartapp.messages.channels.inbound import Request, is_spanish, read_reply
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.channels.sms import plain_number
from smartapp.messages.languages import written_in
from smartapp.messages.queue import MessageQueue
from smartapp.messages.states import State
from smartapp.services.routed import Practice

_FRESH = timedelta(minutes=5)
_MOST_TEXT = 2000
_ACTOR = "sms-provider"

# 47 CFR 64.1200(a)(12): one text that confirms, without any more. 64.1200(a)(9)(iv): who writes and how to reach them.
_ANSWERS = {
    "en": {
        Request.STOP: "{name}: you will get no more messages from us. Questions: {phone}.",
        Request.HELP: "{name}: reminders from your doctor's office. Call {phone}. Reply STOP to opt out.",
        Request.START: "{name}: to get messages again, please call {phone}.",
    },
    "es": {
        Request.STOP: "{name}: no le enviaremos más mensajes. ¿Preguntas? {phone}.",
        Request.HELP: "{name}: recordatorios del consultorio de su médico. Llame al {phone}. "
        "Responda STOP para no recibir más.",
        Request.START: "{name}: para volver a recibir mensajes, por favor llame al {phone}.",
    },
}


@dataclass(frozen=True, slots=True)
class Handled:
    """What a reply was taken for, and what the provider is to answer in our name (None: nothing)."""

    request: Request
    answer: str | None


class SmsReplies:
    """Takes replies, and answers in the language that the patient was written to or writes in.

    Without a ``secret`` none are taken.
    """

    def __init__(
        self,
        secret: str,
        *,
        queue: MessageQueue,
        opt_outs: OptOuts,
        registry: EhrRegistry,
        audit: AuditSink,
        practice: Practice,
        clock: Clock,
    ) -> None:
        self._secret = secret
        self._queue = queue
        self._opt_outs = opt_outs
        self._registry = registry
        self._audit = audit
        self._practice = practice
        self._clock = clock

    def handle(self, body: bytes, timestamp: str, signature: str) -> Handled:
        """Take one reply, ``{"from": number, "text": …}``.

        ``signature`` is the hex HMAC-SHA-256 of the timestamp (Unix seconds), a full stop and the body. Raises
        :class:`NotFoundError` where replies are not set up, :class:`NotAllowedError` for a hand-over that is not the
        provider's or older than five minutes, :class:`InputError` for one that cannot be read.
        """
        self._verify(body, timestamp, signature)
        sender, text = _read(body)
        request = read_reply(text)
        spoken = "es" if is_spanish(text) else ""
        for tenant in sorted({ehr.tenant for ehr in self._registry.all()}):
            spoken = spoken or self._language(tenant, sender)
            self._take(tenant, sender, request)
        answer = _ANSWERS[written_in(spoken)].get(request)
        return Handled(request, answer and answer.format(name=self._practice.name, phone=self._practice.phone))

    def _language(self, tenant: str, sender: str) -> str:
        """The language in which this number was written to last; empty where it never was."""
        last = self._queue.find(tenant=tenant, address=sender, limit=1)
        return last[0].language.lower() if last else ""

    def _take(self, tenant: str, sender: str, request: Request) -> None:
        """The number is the app's, so a reply to it is to every practice that writes from it."""
        if request is Request.STOP:
            self._opt_outs.add(tenant=tenant, actor=_ACTOR, source="reply", address=sender)
            return
        sent = self._queue.find(tenant=tenant, states=(State.SENT,), address=sender, limit=1)
        if request is Request.REPLY and sent:
            self._queue.replied(sent[0].id, tenant=tenant, actor=sent[0].patient)
        self._audit.record(
            "message.inbound",
            "success",
            actor=_ACTOR,
            tenant=tenant,
            patient=sent[0].patient if sent else None,
            detail={"request": request.value},
        )

    def _verify(self, body: bytes, timestamp: str, signature: str) -> None:
        if not self._secret:
            raise NotFoundError("hooks.not-set-up", "Replies to text messages are not set up here.")
        signed = timestamp.encode("utf-8", "surrogatepass") + b"." + body
        expected = hmac.new(self._secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
            raise NotAllowedError("hooks.signature", "This is not signed by the provider.", status=401)
        age = abs(int(self._clock().timestamp()) - int(timestamp)) if _is_seconds(timestamp) else None
        if age is None or age > _FRESH.total_seconds():
            raise NotAllowedError("hooks.stale", "This was signed too long ago.", status=401)


def _is_seconds(timestamp: str) -> bool:
    return timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12


def _read(body: bytes) -> tuple[str, str]:
    try:
        found = parse_json(body)
    except JsonError:
        raise InputError("hooks.unreadable", "The body is not JSON.") from None
    sender, text = (found.get("from"), found.get("text")) if isinstance(found, dict) else (None, None)
    number = plain_number(sender) if isinstance(sender, str) else None
    if number is None or not isinstance(text, str) or len(text) > _MOST_TEXT:
        raise InputError("hooks.unreadable", "A reply needs “from”, a telephone number, and “text”.")
    return number, text
