"""Neutral e-mail by SMTP: authenticated and encrypted, one recipient, plain text, an opt-out in one click."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

from launch.ports import Clock
from launch.urls import is_loopback
from smartapp.messages.languages import written_in
from smartapp.messages.outcomes import Refused, Result, Retry, Sent
from smartapp.messages.record import Message

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
SUBJECT = {"en": "A message from your doctor's office", "es": "Un mensaje de su consultorio médico"}
_OPT_OUT = {
    "en": "If you do not want these messages: {link}",
    "es": "Si no desea recibir estos mensajes: {link}",
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and whom it comes from. Time-out in seconds."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    timeout: float = 15.0


class EmailDelivery:
    """Delivers one message by e-mail.

    ``may_leave`` is the content policy's word on this text and this channel, asked at the moment of
    sending; ``opt_out_link`` gives the address of the one-click opt-out of a message.
    """

    def __init__(
        self,
        server: MailServer,
        may_leave: Callable[[Message], bool],
        opt_out_link: Callable[[Message], str],
        clock: Clock,
    ) -> None:
        self._server = server
        self._may_leave = may_leave
        self._opt_out_link = opt_out_link
        self._clock = clock

    def __call__(self, message: Message) -> Result:
        """Deliver, and say what became of it."""
        if message.portal_only or not self._may_leave(message):
            return Refused("messages.portal-only")
        if not _ADDRESS.fullmatch(message.address):
            return Refused("delivery.address")
        return self._handed_over(self.mail(message))

    def _handed_over(self, mail: EmailMessage) -> Result:
        try:
            connection = self._connected()
        except smtplib.SMTPNotSupportedError:
            return Refused("delivery.not-encrypted")
        except (OSError, smtplib.SMTPException) as error:
            return _by_code(error) or Retry("delivery.mail-server")
        try:
            connection.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            # Broken off while it was handed over: it may have arrived, and a mailbox would show it twice.
            return _by_code(error) or Refused("messages.maybe-sent")
        finally:
            connection.close()
        return Sent("email", mail["Message-ID"])

    def mail(self, message: Message) -> EmailMessage:
        """The mail: a fixed neutral subject, the text, the way out."""
        language = written_in(message.language)
        link = self._opt_out_link(message)
        mail = EmailMessage()
        mail["Subject"] = SUBJECT[language]
        mail["From"] = self._server.sender
        mail["To"] = message.address
        mail["Date"] = format_datetime(self._clock())
        # The same on every attempt: a server that has it already can tell.
        mail["Message-ID"] = f"<{message.id}@{self._server.sender.rpartition('@')[2]}>"
        # RFC 8058: one click, without signing in.
        mail["List-Unsubscribe"] = f"<{link}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(f"{message.text}\n\n{_OPT_OUT[language].format(link=link)}\n")
        return mail

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        try:
            if not is_loopback(server.host):
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection


def _by_code(error: Exception) -> Result | None:
    """What the server's answer means; None where there was none. RFC 5321, 4.2.1: 4yz is for now, 5yz for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
    elif isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
    else:
        return None
    return Retry(f"delivery.mail-{code}") if 400 <= code < 500 else Refused(f"delivery.mail-{code}")
