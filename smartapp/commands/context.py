"""What commands share: the settings of the environment, opened once."""

from __future__ import annotations

import logging
import os
import threading

from smartapp.audit.logs import configure_logging
from smartapp.config import load
from smartapp.core import Core, open_core


def core_from_environment() -> Core:
    """The app's parts, as the environment says; raises ``ConfigurationError`` naming what is wrong."""
    settings = load(os.environ)
    configure_logging(settings.log_level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return open_core(settings, os.environ)


_SOON_S = 2.0
"""Once the first pages are served: what nobody waits for competes with nothing that somebody waits for."""


def read_the_lexicon_soon(seconds: float = _SOON_S) -> threading.Timer:
    """Build what the content policy knows beside the work, so that the first message does not wait for it."""
    from smartapp.messages.policy.lexicon import lexicon

    timer = threading.Timer(seconds, lexicon)
    timer.daemon = True
    timer.start()
    return timer
