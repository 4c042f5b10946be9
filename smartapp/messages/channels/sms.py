"""Neutral text messages through a provider: a small interface, and one adapter over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple, Protocol

from launch.fetch import Fetcher
from launch.jsontext import JsonError, parse_json
from smartapp.errors import AppError
from smartapp.messages.channels.opt_out_words import with_opt_out
from smartapp.messages.outcomes import Refused, Result, Retry, Sent
from smartapp.messages.record import Message

LONGEST = 160
"""Characters of one message (47 CFR 64.1200(a)(9)(iv)(C))."""

# North American numbers outside the United States, which share its country code (NANPA, area codes in service):
# Canada, the Caribbean, and the non-geographic 500s, 700 and 900.
_ELSEWHERE_CODES = """
204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 387 403 416 418 428 431 437 438 450 460 468 474 506 514
519 537 548 579 581 584 587 604 613 639 647 672 683 705 709 742 753 778 780 782 807 819 825 867 873 879 902 905 942
242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876
500 521 522 523 524 525 526 527 528 529 533 544 566 577 588 700 710 900
"""
_TOLL_FREE_CODES = "800 822 833 844 855 866 877 880 881 882 883 884 885 886 887 888 889"
_ELSEWHERE = frozenset(_ELSEWHERE_CODES.split())
_TOLL_FREE = frozenset(_TOLL_FREE_CODES.split())
_NUMBER = re.compile(r"\+1([2-9][0-8][0-9])([2-9][0-9]{2})([0-9]{4})")
_PREMIUM_EXCHANGE = "976"


class Answer(NamedTuple):
    """A provider's answer: an HTTP-like status, the id it gave the message, Retry-After in seconds."""

    status: int
    provider_id: str | None
    retry_after: float | None = None


class SmsProvider(Protocol):
    """Whoever carries text messages. May raise ``AppError`` when it cannot be reached."""

    def send(self, to: str, text: str, key: str) -> Answer:
        """Hand over one message; ``key`` is the same on every attempt."""
        ...


class SmsDelivery:
    """Delivers one message by SMS. ``may_leave`` is the content policy's word, asked at the moment of sending."""

    def __init__(self, provider: SmsProvider, may_leave: Callable[[Message], bool]) -> None:
        self._provider = provider
        self._may_leave = may_leave

    def __call__(self, message: Message) -> Result:
        """Deliver, and say what became of it."""
        if message.portal_only or not self._may_leave(message):
            return Refused("messages.portal-only")
        number = plain_number(message.address)
        if number is None:
            return Refused("delivery.address")
        text = with_opt_out(message.text, message.language)
        if len(text) > LONGEST or any(ord(c) < 32 for c in text):
            return Refused("delivery.text")
        return self._handed_over(number, text, message.id)

    def _handed_over(self, number: str, text: str, key: str) -> Result:
        try:
            answer = self._provider.send(number, text, key)
        except AppError as error:
            # Whether it went out cannot be known after a time-out; a phone would show it twice.
            return Refused("messages.maybe-sent") if error.code == "fetch.timeout" else Retry(error.code)
        if answer.status in (200, 201, 202):
            return Sent("sms", answer.provider_id) if answer.provider_id else Refused("messages.maybe-sent")
        if answer.status in (401, 408, 425, 429) or answer.status >= 500:
            return Retry(f"delivery.status-{answer.status}", answer.retry_after)
        return Refused(f"delivery.status-{answer.status}")


def plain_number(written: str) -> str | None:
    """A United States number in E.164 form; None for a foreign, premium, toll-free or impossible one."""
    if not re.fullmatch(r"[0-9+() .-]{7,25}", written):
        return None
    digits = re.sub(r"[^0-9+]", "", written)
    if not digits.startswith("+"):
        digits = "+" + digits if digits.startswith("1") and len(digits) == 11 else "+1" + digits
    parts = _NUMBER.fullmatch(digits)
    if parts is None or parts[1] in _ELSEWHERE or parts[1] in _TOLL_FREE or parts[2] == _PREMIUM_EXCHANGE:
        return None
    # N11 codes are services, not area codes or exchanges.
    return None if parts[1].endswith("11") or parts[2].endswith("11") else digits


class HttpSmsProvider:
    """POSTs ``{"from","to","text"}`` with a bearer token and an ``Idempotency-Key``; expects ``{"id"}``."""

    def __init__(self, fetcher: Fetcher, url: str, token: str, sender: str, *, deadline: float = 15.0) -> None:
        self._fetcher = fetcher
        self._url = url
        self._token = token
        self._sender = sender
        self._deadline = deadline

    def send(self, to: str, text: str, key: str) -> Answer:
        """Hand over one message. Raises ``FetchError`` when the provider cannot be reached."""
        body = json.dumps({"from": self._sender, "to": to, "text": text}).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        answer = self._fetcher.post(self._url, body, headers, deadline_s=self._deadline, max_bytes=100_000)
        return Answer(answer.status, _id_of(answer.body), _seconds(answer.headers.get("Retry-After")))


def _id_of(body: bytes) -> str | None:
    try:
        found = parse_json(body)
    except JsonError:
        return None
    value = found.get("id") if isinstance(found, dict) else None
    return value if isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]{1,100}", value) else None


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and re.fullmatch(r"[0-9]{1,6}", value) else None
