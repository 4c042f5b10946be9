"""The channels outside the portal that the settings switch on."""

from __future__ import annotations

from collections.abc import Callable

from launch.fetch import Fetcher
from launch.ports import Clock
from smartapp.config import Settings
from smartapp.errors import ConfigurationError
from smartapp.messages.channels.by_hand import by_hand, in_the_app
from smartapp.messages.channels.email import EmailDelivery, MailServer
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.channels.sms import HttpSmsProvider, SmsDelivery, plain_number
from smartapp.messages.policy import ALL_CHANNELS
from smartapp.messages.record import Message
from smartapp.messages.worker import Deliver

OPT_OUT_PATH = "/opt-out/"
"""Followed by :meth:`OptOuts.link_token`; answers without signing in."""


def set_up(settings: Settings) -> tuple[str, ...]:
    """The channels besides the portal that the practice has set up, in the order of :data:`ALL_CHANNELS`."""
    there = {"sms": bool(settings.sms_url), "email": bool(settings.smtp_host)}
    return tuple(one for one in ALL_CHANNELS if there.get(one) or one in settings.staff_channels)


def outside_the_portal(
    settings: Settings,
    *,
    fetcher: Fetcher,
    opt_outs: OptOuts,
    may_leave: Callable[[Message], bool],
    task: Deliver = in_the_app,
    clock: Clock,
) -> dict[str, Deliver]:
    """A delivery for each channel that is set up, by channel; empty where none is.

    ``may_leave`` is the content policy's word on a message and its channel; ``task`` hands one to staff. Raises
    :class:`ConfigurationError` for a channel that is half set up.
    """
    ways: dict[str, Deliver] = {channel: by_hand(task, may_leave) for channel in settings.staff_channels}
    if settings.smtp_host:
        if "@" not in settings.smtp_sender:
            raise ConfigurationError("config.invalid", "SMARTAPP_SMTP_SENDER: must be the address e-mail comes from")
        server = MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_sender,
            settings.smtp_user,
            settings.smtp_password,
        )

        def link(message: Message) -> str:
            return settings.public_url + OPT_OUT_PATH + opt_outs.link_token(message)

        ways["email"] = EmailDelivery(server, may_leave, link, clock)
    if settings.sms_url:
        if plain_number(settings.sms_sender) is None:
            raise ConfigurationError("config.invalid", "SMARTAPP_SMS_SENDER: must be a number in E.164 form")
        if not settings.sms_token:
            raise ConfigurationError("config.missing", "SMARTAPP_SMS_TOKEN is not set: the provider's bearer token.")
        provider = HttpSmsProvider(fetcher, settings.sms_url, settings.sms_token, settings.sms_sender)
        ways["sms"] = SmsDelivery(provider, may_leave)
    return ways
